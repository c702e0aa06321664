"""A paper assembled from blocks is the paper that is laid out whole: to the eye, to a reader's ear, to a scanner."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import papers
import pikepdf
import pypdfium2
import pytest
import sample
from papers import Pair, Stock, described, elements, opened

from renderers.paper import Style

CASES = [(Style(), "exam"), (Style(), "key"), (Style("a4", large=True), "exam"), (Style("a4", large=True), "key")]
each = pytest.mark.parametrize(("style", "kind"), CASES)


def document(kind: str) -> Any:
    return sample.exam() if kind == "exam" else sample.key()


@cache
def stock(style: Style) -> Stock:
    return papers.stock(sample.exam(), sample.key(), style)


@cache
def pair(style: Style, kind: str) -> Pair:
    return papers.pair(stock(style), document(kind))


def text(data: bytes) -> list[list[str]]:
    """The words of each page, sorted, as a file may paint them in any order."""
    return [sorted(page.get_textpage().get_text_range().split()) for page in pypdfium2.PdfDocument(data)]


# ---- to the eye ----


@each
def test_pages_look_the_same(style: Style, kind: str) -> None:
    # the renderer puts letters on whole pixels, so that a length rounded otherwise moves one here and there
    assert {number: share for number, share in papers.unlike(pair(style, kind)) if share > 1e-3} == {}


@each
def test_answer_boxes_are_the_same(style: Style, kind: str) -> None:
    made = pair(style, kind)
    assert list(made.boxes) == list(made.direct.boxes)
    for number, boxes in made.direct.boxes.items():
        for one, other in zip(boxes, made.boxes[number], strict=True):
            assert one.page == other.page
            lengths = [(box.x, box.y, box.width, box.height) for box in (one, other)]
            assert lengths[0] == pytest.approx(lengths[1], abs=0.03)


@each
def test_pages_say_the_same(style: Style, kind: str) -> None:
    made = pair(style, kind)
    assert text(made.assembled) == text(made.direct.data)


# ---- to the ear ----


@each
def test_the_structure_tree_is_the_same(style: Style, kind: str) -> None:
    made = pair(style, kind)
    found = described(opened(made.assembled))
    assert found == described(opened(made.direct.data))
    assert {"/H1", "/H2", "/H3", "/L", "/LI", "/Table", "/TH", "/TD", "/Figure", "/Formula"} <= {
        one[0] for one in found
    }


@each
def test_every_mark_is_owned_once_and_the_parent_tree_knows_by_whom(style: Style, kind: str) -> None:
    file = opened(pair(style, kind).assembled)
    owners: dict[tuple[Any, int], Any] = {}
    for element in elements(file):
        for kid in element.get("/K", []):
            if isinstance(kid, pikepdf.Dictionary):
                assert kid.P.objgen == element.objgen
                continue
            assert (element.Pg.objgen, int(kid)) not in owners
            owners[element.Pg.objgen, int(kid)] = element.objgen
    numbers = list(file.Root.StructTreeRoot.ParentTree.Nums)
    parents = dict(zip(map(int, numbers[::2]), numbers[1::2], strict=True))
    marked = 0
    for page in file.pages:
        steps = [step for step in pikepdf.parse_content_stream(page) if str(step.operator) == "BDC"]
        marks = [int(step.operands[1].MCID) for step in steps if "/MCID" in step.operands[1]]
        assert marks == list(range(len(marks)))
        told = [owner.objgen for owner in parents[int(page.obj.StructParents)]]
        assert told == [owners[page.objgen, mark] for mark in marks]
        marked += len(marks)
    assert marked == len(owners)


@each
def test_cells_name_headers_of_their_own_table(style: Style, kind: str) -> None:
    file = opened(pair(style, kind).assembled)
    names = [str(element.ID) for element in elements(file) if "/ID" in element]
    assert len(names) == len(set(names))
    cells = [element for element in elements(file) if element.S == "/TD"]
    assert {str(name) for cell in cells for name in cell.get("/A", {}).get("/Headers", [])} <= set(names)


@each
def test_figures_stand_where_they_are_drawn(style: Style, kind: str) -> None:
    files = [opened(data) for data in (pair(style, kind).assembled, pair(style, kind).direct.data)]
    found = [
        [[float(length) for length in one.A.BBox] for one in elements(file) if one.S in ("/Figure", "/Formula")]
        for file in files
    ]
    for one, other in zip(*found, strict=True):
        assert one == pytest.approx(other, abs=0.03)


def bookmarks(data: bytes) -> list[tuple[int, str, int | None]]:
    file = pypdfium2.PdfDocument(data)
    return [(mark.level, mark.get_title(), mark.get_dest().get_index()) for mark in file.get_toc()]


@each
def test_bookmarks_are_the_same(style: Style, kind: str) -> None:
    made = pair(style, kind)
    assert bookmarks(made.assembled) == bookmarks(made.direct.data)
    assert len(bookmarks(made.assembled)) == 29


@each
def test_title_language_and_standard_are_told(style: Style, kind: str) -> None:
    made = pair(style, kind)
    for file in (opened(made.assembled), opened(made.direct.data)):
        assert str(file.Root.Lang) == "en"
        assert bool(file.Root.MarkInfo.Marked)
        assert bool(file.Root.ViewerPreferences.DisplayDocTitle)
        assert str(file.docinfo["/Title"]) == document(kind).full_title
        metadata = file.open_metadata()
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == document(kind).full_title
        assert "/CreationDate" not in file.docinfo
        assert not any("/Annots" in page for page in file.pages)


# ---- to a program ----


def fonts(data: bytes) -> set[str]:
    file = opened(data)
    found = [
        one for one in file.objects if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/FontDescriptor"
    ]
    assert all({"/FontFile2", "/FontFile3"} & set(font.keys()) for font in found)
    return {str(font.FontFamily) for font in found}


@each
def test_fonts_are_embedded_all_that_the_paper_sets(style: Style, kind: str) -> None:
    made = pair(style, kind)
    assert fonts(made.assembled) >= fonts(made.direct.data)


@each
def test_a_strict_reader_finds_no_fault(style: Style, kind: str) -> None:
    file = opened(pair(style, kind).assembled)
    assert file.check_pdf_syntax() == []
    assert file.get_warnings() == []


def test_a_students_paper_holds_nothing_of_the_key() -> None:
    for data in (pair(Style(), "exam").assembled, pair(Style("a4", large=True), "exam").assembled):
        told = " ".join(word for page in text(data) for word in page)
        assert "Rubric" not in told
        drawn = {alt for kind, alt, _, _ in described(opened(data)) if kind in ("/Figure", "/Formula")}
        solved = {alt for kind, alt, _, _ in described(opened(pair(Style(), "key").assembled)) if kind == "/Figure"}
        assert not {alt for alt in solved if "gradient at layer" in alt or "warm start" in alt} & drawn
        assert b"Rubric" not in data


def test_another_process_that_lays_blocks_out_in_another_order_writes_the_same_bytes(tmp_path: Path) -> None:
    code = (
        "import sys, sample, papers; from renderers.blocks import read; from renderers.paper import Style\n"
        "from dataclasses import replace; import json\n"
        "from renderers import blocks; real = blocks.lay_out\n"
        "def backwards(slips, paper):\n"
        "    made = real(slips[::-1], paper)\n"
        "    kept = tuple(read(json.loads(json.dumps(block.as_json()))) for block in made.blocks[::-1])\n"
        "    return replace(made, blocks=kept)\n"
        "blocks.lay_out = backwards\n"
        "stock = papers.stock(sample.exam(), sample.key(), Style())\n"
        "for document in (sample.exam(), sample.key()): sys.stdout.buffer.write(papers.assembled(stock, document)[0])\n"
        "sys.stdout.flush(); from renderers.math import close; close()"
    )
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    environment = {**os.environ, "PYTHONPATH": path, "TORCHEXAM_CACHE": str(tmp_path), "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    assert done.stdout == pair(Style(), "exam").assembled + pair(Style(), "key").assembled
