"""Softmax in 32-bit numbers."""

from typing import Any

import pytest
import torch

from generator.experiments import stable_softmax


def figures(seed: int = 0, **arguments: Any) -> Any:
    return stable_softmax.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("scores", [[101, 99, 98], [300, 302, 299], [95, 98, 94]])
def test_large_scores_give_nan_unless_the_largest_is_subtracted(scores: list[float]) -> None:
    found = figures(scores=scores)
    assert found["naive"]["overflows"]
    assert found["naive"]["nan"]
    assert not found["shifted"]["nan"]
    assert found["shifted"]["error"] < 1e-6
    assert sum(found["shifted"]["probabilities"]) == pytest.approx(1)


@pytest.mark.parametrize("far", [120, 200, 400])
def test_the_logarithm_of_a_probability_that_underflows_is_infinite(far: float) -> None:
    found = figures(scores=[0.0, far], target=0)
    assert found["shifted"]["loss_infinite"]
    assert found["loss"] == pytest.approx(far)


def test_small_scores_do_no_harm() -> None:
    found = figures(scores=[1.0, 2.0, 3.0])
    assert not any(found["naive"].values())
    assert found["loss_error"] < 1e-6


@pytest.mark.parametrize("wrong", [{"scores": [1.0]}, {"scores": [0.0, 5000.0]}, {"target": 3}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"would work|must be"):
        figures(**wrong)
