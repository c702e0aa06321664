"""One number, with its unit, exact or within a tolerance that the paper states."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field

from generator import reference
from generator.answers.kind import (
    UNREADABLE,
    Drawn,
    Finding,
    Known,
    Mark,
    Response,
    Responses,
    check_layers,
    check_quantity,
)
from generator.formulas import number_text
from generator.spec import Model, Name
from generator.text import KeyPath


class Spec(Model):
    """`number: parameter_count` with layers, unit, and how exact it must be."""

    number: str = Field(description="a quantity: parameter_count or multiply_accumulates")
    layers: list[Name] = Field([], description="only these layers; by default all of them")
    with_: dict[Name, Any] = Field({}, alias="with", description="arguments of the quantity")
    unit: str = Field("", description="printed behind the box")
    tolerance: Annotated[float | int, Field(ge=0)] | None = Field(
        None, description="an absolute difference that is still right"
    )
    relative: Annotated[float, Field(gt=0, le=0.2)] | None = Field(
        None, description="a share that is still right: 0.01 for 1%"
    )


@dataclass(frozen=True)
class NumberAnswer:
    """A number and the largest difference that still counts as right."""

    value: float | int
    unit: str
    tolerance: float
    note: str
    worked: str

    @property
    def recorded(self) -> float | int:
        """The number."""
        return self.value

    @property
    def text(self) -> str:
        """The number as the key prints it, with its unit."""
        return f"{number_text(self.value, 6)} {self.unit}".strip()

    def mark(self, response: Response) -> Mark:
        """Right when it differs by no more than the tolerance."""
        given = read(response, self.unit) if isinstance(response, str) else None
        if given is None:
            return UNREADABLE
        if abs(given - Fraction(repr(self.value))) <= self.tolerance * (1 + 1e-12):
            return Mark(1.0)
        return Mark(0.0, (f"{self.text}, not {response}",))

    def responses(self) -> Responses:
        """The number, a number just outside the tolerance, and words."""
        step = (
            max(1, math.ceil(2 * self.tolerance))
            if isinstance(self.value, int)
            else max(2 * self.tolerance, abs(self.value), 1e-6)
        )
        return Responses(repr(self.value), repr(self.value + step), "quite a lot")


_GROUPED = re.compile(r"(?<![0-9.,])([-+]?[1-9][0-9]{0,2})((?:,[0-9]{3})+|(?:[\s'][0-9]{3})+)(?![0-9,])")
_NUMBER = re.compile(
    r"([-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))"
    r"(?:(?:e|\s*(?:[·×x*]|\\cdot|\\times)\s*10\s*(?:\^|\*\*)\s*)\{?([-+]?[0-9]{1,3})\}?)?",
    re.IGNORECASE,
)
_SUPERSCRIPTS = "⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹"
_PLAIN = str.maketrans(_SUPERSCRIPTS, "-+0123456789")


def read(text: str, unit: str = "") -> Fraction | None:
    """Read a number as people write it: 1,234 or 1 234, 1.5e-3, 1.5 × 10⁻³, 3/4; None when it is none.

    A comma is read between groups of three digits only: in 0,125 it may mean a decimal point.
    """
    if len(text) > 100:
        return None
    text = text.replace("−", "-").strip().strip("$").strip().removeprefix("=").strip()
    if unit and text.endswith(unit):
        text = text[: -len(unit)].strip()
    text = re.sub(f"[{_SUPERSCRIPTS}]+", lambda raised: "^" + raised[0].translate(_PLAIN), text)
    text = _GROUPED.sub(lambda number: number[1] + re.sub(r"[\s,']", "", number[2]), text, count=1)
    if quotient := re.fullmatch(r"([-+]?[0-9]{1,15})\s*/\s*([0-9]{1,15})", text):
        over, under = int(quotient[1]), int(quotient[2])
        return Fraction(over, under) if under else None
    found = _NUMBER.fullmatch(text)
    return Fraction(f"{found[1]}e{found[2] or 0}") if found else None


def formulas(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """It holds no formulas."""
    yield from ()


def prose(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """It holds no prose."""
    yield from ()


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """The quantity gives a number, and the layers exist."""
    yield from check_quantity(spec.number, {"count"}, spec.with_, ("number",))
    yield from check_layers(spec.layers, known, ("layers",) if spec.layers else ("number",))
    if spec.tolerance is not None and spec.relative is not None:
        yield Finding(("relative",), "either tolerance or relative, not both")


def answer(spec: Spec, drawn: Drawn) -> NumberAnswer:
    """Compute the number."""
    network, module = drawn.the_network(), reference.quantity(spec.number)
    value = reference.answer(spec.number, network, layers=tuple(spec.layers), **spec.with_)
    tolerance = spec.tolerance if spec.tolerance is not None else (spec.relative or 0) * abs(value)
    says = module.says(**spec.with_)
    note = f"{says[:1].upper()}{says[1:]}. {_exactness(spec, value)}"
    return NumberAnswer(
        value, spec.unit, float(tolerance), note, module.worked(network, layers=tuple(spec.layers), **spec.with_)
    )


def _exactness(spec: Spec, value: float) -> str:
    """What the paper says of exactness."""
    if spec.tolerance:
        return f"A difference of up to {number_text(spec.tolerance)} counts as right."
    if spec.relative:
        return f"A difference of up to {number_text(spec.relative * 100)}% counts as right."
    return "Give the exact number." if isinstance(value, int) else "Give the exact value."
