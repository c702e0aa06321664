"""Steps by the sign of the gradient in a linear classifier."""

from typing import Any

import pytest
import torch

from generator.experiments.sign_steps import run, sign_step


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("size", [784, 3072])
def test_signs_that_are_chosen_break_the_classifier_and_random_ones_do_not(size: int) -> None:
    found = measured(size=size)
    assert found["clean"] > 0.95
    assert found["random"] > 0.95
    assert found["attacked"] < 0.2
    assert found["ratio"] > 15


def test_the_score_changes_by_epsilon_times_the_sum_of_absolute_weights() -> None:
    score = measured()["score"]
    assert score["attacked"] == pytest.approx(score["theory"], rel=1e-4)


def test_the_step_lowers_the_score_of_the_true_class() -> None:
    weights, inputs = torch.tensor([2.0, -3.0]), torch.zeros(2, 2)
    step = sign_step(weights, inputs, torch.tensor([1.0, -1.0]), 0.5)
    assert step.tolist() == [[-0.5, 0.5], [0.5, -0.5]]


@pytest.mark.parametrize("wrong", [{"size": 10}, {"epsilon": 2.0}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="would work"):
        measured(**wrong)
