"""Numbers, sizes and tables are read however people write them, and judged exactly."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from drawn import NETWORK, answer_of, judges_itself, vary
from hypothesis import given
from hypothesis import strategies as st

from generator.answers import shapes
from generator.answers.asking import Precision
from generator.answers.number import NumberAnswer, read
from generator.answers.shape import ShapeAnswer
from generator.answers.table import TableAnswer
from generator.formulas import FormulaError


@pytest.mark.parametrize(
    ("text", "number"),
    [("1234", 1234), ("1,234", 1234), ("1 234", 1234), ("1'234", 1234), ("1\N{NO-BREAK SPACE}234", 1234),
     ("1\N{NARROW NO-BREAK SPACE}234", 1234), ("1,234,567", 1234567), ("1,234.5", "1234.5"), ("-7", -7), ("−7", -7),
     ("+7", 7), (" = 7 ", 7), ("$7$", 7), ("7.", 7), (".5", "0.5"), ("0.25", "0.25"), ("1.5e3", 1500), ("1.5E3", 1500),
     ("1.5e-3", "0.0015"), ("1.5 × 10³", 1500), ("1.5 × 10⁻³", "0.0015"), ("1.5 x 10^3", 1500), ("1.5*10**3", 1500),
     ("1.5 · 10^{-3}", "0.0015"), (r"1.5 \cdot 10^3", 1500), (r"1.5 \times 10^{3}", 1500), ("3/4", "0.75"),
     ("-3 / 4", "-0.75"), ("–7", -7), ("10^3", 1000), ("10⁶", 10**6), ("-10^{-2}", "-0.01"), (r"\frac{3}{4}", "0.75"),
     (r"-\dfrac{3}{4}", "-0.75"), ("≈0.79", "0.79"), ("~ 0.79", "0.79"), (r"$\approx 0.79$", "0.79"),
     ("1e999", Fraction(10) ** 999), ("640 parameters", 640),
     ("1,234 parameters", 1234)],
)  # fmt: skip
def test_a_number_is_read_however_it_is_written(text: str, number: int | str | Fraction) -> None:
    assert read(text, "parameters") == Fraction(number)


@pytest.mark.parametrize(
    "text",
    ["", " ", "quite a lot", "12,34", "0,125", "1.234,5", "1,2345", "1234,567", "1 2 3", "1,234 567", "1/0", "3/4/5",
     "5²", "1.5 × 103", "1.5 × 11³", "--3", "1e", "1e1000", "NaN", "inf", "0x10", "1_000", "٣", "7 apples", "1.2.3",
     r"\frac{1}{0}", "10^", "10^3.5", "2^3", "≈", "==7",
     "9" * 101, "1" + ",000" * 40, "1" + " " * 98 + "x"],
)  # fmt: skip
def test_what_may_mean_two_numbers_or_none_is_unreadable(text: str) -> None:
    assert read(text, "parameters") is None


@given(st.integers(-(10**20), 10**20))
def test_grouping_changes_no_number(number: int) -> None:
    assert read(f"{number:,}") == read(f"{number:,}".replace(",", " ")) == read(str(number)) == number


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_none(text: str) -> None:
    assert read(text, "kg") is None or isinstance(read(text, "kg"), Fraction)


@given(st.one_of(st.integers(0, 10**20), st.floats(0, 1e12)), st.sampled_from([0.0, 0.1, 1.0, 50.0]))
def test_a_number_judges_itself(value: float, tolerance: float) -> None:
    precision = Precision(tolerance=tolerance)
    try:
        precision.text(value)
    except FormulaError:  # a number that cannot be written exactly is no answer
        return
    assert judges_itself(NumberAnswer(value, "", precision, "", ""))


def test_a_number_of_twenty_digits_is_exact() -> None:
    answer = NumberAnswer(10**20 + 1, "", Precision(), "", "")
    assert answer.mark(str(10**20 + 1)).share == 1
    assert answer.mark(str(10**20)).share == 0


def test_the_edge_of_the_tolerance_is_right_and_beyond_it_is_wrong() -> None:
    answer = NumberAnswer(5, "s", Precision(tolerance=0.1), "", "")
    assert [answer.mark(text).share for text in ("5.1", "4.9 s", "5.1001", "4.8999")] == [1, 1, 0, 0]
    assert answer.mark("6").remarks == ("5 s, not 6",)


def test_a_count_is_computed_with_its_conventions_in_words(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, "{number: parameter_count, layers: [a], unit: parameters}", NETWORK)
    assert (answer.value, answer.text) == (100, "100 parameters")
    assert answer.note == "Count weights and biases. Give the exact number."
    weights = answer_of(tmp_path, "{number: parameter_count, with: {count: weights}, relative: 0.01}", NETWORK)
    assert weights.value == 90 + 1800
    assert weights.note == "Count weights, not biases. A difference of up to 1% counts as right."
    assert weights.mark("1908").share == 1
    assert weights.mark("1909").share == 0
    absolute = answer_of(tmp_path, "{number: multiply_accumulates, tolerance: 10}", NETWORK)
    assert absolute.value == 81 * 90 + 1800
    assert "A difference of up to 10 counts as right." in absolute.note


@pytest.mark.parametrize(
    "text",
    ["9×9×10", "9 x 9 x 10", "9X9X10", "9*9*10", "(9, 9, 10)", "[9,9,10]", "9 by 9 by 10", "9 9 10",
     "$9 \\times 9 \\times 10$",
     " 9·9·10 ", "9✕9✕10"],
)  # fmt: skip
def test_a_size_is_read_however_it_is_written(text: str) -> None:
    assert shapes.read(text) == (9, 9, 10)


@pytest.mark.parametrize(
    ("text", "numbers", "size"),
    [("16,384", 1, (16384,)), ("16 384", 1, (16384,)), ("(1024,)", 1, (1024,)), ("$1,024$", 1, (1024,)),
     ("16384", 1, (16384,)),
     ("1,024×7×7", 3, (1024, 7, 7)), ("(16,384)", 2, (16, 384)), ("9, 216", 2, (9, 216)), ("1,024", 2, None),
     ("N×9×9", 3, (-1, 9, 9)), ("(N, 9, 9)", 3, (-1, 9, 9)), ("batch size x 9 x 9", 3, (-1, 9, 9)),
     ("-1, 9", 2, (-1, 9)),
     ("N×16,384", 2, (-1, 16384)), ("N", 1, None), ("N×", 2, None)],
)  # fmt: skip
def test_commas_between_thousands_and_a_batch_are_read(text: str, numbers: int, size: Any) -> None:
    assert shapes.read(text, numbers) == size


@pytest.mark.parametrize("text", ["", "x", "I do not know", "9×9×ten", "-9×9", "9.5×9", "٩×٩", "9" * 19, "9²"])
def test_what_is_no_size_is_unreadable(text: str) -> None:
    assert shapes.read(text) is None


def test_a_size_follows_the_convention_of_the_exam(tmp_path: Path) -> None:
    hwc = vary(tmp_path, "{shape: output_shape, layer: a}", NETWORK).parts[0].answer
    chw = vary(tmp_path, "{shape: output_shape, layer: a}", NETWORK, {"shape_order": "chw"}).parts[0].answer
    assert isinstance(hwc, ShapeAnswer)
    assert isinstance(chw, ShapeAnswer)
    assert (hwc.recorded, chw.recorded) == ("9×9×10", "10×9×9")
    assert hwc.note == "Sizes are given as height × width × channels, without the batch."
    assert [hwc.mark(text).share for text in ("(9, 9, 10)", "10×9×9", "9×9")] == [1, 0, 0]
    assert judges_itself(hwc)
    assert judges_itself(chw)


def test_the_batch_may_come_first(tmp_path: Path) -> None:
    answers = [
        vary(tmp_path, "{shape: output_shape, layer: a}", NETWORK, {"shape_order": order}).parts[0].answer
        for order in ("nchw", "nhwc")
    ]
    assert [one.recorded for one in answers] == ["N×10×9×9", "N×9×9×10"]
    nchw: Any = answers[0]
    assert (
        nchw.note == "Sizes are given as N × channels × height × width, with N for the number of examples in a batch."
    )
    right = ("N×10×9×9", "(n, 10, 9, 9)", "-1 x 10 x 9 x 9", "batch × 10 × 9 × 9", "None, 10, 9, 9")
    assert [nchw.mark(text).share for text in right] == [1] * 5
    assert [nchw.mark(text).share for text in ("10×9×9", "1×10×9×9", "N×9×9×10")] == [0] * 3
    assert "N×10×9×9" in nchw.worked
    table: Any = (
        vary(tmp_path, "{table: output_shape, layers: [a, d]}", NETWORK, {"shape_order": "nhwc"}).parts[0].answer
    )
    assert (table.given, table.recorded) == ("N×9×9×1", {"a": "N×9×9×10", "d": "N×20"})
    assert all(map(judges_itself, (*answers, table)))


def test_a_flattened_size_may_have_a_comma(tmp_path: Path) -> None:
    head = "network: {input: [16, 32, 32], layers: {a: Flatten()}}\n"
    answer = answer_of(tmp_path, "{shape: output_shape, layer: a}", head)
    assert [answer.mark(text).share for text in ("16384", "16,384", "16 384", "16,385")] == [1, 1, 1, 0]
    table = answer_of(tmp_path, "{table: output_shape, layers: [a]}", head)
    assert table.mark({"a": "16,384"}).share == 1


def test_a_cell_that_cannot_be_read_is_for_a_person(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, "{table: output_shape, layers: [a, b, d]}", NETWORK)
    mark = answer.mark({"a": "9×9×10", "b": "3×3×10", "d": "twenty"})
    assert (mark.share, mark.readable) == (pytest.approx(2 / 3), False)
    assert answer.mark({"a": "9×9×10", "b": "3×3×10"}).readable


def test_a_question_may_set_its_own_convention(tmp_path: Path) -> None:
    head = "conventions: {shape_order: chw}\n" + NETWORK
    answer = vary(tmp_path, "{shape: output_shape, layer: a}", head, {"shape_order": "hwc"}).parts[0].answer
    assert answer.recorded == "10×9×9"


def test_every_cell_of_a_table_earns_its_share(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, "{table: output_shape, layers: [a, b, d]}", NETWORK)
    assert isinstance(answer, TableAnswer)
    assert answer.recorded == {"a": "9×9×10", "b": "3×3×10", "d": "20"}
    assert answer.given == "9×9×1"
    mark = answer.mark({"a": "9 x 9 x 10", "b": "10×3×3", "d": "20"})
    assert mark.share == pytest.approx(2 / 3)
    assert mark.remarks == ("b: 3×3×10, not 10×3×3",)
    assert answer.mark({}).readable is False
    assert answer.mark({"a": "9×9×10"}).remarks == ("b: 3×3×10, not nothing", "d: 20, not nothing")
    assert not answer.mark("9×9×10").readable
    assert judges_itself(answer)


def test_a_table_may_ask_for_counts(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, "{table: parameter_count, layers: [a, d], with: {count: biases}}", NETWORK)
    assert answer.recorded == {"a": "10", "d": "20"}
    assert answer.note == "Count biases only."
    assert judges_itself(answer)
