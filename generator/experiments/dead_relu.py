"""One step that is too large leaves ReLU units without output and without gradient on the whole data set, for good.

A network with one hidden layer of ReLU units fits positive targets from inputs between 0 and 1. Two copies take the
same 30 steps of full-batch gradient descent, but the first step of one is `factor` times as large. Units whose weights
and bias it makes so negative that they are off for every example get a gradient that is exactly zero, so the other
steps never move them; the copy that took only small steps has no such unit.
"""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

EXAMPLES, FEATURES = 200, 5
RATE, STEPS = 0.01, 30


def run(stream: torch.Generator, *, hidden: int = 16, factor: float = 1000.0) -> Findings:
    """Kill ReLU units with one large step and follow one of them."""
    if not 8 <= hidden <= 256:
        raise ValueError(f"hidden is {hidden}; 8 to 256 units would work")
    if not 1 <= factor <= 10_000:
        raise ValueError(f"factor is {factor}; 1 to 10000 would work")
    examples = torch.rand(EXAMPLES, FEATURES, generator=stream, dtype=torch.float64)
    targets = 2 * examples.sum(dim=1, keepdim=True)
    start = _network(stream, hidden)
    careful, reckless = copy.deepcopy(start), copy.deepcopy(start)
    careful_path = _train(careful, examples, targets, first=RATE)
    reckless_path = _train(reckless, examples, targets, first=RATE * factor)
    # the unit that was on most often before the step, among those that the step killed
    unit = int((reckless_path[0] * (reckless_path[1] == 0)).argmax())
    figures: dict[str, Figures] = {
        "before": {"dead": _dead(reckless_path[0]), "active": reckless_path[0][unit].item()},
        "after": {
            "dead": _dead(reckless_path[1]),
            "active": reckless_path[-1][unit].item(),
            "gradient": _gradient(reckless, examples, targets)[unit].item(),
            "dead_at_end": _dead(reckless_path[-1]),
        },
        "careful": {
            "dead": max(map(_dead, careful_path)),
            "active": careful_path[-1][unit].item(),
            "gradient": _gradient(careful, examples, targets)[unit].item(),
        },
        "examples": EXAMPLES,
        "later_steps": STEPS - 1,
    }
    return Findings(figures, _plot([p[unit].item() for p in careful_path], [p[unit].item() for p in reckless_path]))


def _network(stream: torch.Generator, hidden: int) -> nn.Sequential:
    network = nn.Sequential(nn.Linear(FEATURES, hidden), nn.ReLU(), nn.Linear(hidden, 1)).double()
    first, first_bias, second, second_bias = network.parameters()
    nn.init.normal_(first, std=1 / math.sqrt(FEATURES), generator=stream)
    nn.init.uniform_(second, 0.5 / math.sqrt(hidden), 1.5 / math.sqrt(hidden), generator=stream)
    with torch.no_grad():
        second[:, ::2].neg_()  # half of the units lower the output, and a step that raises it pushes them down
    nn.init.constant_(first_bias, 1.0)  # every unit starts alive
    nn.init.zeros_(second_bias)
    return network


def _active(network: nn.Sequential, examples: Tensor) -> Tensor:
    """For each hidden unit, the share of examples for which its output is positive."""
    with torch.no_grad():
        outputs: Tensor = network[:2](examples)
        return (outputs > 0).double().mean(dim=0)


def _dead(active: Tensor) -> int:
    return int((active == 0).sum())


def _train(network: nn.Sequential, examples: Tensor, targets: Tensor, first: float) -> list[Tensor]:
    """Take a first step of its own rate, then steps of the usual rate; the units' activity before and after each."""
    path = [_active(network, examples)]
    for step in range(STEPS):
        rate = RATE if step else first
        gradients = torch.autograd.grad(_loss(network, examples, targets), list(network.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(network.parameters(), gradients, strict=True):
                parameter.sub_(rate * gradient)
        path.append(_active(network, examples))
    return path


def _loss(network: nn.Sequential, examples: Tensor, targets: Tensor) -> Tensor:
    # its slope is at most 1, so that what the large step did to the output cannot run away
    return F.smooth_l1_loss(network(examples), targets)


def _gradient(network: nn.Sequential, examples: Tensor, targets: Tensor) -> Tensor:
    """For each hidden unit, the largest size among the gradients of its weights and bias on the whole data set."""
    weight, bias = torch.autograd.grad(_loss(network, examples, targets), list(network.parameters())[:2])
    return torch.cat([weight, bias[:, None]], dim=1).abs().amax(dim=1)


def _plot(careful: list[float], reckless: list[float]) -> Plot:
    steps = tuple(float(step) for step in range(len(careful)))
    alt = (
        f"The share of examples for which one unit is on, by training step: it starts at {reckless[0]:.0%}; one step "
        f"that is too large takes it to 0%, where it stays; with small steps it is {careful[-1]:.0%} at the end."
    )
    return Plot(
        alt,
        x_label="step",
        y_label="share of examples with output > 0",
        series=(
            Series("first step too large", steps, tuple(reckless)),
            Series("small steps only", steps, tuple(careful)),
        ),
        y_range=(-0.05, 1.05),
    )
