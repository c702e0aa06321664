"""Draws depend on their key alone, and leave the world's randomness untouched."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from generator.streams import Stream, dealt, key


@given(st.integers(1, 3000), st.text(max_size=5))
def test_a_deal_gives_every_place_once_before_any_comes_twice(size: int, secret: str) -> None:
    assert sorted(dealt(number, size, secret) for number in range(size)) == list(range(size))


@given(st.integers(1, 10**60), st.integers(0, 10**70))
def test_a_deal_from_a_huge_space_stays_within_it(size: int, number: int) -> None:
    assert 0 <= dealt(number, size, "secret") < size


def test_a_second_round_of_a_deal_comes_in_another_order() -> None:
    first, second = ([dealt(number + lap, 24, "s") for number in range(24)] for lap in (0, 24))
    assert first != second
    assert sorted(second) == list(range(24))


def test_two_keys_deal_in_different_orders() -> None:
    orders = {tuple(dealt(number, 50, "secret", question) for number in range(50)) for question in "abcdefgh"}
    assert len(orders) == 8


def test_the_same_key_draws_the_same_values() -> None:
    assert [Stream("s", 1).below(100) for _ in range(3)] == [Stream("s", 1).below(100)] * 3
    assert [Stream("s", 1).below(10**6) for _ in range(3)] != [Stream("s", 2).below(10**6) for _ in range(3)]


def test_a_stream_is_the_same_on_every_machine_and_in_every_version() -> None:
    stream = Stream("secret", "question", 7, "values")
    assert [stream.below(1000) for _ in range(4)] == [163, 785, 153, 490]
    assert [dealt(number, 10, "secret", "question") for number in range(10)] == [5, 1, 4, 6, 9, 2, 8, 0, 7, 3]


def test_parts_of_a_key_do_not_run_together() -> None:
    assert key("ab", "c") != key("a", "bc") != key("abc")


def test_a_seed_may_be_any_bytes_of_a_command_line() -> None:
    assert key("\udcff") != key("\udcfe")


@pytest.mark.parametrize("bound", [2, 3, 7, 10])
def test_every_value_below_a_bound_is_about_equally_likely(bound: int) -> None:
    stream, draws = Stream("fair", bound), 3000
    counts = Counter(stream.below(bound) for _ in range(draws))
    expected = draws / bound
    assert sum((counts[v] - expected) ** 2 / expected for v in range(bound)) < 30  # chi-squared, 9 degrees at most


@given(st.integers(1, 2**64))
def test_a_value_below_any_bound_is_below_it(bound: int) -> None:
    assert 0 <= Stream("s", bound).below(bound) < bound


@given(st.lists(st.integers(), max_size=30))
def test_a_shuffle_keeps_every_item(items: list[int]) -> None:
    assert sorted(Stream("s").shuffled(items)) == sorted(items)


def test_the_randomness_of_the_world_is_not_touched() -> None:
    before = random.getstate(), repr(np.random.get_state()), torch.get_rng_state()
    Stream("s").shuffled(range(100))
    dealt(3, 100, "s")
    after = random.getstate(), repr(np.random.get_state()), torch.get_rng_state()
    assert before[:2] == after[:2]
    assert torch.equal(before[2], after[2])
