"""Turn blocks and a plan into the pages of a paper, or of its key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from renderers import pdf
from renderers.assemble import Sheet, Standing
from renderers.blocks import Block, CannotStand
from renderers.pages import Plan, Stretch, flow, stack
from renderers.paper import Style, heads_of
from renderers.pdf import Box
from renderers.running import Heads

_PADDING = 3.0  # points below a prompt, which may hang out of the text area


@dataclass(frozen=True)
class Pasted:
    """Pages, and the answer boxes on them by part number."""

    sheets: tuple[Sheet, ...]
    boxes: Mapping[str, tuple[Box, ...]]


@dataclass(frozen=True)
class Around:
    """What stands around the text of a copy: running heads, the code, and the student's name where one is known."""

    heads: Heads
    code: str
    name: Block | None = None

    def of(self, page: int, pages: int, *, cover: bool) -> list[str]:
        """The operators for one page."""
        says = heads_of(self.code)
        found = [self.heads.lines["page"].set(f"page {page} of {pages}"), self.heads.lines["copy"].set(says.copy)]
        if "head" not in self.heads.lines and self.code:
            found.append(pdf.code_to_scan(self.code, page))
        if cover:
            return found
        found.append(self.heads.still)
        if "head" in self.heads.lines:
            found.append(self.heads.lines["head"].set(says.head))
        elif self.name is None:
            found.append(self.heads.lines["name"].set("Name"))
        else:
            found.append(_moved(self.name, self.heads.name))
        return found


def _moved(block: Block, to: tuple[float, float]) -> str:
    """The operators of a line of text, as no part of the paper, with its base line moved to a place in CSS pixels."""
    operators = _MARKED.sub("/Artifact\n<</Type/Pagination>>\nBDC", block.operators)
    place = _TEXT.search(operators)
    assert place
    x, y = ((there - float(here)) * 0.75 for there, here in zip(to, place.groups(), strict=True))
    return f"1 0 0 1 {x:.4f} {y:.4f} cm\n{operators.replace('%%', '%')}"


_MARKED = re.compile(r"/\w+\n<</MCID %d>>\nBDC")
_TEXT = re.compile(r"BT\n1 0 0 -1 (\S+) (\S+) Tm")


def paste_exam(front: Sequence[Block], pieces: Mapping[str, Block], plan: Plan, style: Style, around: Around) -> Pasted:
    """Turn the blocks of a paper into its pages: the cover's first, then what the plan says; raises CannotStand."""
    left, top = pdf.text_origin(style, is_key=False)
    spots = stack(stretches(front), pdf.text_area(style, is_key=False)[1])
    covers = spots[-1].column + 1 if spots else 0
    # a block is no higher than a page, even where a plan, which rounds up, gives it two
    pages: list[list[Standing]] = [[] for _ in range(covers + 1 + sum(placed.breaks for placed in plan.pieces))]
    for block, spot in zip(front, spots, strict=True):
        pages[spot.column].append(Standing(block, left, top + spot.y))
    for placed in plan.pieces:
        if placed.space and placed.text + placed.space > pdf.text_area(style, is_key=False)[1] + _PADDING:
            raise CannotStand(f"higher than a page with its answer space: {placed.name}")
    for name, page, y, below in _places(plan):
        section = name.split()[1].partition(".")[0]
        pages[covers + page].append(Standing(pieces[name], left, top + y, section))
        if room := pieces.get(f"{name} room"):
            pages[covers + page].append(Standing(room, left, top + below, section))
    return Pasted(_sheets(pages, covers, around), _boxes(pages, plan))


def _places(plan: Plan) -> Iterator[tuple[str, int, float, float]]:
    """Each piece with its page, its top, and the top of its answer space."""
    page, y = 0, 0.0
    for placed in plan.pieces:
        if placed.breaks:
            page, y = page + 1, 0.0
        yield placed.name, page, y, y + placed.text
        y += placed.text + placed.space + placed.gap


def _boxes(pages: Sequence[Sequence[Standing]], plan: Plan) -> dict[str, tuple[Box, ...]]:
    found: dict[str, tuple[Box, ...]] = {}
    for number, page in enumerate(pages, 1):
        for standing in page:
            for part, x, y, width, height in standing.block.boxes:
                if not standing.block.steps:  # it takes the room that it is given, without growing
                    height = plan[f"part {part}"].space
                lengths = (standing.x + x, standing.y + y, width, height)
                found[part] = (*found.get(part, ()), Box(number, *(round(length, 2) for length in lengths)))
    return found


def paste_key(blocks: Sequence[Block], style: Style, around: Around) -> Pasted:
    """Turn the blocks of a key into its pages, in columns."""
    left, top = pdf.text_origin(style, is_key=True)
    width, height = pdf.text_area(style, is_key=True)
    columns = pdf.columns(style)
    spots = flow(stretches(blocks), height, columns)
    pages: list[list[Standing]] = [[] for _ in range(spots[-1].column // columns + 1)]
    for block, spot in zip(blocks, spots, strict=True):
        page, column = divmod(spot.column, columns)
        section = block.name.split()[1].partition(".")[0] if " " in block.name else ""
        pages[page].append(Standing(block, left + column * (width + pdf.GUTTER), top + spot.y, section))
    return Pasted(_sheets(pages, 0, around), {})


def stretches(blocks: Sequence[Block]) -> list[Stretch]:
    """Blocks as they flow."""
    return [Stretch(block.name, block.text, block.gap, block.keeps) for block in blocks]


def _sheets(pages: Sequence[Sequence[Standing]], covers: int, around: Around) -> tuple[Sheet, ...]:
    return tuple(
        Sheet(blocks, around.of(number, len(pages), cover=number <= covers)) for number, blocks in enumerate(pages, 1)
    )
