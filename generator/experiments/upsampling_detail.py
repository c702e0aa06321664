"""Show what is left of a fine outline after a network's stride of 32, 16 or 8.

A mask of 128 × 128 pixels (a body with thin limbs and a hole) stands for a perfect prediction. It is averaged over
cells of stride × stride pixels, one for each place of a network's last map, brought back to full size by a
`ConvTranspose2d` that holds bilinear weights, as in Long, Shelhamer and Darrell (CVPR 2015), and cut at one half.
Intersection over union with the mask says what of a perfect prediction survives this path.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Panel, Panels

SIDE = 128
SHOWN = 64  # side of the panels


def run(stream: torch.Generator, *, limbs: int = 5) -> Findings:
    """Measure the intersection over union that strides 32, 16 and 8 can reach."""
    if not 3 <= limbs <= 8:
        raise ValueError("limbs must be from 3 to 8")
    mask = draw_mask(stream, limbs)
    back = {stride: through(mask, stride) for stride in (32, 16, 8)}
    figures: dict[str, Figures] = {f"iou_{stride}": iou(rebuilt, mask) for stride, rebuilt in back.items()}
    figures["cells_32"], figures["cells_16"], figures["cells_8"] = (SIDE // stride for stride in back)
    figures["mask_side"] = SIDE
    scores = ", ".join(f"{iou(rebuilt, mask):.2f} at stride {stride}" for stride, rebuilt in back.items())
    panels = (Panel("mask", _rows(mask)), *(Panel(f"{stride}×", _rows(rebuilt)) for stride, rebuilt in back.items()))
    return Findings(figures, Panels(f"A mask and what is left of it; the intersection over union is {scores}.", panels))


def draw_mask(stream: torch.Generator, limbs: int) -> Tensor:
    """A body with thin limbs in drawn directions and a round hole, as a (SIDE, SIDE) tensor of zeros and ones."""
    axis = (torch.arange(SIDE) + 0.5) / SIDE * 2 - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    draws = torch.rand(2 + 3 * limbs, generator=stream)
    turn, hole = draws[0] * 2 * math.pi, 0.12 + 0.03 * draws[1]
    radius, angle = (x**2 + y**2).sqrt(), torch.atan2(y, x)
    mask = radius < 0.4
    for limb in range(limbs):
        jitter, length, width = draws[2 + 3 * limb : 5 + 3 * limb]
        direction = turn + 2 * math.pi * (limb + 0.4 * (jitter - 0.5)) / limbs
        along, across = radius * (angle - direction).cos(), radius * (angle - direction).sin()
        mask |= (along > 0) & (along < 0.7 + 0.2 * length) & (across.abs() < 0.05 + 0.04 * width)
    return (mask & (radius > hole)).float()


def through(mask: Tensor, stride: int) -> Tensor:
    """Average over cells, upsample with a transposed convolution of bilinear weights, cut at one half."""
    upsample = nn.ConvTranspose2d(1, 1, 2 * stride, stride=stride, padding=stride // 2, bias=False)
    ramp = 1 - (torch.arange(2 * stride) + 0.5 - stride).abs() / stride
    with torch.no_grad():
        upsample.weight.copy_(ramp[:, None] * ramp)
        cells = F.avg_pool2d(mask[None, None], stride)
        fine: Tensor = upsample(cells)
    return (fine[0, 0] > 0.5).float()


def iou(one: Tensor, other: Tensor) -> float:
    """Pixels in both over pixels in either."""
    return float(torch.minimum(one, other).sum() / torch.maximum(one, other).sum())


def _rows(image: Tensor) -> tuple[tuple[float, ...], ...]:
    shown = F.avg_pool2d(image[None], SIDE // SHOWN)[0]
    return tuple(tuple(row) for row in shown.tolist())
