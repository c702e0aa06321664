"""Next-token prediction with and without a causal mask."""

import math
from typing import Any

import pytest
import torch

from generator.experiments.causal_mask import Predictor, run


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


def test_without_a_mask_the_model_copies_what_it_cannot_predict() -> None:
    found = measured()
    assert found["open"]["loss"] < 0.1
    assert found["masked"]["loss"] > 0.95 * found["bound"]
    assert found["copies"]["seen"] > 0.95
    assert found["copies"]["unseen"] < 0.4


def test_the_bound_is_the_entropy_of_a_token() -> None:
    assert measured(vocabulary=4, length=3)["bound"] == pytest.approx(math.log(4))


@pytest.mark.parametrize("masked", [True, False])
def test_later_tokens_change_earlier_scores_only_without_a_mask(masked: bool) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Predictor(5, 4, masked)
        torch.nn.init.normal_(model.places)
    tokens, other = torch.tensor([[0, 1, 2, 3], [0, 1, 2, 4]])
    same = torch.equal(model(tokens[None])[:, :3], model(other[None])[:, :3])
    assert same == masked


@pytest.mark.parametrize("wrong", [{"vocabulary": 2}, {"length": 50}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="would work"):
        measured(**wrong)
