"""Large weights do not keep the gradient of a deep chain of sigmoid units from vanishing: they saturate the units.

Many chains of single sigmoid units are drawn, with weights of one size and either sign, and with biases whose spread is
half this size. Autograd gives the derivative of the last unit by the input; each layer multiplies it by its weight and
by the slope of its unit.
"""

from __future__ import annotations

import torch
from torch import Tensor

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

SMALL = 1.0
SIZES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


def run(stream: torch.Generator, *, weight: float = 20.0, depth: int = 10, chains: int = 2000) -> Findings:
    """Differentiate chains with weights of the sizes 1 and `weight`, and of sizes between for the picture."""
    if not 5 <= weight <= 1000:
        raise ValueError(f"weight is {weight}; 5 to 1000 would work")
    if not 3 <= depth <= 100:
        raise ValueError(f"depth is {depth}; 3 to 100 layers would work")
    if not 100 <= chains <= 20_000:
        raise ValueError(f"chains is {chains}; 100 to 20000 would work")
    small, large = (_slopes(stream, size, depth, chains) for size in (SMALL, weight))
    figures: dict[str, Figures] = {
        "small": {"median": small.median().item(), "exploding": _share(small)},
        "wide": {"median": large.median().item(), "exploding": _share(large)},
        "layers": depth,
    }
    return Findings(figures, _plot([_slopes(stream, size, depth, chains).median().item() for size in SIZES], depth))


def _share(slopes: Tensor) -> float:
    """The share of chains in which a change of the input grows."""
    return (slopes > 1).double().mean().item()


def _slopes(stream: torch.Generator, size: float, depth: int, chains: int) -> Tensor:
    """The absolute derivative of the last unit by the input of each chain."""
    start = h = torch.rand(chains, generator=stream, dtype=torch.float64).requires_grad_()
    for _ in range(depth):
        signs = 2 * torch.randint(2, (chains,), generator=stream) - 1
        biases = size / 2 * torch.randn(chains, generator=stream, dtype=torch.float64)
        h = torch.sigmoid(size * signs * h + biases)
    (slopes,) = torch.autograd.grad(h.sum(), start)
    return slopes.abs()


def _plot(medians: list[float], depth: int) -> Plot:
    per_layer = tuple(median ** (1 / depth) for median in medians)
    return Plot(
        "The factor by which a layer multiplies the gradient, in the middle one of many chains of sigmoid units, by "
        "the size of the weights. It stays below 1 for all sizes: it rises at first, and falls for large weights.",
        "size of the weights",
        "factor of a layer",
        (Series("middle chain", SIZES, per_layer),),
        x_log=True,
    )
