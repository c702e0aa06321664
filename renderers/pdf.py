"""Turn a document into a tagged PDF (PDF/UA-1), or only into the heights of its pieces."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import zip_longest
from typing import Any
from xml.etree import ElementTree

from cssselect2 import ElementWrapper  # type: ignore[import-untyped]
from markupsafe import Markup
from weasyprint import CSS, HTML
from weasyprint.css.counters import CounterStyle
from weasyprint.document import Page
from weasyprint.formatting_structure.boxes import MarginBox
from weasyprint.text.fonts import FontConfiguration

from renderers import fonts, lines, markup, qr, tags
from renderers.document import Document
from renderers.fonts.pdf import FontFetcher
from renderers.pages import Heights, Piece, Plan
from renderers.paper import MM, Paper, Style, heads_of

__all__ = ["Box", "Rendered", "Style", "measure", "render"]

_SHEETS = {"letter": (612.0, 792.0), "a4": (210 * MM, 297 * MM)}
_TOP, _BOTTOM, _SIDE = 26.5 * MM, 14.5 * MM, 21 * MM
# a smaller code is lost in the noise of a scan at 200 dpi; four modules around it stay white
_QR_TOP, _QR_WIDTH = 5 * MM, 18 * MM
_KEY_TOP, _KEY_BOTTOM, _KEY_SIDE = 18 * MM, 16 * MM, 18 * MM
GUTTER = 8 * MM  # between the two columns of a key
_SHEETS_COUNTED = 400
lines.mend()
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
def without_pauses() -> Iterator[None]:
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


@without_pauses()
def measure(document: Document, style: Style) -> Heights:
    """Turn a document into the heights of its pieces, by laying it out on one endless page and painting nothing."""
    laid_out, _ = lay_out(document, style, None, endless=True)
    return Heights(text_height(style), tuple(piece_of(piece) for piece in pieces(laid_out)))


# where running heads stand
MARGIN_BOXES = (
    "top-left", "top-right", "bottom-left", "bottom-right", "top-right-corner", "bottom-right-corner",
)  # fmt: skip


def sheet(style: Style) -> tuple[float, float]:
    """Width and height of the sheet, in points."""
    return _SHEETS[style.paper]


def text_origin(style: Style, is_key: bool) -> tuple[float, float]:
    """The left edge and the top of a page's text area, or of the left column of a key, in points."""
    return (_KEY_SIDE, _KEY_TOP) if is_key and not style.large else (_SIDE, _TOP)


def text_area(style: Style, is_key: bool) -> tuple[float, float]:
    """Width and height of a page's text area, or of a column of a key, in points."""
    width, height = _SHEETS[style.paper]
    if is_key and not style.large:
        return _column(style), height - _KEY_TOP - _KEY_BOTTOM
    return width - 2 * _SIDE, height - _TOP - _BOTTOM


def columns(style: Style) -> int:
    """How many columns a page of a key has."""
    return 1 if style.large else 2


def text_height(style: Style) -> float:
    """The height of a page's text area, in points: a point less, as lengths are rounded on their way through CSS."""
    return _SHEETS[style.paper][1] - _TOP - _BOTTOM - 1


def code_to_scan(code: str, page: int) -> str:
    """The operators for the QR code in the head of a paper's page; the y axis points down from the sheet's top left."""
    return qr.draw(code, page, _SIDE, _QR_TOP, _QR_WIDTH)


@without_pauses()
def render(document: Document, style: Style, plan: Plan | None = None) -> Rendered:
    """Turn a document into a PDF; with a plan, its pages break and its answer spaces stand where the plan says."""
    laid_out, paper = lay_out(document, style, plan)

    def finish(_: Any, file: Any) -> None:
        tags.finish_file(file, paper.formulas)
        if document.kind == "exam" and document.code:
            tags.draw_artifacts(file, [code_to_scan(document.code, n + 1) for n in range(len(laid_out.pages))])

    data = laid_out.write_pdf(finisher=finish, pdf_variant="pdf/ua-1", cache=paper.images)
    return Rendered(data, len(laid_out.pages), _answer_boxes(laid_out.pages))


# ---- layout ----


@without_pauses()
def lay_out(document: Document, style: Style, plan: Plan | None, endless: bool = False) -> tuple[Any, Paper]:
    """Turn a document into WeasyPrint's laid-out pages, and the paper that holds their pictures."""
    paper = Paper(style, plan, is_key=document.kind != "exam")
    front = Markup("").join(html for _, html in paper.front(document))
    if document.cover:
        front = Markup('<header class="cover">{}</header>').format(front)
    body = markup.sections(paper, document.sections)
    shell = markup.template("paper.html.j2")
    text = shell.render(document=document, heads=heads_of(document.code, document.owner), front=front, body=body)
    laid_out = rendered(text, paper, page_css(style, endless))
    return (_in_columns(laid_out, style) if paper.in_columns else laid_out), paper


def rendered(html: str, paper: Paper, css: str) -> Any:
    """Turn our own HTML into WeasyPrint's laid-out pages, in the styles of a paper and in those of `css`."""
    return _parsed(html).render(
        font_config=_fonts(),
        counter_style=_counters(),
        stylesheets=_stylesheets(paper.style, paper.in_columns, css),
        cache=paper.images,
        pdf_variant="pdf/ua-1",
    )


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
    return (_SHEETS[style.paper][0] - 2 * _KEY_SIDE - GUTTER) / 2


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
                box.translate((_column(style) + GUTTER) / 0.75)
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


def page_css(style: Style, endless: bool = False) -> str:
    """The sheet and its margins."""
    width, height = _SHEETS[style.paper]
    return f"@page {{ size: {width}pt {1e6 if endless else height}pt; margin: {_TOP}pt {_SIDE}pt {_BOTTOM}pt }}"


@lru_cache(maxsize=32)
def _stylesheets(style: Style, columns: bool, more: str) -> list[CSS]:
    names = ["paper.css", "large.css"] if style.large else ["paper.css"]
    css = [markup.style(name) for name in names]
    if columns:
        css += [_narrow_pages(style), markup.style("columns.css")]
    css.append(more)
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
    right = _KEY_SIDE + _column(style) + GUTTER
    numbers = " ".join(f'"{n // 2}"' for n in range(2, _SHEETS_COUNTED))
    return (
        f"@page key {{ margin: {_KEY_TOP}pt {right}pt {_KEY_BOTTOM}pt {_KEY_SIDE}pt }}\n"
        f"@counter-style sheet {{ system: fixed; symbols: {numbers} }}"
    )


# ---- what was laid out ----


def boxes(page: Any) -> Iterator[Any]:
    """The outermost box of each element of a page."""
    seen = set()
    for box in page._page_box.descendants():
        if box.element is not None and id(box.element) not in seen:
            seen.add(id(box.element))
            yield box


def pieces(laid_out: Any) -> Iterator[Any]:
    """The boxes of the pieces of a paper."""
    return (box for page in laid_out.pages for box in boxes(page) if "data-piece" in box.element.attrib)


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
        for box in boxes(page):
            if part := box.element.attrib.get("data-box"):
                found[part] = (*found.get(part, ()), Box(number, *(round(length, 2) for length in frame(box))))
    return found


def frame(box: Any) -> tuple[float, float, float, float]:
    """Left, top, width and height of a box with its border, in points."""
    x, y, width, height = box.border_box_x(), box.border_box_y(), box.border_width(), box.border_height()
    return x * 0.75, y * 0.75, width * 0.75, height * 0.75
