"""Pooling of small maps, its gradient, and a stage of a convolutional network."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sliding import asked, convolutions, grids, pools, slips

from generator import reference
from generator.reference import BadArgument

X = [[1, 2, 4, 0, 1], [3, -1, 5, 6, 7], [-1, -2, 3, -4, 2]]


@settings(max_examples=40)
@given(pools(), st.sampled_from(["max", "average"]), st.booleans(), st.booleans())
def test_a_pooling_is_computed_twice_and_agrees(
    arguments: dict[str, Any], kind: str, ceil_mode: bool, counting: bool
) -> None:
    asked("pooling", kind=kind, ceil_mode=ceil_mode, count_include_pad=counting, **arguments)


@settings(max_examples=25)
@given(st.lists(st.integers(-9, 9), min_size=3, max_size=9), st.sampled_from(["max", "average"]), st.integers(1, 3))
def test_a_pooling_in_one_dimension_is_computed_twice_and_agrees(line: list[int], kind: str, size: int) -> None:
    asked("pooling", input=line, kind=kind, kernel_size=size, padding=size // 2, stride=2, ceil_mode=True)


def test_a_pooling_is_the_one_worked_by_hand() -> None:
    assert reference.answer("pooling", input=X, kind="max", kernel_size=2) == ((3, 6),)
    assert reference.answer("pooling", input=X, kind="average", kernel_size=2) == ((1.25, 3.75),)
    assert reference.answer("pooling", input=X, kind="max", kernel_size=2, ceil_mode=True) == ((3, 6, 7), (-1, 3, 2))
    assert reference.answer("pooling", input=X, kind="max", kernel_size=2, stride=1) == ((3, 5, 6, 7), (3, 5, 6, 7))
    # sums 1, 6, 1 and 2, 5, 11 over four places each
    padded: dict[str, Any] = {"input": X, "kind": "average", "kernel_size": 2, "padding": 1}
    assert reference.answer("pooling", **padded) == ((0.25, 1.5, 0.25), (0.5, 1.25, 2.75))
    assert reference.answer("pooling", **padded, count_include_pad=False) == ((1, 3, 0.5), (1, 1.25, 2.75))
    assert reference.answer("pooling", input=[3, 1, 4, 1, 5], kind="max", kernel_size=2) == (3, 4)


def test_pooling_mistaken_leads_to_the_numbers_worked_by_hand() -> None:
    wrong = slips("pooling", input=X, kind="max", kernel_size=2)
    assert wrong["average_for_max"] == ((1.25, 3.75),)
    assert wrong["min_for_max"] == ((-1, 0),)
    assert wrong["stride_one"] == ((3, 5, 6, 7), (3, 5, 6, 7))
    assert wrong["other_rounding"] == ((3, 6, 7), (-1, 3, 2))
    assert slips("pooling", input=X, kind="average", kernel_size=2)["sum_for_average"] == ((5, 15),)
    below = slips("pooling", input=[[-3, -1], [-2, -5]], kind="max", kernel_size=2, padding=1)
    assert below["zeros_in_maximum"] == ((0, 0), (0, 0))
    assert slips("pooling", input=[[-3, 1], [-2, 2]], kind="max", kernel_size=2)["largest_size"] == ((-3,),)


def test_a_paper_says_what_happens_at_the_edge() -> None:
    def said(**how: Any) -> str:
        return reference.ask("pooling", None, {"input": X, "kernel_size": 2, **how}).says

    assert said(kind="max") == "A window that would reach over the edge is left out."
    assert said(kind="max", ceil_mode=True).startswith("A last window that reaches over the edge is used")
    assert said(kind="max", stride=1) == ""
    assert said(kind="max", padding=1, stride=1) == "The padding takes no part in a maximum."
    assert said(kind="average", padding=1, stride=1) == "Zeros surround the input and count in the average."
    away = said(kind="average", padding=1, stride=1, count_include_pad=False)
    assert away == "The padding does not count in the average."


def test_the_derivation_of_a_pooling_is_a_table_of_windows() -> None:
    worked = reference.ask("pooling", None, {"input": X, "kind": "average", "kernel_size": [2, 3]}).worked
    assert worked.splitlines()[0] == "| rows | columns | numbers | average |"
    assert "| 1–2 | 1–3 | 1, 2, 4, 3, −1, 5 | 14 / 6 |" in worked
    one = reference.ask("pooling", None, {"input": X, "kind": "max", "kernel_size": 2, "pick": (1, 2)}).worked
    assert one.splitlines()[2:] == ["| 1–2 | 3–4 | 4, 0, 5, 6 | 6 |"]


@pytest.mark.parametrize(
    ("how", "argument", "message"),
    [
        ({"kernel_size": 2, "padding": 2}, "padding", "at most half the window"),
        ({"kernel_size": 9}, "kernel_size", "no window of 9 × 9 fits"),
        ({"kernel_size": 2, "ceil_mode": 1}, "ceil_mode", "1 is neither true nor false"),
        ({"kernel_size": 0}, "kernel_size", "0 is no whole number from 1 to 10"),
    ],
)
def test_poolings_that_make_no_sense_are_refused(how: dict[str, Any], argument: str, message: str) -> None:
    with pytest.raises(BadArgument, match=message) as refused:
        reference.answer("pooling", input=X, kind="max", **how)
    assert refused.value.argument == argument


# ---- its gradient ----


@settings(max_examples=30)
@given(pools(), st.data())
def test_the_gradient_of_a_maximum_is_computed_twice_and_agrees(arguments: dict[str, Any], data: st.DataObject) -> None:
    output = reference.answer("pooling", kind="max", **arguments)
    gradient = data.draw(grids(len(output), len(output[0])))
    found = asked("max_pool_gradient", output_gradient=gradient, **arguments)
    total = sum(one for row in found.value for one in row)
    assert total == sum(one for row in gradient for one in row)


def test_the_gradient_goes_to_the_largest_elements() -> None:
    apart: dict[str, Any] = {"input": [[1, 5, 2, 0], [3, 4, 7, 6]], "kernel_size": 2, "output_gradient": [[2, -1]]}
    assert reference.answer("max_pool_gradient", **apart) == ((0, 2, 0, 0), (0, 0, -1, 0))
    wrong = slips("max_pool_gradient", **apart)
    assert wrong["spread_evenly"] == ((0.5, 0.5, -0.25, -0.25), (0.5, 0.5, -0.25, -0.25))
    assert wrong["everywhere"] == ((2, 2, -1, -1), (2, 2, -1, -1))
    assert wrong["smallest"] == ((2, 0, 0, -1), (0, 0, 0, 0))
    assert wrong["in_the_corner"] == ((2, 0, -1, 0), (0, 0, 0, 0))
    assert wrong["times_value"] == ((0, 10, 0, 0), (0, 0, -7, 0))


def test_an_element_that_is_the_largest_of_several_windows_gets_the_sum() -> None:
    shared: dict[str, Any] = {"input": [1, 9, 2], "kernel_size": 2, "stride": 1, "output_gradient": [3, 4]}
    assert reference.answer("max_pool_gradient", **shared) == (0, 7, 0)
    assert slips("max_pool_gradient", **shared)["last_wins"] == (0, 4, 0)
    assert "| 2 | 9 | 2 | 4 |" in reference.ask("max_pool_gradient", None, shared).worked


def test_a_paper_says_which_of_equal_numbers_is_the_largest() -> None:
    arguments: dict[str, Any] = {"input": [[5, 5], [1, 5]], "kernel_size": 2, "output_gradient": [[1]]}
    assert reference.answer("max_pool_gradient", **arguments) == ((1, 0), (0, 0))
    assert "the first in reading order" in reference.ask("max_pool_gradient", None, arguments).says.lower()
    other = {**arguments, "input": [[5, 4], [1, 3]]}
    assert reference.ask("max_pool_gradient", None, other).says == ""


def test_a_gradient_of_another_size_is_refused() -> None:
    with pytest.raises(BadArgument, match="the output of this pooling has 1 × 2 elements"):
        reference.answer("max_pool_gradient", input=X, kernel_size=2, output_gradient=[[1]])


# ---- a stage of a network ----


@settings(max_examples=30)
@given(convolutions(), st.sampled_from(["relu", "leaky_relu", "step", "identity"]), st.sampled_from(["max", "average"]))
def test_a_stage_is_computed_twice_and_agrees(arguments: dict[str, Any], activation: str, pool: str) -> None:
    output = reference.answer("convolution", **arguments)
    size = [min(2, len(output)), min(2, len(output[0]))]
    found = asked("feature_map", activation=activation, pool=pool, pool_size=size, **arguments)
    assert found.value["convolution"] == output


def test_a_stage_is_the_one_worked_by_hand() -> None:
    arguments: dict[str, Any] = {
        "input": [[1, 0, 2, 1], [3, 1, 0, 2], [0, 1, 1, 0], [2, 0, 1, 3]],
        "kernel": [[1, -1], [0, 1]],
        "bias": -1,
        "pool_stride": 1,
    }
    # 1 − 0 + 1 − 1, 0 − 2 + 0 − 1, 2 − 1 + 2 − 1; 3 − 1 + 1 − 1, 1 − 0 + 1 − 1, 0 − 2 + 0 − 1; 0 − 1 + 0 − 1, …
    assert reference.answer("feature_map", **arguments) == {
        "convolution": ((1, -3, 2), (2, 1, -3), (-2, 0, 3)),
        "activation": ((1, 0, 2), (2, 1, 0), (0, 0, 3)),
        "pooling": ((2, 2), (2, 3)),
    }
    wrong = slips("feature_map", **arguments, pool="average")
    assert wrong["no_activation"]["pooling"] == ((0.25, -0.75), (0.25, 0.25))
    assert wrong["other_pooling"]["pooling"] == ((2, 2), (2, 3))
    assert wrong["bias_forgotten"]["convolution"] == ((2, -2, 3), (3, 2, -2), (-1, 1, 4))


def test_a_stage_is_derived_up_to_what_is_asked_for() -> None:
    arguments: dict[str, Any] = {"input": X, "kernel": [[1, 0], [0, 1]]}
    worked = reference.ask("feature_map", None, {**arguments, "pick": "convolution"}).worked
    assert "After ReLU" not in worked
    assert "After ReLU" in reference.ask("feature_map", None, {**arguments, "pick": "activation"}).worked
    assert "| rows |" in reference.ask("feature_map", None, arguments).worked
