"""Turn the files of the bank into what pages list of it, kept until a file changes; the files are the only truth."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generator import bank as bank_room
from generator.bank import EXAMS, shown_path
from generator.mistakes import Mistake, Mistaken
from torchexam.web import exam_tasks, tasks
from torchexam.web.crew import Crew, too_much
from torchexam.web.problems import Problem
from torchexam.web.tasks import Asked

GLANCE = 0.4  # seconds for which the last look at the folder is good enough
SECONDS = 20.0  # to read one file
Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Shelved:
    """The bank as it was a moment ago."""

    stamp: str
    questions: Mapping[str, dict[str, Any]]  # facts by id, of those without mistakes of their own
    paths: Mapping[str, Path]  # of every question file, also of those with mistakes
    exams: Mapping[str, Path]
    exam_facts: Mapping[str, dict[str, Any]]
    mistakes: tuple[Mistake, ...]
    untried: int  # questions that are still to be run

    @property
    def topics(self) -> dict[str, int]:
        """How many questions each topic has, the largest first."""
        counts: dict[str, int] = {}
        for facts in self.questions.values():
            for topic in facts["topics"]:
                counts[topic] = counts.get(topic, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


@dataclass
class _Known:
    stamp: Stamp
    facts: dict[str, Any] | None
    mistakes: tuple[Mistake, ...]


@dataclass
class Shelf:
    """Looks at the bank folder, and has workers read the files that changed."""

    root: Path
    crew: Crew
    _known: dict[Path, _Known] = field(default_factory=dict)
    _exams: dict[Path, tuple[object, dict[str, Any]]] = field(default_factory=dict)
    _last: Shelved | None = None
    _when: float = 0.0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _trying: asyncio.Task[None] | None = None

    async def look(self, *, afresh: bool = False) -> Shelved:
        """The bank as it is."""
        async with self._lock:
            if self._last is None or afresh or time.monotonic() - self._when > GLANCE:
                self._last = await self._seen()
                self._when = time.monotonic()
        self._try_out(self._last)
        return self._last

    async def path(self, name: str) -> Path:
        """The file of a question; raises Problem where there is none."""
        path = (await self.look()).paths.get(name)
        if path is None:
            path = (await self.look(afresh=True)).paths.get(name)
        if path is None:
            raise Problem(404, f"the bank has no question '{name[:80]}'")
        return path

    async def exam(self, name: str) -> Path:
        """The file of an exam; raises Problem where there is none."""
        path = (await self.look()).exams.get(name)
        if path is None:
            path = (await self.look(afresh=True)).exams.get(name)
        if path is None:
            raise Problem(404, f"the bank has no exam '{name[:80]}'")
        return path

    def close(self) -> None:
        """Stop what runs while nobody waits."""
        if self._trying is not None:
            self._trying.cancel()

    def forget(self) -> None:
        """Look at the folder again when next asked."""
        self._when = 0.0

    def reread(self, path: Path) -> None:
        """Have a file read again, as what is known of it changed."""
        self._known.pop(path, None)
        self.forget()

    # ---- reading what changed ----

    async def _seen(self) -> Shelved:
        stamps = {path: _stamp(path) for path in bank_room.files(self.root)}
        questions = {path: stamp for path, stamp in stamps.items() if path.parent.name != EXAMS}
        changed = [path for path, stamp in questions.items() if _differs(self._known.get(path), stamp)]
        await asyncio.gather(*(self._read(path, questions[path]) for path in changed))
        self._known = {path: known for path, known in self._known.items() if path in questions}
        by_id, paths, mistakes = self._sorted_out(list(questions))
        exams, twice = _exam_files([path for path in stamps if path not in questions])
        mistakes += twice
        whole = hash(tuple(sorted((str(path), stamp) for path, stamp in stamps.items())))
        exam_facts = {
            name: facts
            for name, path in exams.items()
            if (facts := await self._exam(path, (stamps[path], hash(tuple(by_id)), whole), paths, exams))
        }
        mistakes += [mistake for facts in exam_facts.values() for mistake in facts["mistakes"]]
        untried = sum(not facts["tried"] for facts in by_id.values())
        found = tuple(sorted(set(mistakes)))
        return Shelved(f"{hash((whole, found)) & 0xFFFFFFFFFFFF:x}", by_id, paths, exams, exam_facts, found, untried)

    async def _read(self, path: Path, stamp: Stamp) -> None:
        shown = shown_path(path)
        try:
            facts = await self.crew.do(tasks.facts, Asked(str(path), shown), kind="read", seconds=SECONDS)
        except Mistaken as error:
            self._known[path] = _Known(stamp, None, error.mistakes)
        except Problem as problem:
            if problem.status == 503:
                raise
            self._known[path] = _Known(stamp, None, (too_much(shown, problem),))
        else:
            self._known[path] = _Known(stamp, facts, facts.pop("mistakes"))

    def _sorted_out(self, files: list[Path]) -> tuple[dict[str, dict[str, Any]], dict[str, Path], list[Mistake]]:
        """Questions by id, and all mistakes; of two files with one name the first counts, as for the commands."""
        by_id: dict[str, dict[str, Any]] = {}
        paths: dict[str, Path] = {}
        mistakes: list[Mistake] = []
        for path in files:
            if path.stem in paths:
                message = f"a question '{path.stem}' is already in {shown_path(paths[path.stem])}"
                hint = "a file's name is the question's id, so each name comes once"
                mistakes.append(Mistake(shown_path(path), 1, 1, message, hint))
                continue
            paths[path.stem] = path
            known = self._known[path]
            mistakes += known.mistakes
            if known.facts is not None:
                folder = path.parent.relative_to(self.root).as_posix()
                by_id[path.stem] = {**known.facts, "folder": folder, "broken": len(known.mistakes)}
        return by_id, paths, mistakes

    async def _exam(
        self, path: Path, stamp: object, paths: Mapping[str, Path], exams: Mapping[str, Path]
    ) -> dict[str, Any] | None:
        if path not in self._exams or self._exams[path][0] != stamp:
            bank = exam_tasks.BankFiles.of(self.root, paths, exams)
            try:
                facts = await self.crew.do(exam_tasks.facts, str(path), bank, kind="read", seconds=SECONDS)
            except Problem as problem:
                facts = {"id": path.stem, "title": path.stem, "mistakes": (too_much(shown_path(path), problem),)}
            self._exams[path] = stamp, facts
        return self._exams[path][1]

    # ---- what only running shows ----

    def _try_out(self, seen: Shelved) -> None:
        """Have questions run that were not run since they changed, one after the other, while nobody waits."""
        if seen.untried and (self._trying is None or self._trying.done()):
            self._trying = asyncio.create_task(self._try_all(seen))

    async def _try_all(self, seen: Shelved) -> None:
        for name, facts in seen.questions.items():
            path = seen.paths[name]
            known = self._known.get(path)
            if facts["tried"] or known is None or known.facts is None:
                continue
            try:
                found = await self.crew.do(tasks.tried, Asked(str(path), shown_path(path)), seconds=60.0)
            except Problem as problem:
                found = (too_much(shown_path(path), problem),)
            if self._known.get(path) is known:  # nobody saved it in between
                self._known[path] = _Known(known.stamp, {**known.facts, "tried": True}, found)
        self.forget()


def _differs(known: _Known | None, stamp: Stamp) -> bool:
    return known is None or known.stamp != stamp


def _stamp(path: Path) -> Stamp:
    try:
        state = path.stat()
    except OSError:
        return (0, 0, 0)
    return state.st_mtime_ns, state.st_size, state.st_ino


def _exam_files(paths: list[Path]) -> tuple[dict[str, Path], list[Mistake]]:
    exams: dict[str, Path] = {}
    mistakes = []
    for path in paths:
        if path.stem in exams:
            message = f"an exam '{path.stem}' is already in {shown_path(exams[path.stem])}"
            mistakes.append(Mistake(shown_path(path), 1, 1, message, "a file's name is the exam's id"))
        exams.setdefault(path.stem, path)
    return exams, mistakes
