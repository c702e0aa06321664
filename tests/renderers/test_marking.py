"""What the key says of how an answer is marked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from drawn import vary

from renderers.compose import compose_question
from renderers.document import Block, Code, Paragraph, Solution, Text


def marking(blocks: tuple[Block, ...]) -> Iterator[str]:
    """The marking that a key prints; it ties some words by spaces that do not break."""
    for block in blocks:
        match block:
            case Solution("Marking", (Paragraph(inlines),)):
                yield "".join(one.text for one in inlines if isinstance(one, Text)).replace("\xa0", " ")


@pytest.mark.parametrize(
    ("answer", "points", "says"),
    [
        ("{array: softmax, with: {scores: [1, 2, 3]}, decimals: 3}", 2, "2/3 point for each right element."),
        ("{array: softmax, with: {scores: [1, 2, 3]}, decimals: 3}", 5, "5/3 points for each right element."),
        ("{array: softmax, with: {scores: [1, 2, 3, 4]}, decimals: 3}", 3, "0.75 points for each right element."),
        ("{array: softmax, with: {scores: [1]}, decimals: 3}", 3, "3 points for the right answer."),
        (
            "{array: activation_values, with: {activation: relu, points: [1, -2, 3, -4]}}",
            2,
            "1 point for each right element where 0 would be wrong. Zeros earn nothing, but each that is answered "
            "otherwise joins those that share the points: with one of these, each right element earns 2/3 point.",
        ),
        (
            "{array: activation_values, with: {activation: relu, points: [-1, -2, -3]}}",
            2,
            "2/3 point for each right element.",
        ),
        (
            "{set: non_maximum_suppression, with: {boxes: [[0, 0, 9, 9], [0, 1, 9, 10], [20, 0, 29, 9]], "
            "scores: [0.9, 0.8, 0.7], limit: 0.5}}",
            3,
            "1.5 points for each right number, as much off for each that does not belong, and never less than 0.",
        ),
    ],
)
def test_the_key_says_what_each_part_of_an_answer_earns(answer: str, points: float, says: str, tmp_path: Path) -> None:
    document = compose_question(vary(tmp_path, answer, points=points), "graders")
    (part,) = document.sections[0].parts
    assert list(marking(part.solution)) == [says]


@pytest.mark.parametrize(
    ("require", "says"),
    [
        ("[output.height == side and output.width == side]", "has an output height of 12 and an output width of 12"),
        (
            '["output.channels in [1, 2]", network.parameters <= side * 100]',
            "has 1 or 2 output channels and at most 1200 parameters",
        ),
        (
            "[network.receptive_field >= 3, output.height > side - 1]",
            "has a receptive field of at least 3 and an output height of more than 11",
        ),
        (
            "[output.height % 2 == 0, output.width == side]",
            "meets output.height % 2 == 0 and output.width == side with side = 12",
        ),
        ("[output.height == side or side > 3]", "meets output.height == side or side > 3 with side = 12"),
        ("[output.height == side == 12]", "meets output.height == side == 12 with side = 12"),
    ],
)
def test_the_key_says_in_words_what_a_design_must_have(require: str, says: str, tmp_path: Path) -> None:
    answer = f"{{network: {{require: {require}, model: {{a: 'Conv2d(1, 2, 3, padding=1)'}}}}}}"
    variant = vary(tmp_path, answer, "parameters: {side: {choose: [12]}}\nnetwork:\n  input: [1, side, side]\n"
                   "  layers: {a: 'ReLU()'}\n")  # fmt: skip
    ((solution, *_),) = [part.solution for part in compose_question(variant, "graders").sections[0].parts]
    assert isinstance(solution, Solution)
    assert isinstance(solution.blocks[0], Paragraph)
    told = "".join(one.text for one in solution.blocks[0].inlines if isinstance(one, Text | Code)).replace("\xa0", " ")
    assert told == f"Any network is right that runs and {says}; for example:"
