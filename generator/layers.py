"""The layers that a listing may name, and networks made of them; `listing` reads them, `forward` runs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.formulas import Formula, FormulaError

MOST_LAYERS = 200  # of a network
INPUT = "input"  # what goes into a network, where a listing names it

# the arguments of each layer in PyTorch's order; those before the bar are required. A test compares them with torch.nn.
_CONV = "in_channels out_channels kernel_size | stride padding dilation groups bias padding_mode"
_CONV_TRANSPOSE = (
    "in_channels out_channels kernel_size | stride padding output_padding groups bias dilation padding_mode"
)
_MAX_POOL = "kernel_size | stride padding dilation return_indices ceil_mode"
_AVG_POOL = "kernel_size | stride padding ceil_mode count_include_pad"
_NORM = "num_features | eps momentum affine track_running_stats bias"
_RECURRENT = "input_size hidden_size | num_layers{} bias batch_first dropout bidirectional"
_SIGNATURES = {
    "AdaptiveAvgPool1d": "output_size |",
    "AdaptiveAvgPool2d": "output_size |",
    "AdaptiveAvgPool3d": "output_size |",
    "AdaptiveMaxPool1d": "output_size | return_indices",
    "AdaptiveMaxPool2d": "output_size | return_indices",
    "AdaptiveMaxPool3d": "output_size | return_indices",
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
    "Embedding": (
        "num_embeddings embedding_dim | padding_idx max_norm norm_type scale_grad_by_freq sparse _weight _freeze"
    ),
    "Flatten": "| start_dim end_dim",
    "GELU": "| approximate",
    "GRU": _RECURRENT.format(""),
    "GroupNorm": "num_groups num_channels | eps affine bias",
    "Identity": "|",
    "InstanceNorm2d": _NORM,
    "LSTM": _RECURRENT.format("") + " proj_size",
    "LayerNorm": "normalized_shape | eps elementwise_affine bias",
    "LeakyReLU": "| negative_slope inplace",
    "Linear": "in_features out_features | bias",
    "LogSoftmax": "| dim",
    "MaxPool1d": _MAX_POOL,
    "MaxPool2d": _MAX_POOL,
    "MaxPool3d": _MAX_POOL,
    "MultiheadAttention": ("embed_dim num_heads | dropout bias add_bias_kv add_zero_attn kdim vdim batch_first"),
    "PReLU": "| num_parameters init",
    "PixelShuffle": "upscale_factor |",
    "RNN": _RECURRENT.format(" nonlinearity"),
    "ReLU": "| inplace",
    "ReLU6": "| inplace",
    "SiLU": "| inplace",
    "Sigmoid": "|",
    "Softmax": "| dim",
    "Softplus": "| beta threshold",
    "Tanh": "|",
    "TransformerEncoderLayer": (
        "d_model nhead | dim_feedforward dropout activation layer_norm_eps batch_first norm_first bias"
    ),
    "Unflatten": "dim unflattened_size |",
    "Upsample": "| size scale_factor mode align_corners recompute_scale_factor",
    "UpsamplingBilinear2d": "| size scale_factor",
    "UpsamplingNearest2d": "| size scale_factor",
    "ZeroPad1d": "padding |",
    "ZeroPad2d": "padding |",
}
# words of ours, for what a chain of modules cannot say; those that are true name earlier layers
WORDS = {"Add": True, "Concat": True, "From": True, "LastStep": False}
RECURRENT = frozenset(["RNN", "LSTM", "GRU"])
_GIVES_SEQUENCE = RECURRENT | {"Embedding", "Linear", "MultiheadAttention", "TransformerEncoderLayer"}
_GIVES_MAP = frozenset(["Flatten", "GroupNorm", "LastStep", "PixelShuffle", "Unflatten", "Upsample"])


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


@dataclass(frozen=True)
class Layer:
    """A layer with its arguments as numbers: `Conv2d(in_channels=1, out_channels=10, kernel_size=3)`.

    A word of ours that names earlier layers has them as the argument `layers`.
    """

    name: str
    kind: str
    arguments: tuple[tuple[str, Any], ...]

    @property
    def call(self) -> str:
        """The layer as the listing prints it."""
        if self.kind in WORDS:
            return f"{self.kind}({', '.join(map(_literal, self.names))})"
        return f"{self.kind}({', '.join(f'{name}={_literal(value)}' for name, value in self.arguments)})"

    def argument(self, name: str, default: Any = None) -> Any:
        """The value that the listing gives an argument."""
        return dict(self.arguments).get(name, default)

    @property
    def names(self) -> tuple[str, ...]:
        """The earlier layers that a word names: `Add('a')`."""
        return tuple(self.argument("layers", ()))


@dataclass(frozen=True)
class Network:
    """Layers and the shape of what goes in, as PyTorch has it without the batch axis: (channels, height, width).

    Each layer takes what the one before it gives; `From`, `Add` and `Concat` name earlier ones.
    """

    input: tuple[int, ...]
    layers: tuple[Layer, ...]

    def layer(self, name: str) -> Layer:
        """The layer of that name; raises KeyError."""
        return next((layer for layer in self.layers if layer.name == name), None) or _missing(name)

    def sources(self, name: str) -> tuple[str, ...]:
        """What feeds the layer of that name, the layer before it first; `input` stands for what goes in.

        A word may name the layer before it, or leave it out.
        """
        place = [layer.name for layer in self.layers].index(name)
        layer = self.layers[place]
        before = self.layers[place - 1].name if place else INPUT
        return layer.names if layer.kind == "From" else tuple(dict.fromkeys((before, *layer.names)))

    def before(self, name: str) -> Layer | None:
        """The layer whose output comes into the layer of that name, or None for the input."""
        first = self.sources(name)[0]
        return None if first == INPUT else self.layer(first)

    def sequences(self) -> frozenset[str]:
        """The layers that give a step's features after each other, length × features, not channels × length."""
        found: set[str] = set()
        for layer in self.layers:
            passes = layer.kind not in _GIVES_MAP and layer.kind[-2:] not in {"1d", "2d", "3d"}
            if layer.kind in _GIVES_SEQUENCE or (passes and found.intersection(self.sources(layer.name))):
                found.add(layer.name)
        return frozenset(found)


def _missing(name: str) -> Layer:
    raise KeyError(name)


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def shape_text(shape: Sequence[int]) -> str:
    """(10, 9, 9) → 10×9×9"""
    return "×".join(map(str, shape)) if shape else "1"


def size(formula: Formula, values: Mapping[str, Any]) -> int:
    """The whole number that a formula gives for a size or a place; raises FormulaError."""
    value = formula.value(values)
    if not isinstance(value, int) or isinstance(value, bool):
        hint = "'//' divides without a remainder" if "/" in formula.text.replace("//", "") else ""
        raise FormulaError(f"'{formula.text}' gives {value!r}, which is no whole number", formula.text, hint)
    return value


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
