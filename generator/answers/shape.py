"""The size of one layer's output."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field

from generator import reference
from generator.answers import shapes
from generator.answers.kind import (
    UNREADABLE,
    Drawn,
    Finding,
    Known,
    Mark,
    Response,
    Responses,
    check_layers,
    check_quantity,
)
from generator.reference.output_shape import in_order
from generator.spec import CONVENTIONS, Model, Name
from generator.text import KeyPath


class Spec(Model):
    """`shape: output_shape` with the layer that is asked about."""

    shape: str = Field(description="a quantity: output_shape")
    layer: Name


@dataclass(frozen=True)
class ShapeAnswer:
    """A size, in PyTorch's order; `order` is the convention of the exam."""

    shape: shapes.Shape
    order: str
    note: str
    worked: str

    @property
    def recorded(self) -> str:
        """9×9×10"""
        return shapes.written(self.shape, self.order)

    def mark(self, response: Response) -> Mark:
        """Right or wrong as a whole."""
        given = shapes.read(response) if isinstance(response, str) else None
        if given is None:
            return UNREADABLE
        if given == in_order(self.shape, self.order):
            return Mark(1.0)
        return Mark(0.0, (f"{self.recorded}, not {response}",))

    def responses(self) -> Responses:
        """The answer, one with its first number one larger, and words."""
        return Responses(
            self.recorded, shapes.written((self.shape[0] + 1, *self.shape[1:]), self.order), "I do not know"
        )


def formulas(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """It holds no formulas."""
    yield from ()


def prose(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """It holds no prose."""
    yield from ()


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """The quantity gives sizes, and the layer exists."""
    yield from check_quantity(spec.shape, {"shapes"}, {}, ("shape",))
    for finding in check_layers([spec.layer], known, ("layer",)):
        yield Finding(("layer",), finding.message, finding.hint)


def answer(spec: Spec, drawn: Drawn) -> ShapeAnswer:
    """Compute the size by one run of the network."""
    network, order = drawn.the_network(), drawn.conventions["shape_order"]
    (shape,) = reference.answer(spec.shape, network, layers=(spec.layer,))
    says = CONVENTIONS["shape_order"][order]
    worked = reference.quantity(spec.shape).worked(network, layers=(spec.layer,), order=order)
    return ShapeAnswer(shape, order, says[:1].upper() + says[1:] + ".", worked)
