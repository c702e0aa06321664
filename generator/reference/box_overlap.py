"""The overlap of two boxes: their intersection over their union (IoU, the Jaccard index)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import aligned, equals, factor, reading, tensor, tex, vector
from generator.spec import CONVENTIONS

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "number"
Box = list[float]


@dataclass(frozen=True)
class Task:
    """Two boxes, and what is added to each width and height: 1 where edges are pixels."""

    one: Box
    other: Box
    edge: int


def box(name: str, value: Any, edge: int) -> Box:
    """A box as [x1, y1, x2, y2] with its smaller coordinates first; raises BadArgument."""
    left, top, right, bottom = vector(name, value, 4, 0)
    if right + edge <= left or bottom + edge <= top:
        raise BadArgument(name, f"{value} is no box [x1, y1, x2, y2]; the smaller coordinates come first")
    if edge and not all(coordinate.is_integer() for coordinate in (left, top, right, bottom)):
        raise BadArgument(name, "pixels have whole coordinates")
    return [left, top, right, bottom]


def edge_of(box_edges: str) -> int:
    """What is added to each width and height."""
    return 1 if box_edges == "pixels" else 0


def _task(*, one: Any, other: Any, box_edges: str = "continuous") -> Task:
    """Check two boxes; raises BadArgument."""
    edge = edge_of(box_edges)
    return Task(box("one", one, edge), box("other", other, edge), edge)


@reading(_task)
def compute(task: Task) -> float:
    """Intersection over union on tensors, as torchvision.ops.box_iou has it; boxes are [x1, y1, x2, y2]."""
    intersection, first, second = _areas(task)
    return float(intersection / (first + second - intersection))


def _areas(task: Task) -> tuple[Tensor, Tensor, Tensor]:
    """The areas of the intersection and of both boxes."""
    one, other = tensor(task.one), tensor(task.other)
    return intersection(one, other, task.edge), area(one, task.edge), area(other, task.edge)


def area(boxes: Tensor, edge: int) -> Tensor:
    """The area of each box; the last axis holds x1, y1, x2, y2."""
    return (boxes[..., 2:] - boxes[..., :2] + edge).prod(-1)


def intersection(one: Tensor, other: Tensor, edge: int) -> Tensor:
    """The area that boxes share, pair by pair."""
    import torch

    first = torch.maximum(one[..., :2], other[..., :2])
    last = torch.minimum(one[..., 2:], other[..., 2:])
    return (last - first + edge).clamp(min=0).prod(-1)


@reading(_task)
def recompute(task: Task) -> float:
    """The same by cutting the plane along all edges, and adding up the cells in both boxes and in either."""
    return float(overlap(task.one, task.other, task.edge))


def overlap(one: Box, other: Box, edge: int) -> Fraction:
    """Intersection over union by cells, exactly."""
    boxes = [[*map(Fraction, map(repr, found[:2])), *(Fraction(repr(last)) + edge for last in found[2:])]
             for found in (one, other)]  # fmt: skip
    across, down = (sorted({found[place] for found in boxes for place in (axis, axis + 2)}) for axis in (0, 1))
    both = either = Fraction(0)
    for (left, right), (top, bottom) in itertools.product(itertools.pairwise(across), itertools.pairwise(down)):
        inside = [found[0] <= left and right <= found[2] and found[1] <= top and bottom <= found[3] for found in boxes]
        cell = (right - left) * (bottom - top)
        both += cell * all(inside)
        either += cell * any(inside)
    return both / either


def says(*, box_edges: str = "continuous") -> str:
    """What the paper must state for the answer to be one."""
    return CONVENTIONS["box_edges"][box_edges]


@reading(_task)
def worked(task: Task) -> str:
    """Width and height of the intersection, the three areas and their quotient."""
    shared, first, second = (float(one) for one in _areas(task))
    plus = " + 1" if task.edge else ""
    lines = []
    for name, axis in (("w", 0), ("h", 1)):
        start, end = max(task.one[axis], task.other[axis]), min(task.one[axis + 2], task.other[axis + 2])
        size = end - start + task.edge
        clamp = rf"\max(0, {tex(end)} - {factor(start)}{plus})"
        lines.append((name, rf"= {clamp} = {tex(max(0, size))}"))
    quotient = rf"\frac{{{tex(shared)}}}{{{tex(first)} + {tex(second)} - {tex(shared)}}}"
    lines.append((r"\text{intersection}", rf"= w h = {tex(shared)}"))
    lines.append((r"\text{areas}", rf"= {tex(first)},\ {tex(second)}"))
    lines.append((r"\text{IoU}", rf"= {quotient} {equals(shared / (first + second - shared))}"))
    return aligned(*lines)


# ---- wrong ways ----


def _of_areas(change: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable[..., float]:
    """Another quotient of the areas of intersection and boxes."""

    @reading(_task)
    def wrong(task: Task) -> float:
        return float(change(*_areas(task)))

    return wrong


@reading(_task)
def _other_edges(task: Task) -> float:
    if task.edge and (task.one[0] == task.one[2] or task.one[1] == task.one[3]):
        raise DoesNotApply("a box of one pixel would have no area")
    intersection_, first, second = _areas(replace(task, edge=1 - task.edge))
    if first + second == 0:
        raise DoesNotApply("the boxes would have no area")
    return float(intersection_ / (first + second - intersection_))


@reading(_task)
def _enclosing(task: Task) -> float:
    import torch

    one, other = tensor(task.one), tensor(task.other)
    around = torch.cat([torch.minimum(one[:2], other[:2]), torch.maximum(one[2:], other[2:])])
    return float(intersection(one, other, task.edge) / area(around, task.edge))


@reading(_task)
def _sizes(task: Task) -> float:
    found = replace(
        task,
        one=[*task.one[:2], task.one[0] + task.one[2], task.one[1] + task.one[3]],
        other=[*task.other[:2], task.other[0] + task.other[2], task.other[1] + task.other[3]],
    )
    shared, first, second = _areas(found)
    return float(shared / (first + second - shared))


MISCONCEPTIONS = {
    "intersection_twice": Misconception("the areas are added without taking off the intersection",
                                        _of_areas(lambda both, one, other: both / (one + other))),
    "smaller_area": Misconception("the intersection is divided by the smaller box",
                                  _of_areas(lambda both, one, other: both / one.minimum(other))),
    "larger_area": Misconception("the intersection is divided by the larger box",
                                 _of_areas(lambda both, one, other: both / one.maximum(other))),
    "dice": Misconception("twice the intersection is divided by the sum of the areas (the Dice coefficient)",
                          _of_areas(lambda both, one, other: 2 * both / (one + other))),
    "enclosing": Misconception("the intersection is divided by the box around both", _enclosing),
    "other_edges": Misconception("widths and heights are counted in pixels, or as differences, against the rule",
                                 _other_edges),
    "sizes": Misconception("the last two numbers are taken for width and height", _sizes),
}  # fmt: skip
