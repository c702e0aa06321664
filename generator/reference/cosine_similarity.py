"""The cosine of the angle between two vectors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import aligned, equals, factor, reading, summed, tensor, tex, vector

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "number"
Task = tuple[list[float], list[float]]


def _task(*, one: Any, other: Any) -> Task:
    """Two vectors of one length, none of them near 0, where PyTorch cuts off; raises BadArgument."""
    first = vector("one", one)
    second = vector("other", other, len(first))
    for name, values in (("one", first), ("other", second)):
        if math.hypot(*values) < 1e-3:
            raise BadArgument(name, "a vector of length 0 has no direction")
    return first, second


@reading(_task)
def compute(task: Task) -> float:
    """Run torch.nn.CosineSimilarity on two lists of one length."""
    import torch

    return float(torch.nn.CosineSimilarity(dim=0)(tensor(task[0]), tensor(task[1])))


@reading(_task)
def recompute(task: Task) -> float:
    """The same as the dot product over both lengths, in plain Python."""
    return _dot(task) / math.hypot(*task[0]) / math.hypot(*task[1])


def _dot(task: Task) -> float:
    return math.fsum(a * b for a, b in zip(*task, strict=True))


def says() -> str:
    """What the paper must state for the answer to be one: nothing."""
    return ""


@reading(_task)
def worked(task: Task) -> str:
    """The dot product, the squared lengths and the quotient."""
    dot = _dot(task)
    squares = [math.fsum(value**2 for value in values) for values in task]
    terms = [rf"{factor(a)} \cdot {factor(b)}" for a, b in zip(*task, strict=True)]
    lines = summed(r"a \cdot b", terms, equals(dot))
    for name, values, square in zip("ab", task, squares, strict=True):
        lines += summed(rf"\|{name}\|^2", [f"{factor(value)}^2" for value in values], equals(square))
    under = rf"\sqrt{{{tex(squares[0])}}} \sqrt{{{tex(squares[1])}}}"
    value = dot / math.sqrt(squares[0] * squares[1])
    return aligned(*lines, (r"\cos", rf"= \frac{{{tex(dot)}}}{{{under}}} {equals(value)}"))


# ---- wrong ways ----


def _of_vectors(change: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., float]:
    """Something else made of both vectors, by PyTorch."""

    @reading(_task)
    def wrong(task: Task) -> float:
        return float(change(tensor(task[0]), tensor(task[1])))

    return wrong


@reading(_task)
def _by_sums(task: Task) -> float:
    under = sum(task[0]) * sum(task[1])
    if under == 0:
        raise DoesNotApply("the elements add up to 0")
    return float(tensor(task[0]) @ tensor(task[1])) / under


MISCONCEPTIONS = {
    "dot_product": Misconception("the dot product is not divided by the lengths", _of_vectors(lambda a, b: a @ b)),
    "squared_lengths": Misconception("the lengths are squared: their roots are missing",
                                     _of_vectors(lambda a, b: a @ b / (a @ a) / (b @ b))),
    "one_length": Misconception("only the length of the first vector divides",
                                _of_vectors(lambda a, b: a @ b / a.norm())),
    "other_length": Misconception("only the length of the second vector divides",
                                  _of_vectors(lambda a, b: a @ b / b.norm())),
    "sum_of_lengths": Misconception("the sum of the lengths divides, not their product",
                                    _of_vectors(lambda a, b: a @ b / (a.norm() + b.norm()))),
    "by_sums": Misconception("the sums of the elements divide, not the lengths", _by_sums),
    "distance": Misconception("this is the distance between the vectors", _of_vectors(lambda a, b: (a - b).norm())),
}  # fmt: skip
