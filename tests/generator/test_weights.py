"""Any weights that do what is wanted are right: the network is run by PyTorch, and once more in fractions."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from drawn import answer_of, judges_itself, of_values, vary
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.answers import units
from generator.answers.weights import WeightsAnswer
from generator.formulas import FormulaError
from generator.mistakes import Mistaken

AND_NOT = """
      weights:
        fields: [w1, w2, b]
        inputs: [x1, x2]
        cases: binary
        units: {h: step(w1*x1 + w2*x2 + b)}
        wanted: x1 and not x2
        model: {w1: 1, w2: -1, b: -0.5}"""
HAT = """
      weights:
        fields: [b1, b2, b3, v1, v2, v3]
        inputs: [x]
        cases: {x: [-3, 5, 0.25]}
        units: {h1: relu(x + b1), h2: relu(x + b2), h3: relu(x + b3), y: v1*h1 + v2*h2 + v3*h3}
        wanted: max(0, height - abs(x - 1))
        model: {b1: height - 1, b2: -1, b3: 0 - 1 - height, v1: 1, v2: -2, v3: 1}
        labels: {b1: "$b_1$ of <<height>>"}"""


@pytest.fixture
def gate(tmp_path: Path) -> WeightsAnswer:
    answer = answer_of(tmp_path, AND_NOT)
    assert isinstance(answer, WeightsAnswer)
    return answer


def under(tmp_path: Path, threshold: str) -> Any:
    return vary(tmp_path, AND_NOT, conventions={"threshold": threshold}).parts[0].answer


@pytest.mark.parametrize(
    "response",
    [
        {"w1": "1", "w2": "-1", "b": "-0.5"},
        {"w1": "300", "w2": "−1,000", "b": "-1"},
        {"w1": "1/3", "w2": "-2/3", "b": "-1/4"},
        "w1 = 1, w2 = -1, b = -0.5",
        "b: -0.5; w_1: 1\nw_{2} = -1",
        "$w_1$ = 1, $w_2$ = −1, $b$ = −0.5",
    ],
)
def test_any_weights_that_do_what_is_wanted_are_right(gate: WeightsAnswer, response: Any) -> None:
    assert gate.mark(response).share == 1


def test_cases_that_fail_are_named(gate: WeightsAnswer) -> None:
    assert gate.mark("w1 = 1, w2 = 1, b = -0.5").remarks == (
        "for x1 = 0, x2 = 1 the network gives 1, not 0",
        "for x1 = 1, x2 = 1 the network gives 1, not 0",
    )
    assert gate.mark({"w1": "0", "w2": "0", "b": "0"}).remarks[-1] == "for x1 = 1, x2 = 1 the network gives 1, not 0"


@pytest.mark.parametrize(
    ("response", "remark", "readable"),
    [
        ({"w1": "1", "w2": "-1"}, "b: nothing is given", True),
        ({"w1": "1", "w2": "many", "b": "-0.5"}, "w2: 'many' is no number", False),
        ({"w1": "1e300", "w2": "-1", "b": "-0.5"}, "w1: 1e300 is beyond what can be judged, 10⁻⁹ to 10⁹", True),
    ],
)
def test_a_weight_that_is_missing_or_no_number_is_named(
    gate: WeightsAnswer, response: Any, remark: str, readable: bool
) -> None:
    mark = gate.mark(response)
    assert (mark.share, mark.remarks, mark.readable) == (0, (remark,), readable)


@pytest.mark.parametrize(
    "response",
    ["I do not know", "", "w1 = 1, w3 = 2", "w1 = 1, w1 = 2", "1, -1, -0.5", "w1 = 1,000, b = 2", "w1 = " + "1" * 9999,
     {"w1": "", "w2": "", "b": ""}, {"c": "1"}],
)  # fmt: skip
def test_what_names_no_weights_is_unreadable(gate: WeightsAnswer, response: Any) -> None:
    assert not gate.mark(response).readable


def test_the_answer_records_its_model_and_judges_itself(gate: WeightsAnswer) -> None:
    assert gate.recorded == {"w1": "1", "w2": "−1", "b": "−0.5"}
    assert gate.labels == ("$w_{1}$", "$w_{2}$", "$b$")
    assert judges_itself(gate)


def test_the_key_shows_every_case_of_the_model(gate: WeightsAnswer) -> None:
    assert gate.worked.splitlines() == [
        "| $x_{1}$ | $x_{2}$ | sum | $h$ | wanted |",
        "| --- | --- | --- | --- | --- |",
        "| $0$ | $0$ | $-0.5$ | $0$ | $0$ |",
        "| $0$ | $1$ | $-1.5$ | $0$ | $0$ |",
        "| $1$ | $0$ | $0.5$ | $1$ | $1$ |",
        "| $1$ | $1$ | $-0.5$ | $0$ | $0$ |",
    ]


def test_a_sum_of_zero_fires_as_the_convention_says_and_the_paper_states_it(tmp_path: Path) -> None:
    at_least, above = under(tmp_path, "at_least"), under(tmp_path, "above")
    assert at_least.note.startswith("A unit fires when its sum is 0 or more. Any numbers are right")
    assert above.note.startswith("A unit fires when its sum is more than 0.")
    for_zero = "w1 = 1, w2 = -1, b = -1"  # the sum for x1 = 1, x2 = 0 is 0
    assert (at_least.mark(for_zero).share, above.mark(for_zero).share) == (1, 0)
    without_bias = "w1 = 1, w2 = -1, b = 0"
    assert (at_least.mark(without_bias).share, above.mark(without_bias).share) == (0, 1)


def test_rounding_in_floats_does_not_decide(tmp_path: Path) -> None:
    exact = "w1 = 0.3, w2 = -0.4, b = -0.3"  # 0.3 − 0.3 is 0, also where floats leave a rest
    assert under(tmp_path, "at_least").mark(exact).share == 1
    assert under(tmp_path, "above").mark(exact).share == 0
    answer = AND_NOT.replace("w1*x1 + w2*x2 + b", "w1*x1 + w2*x1 + b").replace("x1 and not x2", "x1")
    answer = answer.replace("binary", "[[0, 0], [1, 0]]").replace("w2: -1", "w2: 1")
    loose = vary(tmp_path, answer, conventions={"threshold": "above"}).parts[0].answer
    assert 0.1 + 0.2 - 0.3 > 0
    assert loose.mark("w1 = 0.1, w2 = 0.2, b = -0.3").share == 0


def test_a_grid_of_cases_and_drawn_values(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, HAT, "parameters: {height: {choose: [2]}}\n")
    assert len(answer.cases) == 33
    assert answer.labels[:2] == ("$b_1$ of 2", "$b_{2}$")
    assert answer.mark("b1 = 1, b2 = -1, b3 = -3, v1 = 1, v2 = -2, v3 = 1").share == 1
    assert answer.mark("b1 = -3, b2 = 1, b3 = -1, v1 = 1, v2 = 1, v3 = -2").share == 1  # units in another order
    mark = answer.mark("b1 = 1, b2 = -1, b3 = -3, v1 = 1, v2 = -2, v3 = 0")
    assert mark.remarks[0] == "for x = 3.25 the network gives −0.25, not 0"
    assert mark.remarks[-1] == "and 4 more of 33 cases"
    assert answer.worked == "With these numbers the output is right at all 33 points that were tried."
    assert "fires" not in answer.note
    assert judges_itself(answer)


def test_only_cases_that_meet_the_condition_count(tmp_path: Path) -> None:
    changed = AND_NOT.replace("cases: binary", "cases: signs\n        where: x1 != x2").replace(
        "x1 and not x2", "x1 > x2"
    )
    answer = answer_of(tmp_path, changed)
    assert [case.inputs for case in answer.cases] == [(-1, 1), (1, -1)]


def test_cases_can_be_points_that_a_formula_gives(tmp_path: Path) -> None:
    head = "parameters: {edge: {choose: [2]}, points: {compute: '[[edge - 0.1, 0], [edge + 0.1, 1]]'}}\n"
    changed = AND_NOT.replace("binary", "points").replace("x1 and not x2", "x1 > edge")
    answer = answer_of(tmp_path, changed.replace("b: -0.5", "b: 0 - edge").replace("w2: -1", "w2: 0"), head)
    assert [case.wanted for case in answer.cases] == [0, 1]
    assert answer.mark("w1 = 1, w2 = 0, b = -1.95").share == 1
    assert answer.mark("w1 = 1, w2 = 0, b = -1.8").remarks == ("for x1 = 1.9, x2 = 0 the network gives 1, not 0",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("b: -0.5", "b: 0.5", "what is wanted: for x1 = 0, x2 = 0 the network gives 1, not 0"),
        ("binary", "'[[0, 1, 2]]'", "the cases are no list of points with 2 numbers"),
        ("binary", "{x1: [0, 1, 0], x2: [0, 1, 1]}", "a grid from 0 to 1 cannot have steps of 0"),
        ("binary", "{x1: [0, 999, 1], x2: [0, 999, 1]}", "the grid of cases is too fine"),
        ("x1 and not x2", "'[x1]'", "'[x1]' gives no number"),
        ("b: -0.5", "b: 0 - sqrt(2) / 2", "cannot be written exactly"),
        ("b: -0.5", "b: x1", "'x1' is not declared"),
    ],
)  # fmt: skip
def test_what_a_draw_cannot_make_sense_of_is_a_mistake(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(Mistaken) as error:
        answer_of(tmp_path, AND_NOT.replace(old, new))
    assert message in error.value.mistakes[0].message


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "w.real", "w if x else 1", "[w]", "w ** 9", "w / x", "step(w, x)", "step", "'w'", "True",
     "_w", "w @ x", "(lambda: w)()", "step(x=w)", "1e999 ** w", "w" * 2000],
)  # fmt: skip
def test_a_unit_is_no_more_than_sums_products_and_functions(text: str) -> None:
    with pytest.raises(FormulaError):
        units.read("h", text)


def expressions(depth: int = 3) -> st.SearchStrategy[str]:
    leaves = st.sampled_from(["w1", "w2", "x", "0.5", "3", "(-1)"])
    if depth == 0:
        return leaves
    inner = expressions(depth - 1)
    return st.one_of(
        leaves,
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(st.sampled_from(units.FUNCTIONS), inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
    )


tenths = st.integers(-20, 20).map(lambda whole: Fraction(whole, 10))


@settings(max_examples=25, deadline=None)
@given(expressions(), expressions(2), tenths, tenths, st.sampled_from(["at_least", "above"]))
def test_a_network_gives_the_same_by_pytorch_and_in_fractions(
    first: str, second: str, w1: Fraction, w2: Fraction, threshold: str
) -> None:
    network = (units.read("h", first), units.read("y", f"step({second} + h)"))
    cases = [Fraction(whole, 4) for whole in range(-8, 9)]
    found = units.run(network, {"w1": w1, "w2": w2}, {"x": cases}, threshold)
    for place, x in enumerate(cases):
        exact = units.by_hand(network, {"w1": w1, "w2": w2, "x": x}, threshold)
        assert found["h"][place] == pytest.approx(float(exact["h"]), abs=1e-9)
        assert found["y"][place] == exact["y"]


REGIONS = Path(__file__).parents[2] / "bank" / "perceptron" / "regions.yaml"
REGION = {"a": 4, "b": 5, "side": "above", "low": -1, "wide": 4}
CUTS = {"u1": 1, "b1": 1, "u2": -1, "b2": 3, "v1": 1, "v2": 1, "c": -1.5}
CORNERS = {"w11": 1, "w12": 0, "b1": 0, "w21": 0, "w22": 1, "b2": 0, "w31": -5, "w32": -4, "b3": 20}


@pytest.mark.parametrize(
    ("part", "weights", "share"),
    [
        (0, {"w1": 5, "w2": 4, "bias": -20}, 1), (0, {"w1": 5, "w2": 4, "bias": -20.1}, 0),
        (0, {"w1": 5.05, "w2": 4, "bias": -20}, 0), (1, CUTS, 1), (1, CUTS | {"b1": 1.05}, 0),
        (1, CUTS | {"b2": 3.05}, 0),
        (1, CUTS | {"b2": 2.95}, 0), (2, CORNERS, 1), (2, CORNERS | {"b3": 20.4}, 0), (2, CORNERS | {"b3": 19.9}, 0),
        (2, CORNERS | {"w31": -5.15}, 0), (2, CORNERS | {"w12": 0.05}, 0), (2, CORNERS | {"b1": 0.05}, 0),
    ],
)  # fmt: skip
def test_a_region_that_is_nearly_the_one_asked_for_is_wrong(part: int, weights: dict[str, float], share: float) -> None:
    answer = of_values(REGIONS, REGION).parts[part].answer
    assert answer.mark({name: str(value) for name, value in weights.items()}).share == share
