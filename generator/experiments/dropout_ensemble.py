"""Show what dropout does to the size of a signal, and that a network without masks stands in for many with masks.

Size: units with positive outputs pass through a mask that drops each with probability `drop`; the mean input of a next
unit with weights 1 is compared with that without a mask, as it is and with the kept outputs divided by 1 − `drop`.
Ensemble: a small network is trained with dropout. The mean of its predictions over many masks is compared with its one
prediction in evaluation mode.

`nn.Dropout` takes its masks from PyTorch's global generator; the experiment therefore runs under
`torch.random.fork_rng` with a seed drawn from the stream, and leaves the global generator as it was.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

UNITS, TIMES = 400, 500  # of the first comparison
FEATURES, HIDDEN, EXAMPLES, STEPS = 10, 64, 400, 120
MASKS = 200
COUNTS = (1, 2, 4, 8, 16, 32, 64, 128)  # masks that the pictures average over


def run(stream: torch.Generator, *, drop: float = 0.5, picture: str = "ensemble") -> Findings:
    """Compare sizes with and without masks, and the mean over masks with evaluation mode."""
    if not 0.1 <= drop <= 0.8:
        raise ValueError(f"drop is {drop}; 0.1 to 0.8 would work")
    if picture not in ("ensemble", "scale", "loss"):
        raise ValueError("picture must be 'ensemble', 'scale' or 'loss'")
    inputs = torch.randn(2 * EXAMPLES, FEATURES, generator=stream)
    directions = torch.randn(FEATURES, 2, generator=stream)
    labels = ((inputs @ directions).prod(1) > 0).long()
    network = _network(stream, drop)
    outputs = torch.rand(UNITS, generator=stream)
    kept = (torch.rand(TIMES, UNITS, generator=stream) >= drop).float()
    figures: dict[str, Figures] = {
        "plain_ratio": ((kept * outputs).sum(1).mean() / outputs.sum()).item(),
        "scaled_ratio": ((kept * outputs / (1 - drop)).sum(1).mean() / outputs.sum()).item(),
    }
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(torch.randint(2**31, (1,), generator=stream)))
        module = nn.Dropout(drop)
        figures["module_ratio"] = (module(outputs.expand(TIMES, -1)).sum(1).mean() / outputs.sum()).item()
        figures["evaluation_ratio"] = (module.eval()(outputs).sum() / outputs.sum()).item()
        _train(network, inputs[:EXAMPLES], labels[:EXAMPLES])
        each = _predictions(network, inputs[EXAMPLES:])
    network.eval()
    with torch.no_grad():
        alone = F.softmax(network(inputs[EXAMPLES:]), dim=1)
    held_out = labels[EXAMPLES:]
    together = each.mean(0)
    figures["single"] = {"accuracy": _mean_accuracy(each, held_out), "difference": _distance(each[0], alone)}
    figures["mean"] = {"accuracy": _mean_accuracy(together[None], held_out), "difference": _distance(together, alone)}
    figures["evaluation"] = {"accuracy": _mean_accuracy(alone[None], held_out)}
    figures["masks"] = MASKS
    figures["losses"] = {"each": _loss(each, held_out), "mean": _loss(together[None], held_out)}
    match picture:
        case "scale":
            return Findings(figures, _ratios(figures))
        case "loss":
            return Findings(figures, _losses(each, held_out))
    return Findings(figures, _distances(each, alone))


def _network(stream: torch.Generator, drop: float) -> nn.Sequential:
    layers = [nn.Linear(FEATURES, HIDDEN), nn.Linear(HIDDEN, 2)]
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=stream)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(layers[0], nn.ReLU(), nn.Dropout(drop), layers[1])


def _train(network: nn.Sequential, inputs: Tensor, labels: Tensor) -> None:
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.autograd.backward(F.cross_entropy(network(inputs), labels))
        optimizer.step()


def _predictions(network: nn.Sequential, inputs: Tensor) -> Tensor:
    """Class probabilities with a mask for each example, many times: masks × examples × classes."""
    with torch.no_grad():
        return torch.stack([F.softmax(network(inputs), dim=1) for _ in range(MASKS)])


def _mean_accuracy(probabilities: Tensor, labels: Tensor) -> float:
    return (probabilities.argmax(2) == labels).double().mean().item()


def _distance(one: Tensor, other: Tensor) -> float:
    """The mean difference of the probabilities of class 1."""
    return (one - other)[:, 1].abs().mean().item()


def _loss(probabilities: Tensor, labels: Tensor) -> float:
    """The mean cross-entropy over masks and examples."""
    right = probabilities.gather(2, labels.expand(len(probabilities), -1)[..., None])
    return -right.double().clamp(min=1e-12).log().mean().item()


def _distances(each: Tensor, alone: Tensor) -> Plot:
    distances = [_distance(each[:count].mean(0), alone) for count in COUNTS]
    return Plot(
        f"How far the mean prediction over masks is from the prediction in evaluation mode: {distances[0]:.2g} for one "
        f"mask, {distances[-1]:.2g} for {COUNTS[-1]}.",
        "masks averaged",
        "mean difference of probabilities",
        (Series("", tuple(map(float, COUNTS)), tuple(distances), marker="circle"),),
        x_log=True,
        y_range=(0.0, 1.1 * distances[0]),
    )


def _ratios(figures: Mapping[str, Figures]) -> Plot:
    names = {"plain_ratio": "mask only", "scaled_ratio": "mask, scaled", "evaluation_ratio": "no mask"}
    ratios = [figures[name] for name in names]
    heights = tuple(float(ratio) for ratio in ratios if isinstance(ratio, float))
    return Plot(
        f"The mean sum of the outputs relative to that without a mask: {heights[0]:.2f} with masks, {heights[1]:.2f} "
        "with masks and scaled outputs.",
        "",
        "relative sum",
        (Series("", (0.0, 1.0, 2.0), heights, kind="bars"),),
        y_range=(0.0, 1.2),
        x_ticks=tuple(names.values()),
    )


def _losses(each: Tensor, labels: Tensor) -> Plot:
    counts = tuple(map(float, COUNTS))
    losses = [_loss(each[:count].mean(0, keepdim=True), labels) for count in COUNTS]
    mean = _loss(each, labels)
    return Plot(
        f"Loss of the mean prediction by the number of masks: it falls from {losses[0]:.3g} to {losses[-1]:.3g}; the "
        f"mean of the single losses is {mean:.3g}.",
        "masks averaged",
        "loss on test data",
        (
            Series("loss of the mean prediction", counts, tuple(losses), marker="circle"),
            Series("mean of the single losses", (counts[0], counts[-1]), (mean, mean)),
        ),
        x_log=True,
    )
