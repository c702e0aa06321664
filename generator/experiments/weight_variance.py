"""Show what the variance of the initial weights makes of the signal in a deep network of ReLU units.

`depth` layers of `width` units and no biases run on Gaussian inputs; the weights have mean 0 and the variance c / n for
n inputs. In one layer the mean square of the outputs before ReLU is c times that of the inputs, and ReLU keeps half of
it, as the values before it are symmetric about 0. The factor of a layer is therefore c / 2: one for c = 2 (He).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

EXAMPLES = 64
SCALES = {"one": 1.0, "two": 2.0, "four": 4.0}


def run(stream: torch.Generator, *, depth: int = 8, width: int = 256, scale: float = 2.0) -> Findings:
    """Measure the mean square of each layer's ReLU outputs for weights of variance 1/n, 2/n, 4/n and scale/n."""
    if not (3 <= depth <= 12 and 200 <= width <= 512):
        raise ValueError("depth must be from 3 to 12 and width from 200 to 512")
    if not 0.25 <= scale <= 16:
        raise ValueError(f"scale is {scale}; 0.25 to 16 would work")
    inputs = torch.randn(EXAMPLES, width, generator=stream)
    weights = torch.randn(depth, width, width, generator=stream)
    squares = {name: _squares(inputs, weights, factor) for name, factor in {**SCALES, "given": scale}.items()}
    figures: dict[str, Figures] = {
        name: {"by_layer": [*values], "last": values[-1], "factor": (values[-1] / values[0]) ** (1 / depth)}
        for name, values in squares.items()
    }
    return Findings(figures, _picture(squares))


def _squares(inputs: Tensor, weights: Tensor, scale: float) -> list[float]:
    """The mean square of the inputs and of each layer's outputs."""
    width = inputs.shape[1]
    squares = [inputs.square().mean().item()]
    linear, relu = nn.Linear(width, width, bias=False), nn.ReLU()
    data = inputs
    with torch.no_grad():
        for weight in weights:
            linear.weight.copy_(weight * (scale / width) ** 0.5)
            data = relu(linear(data))
            squares.append(data.square().mean().item())
    return squares


def _picture(squares: dict[str, list[float]]) -> Plot:
    layers = tuple(map(float, range(len(squares["two"]))))
    ends = {name: values[-1] for name, values in squares.items()}
    return Plot(
        f"Mean square of the ReLU outputs by layer: after layer {len(layers) - 1} it is {ends['one']:.2g} with weights "
        f"of variance 1/n, {ends['two']:.2g} with 2/n, and {ends['four']:.2g} with 4/n.",
        "layer",
        "mean square",
        tuple(Series(f"variance {SCALES[name]:g}/n", layers, tuple(squares[name]), marker="circle") for name in SCALES),
        y_log=True,
    )
