"""The average precision of ranked detections of one class, as in the Pascal VOC challenge.

Everingham and others, The Pascal Visual Object Classes Challenge (2010): eleven recalls until 2009, all points since.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import aligned, equals, reading, summed, tensor, tex, vector, whole
from generator.spec import CONVENTIONS

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "number"
MOST_OBJECTS = 1000


@dataclass(frozen=True)
class Task:
    """Whether each detection is right, the highest score first, and how many objects there are."""

    correct: list[int]
    objects: int
    form: str


def _task(*, correct: Any, objects: int, average_precision: str = "all_points") -> Task:
    """Check the ranked detections; raises BadArgument."""
    ranked = vector("correct", correct)
    if not {0, 1}.issuperset(ranked):
        raise BadArgument("correct", "1 stands for a detection that finds an object, 0 for one that does not")
    hits = round(sum(ranked))
    if hits > whole("objects", objects, 1, MOST_OBJECTS):
        raise BadArgument("objects", f"{hits} detections cannot find {objects} objects")
    return Task([round(one) for one in ranked], objects, average_precision)


@reading(_task)
def compute(task: Task) -> float:
    """Precision and recall along the ranking, and the area below the envelope, on tensors.

    `correct`: 1 or 0 for each detection, the highest score first; `objects`: how many there are to find.
    """
    precision, recall = _curve(task)
    return _all_points(precision, recall) if task.form == "all_points" else _eleven(precision, task)


def _curve(task: Task) -> tuple[Tensor, Tensor]:
    """Precision and recall after each detection."""
    import torch

    hits = tensor(task.correct).cumsum(0)
    return hits / torch.arange(1, len(hits) + 1), hits / task.objects


def _envelope(precision: Tensor) -> Tensor:
    """The highest precision at this recall or a higher one."""
    return precision.flip(0).cummax(0).values.flip(0)


def _all_points(precision: Tensor, recall: Tensor) -> float:
    import torch

    gained = torch.diff(recall, prepend=torch.zeros(1).double())
    return float((gained * _envelope(precision)).sum())


def _eleven(precision: Tensor, task: Task) -> float:
    import torch

    hits = tensor(task.correct).cumsum(0)
    reached = 10 * hits[None] >= task.objects * torch.arange(11)[:, None]  # whole numbers, as 3/10 is not 0.3
    return float(torch.where(reached, precision, 0.0).amax(1).mean())


@reading(_task)
def recompute(task: Task) -> float:
    """The same in exact fractions, from the definition: at a recall, the best precision with at least that recall."""
    steps = []
    hits = 0
    for count, one in enumerate(task.correct, 1):
        hits += one
        steps.append((Fraction(hits, task.objects), Fraction(hits, count)))

    def best(recall: Fraction) -> Fraction:
        return max((precision for reached, precision in steps if reached >= recall), default=Fraction(0))

    if task.form == "eleven_points":
        return float(sum(best(Fraction(tenth, 10)) for tenth in range(11)) / 11)
    return float(sum(best(Fraction(found, task.objects)) for found in range(1, hits + 1)) / task.objects)


@reading(_task)
def says(task: Task) -> str:
    """What the paper must state for the answer to be one."""
    return CONVENTIONS["average_precision"][task.form]


@reading(_task)
def worked(task: Task) -> str:
    """Precision and recall after each detection, and the sum."""
    precision, recall = _curve(task)
    best = _envelope(precision).tolist()
    hits = 0
    rows = ["| rank | right | recall | precision | made non-increasing |", "| --- | --- | --- | --- | --- |"]
    for count, one in enumerate(task.correct, 1):
        hits += one
        mark = "yes" if one else "no"
        rows.append(f"| {count} | {mark} | {hits}/{task.objects} | {hits}/{count} | {tex(best[count - 1])} |")
    found = recompute(correct=task.correct, objects=task.objects, average_precision=task.form)
    if task.form == "eleven_points":
        heights = [max((best[at] for at, one in enumerate(recall.tolist()) if one >= tenth / 10 - 1e-12), default=0.0)
                   for tenth in range(11)]  # fmt: skip
        total = aligned(*summed(r"\text{AP}", _repeated(heights), equals(found), r"= \tfrac{1}{11}(", ")"))
    else:
        heights = [height for height, one in zip(best, task.correct, strict=True) if one]
        over = rf"= \tfrac{{1}}{{{task.objects}}}("
        total = aligned(*summed(r"\text{AP}", [tex(one) for one in heights] or ["0"], equals(found), over, ")"))
    return "\n".join(rows) + f"\n\n{total}"


def _repeated(heights: list[float]) -> list[str]:
    """Equal heights as one term: 3 · 0.5."""
    return [
        rf"{heights.count(one)} \cdot {tex(one)}" if heights.count(one) > 1 else tex(one)
        for one in dict.fromkeys(heights)
    ]


# ---- wrong ways ----


@reading(_task)
def _other_form(task: Task) -> float:
    precision, recall = _curve(task)
    return _eleven(precision, task) if task.form == "all_points" else _all_points(precision, recall)


@reading(_task)
def _not_raised(task: Task) -> float:
    precision, _ = _curve(task)
    return float((precision * tensor(task.correct)).sum()) / task.objects


@reading(_task)
def _of_found(task: Task) -> float:
    if not any(task.correct):
        raise DoesNotApply("nothing is found")
    precision, _ = _curve(task)
    return float((_envelope(precision) * tensor(task.correct)).sum()) / sum(task.correct)


@reading(_task)
def _over_ranks(task: Task) -> float:
    precision, _ = _curve(task)
    return float(precision.mean())


@reading(_task)
def _precision(task: Task) -> float:
    return float(_curve(task)[0][-1])


@reading(_task)
def _recall(task: Task) -> float:
    return float(_curve(task)[1][-1])


@reading(_task)
def _as_if_best(task: Task) -> float:
    import torch

    precision, recall = _curve(task)
    raised = precision.cummin(0).values
    gained = torch.diff(recall, prepend=torch.zeros(1).double())
    return math.fsum((gained * raised).tolist())


MISCONCEPTIONS = {
    "not_raised": Misconception("precision is not made non-increasing first", _not_raised),
    "of_found": Misconception("objects that are not found are left out", _of_found),
    "over_ranks": Misconception("precision is averaged over all detections, right and wrong", _over_ranks),
    "precision": Misconception("this is the precision of all detections", _precision),
    "recall": Misconception("this is the recall of all detections", _recall),
    "other_form": Misconception("eleven recalls are taken in place of all, or all in place of eleven", _other_form),
    "lowered": Misconception("precision is lowered to the smallest before, not raised to the largest after",
                             _as_if_best),
}  # fmt: skip
