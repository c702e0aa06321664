"""A step along the gradient of a network's score with respect to its input: x + η ∂s/∂x.

The network has one hidden layer of ReLU units and one score: s(x) = v · relu(W x + b) + c.
"""

from __future__ import annotations

import math
from typing import Any

from generator.formulas import vector
from generator.reference import BadArgument, Misconception, descent, tidy
from generator.reference.descent import Named, equals, result, tex

GIVES = "named"
MOST_UNITS = 6
Rows = tuple[tuple[float, ...], ...]


def compute(
    *,
    x: Any,
    hidden: Any,
    weights: Any,
    lr: float,
    hidden_bias: Any = 0,
    bias: float = 0,
) -> Named:
    """Build the network of torch.nn modules, find the input's gradient by autograd, and add `lr` times it.

    `hidden` is W, a row a unit; `weights` is v, a number a unit. Gives units (after ReLU), gradient, stepped (the new
    input), and the scores before and after.
    """
    return _run(x, hidden, weights, lr, hidden_bias, bias)


def _run(
    given: Any,
    hidden: Any,
    weights: Any,
    lr: float,
    hidden_bias: Any,
    bias: float,
    gate: str = "relu",
    signed: bool = False,
) -> Named:
    """`gate`: relu, or open, which lets every derivative pass."""
    import torch
    from torch import nn

    x, rows, starts, out = _checked(given, hidden, weights, hidden_bias, bias)
    below, above = nn.Linear(len(x), len(rows), dtype=torch.float64), nn.Linear(len(rows), 1, dtype=torch.float64)
    with torch.no_grad():
        below.weight.copy_(torch.tensor(rows, dtype=torch.float64))
        below.bias.copy_(torch.tensor(starts, dtype=torch.float64))
        above.weight.copy_(torch.tensor([out], dtype=torch.float64))
        above.bias.fill_(bias)
    network = nn.Sequential(below, nn.ReLU(), above)
    image = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    torch.autograd.backward((network if gate == "relu" else nn.Sequential(below, above))(image).sum())
    assert image.grad is not None
    with torch.no_grad():
        moved = image + lr * (image.grad.sign() if signed else image.grad)
        return {
            "units": tuple(network[:2](image).tolist()),
            "gradient": tuple(image.grad.tolist()),
            "stepped": tuple(moved.tolist()),
            "before": network(image).item(),
            "after": network(moved).item(),
        }


def _checked(
    given: Any, hidden: Any, weights: Any, hidden_bias: Any, bias: Any
) -> tuple[tuple[float, ...], Rows, tuple[float, ...], tuple[float, ...]]:
    """The input, the rows of W, b and v; raises BadArgument."""
    x, out = descent.numbers("x", given), descent.numbers("weights", weights)
    descent.number("bias", bias)
    if not isinstance(hidden, list | tuple) or not 1 <= len(hidden) <= MOST_UNITS:
        raise BadArgument("hidden", f"here belongs a list of 1 to {MOST_UNITS} rows, one for each unit")
    rows = tuple(descent.numbers("hidden", row) for row in hidden)
    if any(len(row) != len(x) for row in rows):
        raise BadArgument("hidden", f"each row has {len(x)} weights, one for each input")
    if len(out) != len(rows):
        raise BadArgument("weights", f"{len(out)} weights do not go with {len(rows)} hidden units")
    starts = descent.numbers("hidden_bias", hidden_bias)
    starts = starts if isinstance(hidden_bias, list | tuple) else starts * len(rows)
    if len(starts) != len(rows):
        raise BadArgument("hidden_bias", f"{len(starts)} biases do not go with {len(rows)} hidden units")
    return x, rows, starts, out


def recompute(
    *,
    x: Any,
    hidden: Any,
    weights: Any,
    lr: float,
    hidden_bias: Any = 0,
    bias: float = 0,
) -> Named:
    """The same by the chain rule: the gradient is the sum of v W over the units that are above 0."""
    x, rows, starts, out = _checked(x, hidden, weights, hidden_bias, bias)
    eta = descent.rate(lr)

    def units(at: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(max(0.0, math.fsum([*(w * one for w, one in zip(row, at, strict=True)), b]))
                     for row, b in zip(rows, starts, strict=True))  # fmt: skip

    def score(at: tuple[float, ...]) -> float:
        return math.fsum([*(v * h for v, h in zip(out, units(at), strict=True)), bias])

    hs = units(x)
    gradient = tuple(
        math.fsum(v * row[place] for v, row, h in zip(out, rows, hs, strict=True) if h > 0) for place in range(len(x))
    )
    moved = tuple(at + eta * slope for at, slope in zip(x, gradient, strict=True))
    return {"units": hs, "gradient": gradient, "stepped": moved, "before": score(x), "after": score(moved)}


def says(*, x: Any, hidden: Any, hidden_bias: Any = 0) -> str:
    """What the paper must state for the answer to be one."""
    x, rows, starts, _ = _checked(x, hidden, [0] * len(hidden), hidden_bias, 0)
    sums = [
        math.fsum([*(w * at for w, at in zip(row, x, strict=True)), b]) for row, b in zip(rows, starts, strict=True)
    ]
    return "the derivative of ReLU at 0 is taken as 0" if 0 in sums else ""


def worked(
    *,
    x: Any,
    hidden: Any,
    weights: Any,
    lr: float,
    hidden_bias: Any = 0,
    bias: float = 0,
) -> str:
    """Units, gradient and step with their numbers."""
    found = tidy(compute(x=x, hidden=hidden, weights=weights, lr=lr, hidden_bias=hidden_bias, bias=bias))
    terms = [
        f"{tex(v)} \\cdot {vector(row)}" for v, row, h in zip(weights, hidden, found["units"], strict=True) if h > 0
    ]
    sum_ = " + ".join(terms) or "0"
    return "Closed units pass no gradient.\n\n" + descent.aligned([
        ("h", vector(found["units"])),
        (r"\frac{\partial s}{\partial x}", f"{sum_} {equals(found['gradient'])}"),
        ("x'", f"{result(x)} + {tex(lr)} \\cdot {vector(found['gradient'])} {equals(found['stepped'])}"),
        ("s(x)", result(found["before"])),
        ("s(x')", result(found["after"])),
    ])  # fmt: skip


def _gates_ignored(
    *,
    x: Any,
    hidden: Any,
    weights: Any,
    lr: float,
    hidden_bias: Any = 0,
    bias: float = 0,
) -> Named:
    return _run(x, hidden, weights, lr, hidden_bias, bias, gate="open")


def _signed(
    *,
    x: Any,
    hidden: Any,
    weights: Any,
    lr: float,
    hidden_bias: Any = 0,
    bias: float = 0,
) -> Named:
    return _run(x, hidden, weights, lr, hidden_bias, bias, signed=True)


MISCONCEPTIONS = {
    "downhill": Misconception(
        "the gradient is subtracted, so the score falls", descent.again(compute, lambda given: {"lr": -given["lr"]})
    ),
    "gates_ignored": Misconception("units that ReLU has closed pass the gradient on", _gates_ignored),
    "no_learning_rate": Misconception(
        "the learning rate is missing", descent.again(compute, descent.with_value("lr", 1))
    ),
    "signed": Misconception("the sign of the gradient is used, not the gradient itself", _signed),
}
