"""Show why a learning rate falls during training: large steps get close to the minimum fast, small ones stay there.

A linear model is fitted to noisy data by SGD with mini-batches, three times from the same start with the same batches:
with a rate that stays, with one that is divided by `factor` after `first` steps, and with the small rate all the time.
The loss is that of all examples, minus the least that a linear model can have, so that 0 is the minimum.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

EXAMPLES, FEATURES, BATCH = 256, 10, 4
RATE = 0.025
LAST = 50  # steps that a loss is averaged over
EVERY = 5  # steps between the points of the picture


def run(stream: torch.Generator, *, factor: float = 10.0, first: int = 150, later: int = 500) -> Findings:
    """Measure the loss before the drop, at the end with and without it, and with the small rate all the time."""
    if not 4 <= factor <= 20:
        raise ValueError(f"factor is {factor}; 4 to 20 would work")
    if not (120 <= first <= 300 and 500 <= later <= 1000):
        raise ValueError("first must be from 120 to 300 steps and later from 500 to 1000")
    inputs = torch.randn(EXAMPLES, FEATURES, generator=stream, dtype=torch.float64)
    truth = 2 * torch.randn(FEATURES, 1, generator=stream, dtype=torch.float64)
    targets = inputs @ truth + 2 * torch.randn(EXAMPLES, 1, generator=stream, dtype=torch.float64)
    steps = first + later
    batches = torch.randint(EXAMPLES, (steps, BATCH), generator=stream)
    small = RATE / factor
    runs = {
        "stays": _train(inputs, targets, batches, [RATE] * steps),
        "drops": _train(inputs, targets, batches, [RATE] * first + [small] * later),
        "small": _train(inputs, targets, batches, [small] * steps),
    }
    figures: dict[str, Figures] = {
        name: {"before": _mean(losses[first - LAST : first]), "end": _mean(losses[-LAST:])}
        for name, losses in runs.items()
    }
    figures["start"] = runs["stays"][0]
    figures["first"] = first
    figures["steps"] = steps
    return Findings(figures, _picture(runs, first))


def _train(inputs: Tensor, targets: Tensor, batches: Tensor, rates: list[float]) -> list[float]:
    """The loss above the minimum before each step and after the last."""
    weights = torch.zeros(FEATURES, 1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weights], lr=rates[0])
    path = [weights.detach().clone()]
    for rate, batch in zip(rates, batches, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        torch.autograd.backward(F.mse_loss(inputs[batch] @ weights, targets[batch]))
        optimizer.step()
        path.append(weights.detach().clone())
    least = torch.linalg.lstsq(inputs, targets).solution
    losses = (inputs @ torch.cat([*path, least], dim=1) - targets).square().mean(0)
    return [float(loss) for loss in losses[:-1] - losses[-1]]


def _mean(losses: list[float]) -> float:
    return sum(losses) / len(losses)


def _picture(runs: dict[str, list[float]], first: int) -> Plot:
    names = {"stays": "rate stays", "drops": "rate drops", "small": "small rate from the start"}
    ends = {name: _mean(losses[-LAST:]) for name, losses in runs.items()}
    return Plot(
        f"Loss above the minimum by step. After a fast fall it hovers near {ends['stays']:.2g} while the rate stays; "
        f"from the drop at step {first} on it falls to {ends['drops']:.2g}. With the small rate from the start it "
        "falls slowly.",
        "step",
        "loss − minimum",
        tuple(
            Series(names[name], tuple(map(float, range(0, len(losses), EVERY))), tuple(losses[::EVERY]))
            for name, losses in runs.items()
        ),
        y_log=True,
    )
