"""The squared error of predictions, one number for each example."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from generator.reference import Misconception
from generator.reference.given import aligned, equals, factor, reading, summed, tensor, tex, vector
from generator.spec import CONVENTIONS

GIVES = "number"


@dataclass(frozen=True)
class Task:
    """Predictions, what was wanted, and how the squares are put together."""

    outputs: list[float]
    wanted: list[float]
    reduction: str
    form: str

    @property
    def share(self) -> Fraction:
        """What the sum of the squares is multiplied by."""
        over = Fraction(1, len(self.outputs) if self.reduction == "mean" else 1)
        return over / (2 if self.form == "half" else 1)


def _task(*, predictions: Any, targets: Any, squared_error: str = "plain", loss_reduction: str = "mean") -> Task:
    """Two lists of one length; raises BadArgument."""
    outputs = vector("predictions", predictions)
    return Task(outputs, vector("targets", targets, len(outputs)), loss_reduction, squared_error)


@reading(_task)
def compute(task: Task) -> float:
    """Run torch.nn.MSELoss, and halve it where the convention has a factor of one half."""
    return _loss(task)


def _loss(task: Task) -> float:
    import torch

    loss = float(torch.nn.MSELoss(reduction=task.reduction)(tensor(task.outputs), tensor(task.wanted)))
    return loss / 2 if task.form == "half" else loss


@reading(_task)
def recompute(task: Task) -> float:
    """The same in exact fractions of what is given."""
    pairs = zip(task.outputs, task.wanted, strict=True)
    return float(sum((Fraction(repr(output)) - Fraction(repr(goal))) ** 2 for output, goal in pairs) * task.share)


@reading(_task)
def says(task: Task) -> str:
    """What the paper must state for the answer to be one."""
    told = CONVENTIONS["squared_error"][task.form]
    return f"{told}; {CONVENTIONS['loss_reduction'][task.reduction]}" if len(task.outputs) > 1 else told


@reading(_task)
def worked(task: Task) -> str:
    """The difference of each example, squared, and their mean or sum."""
    terms = [f"({tex(output)} - {factor(goal)})^2" for output, goal in zip(task.outputs, task.wanted, strict=True)]
    over = task.share.denominator
    start, end = (rf"= \tfrac{{1}}{{{over}}}\big(", r"\big)") if over > 1 else ("= ", "")
    return aligned(*summed("L", terms, equals(_loss(task)), start, end))


# ---- wrong ways ----


@reading(_task)
def _root(task: Task) -> float:
    return float(tensor(_loss(task)).sqrt())


@reading(_task)
def _absolute(task: Task) -> float:
    import torch

    return float(torch.nn.L1Loss(reduction="sum")(tensor(task.outputs), tensor(task.wanted))) * float(task.share)


@reading(_task)
def _of_the_sum(task: Task) -> float:
    difference = tensor(task.outputs) - tensor(task.wanted)
    together = difference.mean() if task.reduction == "mean" else difference.sum()
    return float(together**2) / (2 if task.form == "half" else 1)


@reading(_task)
def _other_factor(task: Task) -> float:
    return _loss(replace(task, form="half" if task.form == "plain" else "plain"))


@reading(_task)
def _other_reduction(task: Task) -> float:
    return _loss(replace(task, reduction="sum" if task.reduction == "mean" else "mean"))


MISCONCEPTIONS = {
    "other_reduction": Misconception("the losses are added and not averaged, or averaged and not added",
                                     _other_reduction),
    "absolute": Misconception("the differences are not squared", _absolute),
    "other_factor": Misconception("a factor of one half is put in, or left out", _other_factor),
    "of_the_sum": Misconception("the differences are put together before they are squared", _of_the_sum),
    "root": Misconception("the square root is taken", _root),
}  # fmt: skip
