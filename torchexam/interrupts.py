"""Ctrl-C, remembered: a library that is being imported, or a finaliser, may swallow it or make another error of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from typing import Any

_asked = threading.Event()


def remember() -> None:
    """From now on SIGINT is remembered, and raises KeyboardInterrupt as usual."""
    signal.signal(signal.SIGINT, _interrupt)


def _interrupt(*_: object) -> None:
    _asked.set()
    raise KeyboardInterrupt


def was_asked() -> bool:
    """Whether SIGINT came."""
    return _asked.is_set()


def heeding(items: Iterable[Any]) -> Iterator[Any]:
    """The items, until SIGINT came; raises KeyboardInterrupt."""
    for item in items:
        if _asked.is_set():
            raise KeyboardInterrupt
        yield item
