"""A mistake of an author, as a value with its place, and the text that shows it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Mistake:
    """What is wrong, where, and what would work; lines and columns count from 1."""

    path: str
    line: int
    column: int
    message: str
    hint: str = ""
    excerpt: str = ""  # the source line
    width: int = 1  # how many characters of it are meant

    def as_json(self) -> dict[str, str | int]:
        """The mistake for a program to read."""
        return {
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "hint": self.hint,
        }


class Mistaken(Exception):
    """Work on one file cannot go on: the mistakes say why."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(mistake.message for mistake in mistakes))
        self.mistakes = tuple(mistakes)

    def __reduce__(self) -> tuple[type[Mistaken], tuple[tuple[Mistake, ...]]]:
        """What another process needs to raise it again."""
        return Mistaken, (self.mistakes,)


def show(mistake: Mistake) -> str:
    """Turn a mistake into the lines that a compiler we admire would print."""
    place = f"{mistake.path}:{mistake.line}:{mistake.column}" if mistake.line else mistake.path
    lines = [_printable(f"{place}: {mistake.message}")]
    if mistake.excerpt.strip():
        number = f"{mistake.line:5d}"
        excerpt, column = _window(_printable(mistake.excerpt), mistake.column)
        width = max(1, min(mistake.width, len(excerpt) - column + 1))
        lines += [f"{number} | {excerpt}", f"{' ' * 5} | {' ' * (column - 1)}{'^' * width}"]
    lines += [f"      {_printable(line)}" for line in mistake.hint.splitlines()]
    return "\n".join(lines)


def _printable(text: str) -> str:
    """Text on one line, without what would move the cursor of a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _window(line: str, column: int, size: int = 110) -> tuple[str, int]:
    """The stretch of a long line around a column, and the column within it."""
    if len(line) <= size:
        return line, column
    start = max(0, min(column - 1 - size // 3, len(line) - size))
    head, tail = ("…" if start else ""), ("…" if start + size < len(line) else "")
    return head + line[start : start + size] + tail, column - start + len(head)


def show_all(mistakes: Iterable[Mistake]) -> str:
    """All mistakes, sorted by place."""
    return "\n".join(show(mistake) for mistake in sorted(set(mistakes)))


def did_you_mean(word: str, known: Iterable[str], page: str = "") -> str:
    """A hint with the nearest known word, or with all of them when none is near, or with the page that lists them."""
    names = sorted(set(known))
    by_lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{by_lower[near[0]]}'?"
    if page:
        return f"they are listed in {page}"
    return f"known here: {', '.join(names)}" if names else ""
