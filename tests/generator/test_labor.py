"""What a variant asks for is what a person counts who works it by hand, and depends on nothing else."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from drawn import of_values, vary
from hypothesis import given
from hypothesis import strategies as st

from generator import bank as bank_room
from generator import question, reference, trial, variant
from generator.labor import MEASURES, Labor, OutsideParity, Range, labor, outside, spread
from generator.mistakes import Mistaken
from generator.question import Question
from generator.streams import Stream
from generator.workings import operations

ROOT = Path(__file__).parents[2] / "bank"
BANK = bank_room.load(ROOT)
FEW = {"kl_divergence_by_hand", "perceptron_run", "regression_gradients"}  # which have too few draws to choose among
BOUNDED = sorted(name for name, one in BANK.questions.items() if one.spec.parity)


def network(*layers: str, input_: str) -> str:
    return f"network:\n  input: {input_}\n  layers:\n" + "".join(f"    {layer}\n" for layer in layers)


MLP = "input: [2, 3], weights: [[[4, 5], [1, -6]], [[2, 7]]], biases: [[1, 0], [3]]"
RUN = "points: [[2, 3], [1, 4]], labels: [1, -1], start: [5, -4]"
TABLE = "values: [[1, 7], [5, 3]], kind: batch, mode: test, running_mean: [2, 3], running_variance: [9, 16]"


@pytest.mark.parametrize(
    ("answer", "head", "expected"),
    [
        (  # ⌊(21 + 2 · 1 − 4) / 3⌋ + 1 = ⌊19 / 3⌋ + 1 = 7; 7×7×6
            "{shape: output_shape, layer: a}",
            network("a: Conv2d(3, 6, 4, stride=3, padding=1)", input_="[3, 21, 21]"),
            Labor(divisions=1, largest=21, digits=3, terms=5),
        ),
        (  # 3 · 6 · 5 · 5 = 450 weights and 6 biases
            "{number: parameter_count}",
            network("a: Conv2d(3, 6, 5)", input_="[3, 9, 9]"),
            Labor(multiplications=3, largest=456, digits=3),
        ),
        (  # 1 · 2 + 5 · 3 = 17, 2 · 2 + 6 · 3 = 22, 4 · 2 + 8 · 3 = 32, 5 · 2 + 9 · 3 = 37, of which the key shows two
            "{array: convolution, with: {input: [[1, 2, 3], [4, 5, 6], [7, 8, 9]], kernel: [[2, 0], [0, 3]]}}",
            "",
            Labor(multiplications=7, largest=37, digits=8, terms=8),
        ),
        (  # only 5 · 2 + 9 · 3 = 37
            "{number: convolution, pick: [2, 2], with: {input: [[1, 2, 3], [4, 5, 6], [7, 8, 9]], "
            "kernel: [[2, 0], [0, 3]]}}",
            "",
            Labor(multiplications=2, largest=37, digits=2, terms=2),
        ),
        (  # 2.718 + 7.389 = 10.11, and two quotients: 0.27, 0.73
            "{array: softmax, with: {scores: [1, 2]}, decimals: 2}",
            "",
            Labor(divisions=2, largest=10.11, digits=6, terms=2),
        ),
        (  # dY11·W22 + dY12·W21 + dY21·W12 + dY22·W11
            "{expression: input_gradient, layer: a, index: [1, 1]}",
            network("a: Conv2d(1, 1, 3, padding=1)", input_="[1, 5, 5]"),
            Labor(digits=16, terms=4),
        ),
        (  # 4 · 2 + 5 · 3 + 1 = 24; 1 · 2 − 6 · 3 = −16; 2 · 24 + 7 · 0 + 3 = 51
            f"{{number: mlp_forward, pick: output, with: {{{MLP}}}}}",
            "",
            Labor(multiplications=4, largest=51, digits=2, terms=7),
        ),
        (  # 5 − 0.2 · 3 = 4.4; 4.4 − 0.2 · 4 = 3.6
            "{table: sgd_steps, with: {start: 5, lr: 0.2, gradients: [3, 4]}, rows: [w1, w2]}",
            "",
            Labor(multiplications=2, largest=5, digits=4, terms=4),
        ),
        (  # 1 + (3 − 1) · 1 = 3; 3 + (5 − 1) · 2 = 11
            "{number: receptive_field, pick: size, layer: b}",
            network("a: Conv2d(1, 4, 3, stride=2)", "b: Conv2d(4, 4, 5)", input_="[1, 32, 32]"),
            Labor(multiplications=1, largest=11, digits=2, terms=8),
        ),
        (  # 2 · 4 + 3 · 0 = 8; 2 · 5 + 3 · 6 = 28
            "{array: attention, pick: scores, with: {queries: [[2, 3]], keys: [[4, 0], [5, 6]], values: [[1], [2]]}}",
            "conventions: {attention_scale: unscaled}\n",
            Labor(multiplications=3, largest=28, digits=3, terms=3),
        ),
        (  # 12 / 4 = 3; 23 / 4 = 5.75
            "{array: pooling, with: {input: [[1, 2, 3, 5], [4, 5, 6, 9]], kind: average, kernel_size: 2}}",
            "",
            Labor(divisions=1, largest=23, digits=4),
        ),
        (  # dz = 2 · (−7 − 1) = −16 is not told in numbers; −16 · 2 = −32, −16 · 3 = −48
            "{array: mlp_gradients, pick: dW1, with: {input: [2, 3], weights: [[[4, -5]]], target: 1}}",
            "",
            Labor(multiplications=2, largest=48, digits=4),
        ),
        (  # 5 · 2 − 4 · 3 = −2: wrong, (5, −4) + (2, 3) = (7, −1); 7 · 1 − 1 · 4 = 3: wrong, (7, −1) − (1, 4) = (6, −5)
            f"{{table: perceptron_updates, rows: [w1, w2], with: {{{RUN}}}}}",
            "",
            Labor(multiplications=2, largest=7, digits=4, terms=12),
        ),
        (  # (−1, 3) / 3 and (4, 0) / 4: one does not come out whole
            f"{{array: normalization, pick: output, with: {{{TABLE}}}, decimals: 2}}",
            "",
            Labor(divisions=1, largest=16, digits=6),
        ),
        (  # (1, 2) + 3 · 4: an option to tick has no digits
            "{choice: {quantity: parameter_count, wrong: 1}}",
            network("a: Linear(3, 4)", input_="[3]"),
            Labor(multiplications=1, largest=16),
        ),
    ],
    ids=lambda value: value.split(",")[0].strip("{").replace("choice: {", "") if str(value).startswith("{") else "",
)
def test_a_question_asks_for_what_a_person_counts(answer: str, head: str, expected: Labor, tmp_path: Path) -> None:
    assert labor(vary(tmp_path, answer, head)) == expected


def test_the_terms_of_a_derivative_count_and_those_in_brackets_do_not(tmp_path: Path) -> None:
    answer = (
        "{derivative: {of: sum(square(w - t)) + lam * sum(square(w)), by: w, "
        "symbols: {w: [3], t: [3], lam: []}, model: 2 * (w - t) + 2 * lam * w}}"
    )
    assert labor(vary(tmp_path, answer)).terms == 2


@pytest.mark.parametrize("name", ["adversarial_examples", "only_linear_layers", "regions", "design_under_budget"])
def test_words_drawings_designs_and_weights_count_as_nothing(name: str) -> None:
    assert labor(variant.vary(BANK.questions[name], "labor")) == Labor()


def test_only_the_parts_that_come_are_counted() -> None:
    whole = variant.vary(BANK.questions["forward_by_hand"], "labor")
    alone = [labor(whole, only=[part.id]) for part in whole.parts]
    assert all(one.multiplications < labor(whole).multiplications for one in alone)
    assert labor(whole, only=[part.id for part in whole.parts]) == labor(whole)


def test_a_quantity_that_does_not_say_how_counts_by_its_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(reference.quantity("steps_per_epoch"), "worked")
    found = vary(tmp_path, "{number: steps_per_epoch, with: {examples: 640, batch_size: 32}}")
    assert labor(found) == Labor(largest=20, digits=2)


# ---- properties ----


def with_names(question_: Question, number: int, names: tuple[str, str]) -> Labor:
    drawn = variant.vary(question_, "names", number)
    people = dict(zip(question_.space.people, names, strict=False))
    values = {**drawn.values, **people}
    return labor(variant.of_values(question_, values, Stream("names"), {}))


@given(
    name=st.sampled_from(["softmax_by_hand", "perceptron_run", "recurrent_parameters", "receptive_field"]),
    number=st.integers(0, 20),
    people=st.lists(st.sampled_from(["Al", "Wilhelmina", "Ng 7"]), min_size=4, max_size=4),
)
def test_the_names_of_people_are_no_work(name: str, number: int, people: list[str]) -> None:
    asked = BANK.questions[name]
    assert with_names(asked, number, (people[0], people[1])) == with_names(asked, number, (people[2], people[3]))


ENTRIES = st.integers(-9, 9)


def rows(count: int, columns: int) -> st.SearchStrategy[list[list[int]]]:
    return st.lists(st.lists(ENTRIES, min_size=columns, max_size=columns), min_size=count, max_size=count)


@given(rows(3, 4), rows(2, 2))
def test_every_product_of_a_convolution_counts_that_is_not_easy(
    image: list[list[int]], kernel: list[list[int]]
) -> None:
    asked = reference.ask("convolution", None, {"input": image, "kernel": kernel})
    places = [(row, column, k, m) for row in range(2) for column in range(3) for k in range(2) for m in range(2)]
    products = [(image[row + k][column + m], kernel[k][m]) for row, column, k, m in places]
    assert operations([asked.in_full]).multiplications == sum(abs(x) > 1 and abs(y) > 1 for x, y in products)


@pytest.mark.parametrize("name", sorted(BANK.questions))
def test_what_the_key_works_out_is_counted_in_full(name: str) -> None:
    for part in variant.vary(BANK.questions[name], "in full").parts:
        if asked := getattr(part.answer, "asked", None):
            shown, whole = operations([asked.worked]), operations([asked.in_full])
            assert whole.multiplications >= shown.multiplications, part.id
            assert whole.divisions >= shown.divisions, part.id
            assert whole.terms >= shown.terms, part.id


@given(name=st.sampled_from(BOUNDED), secret=st.text(max_size=5), number=st.integers(0, 11))
def test_every_variant_that_is_dealt_keeps_to_its_bounds(name: str, secret: str, number: int) -> None:
    asked = BANK.questions[name]
    assert asked.spec.parity
    found = labor(variant.vary(asked, secret, number))
    for measure, (least, most) in asked.spec.parity.bounds.items():
        assert least <= getattr(found, measure) <= most


@given(st.lists(st.builds(Labor, *[st.integers(0, 50)] * 5), min_size=1, max_size=12))
def test_a_spread_holds_every_variant(labors: list[Labor]) -> None:
    found = spread(labors)
    for measure in MEASURES:
        values = [getattr(one, measure) for one in labors]
        assert (getattr(found, measure).least, getattr(found, measure).most) == (min(values), max(values))
    assert spread(labors[::-1]) == found
    assert not spread(labors[:1]).uneven


@pytest.mark.parametrize("name", sorted({*BANK.questions} - FEW))
def test_the_variants_of_a_question_of_the_bank_ask_for_about_the_same_work(name: str) -> None:
    asked = BANK.questions[name]
    variants = [variant.vary(asked, "even", number) for number in range(24)]
    assert not {"multiplications", "divisions", "digits"} & {*spread(list(map(labor, variants))).uneven}


@pytest.mark.parametrize("name", BOUNDED)
def test_bounds_leave_enough_draws(name: str) -> None:
    asked = BANK.questions[name]
    values = [variant.vary(asked, "enough", number).values for number in range(24)]
    counting = sorted(one for cluster in asked.space.clusters for one in cluster.names)
    assert len({repr([one[key] for key in counting]) for one in values}) == 24


# ---- how far draws differ ----


@pytest.mark.parametrize(
    ("measure", "least", "most", "uneven"),
    [
        ("multiplications", 8, 12, False),
        ("multiplications", 8, 13, True),
        ("digits", 1, 3, False),  # two digits more are no matter
        ("divisions", 0, 3, True),
        ("largest", 9, 89, False),
        ("largest", 9, 90, True),  # a digit more
    ],
)
def test_work_is_uneven_when_one_variant_asks_for_clearly_more(
    measure: str, least: int, most: int, uneven: bool
) -> None:
    found = spread([Labor(**{measure: least}), Labor(**{measure: most})])
    assert found.uneven == ((measure,) if uneven else ())
    assert found.nothing is False


def test_a_range_has_a_ratio_even_from_nothing() -> None:
    assert (Range(8, 12).ratio, Range(0, 0).ratio, Range(0, 1).ratio) == (1.5, 1.0, float("inf"))
    assert spread([Labor(), Labor()]).nothing


# ---- how far they may ----

QUESTION = """title: A question
topics: [test]
parity: {parity}
parameters:
  maps: {{range: [2, 25]}}
network:
  input: [3, 8, 8]
  layers:
    a: Conv2d(3, maps, 5)
parts:
  - id: a
    points: 2
    prompt: How many?
    answer: {{number: parameter_count, layers: [a]}}
    example: {{with: {{maps: 4}}, answer: 304}}
"""


def bounded(folder: Path, parity: str) -> Question:
    file = folder / "question.yaml"
    file.write_text(QUESTION.format(parity=parity), "utf-8")
    return question.load(file, file.name)


def test_draws_outside_are_passed_over_and_variants_still_differ(tmp_path: Path) -> None:
    asked = bounded(tmp_path, "{digits: 3, largest: [400, 999]}")
    maps = [variant.vary(asked, "secret", number).values["maps"] for number in range(8)]
    assert sorted(maps) == [*range(6, 14)]  # 456 to 988 parameters


def test_a_bound_of_one_number_is_the_most_and_of_two_a_range(tmp_path: Path) -> None:
    parity = bounded(tmp_path, "{digits: 3, multiplications: [2, 4]}").spec.parity
    assert parity
    assert outside(Labor(digits=0, multiplications=2), parity) == ()
    assert outside(Labor(digits=4, multiplications=1), parity) == ("multiplications", "digits")


def test_a_draw_outside_says_why_it_is_not_used(tmp_path: Path) -> None:
    with pytest.raises(OutsideParity, match=r"152 is outside of parity's largest: \[400, 999\]") as refused:
        variant.at(bounded(tmp_path, "{largest: [400, 999]}"), 0)
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)


def test_an_example_may_lie_outside(tmp_path: Path) -> None:
    assert trial.out(bounded(tmp_path, "{largest: [400, 999]}")) == ()
    assert labor(of_values(tmp_path / "question.yaml", {"maps": 4})).largest == 304


def test_bounds_hold_under_the_conventions_of_an_exam() -> None:
    asked = BANK.questions["sgd_and_momentum"]
    assert asked.spec.parity
    for number in range(12):
        drawn = variant.vary(asked, "secret", number, {"momentum_form": "classic"})
        assert outside(labor(drawn), asked.spec.parity) == ()


def test_a_question_of_which_no_draw_keeps_to_the_bounds_says_what_its_draws_have(tmp_path: Path) -> None:
    with pytest.raises(Mistaken) as refused:
        variant.vary(bounded(tmp_path, "{digits: 3, terms: [4, 5]}"), "secret")
    (mistake,) = refused.value.mistakes
    assert (mistake.line, mistake.column) == (3, 28)
    assert mistake.message == "hardly any draw keeps to terms: [4, 5]"
    assert mistake.hint == "those that were tried have terms 0"
