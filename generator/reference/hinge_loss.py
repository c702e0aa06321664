"""The hinge loss of a multi-class support vector machine (Weston and Watkins, 1999)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from generator.reference import DoesNotApply, Misconception
from generator.reference.given import (
    Matrix,
    aligned,
    equals,
    factor,
    number,
    places,
    reading,
    reduced,
    reduction,
    rows,
    summed,
    tensor,
    tex,
)
from generator.spec import CONVENTIONS

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "number"


@dataclass(frozen=True)
class Task:
    """A row of scores for each example, and its class counted from 1."""

    scores: Matrix
    classes: list[int]
    margin: float
    reduction: str


def _task(*, scores: Any, target: Any, margin: float = 1, loss_reduction: str = "mean") -> Task:
    """Scores: a list, or a row for each example, with as many targets; raises BadArgument."""
    batch = rows("scores", scores)
    classes = places("target", target, len(batch), len(batch[0]))
    return Task(batch, classes, number("margin", margin, 0), loss_reduction)


@reading(_task)
def compute(task: Task) -> float:
    """Run torch.nn.MultiMarginLoss, and take back its division by the number of classes.

    `scores`: a list with a number for each class, or such a list for each example of a batch. `target`: the right class
    of each example, counted from 1.
    """
    return _over_classes(task) * len(task.scores[0])


def _over_classes(task: Task) -> float:
    import torch

    loss = torch.nn.MultiMarginLoss(margin=task.margin, reduction=task.reduction)
    return float(loss(tensor(task.scores), torch.tensor(task.classes) - 1))


@reading(_task)
def recompute(task: Task) -> float:
    """The same by going through the wrong classes, in plain Python."""
    return reduction(_losses(task), task.reduction)


def _losses(task: Task) -> list[float]:
    losses = []
    for row, right in zip(task.scores, task.classes, strict=True):
        terms = [score - row[right - 1] + task.margin for place, score in enumerate(row, 1) if place != right]
        losses.append(sum(term for term in terms if term > 0))
    return losses


@reading(_task)
def says(task: Task) -> str:
    """What the paper must state for the answer to be one."""
    term = rf"\max(0, s_j - s_y + {tex(task.margin)})" if task.margin else r"\max(0, s_j - s_y)"
    told = f"the loss of an example is the sum of ${term}$ over all classes $j$ but the right class $y$"
    return f"{told}; {CONVENTIONS['loss_reduction'][task.reduction]}" if len(task.scores) > 1 else told


@reading(_task)
def worked(task: Task) -> str:
    """The term of each wrong class, with its numbers."""
    losses, lines = _losses(task), []
    for place, (row, right, loss) in enumerate(zip(task.scores, task.classes, losses, strict=True), 1):
        terms = [
            rf"\max(0, {tex(score)} - {factor(row[right - 1])} + {tex(task.margin)})"
            for other, score in enumerate(row, 1)
            if other != right
        ]
        lines += summed(f"L_{{{place}}}" if len(losses) > 1 else "L", terms, equals(loss))
    return aligned(*lines) if len(losses) == 1 else f"{aligned(*lines)}\n\n{reduced(losses, task.reduction)}"


# ---- wrong ways ----


def _by_gaps(change: Callable[[Tensor, Tensor, float], Tensor]) -> Callable[..., float]:
    """Losses of examples made of each class's lead over the right one, the right one's mask and the margin."""

    @reading(_task)
    def wrong(task: Task) -> float:
        import torch

        given = tensor(task.scores)
        own = torch.nn.functional.one_hot(torch.tensor(task.classes) - 1, given.shape[1]).bool()
        return reduction(change(given - given[own][:, None], own, task.margin).tolist(), task.reduction)

    return wrong


def _no_clamp(lead: Tensor, own: Tensor, margin: float) -> Tensor:
    return (lead + margin).masked_fill(own, 0).sum(1)


def _with_target(lead: Tensor, own: Tensor, margin: float) -> Tensor:
    return (lead + margin).relu().sum(1)


def _largest(lead: Tensor, own: Tensor, margin: float) -> Tensor:
    return (lead + margin).relu().masked_fill(own, 0).amax(1)


def _turned(lead: Tensor, own: Tensor, margin: float) -> Tensor:
    return (margin - lead).relu().masked_fill(own, 0).sum(1)


def _squared(lead: Tensor, own: Tensor, margin: float) -> Tensor:
    return (lead + margin).relu().masked_fill(own, 0).square().sum(1)


def _counted(lead: Tensor, own: Tensor, margin: float) -> Tensor:
    return ((lead + margin) > 0).masked_fill(own, value=False).double().sum(1)


@reading(_task)
def _no_margin(task: Task) -> float:
    if task.margin == 0:
        raise DoesNotApply("there is no margin")
    return reduction(_losses(replace(task, margin=0.0)), task.reduction)


@reading(_task)
def _divided(task: Task) -> float:
    return _over_classes(task)


@reading(_task)
def _other_reduction(task: Task) -> float:
    other = replace(task, reduction="sum" if task.reduction == "mean" else "mean")
    return _over_classes(other) * len(task.scores[0])


MISCONCEPTIONS = {
    "target_included": Misconception("the right class adds the margin too", _by_gaps(_with_target)),
    "no_clamp": Misconception("negative terms are not replaced by 0", _by_gaps(_no_clamp)),
    "no_margin": Misconception("the margin is left out", _no_margin),
    "largest_only": Misconception("only the largest term counts", _by_gaps(_largest)),
    "difference_turned": Misconception("other scores are subtracted from that of the right class", _by_gaps(_turned)),
    "over_classes": Misconception("the sum is divided by the number of classes", _divided),
    "terms_counted": Misconception("the terms above 0 are counted, not added", _by_gaps(_counted)),
    "squared": Misconception("each term is squared", _by_gaps(_squared)),
    "other_reduction": Misconception("the losses are added and not averaged, or averaged and not added",
                                     _other_reduction),
}  # fmt: skip
