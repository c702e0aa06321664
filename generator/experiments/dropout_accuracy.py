"""Show that accuracy measured with dropout on understates a network, so that validation can come out above training.

A small network with dropout learns two classes. Then, with the weights fixed, its accuracy is measured three times:
on the training data in train mode (dropout on, the figure that a training loop prints), on the same data in eval mode,
and on validation data in eval mode.

`nn.Dropout` takes its masks from PyTorch's global generator and accepts no other; the whole experiment therefore runs
under `torch.random.fork_rng` with a seed drawn from the stream, and leaves the global generator as it was.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from generator.experiments import Findings
from generator.plots import Plot, Series

FEATURES = 20
HIDDEN = 32
STEPS = 120
PASSES = 20  # masks that accuracy in train mode is averaged over


def run(stream: torch.Generator, *, drop: float = 0.5, examples: int = 2000) -> Findings:
    """Train with dropout and measure accuracy with dropout on and off."""
    if not (0.0 <= drop <= 0.8 and 200 <= examples <= 4000):
        raise ValueError("drop must be from 0 to 0.8 and examples from 200 to 4000")
    direction = torch.randn(2, FEATURES, generator=stream)
    data, labels = _data(stream, direction, examples)
    validation = _data(stream, direction, examples)
    network = _network(stream, drop)
    seed = int(torch.randint(2**31, (1,), generator=stream))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        _train(network, data, labels)
        with_dropout = sum(_accuracy(network, data, labels) for _ in range(PASSES)) / PASSES
        network.eval()
        without_dropout = _accuracy(network, data, labels)
    held_out = _accuracy(network, *validation)
    figures = {"dropout_on": with_dropout, "dropout_off": without_dropout, "validation": held_out}
    return Findings(figures, _picture(with_dropout, without_dropout, held_out))


def _data(stream: torch.Generator, direction: Tensor, examples: int) -> tuple[Tensor, Tensor]:
    """Gaussian points whose class depends on two directions: the sign of a sum of a line and a curve."""
    points = torch.randn(examples, FEATURES, generator=stream)
    along, across = (points @ direction.T / FEATURES**0.5).unbind(1)
    return points, (along + 0.5 * across.tanh() > 0).long()


def _network(stream: torch.Generator, drop: float) -> nn.Sequential:
    layers = [nn.Linear(FEATURES, HIDDEN), nn.Linear(HIDDEN, 2)]
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=stream)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(nn.Dropout(drop / 2), layers[0], nn.ReLU(), nn.Dropout(drop), layers[1])


def _train(network: nn.Sequential, data: Tensor, labels: Tensor) -> None:
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01, weight_decay=1e-3)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.autograd.backward(F.cross_entropy(network(data), labels))
        optimizer.step()


def _accuracy(network: nn.Sequential, data: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return float((network(data).argmax(1) == labels).double().mean())


def _picture(on: float, off: float, held_out: float) -> Plot:
    return Plot(
        f"With the same weights, training accuracy is {on:.1%} with dropout on and {off:.1%} with dropout off; "
        f"validation accuracy is {held_out:.1%}.",
        "",
        "accuracy",
        (Series("", (0.0, 1.0, 2.0), (on, off, held_out), kind="bars"),),
        y_range=(0.0, 1.0),
        x_ticks=("training, dropout on", "training, dropout off", "validation"),
    )
