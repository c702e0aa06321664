"""Turn a bank into all its mistakes: those of the files, those that only running PyTorch shows, those of exams."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from generator import bank as bank_room
from generator import exam as exam_room
from generator import question as question_room
from generator import store
from generator.bank import EXAMS, Bank, shown_path
from generator.mistakes import Mistake, Mistaken
from generator.question import Question
from torchexam import workers

Watch = Callable[[Iterable[Question], int], Iterable[Question]]


def load(folder: str | Path) -> Bank:
    """Read a bank folder into questions, exams and mistakes; raises Mistaken when there is no such folder."""
    root = Path(folder)
    if not root.is_dir():
        hint = "name a folder with question files, or make one with: torchexam new my-course"
        raise Mistaken([Mistake(str(folder), 0, 0, "there is no such bank folder", hint)])
    return bank_room.load(root)


def check(path: str | Path, watch: Watch = lambda questions, _count: questions) -> tuple[Mistake, ...]:
    """Every mistake of a bank folder, a question file or an exam file, sorted by place; empty when all is well.

    `watch` is given the questions on their way through PyTorch, for a progress bar.
    """
    path = Path(path)
    if path.suffix not in (".yaml", ".yml"):
        return of_bank(load(path), watch)
    if path.parent.name == EXAMS:
        return of_exam(path, load(root_of(path)), watch)
    try:
        question = question_room.load(path, shown_path(path))
    except Mistaken as error:
        return tuple(sorted(set(error.mistakes)))
    return tried([question], watch)


def of_bank(bank: Bank, watch: Watch) -> tuple[Mistake, ...]:
    """Every mistake of a bank that was loaded."""
    mistakes = {*bank.mistakes, *tried(list(bank.questions.values()), watch)}
    for path in bank.exams.values():
        mistakes |= set(_exam_file(path, bank))
    return tuple(sorted(mistakes))


def of_exam(path: Path, bank: Bank, watch: Watch) -> tuple[Mistake, ...]:
    """Every mistake of an exam file and of the questions that it names."""
    try:
        plan = exam_room.load(path, bank)
    except Mistaken as error:
        return tuple(sorted(set(error.mistakes)))
    return tried(list(plan.questions.values()), watch)


def _exam_file(path: Path, bank: Bank) -> tuple[Mistake, ...]:
    try:
        exam_room.load(path, bank)
    except Mistaken as error:
        return error.mistakes
    return ()


def tried(questions: list[Question], watch: Watch) -> tuple[Mistake, ...]:
    """What only running the questions shows."""
    from generator import trial

    mistakes: set[Mistake] = set()
    for question in watch(questions, len(questions)):
        mistakes |= {*trial.out(question), *_proofs(question)}
    return tuple(sorted(mistakes))


def _proofs(question: Question) -> tuple[Mistake, ...]:
    """What only setting the formulas shows, kept until the question or the code changes."""
    key = store.digest(question.id, question.sha256, workers.own_code())
    kept = store.read("proofs", key)
    if kept is None:
        from renderers.proof import proof

        kept = [[m.line, m.column, m.message, m.hint, m.excerpt, m.width] for m in proof(question)]
        store.keep("proofs", key, kept)
    return tuple(Mistake(question.source.path, *fields) for fields in kept)


def root_of(path: Path) -> Path:
    """The bank that a file belongs to: the nearest folder above it that has an exams folder or is called bank."""
    for folder in path.resolve().parents:
        if folder.name == "bank" or (folder / EXAMS).is_dir():
            return folder
    return path.parent
