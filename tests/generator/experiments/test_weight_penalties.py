"""L1 and L2 penalties on a linear model."""

from typing import Any

import pytest
import torch

from generator.experiments import weight_penalties
from generator.plots import Plot


def figures(seed: int = 0, **arguments: Any) -> Any:
    return weight_penalties.run(torch.Generator().manual_seed(seed), **arguments).figures


def problem() -> tuple[torch.Tensor, torch.Tensor]:
    truth = torch.zeros(20, dtype=torch.float64)
    truth[:3] = 2
    return weight_penalties._data(torch.Generator().manual_seed(7), 25, truth)


@pytest.mark.parametrize("inputs", [30, 40, 60, 80])
@pytest.mark.parametrize("useful", [3, 6])
def test_l1_finds_the_features_that_matter_and_l2_keeps_all(inputs: int, useful: int) -> None:
    found = figures(inputs=inputs, useful=useful)
    assert found["l2"]["zeros"] == found["none"]["zeros"] == 0
    assert found["l1"]["zeros"] > found["useless"] / 3
    assert found["l1"]["useful_zeros"] == 0
    assert found["none"]["training"] < found["best"]["training"] < found["strong"]["training"]
    assert found["best"]["validation"] < found["none"]["validation"]
    assert found["best"]["validation"] < found["strong"]["validation"]


def test_the_l2_solution_has_no_gradient() -> None:
    inputs, targets = problem()
    weights = weight_penalties._ridge(inputs, targets, 0.3).requires_grad_()
    loss = (inputs @ weights - targets).square().mean() / 2 + 0.15 * weights.square().sum()
    assert torch.autograd.grad(loss, weights)[0].abs().max() < 1e-10


def test_the_l1_solution_meets_the_conditions_of_a_minimum() -> None:
    inputs, targets = problem()
    weights = weight_penalties._lasso(inputs, targets, 0.3)
    pull = -inputs.T @ (inputs @ weights - targets) / len(targets)
    assert pull[weights == 0].abs().max() <= 0.3
    assert torch.allclose(pull[weights != 0], 0.3 * weights[weights != 0].sign(), atol=1e-6)


def test_the_picture_of_weights_shows_the_zeros() -> None:
    picture = weight_penalties.run(torch.Generator().manual_seed(0), picture="weights").picture
    assert isinstance(picture, Plot)
    assert picture.series[0].y.count(0.0) == figures()["l1"]["zeros"]


@pytest.mark.parametrize("wrong", [{"inputs": 5}, {"useful": 20}, {"strength": 5}, {"picture": "none"}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        figures(**wrong)
