"""Turn an exam into a frozen pool of verified variants, in a file next to it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from generator import exam as exam_room
from generator import pool as pool_room
from generator import question as question_room
from generator import store
from generator.bank import shown_path
from generator.exam import ExamPlan
from generator.forward import one_thread
from generator.mistakes import Mistake, Mistaken
from generator.pool import FrozenQuestion, Pool
from generator.verify import Failure
from torchexam import pools
from torchexam.building import POOL, bank_of
from torchexam.checks import load
from torchexam.crews import Crew
from torchexam.verification import Conventions, looked_at

Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]


@dataclass(frozen=True)
class Frozen:
    """A frozen pool and its file."""

    path: Path
    pool: Pool
    written: bool  # whether the file was not there before


def freeze(
    exam: str | Path,
    bank: str | Path = "bank",
    *,
    pool: int = POOL,
    seed: str | None = None,
    jobs: int = 1,
    replace_other: bool = False,
    progress: Progress = lambda items, _count, _what: items,
) -> Frozen:
    """Verify the first `pool` variants of each question of an exam, with all of their evidence, and freeze them.

    The build of the exam then deals from these. Without a seed a secret one is made. Raises Mistaken when anything
    fails, or when the exam has another pool already, unless `replace_other`; and OSError.
    """
    whole = load(bank_of(exam, bank))
    path = exam_room.find(str(exam), whole)
    plan = exam_room.load(path, whole)
    file = pool_room.path_of(path)
    if file.exists() and not replace_other:
        found = pool_room.read(file, plan.id)
        if found and _is_same(found, plan, pool, seed):
            return Frozen(file, found, written=False)
        hint = "let another take its place with --replace; keep the old one if papers were printed from it"
        raise Mistaken([Mistake(shown_path(file), 0, 0, "this exam has a frozen pool", hint)])
    secret = seed or secrets.token_hex(8)
    again = pool_room.freezing(str(path), pool, secret, replace=replace_other)
    made = Pool(format=1, exam=plan.id, seed=secret, versions=pools.versions(),
                questions=_questions(plan, secret, pool, again, jobs, progress))  # fmt: skip
    store.write_whole(file, pool_room.written(made))
    return Frozen(file, made, written=True)


def _is_same(found: Pool, plan: ExamPlan, size: int, seed: str | None) -> bool:
    """Whether a pool is what would be frozen now."""
    questions = {name: question.sha256 for name, question in plan.questions.items()}
    frozen = {name: question.sha256 for name, question in found.questions.items()}
    asked = (size, seed or found.seed, questions, pools.versions())
    return asked == (found.size, found.seed, frozen, found.versions) and not pools.changes(found, plan)


def _questions(
    plan: ExamPlan, seed: str, size: int, again: str, jobs: int, progress: Progress
) -> dict[str, FrozenQuestion]:
    """Each question, verified and frozen; raises Mistaken with all that failed."""
    conventions = tuple(sorted(plan.spec.conventions.items()))
    work = [(question.source.path, conventions, seed, size) for question in plan.questions.values()]
    questions, failures = {}, list[Failure]()
    with Crew(min(jobs, len(work))) as crew:
        done = progress(crew.each(frozen_variants, work), len(work), "verifying")
        for name, (failed, frozen) in zip(plan.questions, done, strict=True):
            failures += failed
            if frozen is not None:
                questions[name] = FrozenQuestion.model_validate(frozen)
    if failures:
        raise Mistaken(
            [replace(one.mistake, hint=f"{one.mistake.hint}\nagain with: {again}".strip()) for one in failures]
        )
    return questions


def frozen_variants(
    file: str, conventions: Conventions, seed: str, size: int
) -> tuple[tuple[Failure, ...], dict[str, Any] | None]:
    """What failed of a question's variants, or the variants as plain data."""
    from generator import verify as room

    question = question_room.load(Path(file), file)
    draws = room.dealt(question, seed, size, dict(conventions))
    with one_thread():
        found = looked_at(question, draws)
        if found.failures:
            return found.failures, None
        return (), pool_room.freeze(question, seed, size, dict(conventions)).model_dump()
