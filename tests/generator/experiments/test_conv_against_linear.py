"""A convolution against the fully connected layer it replaces."""

from typing import Any

import pytest
import torch
from torch import nn

from generator.experiments import conv_against_linear
from generator.experiments.conv_against_linear import CANVAS, shift_error

ARGUMENTS = {"side": 28, "channels": 3, "maps": 8, "kernel": 5}


def figures(seed: int = 0, **arguments: Any) -> Any:
    return conv_against_linear.run(torch.Generator().manual_seed(seed), **arguments).figures


def test_counts_equal_the_closed_formulas() -> None:
    side, channels, maps, kernel = ARGUMENTS.values()
    found = figures(**ARGUMENTS)
    window, inputs, outputs = kernel**2 * channels, channels * side**2, maps * side**2
    assert found["conv"]["parameters"] == maps * (window + 1)
    assert found["linear"]["parameters"] == outputs * (inputs + 1)
    assert found["conv"]["bytes"] == 4 * found["conv"]["parameters"]
    assert found["conv"]["macs"] == outputs * window
    assert found["linear"]["macs"] == outputs * inputs


@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_a_convolutions_output_shifts_with_the_image_exactly(kernel: int) -> None:
    assert shift_error(torch.Generator().manual_seed(1), 3, 4, kernel) == 0.0


def test_the_shift_error_sees_a_layer_that_depends_on_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = nn.Conv2d.forward

    def uneven(self: nn.Conv2d, image: torch.Tensor) -> torch.Tensor:
        return plain(self, image) + torch.arange(CANVAS, dtype=image.dtype)

    monkeypatch.setattr(nn.Conv2d, "forward", uneven)
    assert shift_error(torch.Generator().manual_seed(1), 1, 1, 3) > 1


def test_both_layers_learn_and_only_the_convolution_carries_over() -> None:
    for seed in range(3):
        found = figures(seed)
        assert found["conv"]["seen_error"] < 0.01
        assert found["linear"]["seen_error"] < 0.05
        assert found["conv"]["moved_error"] < 0.01
        assert found["linear"]["moved_error"] > 0.5


def test_patterns_that_do_not_move_are_no_trouble_for_the_linear_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conv_against_linear, "SHIFT", (0, 0))
    assert figures()["linear"]["moved_error"] < 0.05


def test_untouched_weights_are_those_of_dark_pixels() -> None:
    assert figures()["linear"]["untouched"] == 1 - 4 * 4 / CANVAS**2


def test_the_same_stream_gives_the_same_findings() -> None:
    one, other = (conv_against_linear.run(torch.Generator().manual_seed(5), examples=3) for _ in range(2))
    assert one == other


@pytest.mark.parametrize("wrong", [{"kernel": 4}, {"side": 2}, {"examples": 1}, {"maps": 0}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        figures(**wrong)
