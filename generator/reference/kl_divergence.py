"""The Kullback-Leibler divergence of one discrete distribution from another."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import aligned, equals, reading, summed, tensor, tex, vector

GIVES = "number"
Logarithm = Literal["natural", "binary"]


@dataclass(frozen=True)
class Task:
    """Two distributions over the same outcomes, and the logarithm that is meant."""

    p: list[float]
    q: list[float]
    logarithm: Logarithm

    @property
    def unit(self) -> float:
        """What natural logarithms are divided by."""
        return math.log(2) if self.logarithm == "binary" else 1.0


def _task(*, p: Any, q: Any, logarithm: Logarithm = "natural") -> Task:
    """Lists of one length that add up to 1; raises BadArgument."""
    one = vector("p", p, least=0, most=1)
    other = vector("q", q, len(one), least=0, most=1)
    for name, values in (("p", one), ("q", other)):
        if abs(sum(values) - 1) > 1e-9:
            raise BadArgument(name, f"{values} do not add up to 1")
    if min(other) == 0:
        raise BadArgument("q", "a probability of 0 makes the divergence infinite")
    return Task(one, other, logarithm)


@reading(_task)
def compute(task: Task) -> float:
    """Run torch.nn.KLDivLoss for Σ p log(p / q), where 0 · log 0 is 0; with the binary logarithm in bits."""
    return _divergence(task)


def _divergence(task: Task) -> float:
    import torch

    return float(torch.nn.KLDivLoss(reduction="sum")(tensor(task.q).log(), tensor(task.p))) / task.unit


@reading(_task)
def recompute(task: Task) -> float:
    """The same as cross-entropy less entropy, in plain Python."""
    log = math.log2 if task.logarithm == "binary" else math.log
    cross = -math.fsum(a * log(b) for a, b in zip(task.p, task.q, strict=True))
    return cross + math.fsum(a * log(a) for a in task.p if a > 0)


def says(*, logarithm: Logarithm = "natural") -> str:
    """What the paper must state for the answer to be one."""
    return "the logarithm is natural" if logarithm == "natural" else "the logarithm is to base 2, so the unit is bits"


@reading(_task)
def worked(task: Task) -> str:
    """The sum with its numbers, one term for each outcome that p allows."""
    log = r"\log_2" if task.logarithm == "binary" else r"\ln"
    terms = [rf"{tex(a)} {log}\tfrac{{{tex(a)}}}{{{tex(b)}}}" for a, b in zip(task.p, task.q, strict=True) if a > 0]
    return aligned(*summed("D", terms, equals(_divergence(task))))


# ---- wrong ways ----


@reading(_task)
def _swapped(task: Task) -> float:
    if min(task.p) == 0:
        raise DoesNotApply("the divergence is infinite the other way round")
    return _divergence(replace(task, p=task.q, q=task.p))


@reading(_task)
def _turned(task: Task) -> float:
    return -_divergence(task)


@reading(_task)
def _cross_entropy(task: Task) -> float:
    return -float((tensor(task.p) * tensor(task.q).log()).sum()) / task.unit


@reading(_task)
def _entropy(task: Task) -> float:
    import torch

    return float(torch.special.entr(tensor(task.p)).sum()) / task.unit


@reading(_task)
def _unweighted(task: Task) -> float:
    if min(task.p) == 0:
        raise DoesNotApply("a probability of 0 has no logarithm")
    return float((tensor(task.p) / tensor(task.q)).log().sum()) / task.unit


@reading(_task)
def _other_logarithm(task: Task) -> float:
    return _divergence(replace(task, logarithm="natural" if task.logarithm == "binary" else "binary"))


@reading(_task)
def _absolute(task: Task) -> float:
    return float((tensor(task.p) - tensor(task.q)).abs().sum())


MISCONCEPTIONS = {
    "swapped": Misconception("the two distributions are swapped", _swapped),
    "cross_entropy": Misconception("the entropy is not subtracted: this is the cross-entropy", _cross_entropy),
    "unweighted": Misconception("the logarithms are not weighted with the probabilities", _unweighted),
    "sign_turned": Misconception("the sign is turned: the quotient is upside down", _turned),
    "other_logarithm": Misconception("the logarithm has another base", _other_logarithm),
    "entropy": Misconception("this is the entropy of the first distribution", _entropy),
    "absolute": Misconception("the absolute differences are added, without a logarithm", _absolute),
}
