"""Convolutions of small arrays: two ways agree, values worked by hand, and what misconceptions lead to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sliding import asked, convolutions, grids, signals, slips

from generator import reference
from generator.reference import BadArgument

X = [[1, 2, 0], [3, -1, 2], [0, 1, 1]]
K = [[1, 0], [2, -1]]
SQUARE = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


@settings(max_examples=40)
@given(convolutions())
def test_a_convolution_is_computed_twice_and_agrees(arguments: dict[str, Any]) -> None:
    asked("convolution", **arguments)


@settings(max_examples=25)
@given(signals())
def test_a_convolution_in_one_dimension_is_computed_twice_and_agrees(arguments: dict[str, Any]) -> None:
    asked("convolution_1d", **arguments)


def test_a_convolution_is_the_one_worked_by_hand() -> None:
    # 1·1 + 0·2 + 2·3 − 1·(−1) = 8; 1·2 + 0·0 + 2·(−1) − 1·2 = −2; 1·3 + 0·(−1) + 2·0 − 1·1 = 2; −1 + 0 + 2 − 1 = 0
    assert reference.answer("convolution", input=X, kernel=K) == ((8, -2), (2, 0))
    # with a border of zeros and stride 2: −1·1 + 3; 2·2 − 1·0 + 3; 1·0 + 0·3 + 2·0 − 1·0 (left column) …
    assert reference.answer("convolution", input=X, kernel=K, padding=1, stride=2, bias=3) == ((2, 7), (3, 3))


def test_channels_are_added_up() -> None:
    two: dict[str, Any] = {"input": [X, [[1, 0, 0], [0, 1, 0], [0, 0, 1]]], "kernel": [K, [[1, 1], [1, 1]]]}
    # the second channel adds 1 + 0 + 0 + 1 = 2, 0 + 0 + 1 + 0 = 1, 0 + 1 + 0 + 0 = 1 and 1 + 0 + 0 + 1 = 2
    assert reference.answer("convolution", **two) == ((10, -1), (3, 2))
    assert reference.answer("convolution", **two, bias=-1) == ((9, -2), (2, 1))
    assert slips("convolution", **two, bias=-1)["bias_for_each_channel"] == ((8, -3), (1, 0))
    assert slips("convolution", **two)["one_channel"] == ((8, -2), (2, 0))


def test_a_dilated_kernel_sees_the_corners() -> None:
    # 1·1 + 0·3 + 2·7 − 1·9
    assert reference.answer("convolution", input=SQUARE, kernel=K, dilation=2) == ((6,),)
    assert slips("convolution", input=SQUARE, kernel=K, dilation=2)["dilation_ignored"] == ((4, 6), (10, 12))


def test_a_signal_is_filtered_as_worked_by_hand() -> None:
    signal = [1, 3, 2, 5, 4, 0]
    # x[i] − x[i + 2]: 1 − 2, 3 − 5, 2 − 4, 5 − 0
    assert reference.answer("convolution_1d", input=signal, kernel=[1, 0, -1]) == (-1, -2, -2, 5)
    # stride 2 and a zero on each side: 0 − 3, 3 − 5, 5 − 0
    assert reference.answer("convolution_1d", input=signal, kernel=[1, 0, -1], stride=2, padding=1) == (-3, -2, 5)
    # weights two places apart: 1 − 4, 3 − 0
    assert reference.answer("convolution_1d", input=signal, kernel=[1, 0, -1], dilation=2) == (-3, 3)


def test_misconceptions_lead_to_the_numbers_worked_by_hand() -> None:
    wrong = slips("convolution", input=X, kernel=K, padding=1, stride=2, bias=3)
    # the flipped kernel is [[−1, 2], [0, 1]]: 1 + 3, 0 + 3, 2·3 + 0 + 3, 1 + 4 + 0 + 1 + 3
    assert wrong["flipped_kernel"] == ((4, 3), (9, 9))
    assert wrong["bias_forgotten"] == ((-1, 4), (0, 0))
    assert wrong["no_padding"] == ((11,),)
    # the transposed kernel is [[1, 2], [0, −1]]
    assert wrong["transposed_kernel"] == ((2, 3), (9, 5))
    assert [len(row) for row in wrong["stride_ignored"]] == [4] * 4
    assert {"edges_repeated", "padded_after"} < set(wrong)


def test_what_a_paper_must_say_names_what_is_in_force() -> None:
    plain = reference.ask("convolution", None, {"input": X, "kernel": K}).says
    assert plain == "The kernel is not flipped, as in PyTorch; there is no bias."
    full = reference.ask("convolution", None, {"input": SQUARE, "kernel": K, "padding": 1, "dilation": 2, "bias": 1})
    assert "zeros surround the input" in full.says
    assert "a dilation of 2 means that" in full.says
    assert "bias" not in full.says


def test_the_derivation_shows_a_sum_with_its_numbers() -> None:
    worked = reference.ask("convolution", None, {"input": X, "kernel": K, "padding": 1, "stride": 2, "bias": 3}).worked
    assert "Windows begin in rows 1, 3 and columns 1, 3 of the padded input." in worked
    assert r"Y_{1,1} &= 1 \cdot (-1) + 3 = 2" in worked


@pytest.mark.parametrize(
    ("name", "arguments", "pick", "shown", "not_shown"),
    [
        ("convolution", {"input": X, "kernel": K}, (1, 2), "Y_{1,2} &=", "Y_{1,1}"),
        ("convolution_1d", {"input": [1, 2, 3], "kernel": [1, 1]}, (2,), "Y_{2} &=", "Y_{1}"),
        ("transposed_convolution", {"input": X, "kernel": K}, (2, 3), "Y_{2,3} &=", "Y_{1,1}"),
        (
            "transposed_convolution",
            {"input": [1], "kernel": [1], "stride": 2, "output_padding": 1},
            (2,),
            "= 0",
            "_{1}",
        ),
        ("convolution_matrix", {"input_size": 3, "kernel": K}, (3,), "row 3 has weights", "row 1"),
    ],
)
def test_only_the_element_that_is_asked_for_is_derived(
    name: str, arguments: dict[str, Any], pick: tuple[int, ...], shown: str, not_shown: str
) -> None:
    worked = reference.ask(name, None, {**arguments, "pick": pick}).worked
    assert shown in worked
    assert not_shown not in worked


@pytest.mark.parametrize(
    ("arguments", "argument", "message"),
    [
        ({"input": X, "kernel": [[1] * 4] * 4}, "kernel", "no window of 4 × 4 fits"),
        ({"input": X, "kernel": [K, K]}, "kernel", "1 input channels need a kernel with as many, not 2"),
        ({"input": [X, [[1]]], "kernel": [K, K]}, "input", "all channels must have one size"),
        ({"input": [X] * 5, "kernel": [K] * 5}, "input", "5 channels are more than 4"),
        ({"input": [1, 2, 3], "kernel": K}, "input", "here belongs a list of rows"),
        ({"input": [[1] * 50] * 50, "kernel": K}, "input", "more than 100 numbers"),
        ({"input": X, "kernel": K, "stride": 0}, "stride", "0 is no whole number from 1 to 10"),
        ({"input": X, "kernel": K, "padding": 10**9}, "padding", "no whole number from 0 to 10"),
        ({"input": X, "kernel": K, "stride": [1, 2, 3]}, "stride", "one for rows and one for columns, not 3"),
        ({"input": [["a"]], "kernel": K}, "input", "a is no number"),
    ],
)
def test_arguments_that_make_no_sense_are_named(arguments: dict[str, Any], argument: str, message: str) -> None:
    with pytest.raises(BadArgument, match=message) as refused:
        reference.answer("convolution", **arguments)
    assert refused.value.argument == argument


# ---- transposed ----


@st.composite
def paintings(draw: st.DrawFn) -> dict[str, Any]:
    stride = draw(st.integers(1, 3))
    arguments: dict[str, Any] = {
        "stride": stride,
        "dilation": draw(st.integers(1, 2)),
        **draw(st.sampled_from([{}, {"bias": 4}])),
    }
    kernel, side = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    size = (side - 1) * stride + arguments["dilation"] * (kernel - 1) + 1
    arguments["padding"] = draw(st.integers(0, min(2, (size - 1) // 2)))
    arguments["output_padding"] = draw(st.integers(0, max(stride, arguments["dilation"]) - 1))
    if draw(st.booleans()):
        return {"input": draw(grids(1, side))[0], "kernel": draw(grids(1, kernel))[0], **arguments}
    return {"input": draw(grids(side, side)), "kernel": draw(grids(kernel, kernel)), **arguments}


@settings(max_examples=40)
@given(paintings())
def test_a_transposed_convolution_is_computed_twice_and_agrees(arguments: dict[str, Any]) -> None:
    asked("transposed_convolution", **arguments)


@settings(max_examples=25)
@given(convolutions(most_maps=1), st.data())
def test_a_transposed_convolution_is_the_transpose_of_the_matrix_of_the_convolution(
    arguments: dict[str, Any], data: st.DataObject
) -> None:
    values, kernel = (
        one if isinstance(one[0][0], int) else one[0] for one in (arguments["input"], arguments["kernel"])
    )
    how = {name: arguments[name] for name in ("stride", "padding", "dilation")}
    output = reference.answer("convolution", input=values, kernel=kernel, **how)
    there = data.draw(grids(len(output), len(output[0])))
    sides = [len(values), len(values[0])]
    if sides[0] * sides[1] * len(output) * len(output[0]) > 400:
        return
    matrix = reference.answer("convolution_matrix", kernel=kernel, input_size=sides, **how)
    flat = [one for row in there for one in row]
    back = [sum(row[place] * one for row, one in zip(matrix, flat, strict=True)) for place in range(len(matrix[0]))]
    gradient = reference.answer("convolution_gradients", input=values, kernel=kernel, output_gradient=there, **how)
    assert [one for row in gradient["input"] for one in row] == back


def test_a_transposed_convolution_is_the_one_worked_by_hand() -> None:
    # kernels [[1, 0], [2, 3]] at stride 1: the middle is 1·3 (from 1) + 2·2 (from 2) + 0·0 (from 0) + 4·1 (from 4) = 11
    found = reference.answer("transposed_convolution", input=[[1, 2], [0, 4]], kernel=[[1, 0], [2, 3]])
    assert found == ((1, 2, 0), (2, 11, 6), (0, 8, 12))
    # at stride 2 nothing overlaps
    apart = reference.answer("transposed_convolution", input=[[1, 2], [0, 4]], kernel=[[1, 0], [2, 3]], stride=2)
    assert apart == ((1, 0, 2, 0), (2, 3, 4, 6), (0, 0, 4, 0), (0, 0, 8, 12))
    # three inputs, kernel 1, −1, 2, stride 2: 1, −1, 2 + 2, −2, 4 + 3, −3, 6
    line: dict[str, Any] = {"input": [1, 2, 3], "kernel": [1, -1, 2], "stride": 2}
    assert reference.answer("transposed_convolution", **line) == (1, -1, 4, -2, 7, -3, 6)
    assert reference.answer("transposed_convolution", **line, padding=1) == (-1, 4, -2, 7, -3)
    assert reference.answer("transposed_convolution", **line, padding=1, output_padding=1) == (-1, 4, -2, 7, -3, 6)


def test_overlaps_that_are_not_added_keep_the_later_number() -> None:
    wrong = slips("transposed_convolution", input=[1, 2, 3], kernel=[1, -1, 2], stride=2, padding=1)
    assert wrong["overlaps_not_added"] == (-1, 2, -2, 3, -3)
    assert wrong["larger_kept"] == (-1, 2, -2, 4, -3)
    assert wrong["padding_not_cut"] == (1, -1, 4, -2, 7, -3, 6)
    assert wrong["stride_ignored"] == (1, 3, 1)  # 1, −1 + 2, 2 − 2 + 3, 4 − 3, 6 without both ends
    assert wrong["side_by_side"] == (-1, 2, 2, -2, 4, 3, -3)
    assert wrong["as_convolution"] == (3, -1)  # 0·1 − 1·1 + 2·2, then 2·1 − 3·1 + 0·2


@pytest.mark.parametrize(
    ("arguments", "argument", "message"),
    [
        ({"input": [[1]], "kernel": [[1]], "padding": 1}, "padding", "nothing of the output is left"),
        ({"input": [[1]], "kernel": [[1]], "output_padding": 1}, "output_padding", "must be smaller than the stride"),
        ({"input": [1], "kernel": [[1]]}, "kernel", "both lists of numbers, or both lists of rows"),
    ],
)
def test_paintings_that_make_no_sense_are_refused(arguments: dict[str, Any], argument: str, message: str) -> None:
    with pytest.raises(BadArgument, match=message) as refused:
        reference.answer("transposed_convolution", **arguments)
    assert refused.value.argument == argument


# ---- as a matrix product ----


@settings(max_examples=25)
@given(convolutions(most_maps=1))
def test_the_matrix_of_a_convolution_gives_its_output(arguments: dict[str, Any]) -> None:
    values, kernel = (
        one if isinstance(one[0][0], int) else one[0] for one in (arguments["input"], arguments["kernel"])
    )
    how = {name: arguments[name] for name in ("stride", "padding", "dilation")}
    output = reference.answer("convolution", input=values, kernel=kernel, **how)
    if len(values) * len(values[0]) * len(output) * len(output[0]) > 400:
        return
    matrix = asked("convolution_matrix", kernel=kernel, input_size=[len(values), len(values[0])], **how).value
    flat = [one for row in values for one in row]
    product = [sum(weight * one for weight, one in zip(row, flat, strict=True)) for row in matrix]
    assert product == [one for row in output for one in row]


@settings(max_examples=25)
@given(convolutions())
def test_unfolding_and_one_product_give_a_convolution(arguments: dict[str, Any]) -> None:
    how = {name: arguments[name] for name in ("stride", "padding", "dilation")}
    kernels = arguments["kernel"] if isinstance(arguments["kernel"][0][0], list) else [arguments["kernel"]]
    size = [len(kernels[0]), len(kernels[0][0])]
    columns = asked("im2col", input=arguments["input"], kernel_size=size, **how).value
    weights = [weight for kernel in kernels for row in kernel for weight in row]
    product = [sum(a * b for a, b in zip(weights, column, strict=True)) for column in zip(*columns, strict=True)]
    output = reference.answer("convolution", **{**arguments, "bias": 0})
    assert product == [one for row in output for one in row]


def test_the_matrix_of_a_small_convolution_is_the_one_worked_by_hand() -> None:
    assert reference.answer("convolution_matrix", kernel=[2, -1], input_size=4) == (
        (2, -1, 0, 0), (0, 2, -1, 0), (0, 0, 2, -1),
    )  # fmt: skip
    assert reference.answer("convolution_matrix", kernel=[1, 2, 3], input_size=4, padding=1, stride=2) == (
        (2, 3, 0, 0), (0, 1, 2, 3),
    )  # fmt: skip
    square: dict[str, Any] = {"kernel": [[1, 2], [3, 4]], "input_size": 3}
    assert reference.answer("convolution_matrix", **square) == (
        (1, 2, 0, 3, 4, 0, 0, 0, 0), (0, 1, 2, 0, 3, 4, 0, 0, 0), (0, 0, 0, 1, 2, 0, 3, 4, 0),
        (0, 0, 0, 0, 1, 2, 0, 3, 4),
    )  # fmt: skip
    wrong = slips("convolution_matrix", **square)
    assert wrong["no_gaps"][0] == (1, 2, 3, 4, 0, 0, 0, 0, 0)
    assert wrong["by_columns"][0] == (1, 3, 0, 2, 4, 0, 0, 0, 0)
    assert wrong["matrix_transposed"][1] == (2, 1, 0, 0)
    assert wrong["flipped_kernel"][0] == (4, 3, 0, 2, 1, 0, 0, 0, 0)


def test_windows_are_columns_as_worked_by_hand() -> None:
    found = reference.answer("im2col", input=SQUARE, kernel_size=2)
    assert found == ((1, 2, 4, 5), (2, 3, 5, 6), (4, 5, 7, 8), (5, 6, 8, 9))
    wide = reference.answer("im2col", input=SQUARE, kernel_size=[1, 2], padding=[0, 1], stride=2)
    assert wide == ((0, 2, 0, 8), (1, 3, 7, 9))
    assert slips("im2col", input=SQUARE, kernel_size=[1, 2])["windows_as_rows"][0] == (1, 2)
    assert slips("im2col", input=SQUARE, kernel_size=2)["by_columns"][1] == (4, 5, 7, 8)


def test_matrices_that_no_paper_has_room_for_are_refused() -> None:
    with pytest.raises(BadArgument, match="more than 400 elements"):
        reference.answer("convolution_matrix", kernel=[[1]], input_size=8)
    with pytest.raises(BadArgument, match="1 input channels need a kernel with as many"):
        reference.answer("convolution_matrix", kernel=[K, K], input_size=3)
