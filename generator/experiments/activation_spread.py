"""Show how weights that start too small shrink activations and gradients layer by layer, and what helps.

`depth` layers of `width` units and no biases run on Gaussian inputs of standard deviation 1, three times: with Gaussian
weights of standard deviation `scale`, with the same weights and batch normalization before each activation, and with
weights scaled to the number of inputs (Xavier for tanh, He for ReLU). A unit multiplies the spread of its inputs by
about scale · √width, so that after n layers it is about (scale · √width)ⁿ.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

EXAMPLES = 128
ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "ReLU": nn.ReLU}


def run(
    stream: torch.Generator, *, depth: int = 8, width: int = 200, scale: float = 0.01, activation: str = "tanh"
) -> Findings:
    """Measure the standard deviation of each layer's activations and the size of the first layer's gradient."""
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}")
    if not (2 <= depth <= 20 and 16 <= width <= 512):
        raise ValueError("depth must be from 2 to 20 and width from 16 to 512")
    if not 1e-4 <= scale < 1 / width**0.5:
        raise ValueError(f"scale must be at least 0.0001 and, to be too small, below 1/√width = {1 / width**0.5:.3g}")
    inputs = torch.randn(EXAMPLES, width, generator=stream, dtype=torch.float64)
    directions = torch.randn(EXAMPLES, width, generator=stream, dtype=torch.float64)
    weights = torch.randn(depth, width, width, generator=stream, dtype=torch.float64)
    gain = nn.init.calculate_gain("relu") if activation == "ReLU" else 1.0
    runs = {
        "small": _measure(_network(weights * scale, activation, nn.Identity), inputs, directions),
        "normalized": _measure(_network(weights * scale, activation, nn.BatchNorm1d), inputs, directions),
        "scaled": _measure(_network(weights * gain / width**0.5, activation, nn.Identity), inputs, directions),
    }
    figures: dict[str, Figures] = {
        name: {"spread": [*spread], "first": spread[0], "last": spread[-1], "gradient": gradient}
        for name, (spread, gradient) in runs.items()
    }
    figures["factor"] = (runs["small"][0][-1] / runs["small"][0][0]) ** (1 / (depth - 1))
    return Findings(figures, _picture({name: spread for name, (spread, _) in runs.items()}))


def _network(weights: Tensor, activation: str, between: type[nn.Module]) -> nn.Sequential:
    """Layers of a given weight, something in between, and the activation."""
    layers: list[nn.Module] = []
    for weight in weights:
        width = len(weight)
        linear = nn.Linear(width, width, bias=False, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(weight)
        layers.append(nn.Sequential(linear, between(width).double(), ACTIVATIONS[activation]()))
    return nn.Sequential(*layers)


def _measure(network: nn.Sequential, inputs: Tensor, directions: Tensor) -> tuple[list[float], float]:
    """Run forward and back; `directions` plays the part of the loss's gradient at the last layer, one row an example.

    Returns the standard deviation of each layer's activations, and the root mean square of the first weights' gradient.
    """
    spread = []
    data = inputs
    for layer in network:
        data = layer(data)
        spread.append(data.std().item())
    torch.autograd.backward((data * directions).mean())
    first = next(network.parameters()).grad
    assert first is not None
    return spread, float(first.square().mean().sqrt())


NAMES = {
    "small": "weights too small",
    "normalized": "the same with batch normalization",
    "scaled": "weights scaled to the width",
}


def _picture(spreads: dict[str, Sequence[float]]) -> Plot:
    small, scaled = spreads["small"], spreads["scaled"]
    depth = len(small)
    layers = tuple(float(number) for number in range(1, depth + 1))
    return Plot(
        f"With weights too small the standard deviation falls from {small[0]:.2g} after layer 1 to {small[-1]:.1e} "
        f"after layer {depth}; with weights scaled to the width it is {scaled[-1]:.2g} there.",
        "layer",
        "standard deviation of activations",
        tuple(Series(NAMES[name], layers, tuple(spread), marker="circle") for name, spread in spreads.items()),
        y_log=True,
    )
