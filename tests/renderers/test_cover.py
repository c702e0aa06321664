"""The cover says whose copy it is and how long it takes, and nothing more of what the roster knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from generator import bank, exam
from generator.exam import Accommodation, ExamPlan, Seat, Student
from renderers.compose import compose
from renderers.document import Cover

QUESTION = """
title: A question
topics: [test]
parts: [{id: a, points: 1, prompt: Why?, answer: {text: {lines: 3, model: so, rubric: [{1: so}]}}}]
"""
EXAM = """
title: Test
minutes: 75
cover: {fields: [Name, Student ID, Email, Seat, Room, Section]}
sections: [{questions: [q]}]
"""
ADA = Student("Ada Osei", "1001", "ada@example.org", Seat("B12", 2, 12, "Hall 1"))


@pytest.fixture
def plan(tmp_path: Path) -> ExamPlan:
    (tmp_path / "exams").mkdir()
    (tmp_path / "q.yaml").write_text(QUESTION)
    (tmp_path / "exams" / "e.yaml").write_text(EXAM)
    return exam.load(tmp_path / "exams" / "e.yaml", bank.load(tmp_path))


def cover(plan: ExamPlan, student: Student | None) -> Cover:
    made = compose(exam.assemble(plan, "secret", 0, 1, student=student), "students").cover
    assert made
    return made


def test_boxes_are_filled_with_what_the_roster_says(plan: ExamPlan) -> None:
    filled = {"Name": "Ada Osei", "Student ID": "1001", "Email": "ada@example.org", "Seat": "B12", "Room": "Hall 1"}
    assert dict(cover(plan, ADA).fields) == {**filled, "Section": ""}
    assert set(dict(cover(plan, Student("Bo", "2")).fields).values()) == {"Bo", "2", ""}
    assert set(dict(cover(plan, None).fields).values()) == {""}


@pytest.mark.parametrize(
    ("minutes", "extra", "says"),
    [
        (75, 0, "75 minutes"),
        (75, 50, "113 minutes (75 and 50% more)"),
        (75, 100, "150 minutes (75 and 100% more)"),
        (60, 25, "75 minutes (60 and 25% more)"),
        (100, 1, "101 minutes (100 and 1% more)"),
        (90, 33, "120 minutes (90 and 33% more)"),
    ],
)
def test_more_time_is_rounded_up_to_whole_minutes(plan: ExamPlan, minutes: int, extra: int, says: str) -> None:
    timed = replace(plan, spec=plan.spec.model_copy(update={"minutes": minutes}))
    facts = cover(timed, replace(ADA, accommodation=Accommodation(extra_time=extra))).facts
    assert dict(facts)["Time"] == says


def test_an_exam_without_minutes_says_nothing_of_time(plan: ExamPlan) -> None:
    timeless = replace(plan, spec=plan.spec.model_copy(update={"minutes": None}))
    assert "Time" not in dict(cover(timeless, replace(ADA, accommodation=Accommodation(extra_time=50))).facts)


def test_only_the_time_tells_of_an_accommodation(plan: ExamPlan) -> None:
    needs = Accommodation(large=True, extra_time=50, html=True)
    ordinary, other = cover(plan, ADA), cover(plan, replace(ADA, accommodation=needs))
    assert replace(other, facts=()) == replace(ordinary, facts=())
    assert {**dict(other.facts), "Time": ""} == {**dict(ordinary.facts), "Time": ""}
