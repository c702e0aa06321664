"""Gradients by hand: computed twice, worked examples, finite differences, and what misconceptions lead to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generator import reference
from generator.reference import BadArgument
from generator.spec import CONVENTIONS

SMALL = st.integers(-30, 30).map(lambda n: n / 10)
NOT_ZERO = SMALL.filter(bool)


def vectors(length: int, one: st.SearchStrategy[float] = SMALL) -> st.SearchStrategy[list[float]]:
    return st.lists(one, min_size=length, max_size=length)


def matrices(rows: int, columns: int) -> st.SearchStrategy[list[list[float]]]:
    return st.lists(vectors(columns), min_size=rows, max_size=rows)


def conventions(*names: str) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({name: st.sampled_from(sorted(CONVENTIONS[name])) for name in names})


def asked(name: str, **given_: Any) -> Any:
    """The value, with everything that a key prints of it tried out."""
    found = reference.ask(name, None, given_)
    _ = found.value
    assert "{}" not in found.says + found.worked
    assert all("nan" not in str(slip.value) for slip in found.slips())
    return found.value


def slips(name: str, **given_: Any) -> dict[str, Any]:
    return {slip.name: slip.value for slip in reference.ask(name, None, given_).slips()}


def moved(values: Any, place: tuple[int, ...], step: float) -> Any:
    """Nested lists with one number changed."""
    if not place:
        return values + step
    return [moved(one, place[1:], step) if at == place[0] else one for at, one in enumerate(values)]


def assert_slopes(slopes: Any, values: Any, loss: Callable[[Any], float]) -> None:
    """A gradient is what central differences of a loss show."""
    shape = torch.tensor(values).shape
    for flat in range(torch.tensor(values).numel()):
        place = tuple(int(one) for one in torch.unravel_index(torch.tensor(flat), shape))
        numerical = (loss(moved(values, place, 1e-5)) - loss(moved(values, place, -1e-5))) / 2e-5
        found = slopes
        for at in place:
            found = found[at]
        assert found == pytest.approx(numerical, rel=1e-4, abs=1e-6)


# ---- computation graphs ----

GRAPH = "a = x + y; b = max(y, z); c = x * z; f = a * b - c"


@settings(max_examples=25)
@given(st.lists(st.integers(-9, 9), min_size=3, max_size=3, unique=True))
def test_a_graph_is_computed_twice_and_agrees(numbers: list[int]) -> None:
    at = dict(zip("xyz", numbers, strict=True))
    values, slopes = asked("graph_values", graph=GRAPH, at=at), asked("graph_gradients", graph=GRAPH, at=at)
    assert list(values) == ["a", "b", "c", "f"]
    assert list(slopes) == ["x", "y", "z", "a", "b", "c"]
    for name in "xyz":
        ends = [asked("graph_values", graph=GRAPH, at=at | {name: at[name] + step})["f"] for step in (1e-4, -1e-4)]
        assert slopes[name] == pytest.approx((ends[0] - ends[1]) / 2e-4, abs=1e-3)


def test_a_graph_by_hand() -> None:
    at = {"x": 1, "y": 2, "z": 0}
    graph = "a = x + y; b = max(y, z); f = a * b"
    assert asked("graph_values", graph=graph, at=at) == {"a": 3, "b": 2, "f": 6}
    assert asked("graph_gradients", graph=graph, at=at) == {"x": 2, "y": 5, "z": 0, "a": 2, "b": 3}
    wrong = slips("graph_gradients", graph=graph, at=at)
    assert wrong["first_path"]["y"] == 2
    assert wrong["last_path"]["y"] == 3
    assert wrong["local_only"]["x"] == 1
    assert wrong["factor_itself"]["a"] == 3
    assert wrong["both_of_max"]["z"] == 3
    assert {"activation_ignored", "sign_ignored"} & set(wrong) == set()


def test_a_relu_that_is_off_stops_the_gradient() -> None:
    given_ = {"graph": "z = w * x; h = relu(z); f = (h - t) ** 2", "at": {"w": 2, "x": -1, "t": 5}}
    assert asked("graph_gradients", **given_) == {"w": 0, "x": 0, "t": 10, "z": 0, "h": -10}
    assert slips("graph_gradients", **given_)["activation_ignored"]["w"] == 10
    assert slips("graph_gradients", **given_)["sign_ignored"]["t"] == -10


def test_a_derivative_at_a_kink_is_stated() -> None:
    says = reference.ask("graph_gradients", None, {"graph": "f = relu(x - 1) + x", "at": {"x": 1}}).says
    assert "the derivative of ReLU at 0 is taken to be 0" in says


def test_the_derivation_of_a_graph_adds_up_paths() -> None:
    worked = reference.ask("graph_gradients", None, {"graph": GRAPH, "at": {"x": 2, "y": 3, "z": -1}}).worked
    assert r"\tfrac{\partial f}{\partial y} &= 3 \cdot 1 + 5 \cdot 1 = 8" in worked
    assert (
        "f &= 5 \\cdot 3 - (-2) = 17"
        in reference.ask("graph_values", None, {"graph": GRAPH, "at": {"x": 2, "y": 3, "z": -1}}).worked
    )


@pytest.mark.parametrize(
    ("graph", "at", "message"),
    [
        ("f = x +", {"x": 1}, "is not a formula"),
        ("f = x * y", {"x": 1}, "the graph needs y"),
        ("f = x", {"x": 1, "y": 2}, "the graph has no input 'y'"),
        ("f = x", [1], "here belong the values of x"),
        ("f = x", {"x": [[[1]]]}, "this is no number"),
        ("f = x", {"x": [1, 2]}, "f, is no scalar"),
        ("f = log(x)", {"x": -1}, "has no value here"),
        ("f = x", {"x": 1e9}, "no number from"),
        ("f = sum(x)", {"x": [1] * 101}, "more than 100 numbers"),
    ],
)
def test_a_graph_that_makes_no_sense_is_refused(graph: str, at: Any, message: str) -> None:
    with pytest.raises(BadArgument, match=message):
        reference.answer("graph_gradients", graph=graph, at=at)


# ---- activations and chains ----


@settings(max_examples=25)
@given(st.sampled_from(["relu", "leaky_relu", "sigmoid", "tanh"]), vectors(3, NOT_ZERO), vectors(3))
def test_the_derivative_is_the_same_from_inputs_and_outputs(name: str, inputs: list[float], back: list[float]) -> None:
    from generator.reference.activation_values import activate

    outputs = activate(name, torch.tensor(inputs, dtype=torch.float64), 0.1).tolist()
    first = asked("activation_derivative", activation=name, inputs=inputs, upstream=back, slope=0.1)
    second = asked("activation_derivative", activation=name, outputs=outputs, upstream=back, slope=0.1)
    assert first == pytest.approx(second, abs=1e-8)


def test_activation_derivatives_by_hand() -> None:
    assert asked("activation_derivative", activation="relu", inputs=[-2, 0, 3], upstream=[1, 2, -3]) == (0, 0, -3)
    assert asked("activation_derivative", activation="sigmoid", outputs=[0.8, 0.5]) == (0.16, 0.25)
    assert asked("activation_derivative", activation="tanh", outputs=[0.5, -0.8]) == (0.75, 0.36)
    wrong = slips("activation_derivative", activation="tanh", outputs=[0.5], upstream=[4])
    assert (wrong["not_squared"], wrong["activation_ignored"], wrong["upstream_ignored"]) == ((2,), (4,), (0.75,))
    assert slips("activation_derivative", activation="relu", inputs=[-2, 3])["other_side"] == (1, 0)


@pytest.mark.parametrize(
    "given_",
    [
        {"activation": "sigmoid"},
        {"activation": "sigmoid", "inputs": [1], "outputs": [0.5]},
        {"activation": "sigmoid", "outputs": [1.5]},
        {"activation": "relu", "outputs": [-1]},
        {"activation": "tanh", "inputs": [1, 2], "upstream": [1]},
    ],
)
def test_arguments_of_an_activation_that_make_no_sense_are_refused(given_: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        reference.answer("activation_derivative", **given_)


@settings(max_examples=25)
@given(vectors(4, NOT_ZERO), st.lists(st.integers(1, 9).map(lambda n: n / 10), min_size=4, max_size=4))
def test_a_chain_is_computed_twice_and_agrees(weights: list[float], outputs: list[float]) -> None:
    for activation in ("sigmoid", "tanh", "relu", "identity"):
        asked("chain_gradient", activation=activation, weights=weights, outputs=outputs)


def test_a_chain_by_hand() -> None:
    given_ = {"activation": "sigmoid", "weights": [2, -1, 4], "outputs": [0.5, 0.2, 0.9]}
    assert asked("chain_gradient", **given_) == -0.0288
    assert slips("chain_gradient", **given_) == {
        "no_weights": 0.0036, "no_slopes": -8, "values_for_slopes": -0.72, "one_layer_less": -0.0576, "added": 0.7,
    }  # fmt: skip
    assert asked("chain_gradient", activation="sigmoid", weights=2, outputs=[0.5] * 5) == 1 / 32
    with pytest.raises(BadArgument):
        reference.answer("chain_gradient", activation="sigmoid", weights=2, outputs=0.5)


# ---- losses ----


@settings(max_examples=30)
@given(
    st.sampled_from(["cross_entropy", "hinge", "squared_error", "binary_cross_entropy"]),
    matrices(2, 3),
    conventions("loss_reduction", "squared_error"),
    st.data(),
)
def test_loss_gradients_are_computed_twice_and_agree(
    loss: str, scores: list[list[float]], chosen: dict[str, str], data: st.DataObject
) -> None:
    targets = {
        "squared_error": matrices(2, 3),
        "binary_cross_entropy": st.lists(vectors(3, st.sampled_from([0, 1])), min_size=2, max_size=2),
    }
    target: Any = data.draw(targets.get(loss, st.lists(st.integers(1, 3), min_size=2, max_size=2)))
    found = asked("loss_gradient", loss=loss, scores=scores, target=target, **chosen)
    known: Any = {"target": target, "loss_reduction": chosen["loss_reduction"]}
    if loss == "hinge":
        margins = [row[wanted - 1] - one - 1 for row, wanted in zip(scores, target, strict=True) for one in row]
        if min(map(abs, margins)) > 1e-3:
            assert_slopes(found, scores, lambda one: reference.answer("hinge_loss", scores=one, **known))
    if loss == "cross_entropy":
        assert_slopes(found, scores, lambda one: reference.answer("cross_entropy", scores=one, **known))


def test_loss_gradients_by_hand() -> None:
    assert asked("loss_gradient", loss="hinge", scores=[3, 2, 2.5], target=2) == (1, -2, 1)
    assert asked("loss_gradient", loss="squared_error", scores=[3, 2], target=[1, 4]) == (2, -2)
    assert asked("loss_gradient", loss="squared_error", scores=[3, 2], target=[1, 4], squared_error="half") == (1, -1)
    assert asked("loss_gradient", loss="binary_cross_entropy", scores=[0, 0], target=[1, 0]) == (-0.25, 0.25)
    given_ = {"loss": "cross_entropy", "scores": [0.2, 0.5, 0.3], "target": 2, "given": "probabilities"}
    assert asked("loss_gradient", **given_) == (0, -2, 0)
    pair = {"loss": "binary_cross_entropy", "scores": [0.2, 0.5], "target": [1, 0], "given": "probabilities"}
    assert asked("loss_gradient", **pair) == (-2.5, 1)
    wrong = slips("loss_gradient", loss="hinge", scores=[3, 2, 2.5], target=2)
    assert (wrong["worst_only"], wrong["no_target"], wrong["sign"]) == ((1, -1, 0), (1, 0, 1), (-1, 2, -1))
    half = slips("loss_gradient", loss="squared_error", scores=[3, 2], target=[1, 4])
    assert (half["other_factor"], half["other_reduction"], half["no_target"]) == ((1, -1), (4, -4), (3, 2))
    soft = slips("loss_gradient", loss="cross_entropy", scores=[1, 2], target=1)
    assert soft["scores_less_target"] == (0, 2)


@pytest.mark.parametrize(
    "given_",
    [
        {"loss": "cross_entropy", "scores": [1, 2], "target": 3},
        {"loss": "cross_entropy", "scores": [1, 99], "target": 1},
        {"loss": "cross_entropy", "scores": [0, 1], "target": 1, "given": "probabilities"},
        {"loss": "hinge", "scores": [1], "target": 1},
        {"loss": "squared_error", "scores": [1, 2], "target": [1]},
        {"loss": "squared_error", "scores": [1, 2], "target": 1},
        {"loss": "binary_cross_entropy", "scores": [1, 2], "target": [1, 2]},
        {"loss": "binary_cross_entropy", "scores": [1.0], "target": [1], "given": "probabilities"},
    ],
)
def test_a_loss_that_makes_no_sense_is_refused(given_: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        reference.answer("loss_gradient", **given_)


# ---- layers ----


@settings(max_examples=25)
@given(matrices(3, 2), matrices(4, 2), matrices(3, 4))
def test_a_linear_layer_is_computed_twice_and_agrees(x: Any, w: Any, back: Any) -> None:
    found = asked("linear_gradients", input=x, weights=w, upstream=back)

    def loss(inputs: Any, weights: Any) -> float:
        outputs = torch.tensor(inputs, dtype=torch.float64) @ torch.tensor(weights, dtype=torch.float64).T
        return float((outputs * torch.tensor(back, dtype=torch.float64)).sum())

    assert_slopes(found["dW"], w, lambda weights: loss(x, weights))
    assert_slopes(found["dx"], x, lambda inputs: loss(inputs, w))


def test_a_linear_layer_by_hand() -> None:
    given_ = {"input": [1, 2], "weights": [[1, 0], [2, -1]], "upstream": [3, -1]}
    assert asked("linear_gradients", **given_) == {"dW": ((3, 6), (-1, -2)), "db": (3, -1), "dx": (1, 1)}
    assert slips("linear_gradients", **given_)["weights_not_transposed"]["dx"] == (3, 7)
    batch = {"input": [[1, 2], [0, 1]], "weights": [[1, 0]], "upstream": [[3], [1]]}
    assert asked("linear_gradients", **batch)["dW"] == ((3, 7),)
    assert slips("linear_gradients", **batch)["mean"]["dW"] == ((1.5, 3.5),)
    assert slips("linear_gradients", **batch)["first_example"]["db"] == (3,)


@settings(max_examples=15)
@given(
    st.sampled_from(["relu", "leaky_relu", "sigmoid", "tanh", "identity"]),
    st.sampled_from(["squared_error", "cross_entropy", "binary_cross_entropy"]),
    conventions("loss_reduction", "squared_error"),
    st.tuples(matrices(2, 3), matrices(2, 3), matrices(2, 2), vectors(2), vectors(2)),
)
def test_a_network_is_computed_twice_and_agrees(
    activation: str, loss: str, chosen: dict[str, str], drawn: tuple[Any, ...]
) -> None:
    x, first, second, *biases = drawn
    first, second = ([[one / 3 for one in row] for row in layer] for layer in (first, second))
    target = {"squared_error": [[1, -1], [0, 2]], "cross_entropy": [2, 1], "binary_cross_entropy": [[1, 0], [0, 1]]}
    given_ = {"input": x, "weights": [first, second], "biases": biases, "activation": activation, "loss": loss,
              "target": target[loss], **chosen}  # fmt: skip
    found = asked("mlp_gradients", **given_)
    if activation in ("sigmoid", "tanh"):
        assert_slopes(
            found["dW1"], first,
            lambda weights: reference.answer("mlp_gradients", **{**given_, "weights": [weights, second]})["loss"],
        )  # fmt: skip


def test_a_network_by_hand() -> None:
    given_ = {"input": [1, 2], "weights": [[[1, 0], [2, -3]], [[2, -1]]], "biases": [[0, 1], [1]], "target": 1,
              "squared_error": "half"}  # fmt: skip
    found = asked("mlp_gradients", **given_)
    assert found == {
        "z1": (1, -3), "h1": (1, 0), "z2": 3, "loss": 2, "dz2": 2, "dW2": ((2, 0),), "db2": 2, "dh1": (4, -2),
        "dz1": (4, 0), "dW1": ((4, 8), (0, 0)), "db1": (4, 0), "dx": (4, 0),
    }  # fmt: skip
    wrong = slips("mlp_gradients", **given_)
    assert wrong["activation_ignored"]["dW1"] == ((4, 8), (-2, -4))
    assert wrong["transposed"]["dW1"] == ((4, 0), (8, 0))
    assert wrong["sign"]["dW1"] == ((-4, -8), (0, 0))
    assert wrong["other_factor"]["dz2"] == 4
    assert wrong["no_target"]["dz2"] == 3


def test_weights_that_are_not_transposed_lead_elsewhere() -> None:
    square = {
        "input": [1, 1],
        "weights": [[[1, 0], [0, 1]], [[1, 2], [3, 4]]],
        "target": [0, 0],
        "activation": "identity",
    }
    assert asked("mlp_gradients", **square)["dh1"] == (48, 68)
    assert slips("mlp_gradients", **square)["weights_not_transposed"]["dh1"] == (34, 74)


def test_a_derivation_tells_only_of_what_is_asked_for() -> None:
    given_ = {"input": [1, 2], "weights": [[[1, 0], [2, -3]], [[2, -1]]], "target": 1}
    one = reference.ask("mlp_gradients", None, {**given_, "pick": "dW1"}).worked
    assert "dW_{1}" in one
    assert "dz_{1}" in one
    assert "z_{2}" not in one
    rows = reference.ask("mlp_gradients", None, {**given_, "rows": ("z1", "loss")}).worked
    assert "dW" not in rows
    assert "L &= 0" not in rows


@pytest.mark.parametrize(
    "given_",
    [
        {"input": [1, 2], "weights": [[[1, 2, 3]]], "target": 1},
        {"input": [1, 2], "weights": [], "target": 1},
        {"input": [1, 2], "weights": [[[1, 2]]], "biases": [[1], [2]], "target": 1},
        {"input": [1, 2], "weights": [[[1, 2]]], "target": [1, 2]},
        {"input": [99, 99], "weights": [[[9, 9], [1, 1]]], "target": 1, "loss": "cross_entropy"},
    ],
)
def test_a_network_that_makes_no_sense_is_refused(given_: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        reference.answer("mlp_gradients", **given_)


# ---- time ----


@settings(max_examples=20)
@given(
    st.sampled_from(["identity", "relu", "tanh", "sigmoid"]),
    st.tuples(matrices(4, 2), matrices(2, 2), matrices(2, 2), vectors(2), vectors(2)),
    st.sampled_from(["target", "targets", "upstream"]),
    st.integers(1, 4),
    conventions("squared_error"),
)
def test_a_sequence_is_computed_twice_and_agrees(
    activation: str, drawn: tuple[Any, ...], way: str, truncate: int, chosen: dict[str, str]
) -> None:
    inputs, w, u, bias, initial = drawn
    wanted = {"target": [0.5, -1], "targets": [[1, 0], [0, 1], [2, 1], [0.5, -1]], "upstream": [1, -2]}
    given_ = {"inputs": inputs, "input_weights": w, "hidden_weights": u, "bias": bias, "initial": initial,
              "activation": activation, way: wanted[way], "truncate": truncate, **chosen}  # fmt: skip
    found = asked("bptt", **given_)
    if activation in ("tanh", "sigmoid") and truncate == 4 and way != "upstream":
        assert_slopes(
            found["dhidden_weights"], u,
            lambda weights: reference.answer("bptt", **{**given_, "hidden_weights": weights})["loss"],
        )  # fmt: skip


def test_a_sequence_by_hand() -> None:
    given_ = {"inputs": [1, 2, -1], "input_weights": 1, "hidden_weights": 2, "activation": "identity", "target": 3,
              "squared_error": "half"}  # fmt: skip
    found = asked("bptt", **given_)
    assert [found[name] for name in ("h1", "h2", "h3", "loss", "dh3", "dh2", "dh1")] == [1, 4, 7, 8, 4, 8, 16]
    assert (found["dhidden_weights"], found["dinput_weights"], found["dbias"], found["dinitial"]) == (24, 28, 28, 32)
    wrong = slips("bptt", **given_)
    assert wrong["last_step_only"]["dhidden_weights"] == 16
    assert wrong["weight_ignored"]["dinput_weights"] == 8
    assert wrong["one_step_less"]["dinput_weights"] == 12
    assert wrong["other_factor"]["loss"] == 16
    cut = asked("bptt", **given_, truncate=2)
    assert (cut["dinput_weights"], cut["dh1"]) == (12, 0)
    assert slips("bptt", **given_, truncate=2)["not_truncated"]["dinput_weights"] == 28
    assert "truncate" not in reference.ask("bptt", None, given_).says


def test_each_loss_goes_back_by_itself() -> None:
    given_ = {"inputs": [1, 1], "input_weights": 1, "hidden_weights": 1, "activation": "identity", "targets": [0, 0],
              "truncate": 1}  # fmt: skip
    found = asked("bptt", **given_)  # 2 h1 · 1 + 2 h2 · 1
    assert (found["dinput_weights"], found["dhidden_weights"], found["loss"]) == (6, 4, 5)
    assert slips("bptt", **given_)["last_loss_only"]["dinput_weights"] == 4


@pytest.mark.parametrize(
    "change",
    [{"target": 1, "targets": [1, 2]}, {"targets": [1]}, {"truncate": 3, "target": 1}, {}, {"inputs": [], "target": 1}],
)
def test_a_sequence_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        reference.answer("bptt", **{"inputs": [1, 2], "input_weights": 1, "hidden_weights": 1, **change})


# ---- checks ----


@settings(max_examples=25)
@given(
    st.sampled_from(["x ** 3 - 2 * x", "sigmoid(x)", "x * exp(-x)", "sin(x) / (2 + x ** 2)", "tanh(x) ** 2 - x"]),
    NOT_ZERO,
    st.sampled_from([0.1, 0.01, 0.001]),
    st.sampled_from(["central", "forward"]),
)
def test_a_check_is_computed_twice_and_agrees(function: str, x: float, step: float, method: str) -> None:
    found = asked("gradient_check", function=function, at={"x": x}, step=step, method=method)
    bound = 100 * step if method == "forward" else 100 * step**2
    assert found["error"] <= bound
    assert found["numerical"] == pytest.approx(found["exact"], abs=2 * bound)


def test_a_check_by_hand() -> None:
    found = asked("gradient_check", function="x**3 - 2*x", at={"x": 2}, step=0.1)
    assert found == {
        "ahead": 5.061, "behind": 3.059, "numerical": 10.01, "exact": 10, "error": 0.01,
        "relative": pytest.approx(0.01 / 10.01),
    }  # fmt: skip
    wrong = slips("gradient_check", function="x**3 - 2*x", at={"x": 2}, step=0.1)
    assert {name: value["numerical"] for name, value in wrong.items()} == {
        "not_twice": 20.02, "not_divided": 2.002, "other_method": 10.61, "reversed": -10.01,
    }  # fmt: skip


@pytest.mark.parametrize(
    "given_",
    [
        {"function": "x +", "at": {"x": 1}, "step": 0.1},
        {"function": "x * y", "at": {"x": 1}, "step": 0.1},
        {"function": "x * y", "at": {"x": 1, "y": 2}, "step": 0.1},
        {"function": "x * y", "at": {"x": 1, "y": 2}, "step": 0.1, "by": "z"},
        {"function": "log(x)", "at": {"x": 0.05}, "step": 0.1},
        {"function": "x", "at": {"x": 1}, "step": 1e-9},
        {"function": "1000000 * x ** 2", "at": {"x": 100}, "step": 0.001},
    ],
)
def test_a_check_that_makes_no_sense_is_refused(given_: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        reference.answer("gradient_check", **given_)


@pytest.mark.parametrize(
    ("quantity", "given_"),
    [
        ("bptt", {"inputs": [[1, 1]], "input_weights": [[0.1, 0.2]], "hidden_weights": [[1]], "bias": [-0.3],
                  "initial": [0], "activation": "relu", "target": [1]}),
        ("mlp_gradients", {"input": [1, 1], "weights": [[[0.1, 0.2]], [[1]]], "biases": [[-0.3], [0]], "target": [1]}),
    ],
)  # fmt: skip
def test_a_kink_that_rounding_hides_is_not_passed_for_a_slope(quantity: str, given_: dict[str, Any]) -> None:
    """0.1 + 0.2 − 0.3 is 0, where ReLU has no slope on paper; in floating point it is a little more."""
    with pytest.raises(reference.Disagreement):
        reference.answer(quantity, **given_)
