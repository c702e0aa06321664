"""Batch normalization in training and in evaluation."""

from typing import Any

import pytest
import torch

from generator.experiments import batch_norm_modes


def figures(seed: int = 0, **arguments: Any) -> Any:
    return batch_norm_modes.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("large", "small"), [(32, 4), (64, 2), (256, 3)])
def test_in_training_an_output_depends_on_the_batch_and_less_so_in_large_ones(
    seed: int, large: int, small: int
) -> None:
    spread = figures(seed, large=large, small=small)["spread"]
    assert spread["evaluation"] == 0
    assert spread["small"] > 1.5 * spread["large"] > 0.03


def test_the_batch_has_mean_0_and_variance_1_whatever_the_biases_and_the_size_of_weights() -> None:
    found = figures()
    assert 0 < found["scale_effect"] < 1e-4  # what is added to the variance counts half as much
    assert found["mean"] < 1e-9
    assert found["variance"] == pytest.approx(1, abs=0.01)
    assert found["bias_effect"] < 1e-9
    assert found["parameters"] == 2
    assert found["largest"] > 1


def test_running_statistics_come_close_to_those_of_all_data() -> None:
    assert figures()["running_error"] < 0.3


def test_one_example_alone_leaves_the_shift_only() -> None:
    assert figures()["alone"] == {"refused": True, "from_shift": 0.0}


@pytest.mark.parametrize("wrong", [{"small": 1}, {"large": 1000}, {"small": 64, "large": 32}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        figures(**wrong)
