"""Papers for a class: names, seats and accommodations, one layout, the print shop's bundle, the scanner's template."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest

import torchexam
from generator.mistakes import Mistaken
from torchexam.building import Built, build_again

ROSTER = """name,id,seat,accommodation
Amara Example,1001,A1,
"Example, Bo",1002,A2,"large print, extra time 50%"
Cai Example,1003,B1,
Dana Example,1004,B2,html; double time
"""


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The starter quiz for four students with seats, and two spare copies."""
    folder = tmp_path_factory.mktemp("class") / "course"
    torchexam.new(folder)
    (folder / "class.csv").write_text(ROSTER, "utf-8")
    exam = folder / "bank" / "exams" / "quiz.yaml"
    kept = re.sub(r"^(minutes|cover):.*\n( .*\n)*", "", exam.read_text("utf-8"), flags=re.M)
    exam.write_text(kept + "cover: {fields: [Name, Student ID, Seat]}\nminutes: 40\n", "utf-8")
    return torchexam.build(
        "quiz", folder / "bank", roster=folder / "class.csv", spare=2, seed="s", output=folder / "output", by_seat=True
    )


def text(path: Path) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def copies(built: Built) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = built.manifest["copies"]
    return found


def paper(built: Built, number: int, name: str = "exam.pdf") -> Path:
    return built.folder / "copies" / str(copies(built)[number]["code"]) / name


# ---- names, seats, accommodations ----


def test_the_name_stands_on_the_cover_and_on_every_page_of_its_paper_only(classroom: Built) -> None:
    pages = text(paper(classroom, 0))
    assert all("Amara Example" in page for page in pages)
    assert "A1" in pages[0]
    assert "1001" in pages[0]
    for number in range(1, 6):
        assert "Amara" not in "".join(text(paper(classroom, number)))
    assert "Amara" not in "".join(text(paper(classroom, 0, "key.pdf")))


def test_spare_copies_have_a_line_for_the_name(classroom: Built) -> None:
    assert [copy["student"] for copy in copies(classroom)[4:]] == [None, None]
    assert "Name" in text(paper(classroom, 4))[1]


def test_large_print_is_a_layout_of_its_own(classroom: Built) -> None:
    large, usual = copies(classroom)[1], copies(classroom)[0]
    assert large["large"]
    assert not usual["large"]
    assert large["pages"] >= usual["pages"]
    assert large["parts"][0]["boxes"] != usual["parts"][0]["boxes"]


def test_extra_time_is_on_the_cover(classroom: Built) -> None:
    assert "60 minutes (40 and 50% more)" in text(paper(classroom, 1))[0]
    assert "80 minutes (40 and 100% more)" in text(paper(classroom, 3))[0]
    assert "40 minutes" in text(paper(classroom, 0))[0]


def test_the_manifest_tells_what_the_roster_says(classroom: Built) -> None:
    bo = copies(classroom)[1]["student"]
    assert bo["name"] == "Example, Bo"
    assert bo["seat"]["label"] == "A2"
    assert bo["accommodation"] == {"large": True, "extra_time": 50, "html": False}


def test_neighbours_have_other_answers_to_every_computed_part(classroom: Built) -> None:
    seated = copies(classroom)[:4]  # each next to all others
    for one, other in combinations(seated, 2):
        for mine, theirs in zip(one["parts"], other["parts"], strict=True):
            if mine["kind"] not in ("text", "sketch") and mine["question"] == "count_parameters":
                assert mine["answer"] != theirs["answer"]


def test_the_report_says_how_fair_it_is(classroom: Built) -> None:
    report = (classroom.folder / "report.html").read_text("utf-8")
    assert "Distinct copies" in report
    assert "Neighbors" in report


def test_html_for_a_screen_reader_comes_whatever_the_others_get(tmp_path: Path) -> None:
    torchexam.new(tmp_path / "course")
    (tmp_path / "class.csv").write_text("name,id,accommodation\nAmara Example,1,\nBo Example,2,html\n", "utf-8")
    built = torchexam.build(
        "quiz", tmp_path / "course/bank", roster=tmp_path / "class.csv", to=("pdf",), seed="s", output=tmp_path / "out"
    )
    has = [(built.folder / "copies" / copy["code"] / "exam.html").is_file() for copy in built.manifest["copies"]]
    assert has == [False, True]


# ---- one layout ----


def test_every_answer_has_the_same_place_on_every_copy_of_a_size(classroom: Built) -> None:
    for large in (False, True):
        boxes = {
            json.dumps([p["boxes"] for p in copy["parts"]]) for copy in copies(classroom) if copy["large"] == large
        }
        assert len(boxes) == 1


def test_a_layout_that_cannot_be_held_stops_the_build(tmp_path: Path) -> None:
    course = tmp_path / "course"
    torchexam.new(course)
    (course / "bank/exams/mixed.yaml").write_text(
        "title: Mixed\nshuffle: sections\nsections:\n"
        "  - questions: [count_parameters]\n  - questions: [learning_rate]\n"
    )
    with pytest.raises(Mistaken) as refused:
        torchexam.build("mixed", course / "bank", copies=6, seed="s", output=tmp_path / "output")
    (mistake,) = refused.value.mistakes
    assert mistake.line == 3
    assert re.search(r"question '\w+', part 1\.1: copy [A-Z]{3} has its answer at page 2, x ", mistake.message)
    assert "layout: free" in mistake.hint
    assert not (tmp_path / "output").exists()


def test_the_box_map_is_that_of_the_copies(classroom: Built) -> None:
    rows = list(csv.DictReader(io.StringIO((classroom.folder / "template/boxes.csv").read_text("utf-8-sig"))))
    told = [(row["part"], float(row["x"]), float(row["y"]), int(row["page"])) for row in rows]
    boxes = [(p["number"], b["x"], b["y"], b["page"]) for p in copies(classroom)[0]["parts"] for b in p["boxes"]]
    assert told == boxes


def test_the_blank_template_shows_a_frame_at_every_answer_and_no_question(classroom: Built) -> None:
    path = classroom.folder / "template/blank.pdf"
    document, scale = pypdfium2.PdfDocument(path), 3
    assert len(document) == copies(classroom)[0]["pages"]
    for part in copies(classroom)[0]["parts"]:
        for box in part["boxes"]:
            image = document[box["page"] - 1].render(scale=scale).to_pil().convert("L")
            middle = round((box["y"] + box["height"] / 2) * scale)
            strip = [image.getpixel((round(box["x"] * scale) + shift, middle)) for shift in range(-2, 3)]
            assert min(strip) < 160
    document.close()
    words = " ".join(text(path)).split()
    assert {word for word in words if re.fullmatch(r"\d\.\d", word)} == {
        p["number"] for p in copies(classroom)[0]["parts"]
    }
    assert not {"layer", "network", "learns"} & set(words)


# ---- the print shop ----


def test_the_bundle_holds_each_paper_as_it_is_sorted_by_seat(classroom: Built) -> None:
    whole = text(classroom.folder / "print/exams.pdf")
    expected = []
    for number in (0, 2, 4, 5):  # one is in large print, one on a screen
        pages = text(paper(classroom, number))
        expected += pages if len(pages) % 2 == 0 else [*pages, ""]
    assert whole == expected
    assert text(classroom.folder / "print/exams-large.pdf")[0] == text(paper(classroom, 1))[0]


def test_a_page_of_the_bundle_looks_like_that_of_the_paper(classroom: Built) -> None:
    bundle, single = (pypdfium2.PdfDocument(p) for p in (classroom.folder / "print/exams.pdf", paper(classroom, 0)))
    for page in range(len(single)):
        images = [document[page].render(scale=1).to_pil().convert("L") for document in (bundle, single)]
        assert images[0].tobytes() == images[1].tobytes()
    bundle.close()
    single.close()


def test_the_bundle_has_a_bookmark_a_copy_and_no_fault(classroom: Built) -> None:
    with pikepdf.open(classroom.folder / "print/exams.pdf") as bundle, bundle.open_outline() as outline:
        assert outline.root[0].title.endswith("Amara Example")
        assert len(outline.root) == 4
        assert bundle.check_pdf_syntax() == []


def test_keys_with_a_password_open_with_it_only(tmp_path: Path) -> None:
    torchexam.new(tmp_path / "course")
    built = torchexam.build(
        "quiz", tmp_path / "course/bank", copies=2, seed="s", password="open sesame", output=tmp_path / "output"
    )
    names = {path.name for path in built.folder.rglob("*") if path.is_file()}
    assert not {"key.html", "keys.csv", "keys.html"} & names
    key = next(built.folder.rglob("key.pdf"))
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(key)
    with pikepdf.open(key, password="open sesame") as opened:
        assert len(opened.pages) >= 1


def test_an_interrupted_build_with_another_password_locks_all_keys_with_it(tmp_path: Path) -> None:
    torchexam.new(tmp_path / "course")

    def build(password: str, interrupt: bool = False) -> torchexam.Built:
        def progress(items: Iterable[Any], _count: int, what: str) -> Iterable[Any]:
            for item in items:
                yield item
                if interrupt and what == "printing":
                    raise KeyboardInterrupt

        return torchexam.build(
            "quiz", tmp_path / "course/bank", copies=22, seed="s", to=("pdf",), password=password,
            output=tmp_path / "output", progress=progress,
        )  # fmt: skip

    with pytest.raises(KeyboardInterrupt):
        build("the first one", interrupt=True)
    assert list(tmp_path.glob("output/.quiz.building/copies/*/key.pdf"))
    built = build("another one")
    for key in built.folder.glob("copies/*/key.pdf"):
        pikepdf.open(key, password="another one").close()
    assert build("another one").written == 0
    with pytest.raises(Mistaken, match="holds another build"):
        build("the first one")


# ---- pools ----


def test_copies_are_distinct_where_the_pool_allows_it(tmp_path: Path) -> None:
    torchexam.new(tmp_path / "course")
    built = torchexam.build(
        "quiz", tmp_path / "course/bank", copies=9, pool=3, seed="s", to=("html",), output=tmp_path / "output"
    )
    looks = {
        json.dumps([part["values"] for part in copy["parts"]], sort_keys=True) for copy in built.manifest["copies"]
    }
    assert len(looks) == 9
    again = torchexam.build(
        "quiz", tmp_path / "course/bank", copies=3, pool=1, seed="s", to=("html",), output=tmp_path / "same"
    )
    assert "are the same" in (again.folder / "report.html").read_text("utf-8")


def test_unique_draws_each_question_anew_for_each_copy(tmp_path: Path) -> None:
    torchexam.new(tmp_path / "course")
    built = torchexam.build(
        "quiz", tmp_path / "course/bank", copies=5, unique=True, seed="s", to=("html",), output=tmp_path / "output"
    )
    assert built.head["pool"] is None
    variants = [[part["variant"] for part in copy["parts"]] for copy in built.manifest["copies"]]
    assert [set(each) for each in variants] == [{n} for n in range(5)]


# ---- one copy again ----


def test_a_lost_copy_is_made_again_with_the_same_bytes(classroom: Built, tmp_path: Path) -> None:
    output = tmp_path / "output"
    shutil.copytree(classroom.folder.parent, output)
    course = classroom.folder.parent.parent
    for number in (0, 1):
        code = copies(classroom)[number]["code"]
        shutil.rmtree(output / "quiz" / "copies" / code)
        made = build_again("quiz", code, course / "bank", output=output)
        assert made.written == 4
        for name in ("exam.pdf", "exam.html", "key.pdf", "key.html"):
            assert (output / "quiz" / "copies" / code / name).read_bytes() == paper(
                classroom, number, name
            ).read_bytes()


def test_a_code_that_no_copy_has_is_said_so(classroom: Built) -> None:
    course = classroom.folder.parent.parent
    with pytest.raises(Mistaken, match="no copy has the code 'AAA'"):
        build_again("quiz", "AAA", course / "bank", output=classroom.folder.parent)


def test_a_copy_of_a_bank_that_changed_is_not_made_again(classroom: Built, tmp_path: Path) -> None:
    course = tmp_path / "course"
    shutil.copytree(classroom.folder.parent.parent, course)
    exam = course / "bank/exams/quiz.yaml"
    exam.write_text(exam.read_text("utf-8") + "# another file now\n", "utf-8")
    with pytest.raises(Mistaken, match="changed since this build"):
        build_again("quiz", copies(classroom)[0]["code"], course / "bank", output=course / "output")
