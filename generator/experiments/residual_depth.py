"""Show that adding each block's input to its output lets a deep network train where the same layers alone do not.

A block is Linear, ReLU, Linear. A plain network computes F(x) in each block, a residual one x + F(x); both have the
same layers, start from the same weights as nn.Linear draws them, and learn the same target with the same number of
steps of Adam. Losses are those of the training data, so that overfitting plays no part. Gradients are those of the
first block's weights before training, relative to the last block's.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

EXAMPLES = 64
INPUTS = 8
WIDTH = 24
SHALLOW = 2  # blocks of the shallow network
STEPS = 60


class Block(nn.Module):
    """F(x) = V relu(W x + b) + c, with x added to it or not."""

    def __init__(self, adds: bool) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.adds = adds

    def forward(self, x: Tensor) -> Tensor:
        """Keep the size of x."""
        out: Tensor = self.second(F.relu(self.first(x)))
        return x + out if self.adds else out


def run(stream: torch.Generator, *, blocks: int = 12, picture: str = "gradient") -> Findings:
    """Train a shallow plain network, a deep plain one and a deep residual one on the same data."""
    if not 8 <= blocks <= 40:
        raise ValueError(f"blocks is {blocks}; 8 to 40 would work")
    if picture not in ("gradient", "loss"):
        raise ValueError(f"picture is '{picture}'; 'gradient' or 'loss' would work")
    inputs = torch.randn(EXAMPLES, INPUTS, generator=stream)
    direction = torch.randn(INPUTS, 2, generator=stream) / INPUTS**0.5
    target = (2 * inputs @ direction).sin().sum(1, keepdim=True)
    deep = network(stream, blocks, adds=False)
    runs = {
        "shallow": network(stream, SHALLOW, adds=False),
        "plain": deep,
        "residual": _adding(deep),
    }
    gradients = {name: by_block(runs[name], inputs, target) for name in ("plain", "residual")}
    curves = {name: _train(one, inputs, target) for name, one in runs.items()}
    losses = {name: curve[-1] for name, curve in curves.items()}
    figures: dict[str, Figures] = {
        "shallow": {"loss": losses["shallow"]},
        **{name: {"loss": losses[name], "gradient": sizes[0] / sizes[-1]} for name, sizes in gradients.items()},
        "target": {"variance": target.var(correction=0).item()},
        "extra_blocks": _difference(runs["residual"], blocks, inputs),
        "steps": STEPS,
    }
    return Findings(figures, _gradient_plot(gradients) if picture == "gradient" else _loss_plot(curves))


def network(stream: torch.Generator, blocks: int, adds: bool) -> nn.Sequential:
    """Turn INPUTS numbers into one, through blocks; weights and biases uniform within ±1/√inputs, as nn.Linear's."""
    with torch.random.fork_rng():  # the modules draw weights of their own, which are replaced
        layers = nn.Sequential(nn.Linear(INPUTS, WIDTH), *(Block(adds) for _ in range(blocks)), nn.Linear(WIDTH, 1))
    for layer in layers.modules():
        if isinstance(layer, nn.Linear):
            bound = 1 / layer.in_features**0.5
            nn.init.uniform_(layer.weight, -bound, bound, generator=stream)
            nn.init.uniform_(layer.bias, -bound, bound, generator=stream)
    return layers


def _adding(plain: nn.Sequential) -> nn.Sequential:
    """The same layers and weights with residual connections."""
    residual = copy.deepcopy(plain)
    for block in residual:
        if isinstance(block, Block):
            block.adds = True
    return residual


def by_block(network: nn.Sequential, inputs: Tensor, target: Tensor) -> list[float]:
    """Length of the loss's gradient with respect to the first weights of each block."""
    weights = [block.first.weight for block in network if isinstance(block, Block)]
    gradients = torch.autograd.grad(F.mse_loss(network(inputs), target), weights)
    return [gradient.double().norm().item() for gradient in gradients]


def _train(network: nn.Sequential, inputs: Tensor, target: Tensor) -> list[float]:
    """The loss before each step, and after the last."""
    curve = []
    optimizer = torch.optim.Adam(network.parameters(), lr=0.003)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = F.mse_loss(network(inputs), target)
        torch.autograd.backward(loss)
        optimizer.step()
        curve.append(loss.item())
    with torch.no_grad():
        return [*curve, F.mse_loss(network(inputs), target).item()]


def _difference(residual: nn.Sequential, blocks: int, inputs: Tensor) -> float:
    """What as many blocks again, with weights of zero, change in the outputs of a residual network."""
    extra = [Block(adds=True) for _ in range(blocks)]
    with torch.no_grad():
        for block in extra:
            for parameter in block.parameters():
                parameter.zero_()
        longer = nn.Sequential(*list(residual)[:-1], *extra, residual[-1])
        return float((longer(inputs) - residual(inputs)).abs().max())


def _gradient_plot(gradients: dict[str, list[float]]) -> Plot:
    count = len(gradients["plain"])
    numbers = tuple(float(number) for number in range(1, count + 1))
    relative = {name: tuple(size / sizes[-1] for size in sizes) for name, sizes in gradients.items()}
    return Plot(
        f"Gradient of each block's weights before training, relative to the last block's: from block {count} back to "
        f"block 1 it falls to {relative['plain'][0]:.1g} in the plain network and ends at "
        f"{relative['residual'][0]:.2g} in the residual one.",
        "block",
        "gradient, relative to the last block",
        tuple(Series(name, numbers, sizes, marker="circle") for name, sizes in relative.items()),
        y_log=True,
    )


def _loss_plot(curves: dict[str, list[float]]) -> Plot:
    names = {"shallow": "plain, shallow", "plain": "plain, deep", "residual": "residual, deep"}
    ends = {name: f"{curve[-1]:.2g}" for name, curve in curves.items()}
    steps = tuple(map(float, range(STEPS + 1)))
    return Plot(
        f"Training loss by step: it ends at {ends['shallow']} in the shallow plain network, at {ends['plain']} in the "
        f"deep plain one and at {ends['residual']} in the deep residual one.",
        "step",
        "training loss",
        tuple(Series(names[name], steps, tuple(curve)) for name, curve in curves.items()),
        y_log=True,
    )
