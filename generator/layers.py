"""Turn a listing of layers into torch.nn modules, run it, and print it again.

The listing is read with `ast` against `LAYERS`; nothing in it is executed as code. Networks run on PyTorch's `meta`
device, where tensors have shapes and no memory, so that no listing costs more than a moment.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generator import formulas
from generator.formulas import Formula, FormulaError
from generator.mistakes import did_you_mean

if TYPE_CHECKING:
    import torch

MOST_LAYERS = 200

# the arguments of each layer in PyTorch's order; those before the bar are required. A test compares them with torch.nn.
_CONV = "in_channels out_channels kernel_size | stride padding dilation groups bias padding_mode"
_CONV_TRANSPOSE = "in_channels out_channels kernel_size | stride padding output_padding groups bias dilation"
_MAX_POOL = "kernel_size | stride padding dilation return_indices ceil_mode"
_AVG_POOL = "kernel_size | stride padding ceil_mode count_include_pad"
_NORM = "num_features | eps momentum affine track_running_stats"
_SIGNATURES = {
    "AdaptiveAvgPool1d": "output_size |",
    "AdaptiveAvgPool2d": "output_size |",
    "AdaptiveMaxPool1d": "output_size |",
    "AdaptiveMaxPool2d": "output_size |",
    "AvgPool1d": _AVG_POOL,
    "AvgPool2d": _AVG_POOL + " divisor_override",
    "AvgPool3d": _AVG_POOL + " divisor_override",
    "BatchNorm1d": _NORM,
    "BatchNorm2d": _NORM,
    "BatchNorm3d": _NORM,
    "Conv1d": _CONV,
    "Conv2d": _CONV,
    "Conv3d": _CONV,
    "ConvTranspose1d": _CONV_TRANSPOSE,
    "ConvTranspose2d": _CONV_TRANSPOSE,
    "ConvTranspose3d": _CONV_TRANSPOSE,
    "Dropout": "| p inplace",
    "Dropout2d": "| p inplace",
    "ELU": "| alpha inplace",
    "Flatten": "| start_dim end_dim",
    "GELU": "| approximate",
    "GroupNorm": "num_groups num_channels | eps affine",
    "Identity": "|",
    "LayerNorm": "normalized_shape | eps elementwise_affine bias",
    "LeakyReLU": "| negative_slope inplace",
    "Linear": "in_features out_features | bias",
    "LogSoftmax": "| dim",
    "MaxPool1d": _MAX_POOL,
    "MaxPool2d": _MAX_POOL,
    "MaxPool3d": _MAX_POOL,
    "PReLU": "| num_parameters init",
    "PixelShuffle": "upscale_factor |",
    "ReLU": "| inplace",
    "ReLU6": "| inplace",
    "SiLU": "| inplace",
    "Sigmoid": "|",
    "Softmax": "| dim",
    "Softplus": "| beta threshold",
    "Tanh": "|",
    "Unflatten": "dim unflattened_size |",
    "Upsample": "| size scale_factor mode align_corners recompute_scale_factor",
    "UpsamplingBilinear2d": "| size scale_factor",
    "UpsamplingNearest2d": "| size scale_factor",
    "ZeroPad2d": "padding |",
}
# return_indices changes what a layer returns, so a listing cannot ask for it
_NOT_OFFERED = {"return_indices", "recompute_scale_factor"}
_WORDS = {
    "padding": {"same", "valid"},
    "padding_mode": {"zeros", "reflect", "replicate", "circular"},
    "mode": {"nearest", "linear", "bilinear", "bicubic", "trilinear"},
    "approximate": {"none", "tanh"},
}


@dataclass(frozen=True)
class Signature:
    """The arguments of a layer, in order; the first `required` of them have no default."""

    arguments: tuple[str, ...]
    required: int

    @staticmethod
    def read(text: str) -> Signature:
        """Read `required arguments | others`."""
        required, _, others = text.partition("|")
        return Signature((*required.split(), *others.split()), len(required.split()))


LAYERS = {kind: Signature.read(text) for kind, text in _SIGNATURES.items()}


class ListingError(ValueError):
    """A listing cannot be read; `word` is the piece of it that is meant."""

    def __init__(self, message: str, word: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.word = word
        self.hint = hint


class DoesNotFit(ValueError):
    """A layer cannot be built, or cannot take what the one before it gives."""

    def __init__(self, layer: str, message: str) -> None:
        super().__init__(message)
        self.layer = layer


# ---- a listing whose numbers are drawn ----


@dataclass(frozen=True)
class Layer:
    """A layer with its arguments as numbers: `Conv2d(in_channels=1, out_channels=10, kernel_size=3)`."""

    name: str
    kind: str
    arguments: tuple[tuple[str, Any], ...]

    @property
    def call(self) -> str:
        """The layer as the listing prints it."""
        return f"{self.kind}({', '.join(f'{name}={_literal(value)}' for name, value in self.arguments)})"

    def argument(self, name: str, default: Any = None) -> Any:
        """The value that the listing gives an argument."""
        return dict(self.arguments).get(name, default)


@dataclass(frozen=True)
class Network:
    """A chain of layers and the shape of what goes in: (channels, height, width) without the batch axis."""

    input: tuple[int, ...]
    layers: tuple[Layer, ...]

    def layer(self, name: str) -> Layer:
        """The layer of that name; raises KeyError."""
        return next((layer for layer in self.layers if layer.name == name), None) or _missing(name)

    def before(self, name: str) -> Layer | None:
        """The layer that feeds the layer of that name, or None for the first."""
        names = [layer.name for layer in self.layers]
        place = names.index(name)
        return self.layers[place - 1] if place else None


def _missing(name: str) -> Layer:
    raise KeyError(name)


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


# ---- a listing as a question file writes it, with names for numbers ----


@dataclass(frozen=True)
class LayerPattern:
    """A layer whose arguments are formulas over drawn values."""

    name: str
    kind: str
    arguments: tuple[tuple[str, Formula], ...]

    def draw(self, values: Mapping[str, Any]) -> Layer:
        """Put drawn values into the arguments; raises FormulaError."""
        return Layer(self.name, self.kind, tuple((name, _argument(f, values)) for name, f in self.arguments))

    @property
    def names(self) -> frozenset[str]:
        """The values that the arguments need."""
        return frozenset().union(*(formula.names for _, formula in self.arguments))


def _argument(formula: Formula, values: Mapping[str, Any]) -> Any:
    value = formula.value(values)
    return tuple(value) if isinstance(value, list) else value


def read_call(name: str, text: str) -> LayerPattern:
    """Read `Conv2d(in_channels=1, out_channels=maps, kernel_size=3)`; raises ListingError."""
    text = text.strip()
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ListingError(
            f"'{_short(text)}' is not a layer", hint="a layer is written like ReLU() or Linear(8, 10)"
        ) from None
    if isinstance(tree, ast.Name | ast.Attribute):
        tree = ast.Call(func=tree, args=[], keywords=[])
    if not isinstance(tree, ast.Call):
        raise ListingError(f"'{_short(text)}' is not a layer", hint="a layer is written like ReLU() or Linear(8, 10)")
    kind = _kind(tree.func)
    signature = LAYERS[kind]
    if len(tree.args) > len(signature.arguments):
        raise ListingError(f"{kind} takes {len(signature.arguments)} arguments, not {len(tree.args)}")
    arguments: dict[str, Formula] = {}
    for position, node in enumerate(tree.args):
        if isinstance(node, ast.Starred):
            raise ListingError(f"'{ast.unparse(node)}' has no meaning in a listing", ast.unparse(node))
        arguments[signature.arguments[position]] = _formula(node)
    for keyword in tree.keywords:
        argument = keyword.arg or "**"
        if argument not in signature.arguments or argument in _NOT_OFFERED:
            offered = [known for known in signature.arguments if known not in _NOT_OFFERED]
            raise ListingError(f"{kind} has no argument '{argument}'", argument, did_you_mean(argument, offered))
        if argument in arguments:
            raise ListingError(f"{kind} is given '{argument}' twice", argument)
        arguments[argument] = _formula(keyword.value)
    missing = [argument for argument in signature.arguments[: signature.required] if argument not in arguments]
    if missing:
        raise ListingError(f"{kind} needs {' and '.join(missing)}", kind)
    for argument, formula in arguments.items():
        _check_words(kind, argument, formula)
    if kind.startswith("Upsampl") and ("size" in arguments) == ("scale_factor" in arguments):
        raise ListingError(f"{kind} needs either size or scale_factor", kind)
    if kind in {"Softmax", "LogSoftmax"} and "dim" not in arguments:
        arguments["dim"] = formulas.read("-1")
    return LayerPattern(name, kind, tuple(arguments.items()))


def _kind(node: ast.expr) -> str:
    text = ast.unparse(node)
    name = text.removeprefix("torch.").removeprefix("nn.")
    kind = name if name in LAYERS else _BY_LOWER_CASE.get(name.lower(), "")
    if not kind:
        hint = did_you_mean(name, LAYERS)
        if not hint.startswith("did"):
            hint = "the layers that a listing may use are in docs/question-language.md"
        raise ListingError(f"there is no layer '{_short(name)}'", name, hint)
    return kind


_BY_LOWER_CASE = {kind.lower(): kind for kind in LAYERS} | {
    "upsampling": "Upsample", "upsample2d": "Upsample", "maxpooling2d": "MaxPool2d", "averagepool2d": "AvgPool2d",
    "fc": "Linear", "dense": "Linear", "deconv2d": "ConvTranspose2d", "transposedconv2d": "ConvTranspose2d",
    "convtransposed2d": "ConvTranspose2d", "conv2dtranspose": "ConvTranspose2d",
}  # fmt: skip


def _formula(node: ast.expr) -> Formula:
    text = ast.unparse(node)
    try:
        return formulas.read(text)
    except FormulaError as error:
        raise ListingError(str(error), error.word or text, error.hint) from None


def _check_words(kind: str, argument: str, formula: Formula) -> None:
    """A word in quotes must be one that PyTorch knows there."""
    if not isinstance(formula.tree, ast.Constant) or not isinstance(formula.tree.value, str):
        return
    word, known = formula.tree.value, _WORDS.get(argument, set())
    if word not in known:
        hint = did_you_mean(word, known) if known else f"{argument} is a number"
        raise ListingError(f"{kind} does not know {argument} '{word}'", word, hint)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


# ---- a listing as a student writes it ----

_LINE = re.compile(
    r"\s*(?:(?P<name>[A-Za-z]\w{0,19})\s*[-–—:.)=]+\s*)?(?P<call>[A-Za-z][\w.]*\s*(?:\(.*\))?)\s*[;,]?\s*", re.DOTALL
)


def read_listing(text: str) -> tuple[Layer, ...]:
    """Read lines like `a - Conv2d(1, 10, kernel_size=(3, 3), padding=1)`; raises ListingError for the first bad one.

    Letters may be left out, positional arguments are those of PyTorch, and what follows a `#` is a remark.
    """
    layers: list[Layer] = []
    for line in _statements(text):
        found = _LINE.fullmatch(line)
        if not found:
            raise ListingError(f"'{_short(line.strip())}' is not a layer", hint="write it like 'a - Linear(8, 10)'")
        name = found["name"] or _letter(len(layers))
        if any(layer.name == name for layer in layers):
            raise ListingError(f"two layers are called '{name}'", name)
        try:
            layers.append(read_call(name, found["call"]).draw({}))
        except (ListingError, FormulaError) as error:
            raise ListingError(f"layer {name}: {error}", error.word, error.hint) from None
        if len(layers) > MOST_LAYERS:
            raise ListingError(f"a listing may have {MOST_LAYERS} layers")
    if not layers:
        raise ListingError("there is no layer here", hint="write one layer a line, like 'a - Linear(8, 10)'")
    return tuple(layers)


def _statements(text: str) -> list[str]:
    """Lines of a listing, with a call that runs over several lines joined into one, without remarks."""
    statements: list[str] = []
    depth = 0
    for line in text[:20_000].splitlines():
        line = re.sub(r"(#|//).*", "", line)
        if depth > 0 and statements:
            statements[-1] += " " + line.strip()
        elif line.strip():
            statements.append(line)
        depth = max(0, depth + line.count("(") - line.count(")"))
    return statements


def _letter(place: int) -> str:
    return chr(ord("a") + place) if place < 26 else f"layer{place + 1}"


# ---- running it ----


@dataclass(frozen=True)
class Step:
    """One layer of a run: the shapes in and out, without the batch axis."""

    layer: Layer
    input: tuple[int, ...]
    output: tuple[int, ...]


def build(layer: Layer, device: str = "meta") -> torch.nn.Module:
    """Turn a layer into its PyTorch module; raises DoesNotFit."""
    import torch

    for name, value in layer.arguments:
        smallest = _SMALLEST.get(name)
        if smallest is not None and any(isinstance(size, int) and size < smallest for size in _sizes(value)):
            raise DoesNotFit(
                layer.name,
                f"layer {layer.name} cannot be built: {name} must be at least {smallest}, not {_literal(value)}",
            )
    try:
        with torch.device(device):
            return getattr(torch.nn, layer.kind)(**dict(layer.arguments)).eval()  # type: ignore[no-any-return] # getattr hides the type
    except _REFUSALS as error:
        message = f"layer {layer.name} cannot be built: {_first_line(error)}"
        raise DoesNotFit(layer.name, message) from None


_SMALLEST = dict.fromkeys(
    ("in_channels", "out_channels", "kernel_size", "stride", "dilation", "groups", "in_features", "out_features"), 1
) | {"padding": 0, "output_padding": 0, "output_size": 1, "size": 1, "num_features": 1, "num_groups": 1}


def _sizes(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


# what PyTorch raises for arguments and shapes that make no sense
_REFUSALS = (RuntimeError, ValueError, TypeError, ArithmeticError, IndexError, AssertionError, NotImplementedError)
_LARGEST_SIZE = 2**40  # elements of a layer's output; beyond it PyTorch's own products of sizes may overflow


def run(network: Network) -> tuple[Step, ...]:
    """Run one example through the network on the meta device; raises DoesNotFit for the first layer that cannot."""
    import torch

    if any(size < 1 for size in network.input) or math.prod(network.input) > _LARGEST_SIZE:
        raise DoesNotFit("", f"the input cannot have the size {shape_text(network.input)}")
    steps: list[Step] = []
    data = torch.empty((1, *network.input), device="meta")
    for layer in network.layers:
        given = tuple(data.shape[1:])
        module = build(layer)
        try:
            with torch.no_grad():
                data = module(data)
            if data.dim() < 1 or data.shape[0] != 1 or min(data.shape) < 1 or data.numel() > _LARGEST_SIZE:
                raise DoesNotFit(
                    layer.name, f"layer {layer.name} would give {shape_text(tuple(data.shape[1:]))} values"
                )
        except _REFUSALS as error:
            if isinstance(error, DoesNotFit):
                raise
            raise DoesNotFit(layer.name, _explain(network, layer, given, error)) from None
        steps.append(Step(layer, given, tuple(data.shape[1:])))
    return tuple(steps)


def _explain(network: Network, layer: Layer, given: Sequence[int], error: Exception) -> str:
    """Say why a layer refuses what it is given, in the words of the exam."""
    feeding = network.before(layer.name)
    giver = f"layer {feeding.name} gives it" if feeding else "the input has"
    start = f"layer {layer.name} cannot take the {shape_text(given)} values that {giver}"
    wants = layer.argument("in_channels") or layer.argument("num_features") or layer.argument("in_features")
    has = given[-1] if layer.kind == "Linear" else given[0]
    if layer.kind == "Linear" and len(given) > 1 and wants == math.prod(given):
        return f"{start}: they must be flattened first"
    if wants and wants != has:
        noun = "values" if layer.kind == "Linear" else "channels"
        return f"{start}: it takes {wants} {noun}, not {has}"
    kernel = layer.argument("kernel_size")
    if (kernel and "output size" in str(error).lower()) or "kernel size" in str(error).lower():
        sides = kernel if isinstance(kernel, tuple) else (kernel,) * max(1, len(given) - 1)
        return f"{start}: its window of {shape_text(sides)} does not fit in"
    return f"{start}: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    line = re.sub(r"^[\w.]+\(\): ", "", line)
    return (line[:1].lower() + line[1:160]).rstrip(".")


def shape_text(shape: Sequence[int]) -> str:
    """(10, 9, 9) → 10×9×9"""
    return "×".join(map(str, shape)) if shape else "1"
