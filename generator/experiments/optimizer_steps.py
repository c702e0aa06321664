"""Show how long the steps of SGD, momentum and Adam are: for a constant gradient, and when the loss is scaled.

Constant gradient: the parameters of one vector get the same gradient in every step; a step is compared with that of
plain SGD with the same rate. Scaled loss: a small network is trained with a loss and with `scale` times this loss.
Memory is counted as the numbers that an optimizer of `torch.optim` keeps for each parameter from step to step.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

RATE = 0.01
STEPS = 20  # of the network's training

SHOWN: tuple[tuple[str, str, Literal["plus", "circle"]], ...] = (("sgd", "SGD", "plus"), ("adam", "Adam", "circle"))

Make = Callable[[list[nn.Parameter]], Optimizer]


def run(stream: torch.Generator, *, momentum: float = 0.9, scale: float = 100.0, picture: str = "momentum") -> Findings:
    """Measure the steps of `torch.optim`'s SGD, SGD with momentum, and Adam."""
    if not 0.1 <= momentum <= 0.99:
        raise ValueError(f"momentum is {momentum}; 0.1 to 0.99 would work")
    if not 0.001 <= scale <= 1000:
        raise ValueError(f"scale is {scale}; 0.001 to 1000 would work")
    if picture not in ("momentum", "adam"):
        raise ValueError("picture must be 'momentum' or 'adam'")
    makes: dict[str, Make] = {
        "sgd": lambda parameters: SGD(parameters, lr=RATE),
        "momentum": lambda parameters: SGD(parameters, lr=RATE, momentum=momentum),
        "adam": lambda parameters: Adam(parameters, lr=RATE),
    }
    gradient = torch.randn(6, generator=stream, dtype=torch.float64)
    longest = round(20 / (1 - momentum))  # what is missing to the limit is below momentum ** longest < 1e-8
    ratios = _ratios(makes["momentum"], gradient, longest)
    network = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.5, generator=stream)
    inputs, noise = torch.randn(2, 40, 5, generator=stream, dtype=torch.float64)
    targets = (inputs + 0.3 * noise).prod(1, keepdim=True)
    figures: dict[str, Figures] = {
        name: _figures(network, inputs, targets, make, scale) for name, make in makes.items()
    }
    figures["first"] = ratios[0]
    figures["last"] = ratios[-1]
    figures["steps"] = STEPS
    if picture == "momentum":
        return Findings(figures, _momentum_picture(ratios, 1 / (1 - momentum)))
    return Findings(figures, _first_steps_picture(network, inputs, targets, makes))


def _ratios(make: Make, gradient: Tensor, steps: int) -> list[float]:
    """The length of each step for a constant gradient, as a multiple of rate times gradient."""
    parameter = nn.Parameter(torch.zeros_like(gradient))
    optimizer = make([parameter])
    ratios = []
    for _ in range(steps):
        before = parameter.detach().clone()
        parameter.grad = gradient.clone()
        optimizer.step()
        ratios.append(((parameter.detach() - before).norm() / (RATE * gradient.norm())).item())
    return ratios


def _figures(network: nn.Module, inputs: Tensor, targets: Tensor, make: Make, scale: float) -> dict[str, Figures]:
    start = _flat(network)
    once, one_step, kept = _train(network, inputs, targets, make, 1.0)
    scaled, one_scaled, _ = _train(network, inputs, targets, make, scale)
    moved = (one_step - start).abs() / RATE
    return {
        "first_ratio": ((one_scaled - start).norm() / (one_step - start).norm()).item(),
        "difference": ((scaled - once).norm() / (once - start).norm()).item(),
        "smallest_step": moved.min().item(),  # of a single weight, as a multiple of the rate
        "largest_step": moved.max().item(),
        "memory": kept // len(start),
    }


def _train(network: nn.Module, inputs: Tensor, targets: Tensor, make: Make, scale: float) -> tuple[Tensor, Tensor, int]:
    """The parameters after all steps and after one, and how many numbers the optimizer keeps."""
    trained = copy.deepcopy(network)
    optimizer = make(list(trained.parameters()))
    after_one = _flat(trained)
    for step in range(STEPS):
        optimizer.zero_grad()
        torch.autograd.backward(scale * F.mse_loss(trained(inputs), targets))
        optimizer.step()
        if step == 0:
            after_one = _flat(trained)
    kept = sum(
        value.numel()
        for state in optimizer.state.values()
        for value in state.values()
        if isinstance(value, Tensor) and value.dim() > 0  # Adam's count of steps is one number for all
    )
    return _flat(trained), after_one, kept


def _flat(network: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def _momentum_picture(ratios: list[float], limit: float) -> Plot:
    steps = tuple(float(step) for step in range(1, len(ratios) + 1))
    return Plot(
        f"With a constant gradient, the length of a step with momentum rises from that of plain gradient descent to "
        f"{ratios[-1]:.3g} times as much.",
        "step",
        "length / (rate · gradient)",
        (
            Series("with momentum", steps, tuple(ratios)),
            Series("1 / (1 − β)", (steps[0], steps[-1]), (limit, limit)),
        ),
        y_range=(0.0, 1.1 * limit),
    )


def _first_steps_picture(network: nn.Module, inputs: Tensor, targets: Tensor, makes: dict[str, Make]) -> Plot:
    """The size of each weight's first step by that of its gradient."""
    gradients = torch.autograd.grad(F.mse_loss(network(inputs), targets), list(network.parameters()))
    sizes = torch.cat([gradient.flatten() for gradient in gradients]).abs()
    start = _flat(network)
    steps = {name: (_train(network, inputs, targets, makes[name], 1.0)[1] - start).abs() for name in ("sgd", "adam")}
    return Plot(
        "The size of each weight's first step by the size of its gradient. With SGD the points lie on a rising line; "
        f"with Adam all lie at the learning rate, {RATE:g}.",
        "size of the weight's gradient",
        "first step",
        tuple(
            Series(name, tuple(sizes.tolist()), tuple(steps[key].tolist()), kind="points", marker=marker)
            for key, name, marker in SHOWN
        ),
        x_log=True,
        y_log=True,
    )
