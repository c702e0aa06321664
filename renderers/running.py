"""Turn the running heads of a paper into operators: what all pages share, and lines that differ in a few letters.

WeasyPrint lays the heads out once, with letters to choose from; a copy's code and a page's number are then set with the
same glyphs. Lengths are those of WeasyPrint: CSS pixels, from the top left of the sheet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from generator.codes import LETTERS
from renderers import pdf
from renderers.blocks import Glyphs, Written
from renderers.paper import Paper, Style

_TEXT = re.compile(r"BT\n1 0 0 -1 (\S+) (\S+) Tm\n/(\w+) (\S+) Tf\n\[(.*)\] TJ\nET")
_TAGGED = re.compile(r"/\w+\n<</MCID \d+>>\nBDC")
_ARTIFACT = "/Artifact\n<</Type/Pagination>>\nBDC"
_NUMBERS = "0123456789"


@dataclass(frozen=True)
class Line:
    """A line of text that differs from page to page, and the glyphs that it may be set in."""

    before: str  # operators up to the text
    after: str
    font: str
    size: float
    x: float  # the left end, or the right one
    y: float  # the base line
    to_right: bool
    glyphs: Mapping[str, tuple[int, int]]  # for each letter its glyph, and its width in thousandths of the size

    def set(self, text: str) -> str:
        """The operators that paint a text."""
        glyphs = [self.glyphs[letter] for letter in text]
        x = self.x - sum(width for _, width in glyphs) * self.size / 1000 if self.to_right else self.x
        letters = "".join(f"{glyph:04x}" for glyph, _ in glyphs)
        place = f"1 0 0 -1 {x:.6f} {self.y} Tm\n/{self.font} {self.size:g} Tf"
        return f"{self.before}BT\n{place}\n[<{letters}>] TJ\nET{self.after}"


@dataclass(frozen=True)
class Heads:
    """The running heads of all papers of one kind."""

    sheet: tuple[float, float]  # points
    still: str  # what every page shows, a cover aside
    name: tuple[float, float]  # where a student's name goes: the left end of its base line
    lines: Mapping[str, Line]  # page, copy, head


def lay_out(title: str, style: Style, *, is_key: bool) -> tuple[Heads, dict[str, Glyphs]]:
    """Turn a title into running heads, and the glyphs that they set."""
    corner = "-corner" if is_key and not style.large else ""
    still = ["top-left"] if is_key else ["top-left", "top-right"]
    glyphs: dict[str, Glyphs] = {}
    shown = _painted(title, style, is_key, still, glyphs)
    lines = {"page": _line(f"page of {_NUMBERS}", f"bottom-right{corner}", style, is_key, glyphs, to_right=True),
             "copy": _line(f"code {LETTERS}", "bottom-left", style, is_key, glyphs)}  # fmt: skip
    name = (0.0, 0.0)
    if is_key:
        lines["head"] = _line(f"Answer key {LETTERS}", f"top-right{corner}", style, is_key, glyphs, to_right=True)
    else:
        line = _line("Name", "top-right", style, is_key, glyphs)
        name = (line.x, line.y)
        lines["name"] = line
    return Heads(pdf.sheet(style), shown, name, lines), glyphs


def _line(text: str, box: str, style: Style, is_key: bool, glyphs: dict[str, Glyphs], to_right: bool = False) -> Line:
    """Lay a text out in the box of a running head, and take it apart."""
    found: dict[str, Glyphs] = {}
    painted = _painted("", style, is_key, [box], found, f'content: "{text}"; border: 0')
    (match,) = _TEXT.finditer(painted)
    x, y, font, size, shown = match.groups()
    numbers = [int(number, 16) for number in re.findall("[0-9a-f]{4}", "".join(re.findall("<([^>]*)>", shown)))]
    widths = {glyph: round(width) for glyph, width in found[font].widths.items()}
    known = {letter: (glyph, widths[glyph]) for letter, glyph in zip(text, numbers, strict=True)}
    merge(glyphs, found)
    length = sum(widths[glyph] for glyph in numbers) * float(size) / 1000
    start, end = match.span()
    return Line(
        painted[:start],
        painted[end:],
        font,
        float(size),
        float(x) + (length if to_right else 0),
        float(y),
        to_right,
        known,
    )


def _painted(title: str, style: Style, is_key: bool, show: list[str], glyphs: dict[str, Glyphs], more: str = "") -> str:
    """The operators of an empty page that shows some of its running heads."""
    paper = Paper(style, None, is_key)
    kind = "key" if is_key else "exam"
    hidden = " ".join(f"@{box} {{ content: none }}" for box in pdf.MARGIN_BOXES if box not in show)
    shown = " ".join(f"@{box} {{ {more} }}" for box in show) if more else ""
    html = Markup(
        '<html lang="en"><body class="{}" data-title="{}" data-name="" data-copy="" data-head=""><p></p></body></html>'
    ).format(kind, title)
    laid_out = pdf.rendered(html, paper, f"{pdf.page_css(style)}\n@page {kind} {{ {hidden} {shown} }}")
    found = Written(laid_out, paper)
    merge(glyphs, found.glyphs())
    return _TAGGED.sub(_ARTIFACT, found.operators(0))


def merge(all_glyphs: dict[str, Glyphs], more: Mapping[str, Glyphs]) -> None:
    """Add the glyphs that something else sets; of two things that are told of a glyph, the first stays."""
    for font, found in more.items():
        known = all_glyphs.setdefault(font, Glyphs())
        for name in ("widths", "letters", "missing"):
            old, new = getattr(known, name), getattr(found, name)
            old.update((glyph, told) for glyph, told in new.items() if glyph not in old)
