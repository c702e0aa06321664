"""Turn the tree of a paper into HTML; what differs between paper and screen, a Medium says."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from generator.plots import Picture
from renderers.document import (
    Block,
    Code,
    CodeBlock,
    DisplayMath,
    Drawing,
    Emphasis,
    Evidence,
    Image,
    Inline,
    Items,
    LineBreak,
    Lines,
    Listing,
    Math,
    Paragraph,
    Part,
    Rubric,
    Samples,
    Section,
    Solution,
    Strong,
    Table,
    Text,
)

HERE = Path(__file__).parent
LONG_CELL, SHORT_CELL = 30, 14  # letters


class Medium(Protocol):
    """How paper or screen shows what is not plain HTML."""

    def formula(self, latex: str, display: bool) -> Markup:
        """A formula within the line, or on its own line."""

    def picture(self, picture: Picture) -> Markup:
        """A plot or small pictures drawn from data."""

    def image(self, image: Image) -> Markup:
        """A picture file."""

    def room(self, part: Part) -> Markup:
        """Room for the answer to a part."""

    def panel(self, part: Part) -> Markup:
        """What a key holds below a prompt."""

    def piece(self, name: str, asked: Markup, below: Markup, ends: bool = False) -> Markup:
        """One stretch of the paper, `head 7` or `part 7.1`: what is asked, and what stands below it.

        `ends` says that it is the last one of its section.
        """


# ---- the paper ----


def sections(medium: Medium, all_sections: Iterable[Section]) -> Markup:
    """Turn sections into HTML, one <section> each."""
    return _join(_section(medium, section) for section in all_sections)


def _section(medium: Medium, section: Section) -> Markup:
    return group(medium, section, first=True, last=True)


def group(medium: Medium, section: Section, *, first: bool, last: bool) -> Markup:
    """One question of a section, which the first one opens with its head, and the last one closes."""
    inside = _join(part(medium, each) for each in section.parts)
    if first:
        opens = Markup('<section class="section" aria-labelledby="section-{}">').format(section.number)
        inside = opens + head(medium, section) + inside
    return inside + Markup("</section>\n") if last else inside


def head(medium: Medium, section: Section) -> Markup:
    """The head of a section with its stem, as a piece."""
    name = section.number
    heading = Markup(
        '<h2 id="section-{0}" data-label="{0} {1}"><span class="number">{0}</span> <span class="title">{1}</span>'
        ' <span class="points">{2}</span></h2>'
    ).format(name, section.title, section.points)
    return medium.piece(f"head {name}", heading + blocks(medium, section.stem), Markup())


def part(medium: Medium, part: Part) -> Markup:
    """A part with the room for its answer, or with its solution, as a piece."""
    heading = Markup(
        '<h3 id="part-{0}" data-label="{0}"><span class="number">{0}</span> <span class="points">({1})</span> </h3>'
    ).format(part.number, part.points)
    prompt = Markup('<div class="prompt">{}{}</div>').format(heading, blocks(medium, part.prompt))
    lead = Markup('<div class="lead">{}</div>').format(blocks(medium, part.lead)) if part.lead else Markup()
    below = medium.panel(part) if part.solution else medium.room(part)
    return medium.piece(f"part {part.number}", lead + prompt + _note(medium, part), below, part.ends)


def _note(medium: Medium, part: Part) -> Markup:
    """The words on how an answer is to be given, small, below the prompt."""
    match part.space:
        case None | Lines():
            return Markup()
        case space:
            if not space.note:
                return Markup()
            return Markup('<p class="note" id="note-{}">{}</p>').format(part.number, inlines(medium, space.note))


# ---- blocks ----


def blocks(medium: Medium, all_blocks: Iterable[Block]) -> Markup:
    """Turn blocks into HTML."""
    return _join(_block(medium, block) for block in all_blocks)


def _block(medium: Medium, block: Block) -> Markup:
    match block:
        case Paragraph(line):
            return Markup("<p>{}</p>\n").format(inlines(medium, line))
        case DisplayMath(latex):
            return Markup('<div class="display" tabindex="0">{}</div>\n').format(medium.formula(latex, display=True))
        case Items(items, start):
            return _items(medium, items, start)
        case CodeBlock(text, language):
            return Markup('<pre class="code" tabindex="0"><code>{}</code></pre>\n').format(_highlight(text, language))
        case Listing(layers):
            return _listing(layers)
        case Table():
            return _table(medium, block)
        case Image():
            return Markup("<figure>{}</figure>\n").format(medium.image(block))
        case Drawing(picture, caption):
            return _figure(medium, picture, caption)
        case Solution() | Rubric() | Evidence() | Samples():
            kind, heading, bodies = panel_part(medium, block)
            return Markup('<div class="{}"><h4>{}</h4>{}</div>\n').format(kind, heading, _join(bodies))


def panel_part(medium: Medium, block: Block) -> tuple[str, str, tuple[Markup, ...]]:
    """The kind and the heading of what a key holds, and what stands below it, each of which may begin a column."""
    match block:
        case Solution(heading, inside):
            return "solution", heading, tuple(_block(medium, each) for each in inside)
        case Rubric(items):
            return "rubric", "Rubric", (_marks(medium, items),)
        case Evidence(inside, drawing):
            shown = (drawing, *inside) if drawing else inside
            return "evidence", "Evidence", tuple(_block(medium, each) for each in shown)
        case Samples(items):
            return "samples", "Sample responses", (_marks(medium, items),)
        case _:
            return "plain", "", (_block(medium, block),)


def _items(medium: Medium, items: tuple[tuple[Block, ...], ...], start: int | None) -> Markup:
    body = _join(Markup("<li>{}</li>").format(_compact(medium, item)) for item in items)
    if start is None:
        return Markup("<ul>{}</ul>\n").format(body)
    return Markup('<ol start="{}">{}</ol>\n').format(start, body)


def _compact(medium: Medium, item: tuple[Block, ...]) -> Markup:
    """A lone paragraph needs no <p> around it."""
    match item:
        case (Paragraph(line),):
            return inlines(medium, line)
        case _:
            return blocks(medium, item)


def _listing(layers: tuple[tuple[str, str], ...]) -> Markup:
    rows = _join(Markup('<code class="layer">{} - {}</code>\n').format(name, _breakable(call)) for name, call in layers)
    return Markup(
        '<div class="listing" tabindex="0" role="group" aria-label="Layers of the network">{}</div>\n'
    ).format(rows)


def _breakable(call: str) -> Markup:
    """Let a long call wrap between its arguments only."""
    call = str(escape(call))
    together = re.sub(r"\w+=\([^()]*\)", r'<span class="together">\g<0></span>', call)
    return Markup(re.sub(r"(,)(?=\w+=|<)", r"\1<wbr/>", together))  # noqa: S704  # escaped above


def _table(medium: Medium, table: Table) -> Markup:
    align = (*table.align, *("left",) * (len(table.header) - len(table.align)))
    caption = Markup("<caption>{}</caption>").format(with_math(medium, table.caption)) if table.caption else ""
    widths = _widths(table)
    head = _join(
        Markup('<th scope="col" class="{}"{}>{}</th>').format(side, width, inlines(medium, cell))
        for cell, side, width in zip(table.header, align, widths, strict=True)
    )
    top = Markup("<thead><tr>{}</tr></thead>").format(head) if any(table.header) else ""
    rows = _join(_row(medium, row, align, table.row_headings) for row in table.rows)
    return Markup('<div class="wide" tabindex="0"><table class="data{}">{}{}<tbody>{}</tbody></table></div>\n').format(
        " full" if any(widths) else "", caption, top, rows
    )


def _widths(table: Table) -> tuple[Markup, ...]:
    """Widths for columns of sentences, the longer the wider; none where all cells are short and find theirs alone."""
    heads = [-(-_length(head) // 2) for head in table.header]  # a head may take two lines
    columns = zip(*table.rows, strict=True) if table.rows else [()] * len(heads)
    lengths = [max(head, *map(_length, column), 0) for head, column in zip(heads, columns, strict=True)]
    if max(lengths, default=0) < LONG_CELL:
        return tuple(Markup() for _ in lengths)
    short = [length < SHORT_CELL for length in lengths]
    if short.count(False) == 1:  # it takes what the others leave
        return tuple(
            Markup(' style="width:{:.1f}em"').format(length * 0.55 + 1) if small else Markup(' style="width:auto"')
            for length, small in zip(lengths, short, strict=True)
        )
    whole = sum(math.sqrt(length) for length, small in zip(lengths, short, strict=True) if not small)
    return tuple(
        Markup(' style="width:{:.1f}{}"').format(
            *(length * 0.5, "em") if small else (82 * math.sqrt(length) / whole, "%")
        )
        for length, small in zip(lengths, short, strict=True)
    )


def _length(line: tuple[Inline, ...]) -> int:
    """About how many letters wide a cell is."""
    length = 0
    for inline in line:
        match inline:
            case Text(text) | Code(text):
                length += len(text)
            case Emphasis(inside) | Strong(inside):
                length += _length(inside)
            case Math(latex):
                length += len(latex) // 2
    return length


def _row(medium: Medium, row: tuple[tuple[Inline, ...], ...], align: tuple[str, ...], headed: bool) -> Markup:
    cells = [
        Markup('<td class="{}">{}</td>').format(side, inlines(medium, c)) for c, side in zip(row, align, strict=True)
    ]
    if headed and row:
        cells[0] = Markup('<th scope="row" class="{}">{}</th>').format(align[0], inlines(medium, row[0]))
    return Markup("<tr>{}</tr>").format(_join(cells))


def _figure(medium: Medium, picture: Picture, caption: tuple[Inline, ...]) -> Markup:
    below = Markup("<figcaption>{}</figcaption>").format(inlines(medium, caption)) if caption else ""
    return Markup("<figure>{}{}</figure>\n").format(medium.picture(picture), below)


def _marks(medium: Medium, items: tuple[tuple[str, tuple[Inline, ...]], ...]) -> Markup:
    """A list of what earns how many points; the points stand first, where the eye runs down."""
    rows = _join(
        Markup('<li><b>{}</b><span class="hidden"> {}:</span> {}</li>').format(
            points, "point" if points == "1" else "points", inlines(medium, what)
        )
        for points, what in items
    )
    return Markup('<ul class="marks" role="list">{}</ul>').format(rows)


@cache
def _highlight(text: str, language: str) -> Markup:
    """Colour code by its language; an unknown language leaves it plain."""
    if not language:
        return escape(text)
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language, ensurenl=False)
    except ClassNotFound:
        return escape(text)
    return Markup(highlight(text, lexer, HtmlFormatter(nowrap=True)))  # noqa: S704  # Pygments escapes the code


# ---- inlines ----


def inlines(medium: Medium, line: Iterable[Inline]) -> Markup:
    """Turn the inlines of a line into HTML."""
    return _join(_inline(medium, inline) for inline in line)


def _inline(medium: Medium, inline: Inline) -> Markup:
    match inline:
        case Text(text):
            return escape(text)
        case Emphasis(inside):
            return Markup("<em>{}</em>").format(inlines(medium, inside))
        case Strong(inside):
            return Markup("<strong>{}</strong>").format(inlines(medium, inside))
        case Code(text):
            return Markup("<code>{}</code>").format(text)
        case Math(latex):
            return medium.formula(latex, display=False)
        case LineBreak():
            return Markup("<br/>")


def with_math(medium: Medium, text: str) -> Markup:
    """Turn a label, plain but for $formulas$, into HTML."""
    pieces = re.split(r"\$([^$]+)\$", text)
    return _join(
        medium.formula(piece, display=False) if odd else escape(piece)
        for piece, odd in zip(pieces, (n % 2 for n in range(len(pieces))), strict=True)
    )


def _join(pieces: Iterable[Markup]) -> Markup:
    return Markup("").join(pieces)


# ---- shells and styles ----


def total(scores: Iterable[tuple[str, str, str]]) -> str:
    """The points of all sections together, as printed below the score table."""
    numbers = (re.match(r"\d+(?:\.\d+)?", points) for _, _, points in scores)
    return f"{sum(float(number[0]) for number in numbers if number):g}"


@cache
def template(name: str) -> Template:
    """The page shell with this name."""
    folder = FileSystemLoader(HERE / "templates")
    return Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True).get_template(name)


@cache
def style(name: str) -> str:
    """The style sheet with this name."""
    return (HERE / "styles" / name).read_text("utf-8")
