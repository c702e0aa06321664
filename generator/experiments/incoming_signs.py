"""Sigmoid outputs are all positive, so for one example the gradients of a unit's incoming weights all have one sign.

For a unit with incoming weights w and inputs h, ∂L/∂wᵢ = δ · hᵢ, where δ is the derivative of the loss with respect to
the unit's weighted sum. A two-layer network classifies random points, once with sigmoid and once with tanh in its
hidden layer, with the same weights. For each example alone, autograd gives the gradient of the second layer's weight
matrix; we count the pairs of example and output unit for which all `hidden` entries have one sign.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

EXAMPLES, FEATURES, CLASSES = 200, 10, 4
DRAWN = 60  # examples in the picture


def run(stream: torch.Generator, *, hidden: int = 8) -> Findings:
    """Count how often a unit's incoming weights all get gradients of one sign."""
    if not 2 <= hidden <= 256:
        raise ValueError(f"hidden is {hidden}; 2 to 256 units would work")
    points = torch.randn(EXAMPLES, FEATURES, generator=stream)
    labels = torch.randint(CLASSES, (EXAMPLES,), generator=stream)
    first = _linear(stream, FEATURES, hidden)
    second = _linear(stream, hidden, CLASSES)
    sigmoid = _gradients(nn.Sequential(first, nn.Sigmoid(), second), points, labels)
    tanh = _gradients(nn.Sequential(first, nn.Tanh(), second), points, labels)
    figures: dict[str, Figures] = {
        "sigmoid": {"one_sign": _one_sign(sigmoid), "opposite_pair": _opposite(sigmoid)},
        "tanh": {"one_sign": _one_sign(tanh), "opposite_pair": _opposite(tanh)},
        "examples": EXAMPLES,
    }
    return Findings(figures, _plot(sigmoid[:DRAWN, 0, :2], tanh[:DRAWN, 0, :2]))


def _linear(stream: torch.Generator, inputs: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, std=1 / math.sqrt(inputs), generator=stream)
    nn.init.zeros_(layer.bias)
    return layer


def _gradients(network: nn.Sequential, points: Tensor, labels: Tensor) -> Tensor:
    """The gradient of each example's own loss: examples × units × incoming weights."""
    losses = F.cross_entropy(network(points), labels, reduction="none")
    weight = list(network.parameters())[2]
    return torch.stack([torch.autograd.grad(loss, weight, retain_graph=True)[0] for loss in losses])


def _one_sign(gradients: Tensor) -> float:
    """The share of examples and units whose incoming weights all get gradients of one sign."""
    same = (gradients > 0).all(dim=-1) | (gradients < 0).all(dim=-1)
    return same.double().mean().item()


def _opposite(gradients: Tensor) -> float:
    """The share of examples and units for which the first two incoming weights are pushed in opposite directions."""
    return (gradients[..., 0] * gradients[..., 1] < 0).double().mean().item()


def _plot(sigmoid: Tensor, tanh: Tensor) -> Plot:
    """One point an example: the gradients of the first unit's first two incoming weights."""
    apart = (tanh.prod(dim=1) < 0).double().mean().item()
    alt = (
        "Gradients of two incoming weights of one unit, one point an example: with sigmoid inputs every point lies "
        f"where both have the same sign; with tanh inputs {apart:.0%} of the points do not."
    )
    (sx, sy), (tx, ty) = (tuple(map(tuple, two.T.tolist())) for two in (sigmoid, tanh))
    series = (
        Series("sigmoid inputs", sx, sy, kind="points", marker="circle"),
        Series("tanh inputs", tx, ty, kind="points", marker="plus"),
    )
    return Plot(alt, x_label="gradient of weight 1", y_label="gradient of weight 2", series=series)
