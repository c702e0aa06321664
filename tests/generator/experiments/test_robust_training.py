"""Training on adversarial examples."""

from typing import Any

import pytest
import torch

from generator.experiments.robust_training import _accuracy, _examples, _moved, run


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("right", [0.85, 0.95])
def test_it_gains_robustness_and_costs_accuracy(right: float) -> None:
    found = measured(right=right)
    assert found["standard"]["attacked"] < 0.2
    assert found["robust"]["attacked"] > 0.7
    assert found["robust"]["clean"] < found["standard"]["clean"]
    assert found["robust"]["strong_share"] > found["standard"]["strong_share"]


def test_no_change_of_the_attacks_size_hurts_more() -> None:
    stream = torch.Generator().manual_seed(1)
    inputs, classes = _examples(stream, 0.9, 5)
    weights = torch.randn(6, generator=stream)
    worst = _accuracy(weights, _moved(weights, inputs, classes, 0.3), classes)
    for _ in range(20):
        change = 0.3 * torch.randn(inputs.shape, generator=stream).sign()
        assert _accuracy(weights, inputs + change, classes) >= worst


@pytest.mark.parametrize("wrong", [{"right": 0.5}, {"weak": 1}, {"epsilon": 0.1}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="would work"):
        measured(**wrong)
