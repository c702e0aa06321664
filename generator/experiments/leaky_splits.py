"""Show three ways in which test data leak into training, and what the same work gives with a clean split.

Groups: several examples come from each group (the images of a patient, say), look alike, and have the group's label,
which is drawn by a coin, so that nothing can be learned about new groups. Copies: the examples of a rare class are
copied until the classes have the same size, before the split or after it. Features: of many random features those that
agree best with random labels are chosen, with the test labels in view or without. The classifier is the nearest
neighbor, for features the sum of the chosen ones; the honest accuracy is 1/2 in the first and the last case.
"""

from __future__ import annotations

import torch
from torch import Tensor

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

FEATURES = 20
ROUNDS = 20  # of each split
RARE, COMMON = 30, 270
CASES, CANDIDATES, CHOSEN = 60, 1000, 20


def run(stream: torch.Generator, *, groups: int = 60, each: int = 8, picture: str = "groups") -> Findings:
    """Measure test accuracy with and without each leak, as means over several data sets."""
    if not (30 <= groups <= 500 and 3 <= each <= 30 and groups * each <= 8000):
        raise ValueError("groups must be from 30 to 500, each from 3 to 30, and groups · each at most 8000")
    if picture not in ("groups", "steps"):
        raise ValueError("picture must be 'groups' or 'steps'")
    rounds = max(2, min(ROUNDS, 40_000 // (groups * each)))
    pairs = {
        "groups": _means([_of_groups(stream, groups, each) for _ in range(rounds)]),
        "copies": _means([_of_copies(stream) for _ in range(ROUNDS)]),
        "features": _means([_of_features(stream) for _ in range(ROUNDS)]),
    }
    figures: dict[str, Figures] = {name: {"leaky": leaky, "clean": clean} for name, (leaky, clean) in pairs.items()}
    return Findings(figures, _picture(pairs, BARS[picture]))


def _means(rounds: list[tuple[float, float]]) -> tuple[float, float]:
    leaky, clean = zip(*rounds, strict=True)
    return sum(leaky) / len(rounds), sum(clean) / len(rounds)


def _of_groups(stream: torch.Generator, groups: int, each: int) -> tuple[float, float]:
    """Accuracy when examples are dealt to the test set one by one, and when whole groups are."""
    centers = torch.randn(groups, FEATURES, generator=stream)
    labels = torch.randint(2, (groups,), generator=stream).repeat_interleave(each)
    examples = centers.repeat_interleave(each, 0) + 0.5 * torch.randn(groups * each, FEATURES, generator=stream)
    one_by_one = torch.randperm(groups * each, generator=stream) < groups * each // 5
    whole = (torch.randperm(groups, generator=stream) < groups // 5).repeat_interleave(each)
    return _nearest(examples, labels, one_by_one), _nearest(examples, labels, whole)


def _of_copies(stream: torch.Generator) -> tuple[float, float]:
    """The rare class's recall when its examples are copied before the split, and when only after it."""
    labels = torch.cat([torch.ones(RARE), torch.zeros(COMMON)]).long()
    examples = torch.randn(RARE + COMMON, FEATURES, generator=stream) + 0.2 * labels[:, None]
    copies = torch.randint(RARE, (COMMON - RARE,), generator=stream)
    filled = torch.cat([torch.arange(RARE + COMMON), copies])
    test = torch.rand(len(filled), generator=stream) < 0.2
    rare = labels[filled][test] == 1
    leaky = _right(examples[filled], labels[filled], test)[rare].double().mean().item()
    held_out = torch.rand(len(labels), generator=stream) < 0.2
    held_out[:2] = True  # at least two rare examples
    clean = _right(examples, labels, held_out)[labels[held_out] == 1].double().mean().item()
    return leaky, clean


def _of_features(stream: torch.Generator) -> tuple[float, float]:
    """Accuracy when features are chosen on all cases, and when on the training cases alone."""
    features = torch.randn(CASES, CANDIDATES, generator=stream)
    signs = 2 * (torch.arange(CASES) % 2) - 1
    training, test = torch.arange(CASES) >= CASES // 3, torch.arange(CASES) < CASES // 3

    def accuracy(seen: Tensor) -> float:
        agreement = signs[seen].float() @ features[seen]
        chosen = agreement.abs().topk(CHOSEN).indices
        direction = (signs[training].float() @ features[training])[chosen].sign()
        return ((features[test][:, chosen] @ direction).sign() == signs[test]).double().mean().item()

    return accuracy(training | test), accuracy(training)


def _nearest(examples: Tensor, labels: Tensor, test: Tensor) -> float:
    return _right(examples, labels, test).double().mean().item()


def _right(examples: Tensor, labels: Tensor, test: Tensor) -> Tensor:
    """Whether the nearest training example has the label of each test example."""
    nearest = torch.cdist(examples[test], examples[~test]).argmin(1)
    return labels[~test][nearest] == labels[test]


BARS = {  # for each picture: what the bars of a pair are called
    "groups": {"groups": ("single examples split", "whole groups split")},
    "steps": {
        "copies": ("copied, then split", "split, no copies"),
        "features": ("chosen, then split", "split, then chosen"),
    },
}


def _picture(pairs: dict[str, tuple[float, float]], bars: dict[str, tuple[str, str]]) -> Plot:
    heights = tuple(height for name in bars for height in pairs[name])
    titles = tuple(title for pair in bars.values() for title in pair)
    told = ", ".join(f"{title}: {height:.0%}" for title, height in zip(titles, heights, strict=True))
    return Plot(
        f"Shares of right answers on test data. {told}.",
        "",
        "share of right answers",
        (Series("", tuple(map(float, range(len(heights)))), heights, kind="bars"),),
        y_range=(0.0, 1.0),
        x_ticks=titles,
    )
