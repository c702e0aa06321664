"""Train a filter that is flipped before it is used, and one that is not: both fit alike, with mirrored weights.

The targets are images filtered by an edge detector. Each filter starts at zero and takes the same steps of gradient
descent on the mean squared error, so that any difference comes from the flip alone.
"""

from __future__ import annotations

from typing import TypedDict

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.experiments import Figures, Findings

RATE = 0.1
EXAMPLES = 16
SIDE = 10


class Filter(TypedDict):
    """What was learned."""

    weight: Tensor
    loss: float


def run(stream: torch.Generator, *, kernel: int = 3, steps: int = 400) -> Findings:
    """Learn an unknown filter of `kernel` × `kernel` weights in `steps` steps, without a flip and with one."""
    if kernel not in (2, 3, 4, 5):
        raise ValueError(f"kernel is {kernel}; 2, 3, 4 or 5 would work")
    if not 1 <= steps <= 2000:
        raise ValueError(f"steps is {steps}; 1 to 2000 would work")
    images = torch.randn(EXAMPLES, 1, SIDE, SIDE, generator=stream, dtype=torch.float64)
    wanted = torch.randn(1, 1, kernel, kernel, generator=stream, dtype=torch.float64)
    targets = F.conv2d(images, wanted)
    plain, flipped = (_fit(images, targets, kernel, steps, flip) for flip in (False, True))
    figures: dict[str, Figures] = {
        "before": targets.square().mean().item(),
        "plain": {"loss": plain["loss"]},
        "flipped": {"loss": flipped["loss"]},
        "as_learned": (plain["weight"] - flipped["weight"]).abs().max().item(),
        "turned_back": (plain["weight"] - flipped["weight"].flip((2, 3))).abs().max().item(),
        "steps": steps,
    }
    return Findings(figures)


def _fit(images: Tensor, targets: Tensor, kernel: int, steps: int, flip: bool) -> Filter:
    weight = torch.zeros(1, 1, kernel, kernel, dtype=torch.float64, requires_grad=True)
    for _ in range(steps):
        (slope,) = torch.autograd.grad(_loss(images, targets, weight, flip), weight)
        weight = (weight - RATE * slope).detach().requires_grad_()
    return {"weight": weight.detach(), "loss": _loss(images, targets, weight, flip).item()}


def _loss(images: Tensor, targets: Tensor, weight: Tensor, flip: bool) -> Tensor:
    return F.mse_loss(F.conv2d(images, weight.flip((2, 3)) if flip else weight), targets)
