"""Steps of SGD, momentum and Adam."""

from typing import Any

import pytest
import torch

from generator.experiments import optimizer_steps
from generator.plots import Plot


def figures(seed: int = 0, **arguments: Any) -> Any:
    return optimizer_steps.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("momentum", [0.5, 0.75, 0.9, 0.98])
def test_momentum_makes_steps_longer_by_the_sum_of_its_powers(momentum: float) -> None:
    found = figures(momentum=momentum)
    assert found["first"] == pytest.approx(1)
    assert found["last"] == pytest.approx(1 / (1 - momentum), rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_a_factor_in_the_loss_changes_sgd_and_not_adam(seed: int) -> None:
    found = figures(seed, scale=50.0)
    assert found["sgd"]["first_ratio"] == pytest.approx(50)
    assert found["adam"]["first_ratio"] == pytest.approx(1, abs=1e-3)
    assert found["adam"]["difference"] < 0.01 < found["sgd"]["difference"]


def test_adams_first_step_is_the_rate_for_every_weight() -> None:
    found = figures()
    assert found["adam"]["smallest_step"] == pytest.approx(1, abs=0.01)
    assert found["adam"]["largest_step"] == pytest.approx(1, abs=0.01)
    assert found["sgd"]["smallest_step"] < 0.1


def test_the_numbers_kept_for_each_weight() -> None:
    found = figures()
    assert [found[name]["memory"] for name in ("sgd", "momentum", "adam")] == [0, 1, 2]


def test_the_picture_of_adam_has_all_points_at_the_rate() -> None:
    picture = optimizer_steps.run(torch.Generator().manual_seed(1), picture="adam").picture
    assert isinstance(picture, Plot)
    assert picture.series[1].y == pytest.approx([optimizer_steps.RATE] * len(picture.series[1].y), rel=0.01)


@pytest.mark.parametrize("wrong", [{"momentum": 1.0}, {"scale": 1e6}, {"picture": "sgd"}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"would work|must be"):
        figures(**wrong)
