"""What a generator's two losses give it to learn from."""

import math
from typing import Any

import pytest
import torch
from torch import nn

from generator.experiments.generator_gradient import _look, run


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("apart", [4, 5])
def test_the_saturating_loss_gives_less_once_the_discriminator_is_good(apart: float) -> None:
    found = measured(apart=apart)
    assert found["last"]["fooled"] < 0.15
    assert found["ratio"] > 3


def test_gradients_are_the_discriminators_answer_and_one_less_it_times_the_same_slope() -> None:
    discriminator = nn.Linear(1, 1).double()
    nn.init.constant_(discriminator.weight, 2.0)
    nn.init.constant_(discriminator.bias, -3.0)
    look = _look(discriminator, torch.zeros(1, 1, dtype=torch.float64))
    answer = 1 / (1 + math.exp(3.0))
    assert look == pytest.approx({"fooled": answer, "saturating": 2 * answer, "non_saturating": 2 * (1 - answer)})


@pytest.mark.parametrize("wrong", [{"steps": 1}, {"apart": 0}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="would work"):
        measured(**wrong)
