"""The tree that every renderer reads: headings, prose, formulas, listings, tables, pictures and room for answers."""

from __future__ import annotations

import base64
from dataclasses import dataclass, is_dataclass
from functools import cache
from typing import Any, Literal, TypeAlias

from generator import plots
from generator.plots import Picture

# ---- what stands inside a line ----


@dataclass(frozen=True)
class Text:
    """Letters as they are."""

    text: str


@dataclass(frozen=True)
class Emphasis:
    """Words set in italics."""

    inlines: tuple[Inline, ...]


@dataclass(frozen=True)
class Strong:
    """Words set in bold."""

    inlines: tuple[Inline, ...]


@dataclass(frozen=True)
class Code:
    """Letters set in monospace."""

    text: str


@dataclass(frozen=True)
class Math:
    """A LaTeX formula within a line."""

    latex: str


@dataclass(frozen=True)
class LineBreak:
    """A new line within the paragraph."""


Inline: TypeAlias = Text | Emphasis | Strong | Code | Math | LineBreak

# ---- what stands below one another ----


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of prose."""

    inlines: tuple[Inline, ...]


@dataclass(frozen=True)
class DisplayMath:
    """A LaTeX formula on a line of its own."""

    latex: str


@dataclass(frozen=True)
class Items:
    """A list with bullets, or with numbers from `start`."""

    items: tuple[tuple[Block, ...], ...]
    start: int | None = None  # None: bullets


@dataclass(frozen=True)
class CodeBlock:
    """Lines of code, set in monospace; `language` names a Pygments lexer, or is empty."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Listing:
    """The layers of a network, a line each: `a - Conv2d(…)`."""

    layers: tuple[tuple[str, str], ...]  # name and call


@dataclass(frozen=True)
class Table:
    """A table; the first column of each row is a heading when `row_headings`."""

    header: tuple[tuple[Inline, ...], ...]
    rows: tuple[tuple[tuple[Inline, ...], ...], ...]
    caption: str = ""
    row_headings: bool = False
    align: tuple[Literal["left", "right", "center"], ...] = ()


@dataclass(frozen=True)
class Image:
    """A picture file (PNG, JPEG or SVG) that belongs to the question."""

    data: bytes
    media_type: str
    alt: str


@dataclass(frozen=True)
class Drawing:
    """A plot or picture drawn from data."""

    picture: Picture
    caption: tuple[Inline, ...] = ()


Block: TypeAlias = (
    "Paragraph | DisplayMath | Items | CodeBlock | Listing | Table | Image | Drawing"
    " | Solution | Rubric | Evidence | Samples"
)

# ---- room for a student's answer ----


@dataclass(frozen=True)
class Lines:
    """Ruled lines to write on."""

    count: int


@dataclass(frozen=True)
class WorkBox:
    """An empty frame for working and a result; `note` says how the result is to be given."""

    lines: int  # height, in ruled lines
    note: tuple[Inline, ...] = ()


@dataclass(frozen=True)
class NumberField:
    """A box for one number with its unit, below room for working."""

    unit: str
    note: tuple[Inline, ...] = ()  # how exact, in words
    lines: int = 3  # room for working, in ruled lines


@dataclass(frozen=True)
class GridField:
    """Boxes for the elements of a matrix, below room for working."""

    rows: int
    columns: int
    note: tuple[Inline, ...] = ()
    lines: int = 4  # room for working, in ruled lines


@dataclass(frozen=True)
class TableField:
    """A table to fill; `given` rows are printed filled."""

    header: tuple[str, str]  # for example ("Layer", "Size of its output")
    rows: tuple[str, ...]  # for example ("after layer a", …)
    names: tuple[str, ...]  # the name of each row's cell: a, c, d
    given: tuple[tuple[str, str], ...] = ()  # printed first, filled: ("input", "9×9×1")
    note: tuple[Inline, ...] = ()


@dataclass(frozen=True)
class Choices:
    """Options with a bubble each, lettered from A; `several` when more than one may be ticked."""

    options: tuple[tuple[Block, ...], ...]
    several: bool
    note: tuple[Inline, ...] = ()


@dataclass(frozen=True)
class Axes:
    """Empty axes to draw in."""

    x_label: str
    y_label: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    note: tuple[Inline, ...] = ()


@dataclass(frozen=True)
class CodeLines:
    """Ruled lines for a listing, wide enough for `a - Conv2d(…)`."""

    count: int
    note: tuple[Inline, ...] = ()


Space: TypeAlias = Lines | WorkBox | NumberField | GridField | TableField | Choices | Axes | CodeLines

# ---- what only a key holds ----


@dataclass(frozen=True)
class Solution:
    """The answer, how it is got, and what else a grader may accept; each printed under its own small heading."""

    heading: str  # Answer, How it is got, A model answer …
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Rubric:
    """What earns points: (points, what for)."""

    items: tuple[tuple[str, tuple[Inline, ...]], ...]


@dataclass(frozen=True)
class Evidence:
    """What PyTorch showed: sentences with measured figures, perhaps with a picture."""

    blocks: tuple[Block, ...]
    drawing: Drawing | None = None


@dataclass(frozen=True)
class Samples:
    """Responses as students give them: (what it earns, the response and why)."""

    items: tuple[tuple[str, tuple[Inline, ...]], ...]


# ---- the paper ----


@dataclass(frozen=True)
class Part:
    """What carries points: number 7.1, prompt, and room for an answer, in the place of which a key has the solution."""

    number: str
    points: str  # "3 points"
    lead: tuple[Block, ...]  # context that opens here and serves later parts too
    prompt: tuple[Block, ...]
    space: Space | None
    solution: tuple[Block, ...] = ()  # empty on a student's paper
    ends: bool = False  # whether it is the last one of its section


@dataclass(frozen=True)
class Section:
    """A numbered section of the paper: a stem and its parts."""

    number: str
    title: str
    points: str  # "14 points"
    stem: tuple[Block, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Cover:
    """The first page: what it is, whose it is, what holds, and the score table."""

    title: str
    course: str
    facts: tuple[tuple[str, str], ...]  # ("Time", "75 minutes"), ("Points", "65") …
    fields: tuple[tuple[str, str], ...]  # boxes to fill: ("Name", ""), or filled from the roster ("Name", "Ada Osei")
    instructions: tuple[Block, ...]
    scores: tuple[tuple[str, str, str], ...]  # section number, title, points


@dataclass(frozen=True)
class Document:
    """One paper for one reader."""

    title: str
    code: str  # the copy's code, on every page
    kind: Literal["exam", "key", "catalogue"]
    language: str  # "en"
    cover: Cover | None  # none for the preview of a question
    sections: tuple[Section, ...]
    owner: str = ""  # the student's name, where a roster gives it

    @property
    def full_title(self) -> str:
        """What a viewer shows as the title of the file."""
        named = f"{self.title} – answer key" if self.kind == "key" else self.title
        return f"{named} – {self.code}" if self.code else named


# ---- the tree as plain data ----


def plain(node: Any) -> Any:
    """A tree, or anything in it, as JSON has it: each list says first what it is."""
    if isinstance(node, tuple | list):
        return ["", *map(plain, node)]
    if isinstance(node, bytes):
        return ["bytes", base64.b64encode(node).decode()]
    return [type(node).__name__, *map(plain, vars(node).values())] if is_dataclass(node) else node


def read(data: Any) -> Any:
    """The tree that `plain` made data of."""
    if not isinstance(data, list):
        return data
    name, *fields = data
    if name == "bytes":
        return base64.b64decode(fields[0])
    return _classes()[name](*map(read, fields)) if name else tuple(map(read, fields))


@cache
def _classes() -> dict[str, type]:
    known = (*globals().values(), *vars(plots).values())
    return {each.__name__: each for each in known if isinstance(each, type) and is_dataclass(each)}
