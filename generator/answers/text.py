"""An answer in words, which a person grades by a rubric; samples say what responses earn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from generator.answers.kind import (
    Drawn,
    Finding,
    Known,
    Mark,
    Response,
    Responses,
    RubricItem,
    RubricSpec,
    Sample,
    check_rubric,
    check_samples,
    rubric_items,
)  # fmt: skip
from generator.spec import Model, Prose
from generator.text import KeyPath


class Body(Model):
    """What stands under `text:`."""

    lines: Annotated[int, Field(ge=1, le=40)] = Field(5, description="ruled lines given to the student")
    model: Prose = Field(description="the answer of a strong student")
    rubric: Annotated[RubricSpec, Field(min_length=1)] = Field(
        description="what earns points; they add up to the part's"
    )


class Spec(Model):
    """`text: {lines, model, rubric}` with samples beside it."""

    text: Body
    samples: list[Sample] = []


@dataclass(frozen=True)
class SampleResponse:
    """A response that a student may write, what it earns, and why."""

    says: str
    earns: float
    because: str


@dataclass(frozen=True)
class TextAnswer:
    """A model answer with its rubric."""

    model: str
    lines: int
    rubric: tuple[RubricItem, ...]
    samples: tuple[SampleResponse, ...]
    points: float

    @property
    def recorded(self) -> str:
        """The model answer."""
        return self.model.strip()

    def mark(self, response: Response) -> Mark:
        """Only the model answer and the samples are known; a person judges the rest."""
        said = str(response).strip()
        if said == self.recorded:
            return Mark(1.0)
        for sample in self.samples:
            if said == sample.says.strip():
                return Mark(sample.earns / self.points, (sample.because,) if sample.because else ())
        return Mark(0.0, ("a person must read this",), readable=False)

    def responses(self) -> Responses:
        """The model answer, the sample that earns least, and nothing."""
        least = min(self.samples, key=lambda sample: sample.earns, default=None)
        return Responses(self.recorded, least.says if least and least.earns < self.points else None, "")


def formulas(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """It holds no formulas."""
    yield from ()


def prose(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """The model answer, the rubric and the samples."""
    yield ("text", "model"), spec.text.model
    yield from rubric_prose(("text", "rubric"), spec.text.rubric)
    yield from sample_prose(spec.samples)


def rubric_prose(path: KeyPath, rubric: RubricSpec) -> Iterator[tuple[KeyPath, str]]:
    """What earns points, with paths."""
    for place, item in enumerate(rubric):
        for given, what in item.items():
            yield (*path, place, given), what


def sample_prose(samples: list[Sample]) -> Iterator[tuple[KeyPath, str]]:
    """Sample responses and their reasons, with paths."""
    for place, sample in enumerate(samples):
        yield ("samples", place, "says"), sample.says
        if sample.because:
            yield ("samples", place, "because"), sample.because


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """The rubric adds up, and samples earn what it can give."""
    yield from check_rubric(spec.text.rubric, known.points, ("text", "rubric"))
    yield from check_samples(spec.samples, spec.text.rubric, known.points)


def answer(spec: Spec, drawn: Drawn) -> TextAnswer:
    """Put drawn values into model, rubric and samples."""
    rubric = tuple(RubricItem(item.points, drawn.fill(item.what)) for item in rubric_items(spec.text.rubric))
    return TextAnswer(
        drawn.fill(spec.text.model), spec.text.lines, rubric, filled_samples(spec.samples, drawn), drawn.points
    )


def filled_samples(samples: list[Sample], drawn: Drawn) -> tuple[SampleResponse, ...]:
    """Samples with drawn values put in."""
    return tuple(
        SampleResponse(drawn.fill(sample.says), sample.earns, drawn.fill(sample.because) if sample.because else "")
        for sample in samples
    )
