"""Turn a variant into what it asks of a student by hand.

Counted are the parts whose answer a quantity gives, in the derivation of this draw, and the terms of symbolic answers.
Words, drawings, designs and options that the file gives are no work of this kind.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from generator.answers import NotUsed
from generator.answers.number import NumberAnswer
from generator.answers.options import OptionsAnswer
from generator.formulas import grouped, number_text
from generator.reference import tidy
from generator.spec import ParitySpec
from generator.workings import numbers, operations

if TYPE_CHECKING:
    from generator.variant import Variant

SYMBOLIC = ("expression", "derivative")  # kinds whose answers are sums of symbols


@dataclass(frozen=True)
class Labor:
    """What a variant asks for; a calculation that comes again, perhaps in another part, counts once."""

    multiplications: int = 0  # from left to right, but not with 0, ±1 or a power of ten: 3 · 4 · 5 are two, so is 5³
    divisions: int = 0  # that do not come out whole, but not by 2 or a power of ten: 7 / 4, not 8 / 4
    largest: float = 0  # number in the derivations and answers, whatever its sign
    digits: int = 0  # of the answers as the key prints them: 9×9×10 has four; options to tick have none
    terms: int = 0  # that are added or subtracted, but not 0: 2 · 3 + 0 · 4 − 5 has two; those of symbolic answers too


MEASURES = tuple(field.name for field in fields(Labor))


def labor(variant: Variant, only: Collection[str] = ()) -> Labor:
    """Turn a variant into what it asks for, in all of its parts or in those named."""
    derivations, values, symbols = [], [], []
    for part in variant.parts:
        answer: Any = part.answer
        if only and part.id not in only:
            continue
        if part.kind in SYMBOLIC:
            symbols.append(str(answer.recorded))
        elif asked := getattr(answer, "asked", None):
            derivations.append(asked.in_full)
            values += [] if isinstance(answer, OptionsAnswer) else [_written(answer)]
    found = operations(derivations)
    return Labor(
        found.multiplications,
        found.divisions,
        tidy(max((number for text in (*derivations, *values) for number in numbers(text)), default=0)),
        sum(letter.isdecimal() for text in (*values, *symbols) for letter in text),
        found.terms + sum(map(_terms, symbols)),
    )


def _written(answer: Any) -> str:
    """An answer as a student writes it."""
    if isinstance(answer, NumberAnswer):
        return answer.precision.text(answer.value)
    recorded = answer.recorded
    return "; ".join(map(str, recorded.values())) if isinstance(recorded, Mapping) else str(recorded)


def _terms(expression: str) -> int:
    """How many terms an expression adds up, those within brackets aside."""
    depth, terms = 0, 1
    for place, letter in enumerate(expression):
        depth += (letter in "([") - (letter in ")]")
        terms += depth == 0 and place > 0 and letter in "+-−"
    return terms


# ---- how far draws differ ----

UNEVEN = 1.5  # times the least, from which the work of two draws is not alike
PETTY = 2  # steps more, which nobody minds
FAR = 10  # times, for the largest number: one digit more


@dataclass(frozen=True)
class Range:
    """The least and the most of a measure."""

    least: float
    most: float

    @property
    def ratio(self) -> float:
        """How many times the least the most is."""
        return self.most / self.least if self.least else math.inf if self.most else 1.0

    def __str__(self) -> str:
        return f"{amount(self.least)} to {amount(self.most)}" if self.least < self.most else amount(self.most)


@dataclass(frozen=True)
class Spread:
    """How far some variants lie apart in each measure."""

    multiplications: Range
    divisions: Range
    largest: Range
    digits: Range
    terms: Range

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to count, as in questions in words."""
        return all(getattr(self, measure).most == 0 for measure in MEASURES)

    @property
    def uneven(self) -> tuple[str, ...]:
        """The measures in which the most laborious variant asks for clearly more than the least one."""
        return tuple(measure for measure in MEASURES if self.is_uneven(measure))

    def is_uneven(self, measure: str) -> bool:
        """More than 1.5 times as much, and not just by a step or two; or a number with a digit more."""
        found: Range = getattr(self, measure)
        if measure == "largest":
            return found.ratio >= FAR
        return found.ratio > UNEVEN and found.most - found.least > PETTY


def spread(labors: Sequence[Labor]) -> Spread:
    """Turn what variants ask for, of one question, into how far they lie apart."""
    columns = {measure: [getattr(one, measure) for one in labors] for measure in MEASURES}
    return Spread(**{measure: Range(min(values), max(values)) for measure, values in columns.items()})


def amount(value: float) -> str:
    """A measure as it is printed."""
    return grouped(int(value)) if value == int(value) else number_text(value, 4)


# ---- how far they may ----


class OutsideParity(NotUsed):
    """A draw that asks for more or less than the question's parity allows."""

    def __init__(self, found: Labor, parity: ParitySpec) -> None:
        super().__init__(found, parity)  # as another process raises it again
        self.labor = found
        self.parity = parity
        self.measures = outside(found, parity)

    def __str__(self) -> str:
        first = self.measures[0]
        return f"{amount(getattr(self.labor, first))} is outside of parity's {said(first, self.parity)}"


def outside(found: Labor, parity: ParitySpec) -> tuple[str, ...]:
    """The measures that are not within their bounds."""
    bounds = parity.bounds.items()
    return tuple(measure for measure, (least, most) in bounds if not least <= getattr(found, measure) <= most)


def said(measure: str, parity: ParitySpec) -> str:
    """A bound as the file has it."""
    bound = getattr(parity, measure)
    return f"{measure}: [{bound[0]:g}, {bound[1]:g}]" if isinstance(bound, list) else f"{measure}: {bound:g}"
