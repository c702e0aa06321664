"""Copies drawn, measured and printed, in this process or in several."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from generator import plugins
from generator.exam import Exam, ExamPlan

if TYPE_CHECKING:
    from pebble import ProcessPool

    from renderers.pages import Heights, Plan
    from torchexam.building import Order

Printed: TypeAlias = "tuple[int, dict[str, bytes], dict[str, Any]]"


@cache
def own_code() -> str:
    """The hash of the code, styles and fonts that make a paper."""
    import generator
    import renderers
    import torchexam

    whole = hashlib.sha256()
    for room in (generator, renderers, torchexam):
        for path in sorted(Path(str(room.__file__)).parent.rglob("*")):
            if path.is_file() and path.suffix in (".py", ".css", ".j2", ".ttf", ".woff2", ".xz", ".txt"):
                whole.update(path.read_bytes())
    whole.update(plugins.stamp().encode())
    return whole.hexdigest()


@contextmanager
def one_thread() -> Iterator[None]:
    """While many small networks run: PyTorch's threads would wait for each other, and for other processes."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class Crew:
    """Processes that share work; with one job, the work is done here."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.pool: ProcessPool | None = None

    def __enter__(self) -> Crew:
        if self.jobs > 1:
            from pebble import ProcessPool

            # a forked process must not use the JavaScript engine of its parent
            self.pool = ProcessPool(max_workers=self.jobs, context=get_context("spawn"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.pool is not None:
            if kind is None:
                self.pool.close()  # type: ignore[no-untyped-call] # pebble types only part of itself
            else:
                self.pool.stop()  # type: ignore[no-untyped-call] # as above
            self.pool.join()

    def each(self, work: Callable[..., Any], jobs: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """What work, a function of a module, makes of each job, in their order; raises what it raises."""
        if self.pool is None:
            return (work(*job) for job in jobs)
        futures = [self.pool.schedule(work, args=job) for job in jobs]
        return (future.result() for future in futures)


@cache
def _plan(order: Order) -> ExamPlan:
    from torchexam.building import plan_of

    return plan_of(order)


def _copy(order: Order, number: int) -> Exam:
    from torchexam.building import copy_of

    return copy_of(order, _plan(order), number)


def _style(order: Order) -> Any:
    from renderers import pdf

    return pdf.Style(paper=order.paper, large=order.large)


def measured(order: Order, number: int) -> Heights | None:
    """Draw and compute a copy, show its evidence, and lay it out; raises Mistaken."""
    exam = _copy(order, number)
    if "pdf" not in order.formats:
        return None
    from renderers import pdf
    from renderers.compose import compose

    return pdf.measure(compose(exam, "students"), _style(order))


def settle(heights: Sequence[Heights | None]) -> list[Plan | None]:
    """The page plan of each copy: one for all copies that have the same parts in the same order."""
    from renderers import pages

    alike: dict[tuple[str, ...], list[Heights]] = {}
    for each in heights:
        if each is not None:
            alike.setdefault(_order_of(each), []).append(each)
    plans = {names: pages.plan(copies) for names, copies in alike.items()}
    return [plans[_order_of(each)] if each is not None else None for each in heights]


def _order_of(heights: Heights) -> tuple[str, ...]:
    return tuple(piece.name for piece in heights.pieces)


def printed(order: Order, number: int, settled: Plan | None) -> Printed:
    """Turn a copy into its files and its record for the manifest."""
    from renderers.compose import compose
    from renderers.proof import proofread

    exam = _copy(order, number)
    files: dict[str, bytes] = {}
    pages, boxes = 0, {}
    with proofread(exam.plan.questions.values()):
        for name, document in (("exam", compose(exam, "students")), ("key", compose(exam, "graders"))):
            folder = f"copies/{exam.code}/{name}"
            if "html" in order.formats:
                from renderers import html

                files[f"{folder}.html"] = html.render(document, large=order.large)
            if "pdf" in order.formats:
                from renderers import pdf

                rendered = pdf.render(document, _style(order), settled if name == "exam" else None)
                files[f"{folder}.pdf"] = rendered.data
                if name == "exam":
                    pages, boxes = rendered.pages, dict(rendered.boxes)
    return number, files, record(exam, pages, boxes)


def record(exam: Exam, pages: int, boxes: dict[str, Any]) -> dict[str, Any]:
    """What the manifest says of a copy; lengths in points."""
    parts = [
        {
            "number": each.number,
            "question": each.variant.question.id,
            "part": each.part.id,
            "points": each.points,
            "kind": each.part.kind,
            "variant": each.variant.number,
            "values": dict(each.variant.values),
            "answer": each.part.answer.recorded,
            "boxes": [_box(box) for box in boxes.get(each.number, ())],
        }
        for each in exam.parts
    ]
    student = {"name": exam.student.name, "id": exam.student.id} if exam.student else None
    return {"code": exam.code, "student": student, "pages": pages, "parts": parts}


def _box(box: Any) -> dict[str, float | int]:
    lengths = {name: round(getattr(box, name), 2) for name in ("x", "y", "width", "height")}
    return {"page": box.page, **lengths}
