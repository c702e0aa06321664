"""Augmentation that keeps the label, and that does not."""

from typing import Any

import pytest
import torch

from generator.experiments import mirrored_letters


def figures(seed: int = 0, **arguments: Any) -> Any:
    return mirrored_letters.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("examples", [20, 40])
def test_shifts_help_and_mirroring_harms(examples: int) -> None:
    found = figures(examples=examples)
    assert found["shifted"] > found["plain"] + 0.04
    assert found["mirrored"] < 0.65


def test_the_two_letters_are_mirror_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirrored_letters, "NOISE", 0.0)
    images, labels = mirrored_letters._images(torch.Generator().manual_seed(0), 2, 0)
    assert labels.tolist() == [0, 1]
    assert torch.equal(images[0].flip(1), images[1])
    assert not torch.equal(images[0], images[1])


def test_a_shift_moves_all_pixels_alike() -> None:
    image = torch.zeros(10, 10)
    image[4, 5] = 1
    moved = mirrored_letters._moved(image, torch.Generator().manual_seed(3), 2)
    row, column = moved.nonzero()[0].tolist()
    assert moved.sum() == 1
    assert abs(row - 4) <= 2
    assert abs(column - 5) <= 2


@pytest.mark.parametrize("wrong", [{"examples": 2}, {"shift": 5}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="would work"):
        figures(**wrong)
