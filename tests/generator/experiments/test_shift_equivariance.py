"""Layers that carry a shift over, and layers that do not."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from generator.experiments.shift_equivariance import run


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("stride", [2, 3, 4])
def test_convolution_and_relu_are_equivariant_and_the_average_invariant_exactly(stride: int) -> None:
    found = measured(stride=stride, down=1, right=5)
    assert found["conv"]["equivariance"] == found["relu"]["equivariance"] == found["average"]["invariance"] == 0
    assert found["conv"]["invariance"] > 0.1
    assert found["linear"]["equivariance"] > 0.5


@pytest.mark.parametrize("stride", [2, 3, 4])
def test_a_stride_is_equivariant_to_shifts_by_itself_only(stride: int) -> None:
    for name in ("pooled", "strided"):
        found = measured(stride=stride)[name]
        assert found["whole"] == 0
        assert found["odd"] > 0.01


def test_padding_with_zeros_in_place_of_wrapping_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = F.pad

    def zeros(image: Tensor, sides: list[int], mode: str) -> Tensor:
        assert mode == "circular"
        return plain(image, sides)

    monkeypatch.setattr(F, "pad", zeros)
    assert measured()["conv"]["equivariance"] > 0


@pytest.mark.parametrize("wrong", [{"stride": 5}, {"down": 0, "right": 0}, {"right": 24}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"would work|must be"):
        measured(**wrong)
