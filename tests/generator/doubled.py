"""A quantity for tests: every number of a list doubled, with misconceptions of every sort."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from generator.reference import BadArgument, DoesNotApply, Misconception

GIVES = "array"


def compute(*, numbers: Sequence[Any], loss_reduction: str = "mean") -> list[Any]:
    """Twice each number, or three times under the other convention."""
    if len(numbers) > 4:
        raise BadArgument("numbers", "there are more than four")
    factor = 2 if loss_reduction == "mean" else 3
    return [[factor * one for one in row] if isinstance(row, list) else factor * float(row) for row in numbers]


def recompute(*, numbers: Sequence[Any], loss_reduction: str = "mean") -> list[Any]:
    """The same by adding."""
    again = numbers if loss_reduction == "sum" else None

    def added(one: float) -> float:
        return one + one + (one if again else 0)

    return [[added(one) for one in row] if isinstance(row, list) else added(row) for row in numbers]


def says(*, loss_reduction: str = "mean") -> str:
    """Which convention is in force."""
    return "numbers are doubled" if loss_reduction == "mean" else "numbers are tripled"


def worked(*, numbers: Sequence[Any]) -> str:
    """Nothing to explain."""
    return f"There are {len(numbers)} of them."


def _squared(*, numbers: Sequence[Any]) -> Any:
    if isinstance(numbers[0], list):
        raise DoesNotApply
    return [one**2 for one in numbers]


def _never(**_: Any) -> Any:
    raise DoesNotApply


MISCONCEPTIONS = {
    "squared": Misconception("they were squared", _squared),
    "kept": Misconception("they were kept", lambda *, numbers: numbers),
    "right": Misconception("this is right", compute),
    "never": Misconception("this cannot happen", _never),
    "negative": Misconception("the sign was lost", lambda *, numbers: compute(numbers=[-1 * one for one in numbers])),
}
