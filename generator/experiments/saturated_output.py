"""Show how fast an output that is confidently wrong learns with cross-entropy and with squared error.

One sigmoid output has the score `score`, far below 0, for an example of class 1. Autograd gives the gradient of both
losses with respect to the score; then gradient descent with rate 1 moves the score until the output passes 1/2.
Squared error stands without the factor 1/2, as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

MOST = 20_000  # steps

Loss = Callable[[Tensor], Tensor]


def _cross_entropy(score: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(score, torch.ones_like(score))


def _squared(score: Tensor) -> Tensor:
    return F.mse_loss(torch.sigmoid(score), torch.ones_like(score))


LOSSES: dict[str, Loss] = {"cross_entropy": _cross_entropy, "squared": _squared}


def run(stream: torch.Generator, *, score: float = -5.0) -> Findings:
    """Measure gradients at `score` and the steps to an output of 1/2; nothing here is random."""
    if not -8 <= score <= -2:
        raise ValueError(f"score is {score}; −8 to −2 would work")
    figures: dict[str, Figures] = {
        name: {"gradient": _gradient(loss, score), "steps": _steps(loss, score)} for name, loss in LOSSES.items()
    }
    figures["output"] = torch.sigmoid(torch.tensor(score, dtype=torch.float64)).item()
    figures["ratio"] = _gradient(_cross_entropy, score) / _gradient(_squared, score)
    return Findings(figures, _picture())


def _gradient(loss: Loss, score: float) -> float:
    at = torch.tensor(score, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(loss(at), at)[0].item()


def _steps(loss: Loss, score: float) -> int:
    """Steps of gradient descent with rate 1 until the score is positive."""
    for step in range(MOST):
        if score > 0:
            return step
        score -= _gradient(loss, score)
    return MOST


def _picture() -> Plot:
    scores = [place / 5 for place in range(-40, 41)]
    names = {"cross_entropy": "cross-entropy", "squared": "squared error"}
    return Plot(
        "Size of the loss's gradient by score, for an example of class 1. With cross-entropy it rises toward 1 for "
        "scores far below 0; with squared error it is close to 0 there, as it is far above 0.",
        "score of an example of class 1",
        "size of the gradient",
        tuple(
            Series(names[name], tuple(scores), tuple(-_gradient(loss, score) for score in scores))
            for name, loss in LOSSES.items()
        ),
    )
