"""How many learnable numbers layers have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from generator.forward import build
from generator.layers import Layer, Network

Counted = Literal["all", "weights", "biases"]


def compute(network: Network, *, layers: Sequence[str] = (), count: Counted = "all") -> int:
    """Build the modules and count the elements of their parameters; all layers when none are named."""
    total = 0
    for layer in network.layers:
        if not layers or layer.name in layers:
            for name, parameter in build(layer).named_parameters():
                is_bias = name.endswith("bias")
                if count == "all" or (count == "biases") is is_bias:
                    total += parameter.numel()
    return total


def recompute(network: Network, *, layers: Sequence[str] = (), count: Counted = "all") -> int:
    """The same by closed formula, in whole numbers."""
    total = 0
    for layer in network.layers:
        if not layers or layer.name in layers:
            weights, biases = _weights_and_biases(layer)
            total += {"all": weights + biases, "weights": weights, "biases": biases}[count]
    return total


def _weights_and_biases(layer: Layer) -> tuple[int, int]:
    kind, bias = layer.kind, bool(layer.argument("bias", True))
    if kind == "Linear":
        outputs = layer.argument("out_features")
        return layer.argument("in_features") * outputs, outputs * bias
    if kind.startswith("Conv"):
        inputs, outputs = layer.argument("in_channels"), layer.argument("out_channels")
        window = math.prod(_kernel(layer.argument("kernel_size"), int(kind[-2])))
        return inputs * outputs // layer.argument("groups", 1) * window, outputs * bias
    if kind.startswith("BatchNorm"):
        features = layer.argument("num_features") * bool(layer.argument("affine", True))
        return features, features * bias
    if kind == "GroupNorm":
        channels = layer.argument("num_channels") * bool(layer.argument("affine", True))
        return channels, channels * bias
    if kind == "LayerNorm":
        shape = layer.argument("normalized_shape")
        size = math.prod(shape if isinstance(shape, tuple) else (shape,))
        size *= bool(layer.argument("elementwise_affine", True))
        return size, size * bias
    if kind == "PReLU":
        return layer.argument("num_parameters", 1), 0
    return 0, 0


def _kernel(size: Any, axes: int) -> tuple[int, ...]:
    return size if isinstance(size, tuple) else (size,) * axes


GIVES = "count"


def says(*, count: Counted = "all") -> str:
    """What the paper must state for the answer to be one."""
    return {"all": "count weights and biases", "weights": "count weights, not biases", "biases": "count biases only"}[
        count
    ]


def worked(network: Network, *, layers: Sequence[str] = (), count: Counted = "all") -> str:
    """The count of each layer, as a Markdown list with the numbers of this network."""
    lines = []
    for layer in network.layers:
        weights, biases = _weights_and_biases(layer)
        if (not layers or layer.name in layers) and weights + biases:
            parts = ([_product(layer, weights)] if count != "biases" else []) + (
                [f"{biases} biases"] if biases and count != "weights" else []
            )
            lines.append(f"- {layer.name}: {' and '.join(parts)}")
    return "\n".join([*lines, f"\nTogether {compute(network, layers=layers, count=count)}."])


def _product(layer: Layer, weights: int) -> str:
    if layer.kind == "Linear":
        return f"${layer.argument('in_features')} \\cdot {layer.argument('out_features')} = {weights}$ weights"
    if layer.kind.startswith("Conv"):
        inputs = layer.argument("in_channels") // layer.argument("groups", 1)
        window = " \\cdot ".join(map(str, _kernel(layer.argument("kernel_size"), int(layer.kind[-2]))))
        return f"${inputs} \\cdot {layer.argument('out_channels')} \\cdot {window} = {weights}$ weights"
    return f"{weights} weights"
