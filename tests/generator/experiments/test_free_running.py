"""A network that reads its own predictions."""

from typing import Any

import pytest
import torch

from generator.experiments.free_running import Predictor, _alone, run


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


def test_errors_add_up_only_without_the_truth_as_input() -> None:
    found = measured(steps=15)
    assert found["free"]["last"] > 3 * found["forced"]["last"]
    assert found["forced"]["last"] < 0.3


def test_the_first_prediction_is_the_same_for_both() -> None:
    found = measured(steps=5)
    assert found["free"]["first"] == pytest.approx(found["forced"]["first"])


def test_going_on_alone_feeds_each_prediction_back() -> None:
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        model = Predictor()
        known = torch.rand(4, 2, 1)
        made = _alone(model, known, 3)
        for step in range(3):
            outputs, _ = model(torch.cat([known, made[:step]]))
            assert torch.allclose(outputs[-1], made[step], atol=1e-6)


@pytest.mark.parametrize("wrong", [{"given": 1}, {"steps": 500}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="would work"):
        measured(**wrong)
