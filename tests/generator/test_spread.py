"""The draws that are looked at: all, or so many that every value comes."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from generator import spread
from generator.draw import Condition, Space, enumerate_space
from generator.streams import Stream

NAMES = Stream("names")


def space(**choices: list[object]) -> Space:
    return enumerate_space(choices, [], [])


def values(space_: Space, count: int) -> list[dict[str, object]]:
    return [space_.at(place, NAMES) for place in itertools.islice(spread.places(space_, count), count)]


def test_of_few_draws_all_come_in_their_order() -> None:
    assert list(spread.places(space(a=[1, 2, 3], b=["x", "y"]), 6)) == [0, 1, 2, 3, 4, 5]


@settings(max_examples=25)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=4), st.integers(12, 30))
def test_every_value_comes_among_the_first(sizes: list[int], count: int) -> None:
    choices = {f"p{place}": [*range(size)] for place, size in enumerate(sizes)}
    drawn = values(space(**choices), count)
    for name, all_ in choices.items():
        assert {one[name] for one in drawn} == set(all_)


@settings(max_examples=25)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 20))
def test_every_place_comes_once(sizes: list[int], count: int) -> None:
    some = space(**{f"p{place}": [*range(size)] for place, size in enumerate(sizes)})
    places = list(spread.places(some, count))
    assert sorted(places) == list(range(some.size))


def test_every_value_of_tied_parameters_comes_among_the_first() -> None:
    tied = Condition(frozenset("ab"), lambda drawn: drawn["a"] + drawn["b"] > 20, "a + b > 20")
    some = enumerate_space({"a": [*range(30)], "b": [*range(30)], "c": [[1], [2]]}, [], [tied])
    drawn = values(some, 50)
    assert {one["a"] for one in drawn} == {one["b"] for one in drawn} == set(range(30))
    assert all(one["a"] + one["b"] > 20 for one in drawn)  # type: ignore[operator]


def test_the_smallest_and_the_largest_come_where_not_all_can() -> None:
    drawn = values(space(a=[*range(1000)]), 5)
    assert {0, 999} < {one["a"] for one in drawn}


def test_a_space_too_large_to_walk_through_is_spread_too() -> None:
    huge = space(**{f"p{place}": [*range(1000)] for place in range(19)})
    drawn = values(huge, 50)
    assert len({repr(one) for one in drawn}) == 50


def test_the_same_places_come_each_time() -> None:
    some = space(a=[*range(40)], b=[*range(40)])
    assert list(itertools.islice(spread.places(some, 50), 60)) == list(itertools.islice(spread.places(some, 50), 60))


def test_a_space_allows_its_draws_and_no_others() -> None:
    some = enumerate_space(
        {"a": [1, 2], "b": [[1, 2], [3, 4]]}, [], [Condition(frozenset("a"), lambda d: d["a"] > 1, "")]
    )
    assert some.allows({"a": 2, "b": [3, 4]})
    assert not some.allows({"a": 1, "b": [3, 4]})
    assert not some.allows({"a": 2, "b": [4, 3]})
    assert not some.allows({"a": 2})
