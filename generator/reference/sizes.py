"""Turn a network into the sizes of its layers by the closed formulas of PyTorch's documentation, in whole numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from generator.layers import INPUT, Layer, Network

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Sized:
    """A layer with the sizes that come into it, those that a word names last, and the size that it gives."""

    layer: Layer
    inputs: tuple[Shape, ...]
    output: Shape


def sized(network: Network) -> tuple[Sized, ...]:
    """Every layer with its sizes."""
    walk = Walk(network.input)
    return tuple(walk.go(layer) for layer in network.layers)


class Walk:
    """The sizes so far, as layer after layer is added."""

    def __init__(self, size: Shape) -> None:
        self.sizes = {INPUT: size}
        self.last = INPUT
        self.sequences: set[str] = set()

    def feeding(self, layer: Layer) -> list[str]:
        """The names of what the next layer takes."""
        named = list(layer.argument("layers", ()))
        return named if layer.kind == "From" else [self.last, *(name for name in named if name != self.last)]

    def go(self, layer: Layer) -> Sized:
        """Add a layer."""
        feeding = self.feeding(layer)
        inputs = tuple(self.sizes[name] for name in feeding)
        if layer.kind == "Concat":
            axis = 1 if len(inputs[0]) == 2 and self.sequences.intersection(feeding) else 0
            total = sum(shape[axis] for shape in inputs)
            output = (*inputs[0][:axis], total, *inputs[0][axis + 1 :])
        else:
            output = after(layer, inputs[0])
        if layer.kind in _STEPS or (layer.kind in _PASSING and self.sequences.intersection(feeding)):
            self.sequences.add(layer.name)
        self.last = layer.name
        self.sizes[layer.name] = output
        return Sized(layer, inputs, output)


def after(layer: Layer, shape: Shape) -> Shape:
    """The size that a layer of one input gives."""
    if layer.kind in SAME:
        return shape
    for prefix, rule in _RULES.items():
        if layer.kind.startswith(prefix):
            return rule(layer, shape)
    raise KeyError(f"{layer.kind} has no closed formula here")


SAME = {
    "ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh", "Softplus", "Softmax",
    "LogSoftmax",
    "Dropout", "Dropout2d", "Identity", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "InstanceNorm2d", "LayerNorm",
    "GroupNorm", "MultiheadAttention", "TransformerEncoderLayer", "Add", "From",
}  # fmt: skip
_STEPS = {"Embedding", "RNN", "LSTM", "GRU", "MultiheadAttention", "TransformerEncoderLayer", "Linear"}
_PASSING = SAME - {"Dropout2d", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "InstanceNorm2d", "GroupNorm"} | {"Concat"}


def convolved(size: int, kernel: int, stride: int, padding: int, dilation: int = 1, *, ceil: bool = False) -> int:
    """⌊(size + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1, of torch.nn.Conv2d and MaxPool2d."""
    span = size + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil:
        return span // stride + 1
    count = -(-span // stride) + 1
    # a window must start inside the input or its left padding
    return count - 1 if (count - 1) * stride >= size + padding else count


def each(layer: Layer, name: str, count: int, default: Any) -> list[Any]:
    """An argument for each axis."""
    value = layer.argument(name, default)
    return list(value) if isinstance(value, tuple) else [value] * count


def strides(layer: Layer, count: int) -> list[int]:
    """The stride for each axis; that of pooling is its window where none is given."""
    usual: Any = 1 if layer.kind.startswith("Conv") else layer.argument("kernel_size")
    return each(layer, "stride", count, usual)


def paddings(layer: Layer, count: int) -> list[int] | None:
    """The padding for each axis; None where it is 'same', which may differ on the two sides."""
    padding = layer.argument("padding", 0)
    return None if padding == "same" else [0] * count if padding == "valid" else each(layer, "padding", count, 0)


def _sliding(layer: Layer, shape: Shape, channels: int) -> Shape:
    sides = shape[1:]
    count = len(sides)
    pads = paddings(layer, count)
    if pads is None:
        return (channels, *sides)
    kernel, dilation = each(layer, "kernel_size", count, 1), each(layer, "dilation", count, 1)
    ceil = bool(layer.argument("ceil_mode", False))
    windows = zip(sides, kernel, strides(layer, count), pads, dilation, strict=True)
    return (channels, *(convolved(*window, ceil=ceil) for window in windows))


def _conv_transpose(layer: Layer, shape: Shape) -> Shape:
    """(size − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1, of torch.nn.ConvTranspose2d."""
    sides = shape[1:]
    names = {"kernel_size": 1, "stride": 1, "padding": 0, "output_padding": 0, "dilation": 1}
    by_axis = [each(layer, name, len(sides), default) for name, default in names.items()]
    grown = [(n - 1) * s - 2 * p + d * (k - 1) + o + 1 for n, k, s, p, o, d in zip(sides, *by_axis, strict=True)]
    return (layer.argument("out_channels"), *grown)


def _adaptive(layer: Layer, shape: Shape) -> Shape:
    return (shape[0], *each(layer, "output_size", len(shape) - 1, 1))


def _upsample(layer: Layer, shape: Shape) -> Shape:
    sides = shape[1:]
    if (size := layer.argument("size")) is not None:
        return (shape[0], *(size if isinstance(size, tuple) else [size] * len(sides)))
    factors = each(layer, "scale_factor", len(sides), 1)
    return (shape[0], *(math.floor(side * factor) for side, factor in zip(sides, factors, strict=True)))


def _flatten(layer: Layer, shape: Shape) -> Shape:
    whole = (1, *shape)
    start, end = (layer.argument(name, default) % len(whole) for name, default in (("start_dim", 1), ("end_dim", -1)))
    return (*whole[:start], math.prod(whole[start : end + 1]), *whole[end + 1 :])[1:]


def _unflatten(layer: Layer, shape: Shape) -> Shape:
    whole = (1, *shape)
    place, parts = layer.argument("dim") % len(whole), layer.argument("unflattened_size")
    known = math.prod(part for part in parts if part > 0)
    filled = [part if part > 0 else whole[place] // known for part in parts]
    return (*whole[:place], *filled, *whole[place + 1 :])[1:]


def _shuffle(layer: Layer, shape: Shape) -> Shape:
    factor = layer.argument("upscale_factor")
    return (shape[0] // factor**2, shape[1] * factor, shape[2] * factor)


def _zero_pad(layer: Layer, shape: Shape) -> Shape:
    """Padding is given for the last axis first: left, right, top, bottom."""
    axes = len(shape) - 1
    padding: Sequence[int] = each(layer, "padding", 2 * axes, 0)
    added = [padding[2 * place] + padding[2 * place + 1] for place in reversed(range(axes))]
    return (shape[0], *(side + more for side, more in zip(shape[1:], added, strict=True)))


def _recurrent(layer: Layer, shape: Shape) -> Shape:
    return (shape[0], layer.argument("hidden_size") * (2 if layer.argument("bidirectional") else 1))


_RULES: dict[str, Callable[[Layer, Shape], Shape]] = {
    "ConvTranspose": _conv_transpose,
    "Conv": lambda layer, shape: _sliding(layer, shape, layer.argument("out_channels")),
    "MaxPool": lambda layer, shape: _sliding(layer, shape, shape[0]),
    "AvgPool": lambda layer, shape: _sliding(layer, shape, shape[0]),
    "Adaptive": _adaptive,
    "Upsampl": _upsample,
    "Flatten": _flatten,
    "Unflatten": _unflatten,
    "PixelShuffle": _shuffle,
    "ZeroPad": _zero_pad,
    "Linear": lambda layer, shape: (*shape[:-1], layer.argument("out_features")),
    "Embedding": lambda layer, shape: (*shape, layer.argument("embedding_dim")),
    "RNN": _recurrent,
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "LastStep": lambda _, shape: shape[1:],
}
