"""A drawing over given axes; the key plots a model drawing, and a person grades by a rubric."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from generator import formulas as formula_room
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
from generator.answers.text import SampleResponse, filled_samples, rubric_prose, sample_prose
from generator.formulas import FormulaError
from generator.spec import Model, Prose
from generator.text import KeyPath


class AxisSpec(Model):
    """One axis: its label and its two ends."""

    label: Prose
    from_: float | int = Field(alias="from")
    to: float | int


class AxesSpec(Model):
    """The axes that are printed."""

    x: AxisSpec
    y: AxisSpec


class GroupSpec(Model):
    """Points of the model drawing that share a mark."""

    name: Prose
    mark: Literal["plus", "circle"]
    points: str = Field(description="a formula that gives a list of [x, y]")


class Body(Model):
    """What stands under `sketch:`."""

    axes: AxesSpec
    groups: Annotated[list[GroupSpec], Field(min_length=1)]
    rubric: Annotated[RubricSpec, Field(min_length=1)]


class Spec(Model):
    """`sketch: {axes, groups, rubric}` with samples beside it."""

    sketch: Body
    samples: list[Sample] = []


@dataclass(frozen=True)
class Axis:
    """An axis to draw on."""

    label: str
    start: float
    end: float


@dataclass(frozen=True)
class Group:
    """Points of the model drawing."""

    name: str
    mark: Literal["plus", "circle"]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class SketchAnswer:
    """Axes, the points of a model drawing, and the rubric."""

    x: Axis
    y: Axis
    groups: tuple[Group, ...]
    rubric: tuple[RubricItem, ...]
    samples: tuple[SampleResponse, ...]

    @property
    def recorded(self) -> str:
        """The model drawing in words: each group with its points."""
        return "; ".join(f"{g.name}: {', '.join(f'({x:g}, {y:g})' for x, y in g.points)}" for g in self.groups)

    def mark(self, response: Response) -> Mark:
        """The model drawing in words is right; a person judges any other drawing."""
        if str(response).strip() == self.recorded:
            return Mark(1.0)
        return Mark(0.0, ("a person must look at this",), readable=False)

    def responses(self) -> Responses:
        """The model drawing; wrong ones need a person's eye."""
        return Responses(self.recorded, None, "")


def formulas(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """The points."""
    for place, group in enumerate(spec.sketch.groups):
        yield ("sketch", "groups", place, "points"), group.points


def prose(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """Labels, names, the rubric and the samples."""
    yield ("sketch", "axes", "x", "label"), spec.sketch.axes.x.label
    yield ("sketch", "axes", "y", "label"), spec.sketch.axes.y.label
    for place, group in enumerate(spec.sketch.groups):
        yield ("sketch", "groups", place, "name"), group.name
    yield from rubric_prose(("sketch", "rubric"), spec.sketch.rubric)
    yield from sample_prose(spec.samples)


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """The axes have a length, the rubric adds up."""
    for name, axis in (("x", spec.sketch.axes.x), ("y", spec.sketch.axes.y)):
        if axis.from_ >= axis.to:
            yield Finding(
                ("sketch", "axes", name),
                f"this axis goes from {axis.from_:g} to {axis.to:g}",
                "from must be less than to",
            )
    yield from check_rubric(spec.sketch.rubric, known.points, ("sketch", "rubric"))
    yield from check_samples(spec.samples, spec.sketch.rubric, known.points)


def answer(spec: Spec, drawn: Drawn) -> SketchAnswer:
    """Compute the points; raises FormulaError when they do not lie on the axes."""
    axes = spec.sketch.axes
    x, y = (Axis(drawn.fill(axis.label), axis.from_, axis.to) for axis in (axes.x, axes.y))
    groups = tuple(Group(drawn.fill(g.name), g.mark, _points(g.points, drawn, x, y)) for g in spec.sketch.groups)
    rubric = tuple(RubricItem(item.points, drawn.fill(item.what)) for item in rubric_items(spec.sketch.rubric))
    return SketchAnswer(x, y, groups, rubric, filled_samples(spec.samples, drawn))


def _points(text: str, drawn: Drawn, x: Axis, y: Axis) -> tuple[tuple[float, float], ...]:
    found = formula_room.read(text).value(drawn.values)
    if not isinstance(found, list) or not found:
        raise FormulaError(f"'{text}' gives no list of points", formula=text)
    points = []
    for point in found:
        if not (isinstance(point, list) and len(point) == 2 and all(isinstance(v, int | float) for v in point)):
            raise FormulaError(f"'{text}' gives {point}, which is no point [x, y]", formula=text)
        if not (x.start <= point[0] <= x.end and y.start <= point[1] <= y.end):
            raise FormulaError(f"'{text}' gives {point}, which lies outside the axes", formula=text)
        points.append((float(point[0]), float(point[1])))
    return tuple(points)
