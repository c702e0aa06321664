"""Let a derivation tell only of those results that a question asks for."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

Task = TypeVar("Task")


def choosing(read: Callable[..., Task]) -> Callable[[Callable[[Task, frozenset[str]], str]], Callable[..., str]]:
    """Let a derivation take what `read` checks, and the names of the results that are asked for; none for all of them.

    `Asked` passes them as `pick`, a name, or as `rows`, the names of a table's rows.
    """

    def decorate(function: Callable[[Task, frozenset[str]], str]) -> Callable[..., str]:
        @functools.wraps(read)
        def asked(*, pick: Any = None, rows: Any = None, **arguments: Any) -> str:
            return function(read(**arguments), frozenset([pick] if isinstance(pick, str) else rows or ()))

        signature = inspect.signature(read)
        own = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in ("pick", "rows")]
        asked.__signature__ = signature.replace(  # type: ignore[attr-defined] # what `Asked` passes by
            parameters=[*signature.parameters.values(), *own]
        )
        asked.__name__, asked.__doc__ = function.__name__, function.__doc__
        return asked

    return decorate
