"""Show underfitting and overfitting: training and validation figures of a model too small, one large, and more data.

Two classes of points in the plane, one inside a circle and one outside it, with a share of the labels drawn wrong. A
linear classifier cannot follow the circle. A network with many hidden units learns the wrong labels of a small training
set by heart, so that its validation loss rises again while its training loss goes on falling; with more examples the
gap between training and validation is smaller.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

WRONG = 0.1  # share of labels
VALIDATION = 500
STEPS, EVERY = 240, 5

Data = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class _Course:
    """Losses at every `EVERY`th step, and accuracies at the end."""

    training: tuple[float, ...]
    validation: tuple[float, ...]
    training_accuracy: float
    validation_accuracy: float


def run(stream: torch.Generator, *, examples: int = 50, hidden: int = 128, more: int = 6) -> Findings:
    """Train a network on few examples, and the same network and a linear classifier on `more` times as many."""
    if not 40 <= examples <= 60:
        raise ValueError(f"examples is {examples}; 40 to 60 would work")
    if not (96 <= hidden <= 160 and 4 <= more <= 10):
        raise ValueError("hidden must be from 96 to 160 and more from 4 to 10")
    plenty = _data(stream, more * examples)
    few = (plenty[0][:examples], plenty[1][:examples])
    validation = _data(stream, VALIDATION)
    courses = {
        "small": _train(nn.Sequential(_linear(stream, 2, 1)), plenty, validation),
        "large": _train(_network(stream, hidden), few, validation),
        "more": _train(_network(stream, hidden), plenty, validation),
    }
    figures: dict[str, Figures] = {name: _figures(course) for name, course in courses.items()}
    figures["examples"] = examples
    figures["limit"] = 1 - WRONG
    return Findings(figures, _picture(courses["large"]))


def _data(stream: torch.Generator, count: int) -> Data:
    """Points with coordinates from −1 to 1; the circle takes a third of the area."""
    points = 2 * torch.rand(count, 2, generator=stream) - 1
    inside = points.square().sum(1) < 4 / 3 / torch.pi
    wrong = torch.rand(count, generator=stream) < WRONG
    return points, (inside ^ wrong).float()


def _linear(stream: torch.Generator, inputs: int, outputs: int) -> nn.Linear:
    linear = nn.Linear(inputs, outputs)
    nn.init.normal_(linear.weight, std=(2 / inputs) ** 0.5, generator=stream)
    nn.init.normal_(linear.bias, std=0.5, generator=stream)
    return linear


def _network(stream: torch.Generator, hidden: int) -> nn.Sequential:
    first, second = _linear(stream, 2, hidden), _linear(stream, hidden, hidden)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), _linear(stream, hidden, 1))


def _train(network: nn.Sequential, training: Data, validation: Data) -> _Course:
    optimizer = torch.optim.Adam(network.parameters(), lr=0.003 if len(network) > 1 else 0.05)
    losses: tuple[list[float], list[float]] = ([], [])
    for step in range(STEPS + 1):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(network(training[0])[:, 0], training[1])
        if step % EVERY == 0:
            losses[0].append(loss.item())
            losses[1].append(_loss(network, validation))
        if step < STEPS:
            torch.autograd.backward(loss)
            optimizer.step()
    return _Course(tuple(losses[0]), tuple(losses[1]), _accuracy(network, training), _accuracy(network, validation))


def _loss(network: nn.Sequential, data: Data) -> float:
    with torch.no_grad():
        return F.binary_cross_entropy_with_logits(network(data[0])[:, 0], data[1]).item()


def _accuracy(network: nn.Sequential, data: Data) -> float:
    with torch.no_grad():
        return float(((network(data[0])[:, 0] > 0).float() == data[1]).double().mean())


def _figures(course: _Course) -> dict[str, Figures]:
    best = min(range(len(course.validation)), key=course.validation.__getitem__)
    return {
        "training": course.training_accuracy,
        "validation": course.validation_accuracy,
        "gap": course.training_accuracy - course.validation_accuracy,
        "best_step": best * EVERY,
        "best_loss": course.validation[best],
        "last_loss": course.validation[-1],
        "training_loss": course.training[-1],
        "last_step": STEPS,
    }


def _picture(course: _Course) -> Plot:
    steps = tuple(float(step) for step in range(0, STEPS + 1, EVERY))
    best = min(course.validation)
    return Plot(
        f"Losses of the large network by step. The training loss falls to {course.training[-1]:.2g}; the validation "
        f"loss falls to {best:.2g} and then rises to {course.validation[-1]:.2g}.",
        "step",
        "loss",
        (Series("training", steps, course.training), Series("validation", steps, course.validation)),
    )
