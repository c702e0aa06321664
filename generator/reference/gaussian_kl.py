"""The Kullback-Leibler divergence of a Gaussian with independent components from the standard one.

It is the penalty on the code of a variational autoencoder (Kingma and Welling, Auto-Encoding Variational Bayes,
appendix B): ½ Σ (μ² + σ² − 1 − ln σ²).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from generator.reference import Misconception
from generator.reference.given import aligned, equals, factor, reading, summed, tensor, tex, vector

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "number"
Task = tuple[list[float], list[float]]  # means and variances of the components


def _task(*, means: Any, variances: Any) -> Task:
    """Lists of one length; raises BadArgument."""
    mean = vector("means", means, least=-1000, most=1000)
    return mean, vector("variances", variances, len(mean), least=1e-6, most=1000)


@reading(_task)
def compute(task: Task) -> float:
    """Ask torch.distributions for the divergence from N(0, I), summed over the components."""
    return _divergence(*task)


def _divergence(means: list[float], variances: list[float]) -> float:
    import torch
    from torch.distributions import Normal

    mean, variance = tensor(means), tensor(variances)
    standard = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    return float(torch.distributions.kl_divergence(Normal(mean, variance.sqrt()), standard).sum())


@reading(_task)
def recompute(task: Task) -> float:
    """The same by the closed formula of the paper, in plain Python."""
    return 0.5 * math.fsum(mean**2 + variance - 1 - math.log(variance) for mean, variance in zip(*task, strict=True))


def says() -> str:
    """What the paper must state for the answer to be one."""
    return "the logarithm is natural, and the divergence is summed over the components"


@reading(_task)
def worked(task: Task) -> str:
    """The term of each component with its numbers, and half their sum."""
    lines, terms = [], []
    for place, (mean, variance) in enumerate(zip(*task, strict=True), 1):
        term = mean**2 + variance - 1 - math.log(variance)
        known = rf"= {factor(mean)}^2 + {tex(variance)} - 1 - \ln {tex(variance)}"
        lines.append((f"t_{{{place}}}", f"{known} {equals(term)}"))
        terms.append(tex(term))
    return aligned(*lines, *summed("D", terms, equals(_divergence(*task)), r"= \tfrac12(", ")"))


# ---- wrong ways ----


def _of_terms(change: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., float]:
    """The sum of other terms of means and variances, by PyTorch."""

    @reading(_task)
    def wrong(task: Task) -> float:
        return float(change(tensor(task[0]), tensor(task[1])).sum())

    return wrong


@reading(_task)
def _no_means(task: Task) -> float:
    return _divergence([0.0] * len(task[0]), task[1])


@reading(_task)
def _deviations(task: Task) -> float:
    return _divergence(task[0], [one**2 for one in task[1]])


MISCONCEPTIONS = {
    "half_forgotten": Misconception("the factor of one half is missing",
                                    _of_terms(lambda mean, var: mean**2 + var - 1 - var.log())),
    "log_added": Misconception("the logarithm is added in place of being subtracted",
                               _of_terms(lambda mean, var: (mean**2 + var - 1 + var.log()) / 2)),
    "one_forgotten": Misconception("the 1 of each component is missing",
                                   _of_terms(lambda mean, var: (mean**2 + var - var.log()) / 2)),
    "mean_not_squared": Misconception("the means are not squared",
                                      _of_terms(lambda mean, var: (mean + var - 1 - var.log()) / 2)),
    "means_forgotten": Misconception("the means are left out", _no_means),
    "variances_squared": Misconception("variances are taken for standard deviations, and squared", _deviations),
    "averaged": Misconception("the mean over the components is taken",
                              _of_terms(lambda mean, var: (mean**2 + var - 1 - var.log()) / 2 / len(mean))),
}  # fmt: skip
