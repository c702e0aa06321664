"""Any network that runs and meets the conditions is right, and what fails is said layer by layer."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawn import answer_of, judges_itself

from generator.answers.network import NetworkAnswer

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
