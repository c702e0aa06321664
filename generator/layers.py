"""The layers that a listing may name, and networks made of them; `listing` reads them, `forward` runs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.formulas import Formula, FormulaError

MOST_LAYERS = 200  # of a network

# the arguments of each layer in PyTorch's order; those before the bar are required. A test compares them with torch.nn.
_CONV = "in_channels out_channels kernel_size | stride padding dilation groups bias padding_mode"
_CONV_TRANSPOSE = (
    "in_channels out_channels kernel_size | stride padding output_padding groups bias dilation padding_mode"
)
_MAX_POOL = "kernel_size | stride padding dilation return_indices ceil_mode"
_AVG_POOL = "kernel_size | stride padding ceil_mode count_include_pad"
_NORM = "num_features | eps momentum affine track_running_stats bias"
_SIGNATURES = {
    "AdaptiveAvgPool1d": "output_size |",
    "AdaptiveAvgPool2d": "output_size |",
    "AdaptiveMaxPool1d": "output_size | return_indices",
    "AdaptiveMaxPool2d": "output_size | return_indices",
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
    "GroupNorm": "num_groups num_channels | eps affine bias",
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
