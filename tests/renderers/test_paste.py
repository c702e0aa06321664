"""Pages hold what the plan says, and no page is empty."""

from __future__ import annotations

from dataclasses import replace

import papers
import pytest
import sample

from renderers import pages, paste
from renderers.blocks import CannotStand
from renderers.paper import Style


@pytest.fixture(scope="module")
def stock() -> papers.Stock:
    return papers.stock(sample.exam(), sample.key(), Style())


def pasted(stock: papers.Stock, plan: pages.Plan, code: str = "KTV") -> paste.Pasted:
    return paste.paste_exam(stock.front, stock.pieces, plan, stock.style, paste.Around(stock.heads["exam"], code))


def test_pages_are_those_of_the_plan_after_the_cover(stock: papers.Stock) -> None:
    sheets = pasted(stock, stock.plan).sheets
    assert len(sheets) == 1 + stock.plan.pages
    assert all(sheet.blocks for sheet in sheets)
    names = [standing.block.name for sheet in sheets[1:] for standing in sheet.blocks]
    assert [name for name in names if not name.endswith(" room")] == [placed.name for placed in stock.plan.pieces]


def test_a_plan_that_counts_a_page_too_many_leaves_no_empty_page(stock: papers.Stock) -> None:
    more = replace(stock.plan, pages=stock.plan.pages + 1)
    assert len(pasted(stock, more).sheets) == 1 + stock.plan.pages


def test_a_piece_that_is_too_high_with_its_answer_space_cannot_stand(stock: papers.Stock) -> None:
    placed = tuple(replace(each, space=700.0) if each.name == "part 1.1" else each for each in stock.plan.pieces)
    with pytest.raises(CannotStand, match=r"answer space: part 1\.1"):
        pasted(stock, replace(stock.plan, pieces=placed))


def test_without_a_code_there_is_nothing_to_scan(stock: papers.Stock) -> None:
    assert "re\nf" in "\n".join(pasted(stock, stock.plan).sheets[0].around)
    assert "re\nf" not in "\n".join(pasted(stock, stock.plan, code="").sheets[0].around)
