"""Show that hidden units which start equal stay equal, and that equal weights of zero hardly start at all.

A network of two layers learns which of two classes points of the plane belong to: class 1 where the two coordinates
have the same sign, which no single hidden unit can tell. Everything but the start is the same: all weights and biases
zero, or weights drawn at random. Adam runs in float64 over all points at once. Units
count as equal when their weights agree to 6 decimals; the last digits depend on the order of sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

POINTS = 64
LEARNING_RATE = 0.1
ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "ReLU": nn.ReLU, "sigmoid": nn.Sigmoid}


@dataclass(frozen=True)
class _Course:
    """What one training shows: figures, and the loss before each step and after the last."""

    figures: dict[str, Figures]
    losses: tuple[float, ...]


def run(stream: torch.Generator, *, hidden: int = 8, steps: int = 150, activation: str = "tanh") -> Findings:
    """Train from zero and from random weights and compare hidden units, gradients and losses."""
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}")
    if not (2 <= hidden <= 64 and 1 <= steps <= 500):
        raise ValueError("hidden must be from 2 to 64 and steps from 1 to 500")
    points, labels = _data(stream)
    zero = _train(_network(hidden, activation), points, labels, steps)
    network = _network(hidden, activation)
    for layer in (network[0], network[2]):
        assert isinstance(layer, nn.Linear)
        nn.init.xavier_normal_(layer.weight, gain=2.0, generator=stream)
    random = _train(network, points, labels, steps)
    figures: dict[str, Figures] = {"zero": zero.figures, "random": random.figures, "steps": steps}
    return Findings(figures, _picture(zero, random, steps))


def _data(stream: torch.Generator) -> tuple[Tensor, Tensor]:
    """Points with coordinates of size 0.2 to 1, in all quadrants; label 1 where the signs agree, as for 5 of 8 points.

    With as many points of either label, the gradients of equal output weights would cancel out.
    """
    size = 0.2 + 0.8 * torch.rand(POINTS, 2, generator=stream, dtype=torch.float64)
    quadrants = [[1, 1], [1, 1], [1, 1], [-1, -1], [-1, -1], [1, -1], [1, -1], [-1, 1]]
    sign = torch.tensor(quadrants, dtype=torch.float64).repeat(POINTS // len(quadrants), 1)
    return size * sign, (sign.prod(1) > 0).double()


def _network(hidden: int, activation: str) -> nn.Sequential:
    """Two layers with every weight and bias zero."""
    first = nn.Linear(2, hidden, dtype=torch.float64)
    second = nn.Linear(hidden, 1, dtype=torch.float64)
    for parameter in (*first.parameters(), *second.parameters()):
        nn.init.zeros_(parameter)
    return nn.Sequential(first, ACTIVATIONS[activation](), second)


def _train(network: nn.Sequential, points: Tensor, labels: Tensor, steps: int) -> _Course:
    first, second = network[0], network[2]
    assert isinstance(first, nn.Linear)
    assert isinstance(second, nn.Linear)
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    losses, gradient, hidden_gradient, gradient_spread = [], 0.0, 0.0, 0.0
    for step in range(steps):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(network(points)[:, 0], labels)
        torch.autograd.backward(loss)
        losses.append(loss.item())
        if step == 0:
            gradient, hidden_gradient = _largest_gradient(first, second), _largest_gradient(first)
        gradient_spread = max(gradient_spread, _gradient_spread(first, second))
        optimizer.step()
    with torch.no_grad():
        scores = network(points)[:, 0]
        losses.append(F.binary_cross_entropy_with_logits(scores, labels).item())
    weights = torch.cat([first.weight, first.bias[:, None], second.weight.T], dim=1).detach()  # a row for each unit
    figures: dict[str, Figures] = {
        "first_gradient": gradient,
        "hidden_gradient": hidden_gradient,
        "gradient_spread": gradient_spread,
        "distinct_units": len(set(map(tuple, weights.round(decimals=6).tolist()))),
        "unit_spread": (weights.max(0).values - weights.min(0).values).max().item(),
        "largest_weight": torch.cat([first.weight.flatten(), second.weight.flatten()]).abs().max().item(),
        "loss": losses[-1],
        "accuracy": ((scores > 0) == (labels > 0)).double().mean().item(),
    }
    return _Course(figures, tuple(losses))


def _largest_gradient(*layers: nn.Linear) -> float:
    """The largest gradient of any weight; biases are left out."""
    gradients = [layer.weight.grad for layer in layers]
    return max(float(gradient.abs().max()) for gradient in gradients if gradient is not None)


def _gradient_spread(first: nn.Linear, second: nn.Linear) -> float:
    """How far the gradients of two hidden units lie apart, over all weights and biases that belong to a unit."""
    into, bias, out = first.weight.grad, first.bias.grad, second.weight.grad
    assert into is not None
    assert bias is not None
    assert out is not None
    gradients = torch.cat([into, bias[:, None], out.T], dim=1)  # a row for each unit
    return float((gradients.max(0).values - gradients.min(0).values).max())


def _picture(zero: _Course, random: _Course, steps: int) -> Plot:
    step = tuple(float(number) for number in range(steps + 1))
    return Plot(
        f"From zero weights the loss goes from {zero.losses[0]:.3f} to {zero.losses[-1]:.3f} in {steps} steps; "
        f"from random weights it falls to {random.losses[-1]:.3f}.",
        "step",
        "training loss",
        (Series("zero weights", step, zero.losses), Series("random weights", step, random.losses)),
    )
