"""The size of a layer's output for one example, without the batch axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from generator.forward import Step, run
from generator.layers import RECURRENT, Layer, Network, shape_text
from generator.reference import Misconception
from generator.reference.altered import Change, altered, as_kind, until, with_
from generator.reference.sizes import SAME, Shape, each, paddings, sized, strides
from generator.spec import CONVENTIONS

GIVES = "shapes"
ANY = -1  # the size of the batch, which is any; PyTorch's view and reshape have it so


def compute(network: Network, *, layers: Sequence[str]) -> tuple[Shape, ...]:
    """Run the network once; give the shapes after the named layers, as PyTorch has them: channels first."""
    after = {step.layer.name: step.output for step in run(network)}
    return tuple(after[name] for name in layers)


def recompute(network: Network, *, layers: Sequence[str]) -> tuple[Shape, ...]:
    """The same by the closed formulas of PyTorch's documentation, in whole numbers."""
    after = {one.layer.name: one.output for one in sized(network)}
    return tuple(after[name] for name in layers)


def says(network: Network, *, layers: Sequence[str], shape_order: str = "chw") -> str:
    """The order of the axes, and that the batch is left out."""
    first = "N × " if shape_order.startswith("n") else ""
    shapes = dict(zip(layers, recompute(network, layers=layers), strict=True))
    rows = {name for name, shape in shapes.items() if len(shape) == 2}
    sequences = network.sequences()
    if rows and all(len(shape) < 3 for shape in shapes.values()) and (rows <= sequences or not rows & sequences):
        axes = "length × features" if rows <= sequences else "channels × length"
        _, comma, batch = CONVENTIONS["shape_order"][shape_order].partition(", ")
        return f"sizes are given as {first}{axes}{comma}{batch}"
    said = CONVENTIONS["shape_order"][shape_order]
    if rows & sequences:
        said += f"; of a sequence as {first}length × features"
    if rows - sequences:
        said += f"; of values along one axis as {first}channels × length"
    return said


def in_order(shape: Shape, order: str) -> Shape:
    """PyTorch's (channels, height, width) in the order of the exam: hwc and whc move the channels to the end.

    Two axes stay as PyTorch has them: channels × length of a signal, length × features of a sequence. Where the batch
    comes first (nchw, nhwc), its size is ANY.
    """
    if order.startswith("n"):
        return (ANY, *in_order(shape, order[1:]))
    if order == "chw" or len(shape) < 3:
        return shape
    sides = reversed(shape[1:]) if order == "whc" else shape[1:]
    return (*sides, shape[0])


def written(shape: Shape, order: str) -> str:
    """(10, 9, 9) → 9×9×10 when channels come last, N×9×9×10 when the batch comes first."""
    return shape_text(in_order(shape, order)).replace(f"{ANY}×", "N×", 1)


# ---- how it is got ----


def worked(network: Network, *, layers: Sequence[str], shape_order: str = "chw") -> str:
    """The size after each layer up to the last one asked for, as a Markdown table with the numbers of this network."""
    names = [layer.name for layer in network.layers]
    last = max(names.index(name) for name in layers)
    steps = run(network)[: last + 1]
    title = CONVENTIONS["shape_order"][shape_order].removeprefix("sizes are given as ").partition(",")[0]
    if all(len(step.output) < 3 for step in steps):
        title = "size"
    rows = [f"| layer | how its output gets its size | {title} |", "| --- | --- | --- |"]
    rows += [
        f"| {step.layer.name} | {_how(step, shape_order)} | {written(step.output, shape_order)} |" for step in steps
    ]
    return "\n".join(rows)


def _how(step: Step, order: str) -> str:
    layer, given, out = step.layer, step.input, step.output
    kind = layer.kind
    if kind == "From":
        return f"goes on from {layer.names[0]}"
    if kind == "Add":
        return "what is added has one size, which stays"
    if kind in SAME:
        return "each step keeps its size" if "Attention" in kind or "Transformer" in kind else _STAYS
    if kind == "Concat":
        axis = next(place for place in range(len(out)) if out[place] != given[place])
        parts = " + ".join(str(shape[axis]) for shape in (given, *step.others))
        return f"${parts} = {out[axis]}$ {'features' if axis else 'channels' if len(out) > 1 else 'values'}"
    if kind.startswith(("Conv", "MaxPool", "AvgPool")) and not isinstance(layer.argument("padding", 0), str):
        side = _transposed_side if "Transpose" in kind else _sliding_side
        told = dict.fromkeys(f"${side(layer, given, axis)} = {out[axis + 1]}$" for axis in range(len(given) - 1))
        kernels = "1 kernel" if out[0] == 1 else f"{out[0]} kernels"
        return f"{', '.join(told)}; {kernels if kind.startswith('Conv') else 'each channel for itself'}"
    if kind == "Flatten" and len(given) > 1:
        product = r" \cdot ".join(map(str, given))
        return f"${product} = {out[0]}$ values in a row"
    if kind == "Linear":
        return f"`out_features` = {out[-1]}"
    if kind == "Embedding":
        return f"each of the {out[0]} numbers becomes `embedding_dim` = {out[1]} features"
    if kind in RECURRENT:
        both = f"$2 \\cdot {layer.argument('hidden_size')} = {out[1]}$ features, both directions"
        return f"in each of the {out[0]} steps {both if layer.argument('bidirectional') else f'{out[1]} features'}"
    if kind == "LastStep":
        return f"the last of the {given[0]} steps"
    return f"{written(given, order)} becomes {written(out, order)}"


_STAYS = "one value for one value: the size stays"


def _sliding_side(layer: Layer, given: Shape, axis: int) -> str:
    """The formula of one side, with its numbers."""
    count, side = len(given) - 1, given[axis + 1]
    kernel, stride = each(layer, "kernel_size", count, 1)[axis], strides(layer, count)[axis]
    padding, dilation = (paddings(layer, count) or [0] * count)[axis], each(layer, "dilation", count, 1)[axis]
    reach = f"{dilation} \\cdot ({kernel} - 1) - 1" if dilation != 1 else f"{kernel}"
    left, right = (
        (r"\left\lceil", r"\right\rceil") if layer.argument("ceil_mode") else (r"\left\lfloor", r"\right\rfloor")
    )
    top = f"{side} + 2 \\cdot {padding} - {reach}" if padding else f"{side} - {reach}"
    return f"{left} ({top}) / {stride} {right} + 1" if stride != 1 else f"{top} + 1"


def _transposed_side(layer: Layer, given: Shape, axis: int) -> str:
    names = {"kernel_size": 1, "stride": 1, "padding": 0, "output_padding": 0, "dilation": 1}
    kernel, stride, padding, extra, dilation = (each(layer, n, len(given) - 1, d)[axis] for n, d in names.items())
    terms = [f"({given[axis + 1]} - 1) \\cdot {stride}"]
    terms += [f"- 2 \\cdot {padding}"] if padding else []
    terms.append(f"+ {kernel}" if dilation == 1 else f"+ {dilation} \\cdot ({kernel} - 1) + 1")
    terms += [f"+ {extra}"] if extra else []
    return " ".join(terms)


# ---- wrong ways ----


def _wrong(change: Change) -> Callable[..., tuple[Shape, ...]]:
    def wrong(network: Network, *, layers: Sequence[str]) -> tuple[Shape, ...]:
        return compute(altered(until(network, layers), change), layers=layers)

    return wrong


def _slides(layer: Layer) -> bool:
    return layer.kind.startswith(("Conv", "MaxPool", "AvgPool")) and "Transpose" not in layer.kind


def _no_padding(layer: Layer, _: Shape) -> Layer | None:
    return with_(layer, padding=None) if _is_padded(layer) else None


def _is_padded(layer: Layer) -> bool:
    padding = layer.argument("padding", 0)
    sides = padding if isinstance(padding, tuple) else (padding,)
    return layer.kind.startswith(("Conv", "MaxPool", "AvgPool")) and padding != "valid" and any(sides)


def padded(layer: Layer, sides: Sequence[tuple[int, int]], **arguments: Any) -> list[Layer] | None:
    """The layer behind one that pads each axis on its two sides; None for three axes, which none of ours pads."""
    if len(sides) > 2:
        return None
    amounts = tuple(amount for both in reversed(sides) for amount in both)  # the last axis comes first
    pad = Layer(f"{layer.name}_padding", f"ZeroPad{len(sides)}d", (("padding", amounts),))
    return [pad, with_(layer, **arguments)]


def _padding_once(layer: Layer, size: Shape) -> Sequence[Layer] | None:
    pads = paddings(layer, len(size) - 1) if _slides(layer) else None
    return padded(layer, [(pad, 0) for pad in pads], padding=None) if pads and any(pads) else None


def _rounded_up(layer: Layer, size: Shape) -> Layer | Sequence[Layer] | None:
    if not _slides(layer) or layer.argument("ceil_mode") or layer.argument("padding") == "same":
        return None
    if not layer.kind.startswith("Conv"):
        return with_(layer, ceil_mode=True)
    # as many zeros behind the last window as one more needs
    return padded(layer, [(0, stride - 1) for stride in strides(layer, len(size) - 1)])


def _rounded_down(layer: Layer, _: Shape) -> Layer | None:
    return with_(layer, ceil_mode=None) if layer.argument("ceil_mode") else None


def _stride_ignored(layer: Layer, _: Shape) -> Layer | None:
    stride = layer.argument("stride", 1)
    return with_(layer, stride=1, output_padding=None) if stride not in (1, (1,) * 3, (1,) * 2, (1,)) else None


def _window_slides_by_one(layer: Layer, _: Shape) -> Layer | None:
    pools = layer.kind.startswith(("MaxPool", "AvgPool")) and layer.argument("stride") is None
    return with_(layer, stride=1) if pools else None


def _no_plus_one(layer: Layer, size: Shape) -> Layer | None:
    """One stride less of room is one window less."""
    count = len(size) - 1
    if not _slides(layer) or layer.argument("padding") == "same":
        return None
    kernel, dilation = each(layer, "kernel_size", count, 1), each(layer, "dilation", count, 1)
    by_axis = list(zip(kernel, strides(layer, count), dilation, strict=True))
    if any(stride % spread for _, stride, spread in by_axis):
        return None
    stride_as_it_was = tuple(stride for _, stride, _ in by_axis)
    return with_(layer, kernel_size=tuple(k + s // d for k, s, d in by_axis), stride=stride_as_it_was)


def _no_dilation(layer: Layer, _: Shape) -> Layer | None:
    spread = layer.argument("dilation", 1)
    return with_(layer, dilation=None) if spread not in (1, (1,), (1, 1), (1, 1, 1)) else None


def _channels_kept(layer: Layer, size: Shape) -> Layer | None:
    changes = layer.kind.startswith("Conv") and layer.argument("out_channels") != size[0]
    return with_(layer, out_channels=size[0]) if changes else None


def _channels_multiplied(layer: Layer, size: Shape) -> Layer | None:
    """Every kernel for every input channel, and nothing added up."""
    several = layer.kind.startswith("Conv") and size[0] > 1
    return with_(layer, out_channels=size[0] * layer.argument("out_channels")) if several else None


def _as_convolution(layer: Layer, _: Shape) -> Layer | None:
    return as_kind(layer, layer.kind.replace("Transpose", "")) if "Transpose" in layer.kind else None


def _no_output_padding(layer: Layer, _: Shape) -> Layer | None:
    return with_(layer, output_padding=None) if layer.argument("output_padding") else None


def _one_direction(layer: Layer, _: Shape) -> Layer | None:
    return with_(layer, bidirectional=None) if layer.argument("bidirectional") else None


def _last_step(layer: Layer, _: Shape) -> Sequence[Layer] | None:
    if layer.kind not in RECURRENT:
        return None
    whole = Layer(f"{layer.name}_states", layer.kind, layer.arguments)
    return [whole, Layer(layer.name, "LastStep", ())]


def _channels_left_out(layer: Layer, size: Shape) -> Sequence[Layer] | None:
    if layer.kind != "Flatten" or len(size) < 2 or size[0] == 1:
        return None
    arguments = (("in_channels", size[0]), ("out_channels", 1), ("kernel_size", 1))
    return [Layer(f"{layer.name}_channel", f"Conv{len(size) - 1}d", arguments), layer]


def _joined(layer: Layer, _: Shape) -> Layer | None:
    return Layer(layer.name, "Concat", layer.arguments) if layer.kind == "Add" else None


def _added(layer: Layer, _: Shape) -> Layer | None:
    return Layer(layer.name, "Add", layer.arguments) if layer.kind == "Concat" else None


MISCONCEPTIONS = {
    "no_padding": Misconception("the padding is left out", _wrong(_no_padding)),
    "padding_once": Misconception("the padding is added on one side only", _wrong(_padding_once)),
    "ceil_for_floor": Misconception("what does not come out even is rounded up", _wrong(_rounded_up)),
    "floor_for_ceil": Misconception("what does not come out even is rounded down", _wrong(_rounded_down)),
    "stride_ignored": Misconception("the stride is left out", _wrong(_stride_ignored)),
    "pool_stride_one": Misconception("pooling moves by 1 and not by its window", _wrong(_window_slides_by_one)),
    "forgot_plus_one": Misconception("the + 1 for the first window is missing", _wrong(_no_plus_one)),
    "dilation_ignored": Misconception("the dilation is left out", _wrong(_no_dilation)),
    "channels_kept": Misconception("a convolution is taken to keep the number of channels", _wrong(_channels_kept)),
    "channels_multiplied": Misconception(
        "each kernel is taken to give a channel for every channel of the input", _wrong(_channels_multiplied)
    ),
    "transposed_as_convolution": Misconception(
        "a transposed convolution is taken for a convolution", _wrong(_as_convolution)
    ),
    "output_padding_ignored": Misconception("the output padding is left out", _wrong(_no_output_padding)),
    "one_direction": Misconception("only one of the two directions is counted", _wrong(_one_direction)),
    "last_step_only": Misconception("only the last step of a sequence is given", _wrong(_last_step)),
    "channels_left_out": Misconception("the channels are left out of the flattened vector", _wrong(_channels_left_out)),
    "joined_for_added": Misconception("what is added is joined", _wrong(_joined)),
    "added_for_joined": Misconception("what is joined is added", _wrong(_added)),
}
