"""A stack of linear layers is one matrix."""

from itertools import product
from typing import Any

import pytest
import torch
from torch import nn

from generator.experiments.linear_stack import CORNERS, LABELS, _linear, _product, run


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("depth", [2, 10, 14])
def test_linear_layers_equal_one_matrix(depth: int) -> None:
    assert measured(depth=depth)["difference"] < 1e-12


def test_parameters_are_those_of_the_closed_formula() -> None:
    figures = measured(depth=10, inputs=48, width=32, classes=5)
    assert figures["parameters"] == {"stack": 48 * 32 + 8 * 32 * 32 + 32 * 5, "matrix": 48 * 5}


def test_a_linear_stack_never_gets_more_than_three_of_the_four_points_of_xor() -> None:
    for seed in range(8):
        xor = measured(seed)["xor"]
        assert xor["linear"] <= xor["bound"] == 0.75
        assert xor["imbalance"] < 1e-9
        assert xor["relu"] == 1


def test_three_of_four_is_the_best_of_all_lines_through_a_grid() -> None:
    steps = [-1.0, -0.5, 0.0, 0.5, 1.0]
    best = 0
    for a, b, c in product(steps, repeat=3):
        right = sum((a * x + b * y + c > 0) == (label == 1) for (x, y), label in zip(CORNERS, LABELS, strict=True))
        best = max(best, right)
    assert best == 3


def test_with_a_relu_between_them_the_layers_are_no_matrix() -> None:
    stream = torch.Generator().manual_seed(0)
    layers = [_linear(stream, 6, 6, bias=False) for _ in range(3)]
    matrix = _product(nn.Sequential(*layers))
    broken = nn.Sequential(layers[0], nn.ReLU(), layers[1], layers[2])
    x = torch.randn(50, 6, generator=stream)
    assert (broken(x) - x @ matrix.T).abs().max() > 0.1


def test_the_same_stream_gives_the_same_figures() -> None:
    assert measured(4) == measured(4)


def test_one_layer_is_no_stack() -> None:
    with pytest.raises(ValueError, match="2 to 50 layers would work"):
        measured(depth=1)
