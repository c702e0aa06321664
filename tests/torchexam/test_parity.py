"""The rows that compare the variants of each question of an exam."""

from __future__ import annotations

from pathlib import Path

from generator import bank as bank_room
from generator import exam as exam_room
from generator import variant
from generator.labor import Labor, labor
from torchexam.parity import HEADER, parity_rows

BANK = bank_room.load(Path(__file__).parents[2] / "bank")
PLAN = exam_room.load(BANK.exams["cs682-midterm"], BANK)


def test_a_row_says_what_variants_ask_for_and_marks_what_is_uneven() -> None:
    name, question = next(iter(PLAN.questions.items()))
    labors = [Labor(8, 0, 12.25, 4, 9), Labor(14, 0, 120, 6, 9)]
    (row,) = parity_rows(PLAN, {name: labors})
    assert row == [question.spec.title, "8–14, uneven", "0", "12.25–120", "4–6", "9"]
    assert len(row) == len(HEADER)


def test_large_numbers_are_written_as_in_keys() -> None:
    name = next(iter(PLAN.questions))
    (row,) = parity_rows(PLAN, {name: [Labor(largest=9216), Labor(largest=138_357_544)]})
    assert row[3] == "9216–138,357,544, uneven"


def test_questions_in_words_or_without_variants_have_no_row() -> None:
    pools = {
        name: [labor(variant.vary(question, "secret", number)) for number in range(3)]
        for name, question in PLAN.questions.items()
    }
    rows = parity_rows(PLAN, pools)
    counted = [name for name, question in PLAN.questions.items() if any(part.quantity for part in question.parts)]
    assert [row[0] for row in rows if row] == [
        question.spec.title for name, question in PLAN.questions.items() if any(one != Labor() for one in pools[name])
    ]
    assert len(rows) >= len(counted) > 0
    assert parity_rows(PLAN, {}) == parity_rows(PLAN, {counted[0]: []}) == []
