"""Run a small fully connected network by hand: the sums of each layer, the values made of them, and the output."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.activation_values import Activation, activate, activated, said
from generator.reference.given import (
    Matrix,
    Pick,
    aligned,
    equals,
    factor,
    finite,
    matrix,
    number,
    picking,
    reading,
    summed,
    tensor,
    tex,
    tex_vector,
    vector,
)  # fmt: skip

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "named"
MOST_LAYERS = 4
Last = Literal["identity", "relu", "leaky_relu", "sigmoid", "tanh", "step", "softmax"]
Named = dict[str, Any]


@dataclass(frozen=True)
class Mlp:
    """Layers of weights [outputs][inputs] and biases, with an activation after each; the last may have another one."""

    values: list[float]
    weights: list[Matrix]
    biases: list[list[float]] | None
    activation: Activation
    last: Last
    slope: float
    threshold: str


def _task(
    *,
    input: Any,  # noqa: A002 - as PyTorch calls it
    weights: Any,
    biases: Any = None,
    activation: Activation = "relu",
    output_activation: Last = "identity",
    slope: float | None = None,
    threshold: str = "at_least",
) -> Mlp:
    values = vector("input", input)
    if not isinstance(weights, list | tuple) or not 1 <= len(weights) <= MOST_LAYERS:
        raise BadArgument("weights", f"here belongs a list of 1 to {MOST_LAYERS} matrices, one for each layer")
    layers: list[Matrix] = []
    for place, layer in enumerate(weights):
        layers.append(found := matrix("weights", layer))
        takes = len(layers[place - 1]) if place else len(values)
        if len(found[0]) != takes:
            raise BadArgument(
                "weights", f"layer {place + 1} gets {takes} values; its rows have {len(found[0])} weights"
            )
    shifts = None
    if biases is not None:
        if not isinstance(biases, list | tuple) or len(biases) != len(layers):
            raise BadArgument("biases", f"here belongs a list of {len(layers)} vectors, one for each layer")
        shifts = [vector("biases", bias, len(layer)) for bias, layer in zip(biases, layers, strict=True)]
    if slope is not None and "leaky_relu" not in (activation, output_activation):
        raise BadArgument("slope", "there is no leaky ReLU")
    return Mlp(
        values, layers, shifts, activation, output_activation,
        0.01 if slope is None else number("slope", slope, 0, 10), threshold,
    )  # fmt: skip


@reading(_task)
def compute(mlp: Mlp) -> Named:
    """Run linear layers: `z1`, `h1`, `z2` … are the sums and values of hidden layers, `output` the last values.

    `weights` has a matrix for each layer, as PyTorch has it: a row for each unit. `biases` has a list for each layer.
    The sums of the last layer have a name of their own where an activation follows them. A single output is a number.
    """
    return _checked(_run(mlp))


def _checked(found: Named) -> Named:
    finite("input", (one for values in found.values() for one in _values(values)))
    return found


def _output(values: list[float]) -> Any:
    return values[0] if len(values) == 1 else values


def _values(output: Any) -> list[float]:
    return output if isinstance(output, list) else [output]


Unit = Callable[["Tensor", "Tensor", "Tensor | None"], "tuple[Tensor, Tensor]"]


def _run(mlp: Mlp, hidden: Unit | None = None) -> Named:
    """All sums and values by PyTorch; `hidden` makes those of a hidden layer of its weights, inputs and biases."""
    from torch.nn import functional as F

    values = tensor(mlp.values)
    found: Named = {}
    for place, layer in enumerate(mlp.weights):
        last = place == len(mlp.weights) - 1
        weights, bias = tensor(layer), None if mlp.biases is None else tensor(mlp.biases[place])
        if hidden and not last:
            sums, values = hidden(weights, values, bias)
        else:
            sums = F.linear(values, weights, bias)
            values = _activate(mlp, sums, mlp.last if last else mlp.activation)
        if not last or mlp.last != "identity":
            found[f"z{place + 1}"] = sums.tolist()
        found["output" if last else f"h{place + 1}"] = _output(values.tolist()) if last else values.tolist()
    return found


def _activate(mlp: Mlp, sums: Tensor, name: str) -> Tensor:
    return sums.softmax(0) if name == "softmax" else activate(name, sums, mlp.slope, mlp.threshold)


@reading(_task)
def recompute(mlp: Mlp) -> Named:
    """The same unit by unit, in plain Python."""
    return _by_hand(mlp)


def _by_hand(mlp: Mlp) -> Named:
    values = mlp.values
    found: Named = {}
    for place, layer in enumerate(mlp.weights):
        last = place == len(mlp.weights) - 1
        name = mlp.last if last else mlp.activation
        shifts = mlp.biases[place] if mlp.biases else [0.0] * len(layer)
        sums = [
            math.fsum([*(w * x for w, x in zip(row, values, strict=True)), shift])
            for row, shift in zip(layer, shifts, strict=True)
        ]
        values = _softmax(sums) if name == "softmax" else [activated(name, z, mlp.slope, mlp.threshold) for z in sums]
        if not last or mlp.last != "identity":
            found[f"z{place + 1}"] = sums
        found["output" if last else f"h{place + 1}"] = _output(values) if last else values
    return found


def _softmax(sums: Sequence[float]) -> list[float]:
    powers = [math.exp(z - max(sums)) for z in sums]
    return [power / math.fsum(powers) for power in powers]


_WORDS = {"relu": "ReLU", "leaky_relu": "leaky ReLU", "sigmoid": "a sigmoid", "tanh": "tanh", "step": "a step",
          "elu": "ELU", "softplus": "softplus", "silu": "SiLU", "gelu": "GELU", "softmax": "softmax"}  # fmt: skip


@reading(_task)
def says(mlp: Mlp) -> str:
    """What the paper must state for the answer to be one."""
    told = []
    if len(mlp.weights) > 1:
        told.append(said(mlp.activation, mlp.slope, mlp.threshold))
        if mlp.last == "identity":
            told.append("the output has no activation")
    if mlp.last not in (mlp.activation, "softmax") or len(mlp.weights) == 1:
        told.append(said(mlp.last, mlp.slope, mlp.threshold))
    if mlp.biases is None:
        told.append("there are no biases")
    return "; ".join(filter(None, told))


@picking(_task)
def worked(mlp: Mlp, pick: Pick) -> str:
    """The sum of each unit with its numbers, and what the activation makes of it, up to what is asked for."""
    found, values, told = _by_hand(mlp), mlp.values, []
    for place, layer in enumerate(mlp.weights):
        last = place == len(mlp.weights) - 1
        result = _values(found["output" if last else f"h{place + 1}"])
        sums = found.get(f"z{place + 1}", result)
        name = mlp.last if last else mlp.activation
        several = len(mlp.weights) - (mlp.last == "identity") > 1
        mark = "y" if last and name == "identity" else f"z^{{({place + 1})}}" if several else "z"
        lines: list[tuple[str, str]] = []
        for unit, row in enumerate(layer):
            terms = [rf"{factor(w)} \cdot {factor(x)}" for w, x in zip(row, values, strict=True)]
            if mlp.biases is not None:
                terms.append(tex(mlp.biases[place][unit]))
            left = mark if last and len(layer) == 1 else f"{mark}_{{{unit + 1}}}"
            lines += summed(left, terms, equals(sums[unit]))
        told.append(aligned(*lines))
        if name != "identity":
            made = "y" if last else f"h^{{({place + 1})}}" if len(mlp.weights) > 2 else "h"
            about = all(one == round(one, 6) for one in result)
            told.append(f"With {_WORDS[name]}, ${made} {'=' if about else chr(92) + 'approx'} {tex_vector(result)}$.")
        if pick in (f"z{place + 1}", f"h{place + 1}"):
            break
        values = result
    return "\n\n".join(told)


# ---- wrong ways ----


def _changed(change: Callable[[Mlp], Mlp]) -> Callable[..., Named]:
    """What another network gives."""

    @reading(_task)
    def wrong(mlp: Mlp) -> Named:
        return _checked(_run(change(mlp)))

    return wrong


def _unbiased(mlp: Mlp) -> Mlp:
    if mlp.biases is None:
        raise DoesNotApply("there are no biases")
    return replace(mlp, biases=None)


def _linear(mlp: Mlp) -> Mlp:
    if len(mlp.weights) == 1:
        raise DoesNotApply("there is no hidden layer")
    return replace(mlp, activation="identity")


def _activated_output(mlp: Mlp) -> Mlp:
    if mlp.activation not in ("relu", "leaky_relu", "sigmoid", "tanh", "step") or mlp.last != "identity":
        raise DoesNotApply("the output has an activation, or the hidden units have none that it could have")
    return replace(mlp, last=mlp.activation)


def _linear_output(mlp: Mlp) -> Mlp:
    return replace(mlp, last="identity")


def _transposed(mlp: Mlp) -> Mlp:
    turned = [
        [list(column) for column in zip(*layer, strict=True)] if len(layer) == len(layer[0]) else layer
        for layer in mlp.weights
    ]
    if turned == mlp.weights:
        raise DoesNotApply("no matrix can be mistaken for its transpose")
    return replace(mlp, weights=turned)


def _other_side(mlp: Mlp) -> Mlp:
    return replace(mlp, threshold="above" if mlp.threshold == "at_least" else "at_least")


def _subtracted(mlp: Mlp) -> Mlp:
    if mlp.biases is None:
        raise DoesNotApply("there are no biases")
    return replace(mlp, biases=[[-one for one in bias] for bias in mlp.biases])


@reading(_task)
def _bias_after(mlp: Mlp) -> Named:
    """The activation before the bias is added."""
    if mlp.biases is None or len(mlp.weights) == 1 or mlp.activation == "identity":
        raise DoesNotApply("there is no bias, or no activation that it could come after")

    def hidden(weights: Tensor, values: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor]:
        sums = weights @ values
        return sums, _activate(mlp, sums, mlp.activation) + (0 if bias is None else bias)

    return _checked(_run(mlp, hidden))


@reading(_task)
def _absolute(mlp: Mlp) -> Named:
    """ReLU that drops the sign of negative sums."""
    from torch.nn import functional as F

    if mlp.activation != "relu" or len(mlp.weights) == 1:
        raise DoesNotApply("there is no ReLU")

    def hidden(weights: Tensor, values: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor]:
        sums = F.linear(values, weights, bias)
        return sums, sums.abs()

    return _checked(_run(mlp, hidden))


MISCONCEPTIONS = {
    "bias_forgotten": Misconception("the biases are forgotten", _changed(_unbiased)),
    "no_activation": Misconception("hidden units have no activation", _changed(_linear)),
    "activation_on_output": Misconception("the output goes through the activation of the hidden units",
                                          _changed(_activated_output)),
    "no_output_activation": Misconception("the activation of the output is forgotten", _changed(_linear_output)),
    "transposed_weights": Misconception("the weights of a unit are read from a column, not from its row",
                                        _changed(_transposed)),
    "absolute": Misconception("ReLU drops the sign of negative sums in place of giving 0", _absolute),
    "bias_after": Misconception("biases of hidden units are added after their activation", _bias_after),
    "bias_subtracted": Misconception("the biases are subtracted", _changed(_subtracted)),
    "other_side": Misconception("a sum of exactly 0 falls on the wrong side of the threshold", _changed(_other_side)),
}  # fmt: skip
