"""Turn a document into one HTML file that needs nothing else: MathML, fonts inside, form controls to answer in."""

from __future__ import annotations

import base64
from urllib.parse import quote

from markupsafe import Markup

from generator.plots import Picture
from renderers import axes as drawing_axes
from renderers import fonts, markup, plots
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
    Paragraph,
    Part,
    Section,
    TableField,
    WorkBox,
)
from renderers.markup import with_math
from renderers.math import typeset


def render(document: Document, *, large: bool = False, stylesheet: str = "") -> bytes:
    """Turn a document into the bytes of a page for browsers, phones and screen readers.

    With the address of a stylesheet, the page takes styles and fonts from there instead of holding them.
    """
    return page(document, markup.sections(Screen(), document.sections), large=large, stylesheet=stylesheet)


def group(section: Section, *, first: bool, last: bool) -> Markup:
    """Turn one question of a section into its part of a page's body."""
    return markup.group(Screen(), section, first=first, last=last)


def page(document: Document, body: Markup, *, large: bool = False, stylesheet: str = "") -> bytes:
    """Turn a document whose sections are `body` already into the bytes of a page."""
    screen = Screen()
    cover = document.cover
    whole = markup.template("screen.html.j2").render(
        document=document,
        instructions=markup.blocks(screen, cover.instructions) if cover else "",
        total=markup.total,
        body=body,
        css="" if stylesheet else Markup(css(large=large)),  # noqa: S704  # our own files
        stylesheet=stylesheet,
        large=large,
    )
    return whole.encode()


def css(*, large: bool = False) -> str:
    """The styles and fonts of every page."""
    return fonts.faces_for_html(large=large) + markup.style("screen.css")


class Screen:
    """The medium of browsers."""

    # ---- what stands in a line ----

    def formula(self, latex: str, display: bool) -> Markup:
        """The formula as MathML."""
        return Markup(typeset(latex, display).mathml)  # noqa: S704  # made by us from a list of allowed elements

    def picture(self, picture: Picture) -> Markup:
        """The picture as SVG, in letters that a URL may hold, which are fewer than those of base64."""
        data = quote(plots.svg(picture).decode().replace('"', "'"), safe=" !$&'()*+,/:;<=>?@")
        url = Markup(data.replace("&", "&amp;"))  # noqa: S704  # neither < nor > ends an attribute
        return Markup('<img class="picture" src="data:image/svg+xml,{}" alt="{}">').format(url, picture.alt)

    def image(self, image: Image) -> Markup:
        """The picture file, inside the page."""
        data = base64.b64encode(image.data).decode()
        return Markup('<img class="picture" src="data:{};base64,{}" alt="{}">').format(
            image.media_type, data, image.alt
        )

    # ---- what stands below one another ----

    def panel(self, part: Part) -> Markup:
        """One block below the other."""
        return Markup('<div class="panel">{}</div>').format(markup.blocks(self, part.solution))

    def piece(self, name: str, asked: Markup, below: Markup, ends: bool = False) -> Markup:  # noqa: ARG002  # paper's
        """A part is a region of its own; a section's head belongs to the section."""
        kind, number = name.split(maxsplit=1)
        if kind == "head":
            return Markup('<div class="head">{}</div>\n').format(asked)
        return Markup('<section class="part" aria-labelledby="part-{}">{}{}</section>\n').format(number, asked, below)

    def room(self, part: Part) -> Markup:
        """Controls to answer with; each takes its name from the part's heading."""
        match part.space:
            case None:
                return Markup()
            case Lines(count) | WorkBox(lines=count):
                return _area(part, count, "Your answer")
            case CodeLines(count):
                return _area(part, count, "Your answer", kind="code")
            case NumberField(unit, _, count):
                return _area(part, count, "Your working") + self._result(part, unit)
            case GridField(rows, columns, _, count):
                return _area(part, count, "Your working") + _grid(part, rows, columns)
            case TableField():
                return self._table(part, part.space)
            case Choices():
                return self._choices(part, part.space)
            case Axes():
                return self._axes(part, part.space)

    def _result(self, part: Part, unit: str) -> Markup:
        behind = Markup(' <span id="unit-{}">{}</span>').format(part.number, with_math(self, unit)) if unit else ""
        return Markup(
            '<p class="result"><label for="result-{0}" id="label-result-{0}">Result</label>'
            ' <input id="result-{0}" type="text" inputmode="decimal" autocomplete="off"'
            ' aria-labelledby="part-{0} label-result-{0}{1}"{2}>{3}</p>\n'
        ).format(part.number, f" unit-{part.number}" if unit else "", _described(part), behind)

    def _table(self, part: Part, field: TableField) -> Markup:
        name = part.number
        given = Markup("").join(
            Markup('<tr><th scope="row">{}</th><td>{}</td></tr>').format(with_math(self, label), with_math(self, value))
            for label, value in field.given
        )
        rows = Markup("").join(
            Markup(
                '<tr><th scope="row" id="row-{0}-{1}">{2}</th>'
                '<td><input id="cell-{0}-{1}" type="text" autocomplete="off"'
                ' aria-labelledby="part-{0} row-{0}-{1} column-{0}"{3}></td></tr>'
            ).format(name, index, with_math(self, label), _described(part))
            for index, label in enumerate(field.rows, start=1)
        )
        first, second = (with_math(self, label) for label in field.header)
        return Markup(
            '<div class="wide"><table class="fill"><thead><tr><th scope="col">{}</th><th scope="col" id="column-{}">{}'
            "</th></tr></thead><tbody>{}{}</tbody></table></div>\n"
        ).format(first, name, second, given, rows)

    def _choices(self, part: Part, choices: Choices) -> Markup:
        name = part.number
        kind = "checkbox" if choices.several else "radio"
        options = Markup("").join(
            Markup(
                '<div class="option"><input type="{0}" id="option-{1}-{2}" name="answer-{1}" value="{2}"'
                ' aria-labelledby="letter-{1}-{2} text-{1}-{2}">'
                '<label for="option-{1}-{2}" id="letter-{1}-{2}">{2}</label>{3}</div>'
            ).format(kind, name, letter, self._option(f"{name}-{letter}", option))
            for letter, option in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", choices.options, strict=False)
        )
        hint = "Tick every one that holds" if choices.several else "Choose one"
        return Markup(
            '<fieldset class="choices"{}><legend>{} <span class="hidden">for {}</span></legend>{}</fieldset>\n'
        ).format(_described(part), hint, name, options)

    def _option(self, key: str, option: tuple[Block, ...]) -> Markup:
        """The words of an option: a label to click on where they are one paragraph."""
        match option:
            case (Paragraph(line),):
                return Markup('<label for="option-{0}" id="text-{0}" class="text">{1}</label>').format(
                    key, markup.inlines(self, line)
                )
            case _:
                return Markup('<div id="text-{}" class="text">{}</div>').format(key, markup.blocks(self, option))

    def _axes(self, part: Part, axes: Axes) -> Markup:
        size = drawing_axes.frame(axes, 265)
        width, height = drawing_axes.outer(size)
        figure = Markup(
            '<div class="axes"><p>{0}</p>'
            '<svg role="img" aria-label="{1}" viewBox="0 0 {2} {3}" width="{2}" height="{3}">{4}</svg>'
            '<p class="x">{5}</p></div>'
        ).format(
            with_math(self, axes.y_label),
            drawing_axes.spoken(axes),
            width,
            height,
            drawing_axes.draw(axes, size, "inherit"),
            with_math(self, axes.x_label),
        )
        return figure + _area(part, 5, "Your points, in words or as coordinates")


def _grid(part: Part, rows: int, columns: int) -> Markup:
    """A control for each element of a matrix, named by its place."""
    lines = Markup("").join(
        Markup('<div class="row">{}</div>').format(
            Markup("").join(
                Markup(
                    '<input type="text" inputmode="decimal" autocomplete="off" aria-label="Row {}, column {}"{}>'
                ).format(row, column, _described(part))
                for column in range(1, columns + 1)
            )
        )
        for row in range(1, rows + 1)
    )
    return Markup(
        '<p class="result" id="label-grid-{0}">Result</p>'
        '<div class="grid" role="group" aria-labelledby="part-{0} label-grid-{0}">{1}</div>\n'
    ).format(part.number, lines)


def _area(part: Part, lines: int, label: str, kind: str = "words") -> Markup:
    return Markup(
        '<p class="answer"><label for="answer-{0}" id="label-{0}">{1}</label>'
        '<textarea id="answer-{0}" class="{2}" rows="{3}" aria-labelledby="part-{0} label-{0}"{4}{5}></textarea></p>\n'
    ).format(part.number, label, kind, lines, _described(part), Markup(' spellcheck="false"') if kind == "code" else "")


def _described(part: Part) -> Markup:
    """Let the note above the control be read with it."""
    if getattr(part.space, "note", ()):
        return Markup(' aria-describedby="note-{}"').format(part.number)
    return Markup()
