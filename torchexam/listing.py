"""Turn a bank into rows that `list` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from generator.bank import Bank


def listing(bank: Bank, topics: Sequence[str] = ()) -> list[dict[str, Any]]:
    """One row a question, those with all of the topics."""
    return [
        {
            "id": question.id,
            "title": question.spec.title,
            "topics": question.spec.topics,
            "points": question.points,
            "minutes": question.spec.minutes,
            "difficulty": question.spec.difficulty,
            "variants": question.space.size,
            "parts": [{"id": part.spec.id, "points": part.spec.points, "kind": part.kind} for part in question.parts],
        }
        for _, question in sorted(bank.questions.items())
        if set(topics) <= set(question.spec.topics)
    ]


def as_lines(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The rows as a table for a terminal."""
    header = ("question", "points", "variants", "parts", "topics")
    cells = [
        (row["id"], f"{row['points']:g}", f"{row['variants']:,}", _kinds(row["parts"]), ", ".join(row["topics"]))
        for row in rows
    ]
    widths = [max(len(line[column]) for line in (header, *cells)) for column in range(len(header))]
    for line in (header, *cells):
        fitted = [
            cell.rjust(width) if column in (1, 2) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(fitted).rstrip()


def _kinds(parts: Sequence[dict[str, Any]]) -> str:
    kinds = [part["kind"] for part in parts]
    return ", ".join(f"{kinds.count(kind)} {kind}" if kinds.count(kind) > 1 else kind for kind in dict.fromkeys(kinds))
