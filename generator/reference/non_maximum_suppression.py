"""Which boxes of a detector are kept by greedy non-maximum suppression."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.box_overlap import Box, area, box, edge_of, intersection, overlap
from generator.reference.given import number, reading, tensor, tex, vector
from generator.spec import CONVENTIONS

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "set"
MOST_BOXES = 12
TIE = Fraction(1, 10**9)  # an overlap that is nearer to the limit is no question


@dataclass(frozen=True)
class Task:
    """Boxes, a score for each, the overlap above which one is dropped, and what is added to widths and heights."""

    boxes: list[Box]
    scores: list[float]
    limit: float
    edge: int


def _task(*, boxes: Any, scores: Any, limit: float, box_edges: str = "continuous") -> Task:
    """Check the boxes and that scores differ; raises BadArgument."""
    if not isinstance(boxes, list | tuple) or not 1 <= len(boxes) <= MOST_BOXES:
        raise BadArgument("boxes", f"here belongs a list of 1 to {MOST_BOXES} boxes")
    edge = edge_of(box_edges)
    found = Task(
        [box("boxes", one, edge) for one in boxes],
        vector("scores", scores, len(boxes)),
        number("limit", limit, 0, 1),
        edge,
    )
    if len(set(found.scores)) < len(found.scores):
        raise BadArgument("scores", "two boxes have the same score, so that none of them goes first")
    for place, one in enumerate(found.boxes):
        for other in found.boxes[:place]:
            if _near(one, other, found) and abs(overlap(one, other, edge) - Fraction(repr(found.limit))) < TIE:
                raise BadArgument("limit", "two boxes overlap by exactly the limit, within rounding")
    return found


def _near(one: Box, other: Box, task: Task) -> bool:
    """Whether the overlap of two boxes is so near to the limit that it has to be looked at exactly."""
    (a, b, c, d), (e, f, g, h), edge = one, other, task.edge
    shared = max(0.0, min(c, g) - max(a, e) + edge) * max(0.0, min(d, h) - max(b, f) + edge)
    both = (c - a + edge) * (d - b + edge) + (g - e + edge) * (h - f + edge)
    return abs(shared - task.limit * (both - shared)) < 1e-6 * both


@reading(_task)
def compute(task: Task) -> list[int]:
    """Go down the scores on tensors, as torchvision.ops.nms does; the boxes that are kept, counted from 1."""
    return _kept(task)


def _kept(task: Task) -> list[int]:
    order = tensor(task.scores).argsort(descending=True)
    overlaps = _overlaps(task)
    kept: list[int] = []
    while len(order):
        first, order = order[0], order[1:]
        kept.append(int(first) + 1)
        order = order[overlaps[first, order] <= task.limit]
    return sorted(kept)


def _overlaps(task: Task) -> Tensor:
    """Intersection over union of each box with each."""
    boxes = tensor(task.boxes)
    shared, areas = intersection(boxes[:, None], boxes, task.edge), area(boxes, task.edge)
    return shared / (areas[:, None] + areas - shared)


@reading(_task)
def recompute(task: Task) -> list[int]:
    """The same by its definition: a box is kept when no kept box with a higher score overlaps it too much."""
    limit = Fraction(repr(task.limit))

    def kept(place: int) -> bool:
        higher = [other for other, score in enumerate(task.scores) if score > task.scores[place]]
        return not any(overlap(task.boxes[place], task.boxes[other], task.edge) > limit and kept(other)
                       for other in higher)  # fmt: skip

    return [place + 1 for place in range(len(task.boxes)) if kept(place)]


@reading(_task)
def says(task: Task) -> str:
    """What the paper must state for the answer to be one."""
    edges = CONVENTIONS["box_edges"]["pixels" if task.edge else "continuous"]
    return (
        f"a box is dropped when its IoU with a kept box of higher score is more than {tex(task.limit)}; list the "
        f"numbers of the boxes that are kept, in any order; {edges}"
    )


@reading(_task)
def worked(task: Task) -> str:
    """What becomes of each box, the highest score first, with the overlaps that decide."""
    kept, overlaps = _kept(task), _overlaps(task).tolist()
    lines = []
    for place in sorted(range(len(task.boxes)), key=lambda place: -task.scores[place]):
        number_ = place + 1
        before = [one for one in kept if task.scores[one - 1] > task.scores[place]]
        shared = [f"{tex(overlaps[place][one - 1])} with {one}" for one in before if overlaps[place][one - 1] > 0]
        told = f"IoU {', '.join(shared)}" if shared else "overlaps no kept box"
        lines.append(f"- Box {number_} ({tex(task.scores[place])}): {told}; {'kept' if number_ in kept else 'dropped'}")
    return "\n".join(lines)


# ---- wrong ways ----


@reading(_task)
def _dropped_drop(task: Task) -> list[int]:
    overlaps, scores = _overlaps(task), tensor(task.scores)
    beaten = ((overlaps > task.limit) & (scores[None] > scores[:, None])).any(1)
    return [place + 1 for place, one in enumerate(beaten.tolist()) if not one]


@reading(_task)
def _lowest_first(task: Task) -> list[int]:
    return _kept(replace(task, scores=[-score for score in task.scores]))


@reading(_task)
def _as_listed(task: Task) -> list[int]:
    return _kept(replace(task, scores=[-float(place) for place in range(len(task.scores))]))


@reading(_task)
def _any_overlap(task: Task) -> list[int]:
    return _kept(replace(task, limit=0.0))


@reading(_task)
def _nothing_dropped(task: Task) -> list[int]:
    return _kept(replace(task, limit=1.0))


@reading(_task)
def _best_alone(task: Task) -> list[int]:
    return [int(tensor(task.scores).argmax()) + 1]


@reading(_task)
def _by_score(task: Task) -> list[int]:
    found = [place + 1 for place, score in enumerate(task.scores) if score > task.limit]
    if not found:
        raise DoesNotApply("no score is above the limit")
    return found


MISCONCEPTIONS = {
    "dropped_drop": Misconception("boxes that are dropped still drop others", _dropped_drop),
    "any_overlap": Misconception("every box that touches a kept one is dropped, whatever the limit", _any_overlap),
    "nothing_dropped": Misconception("no box is dropped", _nothing_dropped),
    "lowest_first": Misconception("the lowest score goes first", _lowest_first),
    "as_listed": Misconception("the boxes are gone through as they are listed, not by score", _as_listed),
    "best_alone": Misconception("only the best box is kept", _best_alone),
    "by_score": Misconception("the limit is applied to the scores", _by_score),
}
