"""Any number of right options among several."""

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
    """What stands under `choices:`."""

    right: Annotated[list[Prose], Field(min_length=1)]
    wrong: Annotated[list[Prose], Field(min_length=1)]


class Spec(Model):
    """`choices: {right, wrong}`."""

    choices: Body


def prose(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """The options."""
    yield from options.prose(spec.choices.right, spec.choices.wrong, ("choices",))


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """No two options are the same."""
    yield from options.check(spec.choices.right, spec.choices.wrong, ("choices",))


def texts(spec: Spec) -> list[str]:
    """All options, the right ones first."""
    return [*spec.choices.right, *spec.choices.wrong]


def answer(spec: Spec, drawn: Drawn) -> OptionsAnswer:
    """Fill and shuffle the options."""
    return options.shuffled(spec.choices.right, spec.choices.wrong, drawn, several=True)
