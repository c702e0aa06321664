"""Show that layers trained to classify digits give segmentation of the same digits a better start.

The classifier of the question (two convolutions, two linear layers) learns seven-segment digits under uneven light.
A segmentation network keeps its two convolutions and adds a transposed convolution of stride 3. It is trained for a few
steps on very few images with labeled pixels: with the classifier's convolutions (warm) and with new ones (cold). All
else is the same. Pretrained layers also give larger values than new ones, which alone speeds up training; so the new
ones are scaled until their outputs have the same standard deviation, and what is left is what was learned.

Measured on unseen images and averaged over `ROUNDS` sets of labeled images and new layers: cross-entropy per pixel,
and intersection over union of the foreground.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

# segments of a digit: top, upper left, upper right, middle, lower left, lower right, bottom
SEGMENTS = [
    "1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010", "1111111", "1111011",
]  # fmt: skip
LIGHT = 0.8  # standard deviation of the light's level and of its slopes
NOISE = 0.05
CLASSIFIER_STEPS = 300
LABELED = 8  # images with labeled pixels
UNSEEN = 100  # images on which segmentation is measured
ROUNDS = 5
EVERY = 5  # steps between two measurements


@dataclass(frozen=True)
class Digits:
    """Noisy images (count, 1, side, side), their clean masks of the same shape, and which digits they are (count)."""

    images: Tensor
    masks: Tensor
    digits: Tensor


@dataclass(frozen=True)
class _Course:
    """Loss on unseen images every few steps, and the final intersection over union."""

    losses: tuple[float, ...]
    iou: float


def run(
    stream: torch.Generator, *, side: int = 9, maps: int = 10, wide: int = 30, hidden: int = 20, steps: int = 30
) -> Findings:
    """Train a classifier, then segmentation from its convolutions and from new ones."""
    if side not in (9, 12, 15, 18):
        raise ValueError("side must be 9, 12, 15 or 18, so that the pooling of 3 divides it")
    if not (2 <= maps <= 32 and 4 <= wide <= 64 and 4 <= hidden <= 128 and 5 <= steps <= 100 and steps % EVERY == 0):
        raise ValueError("maps must be from 2 to 32, wide from 4 to 64, hidden from 4 to 128, steps 5, 10 … 100")
    features = _features(stream, maps, wide)
    accuracy = _classify(stream, features, side, wide, hidden)
    unseen = draw_digits(stream, UNSEEN, side)
    warm, cold = [], []
    for _ in range(ROUNDS):
        labeled = draw_digits(stream, LABELED, side)
        new = _features(stream, maps, wide)
        _match(new, features, labeled.images)
        warm.append(_segment(copy.deepcopy(features), labeled, unseen, steps))
        cold.append(_segment(new, labeled, unseen, steps))
    warm_start, cold_start = _mean(warm), _mean(cold)
    figures: dict[str, Figures] = {
        "warm_start": {"loss": warm_start.losses[-1], "iou": warm_start.iou},
        "cold_start": {"loss": cold_start.losses[-1], "iou": cold_start.iou},
        "classifier_accuracy": accuracy,
        "steps": steps,
        "labeled": LABELED,
        "rounds": ROUNDS,
    }
    return Findings(figures, _picture(warm_start, cold_start))


def draw_digits(stream: torch.Generator, count: int, side: int) -> Digits:
    """Draw digits at one of four places, with drawn brightness, light and noise."""
    glyphs = _glyphs(side)
    digits = torch.randint(10, (count,), generator=stream)
    masks = glyphs[torch.randint(4, (count,), generator=stream), digits][:, None]
    brightness = 0.6 + 0.4 * torch.rand(count, 1, 1, 1, generator=stream)
    level, slope_x, slope_y = LIGHT * torch.randn(3, count, 1, 1, 1, generator=stream)
    axis = torch.linspace(-1, 1, side)
    light = level + slope_x * axis + slope_y * axis[:, None]
    return Digits(masks * brightness + light + NOISE * torch.randn(masks.shape, generator=stream), masks, digits)


@lru_cache(maxsize=4)
def _glyphs(side: int) -> Tensor:
    """Masks (place, digit, side, side) of strokes side // 6 pixels thick, at four places one pixel apart."""
    stroke, high, broad = side // 6, side - 2, side * 2 // 3
    left = (side - broad) // 2
    rows = (0, (high - stroke) // 2, high - stroke)
    columns = (left, left + broad - stroke)
    glyphs = torch.zeros(10, side, side)
    for glyph, on in zip(glyphs, SEGMENTS, strict=True):
        for row, lit in zip(rows, on[0::3], strict=True):
            glyph[row : row + stroke, left : left + broad] += int(lit)
        for place, lit in enumerate(on[1:3] + on[4:6]):
            row, column = rows[place // 2], columns[place % 2]
            glyph[row : row + (high - stroke) // 2 + stroke, column : column + stroke] += int(lit)
    glyphs = glyphs.clamp(max=1)
    return torch.stack([glyphs.roll((down, right), (1, 2)) for down in (0, 1) for right in (0, 1)])


Weighted = TypeVar("Weighted", nn.Conv2d, nn.Linear)


def _start(layer: Weighted, stream: torch.Generator) -> Weighted:
    """Draw a layer's weights as PyTorch would, from the stream."""
    nn.init.kaiming_uniform_(layer.weight, a=5**0.5, generator=stream)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def _features(stream: torch.Generator, maps: int, wide: int) -> nn.Sequential:
    """Layers a to e of the question."""
    return nn.Sequential(
        _start(nn.Conv2d(1, maps, 3, padding=1), stream),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=3),
        _start(nn.Conv2d(maps, wide, 3, padding=1), stream),
        nn.ReLU(),
    )


def _classify(stream: torch.Generator, features: nn.Sequential, side: int, wide: int, hidden: int) -> float:
    """Train the features with layers f to j of the question on top; returns the accuracy on unseen images."""
    classifier = nn.Sequential(
        features,
        nn.MaxPool2d(side // 3, stride=1),
        nn.Flatten(),
        _start(nn.Linear(wide, hidden), stream),
        nn.ReLU(),
        _start(nn.Linear(hidden, 10), stream),
    )
    optimizer = torch.optim.Adam(classifier.parameters(), fused=True)
    # a rate that rises first and falls again: small networks, too, get nearly all digits right
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.015, total_steps=CLASSIFIER_STEPS)
    for _ in range(CLASSIFIER_STEPS):
        batch = draw_digits(stream, 64, side)
        optimizer.zero_grad()
        torch.autograd.backward(F.cross_entropy(classifier(batch.images), batch.digits))
        optimizer.step()
        schedule.step()
    unseen = draw_digits(stream, 500, side)
    with torch.no_grad():
        return float((classifier(unseen.images).argmax(1) == unseen.digits).double().mean())


def _match(new: nn.Sequential, trained: nn.Sequential, images: Tensor) -> None:
    """Scale new convolutions until their outputs have the standard deviation of the trained ones."""
    with torch.no_grad():
        for end in (1, 4):
            scale = trained[:end](images).std() / new[:end](images).std()
            for parameter in new[end - 1].parameters():
                parameter.mul_(scale)


def _segment(features: nn.Sequential, labeled: Digits, unseen: Digits, steps: int) -> _Course:
    """Train to tell foreground from background, pixel by pixel."""
    last = features[3]
    assert isinstance(last, nn.Conv2d)
    head = nn.ConvTranspose2d(last.out_channels, 1, 3, stride=3)
    for parameter in head.parameters():
        nn.init.zeros_(parameter)  # whatever the features, the first answer is the same
    network = nn.Sequential(features, head)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005, fused=True)
    losses = []
    for step in range(steps):
        if step % EVERY == 0:
            losses.append(_loss(network, unseen))
        optimizer.zero_grad()
        torch.autograd.backward(F.binary_cross_entropy_with_logits(network(labeled.images), labeled.masks))
        optimizer.step()
    losses.append(_loss(network, unseen))
    with torch.no_grad():
        found = network(unseen.images) > 0
    truth = unseen.masks > 0
    return _Course(tuple(losses), float((found & truth).sum() / (found | truth).sum()))


def _mean(courses: list[_Course]) -> _Course:
    losses = zip(*(course.losses for course in courses), strict=True)
    return _Course(tuple(fmean(step) for step in losses), fmean(course.iou for course in courses))


def _loss(network: nn.Module, unseen: Digits) -> float:
    with torch.no_grad():
        return F.binary_cross_entropy_with_logits(network(unseen.images), unseen.masks).item()


def _picture(warm: _Course, cold: _Course) -> Plot:
    steps = tuple(float(EVERY * place) for place in range(len(warm.losses)))
    return Plot(
        f"After {steps[-1]:.0f} steps the loss on unseen images is {warm.losses[-1]:.3f} from the classifier's layers "
        f"and {cold.losses[-1]:.3f} from new ones.",
        "step",
        "loss on unseen images",
        (Series("classifier's layers", steps, warm.losses), Series("new layers", steps, cold.losses)),
    )
