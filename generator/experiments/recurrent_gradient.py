"""Show that a gradient which passes through the same matrix again and again grows or shrinks exponentially.

A linear recurrent network computes h[t] = W·h[t−1] + x[t] over `steps` steps, and the loss depends on its last state.
Its matrix is `growing` (or `shrinking`) times a random rotation, so that every singular value has this size: going back
one step multiplies the gradient's length by exactly this. Autograd gives the gradients of all states.
"""

from __future__ import annotations

import torch
from torch import Tensor

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

WIDTH = 16


def run(stream: torch.Generator, *, steps: int = 50, growing: float = 1.1, shrinking: float = 0.9) -> Findings:
    """Measure the gradient of the first state, relative to that of the last."""
    if not 5 <= steps <= 200:
        raise ValueError(f"steps is {steps}; 5 to 200 would work")
    if not (1 < growing <= 1.5 and 0.5 <= shrinking < 1):
        raise ValueError("growing must be above 1 and at most 1.5, shrinking at least 0.5 and below 1")
    rotation = torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=stream, dtype=torch.float64)).Q
    inputs = torch.randn(steps + 1, WIDTH, generator=stream, dtype=torch.float64)
    lengths = {name: _lengths(factor * rotation, inputs) for name, factor in _named(growing, shrinking)}
    figures: dict[str, Figures] = {
        name: {"ratio": lengths[name][0] / lengths[name][-1], "theory": factor**steps}
        for name, factor in _named(growing, shrinking)
    }
    figures["steps"] = steps
    return Findings(figures, _picture(lengths, growing, shrinking))


def _named(growing: float, shrinking: float) -> list[tuple[str, float]]:
    return [("growing", growing), ("shrinking", shrinking)]


def _lengths(matrix: Tensor, inputs: Tensor) -> list[float]:
    """The length of the loss's gradient with respect to each state."""
    state = inputs[0].clone().requires_grad_()
    states = [state]
    for given in inputs[1:]:
        state = matrix @ state + given
        states.append(state)
    loss = (state - state.detach() - 1).square().sum() / 2  # its gradient at the last state is −1 in each element
    return [float(gradient.norm()) for gradient in torch.autograd.grad(loss, states)]


def _picture(lengths: dict[str, list[float]], growing: float, shrinking: float) -> Plot:
    factors = {"growing": growing, "shrinking": shrinking}
    steps = len(lengths["growing"]) - 1
    back = tuple(map(float, range(steps + 1)))
    relative = {name: tuple(length / values[-1] for length in reversed(values)) for name, values in lengths.items()}
    return Plot(
        f"The gradient's length relative to the last step, by the number of steps back: after {steps} steps it is "
        f"{relative['growing'][-1]:.2g} with the factor {growing:g} and {relative['shrinking'][-1]:.2g} with "
        f"{shrinking:g}.",
        "steps back in time",
        "relative length of the gradient",
        tuple(Series(f"factor {factors[name]:g}", back, values) for name, values in relative.items()),
        y_log=True,
    )
