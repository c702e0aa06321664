"""Features from a large data set on a small one."""

from typing import Any

import pytest
import torch

from generator.experiments import frozen_features


def figures(seed: int = 0, **arguments: Any) -> Any:
    return frozen_features.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize(("seed", "examples"), [(0, 30), (1, 40), (2, 60)])
def test_features_help_and_a_high_rate_destroys_them(seed: int, examples: int) -> None:
    found = figures(seed, examples=examples)
    assert found["frozen"] > found["scratch"] + 0.1
    assert found["tuned"] > found["scratch"] + 0.1
    assert found["reckless"] < found["tuned"] - 0.1
    assert found["body_moved"] == 0
    assert found["trained"] == {"head": 48 * 2 + 2, "all": 60 * 48 + 48 + 48 * 2 + 2}


def test_sectors_and_signs_of_points() -> None:
    points = torch.tensor([[1.0, 0.1], [0.1, 1.0], [-1.0, -0.1], [1.0, -0.1]])
    assert frozen_features._sector(points).tolist() == [0, 2, 6, 11]
    assert frozen_features._target(points).tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize("wrong", [{"examples": 5}, {"reckless": 2.0}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="would work"):
        figures(**wrong)
