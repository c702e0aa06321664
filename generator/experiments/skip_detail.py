"""Show that a skip connection brings back the detail that pooling took from an encoder and decoder.

Images are noisy drawings of thin strokes, and the network is to mark the strokes. Its encoder pools by `pool`, its
decoder upsamples by as much. With the skip connection, the encoder's map from before pooling is joined to the
upsampled one, as in U-Net (Ronneberger et al. 2015); without it, zeros are joined, so that both networks have the same
layers and weights to start from. Intersection over union is that of new images, at the threshold that suits each
network best.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.experiments import Figures, Findings
from generator.plots import Panel, Panels

SIDE = 16
MAPS = 6
TRAINED = 32
TESTED = 32
STEPS = 40
NOISE = 0.25


class Segmenter(nn.Module):
    """Two convolutions down, one up; with or without the map from before pooling."""

    def __init__(self, pool: int, skip: bool) -> None:
        super().__init__()
        self.down = nn.Conv2d(1, MAPS, 3, padding=1)
        self.deep = nn.Conv2d(MAPS, 2 * MAPS, 3, padding=1)
        self.up = nn.Conv2d(3 * MAPS, 1, 3, padding=1)
        self.pool, self.skip = pool, skip

    def forward(self, images: Tensor) -> Tensor:
        """Turn (images, 1, side, side) into scores of the same size."""
        fine = F.relu(self.down(images))
        coarse = F.relu(self.deep(F.max_pool2d(fine, self.pool)))
        wide = F.interpolate(coarse, scale_factor=self.pool, mode="bilinear", align_corners=False)
        joined = fine if self.skip else torch.zeros_like(fine)
        scores: Tensor = self.up(torch.cat([wide, joined], dim=1))
        return scores


def run(stream: torch.Generator, *, pool: int = 4) -> Findings:
    """Train both networks on the same images and compare them on new ones."""
    if pool not in (4, 8):
        raise ValueError(f"pool is {pool}; 4 or 8 would work")
    images, masks = _strokes(stream, TRAINED)
    tested, truth = _strokes(stream, TESTED)
    state = stream.get_state()
    predictions = {}
    for name in ("without", "with_skip"):
        stream.set_state(state)  # both start from the same weights
        model = _trained(stream, pool, name == "with_skip", images, masks)
        with torch.no_grad():
            predictions[name] = model(tested).sigmoid()
    figures: dict[str, Figures] = {name: {"iou": best_iou(guess, truth)} for name, guess in predictions.items()}
    figures["side"] = SIDE
    panels = {
        "image": tested[0, 0],
        "strokes": truth[0, 0],
        "without skip": predictions["without"][0, 0],
        "with skip": predictions["with_skip"][0, 0],
    }
    return Findings(
        figures,
        Panels(
            "A noisy image of thin strokes, the strokes, and what each network marks: blurred without the skip "
            "connection, sharp with it.",
            tuple(Panel(title, _rows(image)) for title, image in panels.items()),
        ),
    )


def _strokes(stream: torch.Generator, count: int) -> tuple[Tensor, Tensor]:
    """Images and masks: two lines across, and one upward, each one pixel wide."""
    masks = torch.zeros(count, 1, SIDE, SIDE)
    for mask in masks:
        first, second, column = torch.randint(1, SIDE - 1, (3,), generator=stream).tolist()
        mask[0, first, 1:-1] = 1
        mask[0, second, 1:-1] = 1
        mask[0, 1:-1, column] = 1
    noisy = masks + NOISE * torch.randn(masks.shape, generator=stream)
    return noisy.clamp(0, 1), masks


def _trained(stream: torch.Generator, pool: int, skip: bool, images: Tensor, masks: Tensor) -> Segmenter:
    with torch.random.fork_rng():  # the modules draw weights of their own, which are replaced
        model = Segmenter(pool, skip)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            nn.init.kaiming_normal_(parameter, generator=stream)
        else:
            nn.init.zeros_(parameter)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.autograd.backward(F.binary_cross_entropy_with_logits(model(images), masks))
        optimizer.step()
    return model


def best_iou(probabilities: Tensor, truth: Tensor) -> float:
    """Intersection over union of all images together, at the threshold that suits the probabilities best."""
    wanted = truth > 0.5
    marks = [probabilities > percent / 100 for percent in range(5, 100, 5)]
    return max(float((mark & wanted).sum() / (mark | wanted).sum()) for mark in marks)


def _rows(image: Tensor) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(value, 3) for value in row) for row in image.clamp(0, 1).tolist())
