"""The midterm of the bank, assembled from blocks, looks as it does laid out whole."""

from __future__ import annotations

from pathlib import Path

import papers
import pytest

from generator import exam as exam_room
from renderers.compose import compose
from renderers.paper import Style
from torchexam.checks import load

BANK = Path(__file__).parents[2] / "bank"


@pytest.mark.parametrize("style", [Style(), Style("a4"), Style(large=True)])
def test_the_midterm_looks_the_same(style: Style) -> None:
    bank = load(BANK)
    copy = exam_room.assemble(exam_room.load(exam_room.find("cs682-midterm", bank), bank), "a seed", 0, 1)
    exam, key = compose(copy, "students"), compose(copy, "graders")
    stock = papers.stock(exam, key, style)
    for document in (exam, key):
        pair = papers.pair(stock, document)
        assert papers.described(papers.opened(pair.assembled)) == papers.described(papers.opened(pair.direct.data))
        # where a page of large print ends, the bar beside an answer ends with it, or with the answer
        most = 3e-3 if style.large and document.kind == "key" else 1e-3
        assert {number: share for number, share in papers.unlike(pair) if share > most} == {}
