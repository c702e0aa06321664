"""Units that start equal stay equal."""

from typing import Any

import pytest
import torch
from torch import nn

from generator.experiments import zero_init


def figures(seed: int = 0, **arguments: Any) -> Any:
    return zero_init.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("activation", ["tanh", "ReLU", "sigmoid"])
@pytest.mark.parametrize("hidden", [5, 8, 16])
def test_zero_weights_leave_all_hidden_units_identical(activation: str, hidden: int) -> None:
    found = figures(hidden=hidden, activation=activation)
    assert found["zero"]["distinct_units"] == 1
    assert found["zero"]["unit_spread"] < 1e-9
    assert found["zero"]["gradient_spread"] < 1e-9
    assert found["zero"]["hidden_gradient"] == 0
    assert found["random"]["gradient_spread"] > 0.01
    assert found["random"]["hidden_gradient"] > 0
    assert found["random"]["distinct_units"] == hidden
    assert found["random"]["loss"] < found["zero"]["loss"] - 0.1


@pytest.mark.parametrize("activation", ["tanh", "ReLU"])
def test_units_that_put_out_zero_never_get_a_gradient(activation: str) -> None:
    zero = figures(activation=activation)["zero"]
    assert zero["first_gradient"] == 0
    assert zero["largest_weight"] == 0


def test_sigmoid_units_move_but_together() -> None:
    zero = figures(activation="sigmoid")["zero"]
    assert zero["largest_weight"] > 0.01
    assert zero["distinct_units"] == 1


def test_the_first_gradient_equals_a_finite_difference() -> None:
    points, labels = zero_init._data(torch.Generator().manual_seed(3))
    network = zero_init._network(3, "sigmoid")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.linspace(-1, 1, parameter.numel()).reshape(parameter.shape))
    first, second = network[0], network[2]
    assert isinstance(first, nn.Linear)
    assert isinstance(second, nn.Linear)
    measure = nn.BCEWithLogitsLoss()
    torch.autograd.backward(measure(network(points)[:, 0], labels))
    with torch.no_grad():
        assert first.weight.grad is not None
        gradient, step = first.weight.grad[1, 0].item(), 1e-6
        first.weight[1, 0] += step
        up = measure(network(points)[:, 0], labels).item()
        first.weight[1, 0] -= 2 * step
        down = measure(network(points)[:, 0], labels).item()
    assert gradient == pytest.approx((up - down) / (2 * step), rel=1e-5)
    assert zero_init._largest_gradient(first, second) >= abs(gradient)


def test_one_different_unit_breaks_the_symmetry(monkeypatch: pytest.MonkeyPatch) -> None:
    start = zero_init._network

    def nearly(hidden: int, activation: str) -> nn.Sequential:
        network = start(hidden, activation)
        with torch.no_grad():
            for layer in (network[0], network[2]):
                assert isinstance(layer, nn.Linear)
                layer.weight[0, 0] = 0.1
        return network

    monkeypatch.setattr(zero_init, "_network", nearly)
    assert figures(activation="tanh")["zero"]["distinct_units"] == 2


def test_the_same_stream_gives_the_same_findings() -> None:
    one, other = (zero_init.run(torch.Generator().manual_seed(5)) for _ in range(2))
    assert one == other


@pytest.mark.parametrize("wrong", [{"activation": "gelu"}, {"hidden": 1}, {"steps": 0}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        figures(**wrong)
