"""Formulas are Python's arithmetic and nothing else."""

from __future__ import annotations

import contextlib
import math
import re
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from generator import formulas
from generator.formulas import FUNCTIONS, LARGEST, FormulaError, digits, number_text, percent, read, shown, times

VALUES: dict[str, Any] = {
    "side": 9,
    "rate": 0.25,
    "word": "Adam",
    "list": [3, 1, 2],
    "scene": {"place": "road", "n": 4},
}


def value(text: str) -> Any:
    return read(text).value(VALUES)


_NUMBERS = st.one_of(
    st.integers(0, 99).map(str), st.sampled_from(["side", "rate", "0.5", "1e-3", "scene.n", "list[1]"])
)
_SUMS = st.recursive(
    _NUMBERS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner),
        st.builds("({} ** {})".format, inner, st.integers(-3, 3)),
        st.builds("(-{})".format, inner),
        st.builds("{}({})".format, st.sampled_from(["abs", "floor", "ceil", "round"]), inner),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), inner, inner),
        st.builds("sum([{}, {}])".format, inner, inner),
    ),
    max_leaves=8,
)
_CONDITIONS = st.recursive(
    st.builds("({} {} {})".format, _SUMS, st.sampled_from(["<", "<=", "==", "!=", ">", ">="]), _SUMS),
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
    ),
    max_leaves=5,
)


class _Scene:
    n = 4


def _python(text: str) -> Any:
    names = {**VALUES, "scene": _Scene, "floor": math.floor, "ceil": math.ceil}
    return eval(text, {"__builtins__": {"abs": abs, "round": round, "min": min, "max": max, "sum": sum}}, names)


@given(st.one_of(_SUMS, _CONDITIONS))
def test_arithmetic_is_that_of_python(text: str) -> None:
    assume(len(text) <= formulas.LONGEST)
    try:
        expected = _python(text)
    except (ZeroDivisionError, OverflowError):
        expected = None
    try:
        found = value(text)
    except FormulaError as error:
        refused = str(error)
    else:
        refused = ""
    if refused:
        assert expected is None or isinstance(expected, complex) or "larger than any number" in refused
        return
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("'a' in ['a', 'b']", True), ("1 < side < 10", True), ("side == 9 and rate", True), ("0 or 0", False),
     ("(1, 2)", [1, 2]), ("[1] + [2]", [1, 2]), ("word + '!'", "Adam!"), ("scene.place", "road"), ("list[-1]", 2),
     ("scene['place']", "road"), ("len(list)", 3), ("any([0, 1])", True), ("round(1.25, 1)", 1.2),
     ("round(144, -1)", 140), ("True + True", 2), ("2 if side > 3 else 1 / 0", 2), ("0.1 ** 31", 0.1**31)],
)  # fmt: skip
def test_a_formula_has_its_value(text: str, expected: Any) -> None:
    assert value(text) == expected


HOSTILE = r"""
9**9**9 | 10**10**10 | (10**29)**29 | 'a' * 10**9 | [[0] * 9] * 9 | [1, 2] * 99 | 1e308 * 10 | 1e999 | -1e999
1e30 * 1e30 | exp(1000) | round(1, -10**9) | round(1, 10**9) | digits(1, 10**9) | digits(1, 0) | percent(1, 10**9)
sum([[1]], []) | lambda: 1 | [x for x in list] | {x for x in list} | {1: 2} | {1} | (x := 1) | f'{side}'
f'{side:>99999999}' | b'a' | None | ... | 1j | max(*list) | round(side, ndigits=1) | side.real | word.upper()
word.__class__ | ().__class__ | scene._x | _x | ＿＿import＿＿('os') | __import__('os').system('true')
open('/etc/passwd') | eval('1') | getattr(side, 'x') | print(1) | side ^ 2 | side & 1 | ~side | side << 9 | side >> 1
side @ side | side is 9 | side is not 9 | list[0:2] | list[::2] | *list | yield 1 | await side | side = 9 | side; side
import os | 1 + | ) | ' | side side | max | max() | len(side) | word < 1 | -word | word - 'A' | scene + 1 | list[9]
list['a'] | word[1.5] | scene.nothing | scene['nothing'] | side.a.b | log(0) | sqrt(-1) | (-8) ** 0.5 | 0 ** -1 | 1 / 0
1 // 0 | 1 % 0 | 1 in side | list < 1 | nothing | abs(word)
"""
NESTED = [
    "", " ", "\x00", "9" * 400, "(" * 300 + "1" + ")" * 300, "-" * 900 + "1", "(" * 90 + "1" + ")" * 90 + "+" * 400,
    "[" * 150 + "]" * 150, "1" + "+1" * 400, "side" + ".a" * 400, "abs(" * 80 + "1" + ")" * 80, "1" + "+1" * 9_999,
    "not " * 200 + "side", "1 if 1 else " * 80 + "1", "side | 1",
]  # fmt: skip


@pytest.mark.parametrize("text", [*re.split(r"\n| \| ", HOSTILE.strip()), *NESTED])
def test_anything_else_is_refused_in_one_message(text: str) -> None:
    with pytest.raises(FormulaError) as refused:
        value(text)
    message = str(refused.value)
    assert 0 < len(message) < 250
    assert not message.endswith(".")
    assert message[0].islower() or not message[0].isalpha()
    assert "<class" not in message
    assert "object" not in message


def test_a_list_that_would_grow_without_end_is_refused() -> None:
    triples: dict[str, Any] = {"x": [0] * 100}
    texts: dict[str, Any] = {"x": "a" * 9}

    def grow(text: str, values: dict[str, Any]) -> None:
        for _ in range(20):
            values["x"] = read(text).value(values)

    with pytest.raises(FormulaError, match="the result is too long; 10,000 items or characters are allowed"):
        grow("[x, x, x]", triples)
    with pytest.raises(FormulaError, match="too long"):
        grow("x + x", texts)


def test_no_formula_counts_beyond_its_bounds() -> None:
    for text in ("10**30", "-(10**30)"):
        assert abs(value(text)) <= LARGEST
    for text in ("10**30 + 1", "-10**30 - 1"):
        with pytest.raises(FormulaError, match="larger than any number"):
            value(text)


def test_a_formula_knows_the_names_it_needs() -> None:
    assert read("max(side, scene.place) if rate else list[side]").names == {"side", "scene", "rate", "list"}


def test_python_gives_no_warnings_for_text_in_formulas() -> None:
    assert value(r"'\d'") == r"\d"


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("arguments", ["", "word", "scene", "list, list, list, list", "0 - 1, word"])
def test_a_function_is_never_refused_with_an_exception_of_python(name: str, arguments: str) -> None:
    with contextlib.suppress(FormulaError):
        shown(value(f"{name}({arguments})"))


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (144, "144"), (-7, "−7"), (123456789, "123456789"), (0.0, "0"), (-0.0, "0"), (2.0, "2"), (-2.5, "−2.5"),
     (0.5, "0.5"), (0.1 + 0.2, "0.300"), (1 / 3, "0.333"), (2 / 3, "0.667"), (0.0625, "0.0625"), (2.0004, "2"),
     (99.96, "100"), (0.99996, "1"), (1234.5, "1230"), (123456.7, "123000"), (999999.9, "1 × 10⁶"), (1e-3, "0.001"),
     (0.00012345, "1.23 × 10⁻⁴"), (1.2345e-7, "1.23 × 10⁻⁷"), (1.5e-7, "1.5 × 10⁻⁷"), (-1e-9, "−1 × 10⁻⁹"),
     (1e300, "1 × 10³⁰⁰"), (5e-324, "5 × 10⁻³²⁴"), (2.675, "2.68"), (0.1235, "0.124")],
)  # fmt: skip
def test_a_number_is_printed_as_a_person_writes_it(number: float, text: str) -> None:
    assert number_text(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 15))
def test_a_printed_number_is_within_half_of_its_last_digit(number: float, significant: int) -> None:
    text = number_text(number, significant)
    mantissa, _, power = text.replace("−", "-").replace("⁻", "-").partition(" × 10")
    plain = power.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))
    printed = Fraction(f"{mantissa}e{plain or 0}")
    exact = Fraction(repr(number))
    assert abs(printed - exact) <= abs(exact) * Fraction(51, 100) / 10 ** (significant - 1)
    assert text not in ("-0", "−0", "0.0")


def test_shares_and_factors_are_printed_rounded_as_in_school() -> None:
    assert [percent(0.625), percent(0.145), percent(1), percent(-0.0001), percent(0.12345, 1)] == [
        "63%", "15%", "100%", "0%", "12.3%",
    ]  # fmt: skip
    assert [times(4.24), times(17.3), times(1300.0), digits(0.012345), digits(0.012345, 2)] == [
        "4.2", "17", "1300", "0.0123", "0.012",
    ]  # fmt: skip


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_not_printed(number: float) -> None:
    with pytest.raises(FormulaError, match="is no number that can be printed"):
        shown(number)


def test_values_stand_in_sentences() -> None:
    assert [shown(v) for v in ("a word", True, False, 3, -0.5, [1, [2, "x"]])] == [
        "a word", "yes", "no", "3", "−0.5", "1, 2, x",
    ]  # fmt: skip
    with pytest.raises(FormulaError, match="several parts"):
        shown({"place": "road"})


@pytest.mark.parametrize(
    ("number", "text"),
    [(12.25, "12.25"), (2.125, "2.125"), (0.9995, "0.9995"), (1234.0, "1234"), (0.03125, "0.03125"),
     (0.1 + 0.2, "0.3"),
     (1 / 3, "0.333"), (2 / 3 * 100, "66.7"),
     (math.pi, "3.14"), (123456789.0, "123456789"), (1e9, "1 × 10⁹"), (0.0, "0"),
     (1e-5, "1 × 10⁻⁵"), (1.25e-5, "1.25 × 10⁻⁵"), (-0.0625, "−0.0625"), (16384, "16384"), (102.515625, "102.515625"),
     (0.123456789012, "0.123456789012"), (0.1234567890123, "0.123")],
)  # fmt: skip
def test_a_drawn_number_is_printed_as_it_is(number: float, text: str) -> None:
    assert shown(number) == text
    assert shown([number, 1]) == f"{text}, 1"


def test_only_numbers_without_an_end_are_rounded() -> None:
    assert [formulas.rounds(one) for one in (1 / 3, [1, math.pi], 12.25, 0.1 + 0.2, 7, "text", True)] == [True] * 2 + [
        False
    ] * 5


def test_arrays_of_a_stem_are_exact_too() -> None:
    assert formulas.matrix([[0.1234567, 1]]) == r"\begin{bmatrix}0.1234567 & 1\end{bmatrix}"
    assert formulas.vector([1 / 3, 0.1 + 0.2, 2.0]) == "(0.333333, 0.3, 2)"


def test_what_was_measured_has_three_digits() -> None:
    from generator import prose

    text = "<<rate>> gives <<loss>> and <<loss / rate>>"
    values = {"rate": 0.03125, "loss": 0.98765432}
    assert prose.fill(text, values, measured=["loss"]) == "0.03125 gives 0.988 and 31.6"
