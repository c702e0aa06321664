"""The threshold of non-maximum suppression."""

from typing import Any

import pytest
import torch

from generator.experiments.box_suppression import _scene, iou, run, suppress


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("overlap", [0.4, 0.55])
def test_a_low_threshold_misses_objects_and_a_high_one_leaves_duplicates(overlap: float) -> None:
    found = measured(overlap=overlap)
    assert found["low"]["found"] < 2.5
    assert found["middle"]["found"] > 2.9
    assert found["middle"]["false"] < 0.3
    assert found["high"]["false"] > 2


def test_the_two_objects_overlap_as_asked() -> None:
    (one, other, far), boxes = _scene(torch.Generator().manual_seed(0), 0.45, 4)
    assert iou(one, other) == pytest.approx(0.45)
    assert iou(one, far) == 0
    assert len(boxes) == 12


def test_intersection_over_union_by_hand() -> None:
    assert iou((0, 0, 2, 2), (1, 1, 3, 3)) == pytest.approx(1 / 7)


def test_the_better_of_two_boxes_stays() -> None:
    first, second, third = (0, 0, 4, 4), (0, 1, 4, 5), (9, 9, 12, 12)
    assert suppress([first, second, third], 0.5) == [first, third]
    assert suppress([first, second, third], 0.6) == [first, second, third]


@pytest.mark.parametrize("wrong", [{"overlap": 0.9}, {"low": 0.8}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"would work|must rise"):
        measured(**wrong)
