"""A learning rate that drops."""

from typing import Any

import pytest
import torch

from generator.experiments import rate_drop


def figures(seed: int = 0, **arguments: Any) -> Any:
    return rate_drop.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("factor", [8, 10, 20])
def test_the_loss_falls_when_the_rate_drops_and_a_small_rate_is_slow(factor: float) -> None:
    found = figures(factor=factor)
    assert found["drops"]["end"] < 0.5 * found["stays"]["end"]
    assert found["small"]["before"] > 3 * found["stays"]["before"]
    assert found["drops"]["end"] < found["small"]["end"]


def test_until_the_drop_both_runs_are_the_same() -> None:
    found = figures()
    assert found["stays"]["before"] == pytest.approx(found["drops"]["before"])


def test_no_loss_is_below_that_of_the_minimum() -> None:
    stream = torch.Generator().manual_seed(3)
    inputs = torch.randn(rate_drop.EXAMPLES, rate_drop.FEATURES, generator=stream, dtype=torch.float64)
    targets = torch.randn(rate_drop.EXAMPLES, 1, generator=stream, dtype=torch.float64)
    batches = torch.randint(rate_drop.EXAMPLES, (60, rate_drop.BATCH), generator=stream)
    assert min(rate_drop._train(inputs, targets, batches, [0.02] * 60)) > 0


def test_without_noise_a_large_rate_gets_to_the_minimum() -> None:
    stream = torch.Generator().manual_seed(4)
    inputs = torch.randn(rate_drop.EXAMPLES, rate_drop.FEATURES, generator=stream, dtype=torch.float64)
    targets = inputs @ torch.ones(rate_drop.FEATURES, 1, dtype=torch.float64)
    batches = torch.randint(rate_drop.EXAMPLES, (600, rate_drop.BATCH), generator=stream)
    assert rate_drop._train(inputs, targets, batches, [rate_drop.RATE] * 600)[-1] < 1e-6


@pytest.mark.parametrize("wrong", [{"factor": 2}, {"first": 10}, {"later": 5000}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"would work|must be"):
        figures(**wrong)
