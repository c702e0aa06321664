"""Turn an exam's frozen pool into what changed since it was frozen, and the copies of its build that this touches."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from generator import plugins, store
from generator import pool as pool_room
from generator.bank import sha256, shown_path
from generator.exam import ExamPlan
from generator.forward import one_thread
from generator.mistakes import Mistake, Mistaken
from generator.pool import Change, Pool
from generator.question import Question
from torchexam import workers

MOST_TOLD = 12  # variants of one part on a screen; JSON has all


@dataclass(frozen=True)
class Touched:
    """A change, and the copies of the exam's build that hold it."""

    change: Change
    copies: tuple[str, ...]


@dataclass(frozen=True)
class PoolState:
    """A frozen pool, and what it is not any more with the bank and PyTorch as they are now."""

    file: str
    exam: str
    variants: int  # of each question
    edited: tuple[str, ...]  # questions whose file changed, with the same papers and keys
    touched: tuple[Touched, ...]
    mistakes: tuple[Mistake, ...]


def state(path: Path, plan: ExamPlan, output: Path) -> PoolState | None:
    """What became of the pool of an exam file, or None where there is none."""
    file = pool_room.path_of(path)
    shown = shown_path(file)
    try:
        pool = pool_room.read(file, plan.id)
    except Mistaken as error:
        return PoolState(shown, plan.id, 0, (), (), error.mistakes)
    if pool is None:
        return None
    folder = output / plan.id
    built = _built(folder)
    touched = [Touched(change, _copies(built, pool, change)) for change in changes(pool, plan)]
    changed = {one.change.question for one in touched}
    known = {name: question for name, question in plan.questions.items() if name in pool.questions}
    edited = (name for name, question in known.items() if question.sha256 != pool.questions[name].sha256)
    missing = [
        plan.source.mistake(("sections",), f"the frozen pool has no question '{name}'", _again(pool))
        for name in plan.questions
        if name not in known
    ]
    return PoolState(
        shown,
        plan.id,
        pool.size,
        tuple(name for name in edited if name not in changed),
        tuple(touched),
        (*missing, *_mistakes(touched, pool, plan, folder)),
    )


def versions() -> dict[str, str]:
    """The versions that a pool remembers."""
    own = {name: version(name) for name in ("torchexam", "torch", "numpy")}
    return own | {"python": platform.python_version()} | plugins.versions()


def libraries() -> list[str]:
    """The versions that decide about answers and papers."""
    return [*versions().values(), version("weasyprint")]


# ---- what changed ----


def changes(pool: Pool, plan: ExamPlan) -> list[Change]:
    """What changed, kept until the pool, the bank, the code or a library does."""
    asked = (sha256(plan.questions), plan.source.text, workers.own_code(), *libraries())
    key = store.digest(pool_room.written(pool), *asked)
    kept = store.read("pools", key)
    try:
        return [Change(**one) for one in kept["changes"]]  # type: ignore[index] # whatever was kept
    except (TypeError, KeyError):
        pass
    conventions = plan.spec.conventions
    questions = [question for name, question in plan.questions.items() if name in pool.questions]
    with one_thread():
        found = [change for question in questions for change in pool_room.changes(pool, question, conventions)]
    store.keep("pools", key, {"changes": [asdict(change) for change in found]})
    return found


# ---- which copies that touches ----


def _built(folder: Path) -> Mapping[str, Any]:
    """The manifest of a finished build."""
    from torchexam.building import read_json

    return read_json(folder / "manifest.json")


def _copies(built: Mapping[str, Any], pool: Pool, change: Change) -> tuple[str, ...]:
    """The codes of the copies on which the changed variant stands."""
    frozen = next(one for one in pool.questions[change.question].variants if one.number == change.variant)
    try:
        return tuple(
            copy["code"]
            for copy in built.get("copies", ())
            if any(
                part["question"] == change.question
                and change.part in ("", part["part"])
                and part["variant"] == change.variant
                and part["values"] == frozen.values
                for part in copy["parts"]
            )
        )
    except (TypeError, KeyError):  # a manifest that is none of ours
        return ()


# ---- how it is told ----


def _mistakes(touched: Sequence[Touched], pool: Pool, plan: ExamPlan, folder: Path) -> Iterator[Mistake]:
    """One mistake for each part and kind of change, with its variants, their keys and copies."""
    groups: dict[tuple[str, str, str], list[Touched]] = {}
    for one in touched:
        groups.setdefault((one.change.question, one.change.part, one.change.what), []).append(one)
    for (question, part, what), some in groups.items():
        yield _mistake(plan.questions[question], part, what, some, pool, plan, folder)


_SAYS = {
    "key": "of {} frozen variants have another key now",
    "paper": "of {} frozen variants have another text now, with the same key",
    "draw": "of {} frozen variants are no draws of the question any more",
}


def _mistake(
    question: Question, part: str, what: str, some: Sequence[Touched], pool: Pool, plan: ExamPlan, folder: Path
) -> Mistake:
    placed = pool_room.mistake(question, some[0].change, pool)
    start = f"part {part}: " if part else ""
    message = f"{start}{len(some)} {_SAYS[what].format(len(pool.questions[question.id].variants))}"
    lines = [_line(one) for one in some[:MOST_TOLD]]
    if len(some) > MOST_TOLD:
        lines.append(f"and {len(some) - MOST_TOLD} more; --json tells all")
    if any(one.copies for one in some):
        lines.append(f"the copies are those in {folder}")
    return replace(placed, message=message, hint="\n".join([*lines, *_other_versions(pool), _again(pool)]))


def _line(one: Touched) -> str:
    change = one.change
    told = f"variant {change.variant}" + ("" if change.what == "paper" else f": {change.told}")
    if not one.copies:
        return told
    return f"{told}; {'copy' if len(one.copies) == 1 else 'copies'} {', '.join(one.copies)}"


def _other_versions(pool: Pool) -> Iterator[str]:
    here = versions()
    other = {name: (was, here.get(name, "none")) for name, was in pool.versions.items() if here.get(name) != was}
    if other:
        yield "frozen with " + ", ".join(f"{name} {was} (here {is_})" for name, (was, is_) in other.items())


def _again(pool: Pool) -> str:
    return f"if it should be so, {pool.again.splitlines()[-1]}"
