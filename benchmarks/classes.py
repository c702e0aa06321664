"""Measure what papers for a class cost: put together from blocks, beside the direct path that lays each copy out.

The direct path is measured in the same run; commands are run by the clock, with a cache of their own. With the word
`ten-thousand` behind it, ten thousand copies are made too, which takes two minutes more.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

EXAM = "cs682-midterm"
COPIES = 40  # that one process puts together for the comparison


@dataclass(frozen=True)
class Line:
    """One measurement, and what the project promises of it."""

    what: str
    value: float
    unit: str
    promise: float
    at_least: bool = False
    more: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether the promise is kept."""
        return self.value >= self.promise if self.at_least else self.value <= self.promise

    def __str__(self) -> str:
        bound = f"promised at {'least' if self.at_least else 'most'} {self.promise:g}"
        kept = "ok" if self.is_kept else "MISSED"
        return f"{self.what:58} {self.value:8.1f} {self.unit:8} {bound}: {kept} {self.more}".rstrip()


def pairs() -> list[Line]:
    """An exam with its key, by CPU time: put together from warm pools and written; and by the direct path."""
    from generator import exam as exam_room
    from renderers import pages, pdf
    from renderers.compose import compose
    from renderers.pdf import Style
    from torchexam import building, stages
    from torchexam.checks import load
    from torchexam.crews import Crew
    from torchexam.orders import Order
    from torchexam.printing import printed
    from torchexam.stages import Request

    bank = load("bank")
    path = exam_room.find(EXAM, bank)
    plan = exam_room.load(path, bank)
    with tempfile.TemporaryDirectory() as folder:
        order = Order(
            bank.root,
            path,
            COPIES,
            "benchmark",
            building.POOL,
            ("pdf",),
            "letter",
            folder=Path(folder),
            run="1",
            plan=plan,
        )
        with Crew(1) as crew:
            outcome = stages.run(
                order, plan, Request((None,) * COPIES, ("pdf",)), crew, lambda items, _count, _what: items
            )
        (settled,) = outcome.plans.values()
        seconds = []
        for _ in range(2):  # leaves are read in the first round
            for name in outcome.records:
                (Path(folder) / name).unlink(missing_ok=True)
            start = time.process_time()
            printed(replace(order, run="2"), Style(), settled, outcome.copies)
            seconds.append(time.process_time() - start)
            outcome = replace(outcome, records=[f"records/000000-{COPIES}.jsonl"])
    copy = exam_room.assemble(plan, "benchmark", 0, 1)
    exam, key = compose(copy, "students"), compose(copy, "graders")
    direct_plan = pages.plan([pdf.measure(exam, Style())])
    direct = []
    for _ in range(4):
        start = time.process_time()
        pdf.render(exam, Style(), direct_plan)
        pdf.render(key, Style())
        direct.append(time.process_time() - start)
    assembled = seconds[-1] / COPIES
    told = f"({assembled * 1000:.1f} ms and {min(direct) * 1000:.0f} ms a pair)"
    return [
        Line("pairs on two cores, warm pools", 2 / assembled, "a second", 90, at_least=True),
        Line("the same against the direct path", min(direct) / assembled, "times", 25, at_least=True, more=told),
    ]


def build(folder: str, name: str, *arguments: str) -> tuple[float, float, float]:
    """Seconds that a build takes, by the clock, and the megabytes of its first process and of its largest worker."""
    environment = {**os.environ, "TORCHEXAM_CACHE": f"{folder}/cache"}
    asked = ["build", EXAM, "--output", f"{folder}/{name}", "--seed", "benchmark", *arguments]
    start = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.measured", *asked]
    done = subprocess.run(command, check=True, capture_output=True, env=environment, text=True)
    found = re.search(r"memory: (\d+) (\d+)", done.stdout)
    assert found
    return time.perf_counter() - start, float(found[1]), float(found[2])


def commands(ten_thousand: bool) -> list[Line]:
    """Whole builds, from an empty cache on."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        empty, first, worker = build(folder, "empty", "--copies", "1000", "--to", "pdf")
        told = f"(first process {first:.0f} MB, largest worker {worker:.0f} MB)"
        lines.append(Line("1,000 copies, keys, bundle; empty cache", empty, "s", 90, more=told))
        warm, _, _ = build(folder, "warm", "--copies", "1000", "--to", "pdf")
        lines.append(Line("1,000 copies, keys, bundle; experiments kept", warm, "s", 30))
        html, _, _ = build(folder, "html", "--copies", "1000", "--to", "html")
        lines.append(Line("HTML of 1,000 copies with keys", html, "s", 20))
        few, more = (build(folder, f"unique-{n}", "--copies", str(n), "--to", "pdf", "--unique")[0] for n in (20, 100))
        lines.append(Line("pairs that share nothing, once begun", 80 / (more - few), "a second", 2, at_least=True))
        if ten_thousand:
            many, first, worker = build(folder, "many", "--copies", "10000", "--to", "pdf")
            told = f"({many:.0f} s; first process {first:.0f} MB)"
            lines.append(Line("10,000 copies against ten times 1,000", many / (10 * warm), "times", 1.2, more=told))
            lines.append(Line("memory of the largest worker, 10,000 copies", worker, "MB", 300))
    return lines


def main() -> None:
    """Run everything; exit with 1 when a promise is broken."""
    lines = pairs()
    print(*lines, sep="\n", flush=True)
    more = commands(ten_thousand="ten-thousand" in sys.argv)
    print(*more, sep="\n")
    sys.exit(not all(line.is_kept for line in [*lines, *more]))


if __name__ == "__main__":
    main()
