"""Show what an L2 and an L1 penalty make of the weights of a linear model, and what their strength does to its errors.

`inputs` features, of which `useful` decide the target, and hardly more noisy examples than features. The loss is half
the mean squared error plus λ/2 times the sum of the squares of the weights (L2), or λ times the sum of their absolute
values (L1). L2 has a closed solution. L1 is minimized by proximal gradient descent: after each gradient step every
weight moves toward 0 by λ times the rate, and one that would pass 0 stays at 0.
"""

from __future__ import annotations

import torch
from torch import Tensor

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

VALIDATION = 1000
ROUNDS = 800  # of proximal gradient descent
STRENGTHS = tuple(10 ** (exponent / 4) for exponent in range(-16, 9))


def run(
    stream: torch.Generator,
    *,
    inputs: int = 40,
    useful: int = 5,
    strength: float = 0.2,
    excess: float = 100.0,
    picture: str = "errors",
) -> Findings:
    """Fit without a penalty, with L2 and L1 of one strength, and with an L2 penalty that is far too strong."""
    if not (20 <= inputs <= 80 and 2 <= useful <= inputs // 4):
        raise ValueError("inputs must be from 20 to 80 and useful from 2 to a quarter of inputs")
    if not (0.1 <= strength <= 0.4 and 50 <= excess <= 1000):
        raise ValueError("strength must be from 0.1 to 0.4 and excess from 50 to 1000")
    if picture not in ("errors", "weights"):
        raise ValueError("picture must be 'errors' or 'weights'")
    truth = torch.zeros(inputs, dtype=torch.float64)
    signs = 2.0 * torch.randint(2, (useful,), generator=stream) - 1
    truth[:useful] = signs * (1.5 + torch.rand(useful, generator=stream, dtype=torch.float64))
    data = _data(stream, inputs + inputs // 10, truth)
    validation = _data(stream, VALIDATION, truth)
    fits = {
        "none": _ridge(*data, 0.0),
        "l2": _ridge(*data, strength),
        "l1": _lasso(*data, strength),
        "strong": _ridge(*data, excess),
    }
    figures: dict[str, Figures] = {name: _figures(weights, data, validation, useful) for name, weights in fits.items()}
    figures["useless"] = inputs - useful
    curve = [(_error(_ridge(*data, s), *data), _error(_ridge(*data, s), *validation)) for s in STRENGTHS]
    best = min(range(len(curve)), key=lambda place: curve[place][1])
    figures["best"] = {"strength": STRENGTHS[best], "training": curve[best][0], "validation": curve[best][1]}
    return Findings(figures, _errors(curve) if picture == "errors" else _weights(fits["l1"], fits["l2"]))


def _data(stream: torch.Generator, examples: int, truth: Tensor) -> tuple[Tensor, Tensor]:
    inputs = torch.randn(examples, len(truth), generator=stream, dtype=torch.float64)
    return inputs, inputs @ truth + torch.randn(examples, generator=stream, dtype=torch.float64)


def _ridge(inputs: Tensor, targets: Tensor, strength: float) -> Tensor:
    """The minimum with an L2 penalty."""
    squares = inputs.T @ inputs / len(targets) + strength * torch.eye(inputs.shape[1], dtype=torch.float64)
    weights: Tensor = torch.linalg.solve(squares, inputs.T @ targets / len(targets))
    return weights


def _lasso(inputs: Tensor, targets: Tensor, strength: float) -> Tensor:
    """The minimum with an L1 penalty."""
    rate = 1 / torch.linalg.matrix_norm(inputs.T @ inputs / len(targets), 2)
    weights = torch.zeros(inputs.shape[1], dtype=torch.float64)
    for _ in range(ROUNDS):
        weights = weights - rate * inputs.T @ (inputs @ weights - targets) / len(targets)
        weights = weights.sign() * (weights.abs() - rate * strength).clamp(min=0)
    return weights


def _error(weights: Tensor, inputs: Tensor, targets: Tensor) -> float:
    return (inputs @ weights - targets).square().mean().item()


def _figures(
    weights: Tensor, data: tuple[Tensor, Tensor], validation: tuple[Tensor, Tensor], useful: int
) -> dict[str, Figures]:
    return {
        "zeros": int((weights == 0).sum()),
        "useful_zeros": int((weights[:useful] == 0).sum()),
        "length": weights.norm().item(),
        "training": _error(weights, *data),
        "validation": _error(weights, *validation),
    }


def _errors(curve: list[tuple[float, float]]) -> Plot:
    training, validation = (tuple(errors) for errors in zip(*curve, strict=True))
    best = min(range(len(curve)), key=validation.__getitem__)
    return Plot(
        f"Errors by strength of the L2 penalty. The training error rises from {training[0]:.2g} to {training[-1]:.2g}; "
        f"the validation error falls from {validation[0]:.2g} to {validation[best]:.2g} and then rises to "
        f"{validation[-1]:.2g}.",
        "strength λ of the L2 penalty",
        "mean squared error",
        (Series("training", STRENGTHS, training), Series("validation", STRENGTHS, validation)),
        x_log=True,
        y_log=True,
    )


def _weights(l1: Tensor, l2: Tensor) -> Plot:
    features = tuple(map(float, range(1, len(l1) + 1)))
    return Plot(
        f"The weights of all features with both penalties: with L1, {int((l1 == 0).sum())} of {len(l1)} are exactly 0; "
        f"with L2, {int((l2 == 0).sum())} are.",
        "feature",
        "weight",
        (
            Series("L1", features, tuple(l1.tolist()), kind="points", marker="plus"),
            Series("L2", features, tuple(l2.tolist()), kind="points", marker="circle"),
        ),
    )
