"""Turn a bank folder into questions, exam files and mistakes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from generator import question as question_room
from generator.mistakes import Mistake, Mistaken, did_you_mean
from generator.question import Question

EXAMS = "exams"  # the folder of a bank that holds exam files


@dataclass(frozen=True)
class Bank:
    """The questions that can be drawn, and the mistakes of those that cannot."""

    root: Path
    questions: Mapping[str, Question]
    exams: Mapping[str, Path]
    mistakes: tuple[Mistake, ...]

    def find(self, name: str) -> Question:
        """The question with this id or path; raises Mistaken when it is missing or has mistakes."""
        stem = Path(name).stem if name.endswith((".yaml", ".yml")) else name
        if stem in self.questions:
            return self.questions[stem]
        own = [mistake for mistake in self.mistakes if Path(mistake.path).stem == stem]
        if own:
            raise Mistaken(own)
        raise Mistaken([Mistake(name, 0, 0, f"the bank has no question '{stem}'", did_you_mean(stem, self.questions))])


def load(root: Path, only: frozenset[str] | None = None) -> Bank:
    """Read every question file below a folder (or only the questions with these ids)."""
    questions: dict[str, Question] = {}
    mistakes: list[Mistake] = []
    first: dict[str, str] = {}
    exams: dict[str, Path] = {}
    for path in files(root):
        if path.parent.name == EXAMS:
            if path.stem in exams:
                message = f"an exam '{path.stem}' is already in {shown_path(exams[path.stem])}"
                mistakes.append(Mistake(shown_path(path), 1, 1, message, "a file's name is the exam's id"))
            exams.setdefault(path.stem, path)
            continue
        if only is not None and path.stem not in only:
            continue
        shown = shown_path(path)
        if path.stem in first:
            message = f"a question '{path.stem}' is already in {first[path.stem]}"
            mistakes.append(
                Mistake(shown, 1, 1, message, "a file's name is the question's id, so each name comes once")
            )
            continue
        first[path.stem] = shown
        try:
            questions[path.stem] = question_room.load(path, shown)
        except Mistaken as error:
            mistakes += error.mistakes
    return Bank(root, questions, exams, tuple(sorted(set(mistakes))))


def files(root: Path) -> Iterator[Path]:
    """YAML files below a folder, sorted; hidden folders and links out of the bank are left alone."""
    whole = root.resolve()
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith((".", "_")))
        for name in sorted(names):
            path = Path(folder) / name
            if path.suffix in (".yaml", ".yml") and not name.startswith(".") and path.resolve().is_relative_to(whole):
                yield path


def shown_path(path: Path) -> str:
    """A path as messages show it: from the working folder where that is shorter."""
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(path)


def sha256(questions: Mapping[str, Question]) -> str:
    """The hash of questions, in the order of their ids."""
    whole = hashlib.sha256()
    for name in sorted(questions):
        whole.update(f"{name}\0{questions[name].sha256}\n".encode())
    return whole.hexdigest()
