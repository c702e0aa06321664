"""What PyTorch computes is what a second way computes, and known examples come out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from networks import convolutions

from generator import reference
from generator.forward import DoesNotFit, build
from generator.layers import Layer, Network
from generator.listing import read_listing
from generator.reference import Disagreement, input_gradient, output_shape

DIGITS = Network(
    (1, 9, 9),
    read_listing("""
        a - Conv2d(1, 10, 3, padding=1)
        b - ReLU()
        c - MaxPool2d(3, stride=3)
        d - Conv2d(10, 30, 3, padding=1)
        e - ReLU()
        f - MaxPool2d(3, stride=1)
        g - Flatten()
        h - Linear(30, 20)
        i - ReLU()
        j - Linear(20, 10)
    """),
)


def conv(side: int, kernel: int = 3, **arguments: Any) -> Network:
    given_ = {"in_channels": 1, "out_channels": 1, "kernel_size": kernel, **arguments}
    return Network((1, side, side), (Layer("conv", "Conv2d", tuple(given_.items())),))


@settings(max_examples=100)
@given(convolutions())
def test_input_gradients_are_computed_twice_and_agree(drawn: tuple[Network, tuple[int, int]]) -> None:
    network, index = drawn
    found = reference.answer("input_gradient", network, layer="conv", index=index)
    assert input_gradient.worked(network, layer="conv", index=index).count("\n") == len(found) + 3


@settings(max_examples=40)
@given(convolutions())
def test_input_gradients_agree_with_finite_differences(drawn: tuple[Network, tuple[int, int]]) -> None:
    network, (row, column) = drawn
    terms = input_gradient.compute(network, layer="conv", index=(row, column))
    module = build(network.layers[0], device="cpu").double()
    stream = torch.Generator().manual_seed(7)
    x, weight = (
        torch.randn(size, generator=stream, dtype=torch.float64) for size in ((1, *network.input), _shape(module))
    )
    with torch.no_grad():
        module.weight.copy_(weight)  # type: ignore[operator] # a convolution has one
        dy = torch.randn(module(x).shape, generator=stream, dtype=torch.float64)
        above, below = x.clone(), x.clone()
        above[0, 0, row - 1, column - 1] += 0.5
        below[0, 0, row - 1, column - 1] -= 0.5
        slope = ((module(above) - module(below)) * dy).sum().item()
    said = sum(n * dy[0, 0, a - 1, b - 1] * weight[0, 0, k - 1, m - 1] for ((a, b), (k, m)), n in terms)
    assert float(said) == pytest.approx(slope, abs=1e-9)


def _shape(module: Any) -> Any:
    return module.weight.shape


def test_the_network_of_the_design_has_the_sizes_worked_by_hand() -> None:
    sizes = reference.answer("output_shape", DIGITS, layers=("a", "c", "d", "f", "h", "j"))
    assert sizes == ((10, 9, 9), (10, 3, 3), (30, 3, 3), (30, 1, 1), (20,), (10,))


def test_the_network_of_the_design_has_the_counts_worked_by_hand() -> None:
    assert reference.answer("parameter_count", DIGITS) == 100 + 2730 + 620 + 210
    assert reference.answer("parameter_count", DIGITS, layers=("a",), count="weights") == 90
    assert reference.answer("parameter_count", DIGITS, layers=("d",), count="biases") == 30
    assert reference.answer("multiply_accumulates", DIGITS) == 81 * 90 + 9 * 2700 + 600 + 200


def test_the_gradient_of_the_sixteen_by_sixteen_example_is_the_one_worked_by_hand() -> None:
    found = reference.answer("input_gradient", conv(16, padding=1), layer="conv", index=(1, 2))
    assert found == (
        (((1, 1), (2, 3)), 1), (((1, 2), (2, 2)), 1), (((1, 3), (2, 1)), 1),
        (((2, 1), (1, 3)), 1), (((2, 2), (1, 2)), 1), (((2, 3), (1, 1)), 1),
    )  # fmt: skip


def test_an_element_that_no_window_covers_has_no_terms() -> None:
    assert reference.answer("input_gradient", conv(8, kernel=1, stride=3), layer="conv", index=(2, 2)) == ()


@pytest.mark.parametrize(
    ("network", "index", "message"),
    [
        (conv(9), (10, 1), r"an input of 9 × 9 has no element \(10, 1\)"),
        (conv(9), (0, 1), r"an input of 9 × 9 has no element \(0, 1\)"),
        (conv(9, out_channels=2), (1, 1), "must be the first layer, a Conv2d from one channel to one"),
        (conv(9, padding=2, padding_mode="reflect"), (1, 1), "padded with zeros"),
        (conv(9, padding="same"), (1, 1), "must give its padding as a number"),
        (conv(65), (1, 1), "has an input wider than 64"),
        (conv(9, kernel=20), (1, 1), "its window of 20×20 does not fit in"),
        (conv(9, kernel=10**5, padding=10**5), (1, 1), "has a kernel or an output wider than 64"),
        (conv(9, padding=10**5), (1, 1), "has a kernel or an output wider than 64"),
        (Network((1, 9), conv(9).layers), (1, 1), "must be the first layer"),
        (Network((1, 9, 9), read_listing("a - ReLU()\nconv - Conv2d(1, 1, 3)")), (1, 1), "must be the first layer"),
    ],
)
def test_a_gradient_that_no_paper_could_ask_for_is_refused(
    network: Network, index: tuple[int, int], message: str
) -> None:
    with pytest.raises(DoesNotFit, match=message):
        reference.answer("input_gradient", network, layer="conv", index=index)


@pytest.mark.parametrize("name", ["input_gradient", "multiply_accumulates", "output_shape", "parameter_count"])
def test_where_the_two_ways_disagree_there_is_no_answer(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference.quantity(name), "recompute", lambda *_, **__: ())
    arguments: dict[str, Any] = (
        {"layer": "conv", "index": (1, 1)} if name == "input_gradient" else {"layers": ("conv",)}
    )
    with pytest.raises(Disagreement, match=f"{name}: PyTorch gives .*, the second computation gives "):
        reference.answer(name, conv(9), **arguments)


def test_numbers_are_drawn_nowhere() -> None:
    before = torch.get_rng_state()
    reference.answer("parameter_count", DIGITS)
    reference.answer("output_shape", DIGITS, layers=("a",))
    assert torch.equal(before, torch.get_rng_state())


def test_the_gradient_leaves_the_randomness_of_the_world_alone() -> None:
    before = torch.get_rng_state()
    reference.answer("input_gradient", conv(9), layer="conv", index=(1, 1))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("call", "how"),
    [
        ("Conv2d(1, 8, 3, padding=1)", r"$9 + 2 \cdot 1 - 3 + 1 = 9$; 8 kernels"),
        ("MaxPool2d(3, stride=2)", r"$\left\lfloor (9 - 3) / 2 \right\rfloor + 1 = 4$; each channel for itself"),
        ("MaxPool2d(2, ceil_mode=True)", r"$\left\lceil (9 - 2) / 2 \right\rceil + 1 = 5$; each channel for itself"),
        ("Conv2d(1, 8, 3, dilation=2)", r"$9 - 2 \cdot (3 - 1) - 1 + 1 = 5$; 8 kernels"),
        ("ConvTranspose2d(1, 8, 2, stride=2)", r"$(9 - 1) \cdot 2 + 2 = 18$; 8 kernels"),
        (
            "ConvTranspose2d(1, 8, 3, stride=2, padding=1, output_padding=1, dilation=2)",
            r"$(9 - 1) \cdot 2 - 2 \cdot 1 + 2 \cdot (3 - 1) + 1 + 1 = 20$; 8 kernels",
        ),
        ("Conv2d(1, 8, (3, 5))", r"$9 - 3 + 1 = 7$, $9 - 5 + 1 = 5$; 8 kernels"),
        ("Flatten()", r"$1 \cdot 9 \cdot 9 = 81$ values in a row"),
        ("ReLU()", "one value for one value: the size stays"),
        ("Upsample(scale_factor=2)", "1×9×9 becomes 1×18×18"),
    ],
)
def test_a_key_shows_how_a_size_is_got(call: str, how: str) -> None:
    network = Network((1, 9, 9), read_listing(call))
    assert output_shape.worked(network, layers=("a",)).splitlines()[-1].split(" | ")[1] == how
