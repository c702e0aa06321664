"""Blocks: what cannot be one, and what one keeps."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from functools import cache

import papers
import pytest
import sample

from renderers import blocks, running, typefaces
from renderers.blocks import CannotStand, LaidOut
from renderers.paper import Style


@cache
def laid_out() -> LaidOut:
    galley = papers.galley(sample.key(), Style())
    return blocks.lay_out(galley.slips, galley)


def test_a_slip_higher_than_a_page_cannot_stand_and_is_named() -> None:
    galley = papers.galley(sample.exam(), Style(large=True))
    with pytest.raises(CannotStand, match=r"higher than a page: head 7$"):
        blocks.lay_out(galley.slips, galley)


def test_a_block_comes_back_from_plain_data() -> None:
    for block in laid_out().blocks:
        assert blocks.read(json.loads(json.dumps(block.as_json()))) == block


def test_as_many_marks_as_owners() -> None:
    for block in laid_out().blocks:
        assert block.operators.count("<</MCID %d>>") == len(block.tags.owners)
        assert block.operators % tuple(range(len(block.tags.owners)))


def test_nothing_is_reported_while_laying_out(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "weasyprint"):
        laid_out.__wrapped__()
        running.lay_out("Midterm", Style(), is_key=False)
    assert caplog.messages == []


def test_a_letter_that_no_font_has_is_kept_by_its_own_glyph() -> None:
    document = replace(sample.exam(), title="Midterm \U000f1234")
    heads, glyphs = running.lay_out(document.title, Style(), is_key=False)
    assert heads.still
    assert typefaces.share(glyphs, Style()).fonts


def test_a_font_that_went_away_is_named() -> None:
    with pytest.raises(LookupError, match="NOFONT"):
        typefaces.share({"NOFONT": blocks.Glyphs({1: 500}, {1: "a"})}, Style())
