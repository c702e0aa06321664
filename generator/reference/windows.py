"""Turn sides, kernel, stride, padding and dilation into windows, and windows into the elements that each one sees.

This is the second way of all that slides over a small array; rows and columns count from 0 here. The first half reads
the arguments that convolutions and pooling share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from generator.reference import BadArgument
from generator.reference.given import Matrix, Pick, matrix, vector, whole

MOST_MAPS = 4
LARGEST_STEP = 10  # of a stride, a padding, a dilation or a side of a kernel

Pair = tuple[int, int]
Seen = tuple[Pair, Pair]  # where in the input, and where in the kernel


# ---- what is given ----


def pair(name: str, value: Any, least: int = 1, most: int = LARGEST_STEP) -> Pair:
    """One whole number for rows and columns, or two; raises BadArgument."""
    several = list(value) if isinstance(value, list | tuple) else [value, value]
    if len(several) != 2:
        raise BadArgument(name, f"here belongs one number, or one for rows and one for columns, not {len(several)}")
    return whole(name, several[0], least, most), whole(name, several[1], least, most)


def along(name: str, value: Any, default: int, flat: bool, least: int = 1) -> Pair:
    """A step for rows and columns; in one dimension there is one row, where the default holds."""
    return (default, whole(name, value, least, LARGEST_STEP)) if flat else pair(name, value, least)


def is_flat(value: Any) -> bool:
    """Whether this is a list of numbers, not of rows."""
    return not isinstance(value, list | tuple) or not value or not isinstance(value[0], list | tuple)


def grid(name: str, value: Any) -> Matrix:
    """A matrix, or a list of numbers as its only row; raises BadArgument."""
    return [vector(name, value)] if is_flat(value) else matrix(name, value)


def maps(name: str, value: Any, flat: bool) -> list[Matrix]:
    """One map or several of one size, rows of one dimension becoming matrices of one row; raises BadArgument."""
    alone = is_flat(value) if flat else is_flat(value) or is_flat(value[0])
    several = [value] if alone else list(value)
    if len(several) > MOST_MAPS:
        raise BadArgument(name, f"{len(several)} channels are more than {MOST_MAPS}")
    found = [[vector(name, one)] if flat else matrix(name, one) for one in several]
    if len({sides(one) for one in found}) > 1:
        raise BadArgument(name, "all channels must have one size")
    return found


def sides(values: Sequence[Sequence[float]]) -> Pair:
    """Rows and columns."""
    return len(values), len(values[0])


# ---- where windows lie ----


@dataclass(frozen=True)
class Windows:
    """All windows of one kernel over one map; numbers for rows and columns."""

    sides: Pair
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    ceil: bool = False  # whether a last window may begin within the map and reach over its end

    @property
    def outputs(self) -> Pair:
        """How many windows there are, below each other and beside each other; 0 or less where none fits."""
        return self._outputs(0), self._outputs(1)

    def _outputs(self, axis: int) -> int:
        """⌊(n + 2p − d(k − 1) − 1) / s⌋ + 1, as the PyTorch documentation of Conv2d and MaxPool2d has it."""
        side, step, border = self.sides[axis], self.stride[axis], self.padding[axis]
        room = side + 2 * border - self.dilation[axis] * (self.kernel[axis] - 1) - 1
        if not self.ceil:
            return room // step + 1
        count = -(-room // step) + 1
        return count - 1 if (count - 1) * step >= side + border else count  # one that begins in the padding is left out

    def fits(self, name: str) -> Windows:
        """These windows; raises BadArgument when there is none."""
        if min(self.outputs) < 1:
            raise BadArgument(name, f"no window of {self.kernel[0]} × {self.kernel[1]} fits")
        return self

    def places(self) -> Iterator[Pair]:
        """Every window, row by row."""
        return _cells(self.outputs)

    def seen(self, place: Pair) -> Iterator[Seen]:
        """The elements in a window, with the elements of the kernel on them, those in the padding left out."""
        for at in _cells(self.kernel):
            row, column = self.cell(place, at)
            if 0 <= row < self.sides[0] and 0 <= column < self.sides[1]:
                yield (row, column), at

    def cell(self, place: Pair, at: Pair) -> Pair:
        """Where an element of the kernel lies in a window: s·a + d·k − p."""
        row, column = (
            self.stride[axis] * place[axis] + self.dilation[axis] * at[axis] - self.padding[axis] for axis in (0, 1)
        )
        return row, column

    @property
    def begins(self) -> tuple[list[int], list[int]]:
        """The rows and the columns that windows begin in, counted from 1 in the padded map."""
        rows, columns = (
            [step * place + 1 for place in range(count)] for step, count in zip(self.stride, self.outputs, strict=True)
        )
        return rows, columns


def _cells(size: Pair) -> Iterator[Pair]:
    return ((row, column) for row in range(size[0]) for column in range(size[1]))


def zeros(size: Pair) -> Matrix:
    """A matrix of zeros."""
    return [[0.0] * size[1] for _ in range(size[0])]


# ---- how it is told ----


def place_of(pick: Pick, flat: bool) -> Pair | None:
    """The place, counted from 0, of the one element that is asked for; None where it is not one."""
    if not isinstance(pick, tuple) or len(pick) != 2 - flat:
        return None
    return (0, pick[0] - 1) if flat else (pick[0] - 1, pick[1] - 1)


def symbol(name: str, place: Pair, flat: bool) -> str:
    """An element of an array in LaTeX, counted from 1: Y_{1,2}, or Y_{2} in one dimension."""
    index = str(place[1] + 1) if flat else f"{place[0] + 1},{place[1] + 1}"
    return f"{name}_{{{index}}}"


def listed(numbers: Sequence[int], word: str = "") -> str:
    """Numbers in a sentence: 1, 3, 5; with what they count: rows 1, 3, 5."""
    told = ", ".join(map(str, numbers))
    return f"{word}{'s' * (len(numbers) > 1)} {told}" if word else told
