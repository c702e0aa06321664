"""Random networks that fit, with branches and sequences, and calls that may or may not."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from generator.forward import DoesNotFit, run
from generator.layers import INPUT, Layer, Network

Shape = tuple[int, ...]


@st.composite
def networks(draw: st.DrawFn, most_layers: int = 6) -> Network:
    """Layers, each made to fit what comes in; those that still do not are left out."""
    axes = draw(st.integers(0, 3))
    shape: Shape = (draw(st.integers(1, 6)), *(draw(st.integers(1, 12)) for _ in range(axes)))
    network = Network(shape, ())
    for place in range(draw(st.integers(1, most_layers))):
        kind, arguments = draw(layers_for(shape))
        if network.layers and draw(st.integers(0, 3)) == 0:
            kind, arguments = draw(_words(network, shape))
        longer = Network(network.input, (*network.layers, Layer(f"l{place}", kind, tuple(arguments.items()))))
        try:
            shape = run(longer)[-1].output
        except DoesNotFit:
            continue
        network = longer
    return network if network.layers else Network(network.input, (Layer("l0", "ReLU", ()),))


@st.composite
def _words(draw: st.DrawFn, network: Network, shape: Shape) -> tuple[str, dict[str, Any]]:
    """A word that names earlier layers, mostly those that fit."""
    sizes = {INPUT: network.input} | {step.layer.name: step.output for step in run(network)}
    kind = draw(st.sampled_from(["Add", "Concat", "From"]))
    near = [name for name, size in sizes.items() if kind == "From" or size == shape] or [*sizes]
    most = 1 if kind == "From" else 2
    return kind, {"layers": tuple(draw(st.lists(st.sampled_from(near), min_size=1, max_size=most, unique=True)))}


@st.composite
def layers_for(draw: st.DrawFn, shape: Shape) -> tuple[str, dict[str, Any]]:
    """A layer that could take a shape."""
    axes = len(shape) - 1
    kinds = ["ReLU", "Identity", "Softmax", "Dropout", "Flatten", "Linear", "LayerNorm", "PReLU", "GELU", "Softplus"]
    if axes == 0:
        kinds += ["Embedding"] * 3
    if axes == 1:
        kinds += ["RNN", "LSTM", "GRU", "MultiheadAttention", "TransformerEncoderLayer", "LastStep", "ZeroPad1d"]
    if axes < 2:
        kinds += ["BatchNorm1d", "Unflatten"]
    if 0 < axes < 4:
        kinds += [f"{name}{axes}d" for name in ("Conv", "ConvTranspose", "MaxPool", "AvgPool") for _ in range(3)]
        kinds += ["Upsample", "GroupNorm", "Unflatten"]
    if axes in (1, 2, 3):
        kinds += [f"AdaptiveAvgPool{axes}d", f"AdaptiveMaxPool{axes}d"]
    if axes == 2:
        kinds += [
            "BatchNorm2d",
            "InstanceNorm2d",
            "Dropout2d",
            "PixelShuffle",
            "ZeroPad2d",
            "UpsamplingNearest2d",
            "UpsamplingBilinear2d",
        ]
    kind = draw(st.sampled_from(kinds))
    return kind, draw(_arguments(kind, shape))


@st.composite
def _arguments(draw: st.DrawFn, kind: str, shape: Shape) -> dict[str, Any]:
    axes = len(shape) - 1

    def sizes(least: int, most: int) -> int | tuple[int, ...]:
        each = st.integers(least, most)
        drawn: int | tuple[int, ...] = draw(st.one_of(each, st.tuples(*[each] * axes)))
        return drawn

    def some(**strategies: Any) -> dict[str, Any]:
        return {name: value() for name, value in strategies.items() if draw(st.booleans())}

    channels = shape[0]
    groups = draw(st.sampled_from([size for size in range(1, channels + 1) if channels % size == 0]))
    if kind.startswith("Conv"):
        extra = {"output_padding": lambda: sizes(0, 1)} if "Transpose" in kind else {}
        return {
            "in_channels": channels,
            "out_channels": groups * draw(st.integers(1, 3)),
            "kernel_size": sizes(1, 4),
            "groups": groups,
            **some(
                stride=lambda: sizes(1, 3),
                padding=lambda: sizes(0, 3),
                dilation=lambda: sizes(1, 2),
                bias=lambda: draw(st.booleans()),
                **extra,
            ),
        }
    if kind.startswith(("MaxPool", "AvgPool")):
        dilation = {"dilation": lambda: sizes(1, 2)} if kind.startswith("Max") else {}
        ceil = {"ceil_mode": lambda: draw(st.booleans())}
        return {
            "kernel_size": sizes(1, 4),
            **some(stride=lambda: sizes(1, 4), padding=lambda: sizes(0, 2), **dilation, **ceil),
        }
    match kind:
        case "Linear":
            return {"in_features": shape[-1], "out_features": draw(st.integers(1, 8)), **some(bias=lambda: False)}
        case "Flatten":
            return some(start_dim=lambda: draw(st.integers(1, len(shape))))
        case "Unflatten":
            parts = [size for size in range(1, channels + 1) if channels % size == 0]
            first = draw(st.sampled_from(parts))
            return {"dim": 1, "unflattened_size": (first, draw(st.sampled_from([-1, channels // first])))}
        case "LayerNorm":
            return {
                "normalized_shape": draw(st.sampled_from([shape[-1], shape])),
                **some(bias=lambda: False, elementwise_affine=lambda: False),
            }
        case "PReLU":
            return {"num_parameters": draw(st.sampled_from([1, channels]))}
        case "BatchNorm1d" | "BatchNorm2d" | "InstanceNorm2d":
            return {"num_features": channels, **some(affine=lambda: draw(st.booleans()))}
        case "Embedding":
            return {"num_embeddings": draw(st.integers(1, 9)), "embedding_dim": draw(st.integers(1, 6))}
        case "RNN" | "LSTM" | "GRU":
            more = some(num_layers=lambda: 2, bias=lambda: False, bidirectional=lambda: True)
            return {"input_size": shape[-1], "hidden_size": draw(st.integers(1, 6)), **more}
        case "MultiheadAttention":
            return {"embed_dim": shape[-1], "num_heads": draw(_dividing(shape[-1])), **some(bias=lambda: False)}
        case "TransformerEncoderLayer":
            more = {"dim_feedforward": draw(st.integers(1, 9)), **some(bias=lambda: False)}
            return {"d_model": shape[-1], "nhead": draw(_dividing(shape[-1])), **more}
        case "GroupNorm":
            return {"num_groups": groups, "num_channels": channels, **some(affine=lambda: False)}
        case "Upsample" | "UpsamplingNearest2d" | "UpsamplingBilinear2d":
            if draw(st.booleans()):
                return {"size": sizes(1, 9)}
            return {"scale_factor": draw(st.sampled_from([0.5, 1.5, 2, 3, 2.7]))}
        case "PixelShuffle":
            return {"upscale_factor": draw(st.sampled_from([size for size in (1, 2) if channels % size**2 == 0]))}
        case "ZeroPad1d" | "ZeroPad2d":
            sides = st.tuples(*[st.integers(0, 3)] * (2 * axes))
            return {"padding": draw(st.one_of(st.integers(0, 3), sides))}
        case "Softmax":
            return {"dim": draw(st.integers(1, len(shape)))}
        case _ if kind.startswith("Adaptive"):
            return {"output_size": sizes(1, 5)}
    return {}


def _dividing(size: int) -> st.SearchStrategy[int]:
    return st.sampled_from([part for part in range(1, size + 1) if size % part == 0])


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Network, tuple[int, int]]:
    """A network of one convolution of one map, and the row and column of an element of its input."""
    sides = (draw(st.integers(1, 8)), draw(st.integers(1, 8)))

    def pair(least: int, most: int) -> int | tuple[int, int]:
        return draw(st.one_of(st.integers(least, most), st.tuples(st.integers(least, most), st.integers(least, most))))

    arguments = {
        "kernel_size": pair(1, 4),
        "stride": pair(1, 3),
        "padding": pair(0, 3),
        "dilation": pair(1, 2),
    }
    spans = [_each(arguments["dilation"])[i] * (_each(arguments["kernel_size"])[i] - 1) + 1 for i in (0, 1)]
    pads = _each(arguments["padding"])
    sides = tuple(max(side, span - 2 * pad, 1) for side, span, pad in zip(sides, spans, pads, strict=True))  # type: ignore[assignment] # two of them
    layer = Layer("conv", "Conv2d", (("in_channels", 1), ("out_channels", 1), *arguments.items()))
    index = (draw(st.integers(1, sides[0])), draw(st.integers(1, sides[1])))
    return Network((1, *sides), (layer,)), index


def _each(value: int | tuple[int, int]) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)
