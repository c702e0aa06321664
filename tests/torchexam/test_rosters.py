"""A roster is read as spreadsheets and learning platforms export it, and all its mistakes are told in their places."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.exam import Accommodation, Seat, Student
from generator.mistakes import Mistaken, show_all
from torchexam.rosters import COLUMNS, read_roster, read_seat

FOLDER = Path(__file__).parents[1] / "rosters"
ADA, BO = Student("Ada Osei", "1001"), Student("Bo Example", "1002")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.csv")), ids=lambda path: path.stem)
def test_a_mistake_is_reported_as_the_text_beside_it_says(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    with pytest.raises(Mistaken) as wrong:
        read_roster(Path(path.name))
    assert show_all(wrong.value.mistakes) + "\n" == path.with_suffix(".txt").read_text("utf-8")


def test_a_file_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, says in (("none.csv", "none.csv: cannot be read: no such file"), (".", ".: cannot be read: is a dir")):
        with pytest.raises(Mistaken) as wrong:
            read_roster(Path(name))
        assert show_all(wrong.value.mistakes).startswith(says)


def read(text: str | bytes, folder: Path) -> tuple[Student, ...]:
    file = folder / "class.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_roster(file)


# ---- files ----


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_delimiter_and_line_end_will_do(delimiter: str, end: str, tmp_path: Path) -> None:
    lines = ["name,id,note", "Ada Osei,1001,", "", " , ,", 'Bo Example , 1002,"a,b",,,', ""]
    assert read(end.join(lines).replace(",", delimiter), tmp_path) == (ADA, BO)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf_8_and_utf_16_with_a_mark_are_read(encoding: str, tmp_path: Path) -> None:
    (zoe,) = read("name\tid\r\nZoë Ñandú 王\t1001\r\n".encode(encoding), tmp_path)
    assert zoe.name == "Zoë Ñandú 王"


def test_big_endian_utf_16_is_read(tmp_path: Path) -> None:
    assert read(b"\xfe\xff" + "name,id\nAda Osei,1001".encode("utf-16-be"), tmp_path) == (ADA,)


def test_quoted_cells_hold_delimiters_quotes_and_line_ends(tmp_path: Path) -> None:
    text = 'note,"name",id\n"two\nlines, and ""more""", "Example, ""Bo""" ,1002\n,"Ada\nOsei",1001\n'
    assert [student.name for student in read(text, tmp_path)] == ['Example, "Bo"', "Ada Osei"]


def test_names_may_have_invisible_joiners(tmp_path: Path) -> None:
    (student,) = read("name,id\nعلی\u200cرضا,1001\n", tmp_path)
    assert student.name == "علی\u200cرضا"


def test_spaces_around_and_within_cells_do_not_count(tmp_path: Path) -> None:
    assert read("name,id\n  Ada \u00a0Osei ,\t1001\n", tmp_path) == (ADA,)


@given(st.binary() | st.text(',;\t"\n\r 1aé').map(lambda text: f"name,id,seat\n{text}".encode()))
def test_whatever_the_file_holds_it_gives_students_or_mistakes(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    try:
        assert all(student.id for student in read(data, tmp_path_factory.getbasetemp()))
    except Mistaken as wrong:
        show_all(wrong.mistakes)


# ---- columns ----


@pytest.mark.parametrize("heading", COLUMNS["id"])
def test_ids_have_many_headings(heading: str, tmp_path: Path) -> None:
    for written in (heading, heading.upper(), heading.replace(" ", "_"), f'"{heading.title()}"'):
        assert read(f"name,{written}\nAda Osei,1001\n", tmp_path) == (ADA,)


@pytest.mark.parametrize(
    "text",
    [
        "Student,ID,SIS User ID,SIS Login ID,Section,Quiz (7)\n    Points Possible,,,,,10\nAda Osei,77,1001,ada,1,8\n",
        "First Name,Last Name,SID,Total Score,Status\nAda,Osei,1001,7.0,Graded\n",
        '"First name",Surname,"ID number",Department\nAda,Osei,1001,Physics\n',
        "Last name;First name;Matriculation;Student number\nOsei;Ada;;1001\n",
        "Name,First name,Last name,ID\nAda Osei,Adaora,Osei,1001\n",
    ],
    ids=["Canvas", "Gradescope", "Moodle", "last name first", "whole names go before their parts"],
)
def test_exports_of_learning_platforms_are_read(text: str, tmp_path: Path) -> None:
    assert read(text, tmp_path) == (ADA,)


def test_one_of_two_names_is_enough(tmp_path: Path) -> None:
    assert read("First name,Last name,id\nAda,,1001\n", tmp_path)[0].name == "Ada"


def test_all_that_a_roster_may_say(tmp_path: Path) -> None:
    text = "name,id,e-mail,room,seat,accommodation\nAda Osei,1001,ada@example.org,Hall 1,B12,large print; 50%; html\n"
    seat, needs = Seat("B12", 2, 12, "Hall 1"), Accommodation(large=True, extra_time=50, html=True)
    assert read(text, tmp_path) == (Student("Ada Osei", "1001", "ada@example.org", seat, needs),)


# ---- seats ----


@pytest.mark.parametrize(
    ("label", "row", "column"),
    [
        ("B12", 2, 12), ("b 12", 2, 12), ("A-1", 1, 1), ("Z9", 26, 9), ("AA3", 27, 3), ("12B", 12, 2),
        ("3-7", 3, 7), ("3–7", 3, 7), ("3/7", 3, 7), ("3.7", 3, 7), ("3, 7", 3, 7), ("03 07", 3, 7),
        ("R3 C7", 3, 7), ("r3c7", 3, 7), ("row 3 seat 7", 3, 7), ("Row: C, Seat: 7", 3, 7), ("row 3 column B", 3, 2),
        ("R7", 18, 7), ("12", None, 12), ("seat 12", None, 12), ("Seat B12", 2, 12),
    ],
)  # fmt: skip
def test_a_seat_has_many_spellings(label: str, row: int | None, column: int) -> None:
    assert read_seat(label) == Seat(label, row, column)


@pytest.mark.parametrize(
    "label", ["", "B", "row 3", "row seat 7", "7-Mar", "1-2-3", "B12x", "ABC1", "12345", "٣-٧", "-3"]
)
def test_what_names_no_place_is_no_seat(label: str) -> None:
    assert read_seat(label) is None


@pytest.mark.parametrize(
    ("text", "seats"),
    [
        ("name,id,row,column\nA,1,3,7\nB,2,,\nC,3,C,8\n", [Seat("3-7", 3, 7), None, Seat("C-8", 3, 8)]),
        ("name,id,row,seat\nA,1,C,7\nB,2,,\n", [Seat("C-7", 3, 7), None]),
        ("name,id,seat,row,column\nA,1,front,3,7\nB,2,,3,9\n", [Seat("front", 3, 7), Seat("3-9", 3, 9)]),
        ("name,id,seat number\nA,1,7\n", [Seat("7", None, 7)]),
    ],
    ids=["row and column", "row and seat", "a label beside row and column", "one number"],
)
def test_rows_may_stand_in_a_column_of_their_own(text: str, seats: list[Seat | None], tmp_path: Path) -> None:
    assert [student.seat for student in read(text, tmp_path)] == seats


# ---- accommodations ----


@pytest.mark.parametrize(
    ("words", "needs"),
    [
        ("", Accommodation()),
        ("none", Accommodation()),
        ("Large Print", Accommodation(large=True)),
        ("HTML", Accommodation(html=True)),
        ("extra time 50%", Accommodation(extra_time=50)),
        ("Extra time: 25 %", Accommodation(extra_time=25)),
        ("+33%", Accommodation(extra_time=33)),
        ("50 percent extra time", Accommodation(extra_time=50)),
        ("time and a half", Accommodation(extra_time=50)),
        ("double time", Accommodation(extra_time=100)),
        ("300%", Accommodation(extra_time=300)),
        ('"large print, 50%"', Accommodation(large=True, extra_time=50)),
        ("html | double  time ; large", Accommodation(large=True, extra_time=100, html=True)),
    ],
)
def test_an_accommodation_has_many_spellings(words: str, needs: Accommodation, tmp_path: Path) -> None:
    for heading in COLUMNS["accommodation"]:
        (student,) = read(f"name,id,{heading}\nAda Osei,1001,{words}\n", tmp_path)
        assert student.accommodation == needs
