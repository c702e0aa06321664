"""Show that augmentation helps when it keeps the label, and harms when it does not.

Small noisy images show one of two letters: an L, or its mirror image, a J without a hook. A network learns from few of
them, all with the letter in the middle; in the test images the letter may stand anywhere. The training images are taken
as they are, or shifted at random, which keeps the letter, or mirrored at random, which turns one letter into the
other and leaves the label wrong.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from generator.experiments import Findings
from generator.plots import Panel, Panels

SIDE, LETTER = 10, 5
STEPS, BATCH = 150, 32
TEST = 600
NOISE = 0.15


def run(stream: torch.Generator, *, examples: int = 40, shift: int = 2) -> Findings:
    """Test accuracy without augmentation, with random shifts, and with random mirroring."""
    if not 20 <= examples <= 200:
        raise ValueError(f"examples is {examples}; 20 to 200 would work")
    if not 1 <= shift <= 2:
        raise ValueError(f"shift is {shift}; 1 or 2 pixels would work")
    images, labels = _images(stream, examples, 0)
    test = _images(stream, TEST, shift)

    def shifted(batch: Tensor) -> Tensor:
        return torch.stack([_moved(image, stream, shift) for image in batch])

    def mirrored(batch: Tensor) -> Tensor:
        turned = torch.rand(len(batch), 1, 1, generator=stream) < 0.5
        return torch.where(turned, batch.flip(2), batch)

    accuracies = {
        "plain": _accuracy(images, labels, test, lambda batch: batch, stream),
        "shifted": _accuracy(images, labels, test, shifted, stream),
        "mirrored": _accuracy(images, labels, test, mirrored, stream),
    }
    return Findings({**accuracies, "examples": examples}, _picture(images, labels, shifted(images)))


def _images(stream: torch.Generator, count: int, shift: int) -> tuple[Tensor, Tensor]:
    labels = torch.arange(count) % 2
    start = (SIDE - LETTER) // 2
    clean = torch.zeros(count, SIDE, SIDE)
    clean[:, start : start + LETTER, start] = 1
    clean[:, start + LETTER - 1, start : start + LETTER - 1] = 1
    clean[labels == 1] = clean[labels == 1].flip(2)
    placed = torch.stack([_moved(image, stream, shift) for image in clean])
    return placed + NOISE * torch.randn(clean.shape, generator=stream), labels


def _moved(image: Tensor, stream: torch.Generator, shift: int) -> Tensor:
    """The image moved by up to `shift` pixels in each direction; what leaves on one side returns on the other."""
    down, right = (int(move) for move in torch.randint(-shift, shift + 1, (2,), generator=stream))
    return image.roll((down, right), (0, 1))


def _accuracy(
    images: Tensor,
    labels: Tensor,
    test: tuple[Tensor, Tensor],
    augmented: Callable[[Tensor], Tensor],
    stream: torch.Generator,
) -> float:
    """Train a network on augmented batches and give its share of right answers on the test images."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(SIDE * SIDE, 64), nn.ReLU(), nn.Linear(64, 2))
    for layer in (network[1], network[3]):
        assert isinstance(layer, nn.Linear)
        nn.init.kaiming_normal_(layer.weight, generator=stream)
        nn.init.zeros_(layer.bias)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.003)
    for _ in range(STEPS):
        chosen = torch.randint(len(images), (BATCH,), generator=stream)
        optimizer.zero_grad()
        torch.autograd.backward(F.cross_entropy(network(augmented(images[chosen])), labels[chosen]))
        optimizer.step()
    with torch.no_grad():
        return float((network(test[0]).argmax(1) == test[1]).double().mean())


def _picture(images: Tensor, labels: Tensor, shifted: Tensor) -> Panels:
    def panel(title: str, image: Tensor) -> Panel:
        rows = image.clamp(0, 1).tolist()
        return Panel(title, tuple(tuple(round(value, 2) for value in row) for row in rows))

    one, other = int((labels == 0).nonzero()[0]), int((labels == 1).nonzero()[0])
    return Panels(
        "An L, the other letter, which is its mirror image, the L shifted, and the L mirrored, which looks like the "
        "other letter.",
        (
            panel("class L", images[one]),
            panel("class J", images[other]),
            panel("L, shifted", shifted[one]),
            panel("L, mirrored", images[one].flip(1)),
        ),
    )
