"""Show how a tiny change of every input adds up in a linear classifier, and that chance does not add it up.

Inputs of `size` numbers belong to one of two classes; every number is shifted a little with the class and has noise of
standard deviation 1. Logistic regression is trained on them. Each test input is then changed by ε in every number:
against the sign of the class's gradient (the fast gradient sign method, FGSM, which is the worst such change of a
linear score), or by random signs. The score w·x changes by ε·‖w‖₁ in the first case and by about ε·‖w‖₂ in the second.
The picture has these changes for Gaussian weights of several sizes.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

EXAMPLES = 400
STEPS = 100
SIZES = (10, 30, 100, 300, 1000, 3000)
NOISE_DRAWS = 200


def run(stream: torch.Generator, *, size: int = 784, epsilon: float = 0.25) -> Findings:
    """Attack a trained linear classifier by signs, and change its inputs by random signs of the same size."""
    if not 100 <= size <= 3072 or not 0.05 <= epsilon <= 0.5:
        raise ValueError(f"size is {size} and epsilon {epsilon:g}; 100 to 3072 and 0.05 to 0.5 would work")
    shift = torch.randn(size, generator=stream).sign() * 4 / size**0.5  # both classes are 8 standard deviations apart
    inputs, classes = _examples(stream, shift)
    weights = _trained(inputs, classes)
    inputs, classes = _examples(stream, shift)
    attack = sign_step(weights, inputs, classes, epsilon)
    noise = epsilon * torch.randn(inputs.shape, generator=stream).sign()
    figures: dict[str, Figures] = {
        "clean": _accuracy(weights, inputs, classes),
        "random": _accuracy(weights, inputs + noise, classes),
        "attacked": _accuracy(weights, inputs + attack, classes),
        "score": {
            "attacked": (attack @ weights).abs().mean().item(),
            "random": (noise @ weights).square().mean().sqrt().item(),
            "theory": (epsilon * weights.abs().sum()).item(),
        },
    }
    figures["ratio"] = figures["score"]["attacked"] / figures["score"]["random"]  # type: ignore[call-overload,index,operator]
    changes = [_changes(stream, other, epsilon) for other in SIZES]
    return Findings(figures, _plot(changes, epsilon))


def _examples(stream: torch.Generator, shift: Tensor) -> tuple[Tensor, Tensor]:
    """Inputs, and classes −1 and 1."""
    classes = torch.randint(0, 2, (EXAMPLES,), generator=stream) * 2.0 - 1
    return classes[:, None] * shift + torch.randn(EXAMPLES, len(shift), generator=stream), classes


def _trained(inputs: Tensor, classes: Tensor) -> Tensor:
    weights = torch.zeros(inputs.shape[1], requires_grad=True)
    optimizer = torch.optim.Adam([weights], lr=0.01, weight_decay=0.01)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.autograd.backward(F.softplus(-classes * (inputs @ weights)).mean())
        optimizer.step()
    return weights.detach()


def sign_step(weights: Tensor, inputs: Tensor, classes: Tensor, epsilon: float) -> Tensor:
    """ε times the sign of the loss's gradient with respect to each input (Goodfellow et al. 2015)."""
    moved = inputs.clone().requires_grad_()
    loss = F.softplus(-classes * (moved @ weights)).sum()
    (gradient,) = torch.autograd.grad(loss, moved)
    return epsilon * gradient.sign()


def _accuracy(weights: Tensor, inputs: Tensor, classes: Tensor) -> float:
    return ((inputs @ weights) * classes > 0).double().mean().item()


def _changes(stream: torch.Generator, size: int, epsilon: float) -> tuple[float, float]:
    """The change of the score by the worst signs, and the root mean square of that by random signs."""
    weights = torch.randn(size, generator=stream)
    signs = torch.randn(NOISE_DRAWS, size, generator=stream).sign()
    return (epsilon * weights.abs().sum()).item(), (epsilon * (signs @ weights).square().mean().sqrt()).item()


def _plot(changes: list[tuple[float, float]], epsilon: float) -> Plot:
    sizes = tuple(map(float, SIZES))
    worst, random = zip(*changes, strict=True)
    return Plot(
        f"Change of a linear score with Gaussian weights when every input moves by {epsilon:g}: for {SIZES[-1]} inputs "
        f"it is {worst[-1]:.2g} with the worst signs and {random[-1]:.2g} with random ones.",
        "number of inputs",
        "change of the score",
        (Series("worst signs", sizes, worst, marker="circle"), Series("random signs", sizes, random, marker="plus")),
        x_log=True,
        y_log=True,
    )
