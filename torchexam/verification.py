"""Turn questions, exams or a whole bank into what was verified of them.

Questions are shared among processes. What was found of one is kept until the question, the code or a library changes.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator import exam as exam_room
from generator import prose, store
from generator import question as question_room
from generator.bank import EXAMS, Bank, shown_path
from generator.exam import ExamPlan
from generator.formulas import FormulaError
from generator.forward import one_thread
from generator.labor import Range, Spread
from generator.mistakes import Mistake, Mistaken, did_you_mean
from generator.question import Question, all_prose
from generator.variant import Variant, broken
from generator.verify import SOME, Draws, Failure, PartVerified, Verified, wanted_of
from torchexam import pools, workers
from torchexam.checks import load, root_of
from torchexam.crews import Crew
from torchexam.pools import PoolState

if TYPE_CHECKING:
    from renderers.compose import Audience
    from renderers.fit import Misfit

Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]
Conventions = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Subject:
    """A question to verify, under the conventions of an exam where it has any."""

    question: Question
    conventions: Conventions = ()
    exam: str = ""  # the file of the exam that has these conventions


@dataclass(frozen=True)
class Found:
    """What was verified of a subject."""

    subject: Subject
    verified: Verified

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """What failed, each with the command that shows it again."""
        return tuple(_with_command(self.subject, failure) for failure in self.verified.failures)


@dataclass(frozen=True)
class Verification:
    """What was verified: questions, the mistakes of files that could not be read, and frozen pools."""

    found: tuple[Found, ...]
    unread: tuple[Mistake, ...]
    pools: tuple[PoolState, ...]

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """Everything that failed, sorted by place."""
        failed = {mistake for found in self.found for mistake in found.mistakes}
        return tuple(sorted({*self.unread, *failed, *(mistake for pool in self.pools for mistake in pool.mistakes)}))


def verify(
    *paths: str | Path,
    bank: str | Path = "bank",
    draws: int = SOME,
    draw: str | None = None,
    output: str | Path = "output",
    jobs: int = 1,
    progress: Progress = lambda items, _count, _what: items,
) -> Verification:
    """Verify questions and exams, by file or id, or whole banks; by default the bank. Raises Mistaken and OSError.

    Of questions with more than 500 draws, `draws` are looked at. `draw` names a single one: its number, or
    `question:number` among several questions. In `output` are the builds whose copies a changed key touches.
    """
    targets = [_target(str(path), bank) for path in paths or (bank,)]
    subjects = list(
        {(s.question.source.path, s.conventions): s for target in targets for s in target.subjects}.values()
    )
    place = None
    if draw is not None:
        subjects, place = _only(subjects, draw)
    found = tuple(_found(subjects, draws, place, jobs, progress))
    unread = tuple(mistake for target in targets for mistake in target.mistakes)
    if place is not None:
        return Verification(found, unread, ())
    plans = {plan.source.path: (path, plan) for target in targets for path, plan in target.plans}
    states = progress((pools.state(*each, Path(output)) for each in plans.values()), len(plans), "looking at pools")
    return Verification(found, unread, tuple(state for state in states if state))


# ---- what is to be verified ----


@dataclass(frozen=True)
class _Target:
    subjects: Sequence[Subject]
    mistakes: Sequence[Mistake] = ()
    plans: Sequence[tuple[Path, ExamPlan]] = ()


def _target(name: str, bank: str | Path) -> _Target:
    """What a path, or the id of a question or an exam, stands for; raises Mistaken when there is none."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return _exam(path, load(root_of(path))) if path.parent.name == EXAMS else _question(path)
    if path.is_dir() or path == Path(bank):
        return _bank(load(path))
    whole = load(bank)
    if name in whole.questions:
        return _Target([Subject(whole.questions[name])])
    if name in whole.exams:
        return _exam(whole.exams[name], whole)
    if own := [mistake for mistake in whole.mistakes if Path(mistake.path).stem == name]:
        return _Target((), own)
    hint = did_you_mean(name, {*whole.questions, *whole.exams})
    raise Mistaken([Mistake(name, 0, 0, f"the bank has no question or exam '{name}'", hint)])


def _question(path: Path) -> _Target:
    try:
        return _Target([Subject(question_room.load(path, shown_path(path)))])
    except Mistaken as error:
        return _Target((), error.mistakes)


def _exam(path: Path, bank: Bank) -> _Target:
    """The questions of an exam, under its conventions."""
    try:
        plan = exam_room.load(path, bank)
    except Mistaken as error:
        return _Target((), error.mistakes)
    conventions = tuple(sorted(plan.spec.conventions.items()))
    exam = plan.source.path if conventions else ""
    subjects = [Subject(each, conventions, exam) for each in plan.questions.values()]
    return _Target(subjects, (), [(path, plan)])


def _bank(bank: Bank) -> _Target:
    """Every question, and the exams for their frozen pools."""
    exams = [_exam(path, bank) for path in bank.exams.values()]
    return _Target(
        [Subject(question) for _, question in sorted(bank.questions.items())],
        [*bank.mistakes, *(mistake for exam in exams for mistake in exam.mistakes)],
        [plan for exam in exams for plan in exam.plans],
    )


def _only(subjects: list[Subject], draw: str) -> tuple[list[Subject], int]:
    """The subject of a draw, and the draw's number; raises Mistaken."""
    name, _, number = draw.rpartition(":")
    named = [subject for subject in subjects if name in ("", subject.question.id)]
    if len(named) != 1:
        ids = {subject.question.id for subject in subjects}
        hint = did_you_mean(name, ids) if name else "name the question too, as in --draw question:7"
        raise Mistaken([Mistake(f"--draw {draw}", 0, 0, "this names no single question", hint)])
    size = named[0].question.space.size
    if not number.isdecimal() or int(number) >= size:
        message = f"{named[0].question.id} has the draws 0 to {size - 1:,}"
        raise Mistaken([Mistake(f"--draw {draw}", 0, 0, message)])
    return named, int(number)


# ---- verifying ----


def _found(
    subjects: Sequence[Subject], draws: int, place: int | None, jobs: int, progress: Progress
) -> Iterator[Found]:
    """What was verified of each subject: kept, or found now, the slowest first."""
    keys = [_key(subject, draws, place) for subject in subjects]
    kept = [_unpacked(store.read("verified", key), subject) for key, subject in zip(keys, subjects, strict=True)]
    waiting = sorted((n for n, one in enumerate(kept) if one is None), key=lambda n: -_effort(subjects[n].question))
    with Crew(min(jobs, len(waiting))) as crew:
        work = [(s.question.source.path, s.conventions, draws, place) for s in (subjects[n] for n in waiting)]
        fresh = progress(crew.each(verified, work), len(work), "verifying")
        for n, one in zip(waiting, fresh, strict=True):
            store.keep("verified", keys[n], _packed(one))
            kept[n] = one
    for subject, one in zip(subjects, kept, strict=True):
        assert one
        yield Found(subject, one)


def kept(question: Question, draws: int = SOME) -> Verified | None:
    """What was verified of a question before, or None when nothing was, or something changed since."""
    subject = Subject(question)
    return _unpacked(store.read("verified", _key(subject, draws, None)), subject)


def _effort(question: Question) -> int:
    """How long verifying takes, roughly: experiments most of all, then networks."""
    experiments = sum(len(part.evidence) for part in question.parts)
    draws = wanted_of(question, SOME)
    return 1000 * experiments + draws * (5 if question.network else 1) * len(question.parts)


def _key(subject: Subject, draws: int, place: int | None) -> str:
    """The hash of all that decides about what is found."""
    asked = repr((subject.conventions, wanted_of(subject.question, draws), place))
    return store.digest(subject.question.id, subject.question.sha256, asked, workers.own_code(), *pools.libraries())


def _packed(one: Verified) -> dict[str, Any]:
    return {**asdict(one), "path": ""}


def _unpacked(kept: Any, subject: Subject) -> Verified | None:
    """What was kept, or None when it was kept by something else."""
    path = subject.question.source.path
    try:
        parts = tuple(PartVerified(**{**part, "longest": tuple(part["longest"])}) for part in kept["parts"])
        failures = tuple(
            Failure(Mistake(**{**one["mistake"], "path": path}), one["draw"], one["often"]) for one in kept["failures"]
        )
        ranges = {measure: Range(**kept_range) for measure, kept_range in (kept["spread"] or {}).items()}
        spread = Spread(**ranges) if ranges else None
        return Verified(**{**kept, "path": path, "spread": spread, "parts": parts, "failures": failures})
    except (TypeError, KeyError):
        return None


def verified(file: str, conventions: Conventions, draws: int, place: int | None) -> Verified:
    """Verify a question: what is asked of it, and how it looks on paper."""
    from generator import verify as room

    question = question_room.load(Path(file), file)
    chosen = dict(conventions)
    asked = room.spread_out(question, draws, chosen) if place is None else room.one(question, place, chosen)
    with one_thread():
        return looked_at(question, asked)


def looked_at(question: Question, draws: Draws) -> Verified:
    """What was verified of these draws: answers, the formulas in their prose, and how the longest look on paper."""
    from generator import verify as room

    drawn: dict[int, Mapping[str, Any]] = {}

    def kept(number: int) -> Variant:
        variant = draws.draw(number)
        drawn[number] = variant.values
        return variant

    found = room.verify(question, replace(draws, draw=kept))
    found = replace(found, failures=(*found.failures, *_unset(question, drawn)))
    return laid_out(question, found, draws.draw)


def _unset(question: Question, drawn: Mapping[int, Mapping[str, Any]]) -> Iterator[Failure]:
    """Formulas of the prose that cannot be set, each with the first draw that shows it."""
    from renderers.math import MathError, typeset
    from renderers.prose import formulas

    texts = all_prose(question.spec, list(question.parts))
    written = [(path, *formula) for path, text, _ in texts for formula in formulas(text)]
    for path, latex, display in written:
        refused: dict[str, MathError | None] = {}  # numbers alone make no other formula
        failing = []
        for number, values in drawn.items():
            try:
                filled = prose.fill(latex, values)
            except FormulaError:  # it shows what an experiment found
                break
            if (shape := _NUMBER.sub("0", filled)) not in refused:
                refused[shape] = None
                try:
                    typeset(filled, display)
                except MathError as error:
                    refused[shape] = error
            if refusal := refused[shape]:
                failing.append((number, refusal))
        if failing:
            number, refusal = failing[0]
            said = FormulaError(str(refusal), latex, refusal.hint)
            yield Failure(broken(question, path, said, drawn[number]), number, len(failing))


_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def laid_out(question: Question, found: Verified, draw: Callable[[int], Variant]) -> Verified:
    """What was verified, and what cannot be read, or does not fit paper or key, in the draws with the most to print."""
    from renderers import fit
    from renderers.compose import compose_question
    from renderers.proof import proofread
    from torchexam.dollars import unpaired

    if found.draws == 0 or any(failure.draw is not None for failure in found.failures):
        return found  # what cannot be drawn or shown cannot be printed
    failures = [*found.failures, *map(Failure, unpaired(question))]
    stem = draw(found.stem)
    audiences: list[Audience] = ["students", "graders"]
    for place, audience in enumerate(audiences):
        longest = [part.longest[place] for part in found.parts]
        variants = [stem if number == found.stem else draw(number) for number in longest]
        try:
            with proofread([question]):
                misfits = list(fit.misfits(compose_question(stem, audience, variants)))
        except Mistaken as error:
            number = next((one.number for one in (stem, *variants) if not _can_be_set(one, audience)), stem.number)
            failures += [Failure(mistake, number, 1) for mistake in error.mistakes]
            continue
        failures += [_misfit(stem, variants, audience, misfit) for misfit in misfits]
    return replace(found, failures=tuple(dict.fromkeys(failures)))


def _can_be_set(variant: Variant, audience: Audience) -> bool:
    """Whether every formula on the paper of one draw can be set."""
    from renderers import fit
    from renderers.compose import compose_question
    from renderers.math import MathError

    try:
        list(fit.misfits(compose_question(variant, audience)))
    except MathError:
        return False
    return True


def _misfit(stem: Variant, variants: Sequence[Variant], audience: str, misfit: Misfit) -> Failure:
    """What does not fit, as a mistake at the stem or at the part that it is in."""
    place = misfit.part - 1
    variant = variants[place] if misfit.part else stem
    where = ("parts", place, "prompt" if misfit.asked else "answer") if misfit.part else ("stem",)
    what = f"part {variant.parts[place].id}" if misfit.part else "the stem"
    paper = "on paper" if audience == "students" else "in the key"
    refused = ValueError(f"{what}, {paper}: {misfit.says}")
    return Failure(broken(variant.question, where, refused, variant.values), variant.number, 1)


# ---- the command that shows it again ----


def _with_command(subject: Subject, failure: Failure) -> Mistake:
    mistake = failure.mistake
    often = f"{failure.often} draws fail here" if failure.often > 1 else ""
    return replace(
        mistake, hint="\n".join(filter(None, [mistake.hint, often, f"again with: {again(subject, failure)}"]))
    )


def again(subject: Subject, failure: Failure) -> str:
    """The command that shows a failure again."""
    if failure.draw is None:
        return shlex.join(["torchexam", "check", _argument(subject.question.source.path)])
    draw = f"{subject.question.id}:{failure.draw}" if subject.exam else str(failure.draw)
    return shlex.join(["torchexam", "verify", _argument(subject.exam or subject.question.source.path), "--draw", draw])


def _argument(path: str) -> str:
    """A path that is not taken for an option."""
    return f"./{path}" if path.startswith("-") else path
