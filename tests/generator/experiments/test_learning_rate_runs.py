"""Training losses by learning rate."""

from typing import Any

import pytest
import torch

from generator.experiments import learning_rate_runs
from generator.plots import Plot


def figures(seed: int = 0, **arguments: Any) -> Any:
    return learning_rate_runs.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("seed", range(6))
def test_a_small_rate_hardly_moves_a_good_one_converges_a_large_one_diverges(seed: int) -> None:
    small, good, large = figures(seed, rates=[0.0002, 0.1, 8])["runs"]
    assert 0.7 * small["first"] < small["last"] < small["first"]
    assert good["last"] < 0.6 * good["first"]
    assert large["diverged"]
    assert large["last"] == learning_rate_runs.LIMIT


def test_all_runs_have_the_same_start() -> None:
    assert len({run["first"] for run in figures()["runs"]}) == 1


def test_the_first_step_is_that_of_gradient_descent() -> None:
    slow, twice = figures(rates=[1e-6, 2e-6])["runs"]
    fall = slow["losses"][0] - slow["losses"][1]
    assert twice["losses"][0] - twice["losses"][1] == pytest.approx(2 * fall, rel=1e-4)


def test_many_runs_are_shown_by_their_ends() -> None:
    picture = learning_rate_runs.run(torch.Generator().manual_seed(0), rates=[1e-4, 1e-3, 1e-2, 0.1, 50.0]).picture
    assert isinstance(picture, Plot)
    assert picture.series[0].x == (1e-4, 1e-3, 1e-2, 0.1)  # the run that diverged is left out


@pytest.mark.parametrize("wrong", [{"rates": [0.1]}, {"rates": [0.1, 1000.0]}, {"steps": 5}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        figures(**wrong)
