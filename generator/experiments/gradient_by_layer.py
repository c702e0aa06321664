"""Gradients vanish on the way back through deep saturated tanh layers, and do not with the usual remedies.

Every layer multiplies the backward signal by its weights and by tanh'(z) = 1 − tanh²(z) ≤ 1. The weights are drawn as
nn.Linear draws them (uniform within ±1/√width) and large biases push most units into saturation; the product shrinks
from layer to layer. Each remedy changes this network: residual connections around the same saturated layers, tanh with
Xavier weights and no biases, ReLU with He weights and no biases. All layers are width × width, the last one without
activation. Figures are root-mean-square weight gradients by layer, over examples taken one at a time, relative to the
last layer's.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

EXAMPLES = 16


class Residual(nn.Module):
    """x + tanh(W x + b)"""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        """Keep the size of x."""
        return x + torch.tanh(self.linear(x))


def run(stream: torch.Generator, *, depth: int = 8, width: int = 64, bias: float = 2.0) -> Findings:
    """Measure weight gradients by layer in a deep saturated tanh network and with three remedies."""
    if not 3 <= depth <= 30 or not 8 <= width <= 512:
        raise ValueError(f"depth is {depth} and width {width}; 3 to 30 layers of 8 to 512 units would work")
    if not 0 <= bias <= 10:
        raise ValueError(f"bias is {bias}; a standard deviation from 0 to 10 would work")
    examples = torch.randn(EXAMPLES, width, generator=stream, dtype=torch.float64)
    targets = torch.randn(EXAMPLES, width, generator=stream, dtype=torch.float64)
    saturated = [_default(stream, width, bias) for _ in range(depth)]
    networks = {
        "tanh": _stack(saturated, nn.Tanh()),
        "residual": nn.Sequential(*map(Residual, saturated[:-1]), saturated[-1]),
        "xavier": _stack([_scaled(stream, width, 1.0) for _ in range(depth)], nn.Tanh()),
        "relu": _stack([_scaled(stream, width, math.sqrt(2)) for _ in range(depth)], nn.ReLU()),
    }
    sizes = {name: _gradient_sizes(network, examples, targets) for name, network in networks.items()}
    figures: dict[str, Figures] = {
        **{name: {"by_layer": [*size], "ratio": size[0]} for name, size in sizes.items()},
        "slope": _mean_slope(networks["tanh"], examples),
        "factor": sizes["tanh"][0] ** (1 / (depth - 1)),
    }
    return Findings(figures, _plot(sizes))


def _default(stream: torch.Generator, width: int, bias: float) -> nn.Linear:
    layer = nn.Linear(width, width, dtype=torch.float64)
    nn.init.uniform_(layer.weight, -1 / math.sqrt(width), 1 / math.sqrt(width), generator=stream)
    nn.init.normal_(layer.bias, std=bias, generator=stream)
    return layer


def _scaled(stream: torch.Generator, width: int, gain: float) -> nn.Linear:
    """Weights of standard deviation gain/√width: gain 1 is Xavier's rule, √2 is He's."""
    layer = nn.Linear(width, width, dtype=torch.float64)
    nn.init.normal_(layer.weight, std=gain / math.sqrt(width), generator=stream)
    nn.init.zeros_(layer.bias)
    return layer


def _stack(layers: list[nn.Linear], activation: nn.Module) -> nn.Sequential:
    return nn.Sequential(*(module for layer in layers[:-1] for module in (layer, activation)), layers[-1])


def _gradient_sizes(network: nn.Sequential, examples: Tensor, targets: Tensor) -> list[float]:
    """Root-mean-square weight gradient of one example's loss, from the first layer to the last, which is 1."""
    weights = [parameter for parameter in network.parameters() if parameter.dim() == 2]
    squares = torch.zeros(len(weights), dtype=torch.float64)
    for example, target in zip(examples, targets, strict=True):
        gradients = torch.autograd.grad(F.mse_loss(network(example), target), weights)
        squares += torch.stack([gradient.square().mean() for gradient in gradients])
    return (squares / squares[-1]).sqrt().tolist()


def _mean_slope(network: nn.Sequential, examples: Tensor) -> float:
    """The mean of tanh' over all units and examples."""
    slopes = []
    x = examples
    with torch.no_grad():
        for module in network:
            x = module(x)
            if isinstance(module, nn.Tanh):
                slopes.append((1 - x.square()).mean())
    return torch.stack(slopes).mean().item()


def _plot(sizes: dict[str, list[float]]) -> Plot:
    names = {
        "tanh": "tanh, saturated",
        "residual": "same layers, residual",
        "xavier": "tanh, Xavier weights",
        "relu": "ReLU, He weights",
    }
    layers = tuple(float(layer) for layer in range(1, len(sizes["tanh"]) + 1))
    ends = {name: f"{size[0]:.1g}" for name, size in sizes.items()}
    alt = (
        f"Weight gradient by layer, relative to the last layer: from layer {len(layers)} back to layer 1 the saturated "
        f"tanh network falls to {ends['tanh']}; with residual connections it ends at {ends['residual']}, with Xavier "
        f"weights at {ends['xavier']} and with ReLU and He weights at {ends['relu']}."
    )
    return Plot(
        alt,
        x_label="layer",
        y_label="weight gradient, relative to the last layer",
        series=tuple(Series(names[name], layers, tuple(size), marker="circle") for name, size in sizes.items()),
        y_log=True,
    )
