"""Scores of attention with and without scaling."""

from typing import Any

import pytest
import torch

from generator.experiments.attention_scaling import run, slope


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("size", [64, 256])
def test_scores_spread_like_the_root_of_the_size_and_saturate_the_softmax(size: int) -> None:
    found = measured(size=size)
    assert found["plain"]["spread"] == pytest.approx(size**0.5, rel=0.15)
    assert found["scaled"]["spread"] == pytest.approx(1, rel=0.15)
    assert found["plain"]["largest"] > 0.7 > 0.5 > found["scaled"]["largest"]
    assert found["plain"]["slope"] < 0.8 * found["scaled"]["slope"]


def test_the_slope_is_the_norm_of_the_closed_jacobian() -> None:
    scores = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    weights = scores.softmax(1)
    norms = [(torch.diag(p) - torch.outer(p, p)).norm().item() for p in weights]
    assert slope(scores) == pytest.approx(sum(norms) / 5)


def test_one_certain_key_leaves_no_slope() -> None:
    assert slope(torch.tensor([[100.0, 0.0, 0.0]], dtype=torch.float64)) < 1e-9


@pytest.mark.parametrize("wrong", [{"size": 0}, {"keys": 1}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="would work"):
        measured(**wrong)
