"""Show what features from a large data set are worth on a small one, and what a high rate does to them.

Inputs hide a plane in noise; every task depends on the position in this plane. A network learns a source task from many
examples: which of twelve sectors the position lies in. Then a target task, whether its two coordinates have the same
sign, has `examples` examples only. Test accuracy on it is measured for a network trained from scratch; for the source
network with a new last layer, the only one that is trained; and for this network after more training of all layers, at
a small rate (fine-tuning) and at a rate `reckless` times as large.
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

INPUTS, HIDDEN, DIRECTIONS, SECTORS = 60, 48, 2, 12
BATCHES, BATCH, TEST = 200, 128, 1000  # of the source task, with new examples in each batch
RATE = 0.001


def run(stream: torch.Generator, *, examples: int = 40, reckless: float = 250.0) -> Findings:
    """Learn the target task in four ways."""
    if not 20 <= examples <= 100:
        raise ValueError(f"examples is {examples}; 20 to 100 would work")
    if not 100 <= reckless <= 500:
        raise ValueError(f"reckless is {reckless}; 100 to 500 would work")
    basis = torch.linalg.qr(torch.randn(INPUTS, DIRECTIONS, generator=stream)).Q
    pretrained = _network(stream, SECTORS)
    _pretrain(pretrained, stream, basis)
    inputs, test = _inputs(stream, examples, basis), _inputs(stream, TEST, basis)
    answers, expected = _target(inputs @ basis), _target(test @ basis)
    head = _layer(stream, HIDDEN, 2)

    def accuracy(network: nn.Sequential, trained: list[nn.Parameter], rate: float) -> float:
        _train(network, trained, inputs, answers, rate, 80)
        return _accuracy(network, test, expected)

    scratch = _network(stream, 2)
    frozen = nn.Sequential(*list(copy.deepcopy(pretrained))[:-1], head)
    body_before = _flat(frozen[:-1])
    accuracies = {
        "scratch": accuracy(scratch, list(scratch.parameters()), 0.005),
        "frozen": accuracy(frozen, list(frozen[-1].parameters()), 0.02),
    }
    for name, rate in (("tuned", RATE), ("reckless", RATE * reckless)):
        network = copy.deepcopy(frozen)
        accuracies[name] = accuracy(network, list(network.parameters()), rate)
    figures: dict[str, Figures] = {**accuracies}
    figures["source"] = _accuracy(pretrained, test, _sector(test @ basis))
    figures["body_moved"] = (_flat(frozen[:-1]) - body_before).norm().item()
    figures["trained"] = {
        "head": sum(parameter.numel() for parameter in frozen[-1].parameters()),
        "all": sum(parameter.numel() for parameter in frozen.parameters()),
    }
    figures["examples"], figures["source_examples"] = examples, BATCHES * BATCH
    return Findings(figures, _picture(accuracies))


def _inputs(stream: torch.Generator, count: int, basis: Tensor) -> Tensor:
    return torch.randn(count, INPUTS, generator=stream) + 2 * torch.randn(count, DIRECTIONS, generator=stream) @ basis.T


def _sector(along: Tensor) -> Tensor:
    """The source task: which of the equal sectors of the plane."""
    turns = torch.atan2(along[:, 1], along[:, 0]) / (2 * torch.pi) % 1
    return (SECTORS * turns).long().clamp(max=SECTORS - 1)


def _target(along: Tensor) -> Tensor:
    """The target task: whether both coordinates have the same sign."""
    return (along.prod(1) > 0).long()


def _pretrain(network: nn.Module, stream: torch.Generator, basis: Tensor) -> None:
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(BATCHES):
        inputs = _inputs(stream, BATCH, basis)
        optimizer.zero_grad()
        torch.autograd.backward(F.cross_entropy(network(inputs), _sector(inputs @ basis)))
        optimizer.step()


def _layer(stream: torch.Generator, inputs: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=stream)
    nn.init.zeros_(layer.bias)
    return layer


def _network(stream: torch.Generator, outputs: int) -> nn.Sequential:
    return nn.Sequential(_layer(stream, INPUTS, HIDDEN), nn.ReLU(), _layer(stream, HIDDEN, outputs))


def _train(
    network: nn.Module, trained: list[nn.Parameter], inputs: Tensor, labels: Tensor, rate: float, steps: int
) -> None:
    optimizer = torch.optim.Adam(trained, lr=rate)
    for _ in range(steps):
        network.zero_grad()
        torch.autograd.backward(F.cross_entropy(network(inputs), labels))
        optimizer.step()


def _accuracy(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return float((network(inputs).argmax(1) == labels).double().mean())


def _flat(network: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def _picture(accuracies: dict[str, float]) -> Plot:
    names = {"scratch": "from scratch", "frozen": "frozen features", "tuned": "fine-tuned", "reckless": "high rate"}
    told = ", ".join(f"{names[name]}: {value:.0%}" for name, value in accuracies.items())
    return Plot(
        f"Test accuracy on the target task. {told}.",
        "",
        "test accuracy",
        (Series("", tuple(map(float, range(len(names)))), tuple(accuracies[name] for name in names), kind="bars"),),
        y_range=(0.0, 1.0),
        x_ticks=tuple(names.values()),
    )
