"""How a printed paper shows formulas, pictures and room for answers, in the HTML that WeasyPrint lays out."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from markupsafe import Markup

from generator.plots import Picture
from renderers import axes as drawing_axes
from renderers import plots
from renderers.document import (
    Axes,
    Block,
    Choices,
    CodeLines,
    Document,
    GridField,
    Image,
    Lines,
    NumberField,
    Part,
    TableField,
    WorkBox,
)
from renderers.markup import blocks, panel_part, template, total, with_math
from renderers.math import Formula, typeset
from renderers.math.pdf import FormulaImage, image_for, img_tag
from renderers.pages import Plan
from renderers.vectors import vectors

MM = 72 / 25.4  # points


@dataclass(frozen=True)
class Style:
    """The sheet, and whether its letters are large."""

    paper: Literal["letter", "a4"] = "letter"
    large: bool = False

    @property
    def line(self) -> float:
        """The distance of ruled lines, in points."""
        return (11 if self.large else 7) * MM  # 7 mm is what ruled college paper has

    @property
    def row(self) -> float:
        """The least height of a table row to fill, in points."""
        return (14 if self.large else 8.5) * MM


@dataclass(frozen=True)
class Heads:
    """What running heads say besides the title and the page."""

    name: str
    copy: str
    head: str


def heads_of(code: str, owner: str = "") -> Heads:
    """The running heads of a copy."""
    return Heads(f"Name\u2002{owner}".strip(), f"code {code}" if code else "", f"Answer key {code}".strip())


def leads(html: str) -> bool:
    """Whether a text ends with a colon, so that it does not part from what it leads to."""
    return html.rstrip().endswith(":</p>")


class Paper:
    """The medium of print; collects in `images` what WeasyPrint is to draw."""

    def __init__(self, style: Style, plan: Plan | None, is_key: bool = False) -> None:
        self.style = style
        self.plan = plan
        self.is_key = is_key
        self.in_columns = is_key and not style.large  # two on a sheet
        self.images: dict[str, Any] = {"ruled:": Ruled(style.line)}
        self.formulas: set[str] = set()

    # ---- what stands in a line ----

    def formula(self, latex: str, display: bool) -> Markup:
        """The formula as an image that draws glyphs."""
        formula, image = _typeset(latex, display)
        key = hashlib.sha256(f"{display}{latex}".encode()).hexdigest()[:12]
        self.images[f"math:{key}"] = image
        self.formulas.add(formula.alt)
        return Markup(img_tag(formula, key))  # noqa: S704  # img_tag escapes

    def picture(self, picture: Picture) -> Markup:
        """The picture as vectors, or as SVG where it holds more than paths."""
        svg = plots.svg(picture)
        drawn = vectors(svg)
        if drawn is None:
            return self.image(Image(svg, "image/svg+xml", picture.alt))
        self.images[f"vectors:{drawn.id}"] = drawn
        return Markup('<img class="picture" src="vectors:{}" alt="{}"/>').format(drawn.id, picture.alt)

    def image(self, image: Image) -> Markup:
        """The picture file, inside the document."""
        data = base64.b64encode(image.data).decode()
        return Markup('<img class="picture" src="data:{};base64,{}" alt="{}"/>').format(
            image.media_type, data, image.alt
        )

    # ---- what stands below one another ----

    def front(self, document: Document) -> list[tuple[str, Markup]]:
        """The stretches of the cover, or the title where there is none, each with its name."""
        parts: Any = template("cover.html.j2").module
        cover = document.cover
        if cover is None:
            return [("title", parts.title(document))]
        stretches = [parts.top(cover)]
        for label, value in cover.fields:
            stretches.append(parts.owner(len(stretches) + 1, label, value))
        if cover.instructions:
            stretches.append(parts.instructions(len(stretches) + 1, blocks(self, cover.instructions)))
        if cover.scores:
            stretches.append(parts.scores(len(stretches) + 1, cover, document.kind, total))
        return [(f"cover/{n}", stretch) for n, stretch in enumerate(stretches, 1)]

    def panel(self, part: Part) -> Markup:
        """One atom below the other."""
        return Markup('<div class="panel">{}</div>').format(Markup("").join(html for _, html in self.atoms(part)))

    def atoms(self, part: Part) -> Iterator[tuple[str, Markup]]:
        """What a key holds below a prompt, in stretches that stay whole, each with its name: part 7.1/2"""
        stretches = [stretch for block in part.solution for stretch in self._stretches(block)]
        for n, (kind, inside) in enumerate(stretches, 1):
            name = f"part {part.number}/{n}"
            ends = "" if n < len(stretches) else " closes" if part.ends else " last"
            ends += " leads" if leads(inside) and n < len(stretches) else ""
            yield (
                name,
                Markup('<div class="atom {}{}" data-slip="{}" style="{}">{}</div>').format(
                    kind, ends, name, self._placed(name), inside
                ),
            )

    def _stretches(self, block: Block) -> Iterator[tuple[str, Markup]]:
        """The kind of what a key holds, and its bodies; the heading stays with the first of them."""
        kind, heading, bodies = panel_part(self, block)
        for n, body in enumerate(bodies, 1):
            above = Markup("<h4>{}</h4>").format(heading) if heading and n == 1 else Markup()
            yield f"{kind} end" if n == len(bodies) else kind, above + body

    def _placed(self, name: str) -> str:
        """What the plan says of a stretch of a key, as CSS."""
        if not self.plan:
            return ""
        placed = self.plan[name]
        return f"padding-bottom:{placed.gap:.4f}pt" + (";break-before:page" if placed.breaks else "")

    def piece(self, name: str, asked: Markup, below: Markup, ends: bool = False) -> Markup:
        """One piece of a page, at the place and with the heights that the plan gives it."""
        kind = f"{name.split()[0]}{' ends' if ends else ''}"
        frame = Markup('<div class="piece {}" data-piece="{}" style="{}">{}{}</div>\n')
        if self.is_key:
            return frame.format(kind, name, "", self._asked(name, self._placed(name), asked), below)
        placed = self.plan[name] if self.plan else None
        outer = f"padding-bottom:{placed.gap:.4f}pt" + (";break-before:page" if placed.breaks else "") if placed else ""
        inner = f"min-height:{placed.text:.4f}pt" if placed else ""
        return frame.format(kind, name, outer, self._asked(name, inner, asked), below)

    def _asked(self, name: str, style: str, inside: Markup) -> Markup:
        return Markup('<div class="asked" data-slip="{}" style="{}">{}</div>').format(name, style, inside)

    def room(self, part: Part) -> Markup:
        """The room for an answer, as high as the plan says, else as asked."""
        line = self.style.line
        match part.space:
            case None:
                return Markup()
            case Lines(count):
                return self._space("lines", part, count * line, (line, max(count, 3)))
            case CodeLines(count):
                return self._space("lines", part, count * line, (line, count // 2 + 2))
            case WorkBox(count):
                return self._space("box", part, count * line, (line, max(count, 3)))
            case NumberField(unit, _, count):
                return self._space("box", part, (count + 1.75) * line, (line, count + 2), self._result(unit))
            case GridField(rows, columns, _, count):
                high = count * line + rows * self.style.row
                return self._space("box", part, high, (line, count + 2), _grid(rows, columns))
            case TableField():
                return self._table(part, part.space)
            case Choices():
                return self._choices(part, part.space)
            case Axes():
                return self._axes(part, part.space)

    def _height(self, part: Part) -> float | None:
        """The height that the plan gives to the answer of a part."""
        return self.plan[f"part {part.number}"].space if self.plan else None

    def _space(self, kind: str, part: Part, asked: float, growth: tuple[float, int], inside: str = "") -> Markup:
        """Room with a height of its own, which may grow by so many steps of this length."""
        return Markup(
            '<div class="space {}" data-box="{}" data-step="{}" data-steps="{}" style="height:{:.4f}pt">{}</div>'
        ).format(kind, part.number, *growth, self._height(part) or asked, inside)

    def _result(self, unit: str) -> Markup:
        behind = Markup('<span class="unit">{}</span>').format(with_math(self, unit)) if unit else ""
        return Markup('<div class="result"><span>Result</span><span class="field"></span>{}</div>').format(behind)

    def _table(self, part: Part, field: TableField) -> Markup:
        """One or two tables beside each other, their rows as high as the room allows."""
        cells = [(label, value, False) for label, value in field.given] + [(row, "", True) for row in field.rows]
        columns = 2 if len(cells) > 4 and not self.style.large else 1
        each = -(-len(cells) // columns)
        top = 0.75 * self.style.row
        height = self._height(part) or top + each * self.style.row
        halves = (cells[start : start + each] for start in range(0, len(cells), each))
        tables = Markup("").join(_half(self, part, field, half, top, (height - top) / each) for half in halves)
        return Markup(
            '<div class="space tables columns{}" data-step="{}" data-steps="5" style="height:{:.4f}pt">{}</div>'
        ).format(columns, each * MM, height, tables)

    def _choices(self, part: Part, choices: Choices) -> Markup:
        options = Markup("").join(
            Markup('<li><span class="bubble">{}</span><div class="option">{}</div></li>').format(
                chr(ord("A") + index), blocks(self, option)
            )
            for index, option in enumerate(choices.options)
        )
        return Markup('<ul class="space choices {}" data-box="{}" style="{}">{}</ul>').format(
            "several" if choices.several else "one", part.number, self._at_least(part), options
        )

    def _at_least(self, part: Part) -> str:
        """The height of room that does not grow by itself."""
        height = self._height(part)
        return f"min-height:{height:.4f}pt" if height else ""

    def _axes(self, part: Part, axes: Axes) -> Markup:
        """Axes as a picture, with their labels, which may hold formulas, at the heads of the arrows."""
        size = drawing_axes.frame(axes, 190 if not self.style.large else 400)
        width, height = drawing_axes.outer(size)
        x, y = drawing_axes.origin(axes, size)
        svg = Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}">{2}</svg>'
        ).format(width, height, drawing_axes.draw(axes, size, "STIX Two Text"))
        return Markup(
            '<div class="space axes" data-box="{}" style="{}"><p class="y" style="padding-left:{:.2f}px">{}</p>'
            '<p class="field">{}<span style="vertical-align:{:.2f}px">{}</span></p></div>'
        ).format(
            part.number,
            self._at_least(part),
            x - 4,
            with_math(self, axes.y_label),
            self.image(Image(str(svg).encode(), "image/svg+xml", drawing_axes.spoken(axes))),
            height - y - 4,
            with_math(self, axes.x_label),
        )


def _grid(rows: int, columns: int) -> Markup:
    """Boxes for the elements of a matrix, behind the word that stands before that of a number."""
    row = Markup('<div class="row">{}</div>').format(Markup("<span></span>") * columns)
    grid = Markup('<div class="grid columns{}">{}</div>').format(min(columns, 12), row * rows)
    return Markup('<div class="result"><span>Result</span>{}</div>').format(grid)


def _half(
    paper: Paper, part: Part, field: TableField, cells: list[tuple[str, str, bool]], top: float, row: float
) -> Markup:
    """One of the tables to fill."""
    head = Markup('<tr style="height:{:.4f}pt"><th scope="col">{}</th><th scope="col">{}</th></tr>').format(
        top, *(with_math(paper, label) for label in field.header)
    )
    body = Markup("").join(
        Markup('<tr style="height:{:.4f}pt"><th scope="row">{}</th><td{}>{}</td></tr>').format(
            row,
            with_math(paper, label),
            Markup(' data-box="{}"').format(part.number) if blank else "",
            with_math(paper, value),
        )
        for label, value, blank in cells
    )
    return Markup('<table class="fill"><thead>{}</thead><tbody>{}</tbody></table>').format(head, body)


@lru_cache(maxsize=4096)
def _typeset(latex: str, display: bool) -> tuple[Formula, FormulaImage]:
    formula = typeset(latex, display)
    return formula, image_for(formula)


@dataclass(frozen=True)
class Ruled:
    """Ruled lines as an image that WeasyPrint draws behind a box, whole lines from its top."""

    step: float  # points

    def get_intrinsic_size(self, _resolution: float, _font_size: float) -> tuple[None, None, None]:
        """It has none: it fills its box."""
        return None, None, None

    def draw(self, stream: Any, width: float, height: float, _style: Any) -> None:
        """Draw one hairline each step; lengths are in CSS pixels."""
        step = self.step / 0.75
        stream.set_color_rgb(0.55, 0.55, 0.55, stroke=True)
        stream.set_line_width(0.55)
        for line in range(1, int(height / step + 0.01) + 1):
            y = min(line * step, height - 0.3)
            stream.move_to(0, y)
            stream.line_to(width, y)
        stream.stroke()
