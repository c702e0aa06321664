"""Turn LaTeX into raw MathML, extents and outlines: MathJax, run by V8 in this process."""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import json
import lzma
import os
import threading
from pathlib import Path
from typing import Any

import py_mini_racer

BUNDLE = Path(__file__).with_name("mathjax.js.xz")
SECONDS = 3.0  # for one formula; a common one takes 5 ms, the first 15 ms
MEMORY = 400_000_000  # bytes of V8 heap; after 1000 formulas it holds 60 MB

_lock = threading.RLock()
_racer: py_mini_racer.MiniRacer | None = None


class RefusedError(Exception):
    """TeX does not understand the formula; the text is MathJax's own, `known` the commands it knows."""

    def __init__(self, message: str, known: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.known = known


@functools.cache
def fingerprint() -> str:
    """The hash of all that decides how a formula comes out: the bundle and this package's modules."""
    whole = hashlib.sha256()
    for path in [*sorted(BUNDLE.parent.glob("*.py")), BUNDLE]:
        whole.update(path.read_bytes())
    return whole.hexdigest()


def run(latex: str, display: bool) -> dict[str, Any]:
    """Turn LaTeX into {mathml, width, height, depth, paths}, in thousandths of an em; raises RefusedError."""
    call = f"JSON.stringify(typeset({json.dumps(latex)},{json.dumps(display)}))"
    with _lock:
        try:
            result = json.loads(str(_start().eval(call, timeout_sec=SECONDS)))
        except (py_mini_racer.JSTimeoutException, py_mini_racer.JSOOMException):
            _settle()
            close()
            raise RefusedError("the formula takes more time or memory than any formula should") from None
        except py_mini_racer.JSEvalException:
            close()
            raise RefusedError("the formula is nested too deeply") from None
    if "error" in result:
        raise RefusedError(result["error"], tuple(result.get("known", ())))
    return dict(result)


def _start() -> py_mini_racer.MiniRacer:
    """The V8 of this process, started when first called for."""
    global _racer
    if _racer is None:
        # A thread of its own, because V8 would tie itself to an event loop running in this one.
        starter = threading.Thread(target=_load, daemon=True)
        starter.start()
        starter.join()
    assert _racer is not None, "V8 did not start"
    return _racer


def _load() -> None:
    global _racer
    racer = py_mini_racer.MiniRacer()
    racer.set_hard_memory_limit(MEMORY)
    racer.eval(lzma.decompress(BUNDLE.read_bytes()).decode())
    _racer = racer


def _settle() -> None:
    """Wait until V8 has dropped what was cancelled, which it would else report to a closed event loop."""
    with contextlib.suppress(py_mini_racer.JSEvalException):
        _start().eval("0", timeout_sec=SECONDS)


def close() -> None:
    """Shut V8 down; the next formula starts it again."""
    global _racer
    with _lock:
        racer, _racer = _racer, None
        if racer is not None:
            racer.close()


atexit.register(close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=close)  # V8's threads do not live on in a child
