"""ReLU's derivative on both sides and at 0."""

from typing import Any

import pytest
import torch

from generator.experiments.relu_at_zero import STEP, _derivatives, _quotient, run


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("point", [0.5, 1.5, 3.5, 100.0])
def test_the_derivative_is_0_on_the_left_and_1_on_the_right(point: float) -> None:
    figures = measured(point=point)
    assert figures["left"] == {"autograd": 0, "quotient": 0}
    assert figures["right"] == {"autograd": 1, "quotient": 1}
    assert (figures["largest_on_left"], figures["smallest_on_right"], figures["largest_on_right"]) == (0, 1, 1)


def test_at_0_the_one_sided_quotients_differ_and_pytorch_returns_0() -> None:
    assert measured()["zero"] == {"autograd": 0, "from_left": 0, "from_right": 1}


def test_autograd_agrees_with_central_differences_away_from_0() -> None:
    places = torch.tensor([-2.0, -0.25, 0.25, 2.0], dtype=torch.float64)
    central = [(_quotient(x, STEP) + _quotient(x, -STEP)) / 2 for x in places.tolist()]
    assert _derivatives(places).tolist() == central


def test_across_0_a_central_difference_is_neither() -> None:
    assert (_quotient(0.0, STEP) + _quotient(0.0, -STEP)) / 2 == 0.5


def test_no_figure_is_minus_zero() -> None:
    assert "-0.0" not in str(measured())


def test_the_same_stream_gives_the_same_figures() -> None:
    assert measured(4) == measured(4)


def test_a_point_needs_two_sides() -> None:
    with pytest.raises(ValueError, match=r"0\.001 to 1000 would work"):
        measured(point=0.0)
