"""What the quantities of optimizer steps share: a problem to descend on, its run by `torch.optim`, and how it is told.

A problem is a start and either the gradients of all steps, or the loss ½ Σ aᵢ (wᵢ − cᵢ)² with the curvatures a and
the minimum c, whose gradient is taken anew in every step. All rules here act on each weight by itself.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from generator.formulas import tex_number
from generator.reference import BadArgument, DoesNotApply, Misconception, tidy
from generator.spec import CONVENTIONS

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Parameter
    from torch.optim import Optimizer

MOST_STEPS = 20
MOST_WEIGHTS = 8
LARGEST = 1e6  # of a number that is given
LARGEST_RATE = 1000.0
DIGITS = Context(prec=50)

Vector = tuple[float, ...]
Named = dict[str, Any]


# ---- the problem ----


@dataclass(frozen=True)
class Problem:
    """Where the descent starts, and the gradients it meets: `given` for all steps, or those of a quadratic loss."""

    start: Vector
    scalar: bool  # whether there is one weight, and results are numbers
    steps: int
    given: tuple[Vector, ...] | None
    curvature: Vector
    minimum: Vector

    def of(self, values: Iterable[float]) -> Any:
        """A vector as the results give it: a number where there is one weight."""
        values = tuple(values)
        return values[0] if self.scalar else values


def problem(start: Any, gradients: Any, curvature: Any, minimum: Any, steps: int) -> Problem:
    """Check the arguments that all optimizers take; raises BadArgument.

    `start`: a number or a list; `gradients`: one such for each step; else `curvature` (and `minimum`), with `steps`.
    """
    first = numbers("start", start)
    scalar = not isinstance(start, list | tuple)
    if (gradients is None) == (curvature is None):
        raise BadArgument("start", "give either gradients, or the curvature of a quadratic loss")
    if gradients is not None:
        if not isinstance(gradients, list | tuple) or not 1 <= len(gradients) <= MOST_STEPS:
            raise BadArgument("gradients", f"here belongs a list of 1 to {MOST_STEPS} gradients, one for each step")
        given = tuple(_of_length("gradients", one, first, scalar) for one in gradients)
        return Problem(first, scalar, len(given), given, (), ())
    if not isinstance(steps, int) or not 1 <= steps <= MOST_STEPS:
        raise BadArgument("steps", f"{steps} is no number of steps from 1 to {MOST_STEPS}")
    bend = _of_length("curvature", curvature, first, scalar)
    lowest = (0.0,) * len(first) if minimum == 0 else _of_length("minimum", minimum, first, scalar)
    return Problem(first, scalar, steps, None, bend, lowest)


def numbers(name: str, value: Any) -> Vector:
    """A number or a flat list of numbers as a tuple; raises BadArgument."""
    values = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not 1 <= len(values) <= MOST_WEIGHTS:
        raise BadArgument(name, f"{len(values)} numbers are given; 1 to {MOST_WEIGHTS} would work")
    return tuple(number(name, one) for one in values)


def number(name: str, value: Any, least: float = -LARGEST, most: float = LARGEST) -> float:
    """A number between two bounds, both included; raises BadArgument."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise BadArgument(name, f"{value} is no number from {least:g} to {most:g}")
    return float(value)


def rate(value: Any) -> float:
    """A learning rate; raises BadArgument. Only the second computation asks, so that a misconception may go uphill."""
    return number("lr", value, 1e-9, LARGEST_RATE)


def factor(name: str, value: Any) -> float:
    """What a running mean or a velocity keeps: from 0 to below 1; raises BadArgument."""
    return number(name, value, 0, 0.99999)


def _of_length(name: str, value: Any, first: Vector, scalar: bool) -> Vector:
    found = numbers(name, value)
    if len(found) != len(first) or isinstance(value, list | tuple) is scalar:
        raise BadArgument(name, f"{value} does not go with a start of {len(first)} weights")
    return found


# ---- its run by torch.optim ----


@dataclass(frozen=True)
class Step:
    """What one step met and left: weights, the gradient of the loss, the weights after it, what the optimizer keeps."""

    before: Vector
    gradient: Vector
    weights: Vector
    state: Mapping[str, Vector]


Moved = Callable[[int, "Tensor", "Tensor", Mapping[str, "Tensor"]], "Tensor"]  # step, weights, gradient, what is kept


def descend(
    task: Problem,
    lr: float,
    make: Callable[[list[Parameter]], Optimizer],
    before: Callable[[int, dict[str, Any]], None] | None = None,
    moved: Moved | None = None,
) -> list[Step]:
    """Run an optimizer in double precision with this learning rate, which is negative to go uphill.

    `before` is called with the number of each step, and the settings of the optimizer, before it is taken. `moved`
    gives the weights after a step where the optimizer moves them in another way, which keeps what it kept.
    """
    import torch

    weight = torch.nn.Parameter(torch.tensor(task.start, dtype=torch.float64))
    optimizer = make([weight])
    settings = optimizer.param_groups[0]
    settings["lr"] = number("lr", lr, -LARGEST_RATE, LARGEST_RATE)
    steps = []
    for count in range(1, task.steps + 1):
        at = tuple(weight.tolist())
        optimizer.zero_grad()
        if task.given is not None:
            weight.grad = torch.tensor(task.given[count - 1], dtype=torch.float64)
        else:
            torch.autograd.backward(_loss(task, weight))
        if before:
            before(count, settings)
        assert weight.grad is not None
        gradient = tuple(weight.grad.tolist())
        optimizer.step()
        kept = {name: value for name, value in optimizer.state[weight].items() if isinstance(value, torch.Tensor)}
        if moved:
            with torch.no_grad():
                weight.copy_(moved(count, torch.tensor(at, dtype=torch.float64), weight.grad, kept))
        state = {name: tuple(value.tolist()) for name, value in kept.items() if value.dim()}
        steps.append(Step(at, gradient, tuple(weight.tolist()), state))
    return steps


def _loss(task: Problem, weight: Tensor) -> Tensor:
    import torch

    curvature, minimum = (torch.tensor(one, dtype=torch.float64) for one in (task.curvature, task.minimum))
    return (curvature * (weight - minimum) ** 2).sum() / 2


def named(task: Problem, rows: Iterable[Mapping[str, Iterable[float]]]) -> Named:
    """The results by name, v1, w1, v2, w2 …, of rows with the names v, w; the number goes before an underscore.

    A gradient (g) is a result only where the loss gives it. Raises BadArgument where a result is no number.
    """
    found: Named = {}
    for count, row in enumerate(rows, 1):
        for name, values in row.items():
            kept = tuple(values)
            if not all(map(math.isfinite, kept)):
                raise BadArgument("start", f"step {count} divides by 0")
            if name != "g" or task.given is None:
                stem, _, rest = name.partition("_")
                found[f"{stem}{count}_{rest}" if rest else f"{stem}{count}"] = task.of(kept)
    return found


# ---- the same in exact fractions ----

Exact = list[Fraction]


def exact(value: float) -> Fraction:
    """A number as it is written in decimals: 0.1 is one tenth."""
    return Fraction(repr(value))


def start_of(task: Problem) -> Exact:
    """The start, exactly."""
    return [exact(value) for value in task.start]


def slope(task: Problem, step: int, weights: Sequence[Fraction]) -> Exact:
    """The gradient of a step by the closed formula a (w − c), or the one that is given."""
    if task.given is not None:
        return [exact(value) for value in task.given[step - 1]]
    lines = zip(task.curvature, weights, task.minimum, strict=True)
    return [exact(bend) * (weight - exact(lowest)) for bend, weight, lowest in lines]


def root(value: Fraction) -> Fraction:
    """The square root to 50 digits."""
    quotient = DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator))
    return Fraction(DIGITS.sqrt(quotient))


def scaled(
    task: Problem,
    eta: Fraction,
    remember: Callable[[Fraction, Fraction], Fraction],
    divisor: Callable[[Fraction], Fraction],
) -> Named:
    """Steps η g / divisor(s), where `remember` turns the old s and the new gradient into s; s starts at 0."""
    w = start_of(task)
    s = [Fraction(0)] * len(w)
    rows = []
    for count in range(1, task.steps + 1):
        g = slope(task, count, w)
        s = [remember(old, one) for old, one in zip(s, g, strict=True)]
        under = [divisor(one) for one in s]
        if not all(under):
            raise BadArgument("start", f"step {count} divides by 0")
        w = [at - eta * one / below for at, one, below in zip(w, g, under, strict=True)]
        rows.append({"g": g, "s": s, "w": w})
    return named(task, floats(rows))


def floats(rows: Iterable[Mapping[str, Exact]]) -> list[dict[str, list[float]]]:
    """Fractions as floats."""
    return [{name: [float(value) for value in values] for name, values in row.items()} for row in rows]


# ---- misconceptions: the computation with other arguments ----


def again(compute: Callable[..., Any], change: Callable[[dict[str, Any]], Mapping[str, Any]]) -> Callable[..., Any]:
    """Compute with arguments that `change` makes of the given ones; it takes what compute takes."""
    signature = inspect.signature(compute)

    def wrong(**given: Any) -> Any:
        bound = signature.bind(**given)
        bound.apply_defaults()
        return compute(**{**bound.arguments, **change(dict(bound.arguments))})

    wrong.__signature__ = signature  # type: ignore[attr-defined] # what `Asked` passes by
    return wrong


def instead(compute: Callable[..., Any], follow: Callable[[Problem, Mapping[str, Any]], Any]) -> Callable[..., Any]:
    """Follow another rule on the same problem; takes what compute takes."""
    signature = inspect.signature(compute)

    def wrong(**given: Any) -> Any:
        bound = signature.bind(**given)
        bound.apply_defaults()
        taken = bound.arguments
        task = problem(*(taken[name] for name in ("start", "gradients", "curvature", "minimum", "steps")))
        return follow(task, taken)

    wrong.__signature__ = signature  # type: ignore[attr-defined] # what `Asked` passes by
    return wrong


def with_value(argument: str, value: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Another value of one argument; raises DoesNotApply where it has this value already."""

    def change(given: dict[str, Any]) -> dict[str, Any]:
        if given[argument] == value:
            raise DoesNotApply(f"{argument} is {value}")
        return {argument: value}

    return change


def first_gradient_only(given: dict[str, Any]) -> dict[str, Any]:
    """The gradient at the start in every step; raises DoesNotApply where gradients are given."""
    task = problem(given["start"], given["gradients"], given["curvature"], given["minimum"], given["steps"])
    if task.given is not None or task.steps == 1:
        raise DoesNotApply("there is no second gradient of a loss")
    gradient = task.of(float(value) for value in slope(task, 1, start_of(task)))
    return {"gradients": [gradient] * task.steps, "curvature": None}


def common(compute: Callable[..., Named]) -> dict[str, Misconception]:
    """The wrong ways that all optimizers share."""
    stale = again(compute, first_gradient_only)

    def with_gradients(**given: Any) -> Named:
        wrong, right = stale(**given), compute(**given)
        return {
            name: wrong.get(name, right["g1"]) for name in right
        }  # the gradients, which are no results of given ones

    with_gradients.__signature__ = inspect.signature(compute)  # type: ignore[attr-defined] # what `Asked` passes by
    return {
        "uphill": Misconception("the step goes up the gradient", again(compute, lambda given: {"lr": -given["lr"]})),
        "no_learning_rate": Misconception("the learning rate is missing", again(compute, with_value("lr", 1))),
        "stale_gradient": Misconception("the gradient of the first step is used in every step", with_gradients),
    }


# ---- how steps are told ----


def tex(value: Any) -> str:
    """A number or a vector in LaTeX, as a factor or a summand that is subtracted: a negative number in parentheses."""
    if isinstance(value, list | tuple):
        return _vector(value)
    text = tex_number(tidy(value))
    return f"({text})" if text.startswith("-") else text


def result(value: Any) -> str:
    """A number or a vector in LaTeX, on its own."""
    return _vector(value) if isinstance(value, list | tuple) else tex_number(tidy(value))


def _vector(values: Iterable[float]) -> str:
    return f"({', '.join(map(tex_number, tidy(values)))})"


def equals(value: Any) -> str:
    """A number or a vector as the result of an equation, which holds approximately where digits are left out."""
    values = tidy(value) if isinstance(value, list | tuple) else (tidy(value),)
    whole = all(float(f"{one:.6g}") == one for one in values)
    return f"{'=' if whole else APPROXIMATELY} {result(value)}"


APPROXIMATELY = r"\approx"
WIDEST = 44  # characters of an equation that fit into a column of the key


def aligned(lines: Iterable[tuple[str, str]]) -> str:
    """Equations below each other, as a display formula; the result of a long one goes to a line of its own."""
    told = []
    for left, right in lines:
        formula, sign, value = right.rpartition(f" {APPROXIMATELY} " if APPROXIMATELY in right else " = ")
        if sign and _width(f"{left} = {right}") > WIDEST:
            right = f"{formula} \\\\ &{sign.strip()} {value}"
        told.append(f"{left} &= {right}")
    return "$$\\begin{aligned} " + " \\\\ ".join(told) + " \\end{aligned}$$"


def _width(latex: str) -> int:
    """About how many characters wide a formula is, a fraction being as wide as its wider half."""
    while found := _FRACTION.search(latex):
        latex = latex[: found.start()] + max(found[1], found[2], key=len) + latex[found.end() :]
    return len(re.sub(r"\\[a-z]+ ?|[{}_^ ]", lambda hit: "x" if hit[0].startswith("\\cdot") else "", latex))


_FRACTION = re.compile(r"\\frac\{((?:[^{}]|\{[^{}]*\})*)\}\{((?:[^{}]|\{[^{}]*\})*)\}")


def slope_told(task: Problem, step: int, weights: Any, gradient: Any) -> list[tuple[str, str]]:
    """How the gradient of a step is got of the loss; nothing where it is given."""
    if task.given is not None:
        return []
    if not task.scalar:
        return [(f"g_{step}", result(gradient))]
    lowest = task.minimum[0]
    inner = f"({result(weights)} {'-' if lowest >= 0 else '+'} {tex_number(abs(lowest))})" if lowest else tex(weights)
    return [(f"g_{step}", f"{tex(task.curvature[0])} \\cdot {inner} {equals(gradient)}")]


BY_ELEMENT = "Squares, roots and quotients are taken of each weight by itself."


def ratio(lr: float, over: Any, under: Any, eps: float, epsilon_place: str) -> str:
    """The step of a rule that divides by a root, in LaTeX."""
    small = f" + {tex_number(eps)}" if eps else ""
    inner, outer = (small, "") if epsilon_place == "inside" else ("", small)
    return rf"{tex(lr)} \cdot \frac{{{result(over)}}}{{\sqrt{{{result(under)}{inner}}}{outer}}}"


def epsilon_said(eps: float, epsilon_place: str) -> str:
    """What the paper states of the number that keeps a root from being 0."""
    return CONVENTIONS["epsilon_place"][epsilon_place] if eps else "ε is so small that it is left out"


def divisor(scale: Callable[[Fraction], Fraction], eps: Fraction, epsilon_place: str) -> Callable[[Fraction], Fraction]:
    """What a rule divides by: the root and ε, in fractions."""
    return (lambda s: scale(s + eps)) if epsilon_place == "inside" else (lambda s: scale(s) + eps)


def gradient_of(task: Problem, found: Named, step: int) -> Any:
    """The gradient of a step, given or found."""
    return task.of(task.given[step - 1]) if task.given is not None else found[f"g{step}"]


def combined(one: Any, share: float, other: Any) -> Any:
    """One vector (or number) plus a multiple of another."""
    if not isinstance(one, list | tuple):
        return one + share * other
    return tuple(a + share * b for a, b in zip(one, other, strict=True))


def telling(
    compute: Callable[..., Named],
    lines: Callable[[Problem, Named, Mapping[str, Any]], Iterable[tuple[str, str]]],
    note: str = "",
) -> Callable[..., str]:
    """The `worked` of an optimizer: `lines` turns the problem, its results and all arguments into equations."""

    def told(task: Problem, given: Mapping[str, Any]) -> str:
        equations = aligned(lines(task, tidy(compute(**given)), given))
        return f"{equations}\n\n{note}" if note and not task.scalar else equations

    return instead(compute, told)
