"""The signal in deep ReLU networks by the variance of the weights."""

from typing import Any

import pytest
import torch

from generator.experiments import weight_variance


def figures(seed: int = 0, **arguments: Any) -> Any:
    return weight_variance.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
@pytest.mark.parametrize("width", [200, 500])
def test_a_layer_multiplies_the_mean_square_by_half_the_scale(scale: float, width: int) -> None:
    found = figures(width=width, scale=scale)
    assert found["given"]["factor"] == pytest.approx(scale / 2, rel=0.16)
    assert found["two"]["factor"] == pytest.approx(1, abs=0.16)


def test_the_scale_that_is_given_equals_the_named_one() -> None:
    found = figures(scale=4.0)
    assert found["given"] == found["four"]


def test_relu_keeps_half_of_the_mean_square() -> None:
    inputs = torch.randn(64, 512, generator=torch.Generator().manual_seed(2))
    weights = torch.randn(1, 512, 512, generator=torch.Generator().manual_seed(3))
    _, after = weight_variance._squares(inputs, weights, 1.0)
    before = (inputs @ weights[0].T / 512**0.5).square().mean().item()
    assert after == pytest.approx(before / 2, rel=0.03)


@pytest.mark.parametrize("wrong", [{"depth": 50}, {"width": 10}, {"scale": 0.0}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"would work|must be"):
        figures(**wrong)
