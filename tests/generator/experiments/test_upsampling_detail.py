"""What is left of a fine outline."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from generator.experiments import upsampling_detail
from generator.experiments.upsampling_detail import SIDE, draw_mask, iou, through


def figures(seed: int = 0, **arguments: Any) -> Any:
    return upsampling_detail.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("limbs", [3, 5, 8])
@pytest.mark.parametrize("seed", range(10))
def test_a_smaller_stride_keeps_more_of_the_outline(limbs: int, seed: int) -> None:
    found = figures(seed, limbs=limbs)
    assert found["iou_32"] < found["iou_16"] < found["iou_8"] < 1


@pytest.mark.parametrize("stride", [32, 16, 8])
def test_a_straight_edge_between_cells_survives_every_stride(stride: int) -> None:
    half = torch.zeros(SIDE, SIDE)
    half[:, : SIDE // 2] = 1
    inside = slice(32, SIDE - 32)
    assert iou(through(half, stride)[inside, inside], half[inside, inside]) == 1


@pytest.mark.parametrize("stride", [32, 16, 8])
def test_the_transposed_convolution_is_bilinear_interpolation(stride: int) -> None:
    mask = draw_mask(torch.Generator().manual_seed(4), 5)
    cells = F.avg_pool2d(mask[None, None], stride)
    fine = F.interpolate(cells, scale_factor=stride, mode="bilinear", align_corners=False)[0, 0]
    inside = slice(stride, SIDE - stride)  # at the border interpolation repeats the edge, and the convolution has zeros
    assert torch.equal((fine > 0.5)[inside, inside], through(mask, stride)[inside, inside] > 0)


def test_intersection_over_union_counts_pixels() -> None:
    one, other = torch.zeros(2, 4, 4)
    one[:2] = 1
    other[1:3] = 1
    assert iou(one, other) == pytest.approx(4 / 12)
    assert iou(one, one) == 1


def test_the_same_stream_gives_the_same_findings() -> None:
    one, other = (upsampling_detail.run(torch.Generator().manual_seed(5)) for _ in range(2))
    assert one == other


def test_arguments_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="must be"):
        figures(limbs=2)
