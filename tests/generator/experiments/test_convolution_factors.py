"""What a convolution costs, and the usual ways to split it up."""

from typing import Any

import pytest
import torch

from generator.experiments.convolution_factors import pointwise_difference, run, seen


def counted(**given: Any) -> Any:
    return run(torch.Generator().manual_seed(0), **given).figures


def test_counts_equal_the_closed_formulas() -> None:
    channels, maps, reduced, kernel, side, layers = 12, 20, 4, 5, 7, 3
    found = counted(channels=channels, maps=maps, reduced=reduced, kernel=kernel, side=side, layers=layers)
    weights = {
        "full": channels * maps * kernel**2,
        "separable": channels * kernel**2 + channels * maps,
        "bottleneck": channels * reduced + reduced * maps * kernel**2,
        "stack": layers * 9 * channels**2,
        "large": 49 * channels**2,
    }
    for name, count in weights.items():
        assert found[name] == {"parameters": count, "macs": count * side**2}, name


def test_the_separable_convolution_costs_the_share_that_mobilenets_paper_gives() -> None:
    assert 1 / counted(maps=128, kernel=3)["separable_ratio"] == pytest.approx(1 / 128 + 1 / 9)


@pytest.mark.parametrize(("kernels", "side"), [([3], 3), ([3, 3], 5), ([3, 3, 3], 7), ([7], 7), ([3, 5], 7)])
def test_stacked_convolutions_see_the_window_of_the_formula(kernels: list[int], side: int) -> None:
    assert seen(torch.Generator().manual_seed(1), kernels) == side


def test_a_pointwise_convolution_is_a_linear_layer_at_each_pixel() -> None:
    assert pointwise_difference(torch.Generator().manual_seed(2), 6, 5) < 1e-12


@pytest.mark.parametrize("wrong", [{"kernel": 4}, {"channels": 0}, {"layers": 1}, {"side": 0}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"would work|must be"):
        counted(**wrong)
