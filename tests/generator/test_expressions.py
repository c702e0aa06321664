"""Sums of products are equal whatever their order and spelling, and unequal when a term is missing."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from drawn import answer_of, judges_itself
from hypothesis import given
from hypothesis import strategies as st

from generator.answers.expression import ExpressionAnswer
from generator.answers.polynomials import Symbols, Unreadable

SYMBOLS = Symbols({"dY": (16, 16), "W": (3, 3)})
SMALL = Symbols({"dY": (4, 4), "W": (3, 3)})
TERM = {(("W", (2, 3)), ("dY", (1, 1))): 1}


@pytest.mark.parametrize(
    "text",
    ["dY11 W23", "dY11 W23.", "dX11 = dY11 W23 .", "dY11W23",
     "dY_{1,1}W_{2,3}", "dY_{11}W_{23}", "dY[1,1]*W[2,3]", "dY[1][1] W[2][3]",
     "W23·dY11",
     "W23 × dY11", "dX(1,2) = dY(1,1) W(2,3)", r"dX_{1,2} = dY_{1,1} \cdot W_{2,3}", r"$dY_{1,1}\,W_{2,3}$",
     "dY₁₁W₂₃", "dY₁,₁·W₂,₃", "dY1,1*W2,3", "dY_11 W_23", "dy11 w23", "∂Y11 W23", "δY11 W23",
     r"\partial Y_{1,1} W_{2,3}",
     "d Y11 W23", "(dY11)(W23)", "((dY11 W23))", "+dY11 W23", "dY11∗W23", "1 dY11 W23",
     "2 dY11 W23 - dY11 W23", "dY11 W23 + 0", "dY11 (W23 + W11) − dY11 W11", "dY 11 W 23", "dY_{ 1 , 1 }  W_{2 3}",
     r"\left(dY_{1,1}\right) W_{2,3}", "dY11\n* W23", "dX = Y = dY11 W23"],
)  # fmt: skip
def test_a_term_is_read_however_it_is_written(text: str) -> None:
    assert SYMBOLS.read(text) == TERM


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a term is missing at the end"),
        ("dX = ", "a term is missing at the end"),
        ("dY11 W23 +", "a term is missing at the end"),
        ("dY11 + * W23", "a term is missing before '*'"),
        ("dY112 W23", "dY112 may be dY[1,12] or dY[11,2]: put a comma between row and column"),
        ("dY W23", "'dY' needs its indices, as in dY[1,2]"),
        ("dY1 W23", "dY needs 2 indices, not 1"),
        ("dY[1,2,3]", "dY needs 2 indices, not 3"),
        ("dY[]", "dY needs 2 indices, not 0"),
        ("W44", "W has no element 4,4; it is 3 × 3"),
        ("W0,1", "W has no element 0,1; it is 3 × 3"),
        ("X12 W23", "'X' is none of dY, W"),
        ("the sum over all windows", "'the' is none of dY, W"),
        ("dY11^2", "'^2' was not expected here"),
        ("dY11 / 2", "'/ 2' was not expected here"),
        ("(dY11 W23", "a bracket is not closed"),
        ("dY11 W23)", "')' was not expected here"),
        ("(" * 30 + "dY11" + ")" * 30, "brackets are nested too deep"),
        ("9999999999999 dY11", "9999999999999 is too large a factor"),
        (("(" + " + ".join(f"dY1,{column}" for column in range(1, 17)) + ")") * 3, "this product has too many terms"),
        ("dY11" * 60, "this product is too large"),
        ("1000000" + " 1000000" * 9, "this product is too large"),
        ("x" * 6_000, "an expression of 6000 characters is too long"),
        ("dY" + "1" * 4_500, "dY has no element 11111111111111111111…; it is 16 × 16"),
        ("dY[" + "1" * 4_500 + ",1]", "dY has no element 11111111111111111111…; it is 16 × 16"),
        ("0" * 4_000, "00000000000000000000 is too large a factor"),
        ("dY11 = 'W23'", "''W23'' has no meaning here"),
        ("__import__('os')", "'__import__('os')' has no meaning here"),
    ],
)  # fmt: skip
def test_what_is_no_sum_of_products_says_where_it_stops_making_sense(text: str, message: str) -> None:
    with pytest.raises(Unreadable) as refused:
        SYMBOLS.read(text)
    assert str(refused.value) == message


def test_digits_are_split_where_only_one_way_fits() -> None:
    assert SMALL.read("dY44") == {(("dY", (4, 4)),): 1}
    assert SYMBOLS.read("dY1616") == {(("dY", (16, 16)),): 1}


_TERMS = st.lists(
    st.tuples(st.integers(1, 16), st.integers(1, 16), st.integers(1, 3), st.integers(1, 3)),
    min_size=1, max_size=9, unique=True,
)  # fmt: skip
_SPELLINGS = [
    "dY[{0},{1}]*W[{2},{3}]", "W_{{{2},{3}}} dY_{{{0},{1}}}", "dY({0},{1})·W{2}{3}", "W{2}{3} × dY{0},{1}",
    "1*(dY_{{{0},{1}}})(W[{2}][{3}])", r"dY_{{{0},{1}}}\,W_{{{2},{3}}}",
]  # fmt: skip


@given(_TERMS, st.data())
def test_a_sum_in_another_order_and_spelling_is_equal(terms: list[tuple[int, ...]], data: st.DataObject) -> None:
    plain = " + ".join(_SPELLINGS[0].format(*term) for term in terms)
    mixed = data.draw(st.permutations(terms))
    other = "\n + ".join(data.draw(st.sampled_from(_SPELLINGS)).format(*term) for term in mixed)
    assert SYMBOLS.read(f"dX = {other}") == SYMBOLS.read(plain)


@given(_TERMS, st.data())
def test_a_sum_without_one_of_its_terms_is_another(terms: list[tuple[int, ...]], data: st.DataObject) -> None:
    dropped = data.draw(st.sampled_from(terms))
    rest = " + ".join(_SPELLINGS[0].format(*term) for term in terms if term != dropped)
    assert SYMBOLS.read(rest or "0") != SYMBOLS.read(" + ".join(_SPELLINGS[0].format(*term) for term in terms))


@given(st.text("dYW0123,[](){}_+-*·=\\ \n9x", max_size=60))
def test_any_heap_of_signs_is_a_sum_or_unreadable(text: str) -> None:
    with contextlib.suppress(Unreadable):
        assert all(SYMBOLS.read(text).values())


def convolution(path: Path, **how: object) -> ExpressionAnswer:
    side, index, more = how.get("side", 16), how.get("index", "[1, 2]"), how.get("more", "")
    head = (
        f"network: {{input: [1, {side}, {side}], layers: {{c: 'Conv2d(1, 1, 3{how.get('conv', ', padding=1')})'}}}}\n"
    )
    found = answer_of(path, f"{{expression: input_gradient, layer: c, index: {index}{more}}}", head, points=3)
    assert isinstance(found, ExpressionAnswer)
    return found


def test_the_answer_of_the_sixteen_by_sixteen_example_is_the_one_worked_by_hand(tmp_path: Path) -> None:
    answer = convolution(tmp_path)
    assert answer.recorded == "dY11·W23 + dY12·W22 + dY13·W21 + dY21·W13 + dY22·W12 + dY23·W11"
    assert answer.latex.startswith(r"dX_{1,2} = dY_{11}\,W_{23} + ")
    assert answer.note == "Rows and columns are counted from 1, and the kernel is not flipped."
    assert answer.mark(f"dX(1,2) = {answer.recorded}").share == 1
    assert judges_itself(answer)


def test_missing_and_needless_terms_are_named(tmp_path: Path) -> None:
    mark = convolution(tmp_path).mark("dY11·W23 + dY12·W22 + dY13·W21 + dY21·W13 + dY22·W12 + dY22·W11")
    assert mark.share == 0
    assert mark.remarks == ("missing: dY23·W11", "needless: dY22·W11")
    assert mark.readable


def test_indices_above_nine_are_printed_with_commas(tmp_path: Path) -> None:
    answer = convolution(tmp_path, index="[12, 1]")
    assert answer.recorded.startswith("dY[11,1]·W[3,2] + dY[11,2]·W[3,1]")
    assert judges_itself(answer)


def test_an_element_without_any_term_is_zero(tmp_path: Path) -> None:
    answer = convolution(tmp_path, index="[4, 4]", conv=", stride=4", side=8)
    assert answer.recorded == "0"
    assert answer.mark("dX = 0").share == 1
    assert judges_itself(answer)


def test_the_paper_may_use_other_letters(tmp_path: Path) -> None:
    answer = convolution(tmp_path, more=", symbols: {input: A, output_gradient: G, weight: K}")
    assert answer.recorded.startswith("G11·K23 + ")
    assert answer.target == "dA_{1,2}"
    assert judges_itself(answer)


def test_the_rubric_is_filled_with_drawn_values(tmp_path: Path) -> None:
    head = "parameters: {row: {choose: [2]}}\nnetwork: {input: [1, 9, 9], layers: {c: 'Conv2d(1, 1, 3)'}}\n"
    text = "{expression: input_gradient, layer: c, index: [row, 2], rubric: [{2: row <<row>> is right}]}"
    assert answer_of(tmp_path, text, head).rubric[0].what == "row 2 is right"
