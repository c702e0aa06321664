"""Detail that a skip connection brings back."""

from typing import Any

import pytest
import torch

from generator.experiments.skip_detail import Segmenter, best_iou, run
from generator.plots import Panels


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("pool", [4, 8])
def test_the_skip_connection_gives_the_better_masks(pool: int) -> None:
    found = measured(pool=pool)
    assert found["with_skip"]["iou"] > found["without"]["iou"] + 0.2


def test_without_it_pixels_of_one_cell_cannot_be_told_apart() -> None:
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        one = torch.zeros(1, 1, 16, 16)
        one[0, 0, 5, 5] = 1.0
        for skip in (True, False):
            model = Segmenter(16, skip)  # one cell covers the image
            model.down.weight[:] = torch.eye(9)[4].view(3, 3)  # the pixel itself
            moved = one.roll((1, 1), (2, 3))
            assert torch.equal(model(one), model(moved)) is not skip


def test_the_best_threshold_is_taken() -> None:
    truth = torch.tensor([1.0, 1.0, 0.0, 0.0])
    assert best_iou(torch.tensor([0.3, 0.4, 0.2, 0.1]), truth) == 1
    assert best_iou(torch.tensor([0.9, 0.1, 0.9, 0.1]), truth) == pytest.approx(0.5)


def test_the_picture_compares_both() -> None:
    picture = run(torch.Generator().manual_seed(0)).picture
    assert isinstance(picture, Panels)
    assert [panel.title for panel in picture.panels] == ["image", "strokes", "without skip", "with skip"]


def test_another_pool_is_refused() -> None:
    with pytest.raises(ValueError, match="4 or 8"):
        measured(pool=3)
