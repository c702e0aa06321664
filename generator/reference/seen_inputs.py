"""Which rows and columns of the input a unit of a layer sees, those of the padding left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from generator.forward import run
from generator.layers import INPUT, Layer, Network
from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.altered import until, with_
from generator.reference.given import first_place
from generator.reference.receptive_field import flow, placewise
from generator.reference.receptive_field import seen as seen_by
from generator.reference.sizes import each, sized, strides

GIVES = "named"
LARGEST_SIDE = 1024
NAMES = {1: ("",), 2: ("row", "column"), 3: ("slice", "row", "column")}


def compute(network: Network, *, layer: str, index: Sequence[int], indices: str = "one") -> dict[str, int]:
    """Differentiate the unit at `index`, counted as `indices` says: it sees the inputs whose gradient is not zero.

    Gives first_row, last_row, first_column and last_column; of a signal first and last, of a volume slices too. Weights
    of one let nothing cancel, and the axes of a window do not depend on each other, so each is run alone. Raises
    BadArgument for layers that slide no windows, and for a unit that is not there.
    """
    return _by_autograd(_ready(network, layer, index, indices), index, indices)


def _ready(network: Network, layer: str, index: Sequence[int], indices: str) -> Network:
    """The network up to the layer; raises DoesNotFit and BadArgument."""
    cut = until(network, [layer])
    steps = run(cut)
    output = steps[-1].output
    if not 2 <= len(output) <= 4 or len(output) != len(network.input) or len(index) != len(output) - 1:
        raise BadArgument("index", f"a unit of layer {layer} has {max(0, len(output) - 1)} places, not {len(index)}")
    for step in steps:
        window = step.layer.argument("kernel_size", 1)
        if max(*step.input[1:], *step.output[1:], *(window if isinstance(window, tuple) else (window,))) > LARGEST_SIDE:
            raise BadArgument("layer", f"layer {step.layer.name} is wider than {LARGEST_SIDE:,} places")
    start = first_place(indices)
    if not all(start <= at < side + start for at, side in zip(index, output[1:], strict=True)):
        raise BadArgument("index", f"layer {layer} has no unit ({', '.join(map(str, index))})")
    return cut


def _by_autograd(network: Network, index: Sequence[int], indices: str) -> dict[str, int]:
    import torch

    start = first_place(indices)
    found: dict[str, int] = {}
    for place, name in enumerate(NAMES[len(index)]):
        x = torch.ones((1, 1, network.input[place + 1]), dtype=torch.float64, requires_grad=True)
        y = flow(network, place, x)
        if index[place] - start >= y.shape[-1]:
            raise BadArgument("index", f"there is no unit {index[place]}")
        first, last = seen_by(x, y, index[place] - start)
        found |= _named(name, first + start, last + start)
    return found


def _named(name: str, first: int, last: int) -> dict[str, int]:
    return {"_".join(filter(None, (end, name))): at for end, at in (("first", first), ("last", last))}


def recompute(network: Network, *, layer: str, index: Sequence[int], indices: str = "one") -> dict[str, int]:
    """The same by going back layer by layer, with every place of every window."""
    less = 0 if indices == "zero" else 1
    sides = {INPUT: network.input} | {one.layer.name: one.output for one in sized(until(network, [layer]))}
    found: dict[str, int] = {}
    for place, name in enumerate(NAMES[len(index)]):
        at = _back(network, layer, {index[place] - less}, place, sides)
        if not at:
            raise BadArgument("layer", "a unit sees padding only")
        found |= _named(name, min(at) + less, max(at) + less)
    return found


def _back(network: Network, name: str, at: set[int], place: int, sides: dict[str, tuple[int, ...]]) -> set[int]:
    """The places of the input that places of a layer's output depend on, along one axis."""
    order = [INPUT, *(layer.name for layer in network.layers)]
    wanted: dict[str, set[int]] = {name: at}
    for current in reversed(order[1 : order.index(name) + 1]):
        outputs = wanted.pop(current, None)
        if outputs is None:
            continue
        layer = network.layer(current)
        before = order[order.index(current) - 1]
        named = layer.argument("layers", ())
        for source in named if layer.kind == "From" else {before, *named}:
            seen = _through(
                layer, len(sides[source]) - 1, outputs, place, sides[source][place + 1], sides[current][place + 1]
            )
            wanted.setdefault(source, set()).update(seen)
    return wanted[INPUT]


def _through(layer: Layer, axes: int, outputs: set[int], place: int, side: int, gives: int) -> set[int]:
    """The places that come into a layer, of which there are `side`, for some of the `gives` that it has."""
    kind = layer.kind
    if placewise(layer, axes):
        return outputs
    if kind.startswith("Upsampl"):
        factor = layer.argument("scale_factor")
        factor = factor[place] if isinstance(factor, tuple) else factor
        return {min(side - 1, math.floor(at / factor) if factor else at * side // gives) for at in outputs}
    if kind.startswith("ZeroPad"):
        before = each(layer, "padding", 2 * axes, 0)[2 * (axes - 1 - place)]
        return {at - before for at in outputs if 0 <= at - before < side}
    kernel, spread = (each(layer, name, axes, 1)[place] for name in ("kernel_size", "dilation"))
    stride, padding = strides(layer, axes)[place], layer.argument("padding", 0)
    if isinstance(padding, str):
        padding = spread * (kernel - 1) // 2 if padding == "same" else 0
    padding = padding[place] if isinstance(padding, tuple) else padding
    if kind.startswith("ConvTranspose"):
        reached = {at: {at * stride + tap * spread - padding for tap in range(kernel)} for at in range(side)}
        return {at for at, places in reached.items() if places & outputs}
    windows = (at * stride + tap * spread - padding for at in outputs for tap in range(kernel))
    return {at for at in windows if 0 <= at < side}


def says(network: Network, *, indices: str = "one") -> str:
    """How places are counted."""
    what = " and ".join(f"{name}s" for name in NAMES[len(network.input) - 1] if name) or "places"
    return f"{what} are counted from {first_place(indices)}; those of the padding are not part of the input"


def worked(network: Network, *, layer: str, index: Sequence[int], indices: str = "one") -> str:
    """What the unit sees in each layer, back to the input, as a Markdown table."""
    start = first_place(indices)
    cut = until(network, [layer])
    sides = {INPUT: network.input} | {one.layer.name: one.output for one in sized(cut)}
    names = [name or "place" for name in NAMES[len(index)]]
    rows = [f"| values of | {' | '.join(f'{name}s' for name in names)} |", "| --- |" + " --- |" * len(names)]
    for name in reversed([INPUT, *(one.name for one in cut.layers)]):
        spans = [_span(cut, layer, name, at - start, place, sides, start) for place, at in enumerate(index)]
        if all(spans):
            rows.append(f"| {'the input' if name == INPUT else f'layer {name}'} | {' | '.join(spans)} |")
    return "\n".join(rows)


def _span(
    network: Network, layer: str, name: str, at: int, place: int, sides: dict[str, tuple[int, ...]], start: int
) -> str:
    """The places of one layer that a unit sees, as `3 to 7`; nothing when it does not look through that layer."""
    if name == layer:
        return str(at + start)
    names = [one.name for one in network.layers]
    rest = network.layers[names.index(name) + 1 :] if name != INPUT else network.layers
    behind = Network(sides[name], rest)
    if any(source not in {INPUT, *(one.name for one in rest)} for one in rest for source in behind.sources(one.name)):
        return ""  # a branch goes around it
    seen = _back(behind, layer, {at}, place, {**sides, INPUT: sides[name]})
    first, last = min(seen) + start, max(seen) + start
    return str(first) if first == last else f"{first} to {last}"


# ---- wrong ways ----


def _wrong(change: Callable[[Layer], Layer | None]) -> Callable[..., dict[str, int]]:
    def wrong(network: Network, *, layer: str, index: Sequence[int], indices: str = "one") -> dict[str, int]:
        cut = until(network, [layer])
        changed = [change(one) for one in cut.layers]
        if not any(changed):
            raise DoesNotApply("nothing here can be mistaken in this way")
        layers = tuple(new or old for new, old in zip(changed, cut.layers, strict=True))
        return _by_autograd(Network(network.input, layers), index, indices)

    return wrong


def _slides(layer: Layer) -> bool:
    return layer.kind.startswith(("Conv", "MaxPool", "AvgPool"))


def _no_padding(layer: Layer) -> Layer | None:
    padding = layer.argument("padding", 0)
    several = padding not in (0, "valid", (0,), (0, 0), (0, 0, 0))
    return with_(layer, padding=None) if several and _slides(layer) else None


def _stride_one(layer: Layer) -> Layer | None:
    if not _slides(layer) or set(strides(layer, int(layer.kind[-2]))) == {1}:
        return None
    return with_(layer, stride=1, output_padding=None)


def _no_pooling(layer: Layer) -> Layer | None:
    return Layer(layer.name, "Identity", ()) if "Pool" in layer.kind else None


def _counted(indices_: str) -> Callable[..., dict[str, int]]:
    """The places that are seen, counted in the other way."""

    def wrong(network: Network, *, layer: str, index: Sequence[int], indices: str = "one") -> dict[str, int]:
        if indices == indices_:
            raise DoesNotApply("so they are counted")
        found = compute(network, layer=layer, index=index, indices=indices)
        return {name: at + first_place(indices_) - first_place(indices) for name, at in found.items()}

    return wrong


def _last_window(network: Network, *, layer: str, index: Sequence[int], indices: str = "one") -> dict[str, int]:
    cut = until(network, [layer])
    names = [one.name for one in cut.layers if _slides(one)]
    if len(names) < 2:
        raise DoesNotApply("there is one window")
    layers = tuple(Layer(one.name, "Identity", ()) if one.name in names[:-1] else one for one in cut.layers)
    return _by_autograd(Network(network.input, layers), index, indices)


MISCONCEPTIONS = {
    "padding_counted": Misconception("the padding is taken for a part of the input", _wrong(_no_padding)),
    "stride_ignored": Misconception("the strides are left out", _wrong(_stride_one)),
    "pooling_ignored": Misconception("pooling is left out", _wrong(_no_pooling)),
    "last_window_only": Misconception("only the last window is looked at", _last_window),
    "counted_from_zero": Misconception("places are counted from 0", _counted("zero")),
    "counted_from_one": Misconception("places are counted from 1", _counted("one")),
}
