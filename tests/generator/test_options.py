"""Options are shuffled, never the same twice, and judged with credit for each."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawn import answer_of, judges_itself
from hypothesis import given
from hypothesis import strategies as st

from generator import prose, question, variant
from generator.answers.options import OptionsAnswer, distinct, plain
from generator.mistakes import Mistaken

CHOICE = OptionsAnswer(("a", "b", "c", "d"), ("C",), several=False)
CHOICES = OptionsAnswer(("a", "b", "c", "d"), ("A", "C"), several=True)


@pytest.mark.parametrize(
    ("ticked", "share"),
    [("C", 1), ("c", 1), (" C ", 1), ("(C)", 1), ("C.", 1), ("[c]", 1), ("C)", 1), ("A", 0), ("(B)", 0)],
)
def test_one_option_is_all_or_nothing(ticked: str, share: float) -> None:
    assert CHOICE.mark(ticked).share == share


@pytest.mark.parametrize(
    ("ticked", "share"),
    [("A, C", 1), ("c a", 1), ("A;C", 1), ("(A), (C)", 1), ("A", 0.5), ("A, B, C", 0.5), ("A, B", 0), ("B, D", 0)],
)
def test_several_options_earn_what_is_above_a_coins_half(ticked: str, share: float) -> None:
    assert CHOICES.mark(ticked).share == share


@pytest.mark.parametrize("ticked", ["", "?", "E", "A, E", "all of them", "1"])
def test_what_names_no_options_is_unreadable(ticked: str) -> None:
    assert not CHOICES.mark(ticked).readable
    assert not CHOICE.mark(ticked).readable


def test_two_options_where_one_is_right_are_unreadable() -> None:
    assert not CHOICE.mark("A, C").readable
    assert not CHOICE.mark({"a": "C"}).readable


@pytest.mark.parametrize(
    ("one", "other"), [("16", "$16$"), ("1,024", "1024"), ("2.0", "2"), ("A word.", "a  word"), ("`ReLU`", "**relu**"),
                       ("1e3", "1000"), ("−3", "-3"), ("1/2", "0.5"), ("$10^{-3}$", "0.001"),
                       (r"$\frac{1}{4}$", "0.25"),
                       ("–3", "-3"),
                       ("$N$ words", "$N$ Words")]
)  # fmt: skip
def test_options_that_look_the_same_are_the_same(one: str, other: str) -> None:
    assert not distinct([one, other])


def test_options_that_look_different_are_different() -> None:
    assert distinct(["2*3", "23", "x_1", "x1", "16", "16×16", "$2^4$", "61", "-16", "1.6"])
    assert distinct(["$N$", "$n$"])
    assert distinct(["the $x$ axis", "the $X$ axis"])
    assert plain("16 × 16") == "16×16"


_FORMULAS = ["a", "b", "a + b", "a * b", "a ** b", "2 * a", "a - b", "a // b", "8"]


@given(
    st.lists(st.sampled_from(_FORMULAS), min_size=2, max_size=4, unique=True),
    st.lists(st.integers(1, 4), min_size=1, max_size=4, unique=True),
    st.lists(st.integers(1, 4), min_size=1, max_size=4, unique=True),
)
def test_distractors_never_coincide_with_the_key_or_each_other(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], first: list[int], second: list[int]
) -> None:
    file = tmp_path_factory.getbasetemp() / "options.yaml"
    options = [f"<<{text}>>" for text in texts]
    parameters = f"parameters: {{a: {{choose: {first}}}, b: {{choose: {second}}}}}\n"
    choice = f"answer: {{choice: {{right: {options[0]}, wrong: {options[1:]}}}}}"
    part = f"parts:\n  - {{id: x, points: 1, prompt: Choose., {choice}}}\n"
    file.write_text(f"title: Options\ntopics: [test]\n{parameters}{part}")
    try:
        loaded = question.load(file, file.name)
    except Mistaken as error:
        refused = str(error)
    else:
        refused = ""
    if refused:
        assert refused.startswith("no draw of ")
        return
    for number in range(loaded.space.size):
        drawn = variant.vary(loaded, "secret", number)
        answer = drawn.parts[0].answer
        assert isinstance(answer, OptionsAnswer)
        assert distinct(answer.options)
        assert judges_itself(answer)
        right = prose.fill(options[0], drawn.values)
        assert answer.options[ord(answer.right[0]) - ord("A")] == right


def test_options_come_in_another_order_on_another_variant(tmp_path: Path) -> None:
    head = "parameters: {a: {range: [1, 40]}}\n"
    text = "{choices: {right: [one, two], wrong: [three, four, <<a>>]}}"
    answer_of(tmp_path, text, head)
    loaded = question.load(tmp_path / "question.yaml", "q")
    orders = set()
    for number in range(40):
        answer = variant.vary(loaded, "secret", number).parts[0].answer
        assert isinstance(answer, OptionsAnswer)
        assert {answer.options[ord(letter) - 65] for letter in answer.right} == {"one", "two"}
        orders.add(answer.right)
    assert len(orders) > 5
