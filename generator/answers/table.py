"""A table to fill: a size or a count after each of some layers, with credit for each cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field

from generator import reference
from generator.answers import number as numbers
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

Cell = tuple[int, ...] | int


class Spec(Model):
    """`table: output_shape` with the layers whose rows are to be filled."""

    table: str = Field(description="a quantity: output_shape, parameter_count or multiply_accumulates")
    layers: Annotated[list[Name], Field(min_length=1)]
    with_: dict[Name, Any] = Field({}, alias="with")


@dataclass(frozen=True)
class TableAnswer:
    """Cells by row; `order` is the convention that sizes follow."""

    rows: tuple[tuple[str, Cell], ...]
    order: str
    given: str  # the row printed filled: the size of the input; empty when cells are no sizes
    note: str
    worked: str

    @property
    def recorded(self) -> dict[str, str]:
        """{row: text}"""
        return {name: self.text(cell) for name, cell in self.rows}

    def text(self, cell: Cell) -> str:
        """A cell as the key prints it."""
        return str(cell) if isinstance(cell, int) else shapes.written(cell, self.order)

    def mark(self, response: Response) -> Mark:
        """Each right cell earns the same share."""
        if not isinstance(response, Mapping):
            return UNREADABLE
        remarks, right, read = [], 0, 0
        for name, cell in self.rows:
            given = _read(str(response.get(name, "")), cell)
            expected = cell if isinstance(cell, int) else in_order(cell, self.order)
            read += given is not None
            right += given == expected
            if given != expected:
                remarks.append(f"{name}: {self.text(cell)}, not {response.get(name) or 'nothing'}")
        return Mark(right / len(self.rows), tuple(remarks), readable=read > 0)

    def responses(self) -> Responses:
        """The answer, the answer with every first number one larger, and words."""
        wrong = {name: self.text(_larger(cell)) for name, cell in self.rows}
        return Responses(self.recorded, wrong, {name: "I do not know" for name, _ in self.rows})


def _read(text: str, cell: Cell) -> Cell | Fraction | None:
    """A count as any number is written, 1,234 too; a size as sizes are."""
    return numbers.read(text) if isinstance(cell, int) else shapes.read(text)


def _larger(cell: Cell) -> Cell:
    return cell + 1 if isinstance(cell, int) else (cell[0] + 1, *cell[1:])


def formulas(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """It holds no formulas."""
    yield from ()


def prose(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """It holds no prose."""
    yield from ()


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """The quantity gives sizes or counts, and the layers exist."""
    yield from check_quantity(spec.table, {"shapes", "count"}, spec.with_, ("table",))
    yield from check_layers(spec.layers, known, ("layers",))


def answer(spec: Spec, drawn: Drawn) -> TableAnswer:
    """Compute the cells; sizes by one run of the network, counts layer by layer."""
    network, order = drawn.the_network(), drawn.conventions["shape_order"]
    module = reference.quantity(spec.table)
    if module.GIVES == "shapes":
        cells = reference.answer(spec.table, network, layers=tuple(spec.layers))
        note = _sentence(CONVENTIONS["shape_order"][order])
        given = shapes.written(network.input, order)
        worked = module.worked(network, layers=tuple(spec.layers), order=order)
    else:
        cells = tuple(reference.answer(spec.table, network, layers=(name,), **spec.with_) for name in spec.layers)
        note, given = _sentence(module.says(**spec.with_)), ""
        worked = module.worked(network, layers=tuple(spec.layers), **spec.with_)
    return TableAnswer(tuple(zip(spec.layers, cells, strict=True)), order, given, note, worked)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
