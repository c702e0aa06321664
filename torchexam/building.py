"""Turn an exam file into a folder of papers and keys, one pair for each copy.

Everything is drawn, computed, shown to be true and laid out before the first paper is written. Papers are written into
a folder beside the one asked for, which takes its name when all of them are there; an interrupted build goes on there.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from generator import exam as exam_room
from generator import plugins, store
from generator import pool as pool_room
from generator.bank import sha256, shown_path
from generator.exam import ExamPlan, Student
from generator.mistakes import Mistake, Mistaken, did_you_mean
from generator.pool import Pool
from torchexam import workers
from torchexam.checks import load, root_of, tried
from torchexam.crews import Crew
from torchexam.orders import FORMATS, Format, Order, frozen_of, hash_of
from torchexam.printing import student_of
from torchexam.records import Records
from torchexam.rosters import read_roster
from torchexam.shelf import ORDER, read_json
from torchexam.stages import Request, run

__all__ = ["FORMATS", "Built", "Format", "Order", "bank_of", "build", "frozen_of", "read_json", "read_roster"]

POOL = 12
COPIES = b' "copies": ['  # how that line of a manifest begins
IN_ONE_PROCESS = 6  # copies; starting a second process costs as much as a few papers

Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]


@dataclass(frozen=True)
class Built:
    """A finished build."""

    folder: Path
    head: dict[str, Any]  # the manifest, but for its copies
    written: int  # files written this time; 0 when everything was there

    @property
    def manifest(self) -> dict[str, Any]:
        """The whole manifest; that of ten thousand copies takes a gigabyte of memory."""
        return read_json(self.folder / "manifest.json")


def build(
    exam: str | Path,
    bank: str | Path = "bank",
    *,
    copies: int = 1,
    roster: str | Path | None = None,
    spare: int = 0,
    seed: str | None = None,
    pool: int | None = None,
    unique: bool = False,
    to: Sequence[Format] = FORMATS,
    output: str | Path = "output",
    large: bool = False,
    paper: Literal["letter", "a4"] | None = None,
    by_seat: bool = False,
    password: str = "",
    jobs: int = 1,
    scheduler: str = "",
    replace_other: bool = False,
    progress: Progress = lambda items, _count, _what: items,
) -> Built:
    """Build an exam, or finish a build that was interrupted; raises Mistaken, OSError and crews.Lost.

    Without a seed a secret one is made and stored in the manifest. A folder that holds another build is left alone
    unless `replace_other`. Where the exam has a frozen pool, its variants are dealt and no others: all of them, or the
    first `pool`; without one, `pool` new ones, 12 by default, or with `unique` new ones for each copy. A roster gives
    one copy to each student, and `spare` more to nobody. With a password, keys are encrypted, and only PDF.
    """
    whole = load(bank_of(exam, bank))
    path = exam_room.find(str(exam), whole)
    plan = exam_room.load(path, whole)
    students: tuple[Student | None, ...] = read_roster(Path(roster)) if roster else (None,) * copies
    request = Request((*students, *(None,) * spare), tuple(to), large, password)
    frozen = pool_room.read(pool_room.path_of(path), plan.id)
    folder, working = Path(output) / plan.id, Path(output) / f".{plan.id}.building"
    size = _size(pool, unique, frozen, path)
    order = Order(whole.root.resolve(), path.resolve(), len(request.students), seed or "", size, request.all_formats,
                  paper or plan.spec.paper, hash_of(frozen), folder=working.resolve(), plan=plan)  # fmt: skip
    mark = _fingerprint(order, request, plan, by_seat)
    if (finished := _finished(folder, mark, seed, password, replace_other)) is not None:
        return Built(folder, finished, 0)
    _try_out(plan, progress, jobs)
    with _alone(folder):
        if (finished := _finished(folder, mark, seed, password, replace_other)) is not None:  # by another one, just now
            return Built(folder, finished, 0)
        order = replace(order, secret=_secret(working, mark, seed), mark=mark, run=secrets.token_hex(8))
        written = _write(
            order, plan, request, by_seat, Crew(jobs if order.copies > IN_ONE_PROCESS else 1, scheduler), progress
        )
        _take_place(working, folder)
        return Built(folder, head_of(folder), written)


def _write(order: Order, plan: ExamPlan, request: Request, by_seat: bool, crew: Crew, progress: Progress) -> int:
    """Write every file into the working folder; returns how many there are. A mistake leaves nothing."""
    from torchexam import summary

    _begin(order, request.password)
    try:
        with crew:
            outcome = run(order, plan, request, crew, progress)
        return summary.write(order, plan, request, outcome, by_seat)
    except Mistaken:
        shutil.rmtree(order.folder, ignore_errors=True)
        raise


def _size(pool: int | None, unique: bool, frozen: Pool | None, exam: Path) -> int | None:
    """How many variants are dealt, or None for as many as there are copies; raises Mistaken."""
    if frozen is None:
        return None if unique else pool or POOL
    told = shown_path(pool_room.path_of(exam))
    if unique:
        hint = "leave --unique out, or move the pool away"
        raise Mistaken([Mistake(told, 0, 0, "this exam deals from a frozen pool, so copies share variants", hint)])
    if pool and pool > frozen.size:
        message = f"this frozen pool has {frozen.size} variants of each question, not {pool}"
        hint = "leave --pool out, or freeze a larger one with: torchexam freeze"
        raise Mistaken([Mistake(told, 0, 0, message, hint)])
    return pool or frozen.size


def bank_of(exam: str | Path, bank: str | Path) -> Path:
    """An exam file outside the bank that was named belongs to the bank around it."""
    path = Path(exam)
    if path.suffix in (".yaml", ".yml") and path.is_file() and not path.resolve().is_relative_to(Path(bank).resolve()):
        return root_of(path)
    return Path(bank)


class _alone:  # noqa: N801  # reads as what it does: with _alone(folder)
    """While one build writes into a folder, another one that would is told so; raises Mistaken.

    The lock is the operating system's, so that a build that was killed leaves none behind.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made = [] if folder.parent.exists() else [folder.parent]
        self.lock = FileLock(folder.parent / f".{folder.name}.lock")

    def __enter__(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.lock.acquire(timeout=0)
        except Timeout:
            hint = "wait until it is done, or choose another folder with --output"
            raise Mistaken([Mistake(str(self.folder), 0, 0, "another build is writing this folder", hint)]) from None

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            Path(self.lock.lock_file).unlink(missing_ok=True)
        self.lock.release()
        for folder in self.made:
            with suppress(OSError):  # it stays when anything was written into it
                folder.rmdir()


# ---- what was asked for before ----


def _fingerprint(order: Order, request: Request, plan: ExamPlan, by_seat: bool) -> str:
    """The hash of all that decides about the bytes, the secret aside."""
    asked = {
        **asdict(replace(order, plan=None)),
        "questions": sha256(plan.questions),
        "text": plan.source.text,
        "secret": "",
        "id": plan.id,
    }
    for name in ("folder", "bank", "exam", "run", "plan"):
        del asked[name]
    told = (
        json.dumps(asked, sort_keys=True),
        repr((request.students, request.formats, request.large, bool(request.password), by_seat)),
    )
    return store.digest(*told, json.dumps(versions(), sort_keys=True), workers.own_code())


def versions() -> dict[str, str]:
    """The versions that decide about the bytes."""
    names = ("torchexam", "torch", "weasyprint", "matplotlib", "pikepdf", "segno")
    return {name: version(name) for name in names} | plugins.versions()


def _finished(folder: Path, mark: str, seed: str | None, password: str, replace_other: bool) -> dict[str, Any] | None:
    """The head of the manifest of a finished build of the same order, if the folder holds one.

    Raises Mistaken when it holds something else that may not be replaced.
    """
    head = head_of(folder)
    same = head.get("fingerprint") == mark and seed in (None, head.get("secret"))
    if same and all((folder / name).is_file() for name in head["files"]) and _opens(folder, head, password):
        return head
    if folder.exists() and not replace_other:
        hint = "choose another folder with --output, or let this build take its place with --replace"
        raise Mistaken([Mistake(str(folder), 0, 0, "this folder holds another build", hint)])
    return None


def _opens(folder: Path, head: Mapping[str, Any], password: str) -> bool:
    """Whether the keys of a finished build have this password."""
    key = next((folder / name for name in head["files"] if name.endswith("/key.pdf")), None)
    if not password or key is None:
        return True
    import pikepdf

    try:
        pikepdf.open(key, password=password).close()
    except pikepdf.PasswordError:
        return False
    return True


def head_of(folder: Path) -> dict[str, Any]:
    """The manifest of a finished build but for its copies, which stand last; empty where there is none."""
    text = b""
    try:
        with (folder / "manifest.json").open("rb") as file:
            for line in file:
                if line.startswith(COPIES):
                    return dict(json.loads(text.rstrip(b",\n") + b"}"))
                text += line
    except (OSError, ValueError, RecursionError):
        pass
    return {}


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


def _begin(order: Order, password: str) -> None:
    """Make the working folder, or keep what an interrupted build of the same order left in it.

    Files do not wait for the disk, so what is left from before a restart of the machine may be there in part: all of it
    is made again. So it is where keys are to have another password.
    """
    working = order.folder
    begun = {"fingerprint": order.mark, "secret": order.secret, "boot": store.boot(), "lock": _trace(order, password)}
    if read_json(working / ORDER) == begun:
        return
    if working.exists():
        shutil.rmtree(working)
    store.write_whole(working / ORDER, json.dumps(begun).encode())


def _trace(order: Order, password: str) -> str:
    """What tells one password from another, and takes long to guess it from."""
    if not password:
        return ""
    salt = f"{order.mark}{order.secret}".encode()
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1).hex()


_STAGES = ("made", "drawn", "laid", "leaves", "pictures", "roomed", "rooms", "fronts", "records")


def _take_place(working: Path, folder: Path) -> None:
    """Give the finished folder its name; what had it before goes only now."""
    for name in _STAGES:
        shutil.rmtree(working / name, ignore_errors=True)
    for name in (ORDER, "shared", "shared-large"):
        (working / name).unlink(missing_ok=True)
    for left in working.rglob(".*.part"):  # by a process that was killed while it wrote
        left.unlink()
    if hasattr(os, "sync"):
        os.sync()  # papers were written without waiting for the disk, one by one
    if folder.exists():
        old = folder.with_name(f".{folder.name}.replaced")
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
        working.rename(folder)
        shutil.rmtree(old)
    else:
        working.rename(folder)


# ---- one copy again ----


def build_again(
    exam: str | Path,
    code: str,
    bank: str | Path = "bank",
    *,
    output: str | Path = "output",
    password: str = "",
    jobs: int = 1,
    progress: Progress = lambda items, _count, _what: items,
) -> Built:
    """Make the files of one copy of a finished build again, the same bytes, from what its manifest says.

    Raises Mistaken when there is no such build or copy, or when the bank or the code is another by now.
    """
    whole = load(bank_of(exam, bank))
    path = exam_room.find(str(exam), whole)
    plan = exam_room.load(path, whole)
    folder, working = Path(output) / plan.id, Path(output) / f".{plan.id}.{code}.building"
    manifest = read_json(folder / "manifest.json")
    if "options" not in manifest:
        hint = "name the folder that it is in with --output"
        raise Mistaken([Mistake(str(folder), 0, 0, "there is no finished build in this folder", hint)])
    _known_code(code, [copy["code"] for copy in manifest["copies"]])
    options = manifest["options"]
    students = tuple(student_of(copy["student"]) for copy in manifest["copies"])
    locked = password if options["locked"] else ""
    request = Request(students, tuple(options["to"]), options["large"], locked, only=code)
    if options["locked"] and not password:
        hint = "name the file with the password: --keys-password FILE"
        raise Mistaken([Mistake(f"--only {code}", 0, 0, "the keys of this build are encrypted", hint)])
    frozen = pool_room.read(pool_room.path_of(path), plan.id)
    order = Order(
        whole.root.resolve(),
        path.resolve(),
        len(students),
        manifest["secret"],
        manifest["pool"],
        request.all_formats,
        manifest["paper"],
        hash_of(frozen),
        folder=working.resolve(),
        plan=plan,
    )
    mark = _fingerprint(order, request, plan, options["by_seat"])
    if mark != manifest["fingerprint"]:
        hint = "the manifest names the versions it was built with, and the hash of its questions"
        raise Mistaken([Mistake(str(folder), 0, 0, "the bank, the exam or torchexam changed since this build", hint)])
    with _alone(folder):
        order = replace(order, mark=mark, run=secrets.token_hex(8))
        _begin(order, locked)
        with Crew(jobs) as crew:
            outcome = run(order, plan, request, crew, progress)
        (record,) = Records(working, outcome.records)
        for name in record["files"]:
            store.write_whole(folder / name, (working / name).read_bytes())
        shutil.rmtree(working)
    return Built(folder, head_of(folder), len(record["files"]))


def _known_code(code: str, codes: Sequence[str]) -> None:
    """Raise Mistaken when no copy has this code."""
    if code not in codes:
        raise Mistaken([Mistake(f"--only {code}", 0, 0, f"no copy has the code '{code}'", did_you_mean(code, codes))])
