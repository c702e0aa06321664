"""Show what the threshold of non-maximum suppression trades: duplicates against objects that stand close together.

Scenes have two objects side by side whose boxes overlap with the intersection over union `overlap`, and one far away.
A detector gives `boxes` boxes for each, moved a little, with random scores. Suppression takes the box with the highest
score, drops all others that overlap it by more than the threshold, and repeats. A kept box finds an object when it
overlaps it by at least 0.5 and no box with a higher score has found it already; the other kept boxes are false.
"""

from __future__ import annotations

import torch

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

SIDE = 40.0
SCENES = 40
JITTER = 1.0  # pixels, standard deviation of a box's place
THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)

Box = tuple[float, float, float, float]  # left, top, right, bottom


def run(
    stream: torch.Generator,
    *,
    overlap: float = 0.5,
    boxes: int = 4,
    low: float = 0.2,
    middle: float = 0.7,
    high: float = 0.95,
) -> Findings:
    """Count found objects and false boxes in each scene, at three thresholds."""
    if not 0.3 <= overlap <= 0.6 or not 2 <= boxes <= 10:
        raise ValueError(f"overlap is {overlap:g} and boxes {boxes}; 0.3 to 0.6 and 2 to 10 would work")
    if not 0 < low < middle < high < 1:
        raise ValueError("thresholds must rise from low over middle to high, between 0 and 1")
    scenes = [_scene(stream, overlap, boxes) for _ in range(SCENES)]
    named = {"low": low, "middle": middle, "high": high}
    figures: dict[str, Figures] = {name: {**_counts(scenes, threshold)} for name, threshold in named.items()}
    return Findings(figures, _plot([_counts(scenes, threshold) for threshold in THRESHOLDS]))


def iou(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / (_area(one) + _area(other) - shared)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def suppress(boxes: list[Box], threshold: float) -> list[Box]:
    """Keep boxes, given with falling scores, that no kept one overlaps by more than the threshold."""
    kept: list[Box] = []
    for box in boxes:
        if all(iou(box, other) <= threshold for other in kept):
            kept.append(box)
    return kept


def _scene(stream: torch.Generator, overlap: float, boxes: int) -> tuple[list[Box], list[Box]]:
    """The objects, and the detector's boxes with falling scores."""
    step = SIDE * (1 - overlap) / (1 + overlap)  # two squares this far apart have this intersection over union
    objects = [_square(0, 0), _square(step, 0), _square(5 * SIDE, 0)]
    moves = (JITTER * torch.randn(len(objects), boxes, 2, generator=stream, dtype=torch.float64)).tolist()
    found = [_square(left + x, top + y) for (left, top, _, _), row in zip(objects, moves, strict=True) for x, y in row]
    order = torch.randperm(len(found), generator=stream).tolist()  # scores are random
    return objects, [found[place] for place in order]


def _square(left: float, top: float) -> Box:
    return left, top, left + SIDE, top + SIDE


def _counts(scenes: list[tuple[list[Box], list[Box]]], threshold: float) -> dict[str, float]:
    """Means over the scenes."""
    found = kept = 0
    for objects, boxes in scenes:
        left = suppress(boxes, threshold)
        kept += len(left)
        missing = [*objects]
        for box in left:
            best = max(missing, key=lambda one: iou(box, one), default=None)
            if best and iou(box, best) >= 0.5:
                missing.remove(best)
                found += 1
    return {"found": found / len(scenes), "false": (kept - found) / len(scenes)}


def _plot(counts: list[dict[str, float]]) -> Plot:
    return Plot(
        f"By the threshold of suppression: objects found in a scene rise from {counts[0]['found']:.2g} to "
        f"{counts[-1]['found']:.2g}, and false boxes from {counts[0]['false']:.2g} to {counts[-1]['false']:.2g}.",
        "threshold of suppression",
        "mean number in a scene",
        (
            Series("objects found, of 3", THRESHOLDS, tuple(count["found"] for count in counts), marker="circle"),
            Series("false boxes", THRESHOLDS, tuple(count["false"] for count in counts), marker="plus"),
        ),
    )
