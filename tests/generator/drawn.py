"""Answers computed from a piece of YAML, as a question would."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generator import question, variant
from generator.answers import Answer
from generator.streams import Stream
from generator.variant import PartVariant, Variant

NETWORK = """network:
  input: [1, 9, 9]
  layers:
    a: Conv2d(1, 10, 3, padding=1)
    b: MaxPool2d(3)
    c: Flatten()
    d: Linear(90, 20)
"""


def vary(
    path: Path, answer: str, head: str = "", conventions: Mapping[str, str] | None = None, points: float = 2
) -> Variant:
    """A question of one part, drawn."""
    file = path / "question.yaml"
    text = f"title: A question\ntopics: [test]\n{head}parts:\n  - id: a\n    points: {points:g}\n    prompt: Answer.\n"
    file.write_text(f"{text}    answer: {answer}\n", "utf-8")
    return variant.vary(question.load(file, file.name), "secret", 0, conventions)


def part(path: Path, answer: str, head: str = "", points: float = 2) -> PartVariant:
    """The part of such a question."""
    return vary(path, answer, head, points=points).parts[0]


def answer_of(path: Path, answer: str, head: str = "", points: float = 2) -> Any:
    """The answer of such a question."""
    return part(path, answer, head, points).answer


def judges_itself(answer: Answer) -> bool:
    """Whether an answer marks the responses that it makes for itself as it should."""
    given = answer.responses()
    return (
        answer.mark(given.right).share == 1
        and (given.wrong is None or answer.mark(given.wrong).share < 1)
        and (given.unreadable is None or not answer.mark(given.unreadable).readable)
    )


def of_values(path: Path, values: Mapping[str, Any]) -> Variant:
    """The variant of a question file with chosen values."""
    loaded = question.load(path, path.name)
    return variant.of_values(loaded, loaded.space.complete(values), Stream("secret"), {})
