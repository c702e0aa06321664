"""Any network that runs and meets the conditions is right, and what fails is said layer by layer."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawn import answer_of, judges_itself

from generator.answers.network import NetworkAnswer
from generator.mistakes import Mistaken

HEAD = """parameters: {side: {choose: [12]}}
network:
  input: [1, side, side]
  layers:
    a: Conv2d(1, 8, 3, padding=1)
    b: MaxPool2d(2)
"""
ANSWER = """
      network:
        require: [output.height == side, output.width == side, "output.channels in [1, 2]"]
        model:
          a: Conv2d(1, 8, 3, padding=1)
          b: MaxPool2d(2)
          c: ConvTranspose2d(8, 2, 2, stride=2)"""


@pytest.fixture
def segmenter(tmp_path: Path) -> NetworkAnswer:
    answer = answer_of(tmp_path, ANSWER, HEAD)
    assert isinstance(answer, NetworkAnswer)
    return answer


@pytest.mark.parametrize(
    "text",
    [
        "a - Conv2d(1, 1, 1)",
        "Conv2d(1, 8, 3, padding=1)\nMaxPool2d(2)\nUpsample(scale_factor=2)\nConv2d(8, 1, 1)\nSigmoid()",
        "Conv2d(1, 8, 3, padding='same')\nMaxPool2d(3)\nConvTranspose2d(8, 2, 3, stride=3)",
        "Flatten()\nLinear(144, 144)\nUnflatten(1, (1, 12, 12))",
        "Conv2d(1, 2, 5, padding=2)\nSoftMax(dim=1)",
    ],
)
def test_any_network_that_meets_the_conditions_is_right(segmenter: NetworkAnswer, text: str) -> None:
    assert segmenter.mark(text).share == 1


def test_the_model_is_printed_and_judged_like_a_students_network(segmenter: NetworkAnswer) -> None:
    assert segmenter.recorded.splitlines()[1] == "b - MaxPool2d(kernel_size=2)"
    assert segmenter.mark(segmenter.recorded).share == 1
    assert judges_itself(segmenter)


def test_a_network_that_misses_a_condition_is_told_its_sizes(segmenter: NetworkAnswer) -> None:
    mark = segmenter.mark("a - Conv2d(1, 8, 3, padding=1)\nb - MaxPool2d(2)")
    assert mark.share == 0
    assert mark.remarks == (
        "after layer a: 8×12×12",
        "after layer b: 8×6×6",
        "the output is 8×6×6 (channels first), but output.height == side and output.width == side and "
        "output.channels in [1, 2] must hold, with side = 12",
    )


def test_a_network_that_does_not_run_is_told_how_far_it_came(segmenter: NetworkAnswer) -> None:
    mark = segmenter.mark("a - Conv2d(1, 8, 3)\nb - Conv2d(9, 2, 3)\nc - ReLU()")
    assert mark.remarks == (
        "after layer a: 8×10×10",
        "layer b cannot take the 8×10×10 values that layer a gives it: it takes 9 channels, not 8",
    )
    assert mark.readable


def test_an_output_without_height_does_not_meet_a_condition_over_height(segmenter: NetworkAnswer) -> None:
    assert segmenter.mark("Flatten()\nLinear(144, 2)").share == 0


@pytest.mark.parametrize(
    "text",
    ["", "I would add upsampling", "Conv2d(1, 8", "Linear(9**9**9, 2)", "__import__('os').system('true')",
     "ReLU()\n" * 500, "Linear(8)", "a - Foo()", "(" * 5_000, "\x00"],
)  # fmt: skip
def test_a_hostile_listing_is_unreadable(segmenter: NetworkAnswer, text: str) -> None:
    mark = segmenter.mark(text)
    assert not mark.readable
    assert len(mark.remarks) == 1


@pytest.mark.parametrize("text", ["Upsample(scale_factor=10**9)", "Conv2d(1, 10**9, 10**9)", "Conv2d(1, 10**12, 1)"])
def test_a_network_of_terabytes_is_wrong_and_costs_nothing(segmenter: NetworkAnswer, text: str) -> None:
    assert "any computer holds" in segmenter.mark(text).remarks[-1]


def test_a_table_of_words_is_no_listing(segmenter: NetworkAnswer) -> None:
    assert not segmenter.mark({"a": "ReLU()"}).readable


def test_only_allowed_layers_may_be_used(tmp_path: Path) -> None:
    answer = answer_of(
        tmp_path,
        "{network: {input: [4], require: [output.features == 2], allowed: [Linear, ReLU], model: {a: 'Linear(4, 2)'}}}",
    )
    assert answer.mark("Linear(4, 8)\nReLU()\nLinear(8, 2)").share == 1
    assert answer.mark("Linear(4, 2)\nTanh()").remarks == ("layer b: Tanh is not allowed here",)


def test_a_model_of_one_layer_that_stays_right_when_cut_still_finds_a_wrong_network(tmp_path: Path) -> None:
    text = "{network: {input: [4], require: [output.features == 2], model: {a: 'Linear(4, 2)'}}}"
    assert judges_itself(answer_of(tmp_path, text))


BUDGET = """parameters: {side: {choose: [16]}, most: {choose: [700]}}
network:
  input: [1, side, side]
  layers:
    a: Conv2d(1, 8, 3, padding=1)
    b: ReLU()
    c: Conv2d(8, 8, 7, padding=3)
"""
LEAN = """
      network:
        keeps: [a, b]
        require: [output.height == side, network.parameters <= most, network.receptive_field >= 7]
        model:
          a: Conv2d(1, 8, 3, padding=1)
          b: ReLU()
          c: Conv2d(8, 8, 5, padding=2, groups=8)"""


@pytest.fixture
def lean(tmp_path: Path) -> NetworkAnswer:
    answer = answer_of(tmp_path, LEAN, BUDGET)
    assert isinstance(answer, NetworkAnswer)
    return answer


@pytest.mark.parametrize("call", ["Conv2d(1, 8, (3, 3), stride=1, padding=(1, 1))", "Conv2d(1, 8, 3, padding='same')"])
def test_what_must_stay_may_be_written_in_other_words(lean: NetworkAnswer, call: str) -> None:
    assert lean.mark(f"{call}\nReLU()\nConv2d(8, 1, 5, padding=2)").share == 1


def test_a_layer_that_must_stay_is_missed(lean: NetworkAnswer) -> None:
    assert lean.mark("Conv2d(1, 8, 3)\nConv2d(8, 1, 5, padding=3)").remarks == (
        "layer a is not kept: Conv2d(in_channels=1, out_channels=8, kernel_size=3, padding=1)",
        "layer b is not kept: ReLU()",
    )
    assert judges_itself(lean)


def test_figures_of_a_network_that_miss_a_condition_are_told(lean: NetworkAnswer) -> None:
    start = "a - Conv2d(1, 8, 3, padding=1)\nb - ReLU()\n"
    mark = lean.mark(start + "c - Conv2d(8, 8, 5, padding=2)")
    assert mark.remarks[3] == "its parameters: 1688"
    assert mark.remarks[-1].endswith("but network.parameters <= most must hold, with most = 700")
    mark = lean.mark(start + "c - Conv2d(8, 8, 1)")
    assert mark.remarks[3] == "its receptive field: 3"
    mark = lean.mark(start + "c - Upsample(scale_factor=2)\nd - MaxPool2d(2)")
    assert mark.remarks[4].startswith("its receptive field: none, as ")


def test_the_key_of_a_design_shows_the_figures_that_conditions_name(lean: NetworkAnswer) -> None:
    assert "Together 288." in lean.worked  # 80 and 208
    assert "$3 + (5 - 1) \\cdot 1 = 7$" in lean.worked


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("keeps: [a, b]", "keeps: [a, q]", "the network has no layer 'q'"),
        ("network.parameters", "network.params", "a network has no 'params'"),
        ("most,", "100,", "the model network does not meet its own conditions"),
        ("keeps: [a, b]", "keeps: [a, c]", "the model network does not meet its own conditions: layer c is not kept"),
    ],
)
def test_a_design_that_cannot_be_met_is_a_mistake(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(Mistaken, match=message):
        answer_of(tmp_path, LEAN.replace(old, new), BUDGET)
