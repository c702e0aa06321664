"""Turn a CSV file into students, or into every mistake in it."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path

from generator.exam import Accommodation, Seat, Student
from generator.mistakes import Mistake, Mistaken, did_you_mean
from generator.text import KeyPath, Source
from torchexam import sheets

# what columns are called, by us and in what Canvas, Gradescope and Moodle export
COLUMNS = {
    "name": ("name", "full name", "student", "student name"),
    "first name": ("first name", "firstname", "given name"),
    "last name": ("last name", "lastname", "surname", "family name"),
    "id": ("id", "student id", "id number", "student number", "sid", "sis user id"),
    "email": ("email", "e mail", "email address", "e mail address"),
    "room": ("room",),
    "row": ("row",),
    "column": ("column",),
    "seat": ("seat", "seat number"),
    "accommodation": ("accommodation", "accommodations", "accomodation", "accomodations"),
}
LONGEST = 80  # characters; a box on a cover has no room for more
MOST_TIME = 300  # percent
AMOUNTS = {"time and a half": 50, "double time": 100}

_MEANING = {word: meaning for meaning, words in COLUMNS.items() for word in words}
_BEGINS = "a roster begins with a line such as: name,id,email,seat,accommodation"
_SEATS = "seats are written B12, 12B, 3-7, R3 C7, 'row 3 seat 7', or as one number"
_JOINERS = "\u200c\u200d"  # invisible, and part of how some names are written
_SHORTENED = re.compile(r"[0-9][.,][0-9]+E\+[0-9]+")
_TIME = re.compile(r"(?:extra time:? *)?\+? *([0-9]{1,9}) *(?:%|percent)(?: extra time)?")
_ONE = r"([0-9]{1,4}|[a-z]{1,2})"
_PAIRS = (
    re.compile(rf"(?:row|r(?!ow))[ .:]*{_ONE}[ ,;/.-]*(?:column|col|c|seat|s)[ .:]*{_ONE}"),
    re.compile(r"([a-z]{1,2})[ .-]*([0-9]{1,4})"),
    re.compile(r"([0-9]{1,4})[ .-]*([a-z]{1,2})"),
    re.compile(r"([0-9]{1,4}) *[-–/.,: ] *([0-9]{1,4})"),
)
_SINGLE = re.compile(r"([0-9]{1,4})")
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_DATE = re.compile(rf"[0-9]+[-. ]+{_MONTH}|{_MONTH}[-. ]+[0-9]+|[0-9]+([-./])[0-9]+\1[0-9]+")


def read_roster(path: Path) -> tuple[Student, ...]:
    """Read the students of a class; raises Mistaken with every mistake in the file."""
    source = sheets.read(path, lambda heading: _plain(heading) in _MEANING)
    filled = [row for row, cells in enumerate(source.data) if any(cell.strip() for cell in cells)]
    roster = _Roster(source, *filled[:1])
    students = [roster.student(row) for row in filled[1:] if roster.names_somebody(row)]
    if not students:
        roster.wrong(roster.first, "", "the roster names no students")
    if roster.mistakes:
        raise Mistaken(sorted(roster.mistakes))
    return tuple(students)


def _plain(heading: str) -> str:
    """A heading in lower case, with one space between its words."""
    return re.sub(r"[\W_]+", " ", heading.lower()).strip()


class _Roster:
    """Rows whose columns have meanings, and the mistakes that are found in them."""

    def __init__(self, source: Source, first: int = 0) -> None:
        self.source = source
        self.first = first  # the row with the headings
        self.mistakes: list[Mistake] = []
        self.seen: dict[Hashable, tuple[str, int]] = {}  # ids and seats: how they were written, and in which line
        self.columns = self._columns([_plain(cell) for cell in source.data[first]])

    def _columns(self, headings: list[str]) -> dict[str, int]:
        """The column of each meaning; raises Mistaken when one is missing or comes twice."""
        found: dict[str, int] = {}
        for column, heading in enumerate(headings):
            meaning = _MEANING.get(heading)
            if not meaning or (heading == "id" and "sis user id" in headings):  # then "ID" is Canvas's own number
                continue
            if meaning in found:
                other = self.source.data[self.first][found[meaning]].strip()
                message = f"the column '{other}' holds the {meaning} too"
                self._note((self.first, column), message, "keep one of them, or give the other another name")
            found.setdefault(meaning, column)
        if "name" not in found and not {"first name", "last name"} <= set(found):
            self._note((self.first,), "the roster has no column 'name', nor 'first name' and 'last name'", _BEGINS)
        if "id" not in found:
            self._note((self.first,), "the roster has no column 'id'", _BEGINS)
        if self.mistakes:
            raise Mistaken(sorted(self.mistakes))
        return found

    def _note(self, path: KeyPath, message: str, hint: str = "", within: str = "") -> None:
        self.mistakes.append(self.source.mistake(path, message, hint, within=within))

    def wrong(self, row: int, meaning: str, message: str, hint: str = "", within: str = "") -> None:
        """Note a mistake at a cell, or at its whole row where the cell is missing."""
        self._note((row, self.columns.get(meaning, -1)), message, hint, within)

    def cell(self, row: int, meaning: str) -> str:
        """What a row says, on one line; nothing where it is too short."""
        cells, column = self.source.data[row], self.columns.get(meaning, -1)
        return " ".join(cells[column].split()) if 0 <= column < len(cells) else ""

    def names_somebody(self, row: int) -> bool:
        """Whether a row is about a student; Canvas has one with the points of each assignment."""
        if self.cell(row, "name") == "Points Possible" and not self.cell(row, "id"):
            return False
        return any(self.cell(row, meaning) for meaning in self.columns)

    def student(self, row: int) -> Student:
        """Read a row, and note what is wrong with it."""
        cells, most = self.source.data[row], len(self.source.data[self.first])
        if any(cell.strip() for cell in cells[most:]):
            message = f"this line has {len(cells)} cells, the first line has {most}"
            self._note((row, most), message, 'a cell that holds the delimiter needs quotes, such as "Example, Bo"')
            return Student("", "")
        return Student(self._name(row), self._id(row), self._email(row), self._seat(row), self._accommodation(row))

    def _printed(self, row: int, meaning: str) -> str:
        """What a row says, which must fit into a box on the cover."""
        said = self.cell(row, meaning)
        if strange := next((letter for letter in said if not letter.isprintable() and letter not in _JOINERS), ""):
            message = f"the {meaning} holds the invisible character U+{ord(strange):04X}"
            self.wrong(row, meaning, message, "remove it", strange)
        elif len(said) > LONGEST:
            self.wrong(row, meaning, f"the {meaning} has {len(said)} characters; a cover has room for {LONGEST}")
        return said

    def _name(self, row: int) -> str:
        meanings = ["name"] if "name" in self.columns else ["first name", "last name"]
        name = " ".join(filter(None, (self._printed(row, meaning) for meaning in meanings)))
        if not name:
            self.wrong(row, meanings[0], "this student has no name")
        return name

    def _id(self, row: int) -> str:
        said = self._printed(row, "id")
        if not said:
            self.wrong(row, "id", "this student has no id")
        elif _SHORTENED.fullmatch(said):
            hint = "format the column as text there, and export it again"
            self.wrong(row, "id", f"the id {said} was a longer number before a spreadsheet shortened it", hint)
        else:
            self._once(row, "id", "id", said, said.replace(" ", "").casefold())
        return said

    def _email(self, row: int) -> str:
        said = self._printed(row, "email")
        if said and "@" not in said:
            self.wrong(row, "email", f"'{said}' is no email address")
        return said

    def _seat(self, row: int) -> Seat | None:
        """A seat by its label or by row and column; a row without a column is completed by the seat."""
        place = ["seat"] if "row" not in self.columns else ["row", "column" if "column" in self.columns else "seat"]
        said = [self.cell(row, meaning) for meaning in place]
        if not any(said):
            return None
        label, room = "-".join(said), self._printed(row, "room")
        seat = read_seat(label if len(said) == 1 else "r{} c{}".format(*said))
        if "" in said:
            missing = place[said.index("")]
            self.wrong(row, missing, f"this seat has no {missing}")
        elif seat is None:
            self.wrong(row, place[0], f"'{label}' is no seat", _hint(label))
        else:
            self._once(row, place[0], "seat", label, (room.casefold(), seat.row, seat.column))
            shown = self._printed(row, "seat") if "column" in place else ""
            return Seat(shown or label, seat.row, seat.column, room)
        return None

    def _once(self, row: int, meaning: str, what: str, said: str, key: Hashable) -> None:
        """Note an id or seat that is also somebody else's."""
        line = self.source.values[row,].line
        other, first = self.seen.setdefault((what, key), (said, line))
        if first != line:
            same = f"is also in line {first}" if said == other else f"is the same as '{other}' in line {first}"
            self.wrong(row, meaning, f"the {what} '{said}' {same}")

    def _accommodation(self, row: int) -> Accommodation:
        large = html = False
        times: list[int] = []
        for word in re.split(r" *[;,|] *", self.cell(row, "accommodation")):
            match word.lower():
                case "large print" | "large":
                    large = True
                case "html":
                    html = True
                case amount if (time := read_time(amount)) is not None:
                    times.append(time)
                    if not 1 <= time <= MOST_TIME:
                        message = f"extra time is at least 1% and at most {MOST_TIME}%, not {time}%"
                        self.wrong(row, "accommodation", message, within=word)
                case other if other not in ("", "none", "no", "-"):
                    hint = did_you_mean(word, ["large print", "extra time 50%", "html", *AMOUNTS])
                    self.wrong(row, "accommodation", f"'{word}' is no accommodation", hint, word)
        if len(times) > 1:
            self.wrong(row, "accommodation", "extra time is given more than once")
        return Accommodation(large, sum(times), html)


def read_time(words: str) -> int | None:
    """How many percent more time words in lower case mean, if they mean time."""
    found = _TIME.fullmatch(words)
    return int(found[1]) if found else AMOUNTS.get(words)


def read_seat(label: str) -> Seat | None:
    """Turn a label into a seat: B12 and 12B name a row and a column, 12 is a place in one line of seats."""
    said = label.lower().removeprefix("seat ")
    if found := _SINGLE.fullmatch(said):
        return Seat(label, None, int(found[1]))
    for pattern in _PAIRS:
        if found := pattern.fullmatch(said):
            return Seat(label, _number(found[1]), _number(found[2]))
    return None


def _number(place: str) -> int:
    """12 for 12; letters count A 1, B 2 … Z 26, AA 27."""
    if place.isdigit():
        return int(place)
    number = 0
    for letter in place:
        number = 26 * number + ord(letter) - ord("a") + 1
    return number


def _hint(label: str) -> str:
    if _DATE.fullmatch(label.lower()):
        return "a spreadsheet took this seat for a date: write R3 C7 instead of 3-7"
    return _SEATS
