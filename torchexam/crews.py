"""Work shared among processes: those of this machine, or of a dask cluster; with one job, it is done here.

A worker that is killed, by hand or because memory runs out, loses only the piece that it was at, which is tried again.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from multiprocessing import get_context
from types import TracebackType
from typing import TYPE_CHECKING, Any

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
            from pebble import ProcessPool

            # a forked process must not use the JavaScript engine of its parent
            self.pool = ProcessPool(max_workers=self.jobs, context=get_context("spawn"))
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
        waiting: deque[tuple[Future[Any], tuple[Any, ...]]] = deque()
        for job in jobs:
            waiting.append((self._start(work, job), job))
            if len(waiting) >= AHEAD * self.workers:
                yield self._result(work, *waiting.popleft())
        while waiting:
            yield self._result(work, *waiting.popleft())

    def _start(self, work: Callable[..., Any], job: tuple[Any, ...]) -> Future[Any]:
        if self.client is not None:
            started: Future[Any] = self.client.submit(work, *job, pure=False)
            return started
        assert self.pool is not None
        scheduled: Future[Any] = self.pool.schedule(work, args=job)
        return scheduled

    def _result(self, work: Callable[..., Any], started: Future[Any], job: tuple[Any, ...]) -> Any:
        for _ in range(TRIES - 1):
            try:
                return started.result()
            except Exception as error:
                if not _is_loss(error):
                    raise
            started = self._start(work, job)
        try:
            return started.result()
        except Exception as error:
            if not _is_loss(error):
                raise
            raise Lost(f"a worker was killed {TRIES} times at the same piece of work") from error


def _is_loss(error: Exception) -> bool:
    """Whether a worker died; dask tells so by the name of its exception only, as it is an extra."""
    from pebble import ProcessExpired

    return isinstance(error, ProcessExpired) or type(error).__name__ in ("KilledWorker", "CommClosedError")


def _client(address: str) -> Any:
    """The client of a dask scheduler; raises OSError when none answers there."""
    from distributed import Client

    return Client(address, timeout=10, set_as_default=False)  # type: ignore[no-untyped-call] # dask types part of itself
