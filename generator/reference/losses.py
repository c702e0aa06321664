"""What the quantities share that differentiate a loss: the loss of a batch by PyTorch, and its gradient by hand.

Outputs are rows, one for each example. Targets are classes counted from 1 for cross-entropy and hinge, else rows of
numbers. Sources: the PyTorch documentation of CrossEntropyLoss, NLLLoss, MultiMarginLoss, MSELoss, BCELoss and
BCEWithLogitsLoss; PyTorch's division by the number of classes in the hinge loss, and by that of outputs in the squared
error, is taken back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from generator.reference import BadArgument
from generator.reference.given import Matrix, matrix, places, tex
from generator.spec import CONVENTIONS

if TYPE_CHECKING:
    from torch import Tensor

Kind = Literal["cross_entropy", "squared_error", "binary_cross_entropy", "hinge"]
Given = Literal["scores", "probabilities"]
HIGHEST = 30.0  # of a score: beyond it, a probability is 1 in double precision


@dataclass(frozen=True)
class Loss:
    """A loss of a batch, and how the losses of examples are put together."""

    kind: Kind
    wanted: Any  # classes counted from 1, or rows of numbers
    reduction: str
    form: str
    given: Given = "scores"
    margin: float = 1.0

    @property
    def examples(self) -> int:
        """How many examples there are."""
        return len(self.wanted)

    @property
    def share(self) -> float:
        """What wrong ways multiply the sum over examples by."""
        return 1 / self.examples if self.reduction == "mean" else 1.0

    def of(self, outputs: Tensor) -> Tensor:
        """The loss by PyTorch, with PyTorch's own mean or sum over examples."""
        import torch
        from torch.nn import functional as F

        probabilities = self.given == "probabilities"
        if self.kind in ("cross_entropy", "hinge"):
            classes = torch.tensor(self.wanted) - 1
            if self.kind == "hinge":
                over_classes = F.multi_margin_loss(outputs, classes, margin=self.margin, reduction=self.reduction)
                return over_classes * outputs.shape[1]
            loss = F.nll_loss if probabilities else F.cross_entropy
            return loss(outputs.log() if probabilities else outputs, classes, reduction=self.reduction)
        wanted = torch.tensor(self.wanted, dtype=torch.float64)
        over_outputs = outputs.shape[1] if self.reduction == "mean" else 1
        if self.kind == "squared_error":
            error = F.mse_loss(outputs, wanted, reduction=self.reduction) * over_outputs
            return error / 2 if self.form == "half" else error
        if probabilities:
            return F.binary_cross_entropy(outputs, wanted, reduction=self.reduction) * over_outputs
        return F.binary_cross_entropy_with_logits(outputs, wanted, reduction=self.reduction) * over_outputs

    def slopes(self, outputs: Matrix) -> Matrix:
        """The gradient by the outputs, by closed formulas in plain Python."""
        rows = [self._slopes(row, wanted) for row, wanted in zip(outputs, self.wanted, strict=True)]
        if self.reduction == "sum":
            return rows
        return [[one / len(rows) for one in row] for row in rows]

    def _slopes(self, row: Sequence[float], wanted: Any) -> list[float]:
        match self.kind, self.given:
            case "cross_entropy", "probabilities":
                return [-1 / one if place == wanted else 0.0 for place, one in enumerate(row, 1)]
            case "cross_entropy", _:
                return [one - (place == wanted) for place, one in enumerate(softmax(row), 1)]
            case "hinge", _:
                return self._hinge(row, wanted)
            case "squared_error", _:
                return [(1 if self.form == "half" else 2) * (one - goal) for one, goal in zip(row, wanted, strict=True)]
            case _, "probabilities":
                return [(one - goal) / (one * (1 - one)) for one, goal in zip(row, wanted, strict=True)]
        return [sigmoid(one) - goal for one, goal in zip(row, wanted, strict=True)]

    def _hinge(self, row: Sequence[float], wanted: int) -> list[float]:
        right = row[wanted - 1]
        over = [float(place != wanted and one - right + self.margin > 0) for place, one in enumerate(row, 1)]
        return [-sum(over) if place == wanted else one for place, one in enumerate(over, 1)]

    @property
    def says(self) -> list[str]:
        """What the paper must state of the loss."""
        if self.kind != "squared_error":
            stated = [f"the loss of an example is {self._told}"]
        else:
            stated = ["squared errors are added up over the outputs"] if len(self.wanted[0]) > 1 else []
            stated.append(CONVENTIONS["squared_error"][self.form])
        if self.examples > 1:
            stated.append(CONVENTIONS["loss_reduction"][self.reduction])
        return stated

    @property
    def _told(self) -> str:
        match self.kind:
            case "cross_entropy":
                return r"$-\ln p$ with the probability $p$ of its right class"
            case "binary_cross_entropy":
                return r"$-y \ln p - (1 - y) \ln(1 - p)$"
            case "hinge":
                over = rf"$\max(0, s_j - s_y + {tex(self.margin)})$"
                return f"the sum of {over} over all classes $j$ but the right class $y$"
        return "the squared error"


def loss(
    kind: Kind,
    outputs: Matrix,
    target: Any,
    reduction: str,
    form: str,
    given: Given = "scores",
    margin: float = 1.0,
) -> Loss:
    """A loss of these outputs; `target` has a class or a row for each. Raises BadArgument."""
    for row in outputs:
        if given == "probabilities" and not all(0 < one <= 1 for one in row):
            raise BadArgument("scores", f"{row} are no probabilities above 0")
        if kind in ("cross_entropy", "binary_cross_entropy") and max(map(abs, row)) > HIGHEST:
            raise BadArgument("scores", f"scores lie between {-HIGHEST:g} and {HIGHEST:g}")
    if kind in ("cross_entropy", "hinge"):
        if len(outputs[0]) < 2:
            raise BadArgument("target", f"{kind} needs two classes or more")
        return Loss(kind, places("target", target, len(outputs), len(outputs[0])), reduction, form, given, margin)
    wanted = matrix("target", target, len(outputs), len(outputs[0]))
    if kind == "binary_cross_entropy" and not all(0 <= one <= 1 for row in wanted for one in row):
        raise BadArgument("target", "a label lies between 0 and 1")
    if given == "probabilities" and any(one == 1 for row in outputs for one in row):
        raise BadArgument("scores", "a probability of 1 has no finite slope")
    return Loss(kind, wanted, reduction, form, given, margin)


def softmax(row: Sequence[float]) -> list[float]:
    """The probabilities of scores."""
    powers = [math.exp(one - max(row)) for one in row]
    return [power / math.fsum(powers) for power in powers]


def sigmoid(score: float) -> float:
    """The probability of a score."""
    return 1 / (1 + math.exp(-score))
