"""The cross-entropy between predicted probabilities of label 1 and the labels 0 or 1."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import aligned, equals, reading, reduced, reduction, tensor, tex, vector
from generator.spec import CONVENTIONS

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "number"
HIGHEST = 30.0  # of a score: beyond it, a probability is 1 in double precision
Given = Literal["probabilities", "scores"]


@dataclass(frozen=True)
class Task:
    """A probability or score for each example, and its label."""

    outputs: list[float]
    labels: list[float]
    given: Given
    reduction: str

    @property
    def ones(self) -> Tensor:
        """The probabilities of label 1, by PyTorch."""
        outputs = tensor(self.outputs)
        return outputs if self.given == "probabilities" else outputs.sigmoid()


def _task(*, predictions: Any, targets: Any, given: Given = "probabilities", loss_reduction: str = "mean") -> Task:
    """Predictions and labels: two lists of one length, or two numbers; raises BadArgument."""
    outputs = vector("predictions", predictions if isinstance(predictions, list | tuple) else [predictions])
    labels = vector(
        "targets", targets if isinstance(targets, list | tuple) else [targets], len(outputs), least=0, most=1
    )
    for output in outputs:
        if given == "probabilities" and not 0 < output < 1:
            raise BadArgument("predictions", f"{output:g} is no probability between 0 and 1")
        if abs(output) > HIGHEST:
            raise BadArgument("predictions", f"scores lie between {-HIGHEST:g} and {HIGHEST:g}")
    return Task(outputs, labels, given, loss_reduction)


@reading(_task)
def compute(task: Task) -> float:
    """Run torch.nn.BCELoss on probabilities of label 1, or torch.nn.BCEWithLogitsLoss on scores.

    `predictions`: a list with a number for each example, or one number; `targets`: as many labels, from 0 to 1.
    """
    return _loss(task)


def _loss(task: Task) -> float:
    import torch

    loss = torch.nn.BCELoss if task.given == "probabilities" else torch.nn.BCEWithLogitsLoss
    return float(loss(reduction=task.reduction)(tensor(task.outputs), tensor(task.labels)))


@reading(_task)
def recompute(task: Task) -> float:
    """The same by −y ln p − (1 − y) ln (1 − p), in plain Python; ln p of a score s is −ln (1 + e^(−s))."""
    return reduction(_losses(task), task.reduction)


def _losses(task: Task) -> list[float]:
    losses = []
    for output, label in zip(task.outputs, task.labels, strict=True):
        if task.given == "probabilities":
            yes, no = math.log(output), math.log1p(-output)
        else:
            yes, no = -math.log1p(math.exp(-output)), -math.log1p(math.exp(output))
        losses.append(-label * yes - (1 - label) * no)
    return losses


@reading(_task)
def says(task: Task) -> str:
    """What the paper must state for the answer to be one."""
    several = len(task.outputs) > 1
    return "the logarithm is natural" + (f"; {CONVENTIONS['loss_reduction'][task.reduction]}" if several else "")


@reading(_task)
def worked(task: Task) -> str:
    """The probability of each example's label and its logarithm, and their mean or sum."""
    losses, ones, lines = _losses(task), task.ones.tolist(), []
    for place, (output, label, one, loss) in enumerate(zip(task.outputs, task.labels, ones, losses, strict=True), 1):
        mark = f"_{{{place}}}" if len(losses) > 1 else ""
        if task.given == "scores":
            lines.append((f"p{mark}", rf"= \sigma({tex(output)}) {equals(one)}"))
        if label == 1:
            lines.append((f"L{mark}", rf"= -\ln {tex(one)} {equals(loss)}"))
        elif label == 0:
            lines.append((f"L{mark}", rf"= -\ln(1 - {tex(one)}) {equals(loss)}"))
        else:
            lines.append((f"L{mark}", rf"= -{tex(label)} \ln {tex(one)}"))
            lines.append(("", rf"\quad - {tex(1 - label)} \ln(1 - {tex(one)}) {equals(loss)}"))
    return aligned(*lines) if len(losses) == 1 else f"{aligned(*lines)}\n\n{reduced(losses, task.reduction)}"


# ---- wrong ways ----


def _by_terms(change: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable[..., float]:
    """Losses of examples made of ln p, ln (1 − p) and labels in another way, by PyTorch."""

    @reading(_task)
    def wrong(task: Task) -> float:
        losses = change(task.ones.log(), (1 - task.ones).log(), tensor(task.labels))
        return reduction(losses.tolist(), task.reduction)

    return wrong


@reading(_task)
def _swapped(task: Task) -> float:
    return _loss(replace(task, labels=[1 - label for label in task.labels]))


@reading(_task)
def _always_ones(task: Task) -> float:
    return _loss(replace(task, labels=[1.0] * len(task.labels)))


@reading(_task)
def _no_sigmoid(task: Task) -> float:
    if task.given == "probabilities" or not all(0 < output < 1 for output in task.outputs):
        raise DoesNotApply("there are no scores that could be probabilities")
    return _loss(replace(task, given="probabilities"))


@reading(_task)
def _sigmoid_twice(task: Task) -> float:
    return _loss(replace(task, outputs=task.ones.tolist(), given="scores"))


@reading(_task)
def _squared(task: Task) -> float:
    import torch

    return float(torch.nn.MSELoss(reduction=task.reduction)(task.ones, tensor(task.labels)))


@reading(_task)
def _other_reduction(task: Task) -> float:
    return _loss(replace(task, reduction="sum" if task.reduction == "mean" else "mean"))


MISCONCEPTIONS = {
    "log_base_2": Misconception("the logarithm to base 2 is taken",
                                _by_terms(lambda yes, no, label: -(label * yes + (1 - label) * no) / math.log(2))),
    "sign_forgotten": Misconception("the minus in front of the logarithms is missing",
                                    _by_terms(lambda yes, no, label: label * yes + (1 - label) * no)),
    "only_ones": Misconception("the term of label 0 is left out",
                               _by_terms(lambda yes, no, label: -(label * yes + 0 * no))),
    "always_ones": Misconception("the label is not looked at: every example counts as label 1", _always_ones),
    "labels_swapped": Misconception("the labels 0 and 1 are swapped", _swapped),
    "no_sigmoid": Misconception("scores are taken for probabilities", _no_sigmoid),
    "sigmoid_twice": Misconception("a sigmoid is taken of probabilities", _sigmoid_twice),
    "squared_error": Misconception("the squared error of the probabilities is taken", _squared),
    "other_reduction": Misconception("the losses are added and not averaged, or averaged and not added",
                                     _other_reduction),
}  # fmt: skip
