"""Starts from which hidden units become different."""

from typing import Any

import pytest
import torch

from generator.experiments import unit_starts


def figures(seed: int = 0, **arguments: Any) -> Any:
    return unit_starts.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize(("hidden", "constant"), [(4, 0.1), (6, 0.5), (12, 0.2)])
def test_units_differ_exactly_if_something_random_differs_between_them(hidden: int, constant: float) -> None:
    found = figures(hidden=hidden, constant=constant)
    assert found["equal"] == found["equal_biases"] == found["one_row"] == 1
    assert found["normal"] == found["uniform"] == found["random_biases"] == hidden


def test_output_weights_that_differ_are_enough() -> None:
    stream = torch.Generator().manual_seed(1)
    examples = torch.randn(40, unit_starts.FEATURES, generator=stream, dtype=torch.float64)
    targets = examples.sum(1, keepdim=True)
    same, zero = torch.full((5, unit_starts.FEATURES), 0.3), torch.zeros(5)
    assert unit_starts._units(examples, targets, same, zero, torch.full((5,), 0.3)) == 1
    assert unit_starts._units(examples, targets, same, zero, torch.linspace(0.1, 0.5, 5)) == 5


@pytest.mark.parametrize("wrong", [{"hidden": 1}, {"constant": 0.0}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="would work"):
        figures(**wrong)
