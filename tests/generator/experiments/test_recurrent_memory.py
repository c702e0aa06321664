"""How far back gradients reach in recurrent networks."""

import math
from typing import Any

import pytest
import torch
from torch import nn

from generator.experiments.recurrent_memory import reach, run
from generator.plots import Plot


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


def test_the_gradient_vanishes_in_the_plain_network_and_not_in_an_lstm_with_open_forget_gates() -> None:
    found = measured()
    assert found["plain"]["ratio"] < 1e-6
    assert found["lstm"]["ratio"] > 0.02


def test_it_vanishes_in_an_lstm_whose_forget_gates_are_closed() -> None:
    assert measured()["closed"]["ratio"] < 1e-6


def test_the_gate_is_the_sigmoid_of_the_bias() -> None:
    gates = {"open": 1 / (1 + math.exp(-3)), "closed": 1 / (1 + math.exp(2))}
    assert measured(forget=3, closed=-2)["gate"] == pytest.approx(gates)


def test_of_one_unit_the_gradient_is_that_of_the_chain_rule() -> None:
    network = nn.RNN(1, 1, bias=False, dtype=torch.float64)
    for parameter in network.parameters():
        nn.init.constant_(parameter, 0.5)
    inputs = torch.tensor([[[1.0]], [[2.0]]], dtype=torch.float64)
    first = math.tanh(0.5)
    # dh2/dx1 = (1 - h2²) w (1 - h1²) u and dh2/dx2 = (1 - h2²) u
    assert reach(network, inputs, torch.ones(1, 1, dtype=torch.float64)) == pytest.approx([0.5 * (1 - first**2), 1.0])


@pytest.mark.parametrize(("picture", "lines"), [("all", 3), ("plain", 1)])
def test_the_picture_shows_what_is_asked_for(picture: str, lines: int) -> None:
    shown = run(torch.Generator().manual_seed(0), picture=picture).picture
    assert isinstance(shown, Plot)
    assert len(shown.series) == lines


@pytest.mark.parametrize("wrong", [{"steps": 5}, {"forget": 20}, {"closed": 6}, {"picture": "none"}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="would work"):
        measured(**wrong)
