"""Show what training on adversarial examples gains and costs a linear classifier.

After Tsipras et al. (2019), *Robustness May Be at Odds with Accuracy*: one input has the sign of the class in `right`
of all examples and is far from zero; `weak` others are shifted by a little with the class and drown in noise, but tell
the class almost without error when they are summed up. Logistic regression is trained on plain examples, and on
examples that FGSM has changed by `epsilon` against the current weights. For a linear model FGSM is the worst change of
its size.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

EXAMPLES = 2000
STEPS = 150
SHIFT = 0.25  # of a weak input with the class, in standard deviations of its noise


def run(stream: torch.Generator, *, right: float = 0.9, weak: int = 150, epsilon: float = 0.5) -> Findings:
    """Train with and without adversarial examples; measure accuracy on new examples, plain and attacked."""
    if not 0.8 <= right <= 0.97 or not 100 <= weak <= 400:
        raise ValueError(f"right is {right:g} and weak {weak}; 0.8 to 0.97 and 100 to 400 would work")
    if not 0.4 <= epsilon <= 0.6:
        raise ValueError(f"epsilon is {epsilon:g}; 0.4 to 0.6 would work")
    trained = _examples(stream, right, weak)
    tested = _examples(stream, right, weak)
    models = {"standard": _trained(*trained, 0.0), "robust": _trained(*trained, epsilon)}
    figures: dict[str, Figures] = {
        name: {
            "clean": _accuracy(weights, *tested),
            "attacked": _accuracy(weights, _moved(weights, *tested, epsilon), tested[1]),
            "strong_share": (weights[0].abs() / weights.abs().sum()).item(),
        }
        for name, weights in models.items()
    }
    return Findings(figures, _plot(models, tested, epsilon))


def _examples(stream: torch.Generator, right: float, weak: int) -> tuple[Tensor, Tensor]:
    """Inputs, the strong one first, and classes −1 and 1."""
    classes = torch.randint(0, 2, (EXAMPLES,), generator=stream) * 2.0 - 1
    agrees = (torch.rand(EXAMPLES, generator=stream) < right) * 2.0 - 1
    rest = SHIFT * classes[:, None] + torch.randn(EXAMPLES, weak, generator=stream)
    return torch.cat([(agrees * classes)[:, None], rest], dim=1), classes


def _moved(weights: Tensor, inputs: Tensor, classes: Tensor, epsilon: float) -> Tensor:
    """FGSM: the sign of the gradient of the loss with respect to an input is −class · sign(w)."""
    return inputs - epsilon * classes[:, None] * weights.sign()


def _trained(inputs: Tensor, classes: Tensor, epsilon: float) -> Tensor:
    weights = torch.zeros(inputs.shape[1], requires_grad=True)
    optimizer = torch.optim.Adam([weights], lr=0.02)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, STEPS)  # weights near zero change their signs
    for _ in range(STEPS):
        seen = _moved(weights.detach(), inputs, classes, epsilon)
        optimizer.zero_grad()
        torch.autograd.backward(F.softplus(-classes * (seen @ weights)).mean())
        optimizer.step()
        schedule.step()
    return weights.detach()


def _accuracy(weights: Tensor, inputs: Tensor, classes: Tensor) -> float:
    return ((inputs @ weights) * classes > 0).double().mean().item()


def _plot(models: dict[str, Tensor], tested: tuple[Tensor, Tensor], epsilon: float) -> Plot:
    sizes = tuple(epsilon * step / 10 for step in range(11))
    lines = {
        name: tuple(_accuracy(weights, _moved(weights, *tested, size), tested[1]) for size in sizes)
        for name, weights in models.items()
    }
    names = {"standard": "standard training", "robust": "adversarial training"}
    return Plot(
        f"Accuracy by the size of the attack: from {lines['standard'][0]:.2f} to {lines['standard'][-1]:.2f} with "
        f"standard training, from {lines['robust'][0]:.2f} to {lines['robust'][-1]:.2f} with adversarial training.",
        "size of the attack, $\\epsilon$",
        "accuracy",
        tuple(Series(names[name], sizes, line, marker="circle") for name, line in lines.items()),
        y_range=(0.0, 1.05),
    )
