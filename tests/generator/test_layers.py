"""Layers are those of torch.nn, and a listing that is printed reads back as the same layers."""

from __future__ import annotations

import inspect
from typing import get_overloads

import pytest
import torch
from hypothesis import given
from networks import networks

from generator import formulas
from generator.formulas import FormulaError
from generator.layers import LAYERS, Layer, Network, shape_text, size
from generator.listing import read_listing, written


@pytest.mark.parametrize("kind", LAYERS)
def test_the_arguments_of_a_layer_are_those_of_torch_in_its_order(kind: str) -> None:
    module = getattr(torch.nn, kind)
    overloads = get_overloads(module.__init__)  # recurrent layers say in these what they take
    parameters = inspect.signature(overloads[0] if overloads else module).parameters.values()
    named = [p for p in parameters if p.name not in ("self", "args", "kwargs", "device", "dtype")]
    required = [p.name for p in named if p.default is p.empty]
    assert LAYERS[kind].arguments == tuple(p.name for p in named)
    assert list(LAYERS[kind].arguments[: LAYERS[kind].required]) == required


@given(networks())
def test_a_printed_listing_reads_back_as_the_same_layers(network: Network) -> None:
    assert read_listing(written(network.layers)) == network.layers


def test_a_layer_is_printed_as_torch_would_take_it() -> None:
    layer = Layer("a", "Conv2d", (("in_channels", 1), ("kernel_size", (3, 3)), ("padding", "same"), ("bias", False)))
    assert layer.call == "Conv2d(in_channels=1, kernel_size=(3, 3), padding='same', bias=False)"
    assert Layer("b", "LayerNorm", (("normalized_shape", (9,)),)).call == "LayerNorm(normalized_shape=(9,))"
    assert Layer("c", "LeakyReLU", (("negative_slope", 0.01),)).call == "LeakyReLU(negative_slope=0.01)"


def test_a_network_knows_what_feeds_a_layer() -> None:
    first, second = Layer("a", "ReLU", ()), Layer("b", "ReLU", ())
    network = Network((3,), (first, second))
    assert network.before("b") == first
    assert network.before("a") is None
    assert network.layer("b") == second
    with pytest.raises(KeyError):
        network.layer("c")


def test_a_network_follows_the_names_of_words() -> None:
    text = "a - ReLU()\nb - ReLU()\nc - Add('a', input)\nd - From('a')\ne - Concat(c, 'd')"
    network = Network((3,), read_listing(text))
    assert [network.sources(name) for name in "abcde"] == [
        ("input",), ("a",), ("b", "a", "input"), ("a",), ("d", "c"),
    ]  # fmt: skip
    assert network.before("d") == network.layer("a")
    assert network.before("e") == network.layer("d")


def test_sequences_are_told_from_channels() -> None:
    text = """
        words - Embedding(50, 8)
        states - LSTM(8, 6)
        more - Dropout()
        back - From('input')
        row - Unflatten(1, (1, 20))
        conv - Conv1d(1, 4, 3)
        act - ReLU()
        each - Linear(18, 5)
        last - LastStep()
    """
    assert Network((20,), read_listing(text)).sequences() == {"words", "states", "more", "each"}


def test_a_shape_is_printed_with_crosses() -> None:
    assert shape_text((10, 9, 9)) == "10×9×9"


@pytest.mark.parametrize("text", ["side / 2", "side > 3", "'a'", "1.5", "[1]"])
def test_a_size_is_a_whole_number(text: str) -> None:
    with pytest.raises(FormulaError, match="which is no whole number"):
        size(formulas.read(text), {"side": 8})
