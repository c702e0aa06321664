"""Counts agree with closed formulas for any network, and each misconception about them leads to the count it should."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from networks import networks

from generator import reference
from generator.formulas import grouped, tex_grouped
from generator.forward import run
from generator.layers import Network
from generator.listing import read_listing
from generator.reference import BadArgument, Misconception, misconceptions

QUANTITIES = ("parameter_count", "multiply_accumulates", "activation_count", "memory")


def asked(name: str, shape: tuple[int, ...], text: str, **arguments: Any) -> Any:
    return reference.ask(name, Network(shape, read_listing(text)), arguments)


def slips(name: str, shape: tuple[int, ...], text: str, **arguments: Any) -> dict[str, Any]:
    return {slip.name: slip.value for slip in asked(name, shape, text, **arguments).slips()}


def tells(worked: str, value: int) -> bool:
    """Whether a derivation comes to a value: as its sum, or as its only number."""
    alone = worked.startswith("- ") and "\n" not in worked.split("\n\nEach is")[0]
    said = [tex_grouped(value), grouped(value)]
    return any(one in worked for one in said) if alone else f"Together {grouped(value)}." in worked


@settings(max_examples=60)
@given(networks())
def test_parameters_are_counted_twice_and_agree(network: Network) -> None:
    counts = {
        count: reference.ask("parameter_count", network, {"count": count}) for count in ("all", "weights", "biases")
    }
    assert counts["all"].value == counts["weights"].value + counts["biases"].value
    each = [reference.answer("parameter_count", network, layers=(layer.name,)) for layer in network.layers]
    assert sum(each) == counts["all"].value
    for asked_ in counts.values():
        assert tells(asked_.worked, asked_.value)
    other = reference.ask("parameter_count", network, {"recurrent_biases": "one", "running_statistics": "yes"})
    assert tells(other.worked, other.value)


@settings(max_examples=40)
@given(networks())
def test_multiply_accumulates_are_counted_twice_and_agree(network: Network) -> None:
    found = reference.ask("multiply_accumulates", network, {})
    each = [reference.answer("multiply_accumulates", network, layers=(layer.name,)) for layer in network.layers]
    assert sum(each) == found.value
    assert tells(found.worked, found.value)
    assert reference.answer("multiply_accumulates", network, cost="flops") == 2 * found.value


@settings(max_examples=30)
@given(networks())
def test_activations_and_memory_are_counted_twice_and_agree(network: Network) -> None:
    found = reference.ask("activation_count", network, {"batch": 3})
    assert f"= {tex_grouped(found.value)}$" in found.worked
    memory = reference.answer("memory", network, what="activations", batch=3, scale="bytes")
    assert memory == 4 * found.value
    both = reference.ask("memory", network, {"training": "gradients", "number_bytes": 2, "memory_unit": "MiB"})
    assert both.value >= 0
    assert both.says.endswith(".")
    assert both.worked.endswith("MiB.")


@settings(max_examples=15)
@given(networks(most_layers=4))
def test_a_misconception_gives_another_count_or_does_not_apply(network: Network) -> None:
    for name in QUANTITIES:
        found = reference.ask(name, network, {})
        assert all(slip.value != found.value for slip in found.slips())


def test_large_counts_have_commas_and_a_single_one_is_said_once() -> None:
    both = asked("parameter_count", (500,), "Linear(500, 300)")
    assert both.worked == "- a: $500 \\cdot 300 = 150{,}000$ weights and 300 biases\n\nTogether 150,300."
    alone = asked("parameter_count", (500,), "Linear(500, 300, bias=False)")
    assert alone.worked == "- a: $500 \\cdot 300 = 150{,}000$ weights"
    cost = asked("multiply_accumulates", (500,), "Linear(500, 300)", cost="flops").worked
    assert "Together" not in cost
    assert cost.endswith("Each is two operations: $2 \\cdot 150{,}000 = 300{,}000$.")
    assert asked("activation_count", (2, 80, 80), "Flatten()").worked == "- a: $12{,}800$"
    memory = asked("memory", (2, 80, 80), "Flatten()", what="activations", scale="bytes")
    assert memory.worked.endswith("12,800 numbers take $12{,}800 \\cdot 4 = 51{,}200$ bytes.")


CONV = "Conv2d(4, 8, 3, stride=2, padding=1, groups=2)"  # of 16 × 16: gives 8 × 8
NET = "Conv2d(3, 8, 5, padding=2)\nMaxPool2d(2)\nFlatten()\nLinear(512, 10)"  # of 16 × 16: 600 + 8 and 5120 + 10


@pytest.mark.parametrize(
    ("text", "name", "count"),
    [
        (NET, "no_bias", 5720),
        (NET, "channels_not_multiplied", 5338),  # 200 + 8
        (NET, "previous_layer", 608 + 20_490),  # 8 · 16 · 16 · 10 + 10
        (NET, "kernel_not_squared", 5258),  # 3 · 8 · 5 + 8
        (NET, "one_bias_a_layer", 5722),
        (NET, "bias_per_weight", 11_440),
        (CONV.replace("4", "3", 1).replace("groups=2", "groups=1"), "groups_ignored", None),
    ],
)
def test_a_wrong_number_of_parameters_is_the_one_worked_by_hand(text: str, name: str, count: int | None) -> None:
    assert slips("parameter_count", (3, 16, 16), text).get(name) == count


def test_groups_and_channels_are_mistaken_apart() -> None:
    wrong = slips("parameter_count", (4, 16, 16), CONV)  # 2 · 8 · 9 + 8 = 152
    assert (wrong["groups_ignored"], wrong["channels_not_multiplied"]) == (296, 80)


def test_wrong_counts_of_recurrent_layers_are_those_worked_by_hand() -> None:
    wrong = slips("parameter_count", (9, 10), "LSTM(10, 20)", recurrent_biases="one")  # 4 · (20 · 30 + 20) = 2480
    assert wrong == {
        "no_bias": 2400,
        "one_bias_a_layer": 2401,
        "bias_per_weight": 4800,
        "one_gate": 620,
        "no_recurrence": 880,
        "other_biases": 2560,
    }
    both = slips("parameter_count", (9, 10), "RNN(10, 20, bidirectional=True)")
    assert both["one_direction"] == 640


def test_wrong_counts_of_attention_are_those_worked_by_hand() -> None:
    wrong = slips("parameter_count", (9, 16), "MultiheadAttention(16, 4)")  # 4 · (256 + 16) = 1088
    assert wrong["no_output_projection"] == 816
    assert wrong["heads_multiplied"] == 4 * 3 * (256 + 16) + 4 * 256 + 16


@pytest.mark.parametrize(
    ("text", "shape", "count"),
    [
        ("ConvTranspose2d(4, 6, 3, groups=2)", (4, 5, 5), 4 * 3 * 9 + 6),
        ("Conv1d(4, 6, 3, bias=False)", (4, 5), 72),
        ("Conv3d(1, 6, (3, 4, 5))", (1, 5, 5, 5), 6 * 60 + 6),
        ("Conv2d(8, 8, 3, groups=8)", (8, 5, 5), 80),
        ("Embedding(1000, 16)", (5,), 16_000),
        ("GRU(10, 20, num_layers=2, bidirectional=True)", (5, 10), 2 * 3 * (20 * 30 + 40) + 2 * 3 * (20 * 60 + 40)),
        ("LayerNorm(8)", (5, 8), 16),
        ("GroupNorm(2, 8)", (8, 5), 16),
        ("InstanceNorm2d(8, affine=True)", (8, 5, 5), 16),
        ("PReLU(8)", (8, 5, 5), 8),
        ("a - Conv2d(8, 8, 3, padding=1)\nb - Add('input')\nc - Concat('a')", (8, 5, 5), 584),
    ],
)
def test_parameters_worked_by_hand_come_out(text: str, shape: tuple[int, ...], count: int) -> None:
    assert asked("parameter_count", shape, text).value == count


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "Count weights and biases; a recurrent layer has two bias vectors for each gate, as in PyTorch."),
        ({"recurrent_biases": "one"}, "Count weights and biases; a recurrent layer has one bias vector for each gate."),
        ({"count": "weights"}, "Count weights, not biases."),
    ],
)
def test_the_paper_says_how_many_bias_vectors_there_are(arguments: dict[str, Any], said: str) -> None:
    assert asked("parameter_count", (9, 10), "LSTM(10, 20)", **arguments).says == said


# ---- operations ----


def test_wrong_operations_are_those_worked_by_hand() -> None:
    wrong = slips("multiply_accumulates", (4, 16, 16), CONV)  # 8 · 8 · 8 · 2 · 9 = 9216
    assert wrong == {
        "macs_doubled": 18_432,
        "no_input_channels": 4608,
        "input_size_for_output_size": 36_864,
        "stride_ignored": 36_864,
        "groups_ignored": 18_432,
        "one_place": 144,
        "biases_counted": 9728,
    }


@pytest.mark.parametrize(
    ("text", "shape", "count"),
    [
        ("LSTM(10, 20, num_layers=2)", (7, 10), 7 * 4 * 20 * (30 + 40)),
        ("GRU(10, 20, bidirectional=True)", (7, 10), 7 * 2 * 3 * 20 * 30),
        ("RNN(10, 20)", (10_000, 10), 10_000 * 20 * 30),
        ("MultiheadAttention(16, 4)", (7, 16), 4 * 7 * 256 + 2 * 49 * 16),
        ("TransformerEncoderLayer(16, 4, 32)", (7, 16), 4 * 7 * 256 + 2 * 49 * 16 + 2 * 7 * 16 * 32),
        ("Conv2d(8, 8, 3, padding=1, groups=8)\nConv2d(8, 16, 1)", (8, 6, 6), 36 * 8 * 9 + 36 * 8 * 16),
        ("Linear(10, 3)", (7, 10), 210),
    ],
)
def test_operations_worked_by_hand_come_out(text: str, shape: tuple[int, ...], count: int) -> None:
    assert asked("multiply_accumulates", shape, text).value == count


def test_wrong_operations_of_sequences_are_those_worked_by_hand() -> None:
    assert slips("multiply_accumulates", (7, 10), "RNN(10, 20)")["one_step"] == 600
    assert slips("multiply_accumulates", (7, 16), "MultiheadAttention(16, 4)")["only_projections"] == 4 * 7 * 256


# ---- activations and memory ----


def test_wrong_activations_are_those_worked_by_hand() -> None:
    # 8 · 16 · 16 = 2048, 8 · 8 · 8 = 512 twice, and 10
    assert asked("activation_count", (3, 16, 16), NET).value == 3082
    assert slips("activation_count", (3, 16, 16), NET, batch=2) == {
        "no_padding": 2 * (8 * 144 + 2 * 8 * 36 + 10),
        "channels_left_out": 2 * (256 + 64 + 512 + 10),
        "input_for_output": 2 * (768 + 2048 + 512 + 512),
        "pooling_ignored": 2 * (3 * 2048 + 10),
        "batch_forgotten": 3082,
    }


def test_memory_worked_by_hand_comes_out() -> None:
    weights = asked("memory", (3, 16, 16), NET, what="weights", scale="kilo")
    assert weights.value == 22.952  # 5738 numbers of 4 bytes
    adam = asked("memory", (3, 16, 16), NET, what="weights", training="adam", scale="bytes", number_bytes=2)
    assert adam.value == 4 * 5738 * 2
    assert asked("memory", (3, 16, 16), NET, scale="bytes", batch=10).value == 4 * (5738 + 30_820)


def test_wrong_memory_is_the_one_worked_by_hand() -> None:
    wrong = slips("memory", (3, 16, 16), NET, scale="bytes", batch=10, training="momentum")
    assert wrong == {
        "bytes_forgotten": 3 * 5738 + 30_820,
        "bits": 32 * (3 * 5738 + 30_820),
        "batch_forgotten": 4 * (3 * 5738 + 3082),
        "gradients_forgotten": 4 * (5738 + 30_820),
        "optimizer_forgotten": 4 * (2 * 5738 + 30_820),
        "weights_forgotten": 4 * 30_820,
        "activations_forgotten": 12 * 5738,
    }
    assert slips("memory", (3, 16, 16), NET, what="weights")["other_unit"] == pytest.approx(22_952 / 2**20)


def test_the_paper_says_what_is_kept_and_how_large_a_unit_is() -> None:
    said = asked("memory", (3, 16, 16), NET, what="weights", training="adam", memory_unit="MiB").says
    assert said == (
        "Count the weights and biases, each with its gradient and what the optimizer keeps for it; "
        "a number takes 4 bytes, and 1 MiB is 1,048,576 bytes."
    )
    said = asked("memory", (3, 16, 16), NET, what="activations", batch=8, layers=("a", "b"), scale="bytes").says
    assert said == "Count the output of layers a, b for 8 examples; a number takes 4 bytes."


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("memory", {"number_bytes": 3}), ("memory", {"batch": 0}), ("activation_count", {"batch": 10**9})],
)
def test_arguments_that_make_no_sense_are_refused(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        assert asked(name, (3, 16, 16), NET, **arguments).value


def test_what_goes_back_to_earlier_values_keeps_none_of_its_own() -> None:
    text = "a - ReLU()\nb - From('input')\nc - Add(a)"
    assert asked("activation_count", (4,), text).value == 8
    assert len(run(Network((4,), read_listing(text)))) == 3


@pytest.mark.parametrize("name", QUANTITIES)
def test_every_misconception_says_what_went_wrong(name: str) -> None:
    ways = misconceptions(name)
    assert len({one.says for one in ways.values()}) == len(ways)
    for one in ways.values():
        assert isinstance(one, Misconception)
        assert one.says[0].islower()
        assert not one.says.endswith(".")
