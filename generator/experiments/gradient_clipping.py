"""Show what clipping makes of a gradient, and of a training run that meets a cliff.

One gradient: a random vector of length `length` is clipped by its norm and element by element with PyTorch's own
functions. A run: the loss (w^depth − 1)² / 2 of one weight that is used `depth` times, as a recurrent network uses it,
is nearly flat below w = 1 and a wall above; gradient descent starts on the wall, where the first step throws an
unclipped run far away.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

ELEMENTS = 6
START, RATE, STEPS = 1.4, 0.01, 80
LIMIT = 1e6


def run(stream: torch.Generator, *, length: float = 40.0, threshold: float = 5.0, depth: int = 12) -> Findings:
    """Clip a gradient in both ways, and train with clipping and without."""
    if not 0.1 <= threshold <= length / 2 <= 1e4:
        raise ValueError("threshold must be at least 0.1 and at most half of length, which is at most 20000")
    if not 8 <= depth <= 16:
        raise ValueError(f"depth is {depth}; 8 to 16 would work")
    gradient = torch.randn(ELEMENTS, generator=stream, dtype=torch.float64)
    gradient[0] = 2 * gradient.abs().max()  # one element stands out
    gradient *= length / gradient.norm()
    figures: dict[str, Figures] = {
        "norm": _compared(gradient, _clipped(gradient, by_norm=threshold)),
        "value": _compared(gradient, _clipped(gradient, by_value=threshold)),
    }
    small = gradient * threshold / (2 * length)
    figures["short"] = _compared(small, _clipped(small, by_norm=threshold))
    free, held = _train(depth, None), _train(depth, 1.0)
    figures["free"] = {"highest": max(free), "last": free[-1], "diverged": free[-1] >= LIMIT}
    figures["held"] = {"highest": max(held), "last": held[-1], "diverged": held[-1] >= LIMIT}
    figures["start"] = held[0]
    return Findings(figures, _picture(free, [max(loss, 1e-6) for loss in held]))


def _clipped(gradient: Tensor, by_norm: float | None = None, by_value: float | None = None) -> Tensor:
    """The gradient that is left after PyTorch's clipping."""
    parameter = nn.Parameter(torch.zeros_like(gradient))
    parameter.grad = gradient.clone()
    if by_norm is not None:
        nn.utils.clip_grad_norm_([parameter], by_norm)
    if by_value is not None:
        nn.utils.clip_grad_value_([parameter], by_value)
    return parameter.grad


def _compared(before: Tensor, after: Tensor) -> dict[str, Figures]:
    """Length, largest element and factor after clipping, and the cosine of the angle to the gradient before."""
    cosine = torch.dot(before, after) / (before.norm() * after.norm())
    return {
        "length": after.norm().item(),
        "largest": after.abs().max().item(),
        "factor": (after.norm() / before.norm()).item(),
        "cosine": cosine.item(),
        "degrees": torch.rad2deg(torch.arccos(cosine.clamp(max=1.0))).item(),
    }


def _train(depth: int, threshold: float | None) -> list[float]:
    weight = nn.Parameter(torch.tensor(START, dtype=torch.float64))
    optimizer = torch.optim.SGD([weight], lr=RATE)
    losses: list[float] = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = (weight**depth - 1).square() / 2
        losses.append(min(loss.item(), LIMIT))
        if losses[-1] == LIMIT:
            break
        torch.autograd.backward(loss)
        if threshold is not None:
            nn.utils.clip_grad_norm_([weight], threshold)
        optimizer.step()
    return losses


def _picture(free: list[float], held: list[float]) -> Plot:
    return Plot(
        f"Loss by step, from {held[0]:.2g}. Without clipping the run leaves the picture at once; with the norm clipped "
        f"to 1 it ends at {held[-1]:.2g}.",
        "step",
        "loss",
        (
            Series("without clipping", tuple(map(float, range(len(free)))), tuple(free), marker="plus"),
            Series("norm clipped to 1", tuple(map(float, range(len(held)))), tuple(held)),
        ),
        y_range=(1e-4, 10 * LIMIT),
        y_log=True,
    )
