"""Turn the bytes of a CSV file into rows of cells that remember their places."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from generator.bank import shown_path
from generator.mistakes import Mistake, Mistaken
from generator.text import KeyPath, Place, Source

DELIMITERS = ",;\t"
EXPORT = "export it from the spreadsheet as 'CSV UTF-8'"
_BOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how .xlsx, .ods and .xls files begin


def read(path: Path, heading: Callable[[str], bool]) -> Source:
    """Read a CSV file; its data are rows of cells, at (row, column); raises Mistaken.

    Cells stand between commas, semicolons or tabs: whichever shows the most headings that are known.
    """
    shown = shown_path(path)
    text = _text(path, shown).replace("\r\n", "\n").replace("\r", "\n")
    first = text.lstrip().partition("\n")[0]

    def known(delimiter: str) -> tuple[int, int]:
        cells = first.split(delimiter)
        return sum(heading(cell.strip(' "')) for cell in cells), len(cells)

    return parse(text, shown, max(DELIMITERS, key=known))


def _text(path: Path, shown: str) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Mistaken([Mistake(shown, 0, 0, f"cannot be read: {(error.strerror or str(error)).lower()}")]) from None
    if data.startswith(_BOOKS):
        raise Mistaken([Mistake(shown, 0, 0, "this is a spreadsheet's own file, not CSV", EXPORT)])
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    name, encoding = ("UTF-16", "utf-16") if wide else ("UTF-8", "utf-8-sig")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        right = error.object[: error.start].decode(encoding)
        message = f"byte 0x{error.object[error.start]:02x} is not {name}"
        raise Mistaken([_at_end(shown, right, error.object.decode(encoding, "replace"), message)]) from None
    if "\0" in text:
        raise Mistaken([_at_end(shown, text[: text.index("\0")], text, "this is no text in UTF-8")])
    return text


def _at_end(shown: str, right: str, whole: str, message: str) -> Mistake:
    """A mistake behind the text that is right."""
    lines = re.split(r"\r\n|\r|\n", right)
    excerpt = re.split(r"\r\n|\r|\n", whole)[len(lines) - 1]
    hint = f"{EXPORT}, or save it with the encoding UTF-8"
    return Mistake(shown, len(lines), len(lines[-1]) + 1, message, hint, excerpt)


def parse(text: str, shown: str, delimiter: str) -> Source:
    """Turn text, its line ends made one kind, into rows of cells; raises Mistaken where quotes do not close."""
    rows: list[list[str]] = [[]]
    places: dict[KeyPath, Place] = {}
    unclosed: list[KeyPath] = []
    line = 1
    for found in _cells(text, delimiter):
        kind = "plain" if found["quoted"] is None else "quoted"
        at = len(rows) - 1, len(rows[-1])
        start = found.start(kind)
        places[at] = Place(start, found.end(kind), line, start - text.rfind("\n", 0, start))
        rows[-1].append(found[kind].replace('""', '"') if kind == "quoted" else found[kind])
        if kind == "plain" and found[kind].lstrip().startswith('"'):
            unclosed.append(at)
        line += found[0].count("\n")
        if found["end"] == "\n":
            rows.append([])
    for row, cells in enumerate(rows):
        first, last = places[row, 0], places[row, len(cells) - 1]
        places[row,] = Place(first.start, last.end, first.line, first.column)
    source = Source(shown, text, rows, places)
    if unclosed:
        message = "the quotes around this cell do not close"
        hint = 'a quote within quotes is doubled: "Bo ""Bob"" Example"'
        raise Mistaken([source.mistake(at, message, hint) for at in unclosed])
    return source


def _cells(text: str, delimiter: str) -> Iterator[re.Match[str]]:
    """Every cell, quoted or plain, with the end of it: a delimiter, a line break, or nothing at the end of the text."""
    quoted = r' *"(?P<quoted>[^"]*(?:""[^"]*)*)" *'
    plain = rf"(?P<plain>[^{delimiter}\n]*)"
    cell = re.compile(rf"(?:{quoted}|{plain})(?P<end>[{delimiter}\n]|\Z)")
    at = 0
    while found := cell.match(text, at):
        yield found
        if not found["end"]:
            return
        at = found.end()
