"""Gradients through the same matrix many times."""

from typing import Any

import pytest
import torch

from generator.experiments import recurrent_gradient


def figures(seed: int = 0, **arguments: Any) -> Any:
    return recurrent_gradient.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize(("steps", "growing", "shrinking"), [(40, 1.1, 0.9), (50, 1.2, 0.8), (100, 1.1, 0.8)])
def test_the_gradient_changes_by_a_power_of_the_factor(steps: int, growing: float, shrinking: float) -> None:
    found = figures(steps=steps, growing=growing, shrinking=shrinking)
    assert found["growing"]["ratio"] == pytest.approx(growing**steps, rel=1e-6)
    assert found["shrinking"]["ratio"] == pytest.approx(shrinking**steps, rel=1e-6)


def test_a_rotation_alone_keeps_the_length() -> None:
    stream = torch.Generator().manual_seed(0)
    rotation = torch.linalg.qr(torch.randn(16, 16, generator=stream, dtype=torch.float64)).Q
    lengths = recurrent_gradient._lengths(rotation, torch.randn(30, 16, generator=stream, dtype=torch.float64))
    assert lengths == pytest.approx([lengths[0]] * 30)


@pytest.mark.parametrize("wrong", [{"steps": 1}, {"growing": 0.9}, {"shrinking": 1.1}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"would work|must be"):
        figures(**wrong)
