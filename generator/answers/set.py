"""Whole numbers in any order, each once: the boxes that are kept, say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import Field

from generator.answers import asking
from generator.answers.asking import Asking
from generator.answers.kind import UNREADABLE, Drawn, Finding, Known, Mark, Response, Responses
from generator.formulas import grouped
from generator.reference import Asked, Slip
from generator.text import KeyPath

NONE = ("none", "∅", r"\emptyset")


class Spec(Asking):
    """`set: non_maximum_suppression` with its arguments."""

    set: str = Field(description="a quantity that gives a set of whole numbers")


@dataclass(frozen=True)
class SetAnswer:
    """The members, from the smallest on."""

    members: tuple[int, ...]
    note: str
    worked: str
    asked: Asked | None = field(default=None, compare=False, repr=False)

    @property
    def recorded(self) -> str:
        """1, 3, 5"""
        return said(self.members)

    @property
    def slips(self) -> tuple[Slip, ...]:
        """Wrong sets that a misconception leads to."""
        return tuple(asking.slips(self.asked))

    def mark(self, response: Response) -> Mark:
        """Each member that is named earns the same share, and each number that is no member takes as much away.

        So whoever lists all numbers there are earns little, as with options of which several are right.
        """
        given = _read(response) if isinstance(response, str) else None
        if given is None:
            return UNREADABLE
        members = frozenset(self.members)
        if given == members:
            return Mark(1.0)
        missing = [f"{one} is missing" for one in self.members if one not in given]
        needless = [f"{one} does not belong" for one in sorted(given - members)]
        why = [slip.says for slip in self.slips if frozenset(slip.value) == given]
        share = (len(given & members) - len(needless)) / max(1, len(members))
        return Mark(max(0.0, share), (*missing, *needless, *why))

    def responses(self) -> Responses:
        """The members backwards, a number that is none, and words."""
        other = max(self.members, default=0) + 1
        return Responses(said(self.members[::-1]), str(other), "the best of them")


def said(members: tuple[int, ...]) -> str:
    """Members as a person lists them."""
    return ", ".join(map(grouped, members)) or NONE[0]


def _read(text: str) -> frozenset[int] | None:
    """Read 1, 3, 5 or {1, 3, 5} or 1 and 3 or none; None when it is something else."""
    if len(text) > 1_000:
        return None
    bare = text.strip().strip("$").replace("\\{", "{").replace("\\}", "}").strip("[](){} .")
    if bare.lower() in ("", *NONE):
        return frozenset() if text.strip() else None
    numbers = [
        asking.number(one) for one in re.split(r"\s*(?:,|;|&|\band\b)\s*|\s+", bare.replace(", and ", ", ")) if one
    ]
    if not numbers or any(one is None or one.denominator != 1 for one in numbers):
        return None
    return frozenset(int(one) for one in numbers if one is not None)


def formulas(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """The arguments of the quantity."""
    yield from asking.formulas(spec.set, spec)


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """The quantity gives a set, and its arguments are there."""
    yield from asking.check(spec.set, spec, {"set"}, known, ("set",))


def answer(spec: Spec, drawn: Drawn) -> SetAnswer:
    """Compute the set."""
    asked = asking.asked(spec.set, spec, drawn)
    return SetAnswer(tuple(sorted(asked.value)), asked.says, asked.worked, asked)
