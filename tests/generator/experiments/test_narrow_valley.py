"""Gradient descent in a narrow valley, with momentum and without."""

from typing import Any

import pytest
import torch

from generator.experiments import narrow_valley


def figures(seed: int = 0, **arguments: Any) -> Any:
    return narrow_valley.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("ratio", [100, 150, 200, 300, 400])
def test_momentum_saves_steps_and_damps_the_swings(ratio: float) -> None:
    found = figures(ratio=ratio)
    assert found["plain"]["steps"] > 2 * found["momentum"]["steps"]
    assert found["swing"]["momentum"] < 0.7 * found["swing"]["plain"]
    assert found["too_fast"] > 1000


def test_a_step_multiplies_the_distances_as_theory_says() -> None:
    found = figures(ratio=250)
    assert found["along"] == pytest.approx(1 - 1.98 / 250)
    assert found["across"] == pytest.approx(-0.98)


def test_momentum_equals_the_recursion_written_out() -> None:
    start = torch.tensor([-10.0, 1.0], dtype=torch.float64)
    path = narrow_valley._descend(start, 100.0, 0.0198, 0.9)
    x, y, along, across = -10.0, 1.0, 0.0, 0.0
    for point in path[1:30]:
        along, across = 0.9 * along + x, 0.9 * across + 100 * y
        x, y = x - 0.0198 * along, y - 0.0198 * across
        assert point == pytest.approx([x, y], abs=1e-9)


@pytest.mark.parametrize("wrong", [{"ratio": 5}, {"momentum": 1.0}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="would work"):
        figures(**wrong)
