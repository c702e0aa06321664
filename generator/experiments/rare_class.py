"""Show what accuracy hides when one class is rare, and what a weight on this class's loss changes.

Two Gaussian clouds of points overlap; a share `share` of the examples belongs to class 1. Logistic regression is
trained with the plain loss and with the loss of class 1 multiplied by `weight`. Both are measured on new data of the
same kind, as is the answer "class 0" for everything.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

EXAMPLES, FEATURES = 8000, 4
DISTANCE = 0.9  # between the clouds' centers along each axis, in standard deviations
STEPS = 150


def run(stream: torch.Generator, *, share: float = 0.02, weight: float = 20.0) -> Findings:
    """Measure accuracy, recall and precision with the plain and with the weighted loss."""
    if not 0.01 <= share <= 0.1:
        raise ValueError(f"share is {share}; 0.01 to 0.1 would work")
    if not 5 <= weight <= 100:
        raise ValueError(f"weight is {weight}; 5 to 100 would work")
    training, test = _data(stream, share), _data(stream, share)
    start = 0.01 * torch.randn(1, FEATURES, generator=stream)
    scores = {
        name: _scores(start, training, test[0], factor) for name, factor in (("plain", 1.0), ("weighted", weight))
    }
    labels = test[1]
    figures: dict[str, Figures] = {name: _measured(score > 0, labels) for name, score in scores.items()}
    figures["constant"] = {"accuracy": (labels == 0).double().mean().item(), "recall": 0.0}
    figures["probability"] = {name: torch.sigmoid(score).mean().item() for name, score in scores.items()}
    figures["rare"] = int(labels.sum())
    figures["examples"] = EXAMPLES
    # with a lower threshold the plain model finds more, too: the score log(p / (1 − p)) at p = 1 / (1 + weight)
    figures["threshold"] = _measured(scores["plain"] > -torch.tensor(weight).log(), labels)
    return Findings(figures, _picture(scores["plain"], labels))


def _data(stream: torch.Generator, share: float) -> tuple[Tensor, Tensor]:
    labels = (torch.arange(EXAMPLES) < round(share * EXAMPLES)).float()
    return torch.randn(EXAMPLES, FEATURES, generator=stream) + DISTANCE * labels[:, None], labels


def _scores(start: Tensor, training: tuple[Tensor, Tensor], inputs: Tensor, factor: float) -> Tensor:
    """Train with the loss of class 1 times `factor`; the scores of other inputs."""
    model = nn.Linear(FEATURES, 1)
    with torch.no_grad():
        model.weight.copy_(start)
        model.bias.zero_()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.2)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(
            model(training[0])[:, 0], training[1], pos_weight=torch.tensor(factor)
        )
        torch.autograd.backward(loss)
        optimizer.step()
    with torch.no_grad():
        scores: Tensor = model(inputs)[:, 0]
    return scores


def _measured(said: Tensor, labels: Tensor) -> dict[str, Figures]:
    hits = int((said & (labels == 1)).sum())
    return {
        "accuracy": (said == (labels == 1)).double().mean().item(),
        "recall": hits / int(labels.sum()),
        "precision": hits / max(1, int(said.sum())),
        "misses": int(labels.sum()) - hits,
        "false_alarms": int(said.sum()) - hits,
    }


def _picture(scores: Tensor, labels: Tensor) -> Plot:
    """Recall and precision by threshold, as far as anything is reported."""
    recall: list[tuple[float, float]] = []
    precision: list[tuple[float, float]] = []
    for percent in range(1, 100):
        threshold = percent / 100
        said = torch.sigmoid(scores) > threshold
        hits = int((said & (labels == 1)).sum())
        recall.append((threshold, hits / int(labels.sum())))
        if said.any():
            precision.append((threshold, hits / int(said.sum())))
    return Plot(
        f"Recall and precision of the plain model by threshold: recall falls from {recall[0][1]:.0%} to "
        f"{recall[-1][1]:.0%} as the threshold rises.",
        "threshold on the probability of class 1",
        "share",
        tuple(
            Series(name, tuple(x for x, _ in points), tuple(y for _, y in points))
            for name, points in (("recall", recall), ("precision", precision))
        ),
        y_range=(0.0, 1.0),
    )
