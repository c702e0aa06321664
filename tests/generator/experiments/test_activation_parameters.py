"""Parameters of activations, counted."""

from typing import Any

import pytest
import torch

from generator.experiments.activation_parameters import Maxout, _without_gradient, run
from generator.plots import Plot


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize(("inputs", "pieces"), [(10, 3), (25, 4), (50, 5)])
def test_maxout_multiplies_the_parameters_of_a_relu_unit(inputs: int, pieces: int) -> None:
    parameters = measured(inputs=inputs, pieces=pieces)["parameters"]
    assert parameters["relu_unit"] == parameters["leaky_unit"] == inputs + 1
    assert parameters["maxout_unit"] == pieces * (inputs + 1)


def test_leaky_relu_learns_nothing_and_prelu_its_slopes() -> None:
    parameters = measured(channels=24)["parameters"]
    assert parameters["relu"] == parameters["leaky_relu"] == 0
    assert (parameters["prelu_shared"], parameters["prelu_per_channel"]) == (1, 24)


@pytest.mark.parametrize("slope", [0.01, 0.05, 0.3])
def test_the_gradient_for_negative_inputs_is_the_slope(slope: float) -> None:
    figures = measured(slope=slope)
    assert figures["leaky_gradient"] == {"negative": pytest.approx(slope), "positive": 1}
    assert figures["relu_gradient"] == {"negative": 0, "positive": 1}


def test_maxout_always_passes_a_gradient_and_relu_does_not() -> None:
    for seed in range(20):
        share = measured(seed)["without_gradient"]
        assert share["maxout_unit"] == 0
        assert 0.3 < share["relu_unit"] < 0.7


def test_a_maxout_of_zero_and_a_line_is_relu() -> None:
    assert measured()["maxout_as_relu"] < 1e-12


def test_maxout_takes_the_largest_piece() -> None:
    unit = Maxout(1, 3).double()
    with torch.no_grad():
        unit.pieces.weight.copy_(torch.tensor([[1.0], [-1.0], [0.0]]))
        unit.pieces.bias.copy_(torch.tensor([0.0, 0.0, 0.5]))
    x = torch.tensor([[-2.0], [0.0], [2.0]], dtype=torch.float64)
    assert unit(x).flatten().tolist() == [2.0, 0.5, 2.0]
    assert _without_gradient(unit, x) == pytest.approx(1 / 3)  # the constant piece wins at 0


@pytest.mark.parametrize("pieces", [2, 3, 5])
def test_the_picture_of_maxout_shows_each_piece_where_it_is_the_largest(pieces: int) -> None:
    picture = run(torch.Generator().manual_seed(0), pieces=pieces, picture="maxout").picture
    assert isinstance(picture, Plot)
    unit, *lines = (series.y for series in picture.series)
    assert len(lines) == pieces
    assert list(unit) == [max(values) for values in zip(*lines, strict=True)]
    assert all(any(value == most for value, most in zip(line, unit, strict=True)) for line in lines)


def test_the_same_stream_gives_the_same_figures() -> None:
    assert measured(4) == measured(4)


@pytest.mark.parametrize("given", [{"slope": 0.0}, {"slope": 1.0}, {"pieces": 1}, {"inputs": 0}, {"picture": "swish"}])
def test_settings_that_cannot_work_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="would work"):
        measured(**given)
