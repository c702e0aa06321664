"""Builds that were asked for: one after the other, each in a child process, remembered on the disk until they are done.

A record beside the builds tells what was asked for. When the service starts again, builds that had not ended go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from generator import store
from generator.mistakes import Mistake
from torchexam.web.problems import Problem
from torchexam.web.settings import Settings

RECORDS = ".torchexam-service"  # in the output folder
LONGEST = 6 * 3600.0  # seconds for a build
PATIENCE = 20.0  # seconds that an interrupted build has to stop
MOST_WAITING = 100
OPEN = ("waiting", "running")


@dataclass
class Job:
    """A build that was asked for."""

    id: str
    exam: str
    order: dict[str, Any]  # the arguments of `torchexam.build`
    state: str = "waiting"
    progress: dict[str, Any] | None = None
    mistakes: list[dict[str, Any]] = field(default_factory=list)
    asked: float = field(default_factory=time.time)
    seconds: float = 0.0
    process: int = 0  # the child's, while it runs

    @property
    def is_open(self) -> bool:
        """Whether it waits or runs."""
        return self.state in OPEN


class Jobs:
    """Runs jobs, and tells whoever watches."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.output / RECORDS
        self.known: dict[str, Job] = {}
        self._news = asyncio.Condition()
        self._process: asyncio.subprocess.Process | None = None
        self._running: Job | None = None
        self._runner: asyncio.Task[None] | None = None
        self._closing = False

    async def open(self) -> None:
        """Read the records; what had not ended goes on."""
        for path in sorted(self.folder.glob("*.job.json")):
            with contextlib.suppress(OSError, ValueError, TypeError):
                data = json.loads(path.read_text("utf-8"))
                job = Job(**{name: data[name] for name in _FIELDS if name in data})
                if job.state == "running":
                    job.state = "waiting"
                self.known[job.id] = job
        self._runner = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop what runs; it stays on record as running, and goes on when the service starts again."""
        self._closing = True
        await self._tell()  # so that nobody waits for more
        await self._interrupt()
        if self._runner is not None:
            self._runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._runner

    # ---- what may be asked ----

    async def start(self, job: Job, roster: str | None) -> Job:
        """Put a job into the queue; raises Problem when its folder has one already."""
        if (known := self.known.get(job.id)) is not None and known.is_open:
            raise Problem(409, f"the build {job.id} is not finished yet")
        if sum(one.is_open for one in self.known.values()) >= MOST_WAITING:
            raise Problem(503, "too many builds wait already")
        if roster is not None:
            path = self.folder / f"{job.id}.roster.csv"
            self._write(path, roster.encode("utf-8", "replace"))
            job.order["roster"] = str(path)
        self.known[job.id] = job
        self._record(job)
        await self._tell()
        return job

    async def cancel(self, job: Job) -> None:
        """Take a job out of the queue, or stop it."""
        if not job.is_open:
            raise Problem(409, f"the build {job.id} has ended already")
        job.state = "cancelled"
        self._record(job)
        if self._running is job:
            await self._interrupt()
        await self._tell()

    async def resume(self, job: Job) -> None:
        """Put a job into the queue again; what was written stays."""
        if job.is_open:
            raise Problem(409, f"the build {job.id} is not finished yet")
        if self._running is job:
            raise Problem(409, f"the build {job.id} is still being stopped")
        job.state, job.mistakes, job.progress = "waiting", [], None
        self._record(job)
        await self._tell()

    async def watch(self, job: Job) -> AsyncIterator[Job]:
        """The job whenever there is something new of it, until it has ended."""
        last = None
        while not self._closing:
            now = (job.state, job.progress)
            if now != last:
                last = now
                yield job
            if not job.is_open:
                return
            async with self._news:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), 10)

    # ---- running ----

    async def _run(self) -> None:
        while not self._closing:
            job = next((one for one in sorted(self.known.values(), key=_turn) if one.state == "waiting"), None)
            if job is not None:
                try:
                    await self._build(job)
                except Exception as error:  # one build must not end the others
                    job.state, job.mistakes = "failed", [_mistake(job, str(error)[:500])]
                    with contextlib.suppress(Problem):
                        self._record(job)
                    await self._tell()
                continue
            async with self._news:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), 5)

    async def _build(self, job: Job) -> None:
        await _end_of(job.process)
        order = self.folder / f"{job.id}.order.json"
        self._write(order, json.dumps(job.order).encode())
        job.state, job.progress = "running", {"what": "starting", "done": 0, "count": 0}
        started = time.monotonic()
        self._running = job
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "torchexam.web.child", str(order), start_new_session=True,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            limit=8_000_000,
        )  # fmt: skip
        job.process = process.pid
        self._record(job)
        await self._tell()
        heard = asyncio.gather(_complaints(process), self._listen(job, process))
        try:
            await asyncio.wait_for(process.wait(), LONGEST)
        except TimeoutError:
            job.mistakes = [_mistake(job, f"the build was stopped after {LONGEST / 3600:g} hours")]
            await self._interrupt()
        finally:
            _kill(process)  # its workers, if it left any
            self._process = self._running = None
        said, _ = await heard
        code = await process.wait()
        job.process, job.seconds = 0, round(time.monotonic() - started, 1)
        if not self._closing:
            self._judge(job, code, said)
            await self._tell()

    async def _listen(self, job: Job, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:
                continue  # longer than any line of ours; it was thrown away
            if not line:
                return
            try:
                told = json.loads(line)
            except (ValueError, RecursionError):
                continue  # something that a library printed
            if not isinstance(told, dict):
                continue
            if "progress" in told:
                job.progress = told["progress"]
            job.mistakes = told.get("mistakes", job.mistakes)
            await self._tell()

    def _judge(self, job: Job, code: int, said: str) -> None:
        """Turn an exit code into the state of the job."""
        if job.state == "running":
            job.state = "finished" if code == 0 else "failed"
        if job.state == "failed" and not job.mistakes:
            last = said.strip().splitlines()[-1:] or [f"the build ended with the code {code}"]
            job.mistakes = [_mistake(job, last[0][:500])]
        self._record(job)

    async def _interrupt(self) -> None:
        """Ask the child to stop, as Ctrl-C does, and see that it does."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        try:
            process.send_signal(signal.SIGINT)
        except ProcessLookupError:
            return
        except ValueError:  # Windows has no such signal
            _kill(process)
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            _kill(process)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    def _record(self, job: Job) -> None:
        self._write(self.folder / f"{job.id}.job.json", json.dumps(asdict(job)).encode())

    def _write(self, path: Path, data: bytes) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # orders hold seeds, rosters hold names
            store.write_whole(path, data)
            path.chmod(0o600)
        except OSError as error:
            raise Problem(409, f"the output folder cannot be written: {(error.strerror or '').lower()}") from None


_FIELDS = [one.name for one in fields(Job)]


async def _end_of(process: int) -> None:
    """Wait for the child of a service that broke down; it ends by itself once it sees that it is alone."""
    for _ in range(round(PATIENCE / 0.1)):
        if not process or not _is_child(process):
            return
        await asyncio.sleep(0.1)
    os.killpg(process, signal.SIGKILL)


def _is_child(process: int) -> bool:
    """Whether a process is one that builds for a service; another may have got its number by now."""
    try:
        return b"torchexam.web.child" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def _mistake(job: Job, says: str) -> dict[str, Any]:
    return asdict(Mistake(job.id, 0, 0, says))


def _turn(job: Job) -> float:
    return job.asked


async def _complaints(process: asyncio.subprocess.Process) -> str:
    """The end of what the child says on stderr."""
    assert process.stderr is not None
    said = b""
    while piece := await process.stderr.read(65_536):
        said = (said + piece)[-20_000:]
    return said.decode("utf-8", "replace")


def _kill(process: asyncio.subprocess.Process) -> None:
    """End the child with all that it started."""
    if os.name != "posix":
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
