"""Kernels that are no multiple of the stride overlap unevenly, and a flat image shows it."""

import math
from typing import Any

import pytest
import torch

from generator.experiments import uneven_overlaps


def figures(seed: int = 0, **arguments: Any) -> Any:
    return uneven_overlaps.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (5, 2), (4, 3), (5, 3), (7, 4), (6, 3)])
def test_overlaps_are_those_counted_by_hand(kernel: int, stride: int) -> None:
    found = figures(kernel=kernel, stride=stride)
    assert found["overlaps"]["least"] == (kernel // stride) ** 2
    assert found["overlaps"]["most"] == math.ceil(kernel / stride) ** 2
    assert found["even"]["least"] == found["even"]["most"] == 4
    assert found["flat"] == {"values": stride**2, "period": stride}
    assert found["resized"]["values"] == 1


@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (9, 2), (3, 1)])
def test_arguments_without_meaning_are_refused(kernel: int, stride: int) -> None:
    with pytest.raises(ValueError, match="would work"):
        figures(kernel=kernel, stride=stride)
