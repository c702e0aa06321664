"""Turn a document into a tagged PDF (PDF/UA-1), or only into the heights of its pieces."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import Any
from xml.etree import ElementTree

from cssselect2 import ElementWrapper  # type: ignore[import-untyped]
from weasyprint import CSS, HTML
from weasyprint.css.counters import CounterStyle
from weasyprint.document import Page
from weasyprint.formatting_structure.boxes import MarginBox
from weasyprint.text.fonts import FontConfiguration

from renderers import fonts, markup, tags
from renderers.document import Document
from renderers.fonts.pdf import FontFetcher
from renderers.pages import Heights, Piece, Plan
from renderers.paper import MM, Paper, Style

__all__ = ["Box", "Rendered", "Style", "measure", "render"]

_SHEETS = {"letter": (612.0, 792.0), "a4": (210 * MM, 297 * MM)}
_TOP, _BOTTOM, _SIDE = 23 * MM, 17 * MM, 21 * MM
_KEY_TOP, _KEY_BOTTOM, _KEY_SIDE = 18 * MM, 16 * MM, 18 * MM
_GUTTER = 8 * MM  # between the two columns of a key
_SHEETS_COUNTED = 400
_NOT_IN_XML = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Box:
    """Where to find an answer: the page from 1, and points from its top left."""

    page: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Rendered:
    """A PDF file, its number of pages, and the answer boxes by part number."""

    data: bytes
    pages: int
    boxes: Mapping[str, tuple[Box, ...]]


@contextmanager
def _without_pauses() -> Iterator[None]:
    """Hold the garbage collector back while a box tree grows, which it would walk again and again.

    Used around whole functions, so that the tree is garbage, and found as such, when the collector is back.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_without_pauses()
def measure(document: Document, style: Style) -> Heights:
    """Turn a document into the heights of its pieces, by laying it out on one endless page and painting nothing."""
    laid_out, _ = lay_out(document, style, None, endless=True)
    return Heights(text_height(style), tuple(piece_of(piece) for piece in pieces(laid_out)))


def text_height(style: Style) -> float:
    """The height of a page's text area, in points: a point less, as lengths are rounded on their way through CSS."""
    return _SHEETS[style.paper][1] - _TOP - _BOTTOM - 1


@_without_pauses()
def render(document: Document, style: Style, plan: Plan | None = None) -> Rendered:
    """Turn a document into a PDF; with a plan, its pages break and its answer spaces stand where the plan says."""
    laid_out, paper = lay_out(document, style, plan)
    data = laid_out.write_pdf(
        finisher=lambda _, pdf: tags.finish(pdf, paper.formulas), pdf_variant="pdf/ua-1", cache=paper.images
    )
    return Rendered(data, len(laid_out.pages), _answer_boxes(laid_out.pages))


# ---- layout ----


@_without_pauses()
def lay_out(document: Document, style: Style, plan: Plan | None, endless: bool = False) -> tuple[Any, Paper]:
    """Turn a document into WeasyPrint's laid-out pages, and the paper that holds their pictures."""
    paper = Paper(style, plan)
    body = markup.sections(paper, document.sections)
    cover = markup.blocks(paper, document.cover.instructions) if document.cover else ""
    shell = markup.template("paper.html.j2")
    html = _parsed(shell.render(document=document, instructions=cover, body=body, total=markup.total))
    columns = document.kind != "exam" and not style.large
    sheets = _stylesheets(style, endless, columns)
    laid_out = html.render(
        font_config=_fonts(),
        counter_style=_counters(),
        stylesheets=sheets,
        cache=paper.images,
        pdf_variant="pdf/ua-1",
    )
    return (_in_columns(laid_out, style) if columns else laid_out), paper


def _parsed(text: str) -> HTML:
    """Read our own HTML, which is well-formed XML too, in a thirtieth of the time that the rules of HTML take."""
    root = ElementTree.fromstring(_NOT_IN_XML.sub("", text))  # noqa: S314  # written by our templates
    html = HTML.__new__(HTML)
    html.base_url, html.url_fetcher, html.media_type = "about:blank", FontFetcher(), "print"
    html.wrapper_element = ElementWrapper.from_html_root(root, content_language=None)
    html.etree_element = html.wrapper_element.etree_element
    return html


def _column(style: Style) -> float:
    """The width of one column of a key."""
    return (_SHEETS[style.paper][0] - 2 * _KEY_SIDE - _GUTTER) / 2


def _in_columns(laid_out: Any, style: Style) -> Any:
    """Move what stands on each second page into the right column of the page before it.

    The columns of CSS would do the same, but WeasyPrint lays these out twice.
    """
    pages = []
    for left, right in zip_longest(laid_out.pages[::2], laid_out.pages[1::2]):
        sheet = left._page_box
        if right:
            text = [child for child in right._page_box.children if not isinstance(child, MarginBox)]
            for box in text:
                box.translate((_column(style) + _GUTTER) / 0.75)
            sheet.children = (sheet.children[0], *text, *sheet.children[1:])
        pages.append(Page(sheet))
    return laid_out.copy(pages)


@cache
def _fonts() -> FontConfiguration:
    """The fonts, read once in the life of the process."""
    configuration = FontConfiguration()
    CSS(string=fonts.faces_for_pdf(), font_config=configuration, url_fetcher=FontFetcher())
    return configuration


@cache
def _counters() -> CounterStyle:
    """The ways to write numbers, those of our style sheets among them."""
    return CounterStyle()


@cache
def _stylesheets(style: Style, endless: bool, columns: bool) -> list[CSS]:
    width, height = _SHEETS[style.paper]
    page = f"@page {{ size: {width}pt {1e6 if endless else height}pt; margin: {_TOP}pt {_SIDE}pt {_BOTTOM}pt }}"
    names = ["paper.css", "large.css"] if style.large else ["paper.css"]
    css = [page, *(markup.style(name) for name in names)]
    if columns:
        css += [_narrow_pages(style), markup.style("columns.css")]
    return [
        CSS(
            string=text,
            font_config=_fonts(),
            counter_style=_counters(),
            url_fetcher=FontFetcher(),
            base_url="about:blank",
        )
        for text in css
    ]


def _narrow_pages(style: Style) -> str:
    """Pages with room for one column, two of which share a sheet and so a number."""
    right = _KEY_SIDE + _column(style) + _GUTTER
    numbers = " ".join(f'"{n // 2}"' for n in range(2, _SHEETS_COUNTED))
    return (
        f"@page key {{ margin: {_KEY_TOP}pt {right}pt {_KEY_BOTTOM}pt {_KEY_SIDE}pt }}\n"
        f"@counter-style sheet {{ system: fixed; symbols: {numbers} }}"
    )


# ---- what was laid out ----


def _boxes(page: Any) -> Iterator[Any]:
    """The outermost box of each element of a page."""
    seen = set()
    for box in page._page_box.descendants():
        if box.element is not None and id(box.element) not in seen:
            seen.add(id(box.element))
            yield box


def pieces(laid_out: Any) -> Iterator[Any]:
    """The boxes of the pieces of a paper."""
    return (box for page in laid_out.pages for box in _boxes(page) if "data-piece" in box.element.attrib)


def piece_of(piece: Any) -> Piece:
    """Turn the laid-out box of a piece into its heights."""
    name = piece.element.attrib["data-piece"]
    text, *below = piece.children
    space, step, steps = 0.0, 0.0, 0
    for room in below:
        space = room.margin_height() * 0.75
        step, steps = float(room.element.attrib.get("data-step", 0)), int(room.element.attrib.get("data-steps", 0))
    gap = piece.padding_bottom * 0.75
    return Piece(name, text.margin_height() * 0.75, space, gap, step, steps, opens=name.startswith("head "))


def _answer_boxes(pages: list[Any]) -> Mapping[str, tuple[Box, ...]]:
    found: dict[str, tuple[Box, ...]] = {}
    for number, page in enumerate(pages, start=1):
        for box in _boxes(page):
            if part := box.element.attrib.get("data-box"):
                corner = (box.border_box_x(), box.border_box_y(), box.border_width(), box.border_height())
                found[part] = (*found.get(part, ()), Box(number, *(round(length * 0.75, 2) for length in corner)))
    return found
