"""Gradients of convolutions: as numbers, and as sums of products."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from drawn import answer_of, judges_itself
from hypothesis import given, settings
from hypothesis import strategies as st
from sliding import asked, convolutions, grids, signals, slips

from generator import reference
from generator.answers.expression import ExpressionAnswer
from generator.forward import DoesNotFit
from generator.layers import Layer, Network
from generator.reference import BadArgument

X = [[1, 2, 4], [3, -1, 5], [-1, -2, 3]]
K = [[1, 0], [-2, 3]]
DY = [[1, 2], [0, -1]]


def _alone(arguments: dict[str, Any]) -> dict[str, Any]:
    """One map, without a bias."""
    values, kernel = (
        one if isinstance(one[0][0], int) else one[0] for one in (arguments["input"], arguments["kernel"])
    )
    how = {name: arguments[name] for name in ("stride", "padding", "dilation")}
    return {"input": values, "kernel": kernel, **how}


@settings(max_examples=30)
@given(convolutions(most_maps=1), st.data())
def test_gradients_are_computed_twice_and_agree(arguments: dict[str, Any], data: st.DataObject) -> None:
    alone = _alone(arguments)
    output = reference.answer("convolution", **alone)
    asked("convolution_gradients", output_gradient=data.draw(grids(len(output), len(output[0]))), **alone)


@settings(max_examples=20)
@given(signals(most_maps=1), st.data())
def test_gradients_in_one_dimension_agree_with_finite_differences(
    arguments: dict[str, Any], data: st.DataObject
) -> None:
    values, kernel = (one if isinstance(one[0], int) else one[0] for one in (arguments["input"], arguments["kernel"]))
    alone = {name: arguments[name] for name in ("stride", "padding", "dilation")}
    output = reference.answer("convolution_1d", input=values, kernel=kernel, **alone)
    dy = data.draw(grids(1, len(output)))[0]
    found = asked("convolution_gradients", input=values, kernel=kernel, output_gradient=dy, **alone).value

    def loss(one: list[float], other: list[float], bias: float = 0) -> Any:
        given = reference.answer("convolution_1d", input=one, kernel=other, bias=bias, **alone)
        return sum(a * b for a, b in zip(given, dy, strict=True))

    place = data.draw(st.integers(0, len(values) - 1))
    above = [one + (at == place) for at, one in enumerate(values)]
    assert loss(above, kernel) - loss(values, kernel) == found["input"][place]
    place = data.draw(st.integers(0, len(kernel) - 1))
    above = [one + (at == place) for at, one in enumerate(kernel)]
    assert loss(values, above) - loss(values, kernel) == found["weight"][place]
    assert loss(values, kernel, 1) - loss(values, kernel) == found["bias"]


def test_gradients_are_those_worked_by_hand() -> None:
    found = reference.answer("convolution_gradients", input=X, kernel=K, output_gradient=DY)
    # dW: 1·1 + 2·2 + 0·3 + (−1)(−1) = 6; 1·2 + 2·4 − 5·(−1)·(−1) … = 2 + 8 + 0 + 1·(−5)
    assert found["weight"] == ((1 + 4 + 0 + 1, 2 + 8 + 0 - 5), (3 - 2 + 0 + 2, -1 + 10 + 0 - 3))
    # dX: the kernel painted once for each dY: 1·K at the corner, 2·K beside it, −1·K at the end
    assert found["input"] == ((1, 2, 0), (-2, 3 - 4 - 1, 6), (0, 2, -3))
    assert found["bias"] == 2


def test_gradients_mistaken_are_those_worked_by_hand() -> None:
    wrong = slips("convolution_gradients", input=X, kernel=K, output_gradient=DY)
    assert wrong["flipped"]["weight"] == ((6, 3), (5, 6))
    assert wrong["flipped"]["input"] == ((3, 4, -4), (0, -2, 4), (0, 0, -1))
    assert wrong["as_forward"]["input"] == ((1 - 3,),)
    assert wrong["mean_for_sum"]["bias"] == 0.5
    assert wrong["output_gradient_forgotten"]["bias"] == 4
    assert wrong["swapped"]["weight"] == ((1, 2, 0), (-2, -2, 6), (0, 2, -3))
    strided = slips("convolution_gradients", input=[1, 2, 3, 4, 5], kernel=[1, 1], output_gradient=[1, 10], stride=3)
    assert strided["stride_ignored"] == {"input": (1, 11, 10, 0, 0), "weight": (21, 32), "bias": 11}
    padded = slips("convolution_gradients", input=[1, 2], kernel=[1, 1, 1], output_gradient=[1, 10], padding=1)
    assert padded["padding_ignored"]["weight"] == (21, 2, 0)


def test_only_what_is_asked_for_is_derived() -> None:
    arguments: dict[str, Any] = {"input": X, "kernel": K, "output_gradient": DY}
    assert "$dW$" not in reference.ask("convolution_gradients", None, {**arguments, "pick": "input"}).worked
    worked = reference.ask("convolution_gradients", None, {**arguments, "pick": "weight"}).worked
    assert r"dW_{1,1} &= 1 \cdot 1 + 2 \cdot 2 + 0 \cdot 3 + (-1) \cdot (-1)" in worked
    assert (
        "db &= 1 + 2 + 0 -1 = 2" in reference.ask("convolution_gradients", None, {**arguments, "pick": "bias"}).worked
    )


def test_a_gradient_of_another_size_is_refused() -> None:
    with pytest.raises(BadArgument, match="the output of this convolution has 2 × 2 elements"):
        reference.answer("convolution_gradients", input=X, kernel=K, output_gradient=[[1]])
    with pytest.raises(BadArgument, match="only gradients of one map"):
        reference.answer("convolution_gradients", input=[X, X], kernel=[K, K], output_gradient=DY)


# ---- as sums of products ----


@st.composite
def layers(draw: st.DrawFn) -> Network:
    """A convolution of one map in one or two dimensions, with at most 64 outputs."""
    axes = draw(st.integers(1, 2))
    kernel = [draw(st.integers(1, 3)) for _ in range(axes)]
    how = {
        "stride": tuple(draw(st.integers(1, 3)) for _ in range(axes)),
        "padding": tuple(draw(st.integers(0, 2)) for _ in range(axes)),
        "dilation": tuple(draw(st.integers(1, 2)) for _ in range(axes)),
    }
    least = [max(1, d * (k - 1) + 1 - 2 * p) for k, p, d in zip(kernel, how["padding"], how["dilation"], strict=True)]
    sides = [draw(st.integers(low, 4 if axes == 2 else 12)) if low < 4 else low for low in least]
    call = {"in_channels": 1, "out_channels": 1, "kernel_size": tuple(kernel), **how}
    return Network((1, *sides), (Layer("conv", f"Conv{axes}d", tuple(call.items())),))


@settings(max_examples=40)
@given(layers(), st.data())
def test_the_terms_of_all_gradients_are_found_twice_and_add_up_to_numbers(
    network: Network, data: st.DataObject
) -> None:
    how = dict(network.layers[0].arguments)
    flat = len(network.input) == 2
    kernel_size, sides = how["kernel_size"], network.input[1:]

    def array(size: tuple[int, ...]) -> Any:
        return data.draw(grids(1, size[0]))[0] if flat else data.draw(grids(*size))

    def at(values: Any, index: tuple[int, ...]) -> int:
        for place in index:
            values = values[place - 1]
        return int(values)

    values, kernel = array(sides), array(kernel_size)
    steps: dict[str, Any] = {
        name: how[name][0] if flat else list(how[name]) for name in ("stride", "padding", "dilation")
    }
    name = "convolution_1d" if flat else "convolution"
    output = reference.answer(name, input=values, kernel=kernel, **steps)
    dy = array((len(output),) if flat else (len(output), len(output[0])))
    gradients = reference.answer("convolution_gradients", input=values, kernel=kernel, output_gradient=dy, **steps)
    for quantity, target, size, other in (
        ("input_gradient", "input", sides, kernel),
        ("weight_gradient", "weight", kernel_size, values),
    ):
        index = tuple(data.draw(st.integers(1, side)) for side in size)
        terms = reference.answer(quantity, network, layer="conv", index=index)
        total = sum(count * at(dy, place) * at(other, where) for (place, where), count in terms)
        assert total == at(gradients[target], index)
    terms = reference.answer("bias_gradient", network, layer="conv")
    assert sum(count * at(dy, place) for (place,), count in terms) == gradients["bias"]


SMALL = Network((1, 3, 3), (Layer("conv", "Conv2d", (("in_channels", 1), ("out_channels", 1), ("kernel_size", 2))),))


def test_the_terms_of_a_weight_are_those_worked_by_hand() -> None:
    # W12 lies one column to the right of where each window begins
    assert reference.answer("weight_gradient", SMALL, layer="conv", index=(1, 2)) == (
        (((1, 1), (1, 2)), 1), (((1, 2), (1, 3)), 1), (((2, 1), (2, 2)), 1), (((2, 2), (2, 3)), 1),
    )  # fmt: skip


def _answer(path: Path, text: str, conv: str = "Conv2d(1, 1, 2)", shape: str = "[1, 3, 3]") -> ExpressionAnswer:
    found = answer_of(path, text, f"network: {{input: {shape}, layers: {{c: '{conv}'}}}}\n", points=3)
    assert isinstance(found, ExpressionAnswer)
    return found


def test_a_weight_gradient_is_an_expression_of_dy_and_x(tmp_path: Path) -> None:
    answer = _answer(tmp_path, "{expression: weight_gradient, layer: c, index: [1, 2]}")
    assert answer.recorded == "dY11·X12 + dY12·X13 + dY21·X22 + dY22·X23"
    assert answer.target == "dW_{1,2}"
    assert answer.mark("dW12 = X23 dY22 + X_{1,2} dY_{1,1} + dY12 X13 + X22 dY21").share == 1
    assert answer.mark("dY11 W12").remarks == ("'W' is none of dY, X",)
    flipped = answer.mark("dY11·X21 + dY12·X22 + dY21·X31 + dY22·X32")
    assert flipped.remarks[-1] == "the kernel is turned by half a turn"
    assert judges_itself(answer)


def test_padding_leaves_terms_out_of_a_weight_gradient(tmp_path: Path) -> None:
    how = "Conv2d(1, 1, 2, stride=2, padding=1)"
    answer = _answer(tmp_path, "{expression: weight_gradient, layer: c, index: [1, 1]}", how, "[1, 2, 2]")
    assert answer.recorded == "dY22·X22"  # all other windows have this weight in the padding
    assert "| $Y_{1,1}$ | the padding | 0 |" in answer.worked
    assert judges_itself(answer)


def test_a_bias_gradient_is_the_sum_of_dy(tmp_path: Path) -> None:
    answer = _answer(tmp_path, "{expression: bias_gradient, layer: c, symbols: {output_gradient: G, bias: a}}")
    assert answer.recorded == "G11 + G12 + G21 + G22"
    assert answer.target == "da"
    assert answer.mark("da = G22 + G21 + G12 + G11").share == 1
    assert judges_itself(answer)


def test_a_signal_has_one_index(tmp_path: Path) -> None:
    how = ("Conv1d(1, 1, 3, padding=1)", "[1, 4]")
    answer = _answer(tmp_path, "{expression: input_gradient, layer: c, index: [1]}", *how)
    assert answer.recorded == "dY1·W2 + dY2·W1"
    assert answer.mark("dX_1 = W_{2} dY_{1} + W[1]·dY[2]").share == 1
    assert judges_itself(answer)
    answer = _answer(tmp_path, "{expression: weight_gradient, layer: c, index: [3]}", *how)
    assert answer.recorded == "dY1·X2 + dY2·X3 + dY3·X4"


@pytest.mark.parametrize(
    ("name", "arguments", "conv", "message"),
    [
        ("weight_gradient", {"index": (3, 1)}, {}, r"a kernel of 2 × 2 has no element \(3, 1\)"),
        ("weight_gradient", {"index": (1,)}, {}, r"a kernel of 2 × 2 has no element \(1\)"),
        ("weight_gradient", {"index": (1, 1)}, {"padding": 5}, "has 144 outputs"),
        ("bias_gradient", {}, {"padding": 5}, "has 144 outputs"),
        ("bias_gradient", {}, {"bias": False}, "layer conv has no bias"),
        ("input_gradient", {"index": (1,)}, {}, r"an input of 3 × 3 has no element \(1\)"),
    ],
)
def test_sums_that_no_paper_could_ask_for_are_refused(
    name: str, arguments: dict[str, Any], conv: dict[str, Any], message: str
) -> None:
    layer = SMALL.layers[0]
    network = Network((1, 3, 3), (Layer("conv", "Conv2d", (*layer.arguments, *conv.items())),))
    with pytest.raises(DoesNotFit, match=message):
        reference.answer(name, network, layer="conv", **arguments)


def test_symbolic_gradients_leave_the_randomness_of_the_world_alone() -> None:
    before = torch.get_rng_state()
    reference.answer("weight_gradient", SMALL, layer="conv", index=(1, 1))
    reference.answer("bias_gradient", SMALL, layer="conv")
    assert torch.equal(before, torch.get_rng_state())
