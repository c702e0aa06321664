"""Blocks: what cannot be one, and what one keeps."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from functools import cache

import papers
import pytest
import sample

from renderers import blocks, pages, paste, pdf, running, typefaces
from renderers.blocks import CannotStand, LaidOut
from renderers.document import Lines, Paragraph, Part, Section, Solution, Table, Text
from renderers.paper import Style


@cache
def laid_out() -> LaidOut:
    galley = papers.galley(sample.key(), Style())
    return blocks.lay_out(galley.slips, galley)


def test_a_prompt_higher_than_a_page_goes_on_in_a_second_block() -> None:
    galley = papers.galley(sample.exam(), Style(large=True))
    names = [block.name for block in blocks.lay_out(galley.slips, galley).blocks]
    assert names[names.index("head 7") + 1] == "head 7~2"


def test_an_answer_space_higher_than_a_page_cannot_stand_and_is_named() -> None:
    part = Part("1.1", "2 points", (), (Paragraph((Text("Why?"),)),), Lines(60))
    galley = blocks.Galley(Style(), is_key=False)
    galley.take(Section("1", "Long", "2 points", (), (part,)))
    with pytest.raises(CannotStand, match=r"the answer space is higher than a page: part 1\.1$"):
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


def test_what_is_higher_than_a_column_of_a_key_takes_several_blocks() -> None:
    rows = tuple(((Text(str(n)),), (Text("so " * 12),)) for n in range(120))
    table = Table(((Text("layer"),), (Text("how"),)), rows)
    part = Part("1.1", "2 points", (), (Paragraph((Text("Why?"),)),), None, (Solution("Answer", (table,)),), ends=True)
    galley = blocks.Galley(Style(), is_key=True)
    galley.take(Section("1", "Long", "2 points", (), (part,)))
    found = blocks.lay_out(galley.slips, galley)
    assert found.places == (0, 1, *[2] * (len(found.blocks) - 2))
    column = pdf.text_area(Style(), is_key=True)[1]
    assert [block.text == column for block in found.blocks[2:]] == [*[True] * (len(found.blocks) - 3), False]
    spots = pages.flow(paste.stretches(found.blocks), column, 2)
    assert len({spot.column for spot in spots[2:]}) == len(spots) - 2
