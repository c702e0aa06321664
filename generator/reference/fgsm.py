"""The fast gradient sign method on a linear model (Goodfellow, Shlens, Szegedy, 2015): x + ε sign(∂L/∂x).

model      score                    loss of the label y
linear     w · x + b                −y (w · x + b), with y = 1 or −1
logistic   w · x + b                binary cross-entropy of its sigmoid, with y = 1 or 0
softmax    W x + b, one a class     cross-entropy, with y the number of a class, counted from 1

A targeted step goes down the loss of the target class: x − ε sign(∂L/∂x).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from generator.formulas import vector
from generator.reference import BadArgument, DoesNotApply, Misconception, descent, tidy
from generator.reference.descent import Named, equals, result, tex

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "named"
Model = Literal["linear", "logistic", "softmax"]
MOST_CLASSES = 6
NOISE = 1e-12  # a derivative that is smaller is what rounding leaves of 0, and has no sign
Matrix = tuple[tuple[float, ...], ...]


def compute(
    *,
    x: Any,
    weights: Any,
    label: int,
    epsilon: float,
    bias: Any = 0,
    model: Model = "linear",
    targeted: bool = False,
) -> Named:
    """Find the gradient of the loss with respect to the input by autograd, and step along its sign.

    Gives gradient, sign, adversarial (the new input), and the scores before and after. With `targeted`, `label` is the
    class to be reached.
    """
    import torch

    x, rows, biases = _checked(x, weights, bias, label, epsilon, model)
    image = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    unit = _unit(rows, biases)
    torch.autograd.backward(_loss(unit(image), label, model))
    assert image.grad is not None
    gradient = torch.where(image.grad.abs() < NOISE, 0.0, image.grad)
    sign = gradient.sign()
    with torch.no_grad():
        moved = image - epsilon * sign if targeted else image + epsilon * sign
        before, after = unit(image), unit(moved)
    return {
        "gradient": tuple(gradient.tolist()),
        "sign": tuple(sign.tolist()),
        "adversarial": tuple(moved.tolist()),
        "before": _scores(model, before.tolist()),
        "after": _scores(model, after.tolist()),
    }


def _unit(rows: Matrix, biases: tuple[float, ...]) -> Any:
    import torch

    unit = torch.nn.Linear(len(rows[0]), len(rows), dtype=torch.float64)
    with torch.no_grad():
        unit.weight.copy_(torch.tensor(rows, dtype=torch.float64))
        unit.bias.copy_(torch.tensor(biases, dtype=torch.float64))
    return unit


def _loss(scores: Tensor, label: int, model: Model) -> Tensor:
    import torch
    import torch.nn.functional as F

    match model:
        case "linear":
            return (-label * scores).sum()
        case "logistic":
            return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, label))
    return F.cross_entropy(scores, torch.tensor(label - 1))


def _scores(model: Model, scores: list[float]) -> Any:
    return tuple(scores) if model == "softmax" else scores[0]


def _checked(
    given: Any, weights: Any, bias: Any, label: Any, epsilon: Any, model: Model
) -> tuple[tuple[float, ...], Matrix, tuple[float, ...]]:
    """The input, the rows of the weight matrix, the biases; raises BadArgument."""
    x = descent.numbers("x", given)
    several = isinstance(weights, list | tuple) and len(weights) > 0 and isinstance(weights[0], list | tuple)
    if several is not (model == "softmax"):
        raise BadArgument("weights", "a softmax model has a matrix, a row a class; the others have a list")
    rows = (
        tuple(descent.numbers("weights", row) for row in weights) if several else (descent.numbers("weights", weights),)
    )
    if len(rows) > MOST_CLASSES or any(len(row) != len(x) for row in rows):
        raise BadArgument("weights", f"here belong up to {MOST_CLASSES} rows of {len(x)} numbers, one for each input")
    biases = (
        (descent.numbers("bias", bias) * len(rows))
        if not isinstance(bias, list | tuple)
        else descent.numbers("bias", bias)
    )
    if len(biases) != len(rows):
        raise BadArgument("bias", f"{len(biases)} biases do not go with {len(rows)} scores")
    known = {"linear": (1, -1), "logistic": (1, 0), "softmax": tuple(range(1, len(rows) + 1))}[model]
    if label not in known:
        raise BadArgument("label", f"{label} is no label of this model: {', '.join(map(str, known))}")
    descent.number("epsilon", epsilon, -1000, 1000)
    return x, rows, biases


def recompute(
    *,
    x: Any,
    weights: Any,
    label: int,
    epsilon: float,
    bias: Any = 0,
    model: Model = "linear",
    targeted: bool = False,
) -> Named:
    """The same by the closed formulas −y w, (σ − y) w and Wᵀ (p − one-hot)."""
    x, rows, biases = _checked(x, weights, bias, label, epsilon, model)
    if epsilon < 0:
        raise BadArgument("epsilon", "a step has a positive size")
    before = _dots(rows, x, biases)
    gradient = _gradient(rows, before, label, model)
    sign = tuple(float((one > 0) - (one < 0)) for one in gradient)
    way = -epsilon if targeted else epsilon
    moved = tuple(at + way * one for at, one in zip(x, sign, strict=True))
    after = _dots(rows, moved, biases)
    return {"gradient": gradient, "sign": sign, "adversarial": moved, "before": _scores(model, before),
            "after": _scores(model, after)}  # fmt: skip


def _dots(rows: Matrix, x: tuple[float, ...], biases: tuple[float, ...]) -> list[float]:
    return [
        math.fsum([*(w * at for w, at in zip(row, x, strict=True)), b]) for row, b in zip(rows, biases, strict=True)
    ]


def _gradient(rows: Matrix, scores: list[float], label: int, model: Model) -> tuple[float, ...]:
    if model == "softmax":
        top = max(scores)
        powers = [math.exp(score - top) for score in scores]
        errors = [power / math.fsum(powers) - (place == label) for place, power in enumerate(powers, 1)]
        sums = [math.fsum(e * row[at] for e, row in zip(errors, rows, strict=True)) for at in range(len(rows[0]))]
    else:
        error = -label if model == "linear" else _sigmoid(scores[0]) - label
        sums = [error * w for w in rows[0]]
    return tuple(0.0 if abs(one) < NOISE else one for one in sums)


def _sigmoid(score: float) -> float:
    small = math.exp(-abs(score))
    return 1 / (1 + small) if score >= 0 else small / (1 + small)


LOSSES = {
    "linear": "the loss is minus the label times the score",
    "logistic": "the loss is the binary cross-entropy of the sigmoid of the score",
    "softmax": "the loss is the cross-entropy of the softmax of the scores",
}


def says(*, model: Model = "linear", targeted: bool = False) -> str:
    """What the paper must state for the answer to be one."""
    return LOSSES[model] + (", taken of the target class" if targeted else "")


def worked(
    *,
    x: Any,
    weights: Any,
    label: int,
    epsilon: float,
    bias: Any = 0,
    model: Model = "linear",
    targeted: bool = False,
) -> str:
    """Gradient, sign, step and scores with their numbers."""
    found = tidy(compute(x=x, weights=weights, label=label, epsilon=epsilon, bias=bias, model=model, targeted=targeted))
    way = "-" if targeted else "+"
    gradient = {"linear": r"-y\,w", "logistic": r"(\sigma(s) - y)\,w", "softmax": r"W^\top (p - e_y)"}[model]
    return descent.aligned([
        (r"\frac{\partial L}{\partial x}", f"{gradient} {equals(found['gradient'])}"),
        (r"\text{sign}", vector(found["sign"])),
        ("x'", f"{result(x)} {way} {tex(epsilon)} \\cdot {vector(found['sign'])} {equals(found['adversarial'])}"),
        ("s(x)", result(found["before"])),
        ("s(x')", result(found["after"])),
    ])  # fmt: skip


def _stepped(
    direction: Callable[[Any, Any], Any],
) -> Callable[..., Any]:
    """Another direction in place of the sign, made of the gradient and the input."""

    def wrong(
        *,
        x: Any,
        weights: Any,
        label: int,
        epsilon: float,
        bias: Any = 0,
        model: Model = "linear",
        targeted: bool = False,
    ) -> Named:
        import torch

        right = compute(x=x, weights=weights, label=label, epsilon=epsilon, bias=bias, model=model, targeted=targeted)
        x, rows, biases = _checked(x, weights, bias, label, epsilon, model)
        image = torch.tensor(x, dtype=torch.float64)
        way = direction(torch.tensor(right["gradient"], dtype=torch.float64), image)
        moved = image - epsilon * way if targeted else image + epsilon * way
        if not moved.isfinite().all():
            raise DoesNotApply("a gradient of 0 has no direction")
        with torch.no_grad():
            after = _unit(rows, biases)(moved)
        return {**right, "sign": tuple(way.tolist()), "adversarial": tuple(moved.tolist()),
                "after": _scores(model, after.tolist())}  # fmt: skip

    return wrong


def _by_weights(
    *,
    x: Any,
    weights: Any,
    label: int,
    epsilon: float,
    bias: Any = 0,
    model: Model = "linear",
    targeted: bool = False,
) -> Named:
    """The gradient with respect to the weights, by autograd, taken for that of the input."""
    import torch

    x, rows, biases = _checked(x, weights, bias, label, epsilon, model)
    if model == "softmax":
        raise DoesNotApply("a matrix of weights has no shape of an input")
    unit = _unit(rows, biases)
    torch.autograd.backward(_loss(unit(torch.tensor(x, dtype=torch.float64)), label, model))
    gradient = unit.weight.grad[0]
    moved = torch.tensor(x, dtype=torch.float64) + (-epsilon if targeted else epsilon) * gradient.sign()
    right = compute(x=x, weights=weights, label=label, epsilon=epsilon, bias=bias, model=model, targeted=targeted)
    with torch.no_grad():
        after = unit(moved)
    return {**right, "gradient": tuple(gradient.tolist()), "sign": tuple(gradient.sign().tolist()),
            "adversarial": tuple(moved.tolist()), "after": _scores(model, after.tolist())}  # fmt: skip


MISCONCEPTIONS = {
    "other_way": Misconception(
        "the step goes down the loss of the label, not up, or up that of a target, not down",
        descent.again(compute, lambda given: {"targeted": not given["targeted"]}),
    ),
    "no_sign": Misconception("the gradient itself is used, not its sign", _stepped(lambda gradient, _: gradient)),
    "unit_length": Misconception(
        "the gradient is scaled to length 1, in place of its sign",
        _stepped(lambda gradient, _: gradient / gradient.norm()),
    ),
    "by_weights": Misconception("the gradient is taken with respect to the weights, not the input", _by_weights),
    "no_epsilon": Misconception(
        "the sign is not multiplied by ε", descent.again(compute, descent.with_value("epsilon", 1))
    ),
    "sign_of_input": Misconception(
        "the sign of the input is used, not that of the gradient", _stepped(lambda _, image: image.sign())
    ),
}
