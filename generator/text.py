"""Turn YAML text into plain data, and remember the place of every key and value."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from generator.mistakes import Mistake, Mistaken

LARGEST_FILE = 1_000_000  # bytes; the longest question file of a course has some 20,000
DEEPEST = 30  # levels of nesting; a question needs 8
TOO_DEEP = f"this is nested more than {DEEPEST} levels deep"
MOST_MISTAKES = 100  # of one file; whoever has more begins with these
LONGEST_NUMBER = 40  # characters; what is longer is text
KeyPath = tuple[str | int, ...]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is ten times as fast, and optional
_CONTROL = re.compile(r"[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # of YAML 1.2
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True)
class Place:
    """Where something stands in the text: a stretch of offsets, and its line and column from 1."""

    start: int
    end: int
    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """A YAML file as plain data with places."""

    path: str
    text: str
    data: Any
    values: dict[KeyPath, Place] = field(default_factory=dict)
    keys: dict[KeyPath, Place] = field(default_factory=dict)

    def place(self, path: KeyPath) -> Place:
        """Where the value at the path stands, or the nearest thing around it."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Place(0, 0, 1, 1))

    def mistake(self, path: KeyPath, message: str, hint: str = "", *, key: bool = False, within: str = "") -> Mistake:
        """A mistake at a value, at its key, or at a word within it."""
        place = self.keys[path] if key and path in self.keys else self.place(path)
        start, width = place.start, place.end - place.start
        if within and (found := _find(within, self.text, place)):
            start, width = found.start(), len(within)
        line = self.text.count("\n", 0, start) + 1
        begin = self.text.rfind("\n", 0, start) + 1
        stop = self.text.find("\n", begin)
        excerpt = self.text[begin : stop if stop >= 0 else len(self.text)].rstrip("\r")
        width = max(1, min(width, len(excerpt) - (start - begin)))
        return Mistake(self.path, line, start - begin + 1, message, hint, excerpt, width)


def read(path: Path, shown: str) -> Source:
    """Read a YAML file; raises Mistaken when it is missing, too large, not UTF-8 or not plain YAML."""
    try:
        if not path.is_file():
            raise Mistaken([Mistake(shown, 0, 0, "there is no such file")])
        size = path.stat().st_size
        if size > LARGEST_FILE:
            message = f"the file has {size:,} bytes; a file of the bank may have {LARGEST_FILE:,}"
            raise Mistaken([Mistake(shown, 1, 1, message)])
        data = path.read_bytes()
    except OSError as error:
        raise Mistaken([Mistake(shown, 0, 0, f"cannot be read: {(error.strerror or str(error)).lower()}")]) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise Mistaken([Mistake(shown, line, column, message, "save the file with the encoding UTF-8")]) from None
    return parse(text, shown)


def parse(text: str, shown: str) -> Source:
    """Parse YAML 1.2 without anchors, tags or duplicate keys; raises Mistaken with every mistake found."""
    if len(text) > LARGEST_FILE:
        message = f"the text has {len(text):,} characters; a file of the bank may have {LARGEST_FILE:,}"
        raise Mistaken([Mistake(shown, 1, 1, message)])
    # offsets from libyaml count characters of the text that it was given
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    composer = _Composer(Source(shown, text, None))
    if control := _CONTROL.search(text):
        message = f"the character U+{ord(control[0]):04X} may not stand in YAML"
        raise Mistaken([_at(composer.source, control.start(), message)])
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        raise Mistaken([*composer.mistakes, _syntax(composer.source, error)]) from None
    if composer.mistakes:
        raise Mistaken(composer.mistakes)
    source = composer.source
    return Source(shown, text, composer.root, source.values, source.keys)


class _Composer:
    """Builds data from YAML events with a stack of open collections."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.mistakes: list[Mistake] = []
        self.root: Any = None
        self.open: list[_Open] = []
        self.documents = 0

    def take(self, event: Any) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    self._stop(event, "a second document starts here", "one file holds one question: remove the '---'")
            case yaml.AliasEvent():
                self._stop(event, f"'*{event.anchor}' is a YAML alias, which question files do not use", "write it out")
            case yaml.ScalarEvent():
                self._plain(event)
                self._add(event, self._scalar(event))
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._plain(event)
                if len(self.open) >= DEEPEST:
                    self._stop(event, TOO_DEEP)
                value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
                path = self._add(event, value)
                self.open.append(_Open(value, path))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close(self.open.pop(), _place(event).end)

    def _plain(self, event: Any) -> None:
        if event.anchor:
            self._stop(event, f"'&{event.anchor}' is a YAML anchor, which question files do not use", "write it out")
        if event.tag and event.tag != "!":
            name = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._stop(event, f"'{name}' is a YAML tag, which question files do not use", "remove it")

    def _add(self, event: Any, value: Any) -> KeyPath:
        """Put a value where it belongs and note its place; returns its path."""
        place = _place(event)
        if not self.open:
            self.root = value
            self.source.values[()] = place
            return ()
        top = self.open[-1]
        if isinstance(top.value, list):
            path = (*top.path, len(top.value))
            top.value.append(value)
        elif top.key is None:
            return self._key(top, event, value, place)
        else:
            path = (*top.path, top.key)
            top.value[top.key] = value
            top.key = None
        self.source.values[path] = place
        return path

    def _key(self, top: _Open, event: Any, value: Any, place: Place) -> KeyPath:
        if isinstance(value, bool | float | dict | list) or value is None:
            if isinstance(value, float):
                value = f"{value:g}"  # a rubric may give 0.5 points
            else:
                self._stop(event, "a key must be a word", "text with braces or commas needs quotes")
        path = (*top.path, value)
        if value in top.value:
            first = self.source.keys[path]
            self._note(place, f"'{value}' stands here twice", f"first in line {first.line}")
        top.key = value
        self.source.keys[path] = place
        return path

    def _close(self, closed: _Open, end: int) -> None:
        start = self.source.values[closed.path]
        self.source.values[closed.path] = Place(start.start, max(start.end, end), start.line, start.column)

    def _scalar(self, event: Any) -> Any:
        text = event.value
        if not event.implicit[0]:
            return text
        if text in _NULLS:
            return None
        if text in _WORDS:
            return _WORDS[text]
        if len(text) > LONGEST_NUMBER:
            return text
        if _LEADING_ZERO.fullmatch(text):
            hint = f"write {int(text)}, or '{text}' in quotes for text"
            self._note(_place(event), f"{text} begins with a zero", hint)
            return int(text)
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            if math.isinf(float(text)):
                self._note(_place(event), f"{text} is larger than any number of an exam")
            return float(text)
        return text

    def _note(self, place: Place, message: str, hint: str = "") -> None:
        self.mistakes.append(_at(self.source, place.start, message, hint, place))
        if len(self.mistakes) >= MOST_MISTAKES:
            raise Mistaken(self.mistakes)

    def _stop(self, event: Any, message: str, hint: str = "") -> None:
        place = _place(event)
        raise Mistaken([*self.mistakes, _at(self.source, place.start, message, hint, place)])


@dataclass
class _Open:
    """A collection that has not ended yet."""

    value: Any
    path: KeyPath
    key: Any = None


def _place(event: Any) -> Place:
    start, end = event.start_mark, event.end_mark
    return Place(start.index, end.index, start.line + 1, start.column + 1)


def _find(word: str, text: str, place: Place) -> re.Match[str] | None:
    """Where a word stands within a place: by itself if it does, else within a longer word."""
    for pattern in (rf"(?<!\w){re.escape(word)}(?!\w)", re.escape(word)):
        if found := re.compile(pattern).search(text, place.start, place.end):
            return found
    return None


def _at(source: Source, start: int, message: str, hint: str = "", place: Place | None = None) -> Mistake:
    end = place.end if place else start + 1
    located = Source(source.path, source.text, None, {(): Place(start, end, 0, 0)})
    return located.mistake((), message, hint)


def _syntax(source: Source, error: yaml.MarkedYAMLError) -> Mistake:
    """Say in our words what the YAML parser stumbled over."""
    problem = (error.problem or "this is not YAML").lower()
    if "maximum nesting depth" in problem:  # newer parsers look ahead, and give up before we do
        problem = TOO_DEEP
    mark = error.problem_mark or error.context_mark
    if error.context_mark and "end of stream" in problem:  # the end says nothing, the beginning does
        mark = error.context_mark
    start = min(mark.index, len(source.text)) if mark else 0
    hint = next((hint for words, hint in _SYNTAX_HINTS if words in problem), "")
    if error.context_mark and error.context and error.context_mark.line != (mark.line if mark else -1):
        hint = f"{hint}\n{error.context}, which began in line {error.context_mark.line + 1}".strip()
    return _at(source, start, problem, hint)


_SYNTAX_HINTS = (
    (
        "mapping values are not allowed",
        "text that holds ': ' needs quotes, or a block with '|'; keys of one mapping are indented alike",
    ),
    ("alphabetic or numeric character", "text that begins with '*' or '&' needs quotes"),
    ("could not find expected ':'", "a key needs a colon and a space behind it"),
    ("cannot start any token", "indent with spaces, and put quotes around text that begins with a special character"),
    ("found undefined alias", "text that begins with '*' or '&' needs quotes"),
    ("did not find expected key", "is the indentation of this line the same as its neighbours'?"),
    ("did not find expected '-' indicator", "is the indentation of this line the same as its neighbours'?"),
    ("did not find expected ',' or", "a list in brackets needs a comma between items and a bracket at its end"),
    ("unexpected end of stream", "a quote that opens must close"),
)
