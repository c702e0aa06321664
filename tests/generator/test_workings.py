"""A derivation is read as a person works it: what is easy, what comes again and what has symbols asks for nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.workings import Operations, numbers, operations


@pytest.mark.parametrize(
    ("formula", "multiplications", "divisions", "terms"),
    [
        (r"3 \cdot 4 = 12", 1, 0, 0),
        (r"3 \cdot 4 \cdot 5", 2, 0, 0),
        (r"3 \cdot 1 + 0 \cdot 7 + 4 \cdot (-1) + 100 \cdot 7", 0, 0, 3),  # easy ones, and a term of 0
        (r"0.1 \cdot 7 - 0.2 \cdot 7", 1, 0, 2),
        (r"2 \cdot (3 + 1) \cdot 5", 2, 0, 2),
        (r"(3 - 2) \cdot 7", 0, 0, 2),
        (r"7^2 + (-8)^2 + 10^2 + 2^{4}", 5, 0, 4),
        (r"7 / 4", 0, 1, 0),
        (r"8 / 4 + 7 / 2 + 7 / 10 + 7 / 1", 0, 0, 4),
        (r"\frac{7}{4} \cdot 5", 1, 1, 0),
        (r"\tfrac13(2 + 5)", 0, 1, 2),  # a third of 7 is one division, not also a product
        (r"\frac{1}{3}(2 + 4)", 0, 0, 2),
        (r"\frac{0.4}{2} \cdot ((-4)^2 + 2^2)", 3, 0, 2),
        (r"\left\lfloor \frac{24 + 2 \cdot 6 - 7}{3} \right\rfloor + 1 = 10", 1, 1, 5),
        (r"\max(0, 4 - 3 + 1) + \max(0, -2 - 3 + 1)", 0, 0, 7),
        (r"\sqrt{81} \sqrt{9} = 27", 1, 0, 0),
        (r"0.5 \log_2\tfrac{0.5}{0.125} + 0.25 \ln \tfrac{0.25}{0.25}", 1, 0, 1),
        (r"e^{0} + e^{1} \approx 3.718", 0, 0, 2),
        (r"\sigma(2 \cdot 3 - 6) \cdot 3", 2, 0, 2),
        (r"2 \cdot |{-4}| \cdot |{2}|", 2, 0, 0),
        (r"0.1 \cdot (-8, 9, 12) + 3 \cdot (1, 2, 0)", 1, 0, 5),
        (r"\frac{3.4}{17} \cdot (-8, 9, 12)", 3, 1, 0),
        (r"\begin{bmatrix}2 & 3 \\ 0 & 1\end{bmatrix} \begin{bmatrix}4 \\ 5\end{bmatrix}", 2, 0, 3),
        (r"\begin{bmatrix}2 \\ 3\end{bmatrix} \begin{bmatrix}4 & 5 & 1\end{bmatrix}", 4, 0, 0),
        (r"W_{2}\,h_{1} + b = (3, 4)", 0, 0, 0),  # symbols
        (r"n + 2 p - d \cdot (k - 1)", 0, 0, 0),
        (r"2 \cdot ? \cdot 4 \odot", 0, 0, 0),  # what is this?
    ],
)
def test_a_formula_takes_what_a_person_would_do(formula: str, multiplications: int, divisions: int, terms: int) -> None:
    assert operations([f"Then ${formula}$."]) == Operations(multiplications, divisions, terms)


def test_an_equation_goes_on_in_the_lines_below_it() -> None:
    display = r"$$\begin{aligned} y &= 2 \cdot 3 \\  &\quad + 4 \cdot 5 \\  &= 26 \\ z &= 4 \cdot 5 \end{aligned}$$"
    assert operations([display]) == Operations(3, 0, 2)


def test_equations_without_a_left_side_stand_for_themselves() -> None:
    display = r"$$\begin{aligned}  &2 \cdot 3 = 6 \\  &2 \cdot 4 = 8 \end{aligned}$$"
    assert operations([display]).multiplications == 2


def test_a_calculation_that_comes_again_counts_once() -> None:
    once = r"- a: $16 \cdot 32 = 512$ weights"
    assert operations([once, once.replace("a:", "b:")]).multiplications == 1
    assert operations([once, once.replace("16", "8")]).multiplications == 2


def test_products_and_quotients_stand_in_text_too_and_sizes_do_not() -> None:
    assert operations(["3 · 4 = 12 columns of 9×9×10; 27 / 4 = 6.75, and −3 / 2; layer `a / 3 / 7`"]) == Operations(
        1, 1, 0
    )


def test_numbers_are_read_without_signs_names_and_indices() -> None:
    text = r"$h_{12} = -3 \cdot 4.5^{77}$, `k9 = 99`, c1 has 20,000 weights, 3 \times 10^{-2} and 1.5 × 10⁷, 9×9×10"
    assert sorted(numbers(text)) == [0.03, 3, 4.5, 9, 9, 10, 20_000, 15_000_000]


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=2, max_size=8))
def test_a_sum_of_products_takes_those_that_are_not_easy(pairs: list[tuple[int, int]]) -> None:
    found = operations(["$y = " + " + ".join(rf"({x}) \cdot ({y})" for x, y in pairs) + "$"])
    assert found.multiplications == sum(abs(x) > 1 and abs(y) > 1 for x, y in pairs)
    assert found.terms == sum(x * y != 0 for x, y in pairs)


@given(st.text(alphabet=r"0123456789.+-*/\{}()[]^_=,;|&$ abcdot", max_size=60))
def test_nothing_that_stands_in_a_formula_breaks_the_reading(text: str) -> None:
    operations([f"${text}$"])
