"""Units that one large step kills."""

from typing import Any

import pytest
import torch
from torch import nn

from generator.experiments.dead_relu import _active, _dead, _gradient, run
from generator.plots import Plot


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("hidden", [16, 20, 32])
def test_a_step_that_is_too_large_kills_units_for_good(hidden: int) -> None:
    figures = measured(hidden=hidden)
    assert figures["before"]["dead"] == 0
    assert figures["before"]["active"] > 0.9
    assert 1 <= figures["after"]["dead"] <= figures["after"]["dead_at_end"]
    assert figures["after"]["active"] == figures["after"]["gradient"] == 0


def test_small_steps_kill_none() -> None:
    careful = measured()["careful"]
    assert careful["dead"] == 0
    assert careful["gradient"] > 0
    assert measured(factor=1.0)["after"]["dead"] == 0


def test_a_unit_that_is_off_everywhere_is_dead_and_has_no_gradient() -> None:
    network = nn.Sequential(nn.Linear(5, 2), nn.ReLU(), nn.Linear(2, 1)).double()
    bias = list(network.parameters())[1]
    for parameter in network.parameters():
        nn.init.ones_(parameter)
    with torch.no_grad():
        bias[1] = -5.5  # five inputs below 1 with weights of 1 never reach it
    examples = torch.rand(40, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert _active(network, examples).tolist() == [1.0, 0.0]
    assert _dead(_active(network, examples)) == 1
    # error signal −1 for every example, as the targets are far above, so the bias of the unit that is on gets −1
    alive, dead = _gradient(network, examples, torch.full((40, 1), 100.0, dtype=torch.float64)).tolist()
    assert (alive, dead) == (pytest.approx(1.0), 0.0)


def test_the_picture_falls_to_zero_and_stays() -> None:
    picture = run(torch.Generator().manual_seed(0)).picture
    assert isinstance(picture, Plot)
    reckless, careful = picture.series
    assert set(reckless.y[1:]) == {0.0}
    assert min(careful.y) > 0.9


def test_the_same_stream_gives_the_same_figures() -> None:
    assert measured(4) == measured(4)


def test_too_few_units_are_refused() -> None:
    with pytest.raises(ValueError, match="8 to 256 units would work"):
        measured(hidden=2)
