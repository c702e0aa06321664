"""One number, with its unit, exact or within a tolerance that the paper states."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import Field

from generator.answers import asking
from generator.answers.asking import WHOLE, Exactness, Pick, Precision
from generator.answers.asking import number as read
from generator.answers.kind import UNREADABLE, Drawn, Finding, Known, Mark, Response, Responses
from generator.formulas import FormulaError
from generator.reference import Asked, Slip
from generator.text import KeyPath

__all__ = ["NumberAnswer", "Spec", "answer", "check", "formulas", "read"]

GIVES = {"count", "number", "named", "array"}


class Spec(Exactness):
    """`number: parameter_count` with layers, unit, and how exact it must be."""

    number: str = Field(description="a quantity that gives a number, or of which one is picked")
    unit: str = Field("", description="printed behind the box")


@dataclass(frozen=True)
class NumberAnswer:
    """A number, and how exact a response must be."""

    value: float | int
    unit: str
    precision: Precision
    note: str
    worked: str
    asked: Asked | None = field(default=None, compare=False, repr=False)
    pick: Pick = WHOLE

    @property
    def recorded(self) -> float | int:
        """The number."""
        return self.value

    @property
    def text(self) -> str:
        """The number as the key prints it, with its unit."""
        return self.said(self.value)

    def said(self, value: float) -> str:
        """Any number as the key would print it, with the unit."""
        return f"{self.precision.text(value)} {self.unit}".strip()

    @property
    def slips(self) -> tuple[Slip, ...]:
        """Wrong answers that a misconception leads to, and that would not be marked right."""
        found = asking.slips(self.asked, self.pick)
        return tuple(slip for slip in found if abs(slip.value - self.value) > 2 * self.precision.slack(self.value))

    def mark(self, response: Response) -> Mark:
        """Right when it differs by no more than the tolerance; else what led to it is said, where that is known."""
        given = read(response, self.unit) if isinstance(response, str) else None
        if given is None:
            return UNREADABLE
        if self.precision.right(given, self.value):
            return Mark(1.0)
        why = [slip.says for slip in self.slips if self.precision.right(given, slip.value)]
        return Mark(0.0, (f"{self.text}, not {response}", *why[:1]))

    def responses(self) -> Responses:
        """The number, a number just outside the tolerance, and words."""
        slack = self.precision.slack(self.value)
        step = max(1, math.ceil(2 * slack)) if isinstance(self.value, int) else max(2 * slack, abs(self.value), 1e-6)
        return Responses(self.precision.text(self.value), repr(self.value + step), "quite a lot")


def formulas(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """The arguments of the quantity."""
    yield from asking.formulas(spec.number, spec)


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """The quantity gives a number, and its arguments are there."""
    yield from asking.check(spec.number, spec, GIVES, known, ("number",))


def answer(spec: Spec, drawn: Drawn) -> NumberAnswer:
    """Compute the number."""
    asked = asking.asked(spec.number, spec, drawn)
    pick, precision = asking.picker(spec, drawn), asking.precision(spec)
    value = pick.of(asked.value)
    if not isinstance(value, int | float):
        raise FormulaError(f"{spec.number} gives no single number", spec.number, "say which one with 'pick'")
    precision.text(value)
    exact = asking.exact_says(spec.number, [pick.name] if pick.name else ())
    note = " ".join(filter(None, [asked.says, precision.says or exact]))
    return NumberAnswer(value, spec.unit, precision, note, asked.worked, asked, pick)
