"""Lines break as late as they can, also where only a space does not fit."""

from __future__ import annotations

from renderers import pdf
from renderers.paper import Paper, Style

WORDS = "AdaGrad divides each gradient by the root of"


def test_a_line_before_a_formula_is_filled() -> None:
    paper = Paper(Style(), None)
    widths = [100 + n / 2 for n in range(400)]
    text = f"{WORDS} {paper.formula('s_t', display=False)}, the sum of their squares"
    html = "".join(f'<p style="width:{width}px">{text}</p>' for width in widths)
    laid_out = pdf.rendered(f'<html><body class="key">{html}</body></html>', paper, pdf.page_css(Style(), endless=True))
    found = [box for page in laid_out.pages for box in pdf.boxes(page) if box.element.tag == "p"]
    firsts = [next(box for box in paragraph.descendants() if hasattr(box, "text")).text for paragraph in found]
    words = [len(first.split()) for first in firsts]
    assert words == sorted(words)  # the wider, the more
    assert words[0] < words[-1] == len(WORDS.split())
