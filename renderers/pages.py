"""Choose where pages break and how high each answer space is, the same for all copies of an exam."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

SPREAD = 16.0  # points by which the gap between two parts may grow to fill a page
_ALMOST = 0.01  # points; sums of heights are not exact


@dataclass(frozen=True)
class Piece:
    """A stretch of paper that stays whole; lengths in points."""

    name: str
    text: float  # height of what is printed
    space: float = 0.0  # height of the answer space asked for, below the text
    gap: float = 0.0  # white space below, which the end of a page swallows
    step: float = 0.0  # to fill a page the space grows by whole steps, for example ruled lines,
    steps: int = 0  # and at most by so many
    opens: bool = False  # a heading with its stem: it does not part from the piece after it

    @property
    def height(self) -> float:
        """Text and space together."""
        return self.text + self.space


@dataclass(frozen=True)
class Heights:
    """What one copy needs: the height of a page's text area, and its pieces in order."""

    page: float
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Placed:
    """A piece with its final heights; `breaks` when it begins a page."""

    name: str
    text: float
    space: float
    gap: float
    breaks: bool


@dataclass(frozen=True)
class Plan:
    """Every piece of an exam, placed, and how many pages they fill."""

    pieces: tuple[Placed, ...]
    pages: int

    def __getitem__(self, name: str) -> Placed:
        """The piece with this name."""
        return next(piece for piece in self.pieces if piece.name == name)


def plan(copies: Sequence[Heights]) -> Plan:
    """Turn the heights of all copies into one plan: fewest pages, then the most even ones, each filled."""
    page, pieces = _highest(copies)
    starts = _breaks(pieces, page)
    placed: list[Placed] = []
    pages = 0
    for start, end in zip(starts, [*starts[1:], len(pieces)], strict=True):
        placed += _fill(pieces[start:end], page, breaks=start > 0)
        pages += _pages(pieces[start:end], page)
    return Plan(tuple(placed), pages)


def _highest(copies: Sequence[Heights]) -> tuple[float, tuple[Piece, ...]]:
    """The page, and each piece as high as in the copy that needs the most."""
    names = {tuple(piece.name for piece in copy.pieces) for copy in copies}
    pages = {copy.page for copy in copies}
    if len(names) != 1 or len(pages) != 1:
        raise ValueError(
            "copies can share a plan only when they have the same parts in the same order, on the same paper"
        )
    columns = zip(*(copy.pieces for copy in copies), strict=True)
    highest = (
        replace(column[0], text=max(piece.text for piece in column), space=max(piece.space for piece in column))
        for column in columns
    )
    return pages.pop(), tuple(highest)


def _breaks(pieces: Sequence[Piece], page: float) -> list[int]:
    """The first piece of each page."""
    best: list[tuple[int, float, int]] = [(0, 0.0, 0)]  # pages, unevenness, start of the last page: up to each piece
    for end in range(1, len(pieces) + 1):
        choices = []
        for start in range(end - 1, -1, -1):
            if start > 0 and not _may_part(pieces[start - 1], pieces[start], page):
                continue
            chunk = pieces[start:end]
            if len(chunk) > 1 and _height(chunk) > page + _ALMOST:
                break
            pages, uneven, _ = best[start]
            choices.append((pages + _pages(chunk, page), uneven + _unevenness(chunk, page), start))
        # where the only place to part is farther up than a page reaches, part here all the same
        best.append(min(choices) if choices else (best[end - 1][0] + 1, best[end - 1][1], end - 1))
    starts = []
    end = len(pieces)
    while end > 0:
        end = best[end][2]
        starts.append(end)
    return starts[::-1]


def _unevenness(chunk: Sequence[Piece], page: float) -> float:
    """How far the page is from full: squared, so that small gaps beat a large one; worse where nothing can grow."""
    rest = max(page - _height(chunk), 0.0)
    blank = max(rest - sum(piece.step * piece.steps for piece in chunk), 0.0)
    return rest**2 + 8 * blank**2


def _may_part(before: Piece, after: Piece, page: float) -> bool:
    """A heading parts from what follows only when its stem is long or both do not fit on a page."""
    if not before.opens:
        return True
    return before.text > page / 2 or before.height + before.gap + after.height > page + _ALMOST


def _height(chunk: Sequence[Piece]) -> float:
    return sum(piece.height + piece.gap for piece in chunk) - (chunk[-1].gap if chunk else 0.0)


def _pages(chunk: Sequence[Piece], page: float) -> int:
    """One page, or as many as a piece that is higher than a page runs over."""
    return max(1, math.ceil((_height(chunk) - _ALMOST) / page))


def _fill(chunk: Sequence[Piece], page: float, breaks: bool) -> list[Placed]:
    """Let answer spaces grow, step by step and the least grown first, then gaps, until the page is full."""
    rest = page - _height(chunk)
    steps = [0] * len(chunk)
    while growing := [
        ((piece.space + steps[n] * piece.step) / piece.space, n)
        for n, piece in enumerate(chunk)
        if piece.space > 0 and steps[n] < piece.steps and piece.step <= rest
    ]:
        _, n = min(growing)
        steps[n] += 1
        rest -= chunk[n].step
    ends = [n for n, piece in enumerate(chunk[:-1]) if not piece.opens]
    wider = min(SPREAD, max(rest, 0.0) / len(ends)) if ends else 0.0
    last = len(chunk) - 1
    return [
        Placed(
            name=piece.name,
            text=piece.text,
            space=piece.space + steps[n] * piece.step,
            gap=0.0 if n == last else piece.gap + (wider if n in ends else 0.0),
            breaks=breaks and n == 0,
        )
        for n, piece in enumerate(chunk)
    ]


# ---- what flows from column to column ----


@dataclass(frozen=True)
class Stretch:
    """Something that stays whole in a flow; lengths in points."""

    name: str
    text: float
    gap: float  # white space below, which the end of a column swallows
    keeps: bool = False  # it does not part from the stretch after it


@dataclass(frozen=True)
class Spot:
    """Where a stretch stands: the column from 0, and points from its top."""

    column: int
    y: float


def stack(stretches: Sequence[Stretch], height: float) -> list[Spot]:
    """Let stretches stand one below the other, each column as full as it gets."""
    units = _units(stretches, height)
    return _spots(units, _filled(_sizes(units), height))


def flow(stretches: Sequence[Stretch], height: float, columns: int = 1) -> list[Spot]:
    """Let stretches flow through the fewest pages of so many columns, all filled alike."""
    if not stretches:
        return []
    units = _units(stretches, height)
    sizes = _sizes(units)
    pages = _filled(sizes, height)[-1].column // columns + 1
    low, high = height / 2, height
    while high - low > 1:  # the least height that needs no more pages
        middle = (low + high) / 2
        if _filled(sizes, middle)[-1].column < pages * columns:
            high = middle
        else:
            low = middle
    return _spots(units, _filled(sizes, high))


def plan_of_flow(stretches: Sequence[Stretch], spots: Sequence[Spot]) -> Plan:
    """Turn where stretches stand into a plan."""
    placed = []
    for n, (stretch, spot) in enumerate(zip(stretches, spots, strict=True)):
        ends = n + 1 == len(spots) or spots[n + 1].column != spot.column
        breaks = n > 0 and spots[n - 1].column != spot.column
        placed.append(Placed(stretch.name, stretch.text, 0.0, 0.0 if ends else stretch.gap, breaks))
    return Plan(tuple(placed), spots[-1].column + 1)


def _units(stretches: Sequence[Stretch], height: float) -> list[list[Stretch]]:
    """Stretches that do not part, together; what is higher than a column parts all the same."""
    units: list[list[Stretch]] = []
    joins = False
    for stretch in stretches:
        if joins and _unit_height([*units[-1], stretch]) <= height:
            units[-1].append(stretch)
        else:
            units.append([stretch])
        joins = stretch.keeps
    return units


def _unit_height(unit: Sequence[Stretch]) -> float:
    return sum(each.text + each.gap for each in unit) - unit[-1].gap


def _sizes(units: Sequence[Sequence[Stretch]]) -> list[tuple[float, float]]:
    """The height of each unit, and the gap below it."""
    return [(_unit_height(unit), unit[-1].gap) for unit in units]


def _filled(sizes: Sequence[tuple[float, float]], height: float) -> list[Spot]:
    """Units of these sizes, one below the other; a new column where the last has no room."""
    spots: list[Spot] = []
    column, y = 0, 0.0
    for needs, gap in sizes:
        if y > 0 and y + needs > height + _ALMOST:
            column, y = column + 1, 0.0
        spots.append(Spot(column, y))
        y += needs + gap
    return spots


def _spots(units: Sequence[Sequence[Stretch]], tops: Sequence[Spot]) -> list[Spot]:
    """Where each stretch stands, given the top of its unit."""
    spots = []
    for unit, top in zip(units, tops, strict=True):
        y = top.y
        for stretch in unit:
            spots.append(Spot(top.column, y))
            y += stretch.text + stretch.gap
    return spots
