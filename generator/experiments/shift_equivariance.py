"""Show which layers carry a shift of the image over to their output, and which forget it.

A layer f is equivariant to a shift when f(shift(x)) = shift(f(x)), and invariant when f(shift(x)) = f(x). The outputs
of the fully connected layer are arranged as a map of the size of the image. Images are random and wrap around at the
border, so that nothing is lost there. Weights and pixels are multiples of 1/16, so that float64 sums are exact and 0
means 0. Differences are relative to the size of the output. With a stride, the output can only move by whole steps:
`odd` is what is left after the best of all its shifts when the image moves by one pixel.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.experiments import Figures, Findings

SIDE = 24  # divisible by each stride
CHANNELS = 2
MAPS = 3

Layer: TypeAlias = Callable[[Tensor], Tensor]


def run(stream: torch.Generator, *, stride: int = 2, down: int = 2, right: int = 4) -> Findings:
    """Shift an image by `down` and `right` pixels before each layer, and compare with a shift behind it."""
    if stride not in (2, 3, 4):
        raise ValueError(f"stride is {stride}; 2, 3 or 4 would work")
    if not (0 <= down < SIDE and 0 <= right < SIDE and down + right > 0):
        raise ValueError(f"down and right must be from 0 to {SIDE - 1}, and not both 0")
    image = torch.randint(0, 17, (1, CHANNELS, SIDE, SIDE), generator=stream).double() / 16
    shifted = image.roll((down, right), (2, 3))
    conv = _conv(stream, 1)
    strided = _conv(stream, stride)
    weight = torch.randint(-16, 17, (SIDE * SIDE, CHANNELS * SIDE * SIDE), generator=stream).double() / 16

    def pooled(x: Tensor) -> Tensor:
        return F.max_pool2d(x, stride)

    def linear(x: Tensor) -> Tensor:
        return F.linear(x.flatten(1), weight).view(1, 1, SIDE, SIDE)

    def averaged(x: Tensor) -> Tensor:
        return conv(x).sum((2, 3))  # the mean but for a factor, which would round

    with torch.no_grad():
        figures: dict[str, Figures] = {
            "conv": {
                "equivariance": _difference(conv(shifted), conv(image).roll((down, right), (2, 3))),
                "invariance": _difference(conv(shifted), conv(image)),
            },
            "relu": {"equivariance": _difference(conv(shifted).relu(), conv(image).relu().roll((down, right), (2, 3)))},
            "average": {"invariance": _difference(averaged(shifted), averaged(image))},
            "linear": {"equivariance": _difference(linear(shifted), linear(image).roll((down, right), (2, 3)))},
            "strided": _by_steps(strided, image, stride),
            "pooled": _by_steps(pooled, image, stride),
        }
    return Findings(figures)


def _conv(stream: torch.Generator, stride: int) -> Layer:
    weight = torch.randint(-16, 17, (MAPS, CHANNELS, 3, 3), generator=stream).double() / 16

    def conv(x: Tensor) -> Tensor:
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="circular"), weight, stride=stride)

    return conv


def _by_steps(layer: Layer, image: Tensor, stride: int) -> dict[str, Figures]:
    """A shift by the stride moves the output by one step; a shift by one pixel fits no step."""
    whole = layer(image.roll(stride, 2))
    odd = layer(image.roll(1, 2))
    out = layer(image)
    places = itertools.product(range(out.shape[2]), range(out.shape[3]))
    return {
        "whole": _difference(whole, out.roll(1, 2)),
        "odd": min(_difference(odd, out.roll(place, (2, 3))) for place in places),
    }


def _difference(one: Tensor, other: Tensor) -> float:
    return float((one - other).norm() / other.norm())
