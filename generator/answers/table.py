"""A table to fill: a size or a count for each of some layers, or results with names; credit for each cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from generator import reference
from generator.answers import asking, shapes
from generator.answers.asking import Exactness, Precision
from generator.answers.kind import UNREADABLE, Drawn, Finding, Known, Mark, Response, Responses
from generator.formulas import FormulaError
from generator.reference import Asked
from generator.reference.output_shape import in_order
from generator.spec import Name, Prose
from generator.text import KeyPath

Cell: TypeAlias = "tuple[float, ...] | float"


class Spec(Exactness):
    """`table: output_shape` with the layers whose rows are to be filled, or a quantity whose results have names."""

    table: str = Field(description="a quantity that gives sizes, counts, or results with names")
    rows: Annotated[list[Name], Field(min_length=1)] | None = Field(
        None, description="only these of the results, in this order"
    )
    labels: dict[Name, Prose] = Field({}, description="what the paper calls a row")
    header: Annotated[list[Prose], Field(min_length=2, max_length=2)] | None = Field(
        None, description="the headings of the two columns"
    )


@dataclass(frozen=True)
class TableAnswer:
    """Cells by row; `order` is the convention that sizes follow."""

    rows: tuple[tuple[str, Cell], ...]
    holds: Literal["sizes", "counts", "values"]
    order: str
    precision: Precision
    header: tuple[str, str]
    labels: tuple[str, ...]
    given: str  # the row printed filled: the size of the input; empty when cells are no sizes
    note: str
    worked: str

    @property
    def recorded(self) -> dict[str, str]:
        """{row: text}"""
        return {name: self.text(cell) for name, cell in self.rows}

    def text(self, cell: Cell) -> str:
        """A cell as the key prints it."""
        if not isinstance(cell, tuple):
            return self.precision.text(cell)
        if self.holds == "sizes":
            return shapes.written(_whole(cell), self.order)
        return f"({', '.join(map(self.precision.element, cell))})"

    def mark(self, response: Response) -> Mark:
        """Each right cell earns the same share."""
        if not isinstance(response, Mapping):
            return UNREADABLE
        remarks, right, read, unread = [], 0, 0, 0
        for name, cell in self.rows:
            given = str(response.get(name, ""))
            found = self._right(given, cell)
            read += found is not None
            unread += found is None and bool(given.strip())
            right += found is True
            if not found:
                remarks.append(f"{name}: {self.text(cell)}, not {given or 'nothing'}")
        return Mark(right / len(self.rows), tuple(remarks), readable=read > 0 and not unread)

    def _right(self, text: str, cell: Cell) -> bool | None:
        """Whether a cell is right; None when it cannot be read."""
        if self.holds == "sizes" and isinstance(cell, tuple):
            wanted = in_order(_whole(cell), self.order)
            size = shapes.read(text, len(wanted))
            return None if size is None else size == wanted
        if not isinstance(cell, tuple):
            one = asking.number(text)
            return None if one is None else self.precision.right(one, cell)
        several = _numbers(text)
        if several is None:
            return None
        return len(several) == len(cell) and all(map(self.precision.right, several, cell))

    def responses(self) -> Responses:
        """The answer, the answer with every first number too large, and words."""
        wrong = {name: self._larger(cell) for name, cell in self.rows}
        return Responses(self.recorded, wrong, {name: "I do not know" for name, _ in self.rows})

    def _larger(self, cell: Cell) -> str:
        first, *rest = cell if isinstance(cell, tuple) else (cell,)
        more = first + 1 + 2 * self.precision.slack(first)
        if self.holds == "sizes":
            return shapes.written(_whole((first + 1, *rest)), self.order)
        return ", ".join(
            repr(one) for one in (int(more) if isinstance(first, int) and more == int(more) else more, *rest)
        )


def _whole(cell: tuple[float, ...]) -> tuple[int, ...]:
    return tuple(map(int, cell))


def _numbers(text: str) -> list[Fraction] | None:
    found = [asking.number(one) for one in text.strip().strip("$").strip("()[] ").replace(";", ",").split(",")]
    return None if None in found else [one for one in found if one is not None]


def formulas(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """The arguments of the quantity."""
    yield from asking.formulas(spec.table, spec)


def prose(spec: Spec) -> Iterator[tuple[KeyPath, Prose]]:
    """The headings and what rows are called."""
    for place, text in enumerate(spec.header or ()):
        yield ("header", place), text
    for name, text in spec.labels.items():
        yield ("labels", name), text


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """The quantity gives sizes, counts or named results, and the layers exist."""
    yield from asking.check(spec.table, spec, {"shapes", "count", "named"}, known, ("table",))
    if spec.table not in reference.names():
        return
    named = reference.quantity(spec.table).GIVES == "named"
    if not named and not spec.layers:
        yield Finding(("table",), "this table needs 'layers': a row for each", at_key=True)
    if not named and spec.rows:
        yield Finding(("rows",), f"the rows of {spec.table} are layers", "name them under 'layers'", at_key=True)
    rows = spec.rows if named else spec.layers
    for name in spec.labels:
        if rows and name not in rows:
            yield Finding(("labels", name), f"the table has no row '{name}'", at_key=True)


def answer(spec: Spec, drawn: Drawn) -> TableAnswer:
    """Compute the cells; sizes by one run of the network, counts layer by layer."""
    precision, asked = asking.precision(spec), asking.asked(spec.table, spec, drawn)
    match reference.quantity(spec.table).GIVES:
        case "shapes":
            table = _sizes(spec, drawn, asked)
        case "count":
            table = _counts(spec, drawn, asked)
        case _:
            note = " ".join(filter(None, [asked.says, precision.says or asking.exact_says("named")]))
            rows = tuple(_named(spec, asked.value))
            labels = tuple(name for name, _ in rows)
            table = TableAnswer(rows, "values", "", precision, ("Result", "Value"), labels, "", note, asked.worked)
    named = {name: drawn.fill(text) for name, text in spec.labels.items()}
    labels = tuple(named.get(name, label) for (name, _), label in zip(table.rows, table.labels, strict=True))
    left, right = map(drawn.fill, spec.header or table.header)
    table = replace(table, labels=labels, header=(left, right))
    _ = table.recorded  # raises FormulaError when a cell cannot be written as exactly as asked
    return table


def _sizes(spec: Spec, drawn: Drawn, asked: Asked) -> TableAnswer:
    order = drawn.conventions["shape_order"]
    rows = tuple(zip(spec.layers, asked.value, strict=True))
    header = ("Layer", "Size of its output")
    labels = tuple(f"after layer {name}" for name in spec.layers)
    given = shapes.written(drawn.the_network().input, order)
    return TableAnswer(rows, "sizes", order, Precision(), header, labels, given, asked.says, asked.worked)


def _counts(spec: Spec, drawn: Drawn, asked: Asked) -> TableAnswer:
    rows = tuple((name, asking.asked(spec.table, spec, drawn, (name,)).value) for name in spec.layers)
    labels = tuple(f"layer {name}" for name in spec.layers)
    precision = asking.precision(spec)
    note = " ".join(filter(None, [asked.says, precision.says]))
    return TableAnswer(rows, "counts", "", precision, ("Layer", "Count"), labels, "", note, asked.worked)


def _named(spec: Spec, value: Mapping[str, Any]) -> Iterator[tuple[str, Cell]]:
    for name in spec.rows or value:
        if name not in value:
            raise FormulaError(f"there is no result '{name}'", name, f"there are: {', '.join(value)}")
        cell = value[name]
        if isinstance(cell, tuple) and any(isinstance(inner, tuple) for inner in cell):
            raise FormulaError(f"'{name}' is a matrix, which fills no cell of a table", name)
        yield name, cell
