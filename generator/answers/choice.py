"""One right option among several."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from generator.answers import options
from generator.answers.kind import Drawn, Finding, Known
from generator.answers.options import OptionsAnswer
from generator.spec import Model, Prose
from generator.text import KeyPath


class Body(Model):
    """What stands under `choice:`."""

    right: Prose
    wrong: Annotated[list[Prose], Field(min_length=1)]


class Spec(Model):
    """`choice: {right, wrong}`."""

    choice: Body


def formulas(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """It holds no formulas."""
    yield from ()


def prose(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """The options."""
    yield ("choice", "right"), spec.choice.right
    yield from options.prose([], spec.choice.wrong, ("choice",))


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """No two options are the same."""
    yield from options.check([spec.choice.right], spec.choice.wrong, ("choice",))


def texts(spec: Spec) -> list[str]:
    """All options, the right one first."""
    return [spec.choice.right, *spec.choice.wrong]


def answer(spec: Spec, drawn: Drawn) -> OptionsAnswer:
    """Fill and shuffle the options."""
    return options.shuffled([spec.choice.right], spec.choice.wrong, drawn, several=False)
