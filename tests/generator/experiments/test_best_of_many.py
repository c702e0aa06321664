"""The best of many test results."""

from typing import Any

import pytest
import torch

from generator.experiments import best_of_many


def figures(seed: int = 0, **arguments: Any) -> Any:
    return best_of_many.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize(("models", "examples"), [(20, 300), (40, 500), (60, 800)])
def test_the_best_is_above_what_it_reaches_on_new_data(models: int, examples: int) -> None:
    found = figures(models=models, examples=examples)
    assert found["standard_error"] == pytest.approx((0.8 * 0.2 / examples) ** 0.5)
    assert found["best"] > found["fresh"] + 1.2 * found["standard_error"]
    assert found["fresh"] == pytest.approx(0.8, abs=0.3 * found["standard_error"])


def test_more_models_make_the_figure_worse() -> None:
    assert figures(models=500)["excess"] > figures(models=5)["excess"]


@pytest.mark.parametrize("wrong", [{"models": 1}, {"examples": 3}, {"accuracy": 1.0}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"would work|must be"):
        figures(**wrong)
