"""A learning rate that rises in the first steps."""

from typing import Any

import pytest
import torch

from generator.experiments import warm_up


def figures(seed: int = 0, **arguments: Any) -> Any:
    return warm_up.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("seed", range(4))
def test_the_full_rate_at_once_throws_the_loss_up_and_warm_up_does_not(seed: int) -> None:
    found = figures(seed)
    assert found["full"]["peak"] > 5 * found["start"]
    assert found["warm"]["peak"] < 2 * found["start"]


def test_the_same_stream_gives_the_same_figures() -> None:
    assert figures(5) == figures(5)


@pytest.mark.parametrize("wrong", [{"rate": 0.001}, {"rise": 5}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="would work"):
        figures(**wrong)
