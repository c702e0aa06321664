"""What all kinds of answer share: what they are given, and what they give back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeAlias

from pydantic import Field

from generator.layers import Network
from generator.spec import Earned, Model, Prose
from generator.streams import Stream
from generator.text import KeyPath

Response: TypeAlias = "str | Mapping[str, str]"
RubricSpec = list[Annotated[dict[int | str, Prose], Field(min_length=1, max_length=1)]]  # [{2: what earns two points}]


@dataclass(frozen=True)
class Known:
    """What a question declares, for checks before any draw."""

    points: float
    layers: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """Something wrong under `answer:`, at a path from there."""

    path: KeyPath
    message: str
    hint: str = ""
    at_key: bool = False


@dataclass(frozen=True)
class Drawn:
    """One draw of a question, as an answer is computed from it."""

    values: Mapping[str, Any]
    network: Network | None
    conventions: Mapping[str, str]
    stream: Stream  # for the order of options
    fill: Filler
    points: float

    def the_network(self) -> Network:
        """The network, which checks have made sure is there."""
        assert self.network is not None
        return self.network


class NotUsed(ValueError):
    """A draw that is not used, as it would make a worse question: another one takes its place."""


class Filler(Protocol):
    """Puts drawn values into prose."""

    def __call__(self, text: str, /) -> str:
        """Replace every <<formula>>."""


@dataclass(frozen=True)
class Mark:
    """What a response earns: a share of the points from 0 to 1, and why."""

    share: float
    remarks: tuple[str, ...] = ()
    readable: bool = True


@dataclass(frozen=True)
class Responses:
    """Responses that an answer makes for itself; None where a person must judge."""

    right: Response
    wrong: Response | None
    unreadable: Response | None


class Answer(Protocol):
    """The answer of one part of one variant."""

    @property
    def recorded(self) -> Any:
        """The answer as the manifest keeps it: a number, text, letters, or {row: text}."""

    def mark(self, response: Response) -> Mark:
        """Judge a response."""

    def responses(self) -> Responses:
        """A right, a wrong and an unreadable response."""


UNREADABLE = Mark(0.0, ("this cannot be read as an answer",), readable=False)


@dataclass(frozen=True)
class RubricItem:
    """Points, and what earns them."""

    points: float
    what: str


class Sample(Model):
    """A response that a student may write, and what it earns."""

    says: Prose
    earns: Earned
    because: Prose | None = None


def rubric_items(rubric: RubricSpec) -> tuple[RubricItem, ...]:
    """Turn [{2: …}, {1: …}] into items."""
    return tuple(RubricItem(float(points), what) for item in rubric for points, what in item.items())


def check_rubric(rubric: RubricSpec, points: float, path: KeyPath) -> Iterator[Finding]:
    """Each item gives a number of points, and together they give the part's."""
    total = 0.0
    for place, item in enumerate(rubric):
        for given in item:
            try:
                value = float(given)
            except (TypeError, ValueError):
                yield Finding(
                    (*path, place),
                    f"'{given}' is no number of points",
                    "an item is written '- 2: what earns two points'",
                )
                return
            if not math.isfinite(value) or value <= 0 or value * 2 != int(value * 2):
                yield Finding((*path, place), f"{given} points cannot be given", "whole or half points, more than 0")
                return
            total += value
    if rubric and total != points:
        yield Finding(path, f"the rubric adds up to {total:g} points, the part has {points:g}")


def check_samples(samples: list[Sample], rubric: RubricSpec, points: float) -> Iterator[Finding]:
    """No sample earns what the rubric cannot give."""
    adds_up = not any(check_rubric(rubric, points, ()))
    reachable = {0.0}
    for item in rubric_items(rubric) if adds_up else ():
        reachable |= {sum_ + item.points for sum_ in reachable}
    for place, sample in enumerate(samples):
        if sample.earns > points:
            yield Finding(
                ("samples", place, "earns"), f"a sample earns {sample.earns:g} points, the part has {points:g}"
            )
        elif rubric and adds_up and not any(abs(sample.earns - sum_) < 1e-9 for sum_ in reachable):
            sums = ", ".join(f"{value:g}" for value in sorted(reachable))
            yield Finding(
                ("samples", place, "earns"), f"no items of the rubric add up to {sample.earns:g}", f"possible: {sums}"
            )
