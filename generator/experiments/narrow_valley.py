"""Show how gradient descent goes down a long narrow valley, without momentum and with it.

The loss is (x² + r·y²) / 2: its curvature is 1 along the valley and `ratio` = r across it. Both runs have the same
start and the learning rate 1.98 / r; plain gradient descent diverges across the valley from 2 / r on. A run ends when
the loss is a ten-thousandth of what it was. For a step of plain gradient descent, x is multiplied by 1 − 1.98 / r and y
by −0.98, so that y changes its sign every time while x hardly moves. On a slope that stays the same, momentum β makes
steps 1 / (1 − β) times as long; plain gradient descent with a rate that gives steps as long runs, too, for comparison.
"""

from __future__ import annotations

import torch
from torch import Tensor

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

SHARE = 1e-4
LATER = 30  # steps after which the swings across the valley are measured
MOST = 10_000  # steps


def run(stream: torch.Generator, *, ratio: float = 100.0, momentum: float = 0.9) -> Findings:
    """Count the steps to the bottom without and with momentum, and show the first of them."""
    if not 10 <= ratio <= 500:
        raise ValueError(f"ratio is {ratio}; 10 to 500 would work")
    if not 0.5 <= momentum <= 0.98:
        raise ValueError(f"momentum is {momentum}; 0.5 to 0.98 would work")
    along = 8 + 4 * torch.rand(1, generator=stream, dtype=torch.float64).item()
    start = torch.tensor([-along, 1.0], dtype=torch.float64)
    rate = 1.98 / ratio
    paths = {"plain": _descend(start, ratio, rate, 0.0), "momentum": _descend(start, ratio, rate, momentum)}
    plain = paths["plain"]
    figures: dict[str, Figures] = {name: {"steps": len(path) - 1} for name, path in paths.items()}
    figures["saved"] = (len(plain) - 1) / (len(paths["momentum"]) - 1)
    figures["across"] = plain[1][1] / plain[0][1]  # what one step multiplies the distance from the bottom by
    figures["along"] = plain[1][0] / plain[0][0]
    figures["swing"] = {name: max(abs(point[1]) for point in path[LATER : LATER + 10]) for name, path in paths.items()}
    figures["later"] = LATER
    figures["too_fast"] = abs(_descend(start, ratio, rate / (1 - momentum), 0.0, most=10)[-1][1])
    return Findings(figures, _picture(paths))


def _descend(start: Tensor, ratio: float, rate: float, momentum: float, most: int = MOST) -> list[list[float]]:
    """The points of a run, the start among them."""
    point = start.clone().requires_grad_()
    curvature = torch.tensor([1.0, ratio], dtype=torch.float64)
    optimizer = torch.optim.SGD([point], lr=rate, momentum=momentum)
    enough = SHARE * (curvature * start.square()).sum().item() / 2
    path = [start.tolist()]
    while len(path) <= most:
        optimizer.zero_grad()
        loss = (curvature * point.square()).sum() / 2
        if loss.item() <= enough:
            break
        torch.autograd.backward(loss)
        optimizer.step()
        path.append(point.detach().tolist())
    return path


def _picture(paths: dict[str, list[list[float]]]) -> Plot:
    names = {"plain": "gradient descent", "momentum": "with momentum"}
    steps = 25
    return Plot(
        f"The first {steps} steps: without momentum the path jumps from one side of the valley to the other and gets "
        f"from {paths['plain'][0][0]:.1f} to {paths['plain'][steps][0]:.1f} along it; with momentum it gets to "
        f"{paths['momentum'][steps][0]:.1f}.",
        "along the valley",
        "across",
        tuple(_series(names[name], path[: steps + 1]) for name, path in paths.items()),
    )


def _series(name: str, path: list[list[float]]) -> Series:
    return Series(name, tuple(x for x, _ in path), tuple(y for _, y in path), marker="circle")
