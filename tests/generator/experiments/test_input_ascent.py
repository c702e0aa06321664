"""The probability of a class along and against its input gradient."""

from typing import Any

import pytest
import torch
from torch import nn

from generator.experiments.input_ascent import _walk, run


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("classes", [50, 100, 200])
def test_a_step_along_the_gradient_raises_the_probability_and_one_against_it_lowers_it(classes: int) -> None:
    figures = measured(classes=classes)
    assert figures["against_one_step"] < figures["before"] < figures["after_one_step"]
    assert figures["against"] < figures["before"] < 0.5 < figures["after"]


def test_the_picture_leaves_its_own_class() -> None:
    figures = measured()
    assert figures["own_before"] > 0.9
    assert figures["own_after"] < 0.1


def test_of_a_softmax_of_a_linear_map_the_first_step_is_known() -> None:
    linear = nn.Linear(4, 2, bias=False).double()
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[1.0, 0, 0, 0], [-1.0, 0, 0, 0]]))
    network = nn.Sequential(nn.Flatten(), linear)
    path, picture = _walk(network, torch.zeros(1, 1, 2, 2), target=0, steps=1, distance=0.5)
    # the gradient points along the first pixel, and p = sigmoid(2 · pixel)
    assert picture.flatten().tolist() == pytest.approx([0.5, 0, 0, 0])
    assert path == pytest.approx([0.5, torch.sigmoid(torch.tensor(1.0, dtype=torch.float64)).item()])


def test_the_direction_is_that_of_finite_differences() -> None:
    stream = torch.Generator().manual_seed(3)
    linear = nn.Linear(4, 3).double()
    for parameter in linear.parameters():
        nn.init.normal_(parameter, generator=stream)
    network = nn.Sequential(nn.Flatten(), nn.Tanh(), linear)
    start = torch.randn(1, 1, 2, 2, generator=stream, dtype=torch.float64)
    _, moved = _walk(network, start, target=1, steps=1, distance=1.0)
    slopes = []
    for pixel in range(4):
        step = torch.zeros(4, dtype=torch.float64)
        step[pixel] = 1e-6
        up, down = (network(start + sign * step.reshape(1, 1, 2, 2)).softmax(1)[0, 1].item() for sign in (1, -1))
        slopes.append((up - down) / 2e-6)
    expected = torch.tensor(slopes, dtype=torch.float64)
    assert torch.allclose((moved - start).flatten(), expected / expected.norm(), atol=1e-6)


def test_the_network_stays_as_it_is_and_the_same_stream_gives_the_same_figures() -> None:
    assert measured(5) == measured(5)
    assert measured(5) != measured(6)


def test_the_global_random_numbers_play_no_part() -> None:
    torch.manual_seed(1)
    first = measured()
    torch.manual_seed(2)
    assert measured() == first


@pytest.mark.parametrize("given", [{"classes": 1}, {"steps": 0}, {"distance": 0.0}])
def test_settings_that_cannot_work_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="would work"):
        measured(**given)
