"""The perplexity of a language model on a text: its uncertainty as a number of equally likely words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from generator.reference import Misconception
from generator.reference.given import aligned, equals, reading, summed, tensor, tex, vector

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "number"
Task = list[float]


def _task(*, probabilities: Any) -> Task:
    """The probability of each word that came; raises BadArgument."""
    return vector("probabilities", probabilities, least=1e-6, most=1)


@reading(_task)
def compute(task: Task) -> float:
    """Exponentiate torch's mean negative log-likelihood of the probabilities that the model gave to the words."""
    import torch

    logs = tensor(task).log()[:, None]  # of each word that came, and of no other
    return math.exp(float(torch.nn.NLLLoss()(logs, torch.zeros(len(logs), dtype=torch.long))))


@reading(_task)
def recompute(task: Task) -> float:
    """The same as the geometric mean of the inverse probabilities, in plain Python."""
    root = 1 / len(task)
    return math.prod(math.pow(1 / one, root) for one in task)


def says() -> str:
    """What the paper must state for the answer to be one."""
    return "perplexity is $e$ to the mean of the words' negative natural logarithms"


@reading(_task)
def worked(task: Task) -> str:
    """The mean negative logarithm, and its exponential."""
    mean = -math.fsum(map(math.log, task)) / len(task)
    terms = [rf"\ln {tex(one)}" for one in task]
    lines = summed("H", terms, equals(mean), rf"= -\tfrac{{1}}{{{len(task)}}}(", ")")
    return aligned(*lines, ("e^H", equals(math.exp(mean))))


# ---- wrong ways ----


def _of(change: Callable[[Tensor], Tensor]) -> Callable[..., float]:
    """Something else made of the probabilities, by PyTorch."""

    @reading(_task)
    def wrong(task: Task) -> float:
        return float(change(tensor(task)))

    return wrong


MISCONCEPTIONS = {
    "not_averaged": Misconception("the root is missing: the logarithms are added and not averaged",
                                  _of(lambda p: (1 / p).prod())),
    "cross_entropy": Misconception("the exponential is missing: this is the cross-entropy",
                                   _of(lambda p: -p.log().mean())),
    "mean_inverse": Misconception("the inverse probabilities are averaged, not their logarithms",
                                  _of(lambda p: (1 / p).mean())),
    "of_mean": Misconception("the probabilities are averaged, not their logarithms", _of(lambda p: 1 / p.mean())),
    "base_two": Misconception("natural logarithms are used as powers of 2", _of(lambda p: 2 ** -p.log().mean())),
}  # fmt: skip
