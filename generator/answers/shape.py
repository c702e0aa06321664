"""The size of one layer's output."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import Field

from generator.answers import asking, shapes
from generator.answers.asking import Asking, Pick
from generator.answers.kind import UNREADABLE, Drawn, Finding, Known, Mark, Response, Responses
from generator.reference import Asked, Slip
from generator.reference.output_shape import in_order
from generator.text import KeyPath


class Spec(Asking):
    """`shape: output_shape` with the layer that is asked about."""

    shape: str = Field(description="a quantity: output_shape")


@dataclass(frozen=True)
class ShapeAnswer:
    """A size, in PyTorch's order; `order` is the convention of the exam."""

    shape: shapes.Shape
    order: str
    note: str
    worked: str
    asked: Asked | None = field(default=None, compare=False, repr=False)

    @property
    def recorded(self) -> str:
        """9×9×10"""
        return self.said(self.shape)

    def said(self, shape: shapes.Shape) -> str:
        """Any size in the order of the exam."""
        return shapes.written(shape, self.order)

    @property
    def _wanted(self) -> shapes.Shape:
        return in_order(self.shape, self.order)

    @property
    def slips(self) -> tuple[Slip, ...]:
        """Wrong sizes that a misconception leads to."""
        return tuple(asking.slips(self.asked, Pick(places=(1,))))

    def mark(self, response: Response) -> Mark:
        """Right or wrong as a whole."""
        given = shapes.read(response, len(self._wanted)) if isinstance(response, str) else None
        if given is None:
            return UNREADABLE
        if given == self._wanted:
            return Mark(1.0)
        why = [slip.says for slip in self.slips if in_order(slip.value, self.order) == given]
        return Mark(0.0, (f"{self.recorded}, not {response}", *why))

    def responses(self) -> Responses:
        """The answer, one with its first number one larger, and words."""
        return Responses(
            self.recorded, shapes.written((self.shape[0] + 1, *self.shape[1:]), self.order), "I do not know"
        )


def formulas(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """The arguments of the quantity."""
    yield from asking.formulas(spec.shape, spec)


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """The quantity gives sizes, and the layer exists."""
    yield from asking.check(spec.shape, spec, {"shapes"}, known, ("shape",))
    if spec.layer is None:
        yield Finding(("shape",), "this answer needs 'layer'", at_key=True)


def answer(spec: Spec, drawn: Drawn) -> ShapeAnswer:
    """Compute the size by one run of the network."""
    order = drawn.conventions["shape_order"]
    asked = asking.asked(spec.shape, spec, drawn, (spec.layer or "",))
    (shape,) = asked.value
    return ShapeAnswer(shape, order, asked.says, asked.worked, asked)
