"""Deep networks with and without residual connections."""

from typing import Any

import pytest
import torch
from torch import nn

from generator.experiments.residual_depth import INPUTS, Block, _adding, by_block, network, run
from generator.plots import Plot


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("blocks", [12, 16])
def test_a_deep_plain_network_trains_worse_than_a_shallow_one_and_a_residual_one_does_not(blocks: int) -> None:
    found = measured(blocks=blocks)
    assert found["plain"]["loss"] > 2 * found["shallow"]["loss"]
    assert found["residual"]["loss"] < found["plain"]["loss"] / 5
    assert found["plain"]["gradient"] < 0.01
    assert found["residual"]["gradient"] > 0.05


def test_blocks_of_zeros_change_nothing_in_a_residual_network() -> None:
    assert measured(blocks=8)["extra_blocks"] == 0


def test_both_start_from_the_same_weights() -> None:
    plain = network(torch.Generator().manual_seed(1), 3, adds=False)
    pairs = zip(plain.parameters(), _adding(plain).parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_the_gradient_by_block_is_that_of_finite_differences() -> None:
    stream = torch.Generator().manual_seed(2)
    deep: nn.Sequential = network(stream, 2, adds=True).double()
    inputs = torch.randn(4, INPUTS, generator=stream, dtype=torch.float64)
    target = torch.randn(4, 1, generator=stream, dtype=torch.float64)

    def loss() -> float:
        with torch.no_grad():
            return nn.functional.mse_loss(deep(inputs), target).item()

    block = deep[1]
    assert isinstance(block, Block)
    weight = block.first.weight
    flat = weight.data.view(-1)
    squares = 0.0
    for place in range(weight.numel()):
        flat[place] += 1e-6
        above = loss()
        flat[place] -= 2e-6
        squares += ((above - loss()) / 2e-6) ** 2
        flat[place] += 1e-6
    assert by_block(deep, inputs, target)[0] == pytest.approx(squares**0.5, rel=1e-5)


@pytest.mark.parametrize(("picture", "said"), [("gradient", "Gradient"), ("loss", "Training loss")])
def test_the_picture_is_the_one_asked_for(picture: str, said: str) -> None:
    shown = run(torch.Generator().manual_seed(0), blocks=8, picture=picture).picture
    assert isinstance(shown, Plot)
    assert shown.alt.startswith(said)


def test_the_same_stream_gives_the_same_figures() -> None:
    assert measured(4, blocks=8) == measured(4, blocks=8)


@pytest.mark.parametrize("wrong", [{"blocks": 4}, {"picture": "none"}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="would work"):
        measured(**wrong)
