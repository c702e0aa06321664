"""Chains of sigmoid units with small and large weights."""

from typing import Any

import pytest
import torch

from generator.experiments import saturated_chain


def figures(seed: int = 0, **arguments: Any) -> Any:
    return saturated_chain.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("seed", range(3))
def test_large_weights_make_the_gradient_vanish_faster(seed: int) -> None:
    found = figures(seed)
    assert found["wide"]["median"] < found["small"]["median"] < 1e-5


def test_a_chain_with_weights_of_one_shrinks_at_least_by_four_a_layer() -> None:
    assert figures(depth=6)["small"]["median"] <= 0.25**6


def test_more_layers_shrink_it_more() -> None:
    assert figures(depth=12)["small"]["median"] < figures(depth=6)["small"]["median"]


@pytest.mark.parametrize("given", [{"weight": 4}, {"depth": 2}, {"chains": 10}])
def test_arguments_out_of_range_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="would work"):
        figures(**given)
