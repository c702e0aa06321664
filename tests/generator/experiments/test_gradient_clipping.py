"""Clipping by norm and by value, and a run at a cliff."""

from typing import Any

import pytest
import torch

from generator.experiments import gradient_clipping


def figures(seed: int = 0, **arguments: Any) -> Any:
    return gradient_clipping.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("length", "threshold"), [(20, 5), (40, 2), (200, 1)])
def test_clipping_by_norm_keeps_the_direction_and_by_value_does_not(seed: int, length: int, threshold: int) -> None:
    found = figures(seed, length=length, threshold=threshold)
    assert found["norm"]["length"] == pytest.approx(threshold, rel=1e-4)
    assert found["norm"]["factor"] == pytest.approx(threshold / length, rel=1e-4)
    assert found["norm"]["cosine"] == pytest.approx(1)
    assert found["value"]["largest"] == threshold
    assert found["value"]["cosine"] < 0.99


def test_a_short_gradient_is_left_alone() -> None:
    short = figures()["short"]
    assert (short["factor"], short["length"]) == (pytest.approx(1), pytest.approx(2.5))


def test_clipping_saves_the_run_at_the_cliff() -> None:
    found = figures()
    assert found["free"]["diverged"]
    assert not found["held"]["diverged"]
    assert found["held"]["last"] < 1e-3 < found["start"]


@pytest.mark.parametrize("wrong", [{"threshold": 30}, {"depth": 50}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"would work|must be"):
        figures(**wrong)
