"""Work shared among processes: those of this machine, or of a dask cluster; with one job, it is done here.

When a worker is killed, by hand or because memory runs out, all of them are replaced, by half as many, and what they
were at is tried again: the one that died may have held a lock.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any

from generator.mistakes import Mistake, Mistaken

TRIES = 4
LOOK = 5.0  # seconds after which it is looked whether workers live
MOST_ON_WINDOWS = 61  # processes of a pool, for want of handles to wait for
AHEAD = 3  # pieces that wait for each worker, so that none is idle and memory stays flat


class Lost(RuntimeError):
    """Work that was given up, as workers were killed again and again."""


class Crew:
    """Processes that share work."""

    def __init__(self, jobs: int, scheduler: str = "") -> None:
        self.jobs = min(jobs, MOST_ON_WINDOWS) if os.name == "nt" else jobs
        self.size = self.jobs  # of the pool, after what was lost
        self.scheduler = scheduler
        self.pool: ProcessPoolExecutor | None = None
        self.client: Any = None

    def __enter__(self) -> Crew:
        if self.scheduler:
            self.client = _client(self.scheduler)
        elif self.jobs > 1:
            self.pool = _pool(self.jobs)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.client is not None:
            with contextlib.suppress(Exception):  # a cluster that is gone needs no good-bye
                self.client.close()
        if self.pool is None:
            return
        if kind is not None:
            _kill(self.pool)
        self.pool.shutdown(cancel_futures=True)

    def renew(self) -> None:
        """Let fresh processes go on: those before hold PyTorch, and what they laid out."""
        if self.pool is not None:
            self.pool.shutdown()
            self.size = self.jobs
            self.pool = _pool(self.size)

    @property
    def workers(self) -> int:
        """How many pieces are worked on at once."""
        if self.client is not None:
            return max(1, int(sum(self.client.nthreads().values())))
        return self.jobs

    def each(self, work: Callable[..., Any], jobs: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """What work, a function of a module, makes of each job, in their order.

        Raises what it raises, and Lost.
        """
        if self.pool is None and self.client is None:
            yield from (work(*job) for job in jobs)
            return
        waiting: deque[_Piece] = deque()
        for job in jobs:
            waiting.append(self._start(work, job))
            if len(waiting) >= AHEAD * self.workers:
                yield self._first(work, waiting)
        while waiting:
            yield self._first(work, waiting)

    def _first(self, work: Callable[..., Any], waiting: deque[_Piece]) -> Any:
        """What comes of the piece that waits longest; one whose worker dies is started again, a few times."""
        for _ in range(TRIES):
            try:
                result = waiting[0].result()
                waiting.popleft()
                return result
            except Exception as error:
                if not _is_loss(error):
                    raise
            self._start_again(work, waiting)
        raise Lost(f"workers were killed {TRIES} times in a row")

    def _start_again(self, work: Callable[..., Any], waiting: deque[_Piece]) -> None:
        """Start what was lost once more; where it was lost with the pool, in a smaller one."""
        if self.pool is not None and waiting[0].pool is self.pool:
            _kill(self.pool)
            self.pool.shutdown()  # what it was at is lost by now
            self.size = max(1, self.size // 2)
            self.pool = _pool(self.size)
        for place, piece in enumerate(waiting):
            if piece.started.done() and (error := piece.started.exception()) and _is_loss(error):
                waiting[place] = self._start(work, piece.job)

    def _start(self, work: Callable[..., Any], job: tuple[Any, ...]) -> _Piece:
        started: Future[Any]
        if self.client is not None:
            started = self.client.submit(work, *job, pure=False)
            return _Piece(job, started, None)
        assert self.pool is not None
        try:
            started = self.pool.submit(work, *job)
        except BrokenProcessPool as error:  # whoever asks for the result finds out
            started = Future()
            started.set_exception(error)
        return _Piece(job, started, self.pool)


@dataclass
class _Piece:
    """A piece of work that was started."""

    job: tuple[Any, ...]
    started: Future[Any]
    pool: ProcessPoolExecutor | None  # that does it, where it is this machine's

    def result(self) -> Any:
        """What comes of it; raises what the work raises, and BrokenProcessPool also where the pool waits in vain."""
        if self.pool is None:
            return self.started.result()
        while True:
            try:
                return self.started.result(LOOK)
            except TimeoutError:
                if self.started.done():
                    raise
                if any(process.exitcode is not None for process in _processes(self.pool)):
                    raise BrokenProcessPool("a worker died, and the pool did not see it") from None


def _pool(jobs: int) -> ProcessPoolExecutor:
    # a forked process must not use the JavaScript engine of its parent
    return ProcessPoolExecutor(jobs, get_context("spawn"), _begin)


def _begin() -> None:
    """Leave Ctrl-C to the first process, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent
    parent.join()
    os._exit(1)


def _kill(pool: ProcessPoolExecutor) -> None:
    """End the processes of a pool, whatever they are at, and the wait for what one of them was about to say."""
    for process in _processes(pool):  # Python has `kill_workers` from 3.14 on
        process.kill()
    if pool._result_queue is not None:
        pool._result_queue._writer.close()  # type: ignore[attr-defined] # not in typeshed; nobody else holds it


def _processes(pool: ProcessPoolExecutor) -> list[BaseProcess]:
    return list((pool._processes or {}).values())


def _is_loss(error: BaseException) -> bool:
    """Whether a worker died; dask tells so by the name of its exception only, as it is an extra."""
    return isinstance(error, BrokenProcessPool) or type(error).__name__ in ("KilledWorker", "CommClosedError")


def _client(address: str) -> Any:
    """The client of a dask scheduler; raises Mistaken when none answers there."""
    try:
        from distributed import Client
    except ImportError:
        hint = "install it with: pip install 'torchexam[dask]'"
        raise Mistaken([Mistake("--executor dask", 0, 0, "dask is not installed", hint)]) from None
    try:
        return Client(address, timeout=10, set_as_default=False)  # type: ignore[no-untyped-call] # typed in part only
    except (OSError, ValueError) as error:
        hint = "start one with: dask scheduler --host 127.0.0.1 --port 8786"
        message = f"no dask scheduler answers there: {str(error).splitlines()[0].lower()}"
        raise Mistaken([Mistake(f"--scheduler {address}", 0, 0, message, hint)]) from None
