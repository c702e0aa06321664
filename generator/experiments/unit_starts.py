"""Show which starts let hidden units become different: it takes one random number in each unit, weight or bias.

The same network with one hidden layer of tanh units is trained on the same data from several starts. Units count as
different when their incoming weights and bias, taken together, differ in the sixth decimal.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from generator.experiments import Findings
from generator.plots import Plot, Series

EXAMPLES, FEATURES = 96, 3
STEPS = 120


def run(stream: torch.Generator, *, hidden: int = 6, constant: float = 0.5) -> Findings:
    """Count the different hidden units after training, for each start."""
    if not 2 <= hidden <= 32:
        raise ValueError(f"hidden is {hidden}; 2 to 32 units would work")
    if not 0.05 <= constant <= 1:
        raise ValueError(f"constant is {constant}; 0.05 to 1 would work")
    examples = torch.randn(EXAMPLES, FEATURES, generator=stream, dtype=torch.float64)
    targets = (examples @ torch.randn(FEATURES, 2, generator=stream, dtype=torch.float64)).sin().sum(1, keepdim=True)
    normal = constant * torch.randn(hidden, FEATURES, generator=stream, dtype=torch.float64)
    uniform = constant * (2 * torch.rand(hidden, FEATURES, generator=stream, dtype=torch.float64) - 1)
    one_row = normal[:1].expand(hidden, -1)
    biases = constant * torch.randn(hidden, generator=stream, dtype=torch.float64)
    same, zero = torch.full_like(normal, constant), torch.zeros_like(biases)
    last = constant * torch.randn(hidden, generator=stream, dtype=torch.float64)
    starts = {
        "equal": (same, zero, torch.full_like(last, constant)),
        "equal_biases": (same, zero + 0.1, torch.full_like(last, constant)),
        "one_row": (one_row, zero, torch.full_like(last, constant)),
        "normal": (normal, zero, last),
        "uniform": (uniform, zero + 0.1, last),
        "random_biases": (same, biases, torch.full_like(last, constant)),
    }
    units = {name: _units(examples, targets, *start) for name, start in starts.items()}
    return Findings({**units, "steps": STEPS}, _picture(units, hidden))


def _units(examples: Tensor, targets: Tensor, weights: Tensor, biases: Tensor, last: Tensor) -> int:
    """The number of different hidden units after training."""
    hidden = len(biases)
    network = nn.Sequential(nn.Linear(FEATURES, hidden), nn.Tanh(), nn.Linear(hidden, 1)).double()
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), (weights, biases, last[None], torch.zeros(1)), strict=True):
            parameter.copy_(value)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.autograd.backward(F.mse_loss(network(examples), targets))
        optimizer.step()
    first, bias, *_ = (parameter.detach() for parameter in network.parameters())
    return len(torch.unique(torch.cat([first, bias[:, None]], dim=1).round(decimals=6), dim=0))


NAMES = {
    "equal": "equal",
    "equal_biases": "equal, biases 0.1",
    "one_row": "one row for all",
    "normal": "normal",
    "uniform": "uniform",
    "random_biases": "random biases",
}


def _picture(units: dict[str, int], hidden: int) -> Plot:
    counts = ", ".join(f"{NAMES[name]}: {count}" for name, count in units.items())
    return Plot(
        f"Different units out of {hidden} after training, by start. {counts}.",
        "",
        "different hidden units",
        (Series("", tuple(map(float, range(len(units)))), tuple(map(float, units.values())), kind="bars"),),
        y_range=(0.0, float(hidden)),
        x_ticks=tuple(NAMES[name] for name in units),
    )
