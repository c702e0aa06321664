"""A derivative checked by a difference quotient: the quotient, the exact derivative, and how far they are apart."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Context, Decimal, localcontext
from typing import Any, Literal

from generator import duals, notation, tensors
from generator.formulas import FormulaError
from generator.reference import BadArgument, DoesNotApply, Misconception, Words
from generator.reference.chosen import choosing
from generator.reference.given import aligned, equals, number, reading, tex
from generator.tensors import Program

GIVES = "named"
SMALLEST_STEP = 1e-3  # below it, double precision leaves too few digits of the difference
LARGEST_STEP = 10.0
MOST_STEPS_IN_A_VALUE = 10**6
ONLY = Words("")  # input of a function that has one
Method = Literal["central", "forward"]
Named = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """A function of numbers, which of them changes, the step, and where the function is evaluated."""

    program: Program
    at: dict[str, float]
    by: str
    step: float
    method: Method

    @property
    def places(self) -> tuple[float, float]:
        """How many steps from the point the two values lie."""
        return (1, -1) if self.method == "central" else (1, 0)


def _task(*, function: Words, at: Any, step: float, by: Words = ONLY, method: Method = "central") -> Task:
    """Check all arguments; raises BadArgument."""
    try:
        program: Program = (("f", tensors.read(function)),)
    except FormulaError as error:
        raise BadArgument("function", str(error)) from None
    needed = tensors.inputs(program)
    if not isinstance(at, dict) or set(at) != set(needed):
        raise BadArgument("at", f"here belong the values of {', '.join(needed)}")
    point = {name: number("at", value, -1000, 1000) for name, value in at.items()}
    if not by and len(point) > 1:
        raise BadArgument("function", f"it has {len(point)} inputs; say which one changes with 'by'")
    changed = by or next(iter(point))
    if changed not in point:
        raise BadArgument("by", f"the function has no input '{changed}'")
    task = Task(program, point, str(changed), number("step", step, SMALLEST_STEP, LARGEST_STEP), method)
    try:
        for steps in (*task.places, 0):
            if abs(_exact(task, steps)) > MOST_STEPS_IN_A_VALUE * Decimal(task.step):
                raise BadArgument("step", "it is too small for values as large as these")
        duals.gradients(program, point, [task.by])
    except FormulaError as error:
        raise BadArgument("function", str(error)) from None
    return task


@reading(_task)
def compute(task: Task) -> Named:
    """Evaluate the function with PyTorch, and differentiate it by autograd.

    `function`: an expression of numbers; `at`: their values; `by`: the one that changes; `step`: h; `method`: central
    or forward. Results: `ahead` f(x + h), `behind` f(x - h) or f(x), `numerical`, `exact`, `error` (the absolute
    difference) and `relative` (over the larger of both sizes).
    """
    return _run(task)


def _run(task: Task, divisor: float | None = None) -> Named:
    ahead, behind = (_value(task, steps * task.step) for steps in task.places)
    width = (task.places[0] - task.places[1]) * task.step if divisor is None else divisor
    exact = tensors.gradients(task.program, task.at, [task.by])[task.by]
    return _named(ahead, behind, (ahead - behind) / width, exact)


def _value(task: Task, shift: float) -> float:
    given = task.at | {task.by: task.at[task.by] + shift}
    return tensors.run(task.program, {name: tensors.tensor(one) for name, one in given.items()})["f"].item()


def _named(ahead: Any, behind: Any, numerical: Any, exact: Any) -> Named:
    error, largest = abs(numerical - exact), max(abs(numerical), abs(exact))
    if isinstance(error, float):  # digits that double precision has lost in the difference
        error = round(error, 12 - math.ceil(math.log10(max(largest, 1))))
    return {
        "ahead": ahead,
        "behind": behind,
        "numerical": numerical,
        "exact": exact,
        "error": error,
        "relative": error / largest if largest else error * 0,
    }


@reading(_task)
def recompute(task: Task) -> Named:
    """The same in decimals of 40 digits, with the derivative by dual numbers."""
    ahead, behind = (_exact(task, steps) for steps in task.places)
    with localcontext(Context(prec=40)):
        width = Decimal(repr(task.step)) * int(task.places[0] - task.places[1])
        slope = Decimal(repr(duals.gradients(task.program, task.at, [task.by])[task.by]))
        found = _named(ahead, behind, (ahead - behind) / width, slope)
    return {name: float(value) for name, value in found.items()}


def _exact(task: Task, steps: float) -> Decimal:
    """The function so many steps from the point."""
    with localcontext(Context(prec=40)):
        shifted = Decimal(repr(task.at[task.by])) + int(steps) * Decimal(repr(task.step))
    return duals.exact(task.program, {**task.at, task.by: shifted})


@choosing(_task)
def says(task: Task, wanted: frozenset[str]) -> str:
    """Which quotient is meant, and what the relative error is, where it is asked for."""
    x = notation.symbol(task.by)
    ends = f"f({x} + h) - f({x} - h)" if task.method == "central" else f"f({x} + h) - f({x})"
    under = "2h" if task.method == "central" else "h"
    quotient = rf"the {task.method} difference quotient is $\frac{{{ends}}}{{{under}}}$"
    relative = "a relative error is the absolute error over the larger size of both derivatives"
    return f"{quotient}; {relative}" if not wanted or "relative" in wanted else quotient


@choosing(_task)
def worked(task: Task, wanted: frozenset[str]) -> str:
    """Both values, the quotient, the derivative and the errors, as far as they are asked for."""
    found = _run(task)
    x = task.at[task.by]
    ends = [x + steps * task.step for steps in task.places]
    width = (task.places[0] - task.places[1]) * task.step
    quotient = rf"\frac{{{tex(found['ahead'])} {_less(found['behind'])}}}{{{tex(width)}}}"
    lines = {
        "ahead": (f"f({tex(ends[0])})", equals(found["ahead"])),
        "behind": (f"f({tex(ends[1])})", equals(found["behind"])),
        "numerical": (r"\text{quotient}", f"= {quotient} {equals(found['numerical'])}"),
        "exact": (rf"\tfrac{{\partial f}}{{\partial {notation.symbol(task.by)}}}", equals(found["exact"])),
        "error": (r"\text{error}", equals(found["error"])),
        "relative": (r"\text{relative}", equals(found["relative"])),
    }
    needed = {"relative": 6, "error": 5, "exact": 4, "numerical": 3, "behind": 2, "ahead": 1}
    last = max((needed[name] for name in wanted), default=6)
    return aligned(*list(lines.values())[:last])


def _less(value: float) -> str:
    return f"{'+' if value < 0 else '-'} {tex(abs(value))}"


# ---- wrong ways ----


@reading(_task)
def _not_twice(task: Task) -> Named:
    if task.method == "forward":
        raise DoesNotApply("the points are one step apart")
    return _run(task, task.step)


@reading(_task)
def _not_divided(task: Task) -> Named:
    return _run(task, 1)


@reading(_task)
def _other_method(task: Task) -> Named:
    return _run(replace(task, method="forward" if task.method == "central" else "central"))


@reading(_task)
def _reversed(task: Task) -> Named:
    return _run(task, -(task.places[0] - task.places[1]) * task.step)


MISCONCEPTIONS = {
    "not_twice": Misconception("the difference is divided by h, though the points are 2h apart", _not_twice),
    "not_divided": Misconception("the difference is not divided by the step", _not_divided),
    "other_method": Misconception("the other difference quotient is taken", _other_method),
    "reversed": Misconception("the values are subtracted the wrong way round", _reversed),
}
