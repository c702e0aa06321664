"""Show what the learning rate makes of the training loss: hardly any change, steady progress, or divergence.

One network with a hidden layer of tanh units is fitted to a smooth function by full-batch gradient descent, once for
each rate, every time from the same weights. A run whose loss passes `LIMIT` is stopped and counts as diverged.
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

EXAMPLES, FEATURES, HIDDEN = 128, 4, 24
LIMIT = 1e6


def run(stream: torch.Generator, *, rates: list[float] | None = None, steps: int = 60) -> Findings:
    """Train once for each rate and give every loss, the first of them before the first step."""
    rates = [0.0005, 0.05, 5.0] if rates is None else rates
    if not (2 <= len(rates) <= 12 and all(1e-6 <= rate <= 100 for rate in rates)):
        raise ValueError("rates must be two to twelve learning rates from 1e-6 to 100")
    if not 10 <= steps <= 400:
        raise ValueError("steps must be from 10 to 400")
    examples = torch.randn(EXAMPLES, FEATURES, generator=stream, dtype=torch.float64)
    directions = torch.randn(FEATURES, 3, generator=stream, dtype=torch.float64) / FEATURES**0.5
    targets = (examples @ directions).sin().sum(1, keepdim=True)
    start = _network(stream)
    losses = [_train(copy.deepcopy(start), examples, targets, rate, steps) for rate in rates]
    runs: list[dict[str, Figures]] = [
        {"rate": rate, "first": loss[0], "last": loss[-1], "diverged": loss[-1] >= LIMIT, "losses": [*loss]}
        for rate, loss in zip(rates, losses, strict=True)
    ]
    return Findings({"runs": [*runs], "lowest": min(loss[-1] for loss in losses)}, _picture(rates, losses))


def _network(stream: torch.Generator) -> nn.Sequential:
    network = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 1)).double()
    for weight in list(network.parameters())[::2]:
        nn.init.xavier_normal_(weight, generator=stream)
    for bias in list(network.parameters())[1::2]:
        nn.init.zeros_(bias)
    return network


def _train(network: nn.Sequential, examples: Tensor, targets: Tensor, rate: float, steps: int) -> list[float]:
    optimizer = torch.optim.SGD(network.parameters(), lr=rate)
    losses = []
    for _ in range(steps + 1):
        optimizer.zero_grad()
        loss = F.mse_loss(network(examples), targets)
        losses.append(min(loss.item(), LIMIT))
        if losses[-1] == LIMIT:
            break
        torch.autograd.backward(loss)
        optimizer.step()
    return losses


def _picture(rates: list[float], losses: list[list[float]]) -> Plot:
    if len(rates) > 4:
        return _ends(rates, [loss[-1] for loss in losses])
    ends = "; ".join(f"with rate {rate:g} it ends at {loss[-1]:.2g}" for rate, loss in zip(rates, losses, strict=True))
    return Plot(
        f"Training loss by step, from {losses[0][0]:.2g} for every rate: {ends}.",
        "step",
        "training loss",
        tuple(
            Series(f"rate {rate:g}", tuple(map(float, range(len(loss)))), tuple(loss))
            for rate, loss in zip(rates, losses, strict=True)
        ),
        y_range=(min(map(min, losses)) / 1.5, 30 * losses[0][0]),
        y_log=True,
    )


def _ends(rates: list[float], ends: list[float]) -> Plot:
    """The last loss of every run that did not diverge, by its rate."""
    points = sorted((rate, end) for rate, end in zip(rates, ends, strict=True) if end < LIMIT)
    least = min(points, key=lambda point: point[1])
    return Plot(
        f"Training loss after the last step by learning rate, for {len(points)} rates that did not diverge: it is "
        f"least, {least[1]:.2g}, at the rate {least[0]:g}.",
        "learning rate",
        "training loss at the end",
        (Series("", tuple(rate for rate, _ in points), tuple(end for _, end in points), "points", marker="circle"),),
        x_log=True,
        y_log=True,
    )
