"""What dropout does to a signal, and the mean over masks."""

from typing import Any

import pytest
import torch

from generator.experiments import dropout_ensemble
from generator.plots import Plot


def figures(seed: int = 0, **arguments: Any) -> Any:
    return dropout_ensemble.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("drop", [0.2, 0.25, 0.4, 0.5, 0.6])
def test_masks_shrink_the_sum_and_scaling_restores_it(drop: float) -> None:
    found = figures(drop=drop)
    assert found["plain_ratio"] == pytest.approx(1 - drop, abs=0.02)
    assert found["scaled_ratio"] == pytest.approx(1, abs=0.02)
    assert found["module_ratio"] == pytest.approx(1, abs=0.02)
    assert found["evaluation_ratio"] == pytest.approx(1)
    assert found["mean"]["difference"] < 0.6 * found["single"]["difference"]
    assert found["single"]["accuracy"] < found["evaluation"]["accuracy"]
    assert found["losses"]["mean"] < found["losses"]["each"]


def test_masks_leave_the_global_generator_alone() -> None:
    states = []
    for seed in (1, 2):  # building modules moves the global generator by a fixed amount, whatever the masks
        torch.random.set_rng_state(torch.Generator().manual_seed(0).get_state())
        figures(seed)
        states.append(torch.random.get_rng_state())
    assert torch.equal(*states)


@pytest.mark.parametrize("picture", ["ensemble", "scale", "loss"])
def test_every_picture_has_series_of_equal_length(picture: str) -> None:
    plot = dropout_ensemble.run(torch.Generator().manual_seed(0), picture=picture).picture
    assert isinstance(plot, Plot)
    assert all(len(series.x) == len(series.y) for series in plot.series)


@pytest.mark.parametrize("wrong", [{"drop": 0.95}, {"picture": "none"}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"would work|must be"):
        figures(**wrong)
