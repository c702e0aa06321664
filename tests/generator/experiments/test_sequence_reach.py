"""Which inputs an output of a sequence layer depends on."""

from typing import Any

import pytest
import torch

from generator.experiments.sequence_reach import dependence, run
from generator.plots import Panels


def found(**given: Any) -> Any:
    return run(torch.Generator().manual_seed(0), **given).figures


@pytest.mark.parametrize(("length", "place"), [(7, 3), (5, 1), (6, 6)])
def test_only_bidirectional_layers_and_attention_without_a_mask_see_later_inputs(length: int, place: int) -> None:
    figures = found(length=length, place=place)
    past = {"earlier": place - 1, "own": True, "later": 0}
    assert figures["one_way"] == figures["masked"] == past
    assert figures["both_ways"] == figures["attention"] == {**past, "later": length - place}
    assert figures["whole"] == {"one_way": False, "both_ways": True, "attention": True, "masked": False}


def test_dependence_of_a_shift_is_the_element_before() -> None:
    inputs = torch.randn(4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    rows = dependence(torch.Generator().manual_seed(2), lambda x: x.roll(1, 0), inputs)
    assert rows == [[before == (place - 1) % 4 for before in range(4)] for place in range(4)]


def test_the_picture_has_a_panel_for_each_layer() -> None:
    picture = run(torch.Generator().manual_seed(0)).picture
    assert isinstance(picture, Panels)
    assert len(picture.panels) == 4


@pytest.mark.parametrize("wrong", [{"length": 2, "place": 1}, {"place": 8}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="would work"):
        found(**wrong)
