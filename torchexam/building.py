"""Turn an exam file into a folder of papers and keys, one pair for each copy.

Everything is drawn, computed, shown to be true and laid out before the first paper is written. Papers are written into
a folder beside the one asked for, which takes its name when all of them are there; an interrupted build goes on there.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, get_args

from generator import exam as exam_room
from generator import plugins, store
from generator import pool as pool_room
from generator import variant as variant_room
from generator.bank import sha256, shown_path
from generator.exam import Exam, ExamPlan, Student
from generator.mistakes import Mistake, Mistaken
from generator.pool import Pool
from torchexam import workers
from torchexam.checks import load, root_of, tried
from torchexam.rosters import read_roster

Format = Literal["pdf", "html"]
FORMATS: tuple[Format, ...] = get_args(Format)
POOL = 12
ORDER = "order.json"
IN_ONE_PROCESS = 6  # copies; starting a second process costs as much as a few papers

Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]


@dataclass(frozen=True)
class Order:
    """What is to be built; the same order gives the same bytes."""

    bank: Path
    exam: Path
    students: tuple[Student | None, ...]  # one a copy
    secret: str
    pool: int | None
    formats: tuple[Format, ...]
    paper: Literal["letter", "a4"]
    large: bool
    frozen: str = ""  # the hash of the frozen pool that copies are dealt from
    mark: str = ""  # the hash of all this, the questions and the code: with another, a process must read them again


@dataclass(frozen=True)
class Built:
    """A finished build."""

    folder: Path
    manifest: dict[str, Any]
    written: int  # files written this time; 0 when everything was there


def build(
    exam: str | Path,
    bank: str | Path = "bank",
    *,
    copies: int = 1,
    roster: str | Path | None = None,
    seed: str | None = None,
    pool: int | None = None,
    to: Sequence[Format] = FORMATS,
    output: str | Path = "output",
    large: bool = False,
    paper: Literal["letter", "a4"] | None = None,
    jobs: int = 1,
    replace_other: bool = False,
    progress: Progress = lambda items, _count, _what: items,
) -> Built:
    """Build an exam, or finish a build that was interrupted; raises Mistaken and OSError.

    Without a seed a secret one is made and stored in the manifest. A folder that holds another build is left alone
    unless `replace_other`. Where the exam has a frozen pool, its variants are dealt and no others: all of them, or the
    first `pool`; without one, `pool` new ones, 12 by default.
    """
    whole = load(bank_of(exam, bank))
    path = exam_room.find(str(exam), whole)
    plan = exam_room.load(path, whole)
    students = read_roster(Path(roster)) if roster else (None,) * copies
    frozen = pool_room.read(pool_room.path_of(path), plan.id)
    order = Order(whole.root, path, students, seed or "", _size(pool, frozen, path), tuple(to),
                  paper or plan.spec.paper, large, _frozen_hash(frozen))  # fmt: skip
    folder, working = Path(output) / plan.id, Path(output) / f".{plan.id}.building"
    mark = _fingerprint(order, plan)
    if (finished := _finished(folder, mark, seed)) is not None:
        return Built(folder, finished, 0)
    if folder.exists() and not replace_other:
        hint = "choose another folder with --output, or let this build take its place with --replace"
        raise Mistaken([Mistake(str(folder), 0, 0, "this folder holds another build", hint)])
    order = replace(order, secret=_secret(working, mark, seed), mark=mark)
    _try_out(plan, progress, jobs)
    written = _write(order, plan, working, mark, progress, jobs)
    manifest = json.loads((working / "manifest.json").read_text("utf-8"))
    _take_place(working, folder)
    return Built(folder, manifest, written)


def _size(pool: int | None, frozen: Pool | None, exam: Path) -> int:
    """How many variants are dealt; raises Mistaken when the frozen pool has fewer."""
    if frozen is None:
        return pool or POOL
    if pool and pool > frozen.size:
        message = f"this frozen pool has {frozen.size} variants of each question, not {pool}"
        hint = "leave --pool out, or freeze a larger one with: torchexam freeze"
        raise Mistaken([Mistake(shown_path(pool_room.path_of(exam)), 0, 0, message, hint)])
    return pool or frozen.size


def _frozen_hash(frozen: Pool | None) -> str:
    """The hash of a pool's file, as `torchexam freeze` writes it."""
    return hashlib.sha256(pool_room.written(frozen)).hexdigest() if frozen else ""


def bank_of(exam: str | Path, bank: str | Path) -> Path:
    """An exam file outside the bank that was named belongs to the bank around it."""
    path = Path(exam)
    if path.suffix in (".yaml", ".yml") and path.is_file() and not path.resolve().is_relative_to(Path(bank).resolve()):
        return root_of(path)
    return Path(bank)


# ---- what was asked for before ----


def _fingerprint(order: Order, plan: ExamPlan) -> str:
    """The hash of all that decides about the bytes, the secret aside."""
    asked = {**asdict(order), "bank": sha256(plan.questions), "exam": plan.source.text, "secret": "", "id": plan.id}
    return store.digest(json.dumps(asked, sort_keys=True), json.dumps(versions(), sort_keys=True), workers.own_code())


def versions() -> dict[str, str]:
    """The versions that decide about the bytes."""
    names = ("torchexam", "torch", "weasyprint", "matplotlib", "pikepdf")
    return {name: version(name) for name in names} | plugins.versions()


def _finished(folder: Path, mark: str, seed: str | None) -> dict[str, Any] | None:
    """The manifest of a finished build of the same order, if the folder holds one."""
    manifest = read_json(folder / "manifest.json")
    same = manifest.get("fingerprint") == mark and seed in (None, manifest.get("secret"))
    return manifest if same and all((folder / name).is_file() for name in manifest["files"]) else None


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object that we wrote, or an empty one where there is none, or something else."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _secret(working: Path, mark: str, seed: str | None) -> str:
    """The secret of this build: that which was asked for, that of an interrupted build, or a new one."""
    begun = read_json(working / ORDER)
    if begun.get("fingerprint") == mark and seed in (None, begun.get("secret")):
        return str(begun["secret"])
    return seed or secrets.token_hex(8)


def _try_out(plan: ExamPlan, progress: Progress, jobs: int) -> None:
    def watch(found: Iterable[Any], count: int) -> Iterable[Any]:
        return progress(found, count, "checking questions")

    if mistakes := tried(list(plan.questions.values()), watch, jobs):
        raise Mistaken(mistakes)


# ---- drawing, laying out, writing ----


def _write(order: Order, plan: ExamPlan, working: Path, mark: str, progress: Progress, jobs: int) -> int:
    numbers = range(len(order.students))
    jobs = jobs if len(numbers) > IN_ONE_PROCESS else 1
    with workers.Crew(jobs) as crew:
        measured = crew.each(workers.measured, [(order, number) for number in numbers])
        heights = list(progress(measured, len(numbers), "drawing and laying out"))
        plans = workers.settle(heights)
        _begin(working, mark, order.secret)
        waiting = [number for number in numbers if not _record(working, number).is_file()]
        written = 0
        printed = crew.each(workers.printed, [(order, number, plans[number]) for number in waiting])
        for number, files, record in progress(printed, len(waiting), "printing"):
            for name, data in files.items():
                store.write_whole(working / name, data)
            written += len(files)
            store.write_whole(_record(working, number), json.dumps(record).encode())
    from torchexam import summary

    records = [json.loads(_record(working, number).read_text("utf-8")) for number in numbers]
    common = summary.write(working, order, plan, records, mark, versions())
    return written + common


def _begin(working: Path, mark: str, secret: str) -> None:
    """Make the working folder, or keep what an interrupted build of the same order left in it."""
    begun = {"fingerprint": mark, "secret": secret}
    if read_json(working / ORDER) == begun:
        return
    if working.exists():
        shutil.rmtree(working)
    store.write_whole(working / ORDER, json.dumps(begun).encode())


def _record(working: Path, number: int) -> Path:
    """What the manifest will say of a copy; it is written last, so where it is the copy is whole."""
    return working / "records" / f"{number}.json"


def _take_place(working: Path, folder: Path) -> None:
    """Give the finished folder its name; what had it before goes only now."""
    shutil.rmtree(working / "records")
    (working / ORDER).unlink()
    if folder.exists():
        old = folder.with_name(f".{folder.name}.replaced")
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
        working.rename(folder)
        shutil.rmtree(old)
    else:
        working.rename(folder)


def copy_of(order: Order, plan: ExamPlan, number: int) -> Exam:
    """One copy of an order, with its evidence shown to be true; raises Mistaken."""
    count = len(order.students)
    exam = exam_room.assemble(plan, order.secret, number, count, order.pool, order.students[number], frozen_of(order))
    for part in exam.parts:
        variant_room.evidence(part.variant, part.part)
    return exam


def plan_of(order: Order) -> ExamPlan:
    """Read the exam of an order again, as a worker does."""
    return exam_room.load(order.exam, load(order.bank))


@lru_cache(maxsize=1)
def frozen_of(order: Order) -> Pool | None:
    """The frozen pool of an order, read again as a worker does; raises Mistaken when it is another by now."""
    if not order.frozen:
        return None
    path = pool_room.path_of(order.exam)
    found = pool_room.read(path, order.exam.stem)
    if _frozen_hash(found) != order.frozen:
        raise Mistaken([Mistake(shown_path(path), 0, 0, "this frozen pool changed while papers were made")])
    return found
