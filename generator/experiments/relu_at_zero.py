"""ReLU's derivative is 0 on the left and 1 on the right; at 0 there is none, and PyTorch returns 0.

Autograd is compared with difference quotients. At 0 the two one-sided quotients differ, which is why there is no
derivative; PyTorch takes the value 0 of the subgradients 0 … 1.
"""

from __future__ import annotations

import torch
from torch import nn

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

STEP = 2.0**-20  # a power of two: the quotients of a piecewise linear function have no rounding error


def run(stream: torch.Generator, *, point: float = 2.0, samples: int = 1000) -> Findings:
    """Measure ReLU's derivative at −point, 0 and point, and at random points of both sides."""
    if not 0.001 <= point <= 1000:
        raise ValueError(f"point is {point}; a size from 0.001 to 1000 would work")
    if not 1 <= samples <= 100_000:
        raise ValueError(f"samples is {samples}; 1 to 100000 would work")
    right = torch.rand(samples, generator=stream, dtype=torch.float64) * point + 2 * STEP
    figures: dict[str, Figures] = {
        "left": {"autograd": _derivative(-point), "quotient": _quotient(-point, STEP)},
        "right": {"autograd": _derivative(point), "quotient": _quotient(point, STEP)},
        "zero": {
            "autograd": _derivative(0.0),
            "from_left": _quotient(0.0, -STEP),
            "from_right": _quotient(0.0, STEP),
        },
        "largest_on_left": _derivatives(-right).abs().max().item(),
        "smallest_on_right": _derivatives(right).min().item(),
        "largest_on_right": _derivatives(right).max().item(),
        "samples": samples,
    }
    return Findings(figures, _plot(point))


def _derivatives(places: torch.Tensor) -> torch.Tensor:
    places = places.detach().requires_grad_()
    return torch.autograd.grad(nn.ReLU()(places).sum(), places)[0]


def _derivative(place: float) -> float:
    return _derivatives(torch.tensor(place, dtype=torch.float64)).item()


def _quotient(place: float, step: float) -> float:
    """(f(x + step) − f(x)) / step; a negative step looks to the left."""
    relu = nn.ReLU()
    here, there = (torch.tensor(x, dtype=torch.float64) for x in (place, place + step))
    return float((relu(there) - relu(here)) / step) + 0.0  # never −0.0


def _plot(point: float) -> Plot:
    places = torch.linspace(-point, point, 17, dtype=torch.float64)
    left, right = places[places < 0], places[places > 0]
    zero, one = _derivatives(left), _derivatives(right)
    return Plot(
        alt="ReLU is 0 left of 0 and rises with slope 1 right of it; its derivative jumps from 0 to 1 at 0.",
        x_label="input",
        y_label="value",
        series=(
            Series("ReLU", tuple(places.tolist()), tuple(nn.ReLU()(places).tolist())),
            Series("derivative left of 0", tuple(left.tolist()), tuple(zero.tolist()), kind="points", marker="circle"),
            Series("derivative right of 0", tuple(right.tolist()), tuple(one.tolist()), kind="points", marker="plus"),
        ),
    )
