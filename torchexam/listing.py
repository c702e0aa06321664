"""Turn a bank into rows that `list` prints, and choose among its questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from generator import answers
from generator.bank import Bank
from generator.mistakes import Mistake, Mistaken, did_you_mean
from generator.question import Question


@dataclass(frozen=True)
class Filter:
    """Which questions are wanted; an empty field wants all."""

    topics: Sequence[str] = ()  # all of them
    difficulty: str | None = None
    kinds: Sequence[str] = ()  # a part of each of these kinds of answer
    minutes: float | None = None  # at most
    find: str = ""  # in the id, the title or the prose

    def takes(self, question: Question) -> bool:
        """Whether a question is wanted."""
        spec = question.spec
        return (
            set(self.topics) <= set(spec.topics)
            and self.difficulty in (None, spec.difficulty)
            and set(self.kinds) <= {part.kind for part in question.parts}
            and (self.minutes is None or (spec.minutes is not None and spec.minutes <= self.minutes))
            and self.find.lower() in _words(question)
        )


def _words(question: Question) -> str:
    prompts = (f"{part.spec.lead or ''} {part.spec.prompt}" for part in question.parts)
    return " ".join([question.id, question.spec.title, question.spec.stem or "", *prompts]).lower()


EVERYTHING = Filter()


def chosen(bank: Bank, wanted: Filter) -> list[Question]:
    """The questions that are wanted, by their ids; raises Mistaken when a filter names what no question has."""
    questions = [question for _, question in sorted(bank.questions.items())]
    topics = {topic for question in questions for topic in question.spec.topics}
    for word, known, noun in (
        *((topic, topics, "topic") for topic in wanted.topics),
        *((kind, set(answers.names()), "kind of answer") for kind in wanted.kinds),
    ):
        if word not in known:
            raise Mistaken(
                [
                    Mistake(
                        str(bank.root),
                        0,
                        0,
                        f"no question has the {noun} '{word}'",
                        did_you_mean(word, known, "the output of: torchexam list"),
                    )
                ]
            )
    return [question for question in questions if wanted.takes(question)]


def listing(bank: Bank, wanted: Filter = EVERYTHING) -> list[dict[str, Any]]:
    """One row for each question that is wanted."""
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
        for question in chosen(bank, wanted)
    ]


def as_lines(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The rows as a table for a terminal."""
    header = ("question", "points", "variants", "parts", "topics")
    cells = [
        (row["id"], f"{row['points']:g}", _count(row["variants"]), _kinds(row["parts"]), ", ".join(row["topics"]))
        for row in rows
    ]
    widths = [max(len(line[column]) for line in (header, *cells)) for column in range(len(header))]
    for line in (header, *cells):
        fitted = [
            cell.rjust(width) if column in (1, 2) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(fitted).rstrip()


def _count(variants: int) -> str:
    return f"{variants:,}" if variants < 10**9 else f"10^{len(str(variants)) - 1}"


def _kinds(parts: Sequence[dict[str, Any]]) -> str:
    kinds = [part["kind"] for part in parts]
    return ", ".join(f"{kinds.count(kind)} {kind}" if kinds.count(kind) > 1 else kind for kind in dict.fromkeys(kinds))
