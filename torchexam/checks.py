"""Turn a bank into all its mistakes: those of the files, those that only running PyTorch shows, those of exams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from generator import bank as bank_room
from generator import exam as exam_room
from generator import pool as pool_room
from generator import question as question_room
from generator import store
from generator.bank import EXAMS, Bank, shown_path
from generator.mistakes import Mistake, Mistaken
from generator.question import Question
from torchexam import workers
from torchexam.crews import Crew

Watch = Callable[[Iterable[Any], int], Iterable[Any]]
FEW = 4  # questions that one process tries out sooner than a second one starts


def load(folder: str | Path) -> Bank:
    """Read a bank folder into questions, exams and mistakes; raises Mistaken when there is no such folder."""
    root = Path(folder)
    if not root.is_dir():
        hint = "name a folder with question files, or make one with: torchexam new my-course"
        raise Mistaken([Mistake(str(folder), 0, 0, "there is no such bank folder", hint)])
    return bank_room.load(root)


def check(path: str | Path, watch: Watch = lambda questions, _count: questions, jobs: int = 1) -> tuple[Mistake, ...]:
    """Every mistake of a bank folder, a question file or an exam file, sorted by place; empty when all is well.

    `watch` is given what comes of each question that PyTorch must run, for a progress bar.
    """
    path = Path(path)
    if path.suffix not in (".yaml", ".yml"):
        return of_bank(load(path), watch, jobs)
    if path.parent.name == EXAMS:
        return of_exam(path, load(root_of(path)), watch, jobs)
    try:
        question = question_room.load(path, shown_path(path))
    except Mistaken as error:
        return tuple(sorted(set(error.mistakes)))
    return tried([question], watch)


def of_bank(bank: Bank, watch: Watch, jobs: int = 1) -> tuple[Mistake, ...]:
    """Every mistake of a bank that was loaded."""
    mistakes = {*bank.mistakes, *tried(list(bank.questions.values()), watch, jobs)}
    for path in bank.exams.values():
        mistakes |= set(_exam_file(path, bank))
    return tuple(sorted(mistakes))


def of_exam(path: Path, bank: Bank, watch: Watch, jobs: int = 1) -> tuple[Mistake, ...]:
    """Every mistake of an exam file and of the questions that it names."""
    try:
        plan = exam_room.load(path, bank)
    except Mistaken as error:
        return tuple(sorted(set(error.mistakes)))
    return tuple(sorted({*tried(list(plan.questions.values()), watch, jobs), *_pool(path)}))


def _exam_file(path: Path, bank: Bank) -> tuple[Mistake, ...]:
    try:
        exam_room.load(path, bank)
    except Mistaken as error:
        return error.mistakes
    return _pool(path)


def _pool(exam: Path) -> tuple[Mistake, ...]:
    """What is wrong with the file of an exam's frozen pool."""
    try:
        pool_room.read(pool_room.path_of(exam), exam.stem)
    except Mistaken as error:
        return error.mistakes
    return ()


def tried(questions: Sequence[Question], watch: Watch, jobs: int = 1) -> tuple[Mistake, ...]:
    """What only running the questions shows: kept from before, or found now, in several processes where that pays."""
    before = [kept(question) for question in questions]
    fresh = [question for question, found in zip(questions, before, strict=True) if found is None]
    mistakes = {mistake for found in before for mistake in found or ()}
    with Crew(jobs if len(fresh) > FEW else 1) as crew:
        if crew.jobs > 1:
            found_now = crew.each(_read_and_tried, [(question.source.path,) for question in fresh])
        else:
            found_now = map(_tried, fresh)
        for found in watch(found_now, len(fresh)):
            mistakes |= set(found)
    return tuple(sorted(mistakes))


def kept(question: Question) -> tuple[Mistake, ...] | None:
    """What was found before, or None when the question must be run."""
    from generator import trial

    run, proofs = trial.kept(question), store.read("proofs", _proof_key(question))
    return None if run is None or proofs is None else (*run, *_unpacked(question, proofs))


def _read_and_tried(path: str) -> tuple[Mistake, ...]:
    """Read a question again in a process of its own, and try it out."""
    return _tried(question_room.load(Path(path), path))


def _tried(question: Question) -> tuple[Mistake, ...]:
    """What running a question, reading its prose and setting its formulas shows."""
    from generator import trial
    from renderers.proof import proof
    from torchexam.dollars import unpaired

    run = trial.out(question)
    found = [*proof(question), *unpaired(question)]
    proofs = [[m.line, m.column, m.message, m.hint, m.excerpt, m.width] for m in found]
    store.keep("proofs", _proof_key(question), proofs)
    return (*run, *_unpacked(question, proofs))


def _proof_key(question: Question) -> str:
    return store.digest(question.id, question.sha256, workers.own_code())


def _unpacked(question: Question, proofs: list[list[Any]]) -> Iterator[Mistake]:
    return (Mistake(question.source.path, *fields) for fields in proofs)


def root_of(path: Path) -> Path:
    """The bank that a file belongs to: the nearest folder above it that has an exams folder or is called bank."""
    for folder in path.resolve().parents:
        if folder.name == "bank" or (folder / EXAMS).is_dir():
            return folder
    return path.parent
