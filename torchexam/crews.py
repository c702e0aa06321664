"""Work shared among processes: those of this machine, or of a dask cluster; with one job, it is done here.

A worker that is killed, by hand or because memory runs out, loses only the piece that it was at, which is tried again.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from types import TracebackType
from typing import TYPE_CHECKING, Any

from generator.mistakes import Mistake, Mistaken

if TYPE_CHECKING:
    from pebble import ProcessPool

TRIES = 3
AHEAD = 3  # pieces that wait for each worker, so that none is idle and memory stays flat


class Lost(RuntimeError):
    """A piece of work whose worker was killed again and again."""


class Crew:
    """Processes that share work."""

    def __init__(self, jobs: int, scheduler: str = "") -> None:
        self.jobs = jobs
        self.scheduler = scheduler
        self.pool: ProcessPool | None = None
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
        if kind is None:
            self.pool.close()  # type: ignore[no-untyped-call] # pebble types only part of itself
        else:
            self.pool.stop()  # type: ignore[no-untyped-call] # as above
        self.pool.join()

    def renew(self) -> None:
        """Let fresh processes go on: those before hold PyTorch, and what they laid out."""
        if self.pool is not None:
            self.pool.close()  # type: ignore[no-untyped-call] # as above
            self.pool.join()
            self.pool = _pool(self.jobs)

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
            waiting.append(_Piece(job, self._start(work, job)))
            if len(waiting) >= AHEAD * self.workers:
                yield self._first(work, waiting)
        while waiting:
            yield self._first(work, waiting)

    def _first(self, work: Callable[..., Any], waiting: deque[_Piece]) -> Any:
        """What comes of the piece that waits longest; one whose worker dies is started again, a few times."""
        piece = waiting[0]
        for _ in range(TRIES):
            try:
                result = piece.started.result()
                waiting.popleft()
                return result
            except Exception as error:
                if not _is_loss(error):
                    raise
            self._start_again(work, waiting)
        raise Lost(f"a worker was killed {TRIES} times at the same piece of work")

    def _start_again(self, work: Callable[..., Any], waiting: Iterable[_Piece]) -> None:
        """Start what was lost once more; when the whole pool broke, in a new one."""
        if self.pool is not None and not self.pool.active:
            self.pool.stop()  # type: ignore[no-untyped-call] # as above
            self.pool.join()
            self.pool = _pool(self.jobs)
        for piece in waiting:
            if piece.started.done() and (error := piece.started.exception()) and _is_loss(error):
                piece.started = self._start(work, piece.job)

    def _start(self, work: Callable[..., Any], job: tuple[Any, ...]) -> Future[Any]:
        started: Future[Any]
        if self.client is not None:
            started = self.client.submit(work, *job, pure=False)
            return started
        assert self.pool is not None
        if not self.pool.active:  # it broke: whoever asks for a result finds out
            started = Future()
            started.set_exception(BrokenProcessPool())
            return started
        started = self.pool.schedule(work, args=job)
        return started


@dataclass
class _Piece:
    """A piece of work that was started."""

    job: tuple[Any, ...]
    started: Future[Any]


def _pool(jobs: int) -> ProcessPool:
    from pebble import ProcessPool

    # a forked process must not use the JavaScript engine of its parent
    return ProcessPool(max_workers=jobs, context=get_context("spawn"))


def _is_loss(error: BaseException) -> bool:
    """Whether a worker died; dask tells so by the name of its exception only, as it is an extra."""
    from pebble import ProcessExpired

    return isinstance(error, ProcessExpired | BrokenProcessPool) or type(error).__name__ in (
        "KilledWorker",
        "CommClosedError",
    )


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
