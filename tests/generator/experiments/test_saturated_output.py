"""Gradients of a sigmoid output that is confidently wrong."""

from math import exp
from typing import Any

import pytest
import torch

from generator.experiments import saturated_output


def figures(seed: int = 0, **arguments: Any) -> Any:
    return saturated_output.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("score", [-7, -5, -2])
def test_the_gradients_are_those_of_the_formulas(score: float) -> None:
    found = figures(score=score)
    share = 1 / (1 + exp(-score))
    assert found["output"] == pytest.approx(share)
    assert found["cross_entropy"]["gradient"] == pytest.approx(share - 1)
    assert found["squared"]["gradient"] == pytest.approx(2 * (share - 1) * share * (1 - share))


def test_squared_error_needs_many_more_steps() -> None:
    found = figures(score=-6)
    assert found["squared"]["steps"] > 20 * found["cross_entropy"]["steps"]


def test_a_score_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="would work"):
        figures(score=3)
