"""How much of the input a unit of a layer sees: the side of its receptive field, its stride, and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from generator.formulas import number_text
from generator.forward import DoesNotFit, run, with_memory
from generator.layers import INPUT, Layer, Network
from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.altered import until, with_
from generator.reference.given import first_place
from generator.reference.sizes import each, strides
from generator.spec import CONVENTIONS

if TYPE_CHECKING:
    import torch

GIVES = "named"
WHOLE = ("size", "stride")
Axis = Literal["side", "height", "width", "depth", "length"]
AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
WIDEST = 2**12  # of a receptive field
LARGEST = 2**14  # the longest input that is tried
LONGEST = 2**17  # of a signal within a layer
WINDOWS = ("Conv", "MaxPool", "AvgPool", "ZeroPad")
# what gives one value for one value, each place for itself
_PLACEWISE = frozenset(
    ["ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh", "Softplus", "Identity", "Dropout",
     "Dropout2d", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "From", "Add", "Concat"]
)  # fmt: skip


def placewise(layer: Layer, axes: int) -> bool:
    """Whether each place goes on for itself; a softmax over the channels mixes no places."""
    over_channels = layer.kind in {"Softmax", "LogSoftmax"} and layer.argument("dim") in (1, -axes - 1)
    return layer.kind in _PLACEWISE or over_channels


def compute(
    network: Network, *, layer: str, axis: Axis = "side", unit: int | None = None, indices: str = "one"
) -> dict[str, float]:
    """Differentiate a unit in the middle of a long input: it sees the places whose gradient is not zero.

    Gives `size`, the places from the first to the last that it sees; `stride`, how far the next unit's lie from them;
    and `center`, the middle of what the unit in place `unit` (the first) sees, counted as `indices` says and padding
    aside, on a whole or a half. Weights of one let nothing cancel, and the axes of a window do not depend on each
    other, so each is run alone.

    Raises BadArgument for layers that do not slide windows, and where the axes differ and `axis` names none.
    """
    ran = _ready(network, layer)
    return _same([_by_autograd(ran, place, unit, indices) for place in places(ran, axis)])


def _ready(network: Network, layer: str) -> Network:
    """The network up to the layer; raises DoesNotFit when it does not run."""
    cut = until(network, [layer])
    run(cut)
    for one in cut.layers:
        if one.kind.startswith(("ConvTranspose", "Upsampl")):
            raise BadArgument("layer", f"what a unit behind a {one.kind} sees depends on its place")
        if not placewise(one, len(network.input) - 1) and not one.kind.startswith(WINDOWS):
            raise BadArgument("layer", f"{one.kind} slides no window")
    for place in range(len(network.input) - 1):
        first, end, _ = _windows(cut, place, layer)
        if end - first >= WIDEST:
            raise BadArgument("layer", f"a unit sees more than {WIDEST:,} places")
    return cut


def places(network: Network, axis: Axis) -> list[int]:
    """The axes to look at; raises BadArgument."""
    names = AXES.get(len(network.input) - 1, ())
    if not names:
        raise BadArgument("layer", "the input has no axis along which a window could slide")
    if axis == "side":
        return [*range(len(names))]
    if axis not in names:
        raise BadArgument("axis", f"the input has no {axis}, but {' and '.join(names)}")
    return [names.index(axis)]


def _same(found: Sequence[dict[str, float]]) -> dict[str, float]:
    if any(other != found[0] for other in found):
        raise BadArgument("axis", "the sides differ here, so one of them must be named")
    return found[0]


def _by_autograd(network: Network, place: int, unit: int | None, indices: str) -> dict[str, float]:
    import torch

    start = first_place(indices)
    at = 0 if unit is None else unit - start

    for side in (2**power for power in range(6, LARGEST.bit_length())):
        x = torch.ones((1, 1, side), dtype=torch.float64, requires_grad=True)
        try:
            y = flow(network, place, x)
        except DoesNotFit:
            continue
        middle = y.shape[-1] // 2
        if y.shape[-1] > middle + 1 >= 2:
            (first, last), (following, end) = (seen(x, y, one) for one in (middle, middle + 1))
            if first > 0 and end < side - 1:
                stride = following - first
                center = (first + last) / 2 - stride * (middle - at) + start
                return {"size": last - first + 1, "stride": stride, "center": center}
    raise BadArgument("layer", f"no input of up to {LARGEST:,} places shows what a unit sees")


def seen(x: torch.Tensor, y: torch.Tensor, at: int) -> tuple[int, int]:
    """The first and the last place of the input that one output depends on, counted from 0."""
    import torch

    (gradient,) = torch.autograd.grad(y[0, 0, at], x, retain_graph=True)
    found = gradient[0, 0].nonzero().flatten()
    if not len(found):
        raise BadArgument("layer", "a unit sees padding only")
    return int(found[0]), int(found[-1])


def flow(network: Network, place: int, x: torch.Tensor) -> torch.Tensor:
    """Run one axis of a network as a signal of one channel, with ones for weights; raises DoesNotFit."""
    import torch

    kept, last = {INPUT: x}, x
    for layer in network.layers:
        if layer.kind == "From":
            last = kept[layer.names[0]]
        elif layer.kind in {"Add", "Concat"}:
            branches = [kept[name] for name in network.sources(layer.name)]
            shortest = min(branch.shape[-1] for branch in branches)  # a longer input may give one branch a place more
            last = torch.stack([branch[..., :shortest] for branch in branches]).sum(dim=0)
        elif not placewise(layer, len(network.input) - 1):
            try:
                last = sliding(network, layer, place)(last)
            except RuntimeError:
                raise DoesNotFit(layer.name, f"the window of layer {layer.name} does not fit in") from None
        kept[layer.name] = last
        if last.shape[-1] > LONGEST:
            raise BadArgument("layer", f"layer {layer.name} gives more than {LONGEST:,} places in a row")
    return last


def sliding(network: Network, layer: Layer, place: int) -> torch.nn.Module:
    """The module of one axis with the window of the layer; raises BadArgument where it has none.

    An average stands for a maximum, as it depends on all that a maximum may depend on.
    """
    import torch

    axes, kind = len(network.input) - 1, layer.kind
    if kind.startswith("ZeroPad"):
        amounts = each(layer, "padding", 2 * axes, 0)
        if max(amounts) > LONGEST:
            raise BadArgument("layer", f"the padding of layer {layer.name} is wider than {LONGEST:,} places")
        return torch.nn.ZeroPad1d((amounts[2 * (axes - 1 - place)], amounts[2 * (axes - 1 - place) + 1]))
    if kind.startswith("Upsampl") and layer.argument("mode", "nearest") == "nearest" and "Bilinear" not in kind:
        given = {name: layer.argument(name) for name in ("size", "scale_factor") if layer.argument(name)}
        return torch.nn.Upsample(**{n: each(layer, n, axes, 1)[place] for n in given}, mode="nearest")
    if not kind.startswith(("Conv", "MaxPool", "AvgPool")):
        raise BadArgument("layer", f"{kind} slides no window")
    if layer.argument("padding_mode", "zeros") != "zeros":
        raise BadArgument("layer", f"layer {layer.name} pads with values of the input")
    kernel, spread = (each(layer, name, axes, 1)[place] for name in ("kernel_size", "dilation"))
    stride, padding = strides(layer, axes)[place], layer.argument("padding", 0)
    if kernel > WIDEST:
        raise BadArgument("layer", f"the window of layer {layer.name} is wider than {WIDEST:,} places")
    ceil = bool(layer.argument("ceil_mode"))
    if isinstance(padding, tuple):
        padding = padding[place]
    if not isinstance(padding, str) and padding > LONGEST:
        raise BadArgument("layer", f"the padding of layer {layer.name} is wider than {LONGEST:,} places")
    if not kind.startswith("Conv") and spread == 1:
        return torch.nn.AvgPool1d(kernel, stride, padding, ceil_mode=ceil).double()
    if ceil:
        raise BadArgument("layer", f"layer {layer.name} has both dilation and ceil_mode")
    module: torch.nn.Conv1d | torch.nn.ConvTranspose1d
    if kind.startswith("ConvTranspose"):
        more = each(layer, "output_padding", axes, 0)[place]
        given = {"output_padding": more, "dilation": spread, "bias": False, "device": "meta"}
        module = torch.nn.ConvTranspose1d(1, 1, kernel, stride, padding, **given)
    else:
        module = torch.nn.Conv1d(1, 1, kernel, stride, padding, spread, bias=False, device="meta")
    with_memory(module.double())
    torch.nn.init.ones_(module.weight)
    return module


def recompute(
    network: Network, *, layer: str, axis: Axis = "side", unit: int | None = None, indices: str = "one"
) -> dict[str, float]:
    """The same by the recurrence over layers: a window of k places, s apart, widens what is seen by (k − 1) · stride.

    Araujo, Norris and Sim, Computing Receptive Fields of Convolutional Neural Networks (Distill, 2019).
    """
    found = []
    for place in places(network, axis):
        first, end, stride = _windows(network, place, layer)
        before = (unit or 0) if indices == "zero" else (unit or 1) - 1
        center = (first + end) / 2 + stride * before + (0 if indices == "zero" else 1)
        found.append({"size": end - first + 1, "stride": stride, "center": center})
    return _same(found)


def _windows(network: Network, place: int, layer: str) -> tuple[int, int, int]:
    """What the first unit of a layer sees, from and to, counted from 0, and the stride."""
    windows, last = {INPUT: (0, 0, 1)}, INPUT
    for one in network.layers:
        windows[one.name] = _window(one, place, len(network.input) - 1, windows, last)
        last = one.name
        if last == layer:
            break
    return windows[layer]


def _window(
    layer: Layer, place: int, axes: int, windows: dict[str, tuple[int, int, int]], last: str
) -> tuple[int, int, int]:
    first, end, stride = windows[layer.names[0] if layer.kind == "From" else last]
    if layer.kind in {"Add", "Concat"}:
        several = [windows[name] for name in (last, *layer.names)]
        if any(one[2] != stride for one in several):
            raise BadArgument("layer", f"layer {layer.name} takes branches of different strides")
        return min(one[0] for one in several), max(one[1] for one in several), stride
    if layer.kind.startswith("ZeroPad"):
        padding = layer.argument("padding")
        before = padding if isinstance(padding, int) else padding[2 * (axes - 1 - place)]
        return first - before * stride, end - before * stride, stride
    if placewise(layer, axes):
        return first, end, stride
    kernel, spread, padding, moves = _along(layer, place)
    return first - padding * stride, end + ((kernel - 1) * spread - padding) * stride, stride * moves


def _along(layer: Layer, place: int) -> tuple[int, int, int, int]:
    """Kernel, dilation, padding before the first value, and stride along one axis."""

    def one(name: str, usual: Any) -> Any:
        value = layer.argument(name, usual)
        return value[place] if isinstance(value, tuple) else value

    kernel, spread = one("kernel_size", 1), one("dilation", 1)
    padding = one("padding", 0)
    if isinstance(padding, str):
        padding = (kernel - 1) * spread // 2 if padding == "same" else 0
    stride = layer.argument("stride")
    if stride is None:
        stride = 1 if layer.kind.startswith("Conv") else layer.argument("kernel_size")
    return kernel, spread, padding, stride[place] if isinstance(stride, tuple) else stride


# ---- what the paper says, and the key ----


def says(network: Network, *, axis: Axis = "side", indices: str = "one", pick: str | None = None) -> str:
    """What counts as seen, and from where places are counted, where one is asked for."""
    axes = AXES.get(len(network.input) - 1, ())
    along = f" along the {axis}" if axis != "side" else " along each side" if len(axes) > 1 else ""
    counted = "" if pick in WHOLE else f"; {CONVENTIONS['indices'][indices]}, without padding"
    return (
        f"the receptive field counts the places of the input{along}, from the first to the last, "
        f"that a unit away from the border depends on{counted}"
    )


def worked(network: Network, *, layer: str, axis: Axis = "side", unit: int | None = None, indices: str = "one") -> str:
    """The window and the stride after each layer, as a Markdown table with the numbers of this network."""
    names = [one.name for one in network.layers]
    cut = network.layers[: names.index(layer) + 1]
    axes = len(network.input) - 1
    place = places(network, axis)[0]
    rows = ["| layer | sees | stride |", "| --- | --- | --- |", "| input | $1$ | $1$ |"]
    windows, last = {INPUT: (0, 0, 1)}, INPUT
    for one in cut:
        before = windows[one.names[0] if one.kind == "From" else last]
        windows[one.name] = after = _window(one, place, axes, windows, last)
        last = one.name
        if not placewise(one, axes) and not one.kind.startswith("ZeroPad"):
            rows.append(f"| {one.name} | {_grown(one, place, before, after)} |")
        elif one.kind in {"Add", "Concat"} and after != before:
            rows.append(f"| {one.name} | the widest of its branches: ${after[1] - after[0] + 1}$ | ${after[2]}$ |")
        elif one.kind == "From":
            rows.append(f"| {one.name} | as {one.names[0]}: ${after[1] - after[0] + 1}$ | ${after[2]}$ |")
    first, end, stride = windows[layer]
    start = first_place(indices)
    number = start if unit is None else unit
    first, end = (at + stride * (number - start) + start for at in (first, end))
    middle, told = number_text((first + end) / 2), f"Unit {number} sees places {first} to {end}"
    padding = "" if first >= start else f" (those before {start} are padding)"
    return "\n".join([*rows, f"\n{told}{padding}; its center is {middle}.".replace("-", "−")])


def _grown(layer: Layer, place: int, before: tuple[int, int, int], after: tuple[int, int, int]) -> str:
    kernel, spread, _, moves = _along(layer, place)
    old, new = before[1] - before[0] + 1, after[1] - after[0] + 1
    apart = f" \\cdot {spread}" if spread > 1 else ""
    return f"${old} + ({kernel} - 1){apart} \\cdot {before[2]} = {new}$ | ${before[2]} \\cdot {moves} = {after[2]}$"


# ---- wrong ways ----


def _wrong(change: Callable[[Layer, int], Layer | None]) -> Callable[..., dict[str, float]]:
    """Change layers and look again; `change` is given a layer and its place among those that slide windows."""

    def wrong(
        network: Network, *, layer: str, axis: Axis = "side", unit: int | None = None, indices: str = "one"
    ) -> dict[str, float]:
        cut = until(network, [layer])
        order = {name: place for place, name in enumerate(one.name for one in cut.layers if _slides(one))}
        changed = [change(one, order[one.name]) if one.name in order else None for one in cut.layers]
        if not any(changed):
            raise DoesNotApply("nothing here can be mistaken in this way")
        layers = tuple(new or old for new, old in zip(changed, cut.layers, strict=True))
        # the sizes of the changed network do not matter, as what is seen is measured on an input that is long enough
        taken = Network(network.input, layers)
        return _same([_by_autograd(taken, place, unit, indices) for place in places(taken, axis)])

    return wrong


def _slides(layer: Layer) -> bool:
    return layer.kind.startswith(("Conv", "MaxPool", "AvgPool"))


def _mapped(layer: Layer, function: Callable[[int, int], int]) -> tuple[int, ...]:
    """The kernel with another number for each axis, made of its own and the stride."""
    axes = int(layer.kind[-2])
    kernel = each(layer, "kernel_size", axes, 1)
    return tuple(max(1, function(k, s)) for k, s in zip(kernel, strides(layer, axes), strict=True))


def _stride_one(layer: Layer, _: int) -> Layer | None:
    return with_(layer, stride=1) if set(strides(layer, int(layer.kind[-2]))) != {1} else None


def _sum_of_kernels(layer: Layer, place: int) -> Layer | None:
    """A kernel more than the first adds all its places, not all but one."""
    wider = _mapped(layer, lambda kernel, _: kernel + (place > 0))
    return with_(layer, stride=1, kernel_size=wider, padding=None)


def _no_minus_one(layer: Layer, _: int) -> Layer | None:
    moves = tuple(strides(layer, int(layer.kind[-2])))
    return with_(layer, kernel_size=_mapped(layer, lambda kernel, _: kernel + 1), stride=moves, padding=None)


def _own_stride(layer: Layer, _: int) -> Layer | None:
    moves = tuple(strides(layer, int(layer.kind[-2])))
    if set(moves) == {1}:
        return None
    wider = _mapped(layer, lambda kernel, stride: (kernel - 1) * stride + 1)
    return with_(layer, kernel_size=wider, stride=moves, padding=None)


def _no_pooling(layer: Layer, _: int) -> Layer | None:
    return Layer(layer.name, "Identity", ()) if "Pool" in layer.kind else None


def _no_dilation(layer: Layer, _: int) -> Layer | None:
    several = layer.argument("dilation", 1) not in (1, (1,), (1, 1), (1, 1, 1))
    return with_(layer, dilation=None) if several else None


def _alone(
    network: Network, *, layer: str, axis: Axis = "side", unit: int | None = None, indices: str = "one"
) -> dict[str, float]:
    """The window of the last layer that slides one, as if the layers before gave the input."""
    cut = until(network, [layer])
    sliding_ones = [one for one in cut.layers if _slides(one)]
    if len(sliding_ones) < 2:
        raise DoesNotApply("no window comes before it")
    only = Network(network.input, (sliding_ones[-1],))
    return _same([_by_autograd(only, place, unit, indices) for place in places(only, axis)])


MISCONCEPTIONS = {
    "stride_ignored": Misconception("the strides are left out", _wrong(_stride_one)),
    "kernels_summed": Misconception("the kernels are added up", _wrong(_sum_of_kernels)),
    "no_minus_one": Misconception("each layer adds its kernel in full, not less one", _wrong(_no_minus_one)),
    "pooling_ignored": Misconception("pooling is left out", _wrong(_no_pooling)),
    "own_stride": Misconception(
        "a layer's own stride widens its window, which only those of earlier layers do", _wrong(_own_stride)
    ),
    "dilation_ignored": Misconception("the dilation is left out", _wrong(_no_dilation)),
    "last_layer_only": Misconception("only the last window is counted", _alone),
}
