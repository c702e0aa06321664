"""How many multiply-accumulates one example costs in the convolutions and linear layers of a network."""

from __future__ import annotations

import math
from collections.abc import Sequence

from generator.forward import build, run
from generator.layers import Layer, Network
from generator.reference.output_shape import recompute as closed_shapes


def compute(network: Network, *, layers: Sequence[str] = ()) -> int:
    """Count with PyTorch's own counter, which adds a multiplication and an addition for each: half of its FLOPs.

    Additions of the bias are not counted. All layers when none are named.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    total = 0
    for step in run(network):
        if layers and step.layer.name not in layers:
            continue
        counter = FlopCounterMode(display=False)
        with torch.no_grad(), counter:
            build(step.layer)(torch.empty((1, *step.input), device="meta"))
        total += counter.get_total_flops() // 2
    return total


def recompute(network: Network, *, layers: Sequence[str] = ()) -> int:
    """The same by closed formula: each output element of a layer is one sum over a window, or over all inputs."""
    names = [layer.name for layer in network.layers]
    shapes = closed_shapes(network, layers=names)
    inputs = (network.input, *shapes[:-1])
    return sum(
        _cost(layer, given, out)
        for layer, given, out in zip(network.layers, inputs, shapes, strict=True)
        if not layers or layer.name in layers
    )


def _cost(layer: Layer, given: tuple[int, ...], out: tuple[int, ...]) -> int:
    if layer.kind == "Linear":
        return math.prod(out) * int(layer.argument("in_features"))
    if not layer.kind.startswith("Conv"):
        return 0
    kernel = layer.argument("kernel_size")
    window = math.prod(kernel if isinstance(kernel, tuple) else (kernel,) * (len(given) - 1))
    if layer.kind.startswith("ConvTranspose"):  # here each input element is spread over a window of the output
        return math.prod(given) * window * int(layer.argument("out_channels")) // int(layer.argument("groups", 1))
    return math.prod(out) * window * int(layer.argument("in_channels")) // int(layer.argument("groups", 1))


GIVES = "count"


def says() -> str:
    """What the paper must state for the answer to be one."""
    return (
        "count one multiplication with its addition as one, for one example; leave out biases, activations and pooling"
    )


def worked(network: Network, *, layers: Sequence[str] = ()) -> str:
    """The count of each layer, as a Markdown list with the numbers of this network."""
    lines = [
        f"- {step.layer.name}: {math.prod(step.output)} output values, "
        f"${_cost(step.layer, step.input, step.output)}$ multiply-accumulates"
        for step in run(network)
        if (not layers or step.layer.name in layers) and _cost(step.layer, step.input, step.output)
    ]
    return "\n".join([*lines, f"\nTogether {compute(network, layers=layers)}."])
