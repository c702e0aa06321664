"""Accuracy with dropout on and off."""

from typing import Any

import pytest
import torch
from torch import nn

from generator.experiments import dropout_accuracy
from generator.experiments.dropout_accuracy import _accuracy, _data, _network


def figures(seed: int = 0, **arguments: Any) -> Any:
    return dropout_accuracy.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("seed", range(3))
def test_dropout_lowers_the_training_figure_below_validation(seed: int) -> None:
    found = figures(seed)
    assert found["dropout_on"] < found["dropout_off"] - 0.02
    assert found["dropout_on"] < found["validation"] - 0.02


def test_without_dropout_both_modes_agree() -> None:
    found = figures(drop=0.0)
    assert found["dropout_on"] == pytest.approx(found["dropout_off"], abs=1e-12)
    assert found["validation"] < found["dropout_off"]


def test_train_mode_equals_masks_drawn_by_hand() -> None:
    stream = torch.Generator().manual_seed(2)
    data, labels = _data(stream, torch.randn(2, 20, generator=stream), 4000)
    network = _network(stream, 0.5)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(1)
        by_module = sum(_accuracy(network, data, labels) for _ in range(10)) / 10
    first, second = network[1], network[4]
    assert isinstance(first, nn.Linear)
    by_hand = 0.0
    with torch.no_grad():
        for _ in range(10):
            kept = data * (torch.rand(data.shape, generator=stream) > 0.25) / 0.75
            hidden = first(kept).relu()
            hidden = hidden * (torch.rand(hidden.shape, generator=stream) > 0.5) / 0.5
            by_hand += (second(hidden).argmax(1) == labels).double().mean().item() / 10
    assert by_module == pytest.approx(by_hand, abs=0.02)
    assert isinstance(network[3], nn.Dropout)


def test_masks_leave_the_global_generator_alone() -> None:
    states = []
    for seed in (1, 2):  # building modules moves the global generator by a fixed amount, whatever the masks
        torch.random.set_rng_state(torch.Generator().manual_seed(0).get_state())
        figures(seed)
        states.append(torch.random.get_rng_state())
    assert torch.equal(*states)


def test_the_same_stream_gives_the_same_findings() -> None:
    one, other = (dropout_accuracy.run(torch.Generator().manual_seed(5)) for _ in range(2))
    assert one == other


@pytest.mark.parametrize("wrong", [{"drop": 0.9}, {"drop": -0.1}, {"examples": 10}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        figures(**wrong)
