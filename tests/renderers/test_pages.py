"""Page breaks and heights are the same for all copies, and no page overflows."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderers.pages import Heights, Piece, Placed, Plan, Spot, Stretch, flow, plan, plan_of_flow, stack

PAGE = 670.0


def piece(name: str, text: float, space: float = 0.0, **more: float) -> Piece:
    return Piece(name, text, space, gap=15.0, step=20.0 if space else 0.0, steps=6, **more)  # type: ignore[arg-type]


def heading(name: str, text: float = 60.0) -> Piece:
    return Piece(name, text, gap=2.0, opens=True)


@st.composite
def exams(draw: st.DrawFn) -> list[Heights]:
    """Up to four copies of an exam; the pieces of a copy differ in the height of their text."""
    pieces: list[Piece] = []
    for section in range(draw(st.integers(1, 6))):
        pieces.append(heading(f"head {section}", draw(st.floats(20, 450))))
        for part in range(draw(st.integers(1, 5))):
            space = draw(st.sampled_from([0.0, 22.0, 90.0, 200.0, 330.0]))
            pieces.append(piece(f"part {section}.{part}", draw(st.floats(20, 300)), space))
    longer = st.floats(0, 30)
    return [
        Heights(PAGE, tuple(replace(p, text=p.text + draw(longer)) for p in pieces))
        for _ in range(draw(st.integers(1, 4)))
    ]


def pages(made: Plan) -> list[list[Placed]]:
    found: list[list[Placed]] = [[]]
    for placed in made.pieces:
        if placed.breaks:
            found.append([])
        found[-1].append(placed)
    return found


@given(exams())
def test_no_page_is_overfull(copies: list[Heights]) -> None:
    for page in pages(plan(copies)):
        assert sum(placed.text + placed.space + placed.gap for placed in page) <= PAGE + 0.1


@given(exams())
def test_pieces_keep_their_order_and_get_what_every_copy_needs(copies: list[Heights]) -> None:
    made = plan(copies)
    for copy in copies:
        for asked, placed in zip(copy.pieces, made.pieces, strict=True):
            assert asked.name == placed.name
            assert asked.text <= placed.text
            assert asked.space <= placed.space


@given(exams())
def test_a_heading_is_last_on_a_page_only_when_it_has_to_be(copies: list[Heights]) -> None:
    made = plan(copies)
    opens = {p.name for p in copies[0].pieces if p.opens}
    for before, after in pairwise(made.pieces):
        if before.name in opens and after.breaks:
            asked = next(
                max(p.space for p in column)
                for column in zip(*(c.pieces for c in copies), strict=True)
                if column[0].name == after.name
            )
            assert before.text > PAGE / 2 or before.text + 2 + after.text + asked > PAGE


@given(exams())
def test_answer_spaces_grow_by_whole_steps_within_bounds(copies: list[Heights]) -> None:
    for asked, placed in zip(copies[0].pieces, plan(copies).pieces, strict=True):
        steps = (placed.space - asked.space) / asked.step if asked.step else 0.0
        assert abs(steps - round(steps)) < 1e-6
        assert steps <= asked.steps


@given(exams())
def test_the_order_of_copies_changes_nothing(copies: list[Heights]) -> None:
    assert plan(copies) == plan(copies[::-1])


def test_pages_come_out_even_rather_than_full_and_then_empty() -> None:
    parts = tuple(piece(f"part {n}", 20, 100) for n in range(6))  # five of them would fit on the first page
    assert [len(page) for page in pages(plan([Heights(PAGE, parts)]))] == [3, 3]


def test_a_page_is_filled_by_its_answer_spaces() -> None:
    made = plan([Heights(PAGE, (piece("part 1", 20, 200), piece("part 2", 20, 200)))])
    assert sum(placed.text + placed.space + placed.gap for placed in made.pieces) == pytest.approx(PAGE)


def test_answer_spaces_grow_in_proportion() -> None:
    made = plan([Heights(PAGE, (piece("part 1", 20, 60), piece("part 2", 20, 400)))])
    assert made["part 1"].space / 60 == pytest.approx(made["part 2"].space / 400, abs=0.35)


def test_a_piece_higher_than_a_page_stands_alone_and_counts_its_pages() -> None:
    made = plan([Heights(PAGE, (piece("part 1", 20, 60), piece("part 2", 1000), piece("part 3", 20, 60)))])
    assert made.pages == 4
    assert made["part 2"].breaks
    assert made["part 3"].breaks


def test_a_long_stem_may_part_from_its_first_part() -> None:
    made = plan([Heights(PAGE, (heading("head 1", 500), piece("part 1.1", 20, 200)))])
    assert made["part 1.1"].breaks


def test_an_exam_of_one_part_is_a_page() -> None:
    assert plan([Heights(PAGE, (piece("part 1", 20, 60),))]).pages == 1


def test_copies_of_different_exams_share_no_plan() -> None:
    one, other = Heights(PAGE, (piece("part 1", 20),)), Heights(PAGE, (piece("part 2", 20),))
    with pytest.raises(ValueError, match="same parts in the same order"):
        plan([one, other])


# ---- what flows from column to column ----


@st.composite
def flows(draw: st.DrawFn) -> tuple[list[Stretch], int]:
    """Stretches, some of which keep with the next, and a number of columns."""
    count = draw(st.integers(1, 40))
    made = [
        Stretch(f"part {n}", draw(st.floats(5, 300)), draw(st.floats(0, 20)), draw(st.booleans())) for n in range(count)
    ]
    return made, draw(st.integers(1, 3))


def bottoms(stretches: list[Stretch], spots: list[Spot]) -> dict[int, float]:
    """How far down each column is filled."""
    return {spot.column: spot.y + stretch.text for stretch, spot in zip(stretches, spots, strict=True)}


@given(flows())
def test_no_column_is_overfull_and_order_is_kept(made: tuple[list[Stretch], int]) -> None:
    stretches, columns = made
    spots = flow(stretches, PAGE, columns)
    assert max(bottoms(stretches, spots).values()) <= PAGE + 0.1
    for before, after, stretch in zip(spots, spots[1:], stretches, strict=False):
        same = after.column == before.column and after.y == pytest.approx(before.y + stretch.text + stretch.gap)
        assert same or (after.column, after.y) == (before.column + 1, 0.0)


@given(flows())
def test_what_keeps_together_parts_only_where_it_is_higher_than_a_column(made: tuple[list[Stretch], int]) -> None:
    stretches, columns = made
    spots = flow(stretches, PAGE, columns)
    for n, stretch in enumerate(stretches[:-1]):
        if stretch.keeps and spots[n + 1].column != spots[n].column:
            start = n
            while start > 0 and stretches[start - 1].keeps and spots[start - 1].column == spots[n].column:
                start -= 1
            kept = stretches[start : n + 2]
            assert sum(each.text + each.gap for each in kept) - kept[-1].gap > PAGE


@given(flows())
def test_a_flow_takes_as_few_pages_as_a_stack_and_fills_columns_no_higher(made: tuple[list[Stretch], int]) -> None:
    stretches, columns = made
    flowing, stacked = flow(stretches, PAGE, columns), stack(stretches, PAGE)
    assert flowing[-1].column // columns == stacked[-1].column // columns
    assert max(bottoms(stretches, flowing).values()) <= max(bottoms(stretches, stacked).values()) + 0.1


def test_columns_are_filled_alike() -> None:
    stretches = [Stretch(f"part {n}", 50, 5) for n in range(14)]  # twelve of them would fit into the first column
    assert [spot.column for spot in flow(stretches, PAGE, 2)] == [0] * 7 + [1] * 7
    assert [spot.column for spot in stack(stretches, PAGE)] == [0] * 12 + [1] * 2


@given(flows())
def test_the_plan_of_a_flow_breaks_where_columns_do(made: tuple[list[Stretch], int]) -> None:
    stretches, columns = made
    spots = flow(stretches, PAGE, columns)
    placed = plan_of_flow(stretches, spots)
    assert placed.pages == spots[-1].column + 1 == len(pages(placed))
    for column, page in enumerate(pages(placed)):
        assert [each.name for each in page] == [
            s.name for s, spot in zip(stretches, spots, strict=True) if spot.column == column
        ]
        assert page[-1].gap == 0


def test_nothing_flows_nowhere() -> None:
    assert flow([], PAGE, 2) == stack([], PAGE) == []
