"""A generator of one point against a generator of all modes."""

from typing import Any

import pytest
import torch

from generator.experiments.mode_collapse import run


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("modes", [6, 12])
def test_one_point_beats_all_modes_until_the_discriminator_has_seen_it(modes: int) -> None:
    found = measured(modes=modes)
    assert found["before"]["single"] < found["before"]["all"]
    assert found["after"]["single"] > found["after"]["all"]
    assert found["after"]["single"] > found["before"]["single"] + 0.5
    assert found["covered"] < 0.4


def test_the_same_stream_gives_the_same_figures() -> None:
    assert measured(4) == measured(4)


def test_two_modes_are_refused() -> None:
    with pytest.raises(ValueError, match="3 to 16"):
        measured(modes=2)
