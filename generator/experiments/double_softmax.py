"""Show what happens when probabilities go into a loss that takes logits: the loss keeps far from 0.

`F.cross_entropy` applies log-softmax itself. If its inputs are the outputs of a softmax, they lie between 0 and 1, and
even a perfect prediction, 1 for the right class and 0 for the other K − 1, has the loss −log(e / (e + K − 1)). The same
small network is trained on separable data both ways.
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

STEPS, EACH, FEATURES = 120, 12, 24  # examples of each class


def run(stream: torch.Generator, *, classes: int = 10) -> Findings:
    """Train with logits and with probabilities as the loss's inputs."""
    if not 3 <= classes <= 20:
        raise ValueError(f"classes is {classes}; 3 to 20 would work")
    centers = 3 * torch.randn(classes, FEATURES, generator=stream)
    labels = torch.arange(classes).repeat_interleave(EACH)
    examples = centers[labels] + 0.5 * torch.randn(len(labels), FEATURES, generator=stream)
    network = nn.Linear(FEATURES, classes)
    nn.init.normal_(network.weight, std=0.05, generator=stream)
    nn.init.zeros_(network.bias)
    losses = {
        "once": _train(network, examples, labels, nn.Identity()),
        "twice": _train(network, examples, labels, nn.Softmax(dim=-1)),
    }
    perfect = F.one_hot(labels, classes).double()
    floor = F.cross_entropy(perfect, labels).item()
    figures: dict[str, Figures] = {name: {"first": path[0], "last": path[-1]} for name, path in losses.items()}
    figures["floor"] = floor
    figures["steps"] = STEPS
    return Findings(figures, _picture(losses, floor))


def _train(network: nn.Linear, examples: Tensor, labels: Tensor, last: nn.Module) -> list[float]:
    """The loss before each step and after the last."""
    trained = nn.Sequential(copy.deepcopy(network), last)
    optimizer = torch.optim.Adam(trained.parameters(), lr=0.03)
    losses = []
    for step in range(STEPS + 1):
        optimizer.zero_grad()
        loss = F.cross_entropy(trained(examples), labels)
        losses.append(loss.item())
        if step < STEPS:
            torch.autograd.backward(loss)
            optimizer.step()
    return losses


def _picture(losses: dict[str, list[float]], floor: float) -> Plot:
    steps = tuple(map(float, range(STEPS + 1)))
    return Plot(
        f"Training loss by step: with logits it falls to {losses['once'][-1]:.2g}; with softmax applied twice it ends "
        f"at {losses['twice'][-1]:.2f}, above the bound {floor:.2f}.",
        "step",
        "training loss",
        (
            Series("logits go into the loss", steps, tuple(losses["once"])),
            Series("probabilities go into the loss", steps, tuple(losses["twice"])),
            Series("lower bound", (0.0, float(STEPS)), (floor, floor)),
        ),
    )
