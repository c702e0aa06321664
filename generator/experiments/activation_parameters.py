"""What leaky ReLU, PReLU and maxout add to a ReLU unit: learnable parameters, and a gradient where ReLU has none.

A ReLU unit is Linear(inputs, 1) and ReLU; a maxout unit with k pieces is the largest of the k outputs of
Linear(inputs, k). Parameters are counted on the modules and gradients taken by autograd.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

EXAMPLES = 500


class Maxout(nn.Module):
    """A maxout unit: the largest of `pieces` linear functions of its inputs."""

    def __init__(self, inputs: int, pieces: int) -> None:
        super().__init__()
        self.pieces = nn.Linear(inputs, pieces)

    def forward(self, x: Tensor) -> Tensor:
        """Examples × inputs → examples × 1."""
        values: Tensor = self.pieces(x)
        return values.max(dim=-1, keepdim=True).values


def run(
    stream: torch.Generator,
    *,
    slope: float = 0.01,
    channels: int = 16,
    inputs: int = 10,
    pieces: int = 2,
    picture: str = "leaky",
) -> Findings:
    """Count parameters of activations and units, and measure where their gradient is zero."""
    if picture not in ("leaky", "maxout"):
        raise ValueError(f"picture is '{picture}'; 'leaky' or 'maxout' would work")
    if not 0 < slope < 1:
        raise ValueError(f"slope is {slope}; a slope between 0 and 1 would work")
    if not (1 <= channels <= 4096 and 1 <= inputs <= 4096 and 2 <= pieces <= 100):
        raise ValueError("channels and inputs from 1 to 4096 and 2 to 100 pieces would work")
    leaky = nn.LeakyReLU(negative_slope=slope)
    relu_unit, maxout_unit = _unit(stream, inputs), Maxout(inputs, pieces)
    _draw(stream, maxout_unit)
    examples = torch.randn(EXAMPLES, inputs, generator=stream, dtype=torch.float64)
    figures: dict[str, Figures] = {
        "parameters": {
            "relu": _count(nn.ReLU()),
            "leaky_relu": _count(leaky),
            "prelu_shared": _count(nn.PReLU()),
            "prelu_per_channel": _count(nn.PReLU(num_parameters=channels)),
            "relu_unit": _count(relu_unit),
            "leaky_unit": _count(nn.Sequential(nn.Linear(inputs, 1), leaky)),
            "maxout_unit": _count(maxout_unit),
        },
        "leaky_gradient": {"negative": _gradient(leaky, -1.5), "positive": _gradient(leaky, 1.5)},
        "relu_gradient": {"negative": _gradient(nn.ReLU(), -1.5), "positive": _gradient(nn.ReLU(), 1.5)},
        "without_gradient": {
            "relu_unit": _without_gradient(relu_unit, examples),
            "maxout_unit": _without_gradient(maxout_unit, examples),
        },
        "maxout_as_relu": _largest_difference(relu_unit, inputs, examples),
    }
    return Findings(figures, _plot(leaky, slope) if picture == "leaky" else _plot_maxout(pieces))


def _unit(stream: torch.Generator, inputs: int) -> nn.Sequential:
    unit = nn.Sequential(nn.Linear(inputs, 1), nn.ReLU())
    _draw(stream, unit)
    nn.init.zeros_(list(unit.parameters())[1])  # so that the unit is off for about half of the examples
    return unit


def _draw(stream: torch.Generator, module: nn.Module) -> None:
    for parameter in module.double().parameters():
        nn.init.normal_(parameter, generator=stream)


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _gradient(activation: nn.Module, place: float) -> float:
    x = torch.tensor(place, dtype=torch.float64, requires_grad=True)
    return float(torch.autograd.grad(activation(x), x)[0])


def _without_gradient(unit: nn.Module, examples: Tensor) -> float:
    """The share of examples for which the output does not depend on the inputs, to first order."""
    examples = examples.detach().requires_grad_()
    gradients = torch.autograd.grad(unit(examples).sum(), examples)[0]
    return (gradients == 0).all(dim=1).double().mean().item()


def _largest_difference(relu_unit: nn.Sequential, inputs: int, examples: Tensor) -> float:
    """How far a maxout unit with the pieces 0 and w·x + b is from the ReLU unit with w and b."""
    maxout = Maxout(inputs, pieces=2).double()
    with torch.no_grad():
        for whole, part in zip(maxout.pieces.parameters(), relu_unit[0].parameters(), strict=True):
            whole[0] = 0
            whole[1] = part[0]
        return float((maxout(examples) - relu_unit(examples)).abs().max())


def _plot(leaky: nn.Module, slope: float) -> Plot:
    places = torch.linspace(-10, 1, 45, dtype=torch.float64)  # far to the left, where a small slope shows
    lines = (("leaky ReLU", leaky), ("ReLU", nn.ReLU()))
    return Plot(
        alt=f"Leaky ReLU equals ReLU right of 0; left of 0 it falls with slope {slope:g}, where ReLU is 0.",
        x_label="input",
        y_label="output",
        series=tuple(Series(name, tuple(places.tolist()), tuple(f(places).tolist())) for name, f in lines),
    )


def _plot_maxout(pieces: int) -> Plot:
    """A maxout unit on one input; its pieces are tangents of a parabola, so that each is the largest somewhere."""
    touching = torch.linspace(-2, 2, pieces, dtype=torch.float64)
    unit = Maxout(1, pieces).double()
    with torch.no_grad():
        for parameter, values in zip(unit.parameters(), (touching[:, None] / 2, -touching.square() / 4), strict=True):
            parameter.copy_(values)
    places = torch.linspace(-3, 3, 25, dtype=torch.float64)
    with torch.no_grad():
        lines, largest = unit.pieces(places[:, None]).T, unit(places[:, None]).flatten()
    x = tuple(places.tolist())
    return Plot(
        alt=f"On one input, {pieces} straight lines and their maximum, a convex line of {pieces} straight parts.",
        x_label="input",
        y_label="output",
        series=(
            Series("maxout unit", x, tuple(largest.tolist()), marker="circle"),
            *(Series("" if i else "one of its pieces", x, tuple(line.tolist())) for i, line in enumerate(lines)),
        ),
    )
