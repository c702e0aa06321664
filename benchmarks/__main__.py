"""Measure every promise of speed and print it beside its baseline.

Absolute seconds depend on the machine, so each line has a ratio to something bare that is measured in the same run: a
bare Python, a bare `import torch`, or a bare WeasyPrint that lays out the same paper's HTML. Verifying the whole bank
takes minutes and two processes, so it is run once, by the clock.
"""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from benchmarks import service
from benchmarks.line import Line

EXAM = "cs682-midterm"
REPEATS = 5


def command(*arguments: str) -> float:
    """The least CPU seconds, over some runs, of a Python process with these arguments."""
    return min(_child(arguments) for _ in range(REPEATS))


def _child(arguments: tuple[str, ...]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # helper threads of a library add CPU time and no speed
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def here(work: Callable[[], object]) -> float:
    """The least CPU seconds, over some runs, of work in this process, once it is warm."""
    work()
    times = []
    for _ in range(REPEATS):
        gc.collect()
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def start_up() -> list[Line]:
    """What each command costs from a standing start, with kept results."""
    exam = ("-m", "torchexam")
    command(*exam, "check")  # what running the bank showed is kept from here on
    python, torch = command("-c", "pass"), command("-c", "import torch")
    return [
        Line("torchexam --help", command(*exam, "--help"), "bare Python", python, 0.2),
        Line("torchexam check, whole bank", command(*exam, "check"), "bare Python", python, 0.6),
        Line(
            "torchexam preview segment_digits", command(*exam, "preview", "segment_digits"), "import torch", torch, 3.0
        ),
    ]


def layout() -> list[Line]:
    """One exam with its key, warm, by the direct path."""
    from weasyprint import HTML

    from generator import exam as exam_room
    from renderers import html, pages, pdf
    from renderers.compose import compose
    from torchexam.checks import load

    bank = load("bank")
    plan = exam_room.load(exam_room.find(EXAM, bank), bank)
    copy = exam_room.assemble(plan, "benchmark", 0, 1)
    exam, key = compose(copy, "students"), compose(copy, "graders")
    settled = pages.plan([pdf.measure(exam, pdf.Style())])
    web = [html.render(document).decode() for document in (exam, key)]
    bare = here(lambda: [HTML(string=page).write_pdf() for page in web])

    def laid_out() -> None:
        pdf.lay_out(exam, pdf.Style(), settled)
        pdf.lay_out(key, pdf.Style(), None)

    def papers() -> None:
        pdf.render(exam, pdf.Style(), settled)
        pdf.render(key, pdf.Style())

    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'memory after laying out exam and key':44} {memory:7.0f} MB")
    measured = here(lambda: pdf.measure(exam, pdf.Style()))
    return [
        Line("exam and key laid out, warm", here(laid_out), "bare WeasyPrint", bare, 1.0),
        Line("exam and key laid out and written, warm", here(papers), "bare WeasyPrint", bare, None),
        Line("measuring an exam for its page plan, warm", measured, "bare WeasyPrint", bare, None),
    ]


def verification() -> list[Line]:
    """The whole bank, with nothing kept from before, by two processes; and once more, with all that was found kept."""
    torch = command("-c", "import torch")
    with tempfile.TemporaryDirectory() as cache:
        once, again = (_by_the_clock(cache, "verify", "--draws", "50", "--jobs", "2") for _ in range(2))
    return [
        Line("torchexam verify, whole bank, by the clock", once, "import torch", torch, 240.0),
        Line("torchexam verify, whole bank, once more", again, "import torch", torch, 3.0),
    ]


def _by_the_clock(cache: str, *arguments: str) -> float:
    start = time.perf_counter()
    environment = {**os.environ, "TORCHEXAM_CACHE": cache}
    subprocess.run([sys.executable, "-m", "torchexam", *arguments], check=True, capture_output=True, env=environment)
    return time.perf_counter() - start


def main() -> None:
    """Run everything; exit with 1 when a promise is broken."""
    lines = []
    for group in (start_up, layout, service.measured, verification):
        for line in group():
            print(line)
            lines.append(line)
    sys.exit(any(line.is_slow for line in lines))


if __name__ == "__main__":
    main()
