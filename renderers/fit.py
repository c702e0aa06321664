"""Turn a document into what does not fit: what is wider than its column, shrunk too far, or higher than a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from weasyprint.formatting_structure.boxes import ReplacedBox, TableBox, TableCellBox, TextBox

from renderers import pdf
from renderers.document import Document
from renderers.math.pdf import FormulaImage

# the narrower of the sheets with the shorter one's pages: what fits there, fits on both
NARROWEST = pdf.Style("a4")
SHORTEST = pdf.Style("letter")
SMALLEST = 0.6  # of its own size; a formula on a line of its own shrinks until it fits
_ALMOST = 0.75  # points


@dataclass(frozen=True)
class Misfit:
    """What does not fit, in which piece of the paper (`head 1` or `part 1.2`), and whether in what is asked there."""

    piece: str
    says: str
    asked: bool = True

    @property
    def part(self) -> int:
        """Which part of its section it is in, from 1; 0 for the head."""
        return int(self.piece.partition(".")[2] or 0)


def misfits(document: Document) -> Iterator[Misfit]:
    """What does not fit on US Letter or on A4, in letters of the usual size."""
    laid_out, _ = pdf.lay_out(document, NARROWEST, None, endless=True)
    for piece in pdf.pieces(laid_out):
        name, edge = piece.element.attrib["data-piece"], piece.content_box_x() + piece.width
        for place, box in enumerate(piece.children):
            if found := list(dict.fromkeys(_too_wide(box, edge))):
                more = f", and {len(found) - 1} more" if len(found) > 1 else ""
                yield Misfit(name, found[0] + more, asked=place == 0)
        height, page = pdf.piece_of(piece).height, pdf.text_height(SHORTEST)
        if document.kind == "exam" and height > page:
            yield Misfit(name, f"it is {_points(height)} high with its answer space, a page has {_points(page)}")


def _too_wide(box: Any, edge: float) -> Iterator[str]:
    """What reaches over the right edge of its column or table cell; lengths are in CSS pixels."""
    if isinstance(box, TableCellBox):
        edge = min(edge, box.border_box_x() + box.border_width())
    if isinstance(box, TextBox | ReplacedBox | TableBox):
        width = box.width if isinstance(box, TextBox) else box.margin_width()
        over = (box.position_x + width - edge) * 0.75
        if over > _ALMOST:
            yield f"{_named(box)} is {_points(over)} too wide"
            return
        if (scale := _scale(box)) < SMALLEST:
            yield f"{_named(box)} is shrunk to {scale:.0%} to fit its column"
    for child in getattr(box, "children", ()):
        yield from _too_wide(child, edge)


def _scale(box: Any) -> float:
    """The size of a formula, as a share of its own."""
    picture = getattr(box, "replacement", None)
    if not isinstance(picture, FormulaImage):
        return 1.0
    return float(box.width) / picture.get_intrinsic_size(1, box.style["font_size"])[0]


def _named(box: Any) -> str:
    match box:
        case TextBox(text=text):
            return f"'{text.strip()[:40]}'"
        case TableBox():
            return "a table"
        case _ if isinstance(box.replacement, FormulaImage):
            latex = " ".join(box.replacement.formula.latex.split())
            return f"the formula '{latex if len(latex) <= 60 else latex[:59] + '…'}'"
    return "a picture"


def _points(length: float) -> str:
    return f"{length:.0f} point{'' if round(length) == 1 else 's'}"
