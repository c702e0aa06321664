"""Show what the two losses of a generator give it to learn from while its discriminator gets better.

Real numbers come from N(4, 1), those of an untrained generator x = a·z + b from N(0, 1). The generator stays as it is;
the discriminator, a small network, is trained on fresh batches of both. From time to time the gradient of the
generator's loss with respect to a and b is taken, for the minimax (saturating) loss mean ln(1 − D(x)) and for the
non-saturating loss −mean ln D(x). Both are computed from logits, so that nothing is rounded to 0.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

BATCH = 64
HIDDEN = 16
EVERY = 25  # steps between two looks


def run(stream: torch.Generator, *, steps: int = 300, apart: float = 4.0) -> Findings:
    """Train the discriminator and measure both gradients on the way."""
    if not 50 <= steps <= 1000 or not 2 <= apart <= 8:
        raise ValueError(f"steps is {steps} and apart {apart:g}; 50 to 1000 and 2 to 8 would work")
    with torch.random.fork_rng():  # the modules draw weights of their own, which are replaced
        discriminator = nn.Sequential(nn.Linear(1, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 1)).double()
    for parameter in discriminator.parameters():
        nn.init.uniform_(parameter, -0.5, 0.5, generator=stream)
    noise = torch.randn(512, 1, generator=stream, dtype=torch.float64)
    optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.02)
    looks = [_look(discriminator, noise)]
    for step in range(1, steps + 1):
        real, fake = torch.randn(2, BATCH, 1, generator=stream, dtype=torch.float64)
        loss = F.softplus(-discriminator(real + apart)).mean() + F.softplus(discriminator(fake)).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        if step % EVERY == 0:
            looks.append(_look(discriminator, noise))
    last = looks[-1]
    figures: dict[str, Figures] = {
        "first": {**looks[0]},
        "last": {**last},
        "ratio": last["non_saturating"] / last["saturating"],
    }
    return Findings(figures, _plot(looks))


def _look(discriminator: nn.Module, noise: Tensor) -> dict[str, float]:
    """The mean D of the generator's numbers, and the length of each loss's gradient with respect to a and b."""
    weights = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    logits = discriminator(weights[0] * noise + weights[1])
    losses = {"saturating": -F.softplus(logits).mean(), "non_saturating": F.softplus(-logits).mean()}
    lengths = {
        name: float(torch.autograd.grad(loss, weights, retain_graph=True)[0].norm()) for name, loss in losses.items()
    }
    return {"fooled": logits.sigmoid().mean().item(), **lengths}


def _plot(looks: list[dict[str, float]]) -> Plot:
    steps = tuple(float(EVERY * look) for look in range(len(looks)))
    names = {"saturating": "ln(1 − D), saturating", "non_saturating": "−ln D, non-saturating"}
    ends = {name: looks[-1][name] for name in names}
    return Plot(
        f"Length of the generator's gradient while only the discriminator is trained: at the end it is "
        f"{ends['saturating']:.1g} for the saturating loss, {ends['non_saturating']:.1g} for the non-saturating one.",
        "training steps of the discriminator",
        "gradient of the generator's loss",
        tuple(
            Series(label, steps, tuple(look[name] for look in looks), marker="circle") for name, label in names.items()
        ),
        y_log=True,
    )
