"""Signs of the gradients of a unit's incoming weights."""

from typing import Any

import pytest
import torch
from torch import nn

from generator.experiments.incoming_signs import _gradients, _one_sign, _opposite, run
from generator.plots import Plot


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("hidden", [10, 20])
def test_positive_inputs_give_gradients_of_one_sign_and_tanh_does_not(hidden: int) -> None:
    figures = measured(hidden=hidden)
    assert figures["sigmoid"] == {"one_sign": 1.0, "opposite_pair": 0.0}
    assert figures["tanh"]["one_sign"] < 0.2
    assert figures["tanh"]["opposite_pair"] > 0.1


def test_the_gradient_is_the_error_signal_times_the_input() -> None:
    stream = torch.Generator().manual_seed(2)
    network = nn.Sequential(nn.Linear(3, 5), nn.Sigmoid(), nn.Linear(5, 4))
    for parameter in network.parameters():
        nn.init.normal_(parameter, generator=stream)
    points = torch.randn(6, 3, generator=stream)
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
    with torch.no_grad():
        delta = network(points).softmax(dim=1) - nn.functional.one_hot(labels, 4)  # of the cross-entropy
        expected = delta[:, :, None] * network[:2](points)[:, None, :]
    assert torch.allclose(_gradients(network, points, labels), expected, atol=1e-6)


def test_gradients_of_mixed_signs_are_counted_as_such() -> None:
    gradients = torch.tensor([[[1.0, -1.0], [2.0, 3.0]], [[-1.0, -2.0], [0.0, 1.0]]])
    assert _one_sign(gradients) == 0.5
    assert _opposite(gradients) == 0.25


def test_the_picture_has_sigmoid_points_in_two_quadrants_only() -> None:
    picture = run(torch.Generator().manual_seed(1)).picture
    assert isinstance(picture, Plot)
    sigmoid, tanh = picture.series
    assert all(x * y > 0 for x, y in zip(sigmoid.x, sigmoid.y, strict=True))
    assert any(x * y < 0 for x, y in zip(tanh.x, tanh.y, strict=True))


def test_the_same_stream_gives_the_same_figures() -> None:
    assert measured(4) == measured(4)


def test_one_weight_has_no_other_to_agree_with() -> None:
    with pytest.raises(ValueError, match="2 to 256 units would work"):
        measured(hidden=1)
