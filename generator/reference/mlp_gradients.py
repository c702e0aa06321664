"""Backpropagation through a small fully connected network: the gradient by every weight, bias and value on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.chosen import choosing
from generator.reference.given import (
    Matrix,
    aligned,
    equals,
    finite,
    matrix,
    number,
    reading,
    rows,
    settled,
    tensor,
    tex_matrix,
    tex_vector,
    turned,
    vector,
)
from generator.reference.graph import straight_through
from generator.reference.losses import HIGHEST, Loss, loss, sigmoid, softmax

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "named"
MOST_LAYERS = 4
Activation = Literal["relu", "leaky_relu", "sigmoid", "tanh", "identity"]
LossKind = Literal["squared_error", "cross_entropy", "binary_cross_entropy"]
Named = dict[str, Any]


@dataclass(frozen=True)
class Mlp:
    """Examples as rows, layers of weights [outputs][inputs] and biases, the activation between them, and the loss."""

    inputs: Matrix
    weights: list[Matrix]
    biases: list[list[float]] | None
    activation: Activation
    slope: float
    loss: Loss
    flat: bool  # whether there is one example, and values are lists


def _task(
    *,
    input: Any,  # noqa: A002 - as PyTorch calls it
    weights: Any,
    target: Any,
    biases: Any = None,
    activation: Activation = "relu",
    loss: LossKind = "squared_error",
    slope: float = 0.01,
    loss_reduction: str = "mean",
    squared_error: str = "plain",
) -> Mlp:
    """Check all sizes; raises BadArgument."""
    flat = isinstance(input, list | tuple) and not any(isinstance(one, list | tuple) for one in input)
    inputs = rows("input", input)
    layers = _layers(weights, len(inputs[0]))
    shifts = None
    if biases is not None:
        if not isinstance(biases, list | tuple) or len(biases) != len(layers):
            raise BadArgument("biases", f"here belongs a list of {len(layers)} vectors, one for each layer")
        shifts = [vector("biases", bias, len(layer)) for bias, layer in zip(biases, layers, strict=True)]
    if loss != "cross_entropy":
        target = _targets(target, len(inputs), len(layers[-1]))
    blank = [[0.0] * len(layers[-1]) for _ in inputs]
    known = _loss(loss, blank, target, loss_reduction, squared_error)
    return Mlp(inputs, layers, shifts, activation, number("slope", slope, 1e-6, 10), known, flat)


_loss = loss


def _layers(weights: Any, takes: int) -> list[Matrix]:
    if not isinstance(weights, list | tuple) or not 1 <= len(weights) <= MOST_LAYERS:
        raise BadArgument("weights", f"here belongs a list of 1 to {MOST_LAYERS} matrices, one for each layer")
    layers: list[Matrix] = []
    for place, layer in enumerate(weights, 1):
        layers.append(found := matrix("weights", layer))
        if len(found[0]) != takes:
            raise BadArgument("weights", f"layer {place} gets {takes} values; its rows have {len(found[0])} weights")
        takes = len(found)
    return layers


def _targets(target: Any, examples: int, outputs: int) -> Any:
    """A row for each example: a number stands for one output, a flat list for one example or one output."""
    if not isinstance(target, list | tuple):
        return [[target]]
    if any(isinstance(one, list | tuple) for one in target):
        return target
    return [list(target)] if examples == 1 else [[one] for one in target]


@reading(_task)
def compute(mlp: Mlp) -> Named:
    """Run torch.nn.functional.linear layers and a loss, and backpropagate by autograd.

    `input`: one example, or a row for each. `weights`: a matrix for each layer, with a row for each unit; `biases`: a
    list for each. `activation` stands between layers. `loss`: squared_error, cross_entropy (of scores; `target` is a
    class counted from 1) or binary_cross_entropy (of scores). Results: z1, h1, z2 … (sums and values), loss, and the
    gradients dz2, dW2, db2, dh1, dz1 … dx.
    """
    return _run(mlp)


def _run(
    mlp: Mlp,
    activation: Callable[[Tensor], Tensor] | None = None,
    total: Callable[[Tensor], Tensor] | None = None,
    linear: Callable[[Tensor, Tensor, Tensor], Tensor] | None = None,
) -> Named:
    """Backpropagate, with another activation, loss or later layer in its place."""
    import torch
    from torch.nn import functional

    function = activation or _function(mlp)
    weights = [tensor(layer).requires_grad_() for layer in mlp.weights]
    biases = [tensor(bias).requires_grad_() for bias in mlp.biases or [[0.0] * len(layer) for layer in mlp.weights]]
    values = [tensor(mlp.inputs).requires_grad_()]
    sums = []
    for place, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        layer = linear if linear and place else functional.linear
        sums.append(layer(values[-1], weight, bias))
        if place < len(weights) - 1:
            values.append(function(sums[-1]))
    loss_ = (total or mlp.loss.of)(sums[-1])
    by = [*weights, *biases, *values, *sums]
    slopes = [slope.tolist() for slope in torch.autograd.grad(loss_, by)]
    count = len(weights)
    cuts = [slopes[:count], slopes[count : 2 * count], slopes[2 * count : 3 * count], slopes[3 * count :]]
    forward = ([one.tolist() for one in sums], [one.tolist() for one in values])
    return _named(mlp, *forward, loss_.item(), *cuts)


def _function(mlp: Mlp) -> Callable[[Tensor], Tensor]:
    import torch
    from torch.nn import functional

    functions: dict[str, Callable[[Tensor], Tensor]] = {
        "relu": functional.relu,
        "leaky_relu": lambda z: functional.leaky_relu(z, mlp.slope),
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "identity": lambda z: 1 * z,
    }
    return functions[mlp.activation]


def _named(
    mlp: Mlp,
    sums: Sequence[Matrix],
    values: Sequence[Matrix],
    total: float,
    weights: Sequence[Matrix],
    biases: Sequence[list[float]],
    by_values: Sequence[Matrix],
    by_sums: Sequence[Matrix],
) -> Named:
    """All results by name, forwards and then backwards; values[0] are the inputs."""
    found: Named = {}
    for place, layer in enumerate(sums, 1):
        found[f"z{place}"] = layer
        if place < len(sums):
            found[f"h{place}"] = values[place]
    finite("input", (one for rows_ in found.values() for row in rows_ for one in row))
    if mlp.loss.kind != "squared_error" and max(abs(one) for row in sums[-1] for one in row) > HIGHEST:
        raise BadArgument("input", f"this leads to scores beyond {HIGHEST:g}")
    found["loss"] = total
    for place in range(len(sums), 0, -1):
        found[f"dz{place}"] = by_sums[place - 1]
        found[f"dW{place}"], found[f"db{place}"] = weights[place - 1], biases[place - 1]
        found[f"dh{place - 1}" if place > 1 else "dx"] = by_values[place - 1]
    return {name: total if name == "loss" else _unwrapped(mlp, name, value) for name, value in found.items()}


def _unwrapped(mlp: Mlp, name: str, value: Any) -> Any:
    """Without the batch where there is one example; a number where the last layer has one unit."""
    letters, place = _divided(name)
    if mlp.flat and letters not in ("dW", "db"):
        value = value[0]
    single = mlp.flat and place == len(mlp.weights) and len(mlp.weights[-1]) == 1
    return value[0] if single and letters in ("z", "dz", "db") else value


@reading(_task)
def recompute(mlp: Mlp) -> Named:
    """The same by the chain rule in plain Python, layer by layer."""
    values, sums = [mlp.inputs], []
    shifts = mlp.biases or [[0.0] * len(layer) for layer in mlp.weights]
    for layer, bias in zip(mlp.weights, shifts, strict=True):
        pairs = list(zip(layer, bias, strict=True))
        sums.append([[settled(_dot(row, x) + shift) for row, shift in pairs] for x in values[-1]])
        values.append([[_value(mlp, z) for z in row] for row in sums[-1]])
    back = mlp.loss.slopes(sums[-1])
    weights: list[Matrix] = []
    biases: Matrix = []
    by_values: list[Matrix] = []
    by_sums: list[Matrix] = []
    for place in range(len(sums) - 1, -1, -1):
        columns = turned(back)
        weights.insert(0, [[_dot(column, x) for x in turned(values[place])] for column in columns])
        biases.insert(0, [math.fsum(column) for column in columns])
        by_sums.insert(0, back)
        by_values.insert(0, [[_dot(row, w) for w in turned(mlp.weights[place])] for row in back])
        if place:
            pairs_ = zip(by_values[0], sums[place - 1], strict=True)
            back = [[slope * _slope(mlp, z) for slope, z in zip(*both, strict=True)] for both in pairs_]
    return _named(mlp, sums, values, _total(mlp.loss, sums[-1]), weights, biases, by_values, by_sums)


def _total(one: Loss, outputs: Matrix) -> float:
    """The loss in plain Python."""
    losses = []
    for row, wanted in zip(outputs, one.wanted, strict=True):
        match one.kind:
            case "cross_entropy":
                losses.append(-math.log(softmax(row)[wanted - 1]))
            case "binary_cross_entropy":
                shares = [(sigmoid(z), y) for z, y in zip(row, wanted, strict=True)]
                losses.append(-math.fsum(y * math.log(p) + (1 - y) * math.log(1 - p) for p, y in shares))
            case _:
                half = 0.5 if one.form == "half" else 1
                losses.append(half * math.fsum((z - y) ** 2 for z, y in zip(row, wanted, strict=True)))
    return math.fsum(losses) / (len(losses) if one.reduction == "mean" else 1)


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def _value(mlp: Mlp, z: float) -> float:
    match mlp.activation:
        case "relu":
            return max(z, 0.0)
        case "leaky_relu":
            return z if z > 0 else mlp.slope * z
        case "sigmoid":
            return sigmoid(z)
        case "tanh":
            return math.tanh(z)
    return z


def _slope(mlp: Mlp, z: float) -> float:
    match mlp.activation:
        case "relu":
            return float(z > 0)
        case "leaky_relu":
            return 1.0 if z > 0 else mlp.slope
        case "sigmoid":
            return sigmoid(z) * sigmoid(-z)
        case "tanh":
            return 1 / math.cosh(z) ** 2
    return 1.0


@reading(_task)
def says(mlp: Mlp) -> str:
    """Layout, loss and its conventions."""
    told = ["weights have a row for each unit" + ("" if mlp.flat else ", and examples are rows"), *mlp.loss.says]
    if mlp.loss.kind == "cross_entropy":
        told.append("classes are counted from 1")
    found = _run(mlp)
    hidden = [found[f"z{place}"] for place in range(1, len(mlp.weights))]
    zeros = any(0 in (row if isinstance(row, list) else [row]) for layer in hidden for row in layer)
    if mlp.activation in ("relu", "leaky_relu") and zeros:
        told.append("the derivative at 0 is taken to be that on the negative side")
    return "; ".join(told)


@choosing(_task)
def worked(mlp: Mlp, wanted: frozenset[str]) -> str:
    """What is asked for, forwards and backwards, with its formula and its numbers."""
    found = _run(mlp)
    lines = ((_symbol(name), f"{_formula(mlp, name)} {_result(found[name])}".strip()) for name in _told(found, wanted))
    return aligned(*lines)


@choosing(_task)
def in_full(mlp: Mlp, wanted: frozenset[str]) -> str:
    """The same with products of matrices and sums in numbers; examples are rows."""
    found = _run(mlp)
    return "\n".join(f"${line}$" for name in _told(found, wanted) for line in _in_numbers(mlp, found, name))


def _told(found: Named, wanted: frozenset[str]) -> list[str]:
    """What is asked for, and what it is made of."""
    sums = {f"dz{name[2:]}" for name in wanted if name.startswith(("dW", "db"))}
    return [name for name in found if not wanted or name in wanted or name in sums]


def _in_numbers(mlp: Mlp, found: Named, name: str) -> Iterator[str]:
    """The products and sums of a result."""
    kind, place = _divided(name)
    before = _rows(found[f"h{place - 1}"]) if place > 1 else mlp.inputs
    match kind:
        case "z":
            bias = [mlp.biases[place - 1]] * len(before) if mlp.biases else None
            product = f"{tex_matrix(before)} {tex_matrix(turned(mlp.weights[place - 1]))}"
            yield f"{product} + {tex_matrix(bias)}" if bias else product
        case "dz" if place < len(mlp.weights):
            for back, sums in zip(_rows(found[f"dh{place}"]), _rows(found[f"z{place}"]), strict=True):
                yield rf"{tex_vector(back)} \cdot {tex_vector(_slope(mlp, z) for z in sums)}"
        case "dW":
            yield f"{tex_matrix(turned(_rows(found[f'dz{place}'])))} {tex_matrix(before)}"
        case "db":
            yield " + ".join(tex_vector(row) for row in _rows(found[f"dz{place}"]))
        case "dh" | "dx":
            yield f"{tex_matrix(_rows(found[f'dz{place + 1}']))} {tex_matrix(mlp.weights[place])}"


def _rows(value: Any) -> Matrix:
    """A row for each example."""
    listed = value if isinstance(value, list) else [value]
    return listed if isinstance(listed[0], list) else [listed]


def _symbol(name: str) -> str:
    letters, place = _divided(name)
    return "L" if name == "loss" else f"{letters}_{{{place}}}" if place else name


def _divided(name: str) -> tuple[str, int]:
    """DW2 as dW and 2."""
    letters = name.rstrip("0123456789")
    return letters, int(name[len(letters) :] or 0)


def _formula(mlp: Mlp, name: str) -> str:
    """How a result is made of those before it."""
    kind, place = _divided(name)
    before = f"h_{{{place - 1}}}" if place > 1 else "x"
    dz, layer = f"dz_{{{place}}}", f"W_{{{place}}}"
    after, above = f"dz_{{{place + 1}}}", f"W_{{{place + 1}}}"
    flat = mlp.flat
    match kind:
        case "z":
            product = rf"{layer}\,{before}" if flat else rf"{before} {layer}^{{\top}}"
            told = f"{product}{f' + b_{{{place}}}' if mlp.biases else ''}"
        case "h":
            told = f"f(z_{{{place}}})"
        case "dz" if place == len(mlp.weights):
            told = rf"\tfrac{{\partial L}}{{\partial z_{{{place}}}}}"
        case "dz":
            told = rf"dh_{{{place}}} \odot f'(z_{{{place}}})"
        case "dW":
            told = rf"{dz}\,{before}^{{\top}}" if flat else rf"{dz}^{{\top}} {before}"
        case "db":
            told = dz if flat else rf"{dz}^{{\top}} \mathbf{{1}}"
        case "dh" | "dx":
            told = rf"{above}^{{\top}} {after}" if flat else f"{after} {above}"
        case _:
            return ""
    return f"= {told}"


def _result(value: Any) -> str:
    if not isinstance(value, list):
        return equals(value)
    rows_ = value if isinstance(value[0], list) else [value]
    sign = "=" if all(equals(one).startswith("=") for row in rows_ for one in row) else r"\approx"
    return f"{sign} {tex_matrix(value) if rows_ is value else tex_vector(value)}"


# ---- wrong ways ----


@reading(_task)
def _activation_ignored(mlp: Mlp) -> Named:
    if mlp.activation == "identity" or len(mlp.weights) == 1:
        raise DoesNotApply("there is no activation")
    return _run(mlp, straight_through(_function(mlp), lambda z: 1 * z))


@reading(_task)
def _sign(mlp: Mlp) -> Named:
    return {**_run(mlp, total=lambda outputs: -mlp.loss.of(outputs)), "loss": _run(mlp)["loss"]}


@reading(_task)
def _no_target(mlp: Mlp) -> Named:
    def without(outputs: Tensor) -> Tensor:
        from torch.nn import functional

        match mlp.loss.kind:
            case "cross_entropy":
                found = outputs.logsumexp(1).sum()
            case "binary_cross_entropy":
                found = functional.softplus(outputs).sum()
            case _:
                found = outputs.square().sum() * (0.5 if mlp.loss.form == "half" else 1)
        return found * mlp.loss.share

    return {**_run(mlp, total=without), "loss": _run(mlp)["loss"]}


@reading(_task)
def _other_factor(mlp: Mlp) -> Named:
    if mlp.loss.kind != "squared_error":
        raise DoesNotApply("nothing is squared")
    return _run(replace(mlp, loss=replace(mlp.loss, form="plain" if mlp.loss.form == "half" else "half")))


@reading(_task)
def _other_reduction(mlp: Mlp) -> Named:
    if mlp.loss.examples == 1:
        raise DoesNotApply("there is one example")
    return _run(replace(mlp, loss=replace(mlp.loss, reduction="sum" if mlp.loss.reduction == "mean" else "mean")))


@reading(_task)
def _transposed(mlp: Mlp) -> Named:
    return {name: turned(value) if name.startswith("dW") else value for name, value in _run(mlp).items()}


@reading(_task)
def _weights_not_transposed(mlp: Mlp) -> Named:
    if any(len(layer) != len(layer[0]) for layer in mlp.weights[1:]) or len(mlp.weights) == 1:
        raise DoesNotApply("the sizes forbid it")
    from torch.nn import functional

    def backwards(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """By its inputs, the slope of the transposed layer; by its weights, its own."""
        return functional.linear(x, weight.detach().T) + functional.linear(x.detach(), weight, bias)

    layer: Callable[[Tensor, Tensor, Tensor], Tensor] = straight_through(functional.linear, backwards)
    return _run(mlp, linear=layer)


MISCONCEPTIONS = {
    "activation_ignored": Misconception("the derivative of the activation is left out", _activation_ignored),
    "transposed": Misconception("the gradient by the weights is transposed", _transposed),
    "weights_not_transposed": Misconception("the weights are not transposed on the way back", _weights_not_transposed),
    "sign": Misconception("the sign is the wrong way round: the target less the output", _sign),
    "no_target": Misconception("the target is left out", _no_target),
    "other_factor": Misconception("a factor of 2 is left out or put in", _other_factor),
    "other_reduction": Misconception("the sum over examples is taken for their mean, or the reverse", _other_reduction),
}
