"""A quantity is asked with the arguments of a draw; its misconceptions make options and explain wrong answers."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import doubled
import pytest
from drawn import answer_of, judges_itself, part, vary
from hypothesis import given
from hypothesis import strategies as st

from generator import formulas, question, reference, variant
from generator.answers.array import ArrayAnswer
from generator.answers.asking import Precision, number
from generator.formulas import FormulaError
from generator.mistakes import Mistaken
from generator.reference import Disagreement


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let questions ask for the quantity of the tests."""
    monkeypatch.setitem(reference.QUANTITIES, "doubled", "doubled")


def test_arguments_are_formulas_over_drawn_values(tmp_path: Path) -> None:
    head = "parameters:\n  a: {choose: [3]}\n"
    answer = answer_of(tmp_path, "{array: doubled, with: {numbers: [a, a + 1, 0.5]}}", head)
    assert answer.rows == ((6, 8, 1),)
    assert answer.recorded == "[6, 8, 1]"
    assert answer.note == "Numbers are doubled. Give exact values; fractions are fine."


def test_a_convention_reaches_the_quantity_and_the_paper(tmp_path: Path) -> None:
    drawn = vary(tmp_path, "{array: doubled, with: {numbers: [1, 2]}}", conventions={"loss_reduction": "sum"})
    answer = drawn.parts[0].answer
    assert isinstance(answer, ArrayAnswer)
    assert answer.rows == ((3, 6),)
    assert "Numbers are tripled." in answer.note


def test_two_computations_that_differ_give_no_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doubled, "recompute", lambda *, numbers: [one * 2.001 for one in numbers])
    with pytest.raises(Disagreement):
        reference.answer("doubled", numbers=[1, 2])
    with pytest.raises(Mistaken, match="doubled: PyTorch gives"):
        answer_of(tmp_path, "{array: doubled, with: {numbers: [1, 2]}}")


def test_a_matrix_is_judged_element_by_element(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, "{array: doubled, with: {numbers: [[1, 2], [3, 4]]}}")
    assert answer.recorded == "[[2, 4], [6, 8]]"
    for text in ("[[2, 4], [6, 8]]", "2 4; 6 8", "2, 4\n6, 8", "2 & 4 \\\\ 6 & 8", "[2 4] [6 8]"):
        assert answer.mark(text).share == 1, text
    assert answer.mark("2 4; 6 9").share == 0.75
    assert answer.mark("2 4; 6 9").remarks == ("row 2, column 2: 8",)
    assert answer.mark({"1,1": "2", "2,2": "8"}).share == 0.5
    assert answer.mark("2 4 6 8").remarks == ("it has 1 × 4 elements, not 2 × 2",)
    assert not answer.mark("two").readable
    assert judges_itself(answer)


@pytest.mark.parametrize(
    ("text", "share"),
    [("–2, 4, 12346", 1), ("[-2; 4; 12346]", 1), ("-2\n4\n12346", 1),
     (r"\begin{pmatrix}-2 & 4 & 12346\end{pmatrix}", 1),
     (r"$\begin{bmatrix} -2 \\ 4 \\ 12346 \end{bmatrix}$", 1), (r"\left( -2, 4, 12346 \right)", 1),
     (r"\begin{array}{ccc} -2 & 4 & 12346 \end{array}", 1), ("-2, 4", 0), ("-2, 4, 5; 1, 2, 3", 0)],
)  # fmt: skip
def test_a_vector_is_read_however_it_is_written(tmp_path: Path, text: str, share: float) -> None:
    answer = answer_of(tmp_path, "{array: doubled, with: {numbers: [-1, 2, 6173]}}")
    assert isinstance(answer, ArrayAnswer)
    mark = answer.mark(text)
    assert (mark.share, mark.readable) == (share, True)


def test_large_elements_have_no_commas(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, "{array: doubled, with: {numbers: [6173, 2]}}")
    assert answer.recorded == "[12346, 4]"
    assert judges_itself(answer)


@pytest.mark.parametrize(
    "response", ["0,25; 0,5; 1,5", "0,25 0,5 1,5", "0.25, half, 1.5", {"1,1": "0.25", "1,2": "half", "1,3": "1.5"}]
)
def test_an_element_that_cannot_be_read_is_for_a_person(tmp_path: Path, response: Any) -> None:
    answer = answer_of(tmp_path, "{array: doubled, with: {numbers: [0.125, 0.25, 0.75]}}")
    assert not answer.mark(response).readable
    assert answer.mark({"1,1": "0.25", "1,2": "", "1,3": "1.5"}).readable


def test_a_wrong_array_is_explained_by_the_misconception_that_leads_to_it(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, "{array: doubled, with: {numbers: [3, 4]}}")
    assert answer.mark("9 16").remarks[-1] == "they were squared"
    assert answer.mark("3 4").remarks[-1] == "they were kept"
    assert [slip.name for slip in answer.slips] == ["squared", "kept", "negative"]


def test_one_element_is_picked_by_its_place(tmp_path: Path) -> None:
    head = "parameters:\n  place: {choose: [2]}\n"
    answer = answer_of(tmp_path, "{number: doubled, with: {numbers: [3, 5]}, pick: [place]}", head)
    assert answer.value == 10
    assert answer.mark("25").remarks == ("10, not 25", "they were squared")
    with pytest.raises(Mistaken, match=r"the answer has no element \(3\)"):
        answer_of(tmp_path, "{number: doubled, with: {numbers: [3, 5]}, pick: [3]}")


def test_options_are_what_misconceptions_lead_to(tmp_path: Path) -> None:
    written = (
        "{choice: {quantity: doubled, with: {numbers: [3]}, pick: [1], misconceptions: [negative, squared, kept]}}"
    )
    answer = answer_of(tmp_path, written)
    assert sorted(answer.options) == ["3", "6", "9", "−6"]
    (letter,) = answer.right
    assert answer.options[answer.letters().index(letter)] == "6"
    why = {answer.options[answer.letters().index(letter)]: says for letter, says in answer.why}
    assert why == {"−6": "the sign was lost", "9": "they were squared", "3": "they were kept"}
    wrong, says = answer.why[0]
    assert answer.mark(wrong).remarks[1] == says
    assert judges_itself(answer)


CHOICE = """title: A question
topics: [test]
parameters:
  a: {choose: [0, 1, 2, 3, 5]}
parts:
  - id: a
    points: 1
    prompt: Double it.
    answer: {choice: {quantity: doubled, with: {numbers: [a]}, pick: [1], wrong: 3}}
"""


def test_a_draw_in_which_options_coincide_is_not_used(tmp_path: Path) -> None:
    file = tmp_path / "question.yaml"
    file.write_text(CHOICE, "utf-8")
    loaded = question.load(file, file.name)
    drawn = [variant.vary(loaded, "secret", number).values["a"] for number in range(6)]
    assert set(drawn) == {3, 5}  # 0 doubles to itself, 1 is its own square, and the square of 2 is its double
    assert drawn[0] != drawn[1]
    assert all(len(set(variant.vary(loaded, "secret", n).parts[0].answer.recorded)) == 1 for n in range(4))


def test_a_question_of_which_no_draw_can_be_used_says_so(tmp_path: Path) -> None:
    file = tmp_path / "question.yaml"
    file.write_text(CHOICE.replace("[0, 1, 2, 3, 5]", "[0, 2]"), "utf-8")
    with pytest.raises(Mistaken, match="hardly any draw can be used"):
        variant.vary(question.load(file, file.name), "secret")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("{array: doubled}", "doubled needs numbers"),
        ("{array: doubled, with: {number: [1]}}", "doubled has no argument 'number'"),
        ("{array: doubled, with: {numbers: [b]}}", "'b' is not declared"),
        ("{array: doubled, with: {numbers: [1, 2, 3, 4, 5]}}", "numbers: there are more than four"),
        ("{array: doubled, with: {numbers: [1], loss_reduction: sum}}", "loss_reduction is a convention"),
        ("{array: doubled, layer: a, with: {numbers: [1]}}", "the network has no layer 'a'"),
        ("{number: doubled, with: {numbers: [1]}}", "doubled gives no single number"),
        ("{array: doubled, with: {numbers: [1]}, decimals: 2, tolerance: 1}", "either decimals or tolerance"),
        ("{array: doubled, with: {numbers: [0.12345678901234]}}", "cannot be written exactly"),
        ("{choice: {quantity: doubled, with: {numbers: [1]}, wrong: 6}}", "need as many misconceptions"),
        ("{choice: {quantity: doubled, with: {numbers: [1]}, misconceptions: [skwared]}}", "has no misconception"),
        ("{choice: {quantity: doubled, right: a}}", "the quantity gives the right option"),
        ("{choice: {right: a}}", "a choice has 'right' and a list 'wrong', or a 'quantity'"),
        ("{choice: {right: a, wrong: [b], unit: m}}", "unit belongs to a choice with a quantity"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said(tmp_path: Path, answer: str, message: str) -> None:
    with pytest.raises(Mistaken) as refused:
        part(tmp_path, answer)
    assert any(message in mistake.message for mistake in refused.value.mistakes)


# ---- how exact ----


@given(st.floats(-1e6, 1e6), st.integers(0, 6))
def test_what_is_rounded_as_asked_is_right(value: float, decimals: int) -> None:
    precision = Precision(decimals=decimals)
    assert precision.right(Fraction(f"{value:.{decimals}f}"), value)
    printed = number(precision.text(value))
    assert printed is not None
    assert abs(printed - Fraction(repr(value))) <= Fraction(1, 2 * 10**decimals) + Fraction(1, 10**12)
    assert not precision.right(Fraction(repr(value)) + Fraction(21, 10 * 10**decimals), value)


@given(st.integers(-500, 500), st.integers(1, 500))
def test_a_fraction_is_printed_and_read_without_loss(over: int, under: int) -> None:
    value: float = reference.tidy(over / under)
    text = Precision().text(value)
    read = number(text)
    assert read is not None
    assert Precision().right(read, value)


@pytest.mark.parametrize(
    ("decimals", "value", "text"),
    [(2, 0.125, "0.13"), (2, -0.001, "0.00"), (2, 1.5, "1.50"), (2, 3, "3"), (0, 2.5, "3"), (3, -1.0005, "−1.001"),
     (None, 0.0625, "0.0625"), (None, 5 / 3, "5/3"), (None, -1 / 3, "−1/3"), (None, 12, "12"),
     (None, 138357544, "138,357,544"), (None, 1e-9, "1 × 10⁻⁹")],
)  # fmt: skip
def test_numbers_print_as_a_person_would_write_them(decimals: int | None, value: float, text: str) -> None:
    assert Precision(decimals=decimals).text(value) == text


def test_a_number_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(FormulaError, match="cannot be written exactly"):
        Precision().text(0.2689414213699951)


# ---- arrays that are drawn ----


def values(path: Path, parameter: str) -> list[Any]:
    file = path / "question.yaml"
    answer = "{choice: {right: a, wrong: [b]}}"
    file.write_text(
        f"title: T\ntopics: [t]\nparameters:\n  x: {parameter}\n"
        f"parts:\n  - {{id: a, points: 1, prompt: '<<x[0]>>', answer: {answer}}}\n",
        "utf-8",
    )
    space = question.load(file, file.name).space
    return [space.draw("secret", "q", n)["x"] for n in range(space.size)]


def test_arrays_have_their_shape_and_all_differ(tmp_path: Path) -> None:
    found = values(tmp_path, "{integers: [-2, 2], shape: [2, 3], without: [0]}")
    assert len(found) == 200
    assert len({str(one) for one in found}) == 200
    assert all(len(one) == 2 and all(len(row) == 3 for row in one) for one in found)
    assert {entry for one in found for entry in formulas.flat(one)} == {-2, -1, 1, 2}


def test_few_arrays_come_all(tmp_path: Path) -> None:
    assert sorted(values(tmp_path, "{integers: [0, 1], shape: [3]}")) == [
        [a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)
    ]
    assert len(values(tmp_path, "{integers: [1, 4], shape: [4], distinct: true}")) == 24
    assert len(values(tmp_path, "{integers: [0, 9], shape: [5], count: 7}")) == 7


def test_arrays_of_tenths_are_tenths(tmp_path: Path) -> None:
    entries = {entry for one in values(tmp_path, "{integers: [1, 9], shape: [2], times: 0.1}") for entry in one}
    assert entries == {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9}


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("{integers: [0, 3]}", "an array needs a shape"),
        ("{integers: [3, 0], shape: [2]}", "there is no number to choose from"),
        ("{integers: [0, 3], shape: [5], distinct: true}", "there are not 5 different numbers to choose from"),
        ("{choose: [1, 2], shape: [2]}", "shape belongs to integers"),
    ],
)
def test_an_array_that_cannot_be_drawn_is_a_mistake(tmp_path: Path, parameter: str, message: str) -> None:
    with pytest.raises(Mistaken) as refused:
        values(tmp_path, parameter)
    assert any(message in mistake.message for mistake in refused.value.mistakes)


def test_arrays_are_written_as_latex() -> None:
    read = formulas.read
    assert read("matrix([[1, -2], [0.5, 3]])").value({}) == r"\begin{bmatrix}1 & -2 \\ 0.5 & 3\end{bmatrix}"
    assert read("column([1, 2])").value({}) == r"\begin{bmatrix}1 \\ 2\end{bmatrix}"
    assert read("vector([1, 2])").value({}) == "(1, 2)"
    assert [read("signed(x)").value({"x": x}) for x in (3, -3, 0)] == ["+ 3", "- 3", "+ 0"]
    assert read("dot([0.1, 0.2], [1, 1])").value({}) == 0.3
    assert read("distinct([[1, 2], [3, 1]])").value({}) is False
    assert formulas.tex_number(1.5e-7) == r"1.5 \times 10^{-7}"
