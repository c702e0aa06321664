"""Underfitting, overfitting, and more data."""

from typing import Any

import pytest
import torch

from generator.experiments import fit_curves


def figures(seed: int = 0, **arguments: Any) -> Any:
    return fit_curves.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize(("seed", "examples"), [(0, 40), (1, 50), (2, 60)])
def test_a_line_underfits_and_a_large_network_overfits(seed: int, examples: int) -> None:
    found = figures(seed, examples=examples)
    small, large, more = found["small"], found["large"], found["more"]
    assert small["training"] < 0.75
    assert small["validation"] < 0.75
    assert large["training"] > 0.9
    assert large["gap"] > 2 * abs(small["gap"])
    assert more["gap"] < 0.7 * large["gap"]
    assert large["last_loss"] > 1.3 * large["best_loss"]


def test_the_share_of_wrong_labels_and_the_size_of_the_circle() -> None:
    points, labels = fit_curves._data(torch.Generator().manual_seed(0), 20_000)
    inside = points.norm(dim=1) < (4 / 3 / torch.pi) ** 0.5
    assert inside.double().mean() == pytest.approx(1 / 3, abs=0.01)
    assert (labels.bool() != inside).double().mean() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("wrong", [{"examples": 1000}, {"hidden": 2}, {"more": 50}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"would work|must be"):
        figures(**wrong)
