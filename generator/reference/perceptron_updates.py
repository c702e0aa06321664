"""The perceptron's learning rule on a sequence of points (Rosenblatt, 1958), with labels +1 and −1.

A point x whose prediction differs from its label y changes the weights: w ← w + η y x and b ← b + η y. That is a step
of stochastic gradient descent on −y (w · x + b), taken for mistakes only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from generator.formulas import tex_number, vector
from generator.reference import BadArgument, DoesNotApply, Misconception, descent, tidy
from generator.reference.descent import Named, exact, result
from generator.spec import CONVENTIONS

GIVES = "named"
WHOLE = ("mistakes",)
MOST_POINTS = 12
MOST_PASSES = 10
NOISE = 1e-9  # a sum that is smaller is what rounding leaves of 0
Vector = tuple[float, ...]


def compute(
    *,
    points: Any,
    labels: Any,
    start: Any = None,
    bias: float | None = None,
    lr: float = 1,
    passes: int = 1,
    threshold: str = "at_least",
) -> Named:
    """Present the points in order, `passes` times, to a torch.nn.Linear that torch.optim.SGD steps on each mistake.

    Gives w1, b1, w2, b2 … after each point, the final w and b, and the number of mistakes. `start` and `bias` are those
    before training: `start` is 0 by default, and without `bias` the perceptron has none.
    """
    xs, ys, first = _checked(points, labels, start, bias, passes)
    return _run(xs, ys, first, bias, lr, passes, threshold)


def _run(
    xs: Sequence[Vector], ys: Sequence[int], first: Vector, bias: float | None, lr: float, passes: int, threshold: str,
    update: Callable[[bool, int], int] = lambda wrong, label: label if wrong else 0, frozen_bias: bool = False,
) -> Named:  # fmt: skip
    """`update` turns whether a point is a mistake, and its label, into what the point is multiplied by."""
    import torch

    unit = torch.nn.Linear(len(first), 1, bias=bias is not None, dtype=torch.float64)
    with torch.no_grad():
        unit.weight.copy_(torch.tensor([first], dtype=torch.float64))
        if bias is not None:
            unit.bias.fill_(bias)
    optimizer = torch.optim.SGD([unit.weight] if frozen_bias else unit.parameters())
    optimizer.param_groups[0]["lr"] = float(lr)
    found: Named = {}
    mistakes = 0
    for count, (x, y) in enumerate(list(zip(xs, ys, strict=True)) * passes, 1):
        total = unit(torch.tensor(x, dtype=torch.float64))
        value = 0.0 if abs(total.item()) < NOISE else total.item()
        fires = value >= 0 if threshold == "at_least" else value > 0
        wrong = (1 if fires else -1) != y
        mistakes += wrong
        optimizer.zero_grad()
        torch.autograd.backward((-update(wrong, y) * total).sum())
        optimizer.step()
        found[f"w{count}"] = tuple(unit.weight[0].tolist())
        if bias is not None:
            found[f"b{count}"] = unit.bias.item()
    last = len(xs) * passes
    whole = {"w": found[f"w{last}"]} | ({"b": found[f"b{last}"]} if bias is not None else {})
    return {**found, **whole, "mistakes": mistakes}


def _checked(points: Any, labels: Any, start: Any, bias: Any, passes: Any) -> tuple[list[Vector], list[int], Vector]:
    """Points, labels and the first weights; raises BadArgument."""
    if not isinstance(points, list | tuple) or not 1 <= len(points) <= MOST_POINTS:
        raise BadArgument("points", f"here belongs a list of 1 to {MOST_POINTS} points")
    xs = [descent.numbers("points", point) for point in points]
    if len({len(x) for x in xs}) > 1:
        raise BadArgument("points", "points have different numbers of coordinates")
    if not isinstance(labels, list | tuple) or len(labels) != len(xs) or any(one not in (1, -1) for one in labels):
        raise BadArgument("labels", f"{len(xs)} labels 1 or -1 are needed, one for each point")
    first = (0.0,) * len(xs[0]) if start is None else descent.numbers("start", start)
    if len(first) != len(xs[0]):
        raise BadArgument("start", f"{len(first)} weights do not go with points of {len(xs[0])} coordinates")
    if bias is not None:
        descent.number("bias", bias)
    if not isinstance(passes, int) or not 1 <= passes <= MOST_PASSES:
        raise BadArgument("passes", f"{passes} is no number of passes from 1 to {MOST_PASSES}")
    return xs, [int(one) for one in labels], first


def recompute(
    *,
    points: Any,
    labels: Any,
    start: Any = None,
    bias: float | None = None,
    lr: float = 1,
    passes: int = 1,
    threshold: str = "at_least",
) -> Named:
    """The same by the rule itself, in exact fractions."""
    xs, ys, first = _checked(points, labels, start, bias, passes)
    eta = exact(descent.rate(lr))
    w, b = [exact(one) for one in first], exact(bias or 0)
    found: Named = {}
    count = mistakes = 0
    for _ in range(passes):
        for x, y in zip(xs, ys, strict=True):
            count += 1
            total = sum((one * exact(at) for one, at in zip(w, x, strict=True)), b)
            if _sign(total, threshold) != y:
                mistakes += 1
                w = [one + eta * y * exact(at) for one, at in zip(w, x, strict=True)]
                b = b + eta * y if bias is not None else b
            found[f"w{count}"] = tuple(map(float, w))
            if bias is not None:
                found[f"b{count}"] = float(b)
    whole: Named = {"w": found[f"w{count}"]} | ({"b": found[f"b{count}"]} if bias is not None else {})
    return {**found, **whole, "mistakes": mistakes}


def _sign(total: Fraction, threshold: str) -> int:
    if total == 0:
        return 1 if threshold == "at_least" else -1
    return 1 if total > 0 else -1


def says(*, bias: float | None = None, threshold: str = "at_least") -> str:
    """What the paper must state for the answer to be one."""
    fires = CONVENTIONS["threshold"][threshold]
    also = "only a point that is predicted wrongly changes the weights" + ("" if bias is None else " and the bias")
    return f"{fires}, and then predicts +1, otherwise −1; {also}"


def worked(
    *,
    points: Any,
    labels: Any,
    start: Any = None,
    bias: float | None = None,
    lr: float = 1,
    passes: int = 1,
    threshold: str = "at_least",
) -> str:
    """A row for each point: its sum, whether it is a mistake, the weights after it."""
    xs, ys, first = _checked(points, labels, start, bias, passes)
    found = tidy(
        compute(points=points, labels=labels, start=start, bias=bias, lr=lr, passes=passes, threshold=threshold)
    )
    after = "$w$ after it" if bias is None else "$w$, $b$ after it"
    rows = [f"| $x$ | $y$ | sum | | {after} |", "| --- | --- | --- | --- | --- |"]
    w, b = first, bias or 0
    for count, (x, y) in enumerate(list(zip(xs, ys, strict=True)) * passes, 1):
        total = float(sum((exact(one) * exact(at) for one, at in zip(w, x, strict=True)), exact(b)))
        wrong = _sign(exact(total), threshold) != y
        w, b = found[f"w{count}"], found.get(f"b{count}", 0)
        new = vector(w) + ("" if bias is None else f",\\ {tex_number(b)}")
        told = "wrong" if wrong else "right"
        rows.append(f"| ${vector(tidy(x))}$ | ${'+' if y > 0 else '-'}1$ | ${result(total)}$ | {told} | ${new}$ |")
    return "\n".join(rows)


def in_full(
    *,
    points: Any,
    labels: Any,
    start: Any = None,
    bias: float | None = None,
    lr: float = 1,
    passes: int = 1,
    threshold: str = "at_least",
) -> str:
    """The sum of each point, and the step of each mistake."""
    xs, ys, w = _checked(points, labels, start, bias, passes)
    found = compute(points=points, labels=labels, start=start, bias=bias, lr=lr, passes=passes, threshold=threshold)
    b, told = bias, []
    for count, (x, y) in enumerate(list(zip(xs, ys, strict=True)) * passes, 1):
        terms = [rf"({tex_number(one)}) \cdot ({tex_number(at)})" for one, at in zip(w, x, strict=True)]
        told.append(" + ".join([*terms, *([] if b is None else [f"({tex_number(b)})"])]))
        if found[f"w{count}"] != w or found.get(f"b{count}") != b:
            told.append(rf"{vector(w)} + ({tex_number(lr * y)}) \cdot {vector(x)}")
        w, b = found[f"w{count}"], found.get(f"b{count}")
    return "\n".join(f"${line}$" for line in told)


def _wrong(update: Callable[[bool, int], int], frozen_bias: bool = False) -> Callable[..., Any]:
    """The same run with another update."""

    def run(
        *,
        points: Any,
        labels: Any,
        start: Any = None,
        bias: float | None = None,
        lr: float = 1,
        passes: int = 1,
        threshold: str = "at_least",
    ) -> Named:
        if frozen_bias and bias is None:
            raise DoesNotApply("there is no bias")
        xs, ys, first = _checked(points, labels, start, bias, passes)
        return _run(xs, ys, first, bias, lr, passes, threshold, update, frozen_bias)

    return run


MISCONCEPTIONS = {
    "right_points_too": Misconception("points that are right change the weights too", _wrong(lambda _, label: label)),
    "bias_not_updated": Misconception(
        "the bias is not changed", _wrong(lambda wrong, label: label if wrong else 0, frozen_bias=True)
    ),
    "sign": Misconception(
        "the point times its label is subtracted, not added", _wrong(lambda wrong, label: -label if wrong else 0)
    ),
    "label_ignored": Misconception("every mistake is added, whatever its label", _wrong(lambda wrong, _: int(wrong))),
    "other_threshold": Misconception(
        "a sum of 0 is taken for the other class",
        descent.again(
            compute, lambda given: {"threshold": "above" if given["threshold"] == "at_least" else "at_least"}
        ),
    ),
}
