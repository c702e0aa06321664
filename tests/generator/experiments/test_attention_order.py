"""Self-attention and the order of its inputs."""

from typing import Any

import pytest
import torch

from generator.experiments.attention_order import _other_order, run


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("length", [2, 5, 9])
def test_only_with_positions_does_the_order_change_an_output(length: int) -> None:
    found = measured(length=length)
    assert found["without"]["each"] < 1e-12
    assert found["without"]["mean"] < 1e-12
    assert found["with_places"]["each"] > 0.1


def test_the_other_order_moves_every_token() -> None:
    for seed in range(20):
        order = _other_order(torch.Generator().manual_seed(seed), 4)
        assert sorted(order.tolist()) == [0, 1, 2, 3]
        assert all(old != new for new, old in enumerate(order.tolist()))


@pytest.mark.parametrize("wrong", [{"length": 1}, {"size": 7}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="would work"):
        measured(**wrong)
