"""Copies are dealt evenly and distinct, neighbours get other answers, and what cannot be had is told."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator import bank, exam, variant
from generator.dealing import Choice, Deal, choice, combination, deal, deal_unique
from generator.exam import Seat
from generator.neighbours import Board
from generator.streams import dealt

SIZES = st.lists(st.integers(1, 5), min_size=1, max_size=4)
WIDE = {"wide": [Choice(n, str(n), {}) for n in range(5000)]}  # in words, so that copies are always distinct


def pool(answers: int, size: int = 0) -> list[Choice]:
    """Variants that all differ, with so many answers to their part."""
    return [Choice(n, f"values {n}", {"a": str(n % answers)}) for n in range(size or answers)]


def pools(sizes: Sequence[int]) -> dict[str, list[Choice]]:
    return {f"q{place}": pool(size) for place, size in enumerate(sizes)}


def dealt_to(copies: int, of: Mapping[str, Sequence[Choice]], seats: Sequence[Seat | None] = ()) -> Deal:
    return deal(of, [tuple(of)] * copies, "secret", "exam", seats)


def board(rows: int, columns: int) -> list[Seat | None]:
    return [Seat(f"{row}-{column}", row, column) for row in range(rows) for column in range(columns)]


def times(made: Deal, question: str, size: int) -> list[int]:
    """How often each variant of a question comes."""
    counts = Counter(variants[question] for variants in made.variants if question in variants)
    return [counts[number] for number in range(size)]


# ---- dealing ----


@given(st.integers(100, 5000), st.integers(1, 40), st.text(max_size=3))
def test_without_neighbours_a_copy_gets_what_its_number_is_dealt(size: int, copies: int, secret: str) -> None:
    made = deal(pools([size, 12]), [("q0", "q1")] * copies, secret, "exam")
    expected = [
        {"q0": dealt(n, size, secret, "q0", "pool"), "q1": dealt(n, 12, secret, "q1", "pool")} for n in range(copies)
    ]
    if len({tuple(each.values()) for each in expected}) == copies:
        assert [dict(each) for each in made.variants] == expected


@given(SIZES, st.integers(1, 60))
def test_variants_come_equally_often_give_or_take_one(sizes: list[int], copies: int) -> None:
    made = dealt_to(copies, pools(sizes))
    for place, size in enumerate(sizes):
        counts = times(made, f"q{place}", size)
        assert max(counts) - min(counts) <= 1


@given(SIZES, st.data())
def test_copies_are_distinct_wherever_there_are_enough_variants(sizes: list[int], data: st.DataObject) -> None:
    copies = data.draw(st.integers(1, min(math.prod(sizes), 150)))
    made = dealt_to(copies, pools(sizes))
    assert len({tuple(each.values()) for each in made.variants}) == copies
    assert made.twins == ()


@pytest.mark.parametrize("sizes", [[7], [12, 12], [4, 6, 9], [2, 2, 2, 2, 2], [1, 5, 1, 3]])
def test_copies_may_use_up_every_combination(sizes: list[int]) -> None:
    made = dealt_to(math.prod(sizes), pools(sizes))
    assert {tuple(each.values()) for each in made.variants} == set(product(*map(range, sizes)))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=2), st.integers(17, 60))
def test_copies_that_cannot_be_distinct_are_told(sizes: list[int], copies: int) -> None:
    made = dealt_to(copies, pools(sizes))
    alike = Counter(tuple(each.values()) for each in made.variants)
    assert sum(map(len, made.twins)) == sum(count for count in alike.values() if count > 1)
    for twins in made.twins:
        assert len({tuple(made.variants[copy].items()) for copy in twins}) == 1
    assert len(alike) == math.prod(sizes)


def test_every_kind_of_variant_comes_before_one_comes_twice_though_a_pool_has_several_alike() -> None:
    alike = [Choice(n, f"values {n % 5}", {}) for n in range(12)]  # a question with five draws, in twelve variants
    made = dealt_to(120, {"q": alike})
    kinds = [variants["q"] % 5 for variants in made.variants]
    assert all(set(kinds[start : start + 5]) == set(range(5)) for start in range(0, 120, 5))
    assert set(times(made, "q", 12)) == {8, 12}  # two or three of a kind take turns


def test_variants_are_named_by_their_numbers() -> None:
    choices = [Choice(number, str(number), {}) for number in (30, 10, 20)]
    assert {each["q"] for each in dealt_to(3, {"q": choices}).variants} == {10, 20, 30}


def test_copies_that_ask_other_questions_need_not_differ_in_those_they_share() -> None:
    made = deal(pools([2, 2, 2]), [("q0", "q1"), ("q0", "q2")] * 4, "secret", "exam")
    for start in (0, 1):
        assert len({tuple(each.values()) for each in made.variants[start::2]}) == 4
    assert made.twins == ()


@given(st.integers(2, 6), st.integers(1, 80))
def test_another_question_changes_nothing_for_the_others(size: int, copies: int) -> None:
    some = {**WIDE, **pools([size, 12])}
    made, more = dealt_to(copies, some), dealt_to(copies, {**some, "another": pool(8), "zero": pool(9)})
    assert [{name: each[name] for name in some} for each in more.variants] == [dict(each) for each in made.variants]


def test_the_order_is_part_of_the_secret() -> None:
    of = pools([12, 12])
    made = [deal(of, [tuple(of)] * 144, secret, "exam", board(12, 12)).variants for secret in ("one", "one", "two")]
    assert made[0] == made[1] != made[2]


@given(SIZES, st.integers(0, 100))
def test_combinations_that_follow_each_other_are_all_different(sizes: list[int], start: int) -> None:
    every = math.prod(sizes)
    assert len({tuple(combination(place, sizes)) for place in range(start, start + every)}) == every


# ---- neighbours ----


def touches(made: Deal, of: Mapping[str, Sequence[Choice]], seats: Sequence[Seat | None]) -> set[tuple[int, int, str]]:
    """Found by looking at every two seats."""
    answers = {(name, choice.number): choice.answers for name, choices in of.items() for choice in choices}
    found = set()
    for one, mine in enumerate(seats):
        for other, theirs in enumerate(seats[:one]):
            if mine and theirs and max(abs((mine.row or 0) - (theirs.row or 0)), abs(mine.column - theirs.column)) == 1:
                for name in {*made.variants[one]} & {*made.variants[other]}:
                    first, second = answers[name, made.variants[one][name]], answers[name, made.variants[other][name]]
                    found |= {(other, one, name) for part in first if first[part] == second[part]}
    return found


@st.composite
def some_seats(draw: st.DrawFn) -> list[Seat | None]:
    places = draw(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), unique=True, min_size=1))
    return [Seat("", row, column) for row, column in places] + [None] * draw(st.integers(0, 3))


@given(some_seats(), st.integers(9, 14))
def test_neighbours_differ_where_there_are_nine_answers(seats: list[Seat | None], answers: int) -> None:
    of = {**WIDE, "q": pool(answers)}
    made = dealt_to(len(seats), of, seats)
    assert made.touching == ()
    assert touches(made, of, seats) == set()


@given(some_seats(), st.integers(2, 8), st.integers(1, 12))
def test_neighbours_with_the_same_answer_are_told(seats: list[Seat | None], answers: int, size: int) -> None:
    of = {"q": pool(answers, max(answers, size)), "r": pool(3)}
    made = dealt_to(len(seats), of, seats)
    assert {(*touch.copies, touch.question) for touch in made.touching} == touches(made, of, seats)


@pytest.mark.parametrize("answers", [4, 5, 6, 8])
def test_four_answers_are_enough_for_rows_and_columns(answers: int) -> None:
    seats = board(10, 12)
    made = dealt_to(120, {**WIDE, "q": pool(answers, 12)}, seats)
    assert made.touching == ()
    counts = times(made, "q", 12)
    assert max(counts) - min(counts) <= 3


def test_two_answers_are_enough_for_a_line() -> None:
    made = dealt_to(30, {**WIDE, "q": pool(2)}, [Seat(str(n), None, n) for n in range(30)])
    assert made.touching == ()
    assert times(made, "q", 2) == [15, 15]


def test_a_class_of_400_keeps_variants_even_and_copies_distinct() -> None:
    parts = [Choice(n, str(n), {"a": str(n), "b": str(n * n), "c": "ABCD"[n % 4]}) for n in range(12)]
    made = dealt_to(400, {f"q{place}": parts for place in range(8)}, board(20, 20))
    assert (made.twins, made.touching, made.uneven) == ((), (), ())
    for place in range(8):
        assert set(times(made, f"q{place}", 12)) == {33, 34}


def test_neighbours_differ_though_copies_use_up_every_combination() -> None:
    made = dealt_to(144, pools([12, 12]), board(12, 12))
    assert (made.twins, made.touching) == ((), ())


def test_distinct_copies_go_before_neighbours() -> None:
    made = dealt_to(4, pools([2, 2]), [Seat("", None, n) for n in range(4)])
    assert made.twins == ()
    assert len(made.touching) == 1  # of three pairs, one meets in one of the questions


def test_neighbours_make_variants_uneven_only_where_they_must() -> None:
    choices = [Choice(0, "0", {"a": "1"}), *(Choice(n, str(n), {"a": "2"}) for n in (1, 2, 3))]
    made = dealt_to(40, {**WIDE, "q": choices}, [Seat("", None, n) for n in range(40)])
    assert made.touching == ()
    assert made.uneven == ("q",)
    assert times(made, "q", 4)[0] == 20


def test_a_part_with_one_answer_is_named_once() -> None:
    choices = [Choice(n, str(n), {"a": str(n), "b": "always"}) for n in range(9)]
    made = dealt_to(9, {"q": choices}, board(3, 3))
    assert made.constant == (("q", "b"),)
    assert made.touching == ()
    assert dealt_to(9, {"q": choices}).constant == ()  # nobody sits beside anybody


def test_rooms_and_questions_that_are_not_shared_make_no_neighbours() -> None:
    apart = [Seat("1", None, 1, "red"), Seat("2", None, 2, "blue")]
    assert dealt_to(2, {"q": pool(1), "w": WIDE["wide"]}, apart).constant == ()
    made = deal({**pools([1, 1])}, [("q0",), ("q1",)], "secret", "exam", board(1, 2))
    assert made.constant == ()


def test_copies_without_a_seat_are_nobodys_neighbours() -> None:
    seats = [*board(2, 2), None, None]
    assert [sorted(beside) for beside in Board(seats).beside] == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [], []]


def test_seats_in_rows_have_eight_neighbours_and_seats_in_a_line_two() -> None:
    assert max(map(len, Board(board(3, 3)).beside)) == 8
    assert [sorted(beside) for beside in Board([Seat("", None, n) for n in (4, 5, 6, 8)]).beside] == [
        [1],
        [0, 2],
        [1],
        [],
    ]
    assert [*Board([Seat("", None, 1), Seat("", 1, 2)]).pairs()] == []


# ---- a variant for each copy ----


def test_unique_copies_have_the_variant_with_their_number() -> None:
    asked = [("q0", "q1") if copy % 2 else ("q0",) for copy in range(20)]
    odd = [Choice(n, str(n), {}) for n in range(1, 20, 2)]
    made = deal_unique({"q0": pool(20), "q1": odd}, asked, "secret", "exam")
    assert [dict(each) for each in made.variants] == [dict.fromkeys(names, copy) for copy, names in enumerate(asked)]


def test_unique_copies_swap_variants_where_neighbours_share_an_answer() -> None:
    made = deal_unique({"q": pool(10, 100)}, [("q",)] * 100, "secret", "exam", board(20, 5))
    assert made.touching == ()
    assert times(made, "q", 100) == [1] * 100


# ---- what dealing is told ----


def test_a_choice_knows_values_and_computed_answers_and_no_names() -> None:
    root = Path(__file__).parents[2] / "bank"
    question = bank.load(root, frozenset({"segment_digits"})).questions["segment_digits"]
    draws = [question.space.draw("secret", "segment_digits", number) for number in range(2 * question.space.size)]
    anew = next(n for n, draw in enumerate(draws[1:], 1) if {**draw, "person": ""} == {**draws[0], "person": ""})
    drawn = [variant.vary(question, "secret", number) for number in (0, 1, anew)]
    first, second, again = (choice(each, ["shapes", "redesign", "reuse"]) for each in drawn)
    assert [*first.answers] == ["shapes", "redesign"]  # reuse is in words, and the exam leaves out what else there is
    assert first.same == again.same != second.same
    assert first.answers == again.answers != second.answers
    assert again.number == anew


def test_the_questions_asked_are_those_of_the_copy(tmp_path: Path) -> None:
    part = "parts: [{id: a, points: 1, prompt: Why?, answer: {text: {lines: 3, model: so, rubric: [{1: so}]}}}]"
    for name in "abcd":
        (tmp_path / f"{name}.yaml").write_text(f"title: {name}\ntopics: [{'t' if name < 'd' else 'u'}]\n{part}\n")
    sections = "[{pick: {topics: [t], count: 2}}, {questions: [d]}]"
    (tmp_path / "e.yaml").write_text(f"title: E\nshuffle: sections\nsections: {sections}\n")
    plan = exam.load(tmp_path / "e.yaml", bank.load(tmp_path))
    for number in range(6):
        parts = exam.assemble(plan, "secret", number, 6).parts
        assert {one.question for one in exam.outline(plan, "secret", number)} == {
            part.variant.question.id for part in parts
        }
    assert len({frozenset(one.question for one in exam.outline(plan, "secret", number)) for number in range(20)}) == 3
