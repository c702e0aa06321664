"""A vector or a matrix to fill in, with credit for each element."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from pydantic import Field

from generator import reference
from generator.answers import asking
from generator.answers.asking import WHOLE, Exactness, Pick, Precision
from generator.answers.kind import UNREADABLE, Drawn, Finding, Known, Mark, Response, Responses
from generator.formulas import FormulaError
from generator.reference import Asked, Slip, quantity
from generator.text import KeyPath

MOST = 100  # elements that fit on a paper
Grid = tuple[tuple[float, ...], ...]


class Spec(Exactness):
    """`array: convolution` with its arguments."""

    array: str = Field(description="a quantity that gives a vector or a matrix, or of which one is picked")
    hide_size: bool = Field(False, description="whether the paper has a plain frame, so that it does not tell the size")


@dataclass(frozen=True)
class ArrayAnswer:
    """The rows of a matrix; a vector has one."""

    rows: Grid
    flat: bool  # whether it is a vector
    precision: Precision
    hidden: bool
    note: str
    worked: str
    asked: Asked | None = field(default=None, compare=False, repr=False)
    pick: Pick = WHOLE

    @property
    def recorded(self) -> str:
        """[[1, 2], [3, 4]], or [1, 2] for a vector."""
        return self.said(self.rows)

    def said(self, rows: Grid) -> str:
        """Any rows as the manifest would keep them."""
        told = [f"[{', '.join(map(self.precision.element, row))}]" for row in rows]
        return told[0] if self.flat else f"[{', '.join(told)}]"

    @property
    def slips(self) -> tuple[Slip, ...]:
        """Wrong arrays that a misconception leads to."""
        return tuple(asking.slips(self.asked, self.pick))

    def mark(self, response: Response) -> Mark:
        """Each right element earns the same share; an array of another size earns nothing."""
        given = _read(response, self.rows) if isinstance(response, str) else _of_cells(response, self.rows)
        if given is None:
            return UNREADABLE
        if [len(row) for row in given] != [len(row) for row in self.rows]:
            has, wants = (f"{len(rows)} × {len(rows[0])}" for rows in (given, self.rows))
            return Mark(0.0, (f"it has {has} elements, not {wants}", *self._why(given)))
        wrong = [
            f"row {place + 1}, column {at + 1}: {self.precision.text(value)}"
            for place, row in enumerate(self.rows)
            for at, value in enumerate(row)
            if not self._right(given[place][at], value)
        ]
        share = 1 - len(wrong) / sum(map(len, self.rows))
        return Mark(share, (*wrong, *self._why(given))) if wrong else Mark(1.0)

    def _right(self, given: Fraction | None, value: float) -> bool:
        return given is not None and self.precision.right(given, value)

    def _why(self, given: list[list[Fraction | None]]) -> tuple[str, ...]:
        """The misconception that leads to exactly what was given, if one does."""
        for slip in self.slips:
            try:
                rows, _ = _grid(slip.value)
            except FormulaError:
                continue
            if [*map(len, rows)] != [*map(len, given)]:
                continue
            pairs = zip(itertools.chain.from_iterable(given), (value for row in rows for value in row), strict=True)
            if all(self._right(one, value) for one, value in pairs):
                return (slip.says,)
        return ()

    def responses(self) -> Responses:
        """The array, the array with every element too large, and words."""
        wrong = tuple(tuple(value + 1 + 2 * self.precision.slack(value) for value in row) for row in self.rows)
        loose = Precision(tolerance=1)  # an element that is off need not be exact
        said = "; ".join(" ".join(loose.element(value) for value in row) for row in wrong)
        return Responses(self.recorded, said, "the one above, shifted")


def _read(text: str, wanted: Grid) -> list[list[Fraction | None]] | None:
    """Read [[1, 2], [3, 4]], 1 2; 3 4, LaTeX, or rows on lines of their own; None when any element is no number.

    A vector may stand as a column. Where 0,5 has a decimal comma it is two numbers too many, and a person must look.
    """
    if len(text) > 5_000:
        return None
    text = _LATEX.sub(" ", text.strip().strip("$"))
    text = re.sub(r"\]\s*,?\s*\[", ";", text.strip()).strip("[]() ")
    rows = [row for row in re.split(r";|\n|\\\\", text) if row.strip(" ,[]()")]
    cells = [[one for one in re.split(r"[,&\s]+", row.strip(" ,[]()")) if one] for row in rows]
    grid = [[asking.number(one) for one in row] for row in cells]
    if not grid or any(one is None for row in grid for one in row):
        return None
    if len(wanted) == 1 and len(grid) > 1 and all(len(row) == 1 for row in grid):
        grid = [[one for row in grid for one in row]]
    if [*map(len, grid)] != [*map(len, wanted)] and _DECIMAL_COMMA.search(text):
        numbers = sum(len(re.split(r"[&\s]+|,(?![0-9])", row.strip(" ,[]()"))) for row in rows)
        return None if numbers == sum(map(len, wanted)) else grid
    return grid


_LATEX = re.compile(
    r"\\(?:begin|end)\s*\{(?:[a-zA-Z]*matrix\*?|array)\}(?:[\[{][lcr|]+[\]}])?|\\(?:left|right)(?=[\[\]()])"
)
_DECIMAL_COMMA = re.compile(r"[0-9],[0-9]")


def _of_cells(cells: Mapping[str, str], rows: Grid) -> list[list[Fraction | None]] | None:
    """Read elements that are given by their places: {"1,2": "3"}; None when one that is there is no number."""
    given = [[str(cells.get(f"{place + 1},{at + 1}", "")) for at in range(len(row))] for place, row in enumerate(rows)]
    grid = [[asking.number(one) for one in row] for row in given]
    pairs = [(one, text) for row, texts in zip(grid, given, strict=True) for one, text in zip(row, texts, strict=True)]
    if any(one is None and text.strip() for one, text in pairs):
        return None
    return grid if any(one is not None for one, _ in pairs) else None


def formulas(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """The arguments of the quantity."""
    yield from asking.formulas(spec.array, spec)


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """The quantity gives an array, and its arguments are there."""
    yield from asking.check(spec.array, spec, {"array", "named"}, known, ("array",))
    if spec.array in reference.names() and quantity(spec.array).GIVES == "named" and not isinstance(spec.pick, str):
        yield Finding(("array",), f"{spec.array} gives several results", "say which one with 'pick'")


def answer(spec: Spec, drawn: Drawn) -> ArrayAnswer:
    """Compute the array."""
    asked = asking.asked(spec.array, spec, drawn)
    pick, precision = asking.picker(spec, drawn), asking.precision(spec)
    rows, flat = _grid(pick.of(asked.value))
    for row in rows:
        for value in row:
            precision.text(value)
    note = " ".join(filter(None, [asked.says, precision.says or asking.exact_says("array")]))
    return ArrayAnswer(rows, flat, precision, spec.hide_size, note, asked.worked, asked, pick)


def _grid(value: Any) -> tuple[Grid, bool]:
    """A vector or a matrix as rows; raises FormulaError for anything else."""
    rows = value if isinstance(value, tuple) and value and isinstance(value[0], tuple) else (value,)
    good = all(isinstance(row, tuple) and row and len(row) == len(rows[0]) for row in rows)
    if not good or not all(isinstance(one, int | float) for row in rows for one in row):
        raise FormulaError("this answer is no vector and no matrix")
    if sum(map(len, rows)) > MOST:
        raise FormulaError(f"an array of {len(rows)} × {len(rows[0])} elements is too large for a paper")
    return rows, rows[0] is value
