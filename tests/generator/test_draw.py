"""The space of draws is exact: counted as if every combination were tried, and drawn from evenly."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator import formulas
from generator.draw import Condition, NoDraws, Space, enumerate_space
from generator.formulas import Formula, FormulaError

PEOPLE = ("Ada", "Bo", "Cem")


def condition(text: str) -> Condition:
    formula = formulas.read(text)
    return Condition(formula.names, lambda values: bool(formula.value(values)), text)


@st.composite
def _spaces(draw: st.DrawFn) -> tuple[dict[str, list[int]], list[tuple[str, Formula]], list[Condition]]:
    names = ["a", "b", "c", "d"][: draw(st.integers(1, 4))]
    choices = {name: draw(st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True)) for name in names}
    known, computed = list(names), []
    for name in ("x", "y")[: draw(st.integers(0, 2))]:
        one, other = draw(st.sampled_from(known)), draw(st.sampled_from(known))
        computed.append((name, formulas.read(draw(st.sampled_from([f"{one} + {other}", f"2 * {one}", "3"])))))
        known.append(name)
    conditions = [
        condition(f"{draw(st.sampled_from(known))} {draw(st.sampled_from(['<', '!=', '>=']))} {other}")
        for other in draw(st.lists(st.sampled_from([*known, "4"]), max_size=3))
    ]
    return choices, computed, conditions


def _by_brute_force(choices: Any, computed: Any, conditions: Any) -> list[dict[str, Any]]:
    found = []
    for combination in itertools.product(*choices.values()):
        values = dict(zip(choices, combination, strict=True))
        for name, formula in computed:
            values[name] = formula.value(values)
        if all(condition.holds(values) for condition in conditions):
            found.append(values)
    return found


@settings(max_examples=150)
@given(_spaces())
def test_the_space_is_what_brute_force_finds(drawn: Any) -> None:
    choices, computed, conditions = drawn
    expected = _by_brute_force(choices, computed, conditions)
    if not expected:
        with pytest.raises(NoDraws):
            enumerate_space(choices, computed, conditions)
        return
    space = enumerate_space(choices, computed, conditions, ("person",), PEOPLE)
    assert space.size == len(expected)
    found = [space.draw("secret", "question", number) for number in range(space.size)]
    assert {draw.pop("person") for draw in found} <= set(PEOPLE)
    assert sorted(sorted(values.items()) for values in found) == sorted(sorted(values.items()) for values in expected)


@settings(max_examples=50)
@given(_spaces(), st.sets(st.sampled_from(["a", "b", "x"]), min_size=1))
def test_a_walk_over_names_meets_every_combination_of_them(drawn: Any, names: set[str]) -> None:
    choices, computed, conditions = drawn
    expected = _by_brute_force(choices, computed, conditions)
    names &= {*choices, *(name for name, _ in computed)}
    if not expected or not names:
        return
    space = enumerate_space(choices, computed, conditions)
    walked = {tuple(values[name] for name in sorted(names)) for values in space.over(frozenset(names), 10_000)}
    assert walked == {tuple(values[name] for name in sorted(names)) for values in expected}


def test_a_walk_that_cannot_meet_all_meets_every_value_of_each_parameter() -> None:
    choices = {name: [0, 1] for name in "abcdefghij"}
    walked = list(enumerate_space(choices, [], []).over(frozenset(choices), 256))
    assert len({tuple(values.values()) for values in walked}) == 256
    assert all({values[name] for values in walked} == {0, 1} for name in choices)


def test_parameters_that_nothing_ties_together_are_not_multiplied_out() -> None:
    choices = {f"p{place}": list(range(1000)) for place in range(20)}
    space = enumerate_space(choices, [], [])
    assert space.size == 1000**20
    assert set(space.draw("s", "q", 10**30)) == set(choices)


def test_an_empty_space_is_refused_with_its_conditions() -> None:
    with pytest.raises(NoDraws, match="no draw of a, b meets all conditions") as refused:
        enumerate_space({"a": [1, 2], "b": [1], "c": [1]}, [], [condition("a > 1"), condition("a == b")])
    assert refused.value.hint == "a > 1\na == b"


def test_a_space_too_large_to_look_at_is_refused() -> None:
    with pytest.raises(NoDraws, match="conditions tie a, b together, which makes 1,000,000 combinations"):
        enumerate_space({"a": range(1000), "b": range(1000)}, [], [condition("a < b")])
    with pytest.raises(NoDraws, match="more draws than can be dealt out"):
        enumerate_space({f"p{place}": range(10_000) for place in range(16)}, [], [])


def test_a_condition_over_what_never_varies_is_looked_at_too() -> None:
    with pytest.raises(NoDraws, match="always stays the same"):
        enumerate_space({"a": [1, 2]}, [("b", formulas.read("3"))], [condition("b > 3")])


def test_a_formula_that_fails_for_one_draw_tells_that_draw() -> None:
    with pytest.raises(FormulaError, match="divides by zero") as refused:
        enumerate_space({"a": [1, 2, 3]}, [("b", formulas.read("6 // (a - 2)"))], [])
    assert refused.value.hint == "drawn: a = 2"


def test_people_of_one_draw_are_different_and_make_no_other_variant() -> None:
    space = enumerate_space({"a": [1, 2]}, [], [], ("x", "y", "z"), PEOPLE)
    draws = [space.draw("s", "q", number) for number in range(30)]
    assert space.size == 2
    assert all({draw["x"], draw["y"], draw["z"]} == set(PEOPLE) for draw in draws)
    assert len({draw["x"] for draw in draws}) == 3


def test_another_question_or_secret_draws_in_another_order() -> None:
    space = enumerate_space({"a": list(range(30))}, [], [])

    def order(secret: str, question: str) -> list[int]:
        return [space.draw(secret, question, number)["a"] for number in range(30)]

    assert order("s", "q") == order("s", "q")
    assert len({tuple(order(*key)) for key in (("s", "q"), ("s", "r"), ("t", "q"))}) == 3


def test_a_question_without_parameters_has_one_variant() -> None:
    space = enumerate_space({}, [], [])
    assert isinstance(space, Space)
    assert space.size == 1
    assert space.draw("s", "q", 5) == {}
