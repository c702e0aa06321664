"""A small step along the input gradient of a class probability raises that probability; a step against it lowers it.

A small convolutional network learns `classes` noisy patterns of 12 × 12 pixels. A picture of one class is then
changed, the network is not: in every step the derivative ∂p/∂I of the target class's probability is taken anew and the
picture moves a fixed distance along it, I ← I + distance · g / ‖g‖, or against it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

SIDE = 12  # pixels


def run(stream: torch.Generator, *, classes: int = 100, steps: int = 12, distance: float = 0.25) -> Findings:
    """Move a picture along and against the derivative of another class's probability."""
    if not 2 <= classes <= 400:
        raise ValueError(f"classes is {classes}; 2 to 400 would work")
    if not 1 <= steps <= 100 or not 0 < distance <= 1:
        raise ValueError(f"steps is {steps} and distance {distance}; 1 to 100 and a distance up to 1 would work")
    patterns = torch.rand(classes, 1, SIDE, SIDE, generator=stream)
    network = _trained(stream, patterns)
    own, target = torch.randperm(classes, generator=stream)[:2].tolist()
    picture = patterns[own : own + 1]
    along, changed = _walk(network, picture, target, steps, distance)
    against, _ = _walk(network, picture, target, steps, -distance)
    figures: dict[str, Figures] = {
        "before": along[0],
        "after_one_step": along[1],
        "after": along[-1],
        "others_after": 1 - along[-1],
        "against_one_step": against[1],
        "against": against[-1],
        "own_before": _probability(network, picture, own).item(),
        "own_after": _probability(network, changed, own).item(),
        "pixel_change": (changed - picture).abs().mean().item(),  # brightness runs from 0 to 1
        "along": [*along],
        "opposite": [*against],
        "steps": steps,
    }
    return Findings(figures, _plot(along, against))


def _trained(stream: torch.Generator, patterns: Tensor) -> nn.Sequential:
    """Train a classifier of noisy patterns, in float64 so that tiny probabilities keep their digits."""
    network = nn.Sequential(
        nn.Conv2d(1, 8, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * (SIDE // 2) ** 2, len(patterns)),
    )
    for parameter in network.parameters():
        if parameter.dim() > 1:
            nn.init.kaiming_normal_(parameter, generator=stream)
        else:
            nn.init.zeros_(parameter)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    labels = torch.arange(len(patterns))
    for _ in range(40):
        noise = 0.1 * torch.randn(patterns.shape, generator=stream)
        optimizer.zero_grad()
        F.cross_entropy(network(patterns + noise), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return network.double().requires_grad_(False)


def _probability(network: nn.Module, picture: Tensor, target: int) -> Tensor:
    probabilities: Tensor = network(picture.double()).softmax(dim=1)
    return probabilities[0, target]


def _walk(network: nn.Module, picture: Tensor, target: int, steps: int, distance: float) -> tuple[list[float], Tensor]:
    """The target's probability before and after every step, and the picture at the end."""
    picture = picture.double()
    path = []
    for _ in range(steps):
        picture = picture.detach().requires_grad_()
        probability = _probability(network, picture, target)
        path.append(probability.item())
        (gradient,) = torch.autograd.grad(probability, picture)
        picture = picture.detach() + distance * gradient / gradient.norm()
    return [*path, _probability(network, picture, target).item()], picture


def _plot(along: list[float], against: list[float]) -> Plot:
    steps = tuple(float(step) for step in range(len(along)))
    alt = (
        f"The probability of the target class starts at {along[0]:.2g}, climbs to {along[-1]:.2g} in {len(along) - 1} "
        f"steps along the derivative, and falls to {against[-1]:.2g} in as many steps against it."
    )
    return Plot(
        alt,
        x_label="step",
        y_label="probability of the target class",
        series=(
            Series("along the derivative", steps, tuple(along), marker="circle"),
            Series("against the derivative", steps, tuple(against), marker="plus"),
        ),
        y_log=True,
    )
