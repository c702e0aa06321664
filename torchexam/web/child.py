"""Run one build of the command line in a process of its own, and tell its progress and its result as JSON lines.

    python -m torchexam.web.child ORDER.json

The order holds the arguments of `torchexam.build`. SIGINT stops the build between two files, and so does the end of
whoever started this process, which is seen at stdin; the same order goes on from there.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from generator.mistakes import Mistake, Mistaken
from torchexam import interrupts
from torchexam.crews import Lost
from torchexam.web.limits import limit_memory
from torchexam.web.problems import MOST_TOLD, told

MISTAKES, BUG, INTERRUPTED = 1, 3, 130


def main(order: str) -> int:
    """Build, and return the exit code."""
    given = json.loads(Path(order).read_text("utf-8"))
    interrupts.remember()  # whether or not the service was started in the background
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    limit_memory()
    try:
        from torchexam.building import build

        built = build(**given, progress=_progress)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Mistaken as error:
        _tell(mistakes=[told(mistake) for mistake in sorted(set(error.mistakes))[:MOST_TOLD]])
        return MISTAKES
    except OSError as error:
        mistake = Mistake(str(error.filename or "writing"), 0, 0, (error.strerror or str(error)).lower())
        _tell(mistakes=[told(mistake)])
        return MISTAKES
    except Lost as error:
        _tell(mistakes=[told(Mistake("workers", 0, 0, str(error)))])
        return MISTAKES
    except Exception:
        if interrupts.was_asked():
            return INTERRUPTED
        traceback.print_exc()
        return BUG
    _tell(finished={"folder": str(built.folder), "written": built.written})
    return 0


def _progress(items: Iterable[Any], count: int, what: str) -> Iterator[Any]:
    """Tell of each item that is done."""
    _tell(progress={"what": what, "done": 0, "count": count})
    for done, item in enumerate(interrupts.heeding(items), 1):
        yield item
        _tell(progress={"what": what, "done": done, "count": count})


def _tell(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def _stop_with_parent() -> None:
    """Wait for the end of stdin, which is that of the parent."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
