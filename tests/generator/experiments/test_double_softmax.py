"""Probabilities where a loss expects logits."""

from math import e, log
from typing import Any

import pytest
import torch

from generator.experiments import double_softmax


def figures(seed: int = 0, **arguments: Any) -> Any:
    return double_softmax.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("classes", [3, 5, 8, 10, 12, 20])
def test_the_loss_stays_above_the_bound(classes: int) -> None:
    found = figures(classes=classes)
    assert found["floor"] == pytest.approx(log(1 + (classes - 1) / e))
    assert found["floor"] - 1e-4 < found["twice"]["last"] < found["floor"] + 0.2
    assert found["once"]["last"] < 0.1


def test_both_begin_near_the_loss_of_equal_probabilities() -> None:
    found = figures(classes=10)
    assert found["twice"]["first"] == pytest.approx(log(10), abs=0.2)


def test_a_number_of_classes_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="would work"):
        figures(classes=2)
