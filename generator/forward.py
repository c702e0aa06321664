"""Turn layers into torch.nn modules, and run one example through a network of them.

Large layers run on PyTorch's `meta` device, where tensors have shapes and no memory, so that no listing costs more than
a moment. That device lets pass some layers that PyTorch refuses elsewhere, so their arguments are looked at here.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generator.layers import Layer, Network, shape_text

if TYPE_CHECKING:
    import torch

LARGEST = 2**40  # numbers in a layer's weights or output; beyond it PyTorch's own products of sizes may overflow


class DoesNotFit(ValueError):
    """A layer cannot be built, or cannot take what the one before it gives."""

    def __init__(self, layer: str, message: str) -> None:
        super().__init__(message)
        self.layer = layer


@dataclass(frozen=True)
class Step:
    """One layer of a run: the shapes in and out, without the batch axis."""

    layer: Layer
    input: tuple[int, ...]
    output: tuple[int, ...]


# what PyTorch raises for arguments and shapes that make no sense
_REFUSALS = (RuntimeError, ValueError, TypeError, ArithmeticError, IndexError, AssertionError, NotImplementedError)


# ---- building a layer ----


def build(layer: Layer, device: str = "meta") -> torch.nn.Module:
    """Turn a layer into its PyTorch module; raises DoesNotFit."""
    import torch

    for complaint in _complaints(layer):
        raise DoesNotFit(layer.name, f"layer {layer.name} cannot be built: {complaint}")
    try:
        with torch.device(device):
            module: torch.nn.Module = getattr(torch.nn, layer.kind)(**dict(layer.arguments)).eval()
        weights = sum(parameter.numel() for parameter in module.parameters())
    except _REFUSALS as error:
        if "overflow" not in str(error).lower():
            raise DoesNotFit(layer.name, f"layer {layer.name} cannot be built: {_first_line(error)}") from None
        weights = LARGEST + 1
    if weights > LARGEST:
        raise DoesNotFit(layer.name, f"layer {layer.name} has more weights than any computer holds")
    return module


# whole numbers, and the least that each may be
_LEAST = dict.fromkeys(
    (
        "dilation", "divisor_override", "groups", "in_channels", "in_features", "kernel_size", "normalized_shape",
        "num_channels", "num_features", "num_groups", "num_parameters", "out_channels", "out_features", "output_size",
        "size", "stride", "upscale_factor",
    ), 1
) | {"dim": -LARGEST, "end_dim": -LARGEST, "output_padding": 0, "padding": 0, "start_dim": -LARGEST,
     "unflattened_size": -1}  # fmt: skip
# one number for all axes, or one for each
_BY_AXIS = {"kernel_size", "stride", "padding", "dilation", "output_padding", "output_size"}
_SEVERAL = {*_BY_AXIS, "normalized_shape", "scale_factor", "size", "unflattened_size"}
_NUMBERS = {"alpha", "beta", "eps", "init", "momentum", "negative_slope", "p", "scale_factor", "threshold"}


def _complaints(layer: Layer) -> Iterator[str]:
    """What is wrong with the arguments of a layer, whatever it is given."""
    for name, value in layer.arguments:
        if isinstance(value, tuple) and name not in _SEVERAL:
            yield f"{name} must be one value, not {value}"
        for each in _each(value):
            if name in _LEAST and not (name == "padding" and isinstance(each, str)):
                if not isinstance(each, int) or isinstance(each, bool):
                    yield f"{name} must be a whole number, not {each!r}"
                elif each < _LEAST[name]:
                    yield f"{name} must be at least {_LEAST[name]}, not {each}"
                elif each > LARGEST:
                    yield f"{name} is larger than any computer can take: {each}"
            if name in _NUMBERS and (not isinstance(each, int | float) or isinstance(each, bool)):
                yield f"{name} must be a number, not {each!r}"
            elif name == "scale_factor" and each <= 0:
                yield f"scale_factor must be more than 0, not {each}"
        axes = _axes(layer.kind)
        if layer.kind == "ZeroPad2d":
            axes = 4  # left, right, top, bottom
        if axes and name in _BY_AXIS and isinstance(value, tuple) and len(value) != axes:
            yield f"{name} has {axes} number{'s' if axes > 1 else ''} or one for all, not {len(value)}"
    yield from _output_padding(layer)


def _output_padding(layer: Layer) -> Iterator[str]:
    given = {name: layer.argument(name, 1) for name in ("stride", "dilation")}
    extra = layer.argument("output_padding", 0)
    axes = _axes(layer.kind)
    for index in range(axes):
        pick = {name: value[index] if isinstance(value, tuple) else value for name, value in given.items()}
        here = extra[index] if isinstance(extra, tuple) else extra
        if here and here >= max(pick.values()):
            yield f"output_padding must be less than stride or dilation, not {here}"


def _each(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _axes(kind: str) -> int:
    """2 for Conv2d; 0 for layers that do not say."""
    return int(kind[-2]) if kind[-2:] in {"1d", "2d", "3d"} else 0


# ---- running a network ----


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread: on a busy machine several wait for each other fifty times as long as these sums take."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


SMALL = 2**20  # numbers in a layer's weights and output that a moment on the processor is enough for


def _is_small(layer: Layer, module: torch.nn.Module, given: tuple[int, ...]) -> bool:
    """Whether a layer may run on the processor: quicker to start than the meta device, which imports a compiler."""
    weights = sum(parameter.numel() for parameter in module.parameters())
    return math.prod(given) + weights + _most(layer, given) <= SMALL


def _most(layer: Layer, given: tuple[int, ...]) -> float:
    """As many numbers as a layer may give, or more."""

    def largest(name: str, default: int) -> float:
        return max(float(each) for each in _each(layer.argument(name, default)) if not isinstance(each, str))

    channels, sides = float(layer.argument("out_channels", given[0])), given[1:]
    match re.sub(r"\dd$", "", layer.kind):
        case "Linear":
            return math.prod(given[:-1]) * float(layer.argument("out_features"))
        case "Conv" | "MaxPool" | "AvgPool":
            padding = 0.0 if isinstance(layer.argument("padding"), str) else largest("padding", 0)
            return channels * math.prod(side + 2 * padding for side in sides)
        case "ConvTranspose":
            reach = largest("kernel_size", 1) * largest("dilation", 1) + largest("output_padding", 0)
            return channels * math.prod(side * largest("stride", 1) + reach for side in sides)
        case "Upsample":
            return channels * math.prod(max(side * largest("scale_factor", 1), largest("size", 1)) for side in sides)
        case "ZeroPad" | "Unflatten" | "PixelShuffle" | "AdaptiveAvgPool" | "AdaptiveMaxPool":
            return math.inf
        case "UpsamplingNearest" | "UpsamplingBilinear":
            return math.inf
    return math.prod(given)


def run(network: Network) -> tuple[Step, ...]:
    """Run a network layer by layer; raises DoesNotFit for the first that cannot take what it is given."""
    import torch

    if any(size < 1 for size in network.input) or math.prod(network.input) > LARGEST:
        raise DoesNotFit("", f"the input cannot have the size {shape_text(network.input)}")
    steps: list[Step] = []
    data = torch.empty((1, *network.input), device="meta")
    for layer in network.layers:
        given = tuple(data.shape[1:])
        module = build(layer)
        giver = f"layer {steps[-1].layer.name} gives it" if steps else "the input has"
        start = f"layer {layer.name} cannot take the {shape_text(given)} values that {giver}"
        for complaint in _misfits(layer, given):
            raise DoesNotFit(layer.name, f"{start}: {complaint}")
        try:
            with torch.no_grad(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # PyTorch's advice is for training, not for counting sizes
                if _is_small(layer, module, given):
                    data = module.to_empty(device="cpu")(torch.zeros(data.shape))
                else:
                    data = module(data.to("meta"))
        except _REFUSALS as error:
            raise DoesNotFit(layer.name, f"{start}: {_refusal(layer, error)}") from None
        gives = tuple(data.shape[1:])
        if data.numel() > LARGEST:
            raise DoesNotFit(layer.name, f"layer {layer.name} would give more values than any computer holds")
        if min(gives) < 1:
            raise DoesNotFit(layer.name, f"{start}: it would give {shape_text(gives)} values")
        steps.append(Step(layer, given, gives))
    return tuple(steps)


_AXES_IN_WORDS = {
    1: "values in a row",
    2: "channels × length",
    3: "channels × height × width",
    4: "channels × depth × height × width",
}
_MODES = {"linear": 2, "bilinear": 3, "bicubic": 3, "trilinear": 4}


def _misfits(layer: Layer, given: tuple[int, ...]) -> Iterator[str]:
    """Why a layer refuses what it is given, in the words of the exam."""
    kind = layer.kind
    wanted = _wanted_axes(layer)
    if wanted and len(given) not in wanted:
        yield f"it takes {' or '.join(_AXES_IN_WORDS[count] for count in wanted)}"
    for name in ("in_channels", "num_features", "num_channels", "in_features", "num_parameters"):
        wants = layer.argument(name)
        has, noun = (given[-1], "values") if name == "in_features" else (given[0], "channels")
        if wants is None or wants == has or (name == "num_parameters" and wants == 1):
            continue
        if name == "in_features" and wants == math.prod(given):
            yield "they must be flattened first"
        instead = "" if len(given) == 1 else f", not {has}"  # else the message has named it already
        yield f"it takes {wants} {noun if wants > 1 else noun[:-1]}{instead}"
    if kind == "LayerNorm":
        shape = _each(layer.argument("normalized_shape"))
        if shape != given[-len(shape) :]:
            yield f"it normalizes {shape_text(shape)} values, not {shape_text(given[-len(shape) :])}"
    if kind == "PixelShuffle" and given[0] % layer.argument("upscale_factor") ** 2:
        factor = layer.argument("upscale_factor")
        yield f"{given[0]} channels cannot be divided by {factor} · {factor}"
    for name in ("dim", "start_dim", "end_dim"):
        place = layer.argument(name, 0)
        if not -len(given) - 1 <= place <= len(given):
            yield f"there is no axis {place}"
        if kind in ("Flatten", "Unflatten") and name in dict(layer.arguments) and place in (0, -len(given) - 1):
            yield "it would mix the examples of a batch"


def _wanted_axes(layer: Layer) -> tuple[int, ...]:
    """How many axes a layer takes, the batch left out; empty when any number will do.

    PyTorch would take an example of too few axes for a batch of examples.
    """
    if layer.kind == "BatchNorm1d":
        return (1, 2)
    if layer.kind == "PixelShuffle":
        return (3,)
    if layer.kind == "Upsample":
        mode = layer.argument("mode", "nearest")
        return (_MODES[mode],) if mode in _MODES else (2, 3, 4)
    return (_axes(layer.kind) + 1,) if _axes(layer.kind) else ()


def _refusal(layer: Layer, error: Exception) -> str:
    """PyTorch's refusal in the words of the exam, where they are known."""
    said = str(error).lower()
    kernel, padding = layer.argument("kernel_size"), layer.argument("padding")
    if layer.kind == "GroupNorm" and "more than 1 value" in said:
        return "a group needs more than one value"
    if "overflow" in said:
        return "it would give more values than any computer holds"
    if kernel and "half" in said:
        return f"its padding of {_told(padding)} is more than half its window of {_told(kernel)}"
    if layer.kind.startswith("ConvTranspose") and "output size" in said:
        return f"its padding of {_told(padding)} leaves nothing"
    if kernel and ("output size" in said or "kernel size" in said):
        sides = kernel if isinstance(kernel, tuple) else (kernel,) * _axes(layer.kind)
        return f"its window of {_told(sides)} does not fit in"
    if "padding size" in said:
        return f"its padding of {_told(padding)} by {layer.argument('padding_mode')} does not fit in"
    if layer.kind == "Unflatten":
        return f"they cannot become {_told(layer.argument('unflattened_size'))}"
    return _first_line(error)


def _told(value: Any) -> str:
    return shape_text(_each(value))


def _first_line(error: Exception) -> str:
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    line = re.sub(r"^[\w.]+\(\): ", "", line)
    return (line[:1].lower() + line[1:160]).rstrip(".")
