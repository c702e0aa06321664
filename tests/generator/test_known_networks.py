"""Networks whose figures are published or worked by hand have these figures here."""

from __future__ import annotations

import pytest

from generator import reference
from generator.layers import Network
from generator.listing import read_listing


def network(shape: tuple[int, ...], text: str) -> Network:
    return Network(shape, read_listing(text))


# LeCun et al. 1998, with every map of C3 joined to all six of S2 and plain pooling
LENET = network(
    (1, 32, 32),
    """
    c1 - Conv2d(1, 6, 5)
    t1 - Tanh()
    s2 - AvgPool2d(2)
    c3 - Conv2d(6, 16, 5)
    t3 - Tanh()
    s4 - AvgPool2d(2)
    c5 - Conv2d(16, 120, 5)
    t5 - Tanh()
    flat - Flatten()
    f6 - Linear(120, 84)
    t6 - Tanh()
    out - Linear(84, 10)
    """,
)

ALEXNET = network(  # torchvision's, of one tower
    (3, 224, 224),
    """
    Conv2d(3, 64, 11, stride=4, padding=2)
    MaxPool2d(3, stride=2)
    Conv2d(64, 192, 5, padding=2)
    MaxPool2d(3, stride=2)
    Conv2d(192, 384, 3, padding=1)
    Conv2d(384, 256, 3, padding=1)
    Conv2d(256, 256, 3, padding=1)
    MaxPool2d(3, stride=2)
    Flatten()
    Linear(9216, 4096)
    Linear(4096, 4096)
    Linear(4096, 1000)
    """,
)


def vgg16() -> Network:
    lines, before = [], 3
    for channels, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            lines += [f"Conv2d({before}, {channels}, 3, padding=1)", "ReLU()"]
            before = channels
        lines.append("MaxPool2d(2)")
    lines += ["Flatten()", "Linear(25088, 4096)", "ReLU()", "Linear(4096, 4096)", "ReLU()", "Linear(4096, 1000)"]
    return network((3, 224, 224), "\n".join(f"l{place} - {line}" for place, line in enumerate(lines)))


VGG = vgg16()
BASIC_BLOCK = network(  # the first block of ResNet-18's second stage, He et al. 2016
    (64, 56, 56),
    """
    c1 - Conv2d(64, 128, 3, stride=2, padding=1, bias=False)
    n1 - BatchNorm2d(128)
    r1 - ReLU()
    c2 - Conv2d(128, 128, 3, padding=1, bias=False)
    n2 - BatchNorm2d(128)
    back - From('input')
    c3 - Conv2d(64, 128, 1, stride=2, bias=False)
    n3 - BatchNorm2d(128)
    sum - Add('n2')
    r2 - ReLU()
    """,
)


@pytest.mark.parametrize(
    ("built", "count"), [(LENET, 61_706), (ALEXNET, 61_100_840), (VGG, 138_357_544), (BASIC_BLOCK, 230_144)]
)
def test_parameters_are_those_that_are_published(built: Network, count: int) -> None:
    assert reference.answer("parameter_count", built) == count


def test_the_layers_of_lenet_have_the_sizes_and_connections_of_the_paper() -> None:
    sizes = reference.answer("output_shape", LENET, layers=("c1", "s2", "c3", "s4", "c5", "f6"))
    assert sizes == ((6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1), (84,))
    # 156 parameters and 122,304 connections of C1, 48,120 parameters of C5
    assert reference.answer("parameter_count", LENET, layers=("c1",)) == 156
    assert reference.answer("parameter_count", LENET, layers=("c5",)) == 48_120
    macs = reference.answer("multiply_accumulates", LENET, layers=("c1",))
    assert macs + reference.answer("activation_count", LENET, layers=("c1",)) == 122_304


def test_vgg_costs_as_much_as_is_published() -> None:
    assert reference.answer("multiply_accumulates", VGG) == 15_470_264_320  # 15.5 billion
    assert reference.answer("multiply_accumulates", VGG, cost="flops") == 30_940_528_640
    assert reference.answer("memory", VGG, what="weights") == pytest.approx(553.43, abs=0.01)  # a file of 528 MiB
    assert reference.answer("memory", VGG, what="weights", memory_unit="MiB") == pytest.approx(527.79, abs=0.01)


def test_units_of_vgg_and_alexnet_see_what_is_published() -> None:
    vgg = reference.answer("receptive_field", VGG, layer="l30")  # Araujo et al. 2019: 212, with stride 32
    assert (vgg["size"], vgg["stride"]) == (212, 32)
    alexnet = reference.answer("receptive_field", ALEXNET, layer="h")  # 195, with stride 32
    assert (alexnet["size"], alexnet["stride"]) == (195, 32)


def test_a_block_with_a_shortcut_has_one_size_on_both_ways() -> None:
    sizes = reference.answer("output_shape", BASIC_BLOCK, layers=("c2", "c3", "r2"))
    assert sizes == ((128, 28, 28),) * 3
    assert reference.answer("receptive_field", BASIC_BLOCK, layer="r2")["size"] == 7  # 3, and 2 · 2 more


def test_recurrent_layers_have_the_counts_of_pytorch_and_of_keras() -> None:
    built = network((20, 32), "rnn - RNN(32, 64)\nback - From('input')\nlstm - LSTM(32, 64)")
    for layer, gates in (("rnn", 1), ("lstm", 4)):
        one, two = (
            reference.answer("parameter_count", built, layers=(layer,), recurrent_biases=many)
            for many in ("one", "two")
        )
        assert (one, two) == (gates * 64 * (32 + 64 + 1), gates * 64 * (32 + 64 + 2))


def test_the_encoder_layer_of_the_transformer_has_the_parameters_of_the_paper() -> None:
    """Vaswani et al. 2017, base model: width 512, inner width 2048."""
    built = network((10, 512), "TransformerEncoderLayer(512, 8, 2048)")
    by_hand = 4 * (512 * 512 + 512) + (512 * 2048 + 2048) + (2048 * 512 + 512) + 2 * 2 * 512
    assert reference.answer("parameter_count", built) == by_hand == 3_152_384


def test_a_batch_norm_has_two_numbers_a_channel_or_four() -> None:
    built = network((32, 8, 8), "BatchNorm2d(32)")
    assert reference.answer("parameter_count", built) == 64
    assert reference.answer("parameter_count", built, running_statistics="yes") == 128
