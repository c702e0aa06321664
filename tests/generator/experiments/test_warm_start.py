"""Segmentation from a classifier's layers."""

from typing import Any

import pytest
import torch

from generator.experiments import warm_start
from generator.experiments.warm_start import SEGMENTS, _features, _glyphs, _match, draw_digits


def figures(seed: int = 0, **arguments: Any) -> Any:
    return warm_start.run(torch.Generator().manual_seed(seed), **arguments).figures


def test_the_classifiers_convolutions_give_a_better_start() -> None:
    found = figures()
    assert found["classifier_accuracy"] > 0.5
    assert found["warm_start"]["loss"] < found["cold_start"]["loss"]


def test_convolutions_that_learned_nothing_give_none(monkeypatch: pytest.MonkeyPatch) -> None:
    # without pretraining both starts are alike: over several streams neither wins by what the pretrained one wins by
    monkeypatch.setattr(warm_start, "_classify", lambda *_: 0.1)
    gains = [found["cold_start"]["loss"] - found["warm_start"]["loss"] for found in map(figures, range(3))]
    assert abs(sum(gains) / 3) < 0.05


def test_digits_have_the_segments_they_should() -> None:
    glyphs = _glyphs(9)
    assert glyphs.shape == (4, 10, 9, 9)
    upright = glyphs[0]
    eight = upright[8]
    assert all((glyph <= eight).all() for glyph in upright)  # the eight has every segment
    assert len({tuple(glyph.flatten().tolist()) for glyph in upright}) == len(SEGMENTS) == 10
    assert upright[1].sum() == 7  # one stroke, from top to bottom


@pytest.mark.parametrize("side", [9, 12, 15])
def test_no_digit_loses_pixels_where_it_is_placed(side: int) -> None:
    sums = _glyphs(side).sum((2, 3))
    assert (sums == sums[0]).all()
    digits = draw_digits(torch.Generator().manual_seed(0), 5, side)
    assert digits.images.shape == digits.masks.shape == (5, 1, side, side)


def test_new_convolutions_are_scaled_to_the_trained_ones() -> None:
    stream = torch.Generator().manual_seed(0)
    trained, new = _features(stream, 6, 20), _features(stream, 6, 20)
    with torch.no_grad():
        for parameter in trained[0].parameters():
            parameter.mul_(5)
        images = draw_digits(stream, 20, 9).images
        _match(new, trained, images)
        for end in (1, 4):
            assert float(new[:end](images).std()) == pytest.approx(float(trained[:end](images).std()), rel=1e-4)


def test_the_same_stream_gives_the_same_findings() -> None:
    one, other = (warm_start.run(torch.Generator().manual_seed(5), steps=5) for _ in range(2))
    assert one == other


@pytest.mark.parametrize("wrong", [{"side": 10}, {"maps": 1}, {"hidden": 2}, {"steps": 7}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        figures(**wrong)
