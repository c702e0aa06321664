"""Every question of the bank that ships, over many draws: keys computed twice, responses judged, no exceptions."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from drawn import judges_itself

from generator import answers, reference, trial
from generator import bank as bank_room
from generator import exam as exam_room
from generator import variant as variant_room
from generator.answers.array import ArrayAnswer
from generator.answers.network import NetworkAnswer
from generator.mistakes import show_all
from generator.question import Question

ROOT = Path(__file__).parents[2] / "bank"
BANK = bank_room.load(ROOT)
DRAWS = 60
WORDS = {"text", "sketch", "choice", "choices", "network"}  # kinds whose answer is written in the file


def test_the_bank_has_no_mistakes_before_any_draw() -> None:
    assert show_all(BANK.mistakes) == ""


@pytest.mark.parametrize("name", sorted(BANK.questions))
def test_a_question_stands_its_trial(name: str) -> None:
    assert show_all(trial.out(BANK.questions[name])) == ""


@pytest.mark.parametrize("name", sorted(BANK.questions))
def test_many_draws_have_keys_that_two_computations_agree_on(name: str) -> None:
    question = BANK.questions[name]
    drawn = set()
    for number in range(DRAWS):
        variant = variant_room.vary(question, "whole bank", number)
        drawn.add(repr([(key, value) for key, value in sorted(variant.values.items()) if key in _counting(question)]))
        assert len(variant.parts) == len(question.parts)
        for part in variant.parts:
            assert judges_itself(part.answer), (part.id, variant.values)
            assert "<<" not in part.prompt + part.lead + part.explanation + str(part.answer.recorded)
        assert "<<" not in variant.stem
    left_out = variant_room.leaves_out(question)
    assert len(drawn) >= min(DRAWS, question.space.size // 2 if left_out else question.space.size)


def test_a_sheet_of_zeros_earns_nothing_where_anything_else_is_asked_for() -> None:
    for name, question in BANK.questions.items():
        for number in range(10 if any(part.kind == "array" for part in question.parts) else 0):
            for part in variant_room.vary(question, "zeros", number).parts:
                if isinstance(part.answer, ArrayAnswer) and any(map(any, part.answer.rows)):
                    sheet = "; ".join(" ".join("0" for _ in row) for row in part.answer.rows)
                    assert part.answer.mark(sheet).share == 0, (name, part.id)


def test_a_single_new_layer_is_no_network_that_keeps_what_still_serves() -> None:
    answer = variant_room.vary(BANK.questions["segment_digits"], "secret", 0).parts[1].answer
    assert isinstance(answer, NetworkAnswer)
    mark = answer.mark("a: Conv2d(1, 1, 3, padding=1)")
    assert (mark.share, mark.readable) == (0, True)
    assert "is not kept" in mark.remarks[-1]


def test_the_bank_serves_a_whole_course() -> None:
    parts = [part for question in BANK.questions.values() for part in question.parts]
    assert len(BANK.questions) >= 60
    assert len(parts) >= 160
    assert {part.kind for part in parts} == set(answers.KINDS)
    asked = {word for part in parts for word in str(part.answer).replace("'", " ").split()}
    assert len(asked & set(reference.QUANTITIES)) >= 50


@pytest.mark.parametrize("name", sorted(BANK.questions))
def test_a_question_says_what_an_instructor_chooses_by(name: str) -> None:
    question = BANK.questions[name]
    assert question.spec.minutes
    assert question.spec.difficulty
    assert question.spec.topics


@pytest.mark.parametrize("name", sorted(BANK.questions))
def test_each_part_is_worked_by_hand_or_has_samples(name: str) -> None:
    for part in BANK.questions[name].parts:
        if part.kind in ("text", "sketch"):
            earns = {sample.earns for sample in part.answer.samples}  # type: ignore[attr-defined] # both kinds have samples
            assert len(earns) >= 2, part.spec.id
        elif part.kind not in WORDS or (part.kind == "choice" and part.answer.choice.quantity):  # type: ignore[attr-defined] # a choice has one
            assert part.spec.example, part.spec.id


def _counting(question: Question) -> set[str]:
    return {name for cluster in question.space.clusters for name in cluster.names}


@pytest.mark.parametrize("path", sorted(BANK.exams.values()), ids=lambda path: path.stem)
def test_an_exam_of_the_bank_is_assembled_the_same_from_the_same_seed(path: Path) -> None:
    plan = exam_room.load(path, BANK)

    def recorded(secret: str) -> list[object]:
        exam = exam_room.assemble(plan, secret, 1, 4)
        return [(part.number, part.points, part.part.prompt, part.part.answer.recorded) for part in exam.parts]

    assert recorded("a") == recorded("a")
    assert recorded("a") != recorded("b")


def test_the_sample_midterm_is_that_of_the_seed() -> None:
    plan = exam_room.load(BANK.exams["cs682-midterm"], BANK)
    exam = exam_room.assemble(plan, "secret", 0, 4)
    assert len(exam.sections) == 8
    assert len(list(exam.parts)) == 20


def test_drawing_leaves_the_randomness_of_the_world_alone() -> None:
    before = random.getstate(), torch.get_rng_state()
    for question in BANK.questions.values():
        variant_room.vary(question, "secret", 5)
    assert random.getstate() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])
