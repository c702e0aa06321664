"""Worker processes with limits: some that read files, and some that draw, so that neither waits for the other."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, Literal

from pebble import ProcessExpired, ProcessPool

from generator.mistakes import Mistake
from torchexam.web.limits import limit_memory
from torchexam.web.problems import Problem

SECONDS = 10.0  # for one piece of work
MOST_WAITING = 400
STUCK = 60.0  # seconds in which nothing at all is done, though there is work: then other processes take over
READERS = 2  # so that one may be busy with something odd
LIFE = 5_000  # pieces of work; then a fresh process takes its place

Kind = Literal["read", "draw"]


class Crew:
    """Does work of the module `tasks` in processes that may be killed."""

    def __init__(self, drawing: int) -> None:
        # a worker uses one core; the others are there for others
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        self._sizes: dict[Kind, int] = {"read": READERS, "draw": drawing}
        self._pools = {kind: self._pool(kind) for kind in self._sizes}
        self._waiting = 0
        self._done = Counter[Kind]()

    def _pool(self, kind: Kind) -> ProcessPool:
        # a forked process must not use the JavaScript engine of its parent
        pool = ProcessPool(self._sizes[kind], LIFE, _begin, [kind], get_context("spawn"))
        pool.schedule(_is_there)  # now, not when somebody waits
        return pool

    async def do(self, work: Callable[..., Any], *given: Any, kind: Kind = "draw", seconds: float = SECONDS) -> Any:
        """What work, a function of a module, makes of what it is given; raises what it raises, and Problem."""
        if self._waiting >= MOST_WAITING:
            raise Problem(503, "the workers have more to do than they can; try again in a moment")
        if not self._pools[kind].active:
            self._replace(kind)
        pool, done = self._pools[kind], self._done[kind]
        started = pool.schedule(work, args=given, timeout=seconds)
        self._waiting += 1
        try:
            return await asyncio.wait_for(asyncio.wrap_future(started), seconds + STUCK)
        except TimeoutError:
            if not started.cancelled():
                raise Problem(504, f"the work was stopped after {seconds:g} seconds") from None
            if self._done[kind] == done and self._pools[kind] is pool:
                self._replace(kind)
            raise Problem(504, "the workers were busy for too long; try again") from None
        except (ProcessExpired, BrokenProcessPool) as error:
            raise Problem(504, f"the worker broke down and was replaced ({error})") from None
        except MemoryError:
            raise Problem(504, "the work needed more memory than a worker may have") from None
        finally:
            self._waiting -= 1
            self._done[kind] += not started.cancelled()

    def _replace(self, kind: Kind) -> None:
        """Let a fresh pool take over from one that broke, or whose workers wait for a lock that one was killed with."""
        stuck, self._pools[kind] = self._pools[kind], self._pool(kind)
        threading.Thread(target=_end, args=[stuck], daemon=True).start()

    def stop(self) -> None:
        """End all workers."""
        for pool in self._pools.values():
            _end(pool)


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call] # pebble types only part of itself
    pool.join()


def _is_there() -> None:
    """The first work of a worker, which starts it."""


def too_much(path: str, problem: Problem) -> Mistake:
    """A file that the workers could not read within their limits."""
    return Mistake(path, 1, 1, f"this file asks for too much: {problem.detail}")


def _begin(kind: Kind) -> None:
    """Set limits, and have at hand what every drawing needs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the service itself ends its workers
    limit_memory()
    if kind == "draw":
        import torch

        from torchexam.web import tasks

        torch.set_num_threads(1)
        tasks.warm_up()
