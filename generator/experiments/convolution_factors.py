"""Count what a convolution costs and what the usual ways to split it up cost.

All layers keep the height and width, stride 1, no biases. They are built on PyTorch's meta device; parameters are read
off the modules and multiply-accumulates off PyTorch's own counter while one image runs through. Two facts are measured
on real numbers: a 1 × 1 convolution is the same linear layer at every pixel, and `layers` stacked 3 × 3 convolutions
see a window of 2 · layers + 1 pixels, found as the extent of the gradient of one output with respect to the image.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from generator.experiments import Figures, Findings

LARGEST = 1024  # channels, maps


def run(
    stream: torch.Generator,
    *,
    channels: int = 64,
    maps: int = 128,
    reduced: int = 16,
    kernel: int = 3,
    side: int = 14,
    layers: int = 3,
) -> Findings:
    """Compare a full convolution with a depthwise-separable one, one behind a 1 × 1, and a stack of 3 × 3."""
    if kernel not in (3, 5, 7):
        raise ValueError(f"kernel is {kernel}; 3, 5 or 7 would work")
    if not all(1 <= count <= LARGEST for count in (channels, maps, reduced)) or not 1 <= side <= 512:
        raise ValueError(f"channels, maps and reduced must be from 1 to {LARGEST}, side from 1 to 512")
    if not 2 <= layers <= 5:
        raise ValueError(f"layers is {layers}; 2 to 5 would work")
    with torch.device("meta"):
        full = _conv(channels, maps, kernel)
        separable = nn.Sequential(_conv(channels, channels, kernel, groups=channels), _conv(channels, maps, 1))
        bottleneck = nn.Sequential(_conv(channels, reduced, 1), _conv(reduced, maps, kernel))
        stack = nn.Sequential(*(_conv(channels, channels, 3) for _ in range(layers)))
        large = _conv(channels, channels, 2 * layers + 1)
        image = torch.empty(1, channels, side, side)
    counts = {"full": full, "separable": separable, "bottleneck": bottleneck, "stack": stack, "large": large}
    costs = {name: _cost(network, image) for name, network in counts.items()}
    figures: dict[str, Figures] = {name: {**cost} for name, cost in costs.items()}
    figures |= {
        "separable_ratio": costs["full"]["macs"] / costs["separable"]["macs"],
        "bottleneck_ratio": costs["full"]["macs"] / costs["bottleneck"]["macs"],
        "stack_ratio": costs["large"]["parameters"] / costs["stack"]["parameters"],
        "stack_field": seen(stream, [3] * layers),
        "large_field": seen(stream, [2 * layers + 1]),
        "pointwise_difference": pointwise_difference(stream, min(channels, 32), min(maps, 32)),
    }
    return Findings(figures)


def _conv(inputs: int, outputs: int, kernel: int, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups, bias=False)


def _cost(network: nn.Module, image: Tensor) -> dict[str, int]:
    with FlopCounterMode(display=False) as counter:
        network(image)
    return {
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "macs": counter.get_total_flops() // 2,  # PyTorch counts a multiply-accumulate as two operations
    }


def seen(stream: torch.Generator, kernels: list[int]) -> int:
    """The side of the window of the image that one output of stacked convolutions depends on."""
    side = 2 * sum(kernels) + 1
    image = torch.rand(1, 1, side, side, generator=stream, dtype=torch.float64, requires_grad=True)
    out: Tensor = image
    for kernel in kernels:
        weight = torch.rand(1, 1, kernel, kernel, generator=stream, dtype=torch.float64) + 0.5  # nothing cancels out
        out = nn.functional.conv2d(out, weight, padding=kernel // 2)
    (gradient,) = torch.autograd.grad(out[0, 0, side // 2, side // 2], image)
    return int((gradient[0, 0] != 0).any(dim=1).sum())


def pointwise_difference(stream: torch.Generator, channels: int, maps: int) -> float:
    """The largest difference between a 1 × 1 convolution and a linear layer that takes the pixels one at a time."""
    conv = nn.Conv2d(channels, maps, 1, bias=False, dtype=torch.float64)
    linear = nn.Linear(channels, maps, bias=False, dtype=torch.float64)
    image = torch.randn(1, channels, 4, 5, generator=stream, dtype=torch.float64)
    with torch.no_grad():
        nn.init.normal_(linear.weight, generator=stream)
        conv.weight.copy_(linear.weight[:, :, None, None])
        pixels = [linear(image[0, :, row, column]) for row in range(4) for column in range(5)]
        by_pixel = torch.stack(pixels, dim=1).view(maps, 4, 5)
        return float((conv(image)[0] - by_pixel).abs().max())
