"""A quantity for tests that gives a set: the places of the odd numbers of a list."""

from __future__ import annotations

from collections.abc import Sequence

from generator.reference import Misconception

GIVES = "set"


def compute(*, numbers: Sequence[int]) -> list[int]:
    """The places, counted from 1."""
    return [place for place, one in enumerate(numbers, 1) if one % 2]


def recompute(*, numbers: Sequence[int]) -> list[int]:
    """The same by what is left when the even ones are taken away."""
    return sorted({*range(1, len(numbers) + 1)} - {*_even(numbers=numbers)})


def says() -> str:
    """From where places are counted."""
    return "places are counted from 1"


def worked(*, numbers: Sequence[int]) -> str:
    """Nothing to explain."""
    return f"There are {len(numbers)} of them."


def _even(*, numbers: Sequence[int]) -> list[int]:
    return [place for place, one in enumerate(numbers, 1) if one % 2 == 0]


MISCONCEPTIONS = {"even": Misconception("these are the even ones", _even)}
