"""Gradient size by layer."""

import math
from typing import Any

import pytest
import torch
from torch import nn

from generator.experiments.gradient_by_layer import Residual, _gradient_sizes, run
from generator.plots import Plot


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("depth", [7, 8, 10])
def test_gradients_vanish_in_saturated_tanh_layers_and_not_with_a_remedy(depth: int) -> None:
    figures = measured(depth=depth)
    assert figures["tanh"]["ratio"] < 0.01
    assert figures["residual"]["ratio"] > 0.05
    assert figures["xavier"]["ratio"] > 0.5
    assert figures["relu"]["ratio"] > 0.5


def test_they_shrink_from_layer_to_layer() -> None:
    sizes = measured()["tanh"]["by_layer"]
    assert len(sizes) == 8
    assert sizes == sorted(sizes)
    assert sizes[-1] == 1


def test_they_do_not_vanish_without_saturation() -> None:
    assert measured(bias=0.0)["slope"] > 0.8
    assert measured(bias=0.0)["tanh"]["ratio"] > 10 * measured(bias=2.0)["tanh"]["ratio"]


def test_of_two_linear_units_the_gradients_are_those_of_the_chain_rule() -> None:
    first, second = (nn.Linear(1, 1, bias=False).double() for _ in range(2))
    nn.init.constant_(first.weight, 0.5)
    nn.init.constant_(second.weight, 3.0)
    network = nn.Sequential(first, nn.Tanh(), second)
    x, target = (torch.tensor([[value]], dtype=torch.float64) for value in (2.0, 0.0))
    h = math.tanh(1.0)
    # dL/dw2 = 2 y h and dL/dw1 = 2 y w2 (1 - h²) x
    assert _gradient_sizes(network, x, target) == pytest.approx([3.0 * (1 - h * h) * 2.0 / h, 1.0])


def test_a_residual_layer_adds_its_input() -> None:
    linear = nn.Linear(3, 3)
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Residual(linear)(x), x)


def test_the_picture_is_on_a_logarithmic_scale_and_says_the_ends() -> None:
    picture = run(torch.Generator().manual_seed(0)).picture
    assert isinstance(picture, Plot)
    assert picture.y_log
    assert "from layer 8 back to layer 1" in picture.alt


def test_the_same_stream_gives_the_same_figures() -> None:
    assert measured(4) == measured(4)


def test_two_layers_have_no_depth_to_vanish_in() -> None:
    with pytest.raises(ValueError, match="3 to 30 layers"):
        measured(depth=2)
