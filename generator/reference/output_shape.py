"""The size of a layer's output for one example, without the batch axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from generator.forward import Step, run
from generator.layers import Layer, Network, shape_text

Shape = tuple[int, ...]


def compute(network: Network, *, layers: Sequence[str]) -> tuple[Shape, ...]:
    """Run the network once; give the shapes after the named layers, channels first as in PyTorch."""
    after = {step.layer.name: step.output for step in run(network)}
    return tuple(after[name] for name in layers)


def recompute(network: Network, *, layers: Sequence[str]) -> tuple[Shape, ...]:
    """The same by the closed formulas of PyTorch's documentation, in whole numbers."""
    after = {}
    shape = network.input
    for layer in network.layers:
        shape = _after(layer, shape)
        after[layer.name] = shape
    return tuple(after[name] for name in layers)


def convolved(size: int, kernel: int, stride: int, padding: int, dilation: int = 1, *, ceil: bool = False) -> int:
    """⌊(size + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1, of torch.nn.Conv2d and MaxPool2d."""
    span = size + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil:
        return span // stride + 1
    count = -(-span // stride) + 1
    # a window must start inside the input or its left padding
    return count - 1 if (count - 1) * stride >= size + padding else count


def _after(layer: Layer, shape: Shape) -> Shape:
    kind = layer.kind
    if kind in _SAME:
        return shape
    for prefix, rule in _RULES.items():
        if kind.startswith(prefix):
            return rule(layer, shape)
    raise KeyError(f"{kind} has no closed formula here")


_SAME = {
    "ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh", "Softplus", "Softmax",
    "LogSoftmax",
    "Dropout", "Dropout2d", "Identity", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LayerNorm", "GroupNorm",
}  # fmt: skip


def _each(layer: Layer, name: str, count: int, default: Any) -> list[Any]:
    value = layer.argument(name, default)
    return list(value) if isinstance(value, tuple) else [value] * count


def _sliding(layer: Layer, shape: Shape, channels: int, stride_default: Any) -> Shape:
    sides = shape[1:]
    count = len(sides)
    kernel = _each(layer, "kernel_size", count, 1)
    stride = _each(layer, "stride", count, stride_default or kernel)
    if isinstance(stride[0], list):
        stride = kernel
    dilation = _each(layer, "dilation", count, 1)
    padding = layer.argument("padding", 0)
    if padding == "same":
        return (channels, *sides)
    pads = [0] * count if padding == "valid" else _each(layer, "padding", count, 0)
    ceil = bool(layer.argument("ceil_mode", False))
    return (channels, *(convolved(*v, ceil=ceil) for v in zip(sides, kernel, stride, pads, dilation, strict=True)))


def _conv(layer: Layer, shape: Shape) -> Shape:
    return _sliding(layer, shape, layer.argument("out_channels"), 1)


def _pool(layer: Layer, shape: Shape) -> Shape:
    return _sliding(layer, shape, shape[0], None)


def _conv_transpose(layer: Layer, shape: Shape) -> Shape:
    """(size − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1, of torch.nn.ConvTranspose2d."""
    sides = shape[1:]
    names = {"kernel_size": 1, "stride": 1, "padding": 0, "output_padding": 0, "dilation": 1}
    each = [_each(layer, name, len(sides), default) for name, default in names.items()]
    grown = [(n - 1) * s - 2 * p + d * (k - 1) + o + 1 for n, k, s, p, o, d in zip(sides, *each, strict=True)]
    return (layer.argument("out_channels"), *grown)


def _adaptive(layer: Layer, shape: Shape) -> Shape:
    return (shape[0], *_each(layer, "output_size", len(shape) - 1, 1))


def _upsample(layer: Layer, shape: Shape) -> Shape:
    sides = shape[1:]
    if (size := layer.argument("size")) is not None:
        return (shape[0], *(size if isinstance(size, tuple) else [size] * len(sides)))
    factors = _each(layer, "scale_factor", len(sides), 1)
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
    padding = layer.argument("padding")
    left, right, top, bottom = padding if isinstance(padding, tuple) else (padding,) * 4
    return (shape[0], shape[1] + top + bottom, shape[2] + left + right)


_RULES: dict[str, Callable[[Layer, Shape], Shape]] = {
    "ConvTranspose": _conv_transpose,
    "Conv": _conv,
    "MaxPool": _pool,
    "AvgPool": _pool,
    "Adaptive": _adaptive,
    "Upsampl": _upsample,
    "Flatten": _flatten,
    "Unflatten": _unflatten,
    "PixelShuffle": _shuffle,
    "ZeroPad2d": _zero_pad,
    "Linear": lambda layer, shape: (*shape[:-1], layer.argument("out_features")),
}

GIVES = "shapes"


def says() -> str:
    """What the paper must state for the answer to be one."""
    return "for one example, without the batch axis"


def in_order(shape: Shape, order: str) -> Shape:
    """PyTorch's (channels, height, width) in the order of the exam: hwc moves the channels to the end."""
    return (*shape[1:], shape[0]) if order == "hwc" and len(shape) > 1 else shape


def worked(network: Network, *, layers: Sequence[str], order: str = "chw") -> str:
    """The size after each layer up to the last one asked for, as a Markdown table with the numbers of this network."""
    names = [layer.name for layer in network.layers]
    last = max(names.index(name) for name in layers)
    title = "height × width × channels" if order == "hwc" else "channels × height × width"
    rows = [f"| layer | how its output gets its size | {title} |", "| --- | --- | --- |"]
    rows += [
        f"| {step.layer.name} | {_how(step)} | {shape_text(in_order(step.output, order))} |"
        for step in run(network)[: last + 1]
    ]
    return "\n".join(rows)


def _how(step: Step) -> str:
    layer, given, out = step.layer, step.input, step.output
    kind = layer.kind
    if kind in _SAME:
        return "one value for one value: the size stays"
    if kind.startswith(("Conv", "MaxPool", "AvgPool")) and not isinstance(layer.argument("padding", 0), str):
        side = _transposed_side(layer, given) if "Transpose" in kind else _sliding_side(layer, given)
        kernels = "1 kernel" if out[0] == 1 else f"{out[0]} kernels"
        channels = kernels if kind.startswith("Conv") else "each channel for itself"
        return f"${side} = {out[1]}$; {channels}"
    if kind == "Flatten" and len(given) > 1:
        product = r" \cdot ".join(map(str, given))
        return f"${product} = {out[0]}$ values in a row"
    if kind == "Linear":
        return f"`out_features` = {out[-1]}"
    return f"{shape_text(given)} becomes {shape_text(out)}"


def _sliding_side(layer: Layer, given: Shape) -> str:
    """The formula of the height, with its numbers."""
    kernel = _each(layer, "kernel_size", len(given) - 1, 1)[0]
    stride = _each(layer, "stride", len(given) - 1, 1 if layer.kind.startswith("Conv") else kernel)[0]
    padding = _each(layer, "padding", len(given) - 1, 0)[0]
    dilation = _each(layer, "dilation", len(given) - 1, 1)[0]
    reach = f"{dilation} \\cdot ({kernel} - 1) - 1" if dilation != 1 else f"{kernel}"
    left, right = (
        (r"\left\lceil", r"\right\rceil") if layer.argument("ceil_mode") else (r"\left\lfloor", r"\right\rfloor")
    )
    top = f"{given[1]} + 2 \\cdot {padding} - {reach}" if padding else f"{given[1]} - {reach}"
    return f"{left} ({top}) / {stride} {right} + 1" if stride != 1 else f"{top} + 1"


def _transposed_side(layer: Layer, given: Shape) -> str:
    names = {"kernel_size": 1, "stride": 1, "padding": 0, "output_padding": 0, "dilation": 1}
    kernel, stride, padding, extra, dilation = (_each(layer, n, len(given) - 1, d)[0] for n, d in names.items())
    return f"({given[1]} - 1) \\cdot {stride} - 2 \\cdot {padding} + {dilation} \\cdot ({kernel} - 1) + {extra} + 1"
