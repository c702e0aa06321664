"""Sizes agree with closed formulas for any network, and each misconception about them leads to the size it should."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks

from generator import reference
from generator.layers import Network
from generator.listing import read_listing
from generator.reference import BadArgument, misconceptions, output_shape


def sizes(shape: tuple[int, ...], text: str) -> Any:
    network = Network(shape, read_listing(text))
    return reference.ask("output_shape", network, {"layers": (network.layers[-1].name,)})


@settings(max_examples=40)
@given(networks())
def test_sizes_are_computed_twice_and_agree(network: Network) -> None:
    names = tuple(layer.name for layer in network.layers)
    found = reference.ask("output_shape", network, {"layers": names})
    assert found.worked.count("\n") == len(found.value) + 1
    assert found.says


@settings(max_examples=40)
@given(networks(most_layers=4))
def test_a_misconception_gives_another_size_or_does_not_apply(network: Network) -> None:
    found = reference.ask("output_shape", network, {"layers": tuple(layer.name for layer in network.layers)})
    for slip in found.slips():
        assert slip.value != found.value


@pytest.mark.parametrize(
    ("shape", "text", "size"),
    [
        ((3, 32, 32), "ConvTranspose2d(3, 8, 4, stride=2, padding=1)", (8, 64, 64)),  # 31·2 − 2 + 3 + 1
        ((3, 32, 32), "ConvTranspose2d(3, 8, 3, stride=2, padding=1, output_padding=1)", (8, 64, 64)),
        ((3, 32, 32), "Conv2d(3, 8, 3, dilation=2)", (8, 28, 28)),  # reaches over 5
        ((3, 32, 32), "Conv2d(3, 8, (3, 5), padding='same')", (8, 32, 32)),
        ((3, 32, 32), "MaxPool2d(3, stride=2, ceil_mode=True)", (3, 16, 16)),  # ⌈29/2⌉ + 1
        ((3, 32, 32), "ZeroPad2d((0, 1, 2, 3))\nConv2d(3, 8, 3)", (8, 35, 31)),  # left 0, right 1, top 2, bottom 3
        ((3, 32, 32), "AdaptiveAvgPool2d((2, 3))", (3, 2, 3)),
        ((3, 32, 32), "Upsample(scale_factor=1.5)", (3, 48, 48)),
        ((50,), "Embedding(1000, 16)\nLSTM(16, 32, bidirectional=True)", (50, 64)),
        ((50,), "Embedding(1000, 16)\nGRU(16, 32)\nLastStep()", (32,)),
        ((50, 16), "MultiheadAttention(16, 4)\nAdd('input')\nLinear(16, 5)", (50, 5)),
        (
            (3, 8, 8),
            "a - Conv2d(3, 4, 3, padding=1)\nb - Conv2d(4, 4, 3, padding=1)\nc - Concat(a, 'input')",
            (11, 8, 8),
        ),
        ((50, 16), "a - LSTM(16, 20)\nb - Concat('input')", (50, 36)),
        ((16, 50), "a - Conv1d(16, 20, 1)\nb - Concat('input')", (36, 50)),
    ],
)
def test_sizes_worked_by_hand_come_out(shape: tuple[int, ...], text: str, size: tuple[int, ...]) -> None:
    assert sizes(shape, text).value == (size,)


STRIDED = "Conv2d(3, 8, 5, stride=2, padding=2)"  # 32 + 4 − 5 = 31, 31 // 2 + 1 = 16


@pytest.mark.parametrize(
    ("text", "name", "size"),
    [
        (STRIDED, "no_padding", (8, 14, 14)),  # 27 // 2 + 1
        (STRIDED, "padding_once", (8, 15, 15)),  # 29 // 2 + 1
        (STRIDED, "ceil_for_floor", (8, 17, 17)),
        (STRIDED, "stride_ignored", (8, 32, 32)),
        (STRIDED, "forgot_plus_one", (8, 15, 15)),
        (STRIDED, "channels_kept", (3, 16, 16)),
        (STRIDED, "channels_multiplied", (24, 16, 16)),
        ("MaxPool2d(3)", "ceil_for_floor", (3, 11, 11)),
        ("MaxPool2d(3)", "pool_stride_one", (3, 30, 30)),
        ("MaxPool2d(3, ceil_mode=True)", "floor_for_ceil", (3, 10, 10)),
        ("Conv2d(3, 8, 3, dilation=3)", "dilation_ignored", (8, 30, 30)),
        ("ConvTranspose2d(3, 8, 4, stride=2, padding=1)", "transposed_as_convolution", (8, 16, 16)),
        ("ConvTranspose2d(3, 8, 3, stride=2, output_padding=1)", "output_padding_ignored", (8, 65, 65)),
        ("Conv2d(3, 8, 5)\nFlatten()", "channels_left_out", (784,)),
        ("Conv2d(3, 3, 1)\nAdd('input')", "joined_for_added", (6, 32, 32)),
        ("Conv2d(3, 3, 1)\nConcat('input')", "added_for_joined", (3, 32, 32)),
        (f"{STRIDED}\nMaxPool2d(2)\nFlatten()\nLinear(512, 10)", "no_padding", None),
    ],
)
def test_a_misconception_leads_to_the_size_worked_by_hand(text: str, name: str, size: tuple[int, ...] | None) -> None:
    slips = {slip.name: slip.value[0] for slip in sizes((3, 32, 32), text).slips()}
    assert slips.get(name) == size


def test_misconceptions_about_sequences_lead_to_the_size_worked_by_hand() -> None:
    slips = {slip.name: slip.value[0] for slip in sizes((50, 8), "LSTM(8, 16, bidirectional=True)").slips()}
    assert slips == {"one_direction": (50, 16), "last_step_only": (32,)}


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ((4, 4), "RNN(4, 3)\nMaxPool1d(1, dilation=(1,))"),
        ((4, 4), "RNN(4, 3)\nLastStep()\nLinear(3, 2)"),
        ((4, 4), "a - RNN(4, 4)\nb - From('input')\nc - Concat(a)"),
        ((4, 4), "RNN(4, 3)\nUnflatten(1, (2, 2))\nUpsample(scale_factor=(2, 2))"),
    ],
)
def test_a_misconception_that_a_later_layer_cannot_take_does_not_apply(shape: tuple[int, ...], text: str) -> None:
    assert "last_step_only" not in {slip.name for slip in sizes(shape, text).slips()}


@pytest.mark.parametrize(
    ("shape", "text", "said"),
    [
        ((3, 8, 8), "ReLU()", "Sizes are given as height × width × channels, without the batch."),
        ((3, 8), "Conv1d(3, 4, 3)", "Sizes are given as channels × length, without the batch."),
        ((8, 3), "LSTM(3, 4)", "Sizes are given as length × features, without the batch."),
        ((8,), "Linear(8, 4)", "Sizes are given as height × width × channels, without the batch."),
    ],
)
def test_the_paper_says_which_axis_comes_first(shape: tuple[int, ...], text: str, said: str) -> None:
    assert sizes(shape, text).says == said


def test_the_paper_says_the_order_of_each_number_of_axes() -> None:
    network = Network(
        (1, 8, 3), read_listing("a - ReLU()\nb - Unflatten(1, (1, 1))\nc - Flatten(1, 3)\nd - LSTM(3, 4)")
    )
    said = reference.ask("output_shape", network, {"layers": ("a", "c", "d")}).says
    assert said == (
        "Sizes are given as height × width × channels, without the batch; of a sequence as length × features; "
        "of values along one axis as channels × length."
    )


def test_two_axes_keep_their_order() -> None:
    assert output_shape.in_order((4, 6, 5), "whc") == (5, 6, 4)
    assert output_shape.in_order((4, 6, 5), "hwc") == (6, 5, 4)
    assert output_shape.in_order((20, 8), "hwc") == (20, 8)


# ---- a missing argument ----


@settings(max_examples=50)
@given(st.data())
def test_a_missing_argument_is_found_twice_and_agrees(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["convolution", "pooling", "transposed"]))
    find = data.draw(st.sampled_from(["padding", "kernel_size", "stride", "dilation"]))
    ranges = {"kernel_size": (1, 5), "padding": (0, 2), "stride": (1, 3), "dilation": (1, 2)}
    given_: dict[str, Any] = {name: data.draw(st.integers(*ends)) for name, ends in ranges.items()}
    del given_[find]
    sides = {"before": data.draw(st.integers(1, 20)), "after": data.draw(st.integers(1, 30))}
    try:
        found = reference.ask("missing_argument", None, {"find": find, "kind": kind, **sides, **given_})
        assert f"= {sides['after']}.$$" in found.worked
    except BadArgument:
        return


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ({"find": "padding", "before": 32, "after": 32, "kernel_size": 7}, 3),
        ({"find": "padding", "before": 32, "after": 16, "kernel_size": 5, "stride": 2}, 2),  # 1 gives 15
        ({"find": "kernel_size", "before": 28, "after": 24}, 5),
        ({"find": "stride", "before": 32, "after": 8, "kernel_size": 4}, 4),
        ({"find": "stride", "before": 64, "after": 6, "kernel_size": 5}, 10),  # 59 // 10 + 1, and 11 would do as well
        ({"find": "dilation", "before": 32, "after": 26, "kernel_size": 3}, 3),
        ({"find": "kernel_size", "before": 28, "after": 9, "kind": "pooling"}, 3),
        ({"find": "stride", "before": 8, "after": 32, "kernel_size": 4, "kind": "transposed"}, 4),
        ({"find": "output_padding", "before": 8, "after": 16, "kernel_size": 3, "stride": 2, "padding": 1,
          "kind": "transposed"}, 1),
    ],
)  # fmt: skip
def test_missing_arguments_worked_by_hand_come_out(arguments: dict[str, Any], answer: int) -> None:
    assert reference.answer("missing_argument", **arguments) == answer


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"find": "padding", "before": 32, "after": 33, "kernel_size": 3}, "no padding turns 32 into 33"),
        ({"find": "stride", "before": 32, "after": 8}, "the kernel must be given"),
        ({"find": "stride", "before": 10**9, "after": 8, "kernel_size": 3}, "a side has 1 to 512 values"),
        ({"find": "output_padding", "before": 8, "after": 8, "kernel_size": 3}, "only a transposed convolution"),
    ],
)
def test_a_side_that_cannot_be_had_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(BadArgument, match=message):
        reference.answer("missing_argument", **arguments)


def test_wrong_arguments_are_those_worked_by_hand() -> None:
    asked = reference.ask("missing_argument", None, {"find": "padding", "before": 32, "after": 16, "kernel_size": 5,
                                                     "stride": 2})  # fmt: skip
    # one less: 17 = (32 + 2p − 5) // 2 + 1; the same size at stride 1: 2p = 4
    assert {slip.name: slip.value for slip in asked.slips()} == {"padding_in_all": 4, "forgot_plus_one": 3}


def test_every_misconception_says_what_went_wrong() -> None:
    for name in ("output_shape", "missing_argument"):
        assert all(one.says[0].islower() and not one.says.endswith(".") for one in misconceptions(name).values())
