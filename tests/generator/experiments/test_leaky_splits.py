"""Three leaks of test data."""

from typing import Any

import pytest
import torch

from generator.experiments import leaky_splits


def figures(seed: int = 0, **arguments: Any) -> Any:
    return leaky_splits.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize(("groups", "each"), [(120, 8), (200, 12), (300, 20)])
def test_a_leak_lifts_the_test_figure_and_a_clean_split_does_not(groups: int, each: int) -> None:
    found = figures(groups=groups, each=each)
    assert found["groups"]["leaky"] > 0.9
    assert found["groups"]["clean"] == pytest.approx(0.5, abs=0.12)
    assert found["copies"]["leaky"] > found["copies"]["clean"] + 0.4
    assert found["features"]["leaky"] > 0.75
    assert found["features"]["clean"] == pytest.approx(0.5, abs=0.12)


def test_the_nearest_training_example_decides() -> None:
    examples = torch.tensor([[0.0], [1.0], [0.1], [0.9]])
    labels = torch.tensor([0, 1, 0, 0])
    test = torch.tensor([False, False, True, True])
    assert leaky_splits._right(examples, labels, test).tolist() == [True, False]


@pytest.mark.parametrize("wrong", [{"groups": 5}, {"each": 1}, {"picture": "none"}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        figures(**wrong)
