"""Networks run on the meta device as they would with numbers, and what does not fit is said in the exam's words."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import layers_for, networks

from generator.forward import STEPS, DoesNotFit, build, gives, run
from generator.layers import INPUT, Layer, Network
from generator.listing import read_listing
from generator.reference import output_shape


@settings(max_examples=60)
@given(networks())
def test_sizes_are_those_of_the_closed_formulas(network: Network) -> None:
    names = [layer.name for layer in network.layers]
    assert tuple(step.output for step in run(network)) == output_shape.recompute(network, layers=names)


@settings(max_examples=30)
@given(networks())
def test_sizes_are_those_of_a_run_with_numbers(network: Network) -> None:
    kept = {INPUT: torch.zeros((1, *network.input))}
    sequences = network.sequences()
    for step in run(network):
        sources = network.sources(step.layer.name)
        with torch.no_grad():
            module = build(step.layer, device="cpu")
            data = gives(step.layer, module, [kept[name] for name in sources], not sequences.isdisjoint(sources))
        kept[step.layer.name] = data
        assert tuple(data.shape[1:]) == step.output


@st.composite
def _careless(draw: st.DrawFn) -> Network:
    """One layer with some arguments changed at random."""
    shape = tuple(draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)))
    kind, arguments = draw(layers_for(shape))
    for name, value in arguments.items():
        if isinstance(value, int) and not isinstance(value, bool) and draw(st.booleans()):
            arguments[name] = draw(st.one_of(st.integers(-2, 9), st.just(2.5), st.just((2, 3)), st.just((2, 3, 1))))
    return Network(shape, (Layer("a", kind, tuple(arguments.items())),))


@settings(max_examples=200)
@given(_careless())
def test_what_runs_on_the_meta_device_runs_with_numbers(network: Network) -> None:
    try:
        (step,) = run(network)
    except DoesNotFit:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given_ = [torch.zeros((2, *network.input))]
        module = build(network.layers[0], device="cpu")
        assert tuple(gives(network.layers[0], module, given_).shape) == (2, *step.output)


START = "layer a cannot take the 3×9×9 values that the input has: "
REFUSALS: list[tuple[str, tuple[int, ...], str]] = [
    ("Conv2d(3, 8, 3, stride=0)", (3, 9, 9), "layer a cannot be built: stride must be at least 1, not 0"),
    ("Conv2d(3, 8, 3, padding=-1)", (3, 9, 9), "layer a cannot be built: padding must be at least 0, not -1"),
    ("Conv2d(3, 8, 3, groups=2)", (3, 9, 9), "layer a cannot be built: in_channels must be divisible by groups"),
    ("Conv2d(3, 8, 2.5)", (3, 9, 9), "layer a cannot be built: kernel_size must be a whole number, not 2.5"),
    ("Conv2d(3, 8.0, 3)", (3, 9, 9), "layer a cannot be built: out_channels must be a whole number, not 8.0"),
    ("Conv2d(3, 8, True)", (3, 9, 9), "layer a cannot be built: kernel_size must be a whole number, not True"),
    ("Conv2d(3, 8, (3, 3, 3))", (3, 9, 9), "layer a cannot be built: kernel_size has 2 numbers or one for all, not 3"),
    ("Conv2d(3, 8, 3, padding='same', stride=2)", (3, 9, 9),
     "layer a cannot be built: padding='same' is not supported for strided convolutions"),
    ("Conv2d(3, 10**9, 10**9)", (3, 9, 9), "layer a has more weights than any computer holds"),
    ("Linear(9, 10**12)", (3, 9, 9), "layer a has more weights than any computer holds"),
    ("Linear(10**30, 2)", (3, 9, 9),
     f"layer a cannot be built: in_features is larger than any computer can take: {10**30}"),
    ("Upsample(scale_factor=10**9)", (3, 9, 9), START + "it would give more values than any computer holds"),
    ("Upsample(scale_factor=10**5)", (3, 900, 900), "layer a would give more values than any computer holds"),
    ("Upsample(scale_factor=0)", (3, 9, 9), "layer a cannot be built: scale_factor must be more than 0, not 0"),
    ("Upsample(scale_factor=2, mode='linear')", (3, 9, 9), START + "it takes channels × length"),
    ("Linear(8, 2)", (3, 9, 9), START + "it takes 8 values, not 9"),
    ("Linear(243, 2)", (3, 9, 9), START + "they must be flattened first"),
    ("Conv2d(1, 8, 3)", (3, 9, 9), START + "it takes 1 channel, not 3"),
    ("Conv2d(3, 8, 3)\nBatchNorm2d(9)", (3, 9, 9),
     "layer b cannot take the 8×7×7 values that layer a gives it: it takes 9 channels, not 8"),
    ("Flatten()\nConv2d(243, 8, 3)", (3, 9, 9),
     "layer b cannot take the 243 values that layer a gives it: it takes channels × height × width"),
    ("BatchNorm1d(3)", (3, 9, 9), START + "it takes values in a row or channels × length"),
    ("Conv2d(1, 1, 3)", (9, 9),
     "layer a cannot take the 9×9 values that the input has: it takes channels × height × width"),
    ("Conv2d(3, 8, 30)", (3, 9, 9), START + "its window of 30×30 does not fit in"),
    ("MaxPool2d((2, 30))", (3, 9, 9), START + "its window of 2×30 does not fit in"),
    ("MaxPool2d(3, padding=2)", (3, 9, 9), START + "its padding of 2 is more than half its window of 3"),
    ("ConvTranspose2d(3, 1, 3, padding=9)", (3, 9, 9), START + "its padding of 9 leaves nothing"),
    ("ConvTranspose2d(3, 1, 3, output_padding=2)", (3, 9, 9),
     "layer a cannot be built: output_padding must be less than stride or dilation, not 2"),
    ("Conv2d(3, 1, 3, padding_mode='reflect', padding=20)", (3, 9, 9),
     START + "its padding of 20 by reflect does not fit in"),
    ("Unflatten(1, (3, 4))", (3, 9, 9), START + "they cannot become 3×4"),
    ("PixelShuffle(2)", (3, 9, 9), START + "3 channels cannot be divided by 2 · 2"),
    ("PixelShuffle(0)", (3, 9, 9), "layer a cannot be built: upscale_factor must be at least 1, not 0"),
    ("LayerNorm((8, 9))", (3, 9, 9), START + "it normalizes 8×9 values, not 9×9"),
    ("GroupNorm(2, 3)", (3, 9, 9), "layer a cannot be built: num_channels (3) must be divisible by num_groups (2)"),
    ("PReLU(2)", (3, 9, 9), START + "it takes 2 channels, not 3"),
    ("Flatten(0)", (3, 9, 9), START + "it would mix the examples of a batch"),
    ("Softmax(dim=7)", (3, 9, 9), START + "there is no axis 7"),
    ("ZeroPad2d((1, 2))", (3, 9, 9), "layer a cannot be built: padding has 4 numbers or one for all, not 2"),
    ("Dropout(2)", (3, 9, 9), "layer a cannot be built: dropout probability has to be between 0 and 1, but got 2"),
    ("a - ReLU()\nb - Add('q')", (3, 9, 9), "layer b names layer q, which is not there"),
    ("a - ReLU()\nb - Add('c')\nc - ReLU()", (3, 9, 9), "layer b names layer c, which comes after it"),
    ("a - Concat('a')", (3, 9, 9), "layer a names itself"),
    ("a - ReLU()\nb - Add('a')", (3, 9, 9), "layer b has nothing to add: it names only what comes in"),
    ("a - Conv2d(3, 8, 3)\nb - Add('input')", (3, 9, 9),
     "layer b cannot add the 3×9×9 values of the input to the 8×7×7 values of layer a"),
    ("a - Conv2d(3, 8, 3)\nb - ReLU()\nc - Conv2d(8, 8, 3)\nd - Concat(b)", (3, 9, 9),
     "layer d cannot join the 8×7×7 values of layer b to the 8×5×5 values of layer c"),
    ("a - Flatten()\nb - Concat('input')", (3, 9, 9),
     "layer b cannot join the 3×9×9 values of the input to the 243 values of layer a"),
    ("LastStep()", (3, 9, 9), START + "it takes length × features"),
    ("LSTM(8, 4)", (9, 9),
     "layer a cannot take the 9×9 values that the input has: it takes 8 features, not 9"),
    ("Embedding(8, 4)", (3, 9, 9), START + "it takes values in a row"),
    ("Linear(9, 9)\nEmbedding(8, 4)", (9,),
     "layer b cannot take the 9 values that layer a gives it: it takes whole numbers, as only the input may have"),
    ("MultiheadAttention(9, 2)", (9, 9), "layer a cannot be built: embed_dim must be divisible by num_heads"),
    ("TransformerEncoderLayer(8, 2)", (9, 9),
     "layer a cannot take the 9×9 values that the input has: it takes 8 features, not 9"),
    ("RNN(9, 4, num_layers=10**6)", (9, 9), "layer a cannot be built: num_layers is at most 100, not 1000000"),
    ("GRU(9, 10**9)", (9, 9), "layer a has more weights than any computer holds"),
    ("MultiheadAttention(2, 2)", (10**9, 2),
     "layer a cannot take the 1000000000×2 values that the input has: it would compare more steps than any computer "
     "can"),
    ("InstanceNorm2d(3)", (3, 1, 1),
     "layer a cannot take the 3×1×1 values that the input has: a channel needs more than one value"),
    ("ReLU()", (0, 3), "the input cannot have the size 0×3"),
    ("ReLU()", (10**30, 3), f"the input cannot have the size {10**30}×3"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "shape", "message"), REFUSALS, ids=[case[0] for case in REFUSALS])
def test_a_refusal_names_the_layer_and_says_why(text: str, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(DoesNotFit) as refused:
        run(Network(shape, read_listing(text)))
    assert str(refused.value) == message


@pytest.mark.parametrize("value", ["a", 2.5, True, (2, "a"), [3]])
def test_a_drawn_value_of_the_wrong_type_is_refused_before_torch_sees_it(value: Any) -> None:
    with pytest.raises(DoesNotFit, match=r"in_features must be (a whole number|one value), not"):
        build(Layer("a", "Linear", (("in_features", value), ("out_features", 2))))


def test_a_network_takes_no_memory() -> None:
    steps = run(Network((1, 1000, 1000), read_listing("Conv2d(1, 1000, 3, padding=1)\nFlatten()\nLinear(10**9, 1000)")))
    assert steps[-1].output == (1000,)


def test_a_sequence_of_any_length_takes_no_time() -> None:
    network = Network((10**9, 8), read_listing("LSTM(8, 16, num_layers=2)\nGRU(16, 4, bidirectional=True)"))
    assert [step.output for step in run(network)] == [(10**9, 16), (10**9, 8)]


@pytest.mark.parametrize("length", [1, STEPS, STEPS + 3])
def test_a_recurrent_layer_gives_a_state_for_every_step(length: int) -> None:
    (step,) = run(Network((length, 2), read_listing("RNN(2, 3, bidirectional=True)")))
    data = gives(step.layer, build(step.layer, device="cpu"), [torch.zeros((1, length, 2))])
    assert tuple(data.shape[1:]) == step.output == (length, 6)


def test_branches_are_followed_by_name() -> None:
    text = (
        "a - Conv2d(3, 8, 3, padding=1)\nb - From('input')\nc - Conv2d(3, 8, 1)\nd - Add('a')\ne - Concat('a', input)"
    )
    steps = run(Network((3, 9, 9), read_listing(text)))
    assert [step.output[0] for step in steps] == [8, 3, 8, 8, 19]
    assert steps[-1].others == ((8, 9, 9), (3, 9, 9))


def test_torch_gives_no_advice_while_sizes_are_counted() -> None:
    assert run(Network((3, 9, 9), read_listing("Conv2d(3, 1, 4, padding='same')")))[0].output == (1, 9, 9)
