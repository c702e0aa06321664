"""Show what a high learning rate does in the first steps, and what it does when it rises from near 0 instead.

A deep network of ReLU units is trained with Adam, from the same weights and with the same mini-batches: once with the
full rate from the first step on, once with a rate that rises in a straight line over the first `rise` steps. Adam
divides by the size of the gradients it has seen, so its first step moves every weight by the whole rate, however
little a single mini-batch at random weights can tell.
"""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

EXAMPLES, FEATURES, CLASSES = 512, 16, 4
WIDTH, DEPTH, BATCH = 96, 6, 64
STEPS, EARLY = 60, 20


def run(stream: torch.Generator, *, rate: float = 0.05, rise: int = 40) -> Findings:
    """Compare the highest loss of the first 20 steps with and without a rate that rises."""
    if not 0.03 <= rate <= 0.1:
        raise ValueError(f"rate is {rate}; 0.03 to 0.1 would work")
    if not 30 <= rise <= STEPS:
        raise ValueError(f"rise is {rise}; 30 to {STEPS} steps would work")
    inputs = torch.randn(EXAMPLES, FEATURES, generator=stream)
    labels = (inputs @ torch.randn(FEATURES, CLASSES, generator=stream)).argmax(1)
    batches = torch.randint(EXAMPLES, (STEPS, BATCH), generator=stream)
    start = _network(stream)
    full = _train(copy.deepcopy(start), inputs, labels, batches, [rate] * STEPS)
    rising = [rate * min(1.0, (step + 1) / rise) for step in range(STEPS)]
    warm = _train(copy.deepcopy(start), inputs, labels, batches, rising)
    figures: dict[str, Figures] = {
        "start": full[0],
        "full": {"peak": max(full[:EARLY]), "end": full[-1]},
        "warm": {"peak": max(warm[:EARLY]), "end": warm[-1]},
        "early": EARLY,
    }
    return Findings(figures, _picture(full, warm))


def _network(stream: torch.Generator) -> nn.Sequential:
    widths = [FEATURES, *[WIDTH] * DEPTH, CLASSES]
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        linear = nn.Linear(inputs, outputs)
        gain = 2.0 if outputs == WIDTH else 1.0
        nn.init.normal_(linear.weight, std=(gain / inputs) ** 0.5, generator=stream)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _train(network: nn.Sequential, inputs: Tensor, labels: Tensor, batches: Tensor, rates: list[float]) -> list[float]:
    """The loss of all examples before each step and after the last."""
    optimizer = torch.optim.Adam(network.parameters(), lr=rates[0])
    losses = [_loss(network, inputs, labels)]
    for rate, batch in zip(rates, batches, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        torch.autograd.backward(F.cross_entropy(network(inputs[batch]), labels[batch]))
        optimizer.step()
        losses.append(_loss(network, inputs, labels))
    return losses


def _loss(network: nn.Sequential, inputs: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return F.cross_entropy(network(inputs), labels).item()


def _picture(full: list[float], warm: list[float]) -> Plot:
    steps = tuple(map(float, range(len(full))))
    return Plot(
        f"Training loss by step. With the full rate at once it jumps from {full[0]:.2g} to {max(full[:EARLY]):.2g} in "
        f"the first {EARLY} steps; with warm-up it is at most {max(warm[:EARLY]):.2g} there.",
        "step",
        "training loss",
        (Series("full rate at once", steps, tuple(full)), Series("with warm-up", steps, tuple(warm))),
        y_log=True,
    )
