"""A filter that is flipped before use learns the mirrored weights, and fits as well."""

from typing import Any

import pytest
import torch

from generator.experiments import flipped_filters
from generator.forward import one_thread


def figures(seed: int = 0, **arguments: Any) -> Any:
    with one_thread():
        return flipped_filters.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("kernel", [2, 3, 4, 5])
@pytest.mark.parametrize("seed", [0, 1])
def test_both_filters_fit_alike_with_mirrored_weights(kernel: int, seed: int) -> None:
    found = figures(seed, kernel=kernel)
    assert found["plain"]["loss"] < 1e-6 * found["before"]
    assert found["flipped"]["loss"] == pytest.approx(found["plain"]["loss"], abs=1e-12)
    assert found["turned_back"] < 1e-9
    assert found["as_learned"] > 0.1


def test_arguments_without_meaning_are_refused() -> None:
    with pytest.raises(ValueError, match="kernel is 1; 2, 3, 4 or 5 would work"):
        figures(kernel=1)
    with pytest.raises(ValueError, match="steps is 0"):
        figures(steps=0)
