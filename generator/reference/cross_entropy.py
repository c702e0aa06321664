"""The cross-entropy between predicted classes and the right ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import (
    Matrix,
    aligned,
    equals,
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
HIGHEST = 200.0  # of a score
Given = Literal["scores", "probabilities"]


@dataclass(frozen=True)
class Task:
    """A row of scores or probabilities for each example, and its class counted from 1."""

    outputs: Matrix
    classes: list[int]
    given: Given
    reduction: str

    @property
    def logs(self) -> Tensor:
        """The logarithms of all probabilities, by PyTorch."""
        outputs = tensor(self.outputs)
        return outputs.log_softmax(1) if self.given == "scores" else outputs.log()

    @property
    def places(self) -> Tensor:
        """The classes, counted from 0."""
        import torch

        return torch.tensor(self.classes) - 1


def _task(*, scores: Any, target: Any, given: Given = "scores", loss_reduction: str = "mean") -> Task:
    """Scores or probabilities: a list, or a row for each example, with as many targets; raises BadArgument."""
    outputs = rows("scores", scores)
    classes = places("target", target, len(outputs), len(outputs[0]))
    for row, right in zip(outputs, classes, strict=True):
        if given == "probabilities" and (min(row) < 0 or abs(sum(row) - 1) > 1e-9):
            raise BadArgument("scores", f"{row} are no probabilities that add up to 1")
        if given == "probabilities" and row[right - 1] == 0:
            raise BadArgument("scores", "the right class has a probability of 0, and the loss is infinite")
        if max(map(abs, row)) > HIGHEST:
            raise BadArgument("scores", f"scores lie between {-HIGHEST:g} and {HIGHEST:g}")
    return Task(outputs, classes, given, loss_reduction)


@reading(_task)
def compute(task: Task) -> float:
    """Run torch.nn.CrossEntropyLoss on scores, or torch.nn.NLLLoss on the logarithms of probabilities.

    `scores`: a list with a number for each class, or such a list for each example of a batch. `target`: the right class
    of each example, counted from 1. `given`: whether `scores` are scores or probabilities.
    """
    return _loss(task)


def _loss(task: Task) -> float:
    import torch

    if task.given == "scores":
        return float(torch.nn.CrossEntropyLoss(reduction=task.reduction)(tensor(task.outputs), task.places))
    return float(torch.nn.NLLLoss(reduction=task.reduction)(task.logs, task.places))


@reading(_task)
def recompute(task: Task) -> float:
    """The same as the logarithm of the sum of exponentials less the score of the class, in plain Python."""
    return reduction(_losses(task), task.reduction)


def _losses(task: Task) -> list[float]:
    pairs = zip(task.outputs, task.classes, strict=True)
    if task.given == "probabilities":
        return [-math.log(row[right - 1]) for row, right in pairs]
    return [math.log(math.fsum(map(math.exp, row))) - row[right - 1] for row, right in pairs]


@reading(_task)
def says(task: Task) -> str:
    """What the paper must state for the answer to be one."""
    several = len(task.outputs) > 1
    return "the logarithm is natural" + (f"; {CONVENTIONS['loss_reduction'][task.reduction]}" if several else "")


@reading(_task)
def worked(task: Task) -> str:
    """The probability of the right class and its logarithm, for each example, and their mean or sum."""
    lines: list[tuple[str, str]] = []
    losses = _losses(task)
    for place, (row, right, loss) in enumerate(zip(task.outputs, task.classes, losses, strict=True), 1):
        mark = f"_{{{place}}}" if len(losses) > 1 else ""
        probability = math.exp(-loss)
        if task.given == "scores":
            powers = [f"e^{{{tex(score)}}}" for score in row]
            lines += summed(f"s{mark}", powers, equals(math.fsum(map(math.exp, row))))
            lines.append((f"p{mark}", rf"= {powers[right - 1]} / s{mark} {equals(probability)}"))
        lines.append((f"L{mark}", rf"= -\ln {tex(probability)} {equals(loss)}"))
    return aligned(*lines) if len(losses) == 1 else f"{aligned(*lines)}\n\n{reduced(losses, task.reduction)}"


# ---- wrong ways ----


def _of_logs(change: Callable[[Tensor], Tensor]) -> Callable[..., float]:
    """The logarithm of each right probability put through something else, by PyTorch."""

    @reading(_task)
    def wrong(task: Task) -> float:
        own = task.logs.gather(1, task.places[:, None])[:, 0]
        return reduction(change(own).tolist(), task.reduction)

    return wrong


def _with_scores(task: Task) -> Task:
    if task.given == "probabilities":
        raise DoesNotApply("there are no scores")
    return task


@reading(_task)
def _no_softmax(task: Task) -> float:
    own = tensor(_with_scores(task).outputs).gather(1, task.places[:, None])
    if (own <= 0).any():
        raise DoesNotApply("a score that is not positive has no logarithm")
    return reduction((-own.log())[:, 0].tolist(), task.reduction)


@reading(_task)
def _score_alone(task: Task) -> float:
    import torch

    return float(torch.nn.NLLLoss(reduction=task.reduction)(tensor(_with_scores(task).outputs), task.places))


@reading(_task)
def _softmax_twice(task: Task) -> float:
    return _loss(replace(task, outputs=task.logs.exp().tolist(), given="scores"))


@reading(_task)
def _all_classes(task: Task) -> float:
    if not task.logs.isfinite().all():
        raise DoesNotApply("a probability of 0 has no logarithm")
    return reduction((-task.logs.sum(1)).tolist(), task.reduction)


@reading(_task)
def _from_zero(task: Task) -> float:
    if max(task.classes) == len(task.outputs[0]):
        raise DoesNotApply("there is no such class")
    found = _loss(replace(task, classes=[right + 1 for right in task.classes]))
    if not math.isfinite(found):
        raise DoesNotApply("a probability of 0 has no logarithm")
    return found


@reading(_task)
def _other_reduction(task: Task) -> float:
    return _loss(replace(task, reduction="sum" if task.reduction == "mean" else "mean"))


MISCONCEPTIONS = {
    "log_base_2": Misconception("the logarithm to base 2 is taken", _of_logs(lambda logs: -logs / math.log(2))),
    "log_base_10": Misconception("the logarithm to base 10 is taken", _of_logs(lambda logs: -logs / math.log(10))),
    "sign_forgotten": Misconception("the minus in front of the logarithm is missing", _of_logs(lambda logs: logs)),
    "no_logarithm": Misconception("one minus the probability is taken, without a logarithm",
                                  _of_logs(lambda logs: 1 - logs.exp())),
    "no_softmax": Misconception("the score is taken for a probability", _no_softmax),
    "score_alone": Misconception("the scores of the other classes are left out", _score_alone),
    "softmax_twice": Misconception("softmax is taken of probabilities", _softmax_twice),
    "all_classes": Misconception("the logarithms of all classes are added, not that of the right one", _all_classes),
    "counted_from_0": Misconception("the class after the right one is looked at", _from_zero),
    "other_reduction": Misconception("the losses are added and not averaged, or averaged and not added",
                                     _other_reduction),
}  # fmt: skip
