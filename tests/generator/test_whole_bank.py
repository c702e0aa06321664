"""Every question of the bank that ships, over many draws: keys computed twice, responses judged, no exceptions."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from drawn import judges_itself

from generator import bank as bank_room
from generator import exam as exam_room
from generator import trial
from generator import variant as variant_room
from generator.mistakes import show_all
from generator.question import Question

ROOT = Path(__file__).parents[2] / "bank"
BANK = bank_room.load(ROOT)
DRAWS = 200


def test_the_bank_has_no_mistakes_before_any_draw() -> None:
    assert show_all(BANK.mistakes) == ""


@pytest.mark.parametrize("name", sorted(BANK.questions))
def test_a_question_stands_its_trial(name: str) -> None:
    assert show_all(trial.out(BANK.questions[name])) == ""


@pytest.mark.parametrize("name", sorted(BANK.questions))
def test_two_hundred_draws_have_keys_that_two_computations_agree_on(name: str) -> None:
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
    assert len(drawn) == min(DRAWS, question.space.size)


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
