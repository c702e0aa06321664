"""A small network and its activations by hand: two ways agree, values worked by hand, misconceptions."""

from __future__ import annotations

import itertools
import math
from typing import Any, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sliding import NUMBERS, asked, grids, slips

from generator import reference
from generator.reference import BadArgument
from generator.reference.activation_values import KINKS, Activation, activated
from generator.reference.mlp_forward import Last

ACTIVATIONS = get_args(Activation)


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of a network with one to three layers."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    weights = [draw(grids(after, before)) for before, after in itertools.pairwise(sizes)]
    arguments: dict[str, Any] = {
        "input": draw(grids(1, sizes[0]))[0],
        "weights": weights,
        "activation": draw(st.sampled_from(ACTIVATIONS)),
        "output_activation": draw(st.sampled_from(get_args(Last))),
        "threshold": draw(st.sampled_from(["at_least", "above"])),
    }
    if draw(st.booleans()):
        arguments["biases"] = [draw(grids(1, len(layer)))[0] for layer in weights]
    return arguments


@settings(max_examples=50)
@given(networks())
def test_a_network_is_computed_twice_and_agrees(arguments: dict[str, Any]) -> None:
    asked("mlp_forward", **arguments)


TWO: dict[str, Any] = {
    "input": [2, -1],
    "weights": [[[1, 3], [2, 0], [-1, -2]], [[1, -1, 4]]],
    "biases": [[2, -1, 1], [3]],
}


def test_a_network_is_the_one_worked_by_hand() -> None:
    # 2 − 3 + 2, 4 + 0 − 1, −2 + 2 + 1; then 1 − 3 + 4 + 3
    assert reference.answer("mlp_forward", **TWO) == {"z1": (1, 3, 1), "h1": (1, 3, 1), "output": 5}
    # without biases −1, 4, 0; then 0 − 4 + 0
    plain = {**TWO, "biases": None}
    assert reference.answer("mlp_forward", **plain) == {"z1": (-1, 4, 0), "h1": (0, 4, 0), "output": -4}
    step = reference.answer("mlp_forward", **plain, activation="step")
    assert step == {"z1": (-1, 4, 0), "h1": (0, 1, 1), "output": 3}
    above = reference.answer("mlp_forward", **plain, activation="step", threshold="above")
    assert above == {"z1": (-1, 4, 0), "h1": (0, 1, 0), "output": -1}


def test_the_last_sums_have_a_name_where_an_activation_follows_them() -> None:
    found = reference.answer("mlp_forward", **TWO, output_activation="sigmoid")
    assert found["z2"] == (5,)
    assert found["output"] == pytest.approx(1 / (1 + math.exp(-5)))
    two = {"input": [1], "weights": [[[math.log(3)], [0]]], "output_activation": "softmax"}
    shares = reference.answer("mlp_forward", None, **two)["output"]
    assert shares == pytest.approx((0.75, 0.25))


def test_misconceptions_lead_to_the_numbers_worked_by_hand() -> None:
    given: dict[str, Any] = {
        "input": [1, 2], "weights": [[[1, -2], [3, 1]], [[2, 1]]], "biases": [[1, -1], [-9]],
    }  # fmt: skip
    # 1 − 4 + 1 = −2 and 3 + 2 − 1 = 4; ReLU 0 and 4; 0 + 4 − 9 = −5
    assert reference.answer("mlp_forward", **given) == {"z1": (-2, 4), "h1": (0, 4), "output": -5}
    wrong = slips("mlp_forward", **given)
    assert wrong["bias_forgotten"] == {"z1": (-3, 5), "h1": (0, 5), "output": 5}
    assert wrong["no_activation"]["output"] == -4 + 4 - 9
    assert wrong["activation_on_output"]["output"] == 0
    assert wrong["transposed_weights"]["z1"] == (1 + 6 + 1, -2 + 2 - 1)
    assert wrong["absolute"]["output"] == 4 + 4 - 9
    assert wrong["bias_after"] == {"z1": (-3, 5), "h1": (1, 4), "output": 2 + 4 - 9}
    assert wrong["bias_subtracted"]["output"] == 0 + 6 + 9
    assert "other_side" not in wrong
    last = slips("mlp_forward", **given, output_activation="relu")
    assert last["no_output_activation"]["output"] == -5


def test_the_derivation_shows_each_sum_up_to_what_is_asked_for() -> None:
    worked = reference.ask("mlp_forward", None, TWO).worked
    assert r"z_{1} &= 1 \cdot 2 + 3 \cdot (-1) + 2 = 1" in worked
    assert "With ReLU, $h = (1, 3, 1)$." in worked
    assert r"y &= 1 \cdot 1 + (-1) \cdot 3 + 4 \cdot 1 + 3 = 5" in worked
    assert "y &=" not in reference.ask("mlp_forward", None, {**TWO, "pick": "h1"}).worked


def test_a_paper_says_what_is_in_force() -> None:
    def said(**how: Any) -> str:
        return reference.ask("mlp_forward", None, {**TWO, **how}).says

    assert said() == "The output has no activation."
    assert said(activation="step", threshold="above").startswith("A unit fires when its sum is more than 0")
    assert "the slope of leaky relu below 0 is $0.1$" in said(activation="leaky_relu", slope=0.1).lower()
    assert said(biases=None, output_activation="relu") == "There are no biases."


@pytest.mark.parametrize(
    ("arguments", "argument", "message"),
    [
        ({"weights": [[[1, 2, 3]]]}, "weights", "layer 1 gets 2 values; its rows have 3 weights"),
        ({"weights": []}, "weights", "a list of 1 to 4 matrices"),
        ({"weights": [[[1, 2]], [[1, 2]]]}, "weights", "layer 2 gets 1 values; its rows have 2 weights"),
        ({"biases": [[1, 2, 3]]}, "biases", "a list of 2 vectors, one for each layer"),
        ({"biases": [[1], [2]]}, "biases", "3 numbers are needed here, not 1"),
        ({"slope": 0.1}, "slope", "there is no leaky ReLU"),
    ],
)
def test_networks_that_make_no_sense_are_refused(arguments: dict[str, Any], argument: str, message: str) -> None:
    with pytest.raises(BadArgument, match=message) as refused:
        reference.answer("mlp_forward", **{**TWO, **arguments})
    assert refused.value.argument == argument


# ---- activations ----


@settings(max_examples=60)
@example("softplus", "derivative", [20.5])  # where PyTorch's softplus is linear already, unless told otherwise
@given(
    st.sampled_from(ACTIVATIONS),
    st.sampled_from(["value", "derivative"]),
    st.lists(st.one_of(NUMBERS, st.floats(-30, 30)), min_size=1, max_size=5),
)
def test_activations_are_computed_twice_and_agree(activation: str, of: str, points: list[float]) -> None:
    if of == "derivative" and activation in KINKS:
        points = [point or 1 for point in points]
    asked("activation_values", activation=activation, of=of, points=points)


@settings(max_examples=40)
@given(st.sampled_from(ACTIVATIONS), st.floats(-5, 5))
def test_derivatives_agree_with_finite_differences(activation: str, point: float) -> None:
    if abs(point) < 1e-3:
        return
    (found,) = reference.answer("activation_values", activation=activation, of="derivative", points=[point])
    slope = 1.0 if activation == "elu" else 0.01
    quotient = (activated(activation, point + 1e-5, slope) - activated(activation, point - 1e-5, slope)) / 2e-5
    assert found == pytest.approx(quotient, abs=1e-8)


def test_activation_values_are_those_worked_by_hand() -> None:
    def values(activation: str, points: list[float], **how: Any) -> Any:
        return reference.answer("activation_values", activation=activation, points=points, **how)

    assert values("relu", [-3, 0, 2.5]) == (0, 0, 2.5)
    assert values("leaky_relu", [-3, 2], slope=0.1) == (-0.3, 2)
    assert values("step", [-1, 0, 1]) == (0, 1, 1)
    assert values("step", [-1, 0, 1], threshold="above") == (0, 0, 1)
    assert values("sigmoid", [0, math.log(3)]) == pytest.approx((0.5, 0.75))
    assert values("sigmoid", [0, math.log(3)], of="derivative") == pytest.approx((0.25, 0.1875))
    assert values("tanh", [math.log(2)]) == pytest.approx((0.6,))
    assert values("tanh", [math.log(2)], of="derivative") == pytest.approx((0.64,))
    assert values("relu", [-2, 4], of="derivative") == (0, 1)
    assert values("elu", [-math.log(2)], slope=2) == (-1,)
    assert values("softplus", [0]) == pytest.approx((math.log(2),))
    assert values("silu", [math.log(3)]) == pytest.approx((0.75 * math.log(3),))
    assert values("gelu", [1]) == pytest.approx((0.8413447,))


def test_misconceptions_about_activations_are_executed() -> None:
    wrong = slips("activation_values", activation="sigmoid", of="derivative", points=[0, 2])
    assert wrong["of_the_point"] == (0, -2)
    assert wrong["value_for_derivative"][0] == 0.5
    assert wrong["at_the_value"][0] == pytest.approx(activated("sigmoid", 0.5) * activated("sigmoid", -0.5))
    assert slips("activation_values", activation="relu", points=[-2, 3]) == {
        "derivative_for_value": (0, 1), "no_activation": (-2, 3), "absolute": (2, 3),
    }  # fmt: skip
    assert slips("activation_values", activation="leaky_relu", points=[-2])["slope_forgotten"] == (0,)


def test_there_is_no_derivative_at_a_kink() -> None:
    with pytest.raises(BadArgument, match="relu has no derivative at 0"):
        reference.answer("activation_values", activation="relu", of="derivative", points=[1, 0])
    with pytest.raises(BadArgument, match="tanh has no slope to choose"):
        reference.answer("activation_values", activation="tanh", slope=0.1, points=[1])
    with pytest.raises(BadArgument, match="no number from -30 to 30"):
        reference.answer("activation_values", activation="tanh", points=[1000])
