"""Show that a generator's loss does not ask for variety, and how the discriminator answers.

Real data are `modes` clusters around a circle. A discriminator learns to tell them from spread-out points. Two
generators that are as good as can be in different ways meet it: one gives the real data themselves, one gives a single
point every time, the real point that this discriminator likes best. Their non-saturating losses −mean ln D are
compared. Then the discriminator is trained on against the single point, and compared again.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.experiments import Figures, Findings

EXAMPLES = 256
HIDDEN = 32
STEPS = 150
LATER = 100  # steps against the single point


def run(stream: torch.Generator, *, modes: int = 8) -> Findings:
    """Compare the losses of a generator of all modes and one of a single point, before and after D has seen it."""
    if not 3 <= modes <= 16:
        raise ValueError(f"modes is {modes}; 3 to 16 would work")
    with torch.random.fork_rng():  # the modules draw weights of their own, which are replaced
        discriminator = nn.Sequential(nn.Linear(2, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))
    for parameter in discriminator.parameters():
        bound = parameter.shape[-1] ** -0.5
        nn.init.uniform_(parameter, -bound, bound, generator=stream)
    real = _data(stream, modes)
    spread = 1.5 * torch.randn(EXAMPLES, 2, generator=stream)
    _train(discriminator, real, spread, STEPS)
    with torch.no_grad():
        best = real[discriminator(real).argmax()]
    before = _losses(discriminator, real, best)
    _train(discriminator, real, best.expand(EXAMPLES, 2), LATER)
    after = _losses(discriminator, real, best)
    near = (real - best).norm(dim=1) < math.pi / modes  # half the way to the next cluster, or less
    figures: dict[str, Figures] = {
        "before": {**before},
        "after": {**after},
        "covered": near.double().mean().item(),
        "modes": modes,
    }
    return Findings(figures)


def _data(stream: torch.Generator, modes: int) -> Tensor:
    turn = 2 * math.pi * torch.arange(EXAMPLES) / modes
    centers = 2 * torch.stack([turn.cos(), turn.sin()], dim=1)
    return centers + 0.05 * torch.randn(EXAMPLES, 2, generator=stream)


def _train(discriminator: nn.Module, real: Tensor, fake: Tensor, steps: int) -> None:
    optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.01)
    for _ in range(steps):
        loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()


def _losses(discriminator: nn.Module, real: Tensor, point: Tensor) -> dict[str, float]:
    """−mean ln D of a generator that gives all real data, and of one that gives the point only."""
    with torch.no_grad():
        return {
            "all": F.softplus(-discriminator(real)).mean().item(),
            "single": F.softplus(-discriminator(point)).item(),
        }
