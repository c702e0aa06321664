"""Weights too small shrink activations and gradients."""

from typing import Any

import pytest
import torch

from generator.experiments import activation_spread


def figures(seed: int = 0, **arguments: Any) -> Any:
    return activation_spread.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("activation", ["tanh", "ReLU"])
@pytest.mark.parametrize(("depth", "width", "scale"), [(6, 300, 0.01), (10, 100, 0.001)])
def test_small_weights_shrink_activations_and_gradients(activation: str, depth: int, width: int, scale: float) -> None:
    found = figures(depth=depth, width=width, scale=scale, activation=activation)
    assert found["small"]["last"] < found["small"]["first"] / 100
    assert found["small"]["gradient"] < found["scaled"]["gradient"] / 100
    assert found["scaled"]["last"] > 0.1
    assert found["normalized"]["last"] > 0.1
    assert len(found["small"]["spread"]) == depth


def test_the_factor_of_a_layer_is_the_scale_times_the_root_of_the_width() -> None:
    assert figures(width=400, scale=0.002, depth=6)["factor"] == pytest.approx(0.002 * 20, rel=0.05)


def test_relu_keeps_half_of_the_square() -> None:
    # by scale · √(width / 2) shrinks the root mean square, and with it the standard deviation, a fixed share of it
    found = figures(width=400, scale=0.002, depth=6, activation="ReLU")
    assert found["factor"] == pytest.approx(0.002 * 200**0.5, rel=0.1)


def test_weights_that_are_not_too_small_keep_the_spread() -> None:
    found = figures(width=200, scale=0.99 / 200**0.5, activation="tanh")
    assert found["small"]["last"] > 0.1


def test_gradients_of_all_layers_vanish_alike() -> None:
    stream = torch.Generator().manual_seed(0)
    weights = 0.01 * torch.randn(6, 100, 100, generator=stream, dtype=torch.float64)
    inputs, directions = torch.randn(2, 64, 100, generator=stream, dtype=torch.float64)
    network = activation_spread._network(weights, "tanh", torch.nn.Identity)
    activation_spread._measure(network, inputs, directions)
    gradients = [parameter.grad for parameter in network.parameters()]
    sizes = [float(gradient.square().mean().sqrt()) for gradient in gradients if gradient is not None]
    assert len(sizes) == 6
    assert max(sizes) / min(sizes) < 1.5


def test_the_same_stream_gives_the_same_findings() -> None:
    one, other = (activation_spread.run(torch.Generator().manual_seed(5)) for _ in range(2))
    assert one == other


@pytest.mark.parametrize("wrong", [{"activation": "gelu"}, {"depth": 1}, {"width": 4}, {"scale": 0.5}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        figures(**wrong)
