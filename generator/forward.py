"""Turn layers into torch.nn modules, and run one example through a network of them.

Large layers run on PyTorch's `meta` device, where tensors have shapes and no memory, so that no listing costs more than
a moment. That device lets pass some layers that PyTorch refuses elsewhere, so their arguments are looked at here.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generator.layers import INPUT, RECURRENT, WORDS, Layer, Network, shape_text

if TYPE_CHECKING:
    import torch

LARGEST = 2**40  # numbers in a layer's weights or output; beyond it PyTorch's own products of sizes may overflow
MOST_STACKED = 100  # recurrent layers in one


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
    others: tuple[tuple[int, ...], ...] = ()  # what a word takes from layers that it names


# what PyTorch raises for arguments and shapes that make no sense
_REFUSALS = (RuntimeError, ValueError, TypeError, ArithmeticError, IndexError, AssertionError, NotImplementedError)


# ---- building a layer ----


def build(layer: Layer, device: str = "meta") -> torch.nn.Module:
    """Turn a layer into its PyTorch module; raises DoesNotFit.

    A word of ours has nothing to learn and no module; `gives` does what it says.
    """
    import torch

    if layer.kind in WORDS:
        return torch.nn.Identity()
    first = {"batch_first": True} if layer.kind in _BATCH_FIRST else {}
    for complaint in _complaints(layer):
        raise DoesNotFit(layer.name, f"layer {layer.name} cannot be built: {complaint}")
    try:
        with torch.device(device), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's advice is for training, not for counting
            module: torch.nn.Module = getattr(torch.nn, layer.kind)(**dict(layer.arguments), **first).eval()
        weights = sum(parameter.numel() for parameter in module.parameters())
    except _REFUSALS as error:
        if "overflow" not in str(error).lower():
            raise DoesNotFit(layer.name, f"layer {layer.name} cannot be built: {_first_line(error)}") from None
        weights = LARGEST + 1
    if weights > LARGEST:
        raise DoesNotFit(layer.name, f"layer {layer.name} has more weights than any computer holds")
    return module


_BATCH_FIRST = RECURRENT | {"MultiheadAttention", "TransformerEncoderLayer"}
# whole numbers, and the least that each may be
_LEAST = dict.fromkeys(
    (
        "d_model", "dilation", "dim_feedforward", "divisor_override", "embed_dim", "embedding_dim", "groups",
        "hidden_size", "in_channels", "in_features", "input_size", "kernel_size", "nhead", "normalized_shape",
        "num_channels", "num_embeddings", "num_features", "num_groups", "num_heads", "num_layers", "num_parameters",
        "out_channels", "out_features", "output_size", "size", "stride", "upscale_factor",
    ), 1
) | {"dim": -LARGEST, "end_dim": -LARGEST, "output_padding": 0, "padding": 0, "start_dim": -LARGEST,
     "unflattened_size": -1}  # fmt: skip
# one number for all axes, or one for each
_BY_AXIS = {"kernel_size", "stride", "padding", "dilation", "output_padding", "output_size"}
_SEVERAL = {*_BY_AXIS, "normalized_shape", "scale_factor", "size", "unflattened_size"}
_NUMBERS = {
    "alpha", "beta", "dropout", "eps", "init", "layer_norm_eps", "momentum", "negative_slope", "p", "scale_factor",
    "threshold",
}  # fmt: skip


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
        if layer.kind.startswith("ZeroPad"):
            axes *= 2  # left, right, top, bottom
        if axes and name in _BY_AXIS and isinstance(value, tuple) and len(value) != axes:
            yield f"{name} has {axes} number{'s' if axes > 1 else ''} or one for all, not {len(value)}"
    if layer.argument("num_layers", 1) > MOST_STACKED:
        yield f"num_layers is at most {MOST_STACKED}, not {layer.argument('num_layers')}"
    for whole, parts in (("embed_dim", "num_heads"), ("d_model", "nhead")):
        if layer.argument(whole, 0) % layer.argument(parts, 1):
            yield f"{whole} must be divisible by {parts}"
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


def _is_small(layer: Layer, module: torch.nn.Module, given: Sequence[tuple[int, ...]]) -> bool:
    """Whether a layer may run on the processor: quicker to start than the meta device, which imports a compiler."""
    weights = sum(parameter.numel() for parameter in module.parameters())
    return sum(map(math.prod, given)) + weights + _most(layer, *given) <= SMALL


def _most(layer: Layer, given: tuple[int, ...], *others: tuple[int, ...]) -> float:
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
        case "Embedding":
            return math.prod(given) * float(layer.argument("embedding_dim"))
        case "RNN" | "LSTM" | "GRU":
            return (
                math.prod(given[:-1]) * 2.0 * float(layer.argument("hidden_size") * (layer.argument("num_layers", 1)))
            )
        case "MultiheadAttention":  # each step is compared with each
            return math.prod(given) + float(layer.argument("num_heads")) * given[0] ** 2
        case "TransformerEncoderLayer":
            wide = float(layer.argument("dim_feedforward", 2048))
            return math.prod(given) + given[0] * wide + float(layer.argument("nhead")) * given[0] ** 2
        case "ZeroPad" | "Unflatten" | "PixelShuffle" | "AdaptiveAvgPool" | "AdaptiveMaxPool":
            return math.inf
        case "UpsamplingNearest" | "UpsamplingBilinear":
            return math.inf
    return math.prod(given) + sum(map(math.prod, others))


STEPS = 4  # of a sequence; a recurrent layer does the same in each, so a run with these tells its size


def gives(layer: Layer, module: torch.nn.Module, given: Sequence[torch.Tensor], sequence: bool = False) -> torch.Tensor:
    """What a layer gives for one batch: of a recurrent layer all hidden states, of attention what it attends to.

    `given` holds what comes in and what a word takes from the layers it names; `sequence` says that these hold
    length × features, which Concat joins along the features.
    """
    import torch

    match layer.kind:
        case "Add":
            return torch.stack(tuple(given)).sum(dim=0)
        case "Concat":
            return torch.cat(tuple(given), dim=_joined(sequence, given[0].dim() - 1) + 1)
        case "LastStep":
            return given[0][:, -1]
        case "Embedding":
            return typed(module(given[0].long()))
        case "RNN" | "LSTM" | "GRU":
            return typed(module(given[0])[0])
        case "MultiheadAttention":
            return typed(module(given[0], given[0], given[0], need_weights=False)[0])
    return typed(module(given[0]))


def _joined(sequence: bool, axes: int) -> int:
    """The axis that Concat joins along, the batch left out: channels, or the features of a sequence."""
    return 1 if sequence and axes == 2 else 0


def typed(value: Any) -> torch.Tensor:
    """What a module gives is a tensor, which its signature does not say."""
    import torch

    assert isinstance(value, torch.Tensor)
    return value


def with_memory(module: torch.nn.Module) -> torch.nn.Module:
    """A module of the meta device on the processor, with any weights; `to_empty` gives the same and imports a compiler.

    Made on the processor, it would draw its weights.
    """
    import torch

    weights = {name: torch.empty(one.shape, dtype=one.dtype) for name, one in module.state_dict().items()}
    module.load_state_dict(weights, assign=True)
    return module


def run(network: Network) -> tuple[Step, ...]:
    """Run a network layer by layer; raises DoesNotFit for the first that cannot take what it is given."""
    if any(size < 1 for size in network.input) or math.prod(network.input) > LARGEST:
        raise DoesNotFit("", f"the input cannot have the size {shape_text(network.input)}")
    sequences = network.sequences()
    shapes = {INPUT: network.input}  # kept by name, for layers that are named later
    steps: list[Step] = []
    for layer in network.layers:
        sources = network.sources(layer.name)
        _check_names(network, layer, sources, shapes)
        given = [shapes[source] for source in sources]
        giver = "the input has" if sources[0] == INPUT else f"layer {sources[0]} gives it"
        start = f"layer {layer.name} cannot take the {shape_text(given[0])} values that {giver}"
        module = build(layer)
        sequence = not sequences.isdisjoint(sources)
        for complaint in (*_misfits(layer, given[0]), *_strangers(network, layer)):
            raise DoesNotFit(layer.name, f"{start}: {complaint}")
        _check_match(layer, sources, given, sequence)
        try:
            output = _output(layer, module, given, sequence)
        except _REFUSALS as error:
            raise DoesNotFit(layer.name, f"{start}: {_refusal(layer, error)}") from None
        if math.prod(output) > LARGEST:
            raise DoesNotFit(layer.name, f"layer {layer.name} would give more values than any computer holds")
        if min(output) < 1:
            raise DoesNotFit(layer.name, f"{start}: it would give {shape_text(output)} values")
        shapes[layer.name] = output
        steps.append(Step(layer, given[0], output, tuple(given[1:])))
    return tuple(steps)


def _output(layer: Layer, module: torch.nn.Module, given: Sequence[tuple[int, ...]], sequence: bool) -> tuple[int, ...]:
    """The size that a layer gives; what comes in are zeros, or has no memory."""
    import torch

    short = [(min(given[0][0], STEPS), *given[0][1:])] if layer.kind in RECURRENT else given
    device = "cpu" if _is_small(layer, module, short) else "meta"
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = [torch.zeros((1, *shape), device=device) for shape in short]
        output = tuple(gives(layer, with_memory(module) if device == "cpu" else module, data, sequence).shape)
    return (given[0][0], *output[2:]) if layer.kind in RECURRENT else output[1:]


def _check_names(network: Network, layer: Layer, sources: Sequence[str], known: Mapping[str, Any]) -> None:
    """A word names layers that come before it; raises DoesNotFit."""
    for source in sources:
        if source == layer.name:
            raise DoesNotFit(layer.name, f"layer {layer.name} names itself")
        if source not in known:
            later = any(other.name == source for other in network.layers)
            why = "comes after it" if later else "is not there"
            raise DoesNotFit(layer.name, f"layer {layer.name} names layer {source}, which {why}")
    if layer.kind in {"Add", "Concat"} and len(sources) == 1:
        does = "join" if layer.kind == "Concat" else "add"
        raise DoesNotFit(layer.name, f"layer {layer.name} has nothing to {does}: it names only what comes in")


def _check_match(layer: Layer, sources: Sequence[str], given: Sequence[tuple[int, ...]], sequence: bool) -> None:
    """What is added has one size, what is joined differs along one axis only; raises DoesNotFit."""
    for source, shape in zip(sources[1:], given[1:], strict=True):
        axis = _joined(sequence, len(shape)) if layer.kind == "Concat" else len(shape)
        if len(shape) != len(given[0]) or any(
            one != other for place, (one, other) in enumerate(zip(shape, given[0], strict=True)) if place != axis
        ):
            theirs, ours = (f"the {shape_text(size)} values of {'the input' if name == INPUT else f'layer {name}'}"
                            for name, size in ((source, shape), (sources[0], given[0])))  # fmt: skip
            does = "join" if layer.kind == "Concat" else "add"
            raise DoesNotFit(layer.name, f"layer {layer.name} cannot {does} {theirs} to {ours}")


def _strangers(network: Network, layer: Layer) -> Iterator[str]:
    """An embedding looks up whole numbers, which no other layer gives."""
    if layer.kind == "Embedding":
        source = network.before(layer.name)
        while source and source.kind in {"From", "Identity"}:
            source = network.before(source.name)
        if source:
            yield "it takes whole numbers, as only the input may have"


_AXES_IN_WORDS = {
    1: "values in a row",
    2: "channels × length",
    3: "channels × height × width",
    4: "channels × depth × height × width",
}
_SEQUENCE = {*RECURRENT, "MultiheadAttention", "TransformerEncoderLayer", "LastStep"}
_MODES = {"linear": 2, "bilinear": 3, "bicubic": 3, "trilinear": 4}


_FEATURES = ("input_size", "embed_dim", "d_model")


def _misfits(layer: Layer, given: tuple[int, ...]) -> Iterator[str]:
    """Why a layer refuses what it is given, in the words of the exam."""
    kind = layer.kind
    wanted = _wanted_axes(layer)
    if wanted and len(given) not in wanted:
        told = ["length × features"] if kind in _SEQUENCE else [_AXES_IN_WORDS[count] for count in wanted]
        yield f"it takes {' or '.join(told)}"
    for name in ("in_channels", "num_features", "num_channels", "num_parameters", "in_features", *_FEATURES):
        wants = layer.argument(name)
        has, noun = (given[0], "channels")
        if name == "in_features" or name in _FEATURES:
            has, noun = given[-1], "values" if name == "in_features" else "features"
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
    if (heads := layer.argument("num_heads", layer.argument("nhead", 0))) and heads * given[0] ** 2 > LARGEST:
        yield "it would compare more steps than any computer can"
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
    if layer.kind in _SEQUENCE:
        return (2,)
    if layer.kind == "Embedding":
        return (1,)
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
    if layer.kind.startswith("InstanceNorm") and "more than 1 spatial" in said:
        return "a channel needs more than one value"
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
