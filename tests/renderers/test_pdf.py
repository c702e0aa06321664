"""The paper as a PDF: tagged, the same bytes each time, answers where the boxes say."""

from __future__ import annotations

import io
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
import sample

from renderers.document import Document, Lines, TableField
from renderers.pages import Plan, plan
from renderers.pdf import Box, Rendered, Style, measure, render

LETTER = Style()
STYLES = [Style(), Style("a4"), Style(large=True), Style("a4", large=True)]


@cache
def planned(style: Style = LETTER) -> Plan:
    return plan([measure(sample.exam(), style)])


@cache
def exam(style: Style = LETTER) -> Rendered:
    return render(sample.exam(), style, planned(style))


@cache
def key() -> Rendered:
    return render(sample.key(), LETTER)


def opened(made: Rendered) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(made.data))


def elements(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Every element of the structure tree, parents first."""
    waiting = [pdf.Root.StructTreeRoot.K[0]]
    while waiting:
        element = waiting.pop()
        yield element
        kids: list[Any] = list(element.get("/K", []))
        waiting += [kid for kid in reversed(kids) if isinstance(kid, pikepdf.Dictionary) and "/S" in kid]


def text(made: Rendered) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(made.data))


# ---- layout ----


@pytest.mark.parametrize("style", STYLES)
def test_pages_break_where_the_plan_says(style: Style) -> None:
    covers = 2 if style.large else 1  # the score table does not fit on the cover in large letters
    assert exam(style).pages == planned(style).pages + covers


def test_a_midterm_takes_about_eight_pages() -> None:
    assert 8 <= exam().pages <= 10


def test_every_part_has_its_box_and_every_cell_of_a_table_its_own() -> None:
    parts = [part for section in sample.exam().sections for part in section.parts]
    assert list(exam().boxes) == [part.number for part in parts]
    for part in parts:
        assert len(exam().boxes[part.number]) == (len(part.space.rows) if isinstance(part.space, TableField) else 1)


@pytest.mark.parametrize("style", STYLES)
def test_boxes_lie_on_the_sheet_below_its_head_and_above_its_foot(style: Style) -> None:
    width, height = (612, 792) if style.paper == "letter" else (595.28, 841.89)
    for box in (box for boxes in exam(style).boxes.values() for box in boxes):
        assert box.x > 50
        assert box.x + box.width < width - 50
        assert box.y > 75  # 26.5 mm
        assert box.y + box.height < height - 41


def test_boxes_do_not_overlap() -> None:
    boxes = [box for part in exam().boxes.values() for box in part]
    for n, one in enumerate(boxes):
        for other in boxes[n + 1 :]:
            apart = (
                one.page != other.page or one.y + one.height <= other.y + 0.5 or other.y + other.height <= one.y + 0.5
            )
            assert apart or one.x + one.width <= other.x + 0.5 or other.x + other.width <= one.x + 0.5


def test_boxes_are_where_their_frames_are_drawn() -> None:
    scale = 4
    page = pypdfium2.PdfDocument(exam().data)
    for number in ("2.3", "4.2", "4.4", "8.1"):
        (box,) = exam().boxes[number]
        image = page[box.page - 1].render(scale=scale).to_pil().convert("L")
        middle = (box.y + box.height / 2) * scale
        for x in (box.x, box.x + box.width):
            strip = [image.getpixel((round(x * scale) + shift, middle)) for shift in range(-3, 4)]
            assert min(strip) < 150, number
        across = (box.x + box.width / 2) * scale
        for y in (box.y, box.y + box.height):
            strip = [image.getpixel((across, round(y * scale) + shift)) for shift in range(-3, 4)]
            assert min(strip) < 150, number


def test_copies_with_longer_texts_have_the_same_geometry() -> None:
    long = sample.exam(
        "BWX", longer=" Say also what happens if she repeats it a thousand times, and if the step is too large."
    )
    shared = plan([measure(sample.exam(), LETTER), measure(long, LETTER)])
    one, other = render(sample.exam(), LETTER, shared), render(long, LETTER, shared)
    assert one.boxes == other.boxes
    assert one.pages == other.pages


def test_ruled_lines_are_as_many_as_asked_or_more() -> None:
    for section in sample.exam().sections:
        for part in section.parts:
            if isinstance(part.space, Lines):
                (box,) = exam().boxes[part.number]
                assert box.height >= part.space.count * LETTER.line - 0.1


def test_a_key_has_no_boxes() -> None:
    assert key().boxes == {}


def test_boxes_compare_as_values() -> None:
    assert Box(1, 2.0, 3.0, 4.0, 5.0) == Box(1, 2.0, 3.0, 4.0, 5.0)


def test_nothing_is_reported_while_rendering(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "weasyprint"):
        render(sample.key(), LETTER)
        render(sample.exam(), LETTER)
    assert caplog.messages == []


# ---- what is in the file ----


@pytest.mark.parametrize("made", [exam, key])
def test_the_file_says_its_title_language_and_standard(made: Any) -> None:
    pdf = opened(made())
    assert str(pdf.Root.Lang) == "en"
    assert str(pdf.docinfo["/Title"]).startswith("Midterm Exam")
    assert bool(pdf.Root.MarkInfo.Marked)
    assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
    assert pdf.open_metadata()["pdfuaid:part"] == "1"


@pytest.mark.parametrize("made", [exam, key])
def test_every_figure_and_formula_speaks(made: Any) -> None:
    pdf = opened(made())
    found = [element for element in elements(pdf) if element.S in ("/Figure", "/Formula")]
    assert all(str(element.get("/Alt", "")) for element in found)
    assert sum(element.S == "/Formula" for element in found) > 20
    assert any(element.S == "/Figure" for element in found)


def test_headings_are_headings_and_bookmarks_read_well() -> None:
    pdf = opened(exam())
    tags = [str(element.S) for element in elements(pdf)]
    assert tags.count("/H1") == 1
    assert tags.count("/H2") == 8
    assert tags.count("/H3") == 20
    with pdf.open_outline() as outline:
        (root,) = outline.root
        assert root.title == "Midterm Exam"
        assert [item.title for item in root.children][6] == "7 Semantic segmentation"
        assert [item.title for item in root.children[6].children] == ["7.1", "7.2", "7.3", "7.4"]


def test_reading_goes_down_one_column_then_the_next() -> None:
    pdf = opened(key())
    order = [str(element.S) for element in elements(pdf)]
    assert order.count("/H2") == 8
    assert order.count("/H3") == 20
    words = re.sub(r"\s+", " ", text(key()))
    places = [words.index(f"{part.number} (") for section in sample.key().sections for part in section.parts]
    assert places == sorted(places)


def test_bookmarks_of_a_key_come_in_order() -> None:
    with opened(key()).open_outline() as outline:
        (root,) = outline.root
        assert [item.title.split()[0] for item in root.children] == [str(n) for n in range(1, 9)]


def test_two_columns_share_a_sheet_and_its_number() -> None:
    words = text(key())
    assert [int(number) for number in re.findall(r"page (\d+) of", words)] == list(range(1, key().pages + 1))
    assert set(re.findall(r"page \d+ of (\d+)", words)) == {str(key().pages)}


def test_nothing_of_a_key_runs_into_the_next_column_or_off_the_sheet() -> None:
    for page in pypdfium2.PdfDocument(key().data):
        ink = page.render(scale=1).to_pil().convert("L").crop((0, 60, 612, 740))
        for left, right in ((0, 50), (297, 308), (563, 612)):  # margins and the gap between the columns
            assert min(ink.crop((left, 0, right, ink.height)).tobytes()) > 200


def test_control_characters_in_a_name_do_no_harm() -> None:
    made = render(replace(sample.key(), title="Mid\x0bterm\x00"), LETTER)
    assert "Midterm" in text(made)


def test_table_headings_say_what_they_head() -> None:
    pdf = opened(exam())
    cells = [element for element in elements(pdf) if element.S == "/TD"]
    assert cells
    assert all(len(cell.A.get("/Headers", [])) >= 1 for cell in cells)


def test_running_heads_are_artifacts() -> None:
    pdf = opened(exam())
    reached = sum(
        1 for element in elements(pdf) for kid in element.get("/K", []) if not isinstance(kid, pikepdf.Dictionary)
    )
    marked = artifacts = 0
    for page in pdf.pages:
        for step in pikepdf.parse_content_stream(page):
            if str(step.operator) == "BDC":
                properties: Any = step.operands[1]
                marked += "/MCID" in properties
                artifacts += properties.get("/Type") == "/Pagination"
    assert marked == reached
    assert artifacts >= 2 * len(pdf.pages)


@pytest.mark.parametrize("made", [exam, key])
def test_fonts_are_embedded(made: Any) -> None:
    pdf = opened(made())
    fonts = [o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"]
    assert len(fonts) >= 3
    assert all({"/FontFile2", "/FontFile3"} & set(font.keys()) for font in fonts)


def test_letters_can_be_read_out() -> None:
    words = text(exam())
    assert "Semantic segmentation" in words
    assert "a - Conv2d(in_channels=1, out_channels=8" in words
    assert re.search(r"page 3 of \d+", words)
    assert words.count("code KTV") == exam().pages


def test_a_students_paper_holds_nothing_of_the_key() -> None:
    assert "model answer" not in text(exam())
    assert "Rubric" in text(key())


def test_a_key_repeats_how_answers_are_to_be_given() -> None:
    for made in (exam(), key()):
        assert "A whole number. The bias of the layer is not counted." in re.sub(r"\s+", " ", text(made))


def test_a_key_says_that_it_is_one_on_a_line_of_its_own() -> None:
    assert text(key()).splitlines()[:4].count("Answer key") == 1


def test_the_file_names_no_time_and_no_machine() -> None:
    for made in (exam(), key()):
        pdf = opened(made)
        assert "/CreationDate" not in pdf.docinfo
        whole = b"".join(o.read_bytes() for o in pdf.objects if isinstance(o, pikepdf.Stream) and "/FontFile" not in o)
        assert str(Path.home()).encode() not in made.data + whole
        assert b"/work/" not in whole


def test_another_process_with_an_empty_cache_writes_the_same_bytes(tmp_path: Path) -> None:
    code = (
        "import sys, sample; from renderers.pages import plan; from renderers.pdf import Style, measure, render\n"
        "shared = plan([measure(sample.exam(), Style())])\n"
        "sys.stdout.buffer.write(render(sample.exam(), Style(), shared).data + render(sample.key(), Style()).data)\n"
        "sys.stdout.flush(); from renderers.math import close; close()"
    )
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    environment = {**os.environ, "PYTHONPATH": path, "TORCHEXAM_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    assert done.stdout == exam().data + key().data


def test_nothing_is_fetched(caplog: pytest.LogCaptureFixture) -> None:
    document: Document = replace(
        sample.exam(), title='x"><img src="file:///etc/passwd"><img src="http://127.0.0.1:9/">'
    )
    with caplog.at_level(logging.WARNING, "weasyprint"):
        made = render(document, LETTER)
    assert caplog.messages == []
    assert "root:" not in text(made)
