"""Answers in words and sketches keep a model, a rubric and samples, and leave the judging to a person."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawn import answer_of, judges_itself

from generator.answers.sketch import SketchAnswer
from generator.answers.text import TextAnswer
from generator.mistakes import Mistaken

HEAD = "parameters: {side: {choose: [9]}}\n"
TEXT = """
      text: {model: It has <<side>> rows., rubric: [{1.5: names <<side>>}, {0.5: says rows}]}
      samples:
        - {says: It has <<side>>., earns: 1.5, because: no word of rows}
        - {says: It is large., earns: 0}"""
SKETCH = """
      sketch:
        axes: {x: {label: "$x_<<side>>$", from: -1, to: side}, y: {label: y, from: -1, to: 2.5}}
        groups:
          - {name: plus <<side>>, mark: plus, points: "[[0, 1], [side, 2.5]]"}
          - {name: circle, mark: circle, points: "[[0, 0]]"}
        rubric: [{2: drawn}]""".replace("to: side", "to: 9")


def test_words_are_filled_with_drawn_values(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, TEXT, HEAD)
    assert isinstance(answer, TextAnswer)
    assert answer.recorded == "It has 9 rows."
    assert [(item.points, item.what) for item in answer.rubric] == [(1.5, "names 9"), (0.5, "says rows")]
    assert answer.samples[0].says == "It has 9."
    assert judges_itself(answer)


def test_only_the_model_and_the_samples_are_judged(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, TEXT, HEAD)
    assert answer.mark(" It has 9 rows. ").share == 1
    assert answer.mark("It has 9.").share == 0.75
    assert answer.mark("It has 9.").remarks == ("no word of rows",)
    assert answer.mark("It is large.").share == 0
    assert not answer.mark("Nine rows, it has.").readable


def test_a_sketch_has_points_on_its_axes(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, SKETCH, HEAD)
    assert isinstance(answer, SketchAnswer)
    assert answer.x.label == "$x_9$"
    assert answer.recorded == "plus 9: (0, 1), (9, 2.5); circle: (0, 0)"
    assert not answer.mark("a line").readable
    assert judges_itself(answer)


@pytest.mark.parametrize(
    ("points", "message"),
    [("[]", "gives no list of points"), ("side", "gives no list of points"), ("[1, 2]", "gives 1, which is no point"),
     ("[[1, 2, 3]]", "which is no point"), ("[['a', 1]]", "which is no point"), ("[[0, 99]]", "lies outside the axes")],
)  # fmt: skip
def test_a_sketch_without_points_is_refused(tmp_path: Path, points: str, message: str) -> None:
    with pytest.raises(Mistaken, match=message):
        answer_of(tmp_path, SKETCH.replace("[[0, 0]]", points), HEAD)
