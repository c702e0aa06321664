"""A bank is a folder of questions and exams; exams are assembled the same from the same seed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator import bank as bank_room
from generator import codes
from generator import exam as exam_room
from generator.bank import Bank
from generator.exam import Exam
from generator.mistakes import Mistaken

QUESTION = """title: {title}
topics: [{topic}]
parameters:
  side: {{range: [3, 40]}}
  person: {{choose: names}}
network:
  input: [1, side, side]
  layers: {{a: "Conv2d(1, 8, 3)"}}
stem: <<person>> has <<side>>.
parts:
  - {{id: sizes, points: 2, prompt: Give it., answer: {{table: output_shape, layers: [a]}}}}
  - {{id: options, points: 1, prompt: Choose., answer: {{choice: {{right: one, wrong: [two, three, four]}}}}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bank" / "exams").mkdir(parents=True)
    for name, topic in (("one", "cnn"), ("two", "cnn"), ("three", "cnn"), ("other", "training")):
        write(tmp_path / "bank", name, topic)
    return tmp_path / "bank"


def write(folder: Path, name: str, topic: str = "cnn") -> None:
    (folder / topic).mkdir(parents=True, exist_ok=True)
    (folder / topic / f"{name}.yaml").write_text(QUESTION.format(title=name.title(), topic=topic))


def plan(folder: Path, text: str) -> exam_room.ExamPlan:
    path = folder / "exams" / "midterm.yaml"
    path.write_text(text)
    return exam_room.load(path, bank_room.load(folder))


def values(exam: Exam) -> list[tuple[str, str, object, object]]:
    return [
        (part.number, part.variant.question.id, dict(part.variant.values), part.part.answer.recorded)
        for part in exam.parts
    ]


def test_a_bank_is_every_question_below_its_folder(folder: Path) -> None:
    (folder / ".hidden").mkdir()
    write(folder / ".hidden", "hidden")
    (folder / "cnn" / "notes.md").write_text("no question")
    outside = folder.parent / "outside.yaml"
    outside.write_text("title: 3")
    (folder / "cnn" / "link.yaml").symlink_to(outside)
    bank = bank_room.load(folder)
    assert sorted(bank.questions) == ["one", "other", "three", "two"]
    assert bank.mistakes == ()
    assert bank_room.load(folder, frozenset(["one"])).questions.keys() == {"one"}


def test_two_questions_or_exams_of_one_name_are_a_mistake(folder: Path) -> None:
    write(folder, "one", "training")
    for name in ("midterm.yaml", "midterm.yml"):
        (folder / "exams" / name).write_text("title: Midterm\n")
    messages = [mistake.message for mistake in bank_room.load(folder).mistakes]
    assert messages == [
        "an exam 'midterm' is already in bank/exams/midterm.yaml",
        "a question 'one' is already in bank/cnn/one.yaml",
    ]


def test_a_question_is_found_by_its_id_or_its_path(folder: Path) -> None:
    bank = bank_room.load(folder)
    assert bank.find("one") is bank.find("bank/cnn/one.yaml")
    with pytest.raises(Mistaken, match="the bank has no question 'oen'"):
        bank.find("oen")


def test_a_question_with_mistakes_is_found_with_them(folder: Path) -> None:
    (folder / "cnn" / "one.yaml").write_text("title: 3\n")
    with pytest.raises(Mistaken, match="title: 3 is no text"):
        bank_room.load(folder).find("one")


def test_an_exam_is_found_by_its_id_or_its_path(folder: Path) -> None:
    (folder / "exams" / "midterm.yaml").write_text("title: Midterm\n")
    bank = bank_room.load(folder)
    assert exam_room.find("midterm", bank) == folder / "exams" / "midterm.yaml"
    assert exam_room.find("bank/exams/midterm.yaml", bank) == Path("bank/exams/midterm.yaml")
    for name in ("mitderm", "exams/nothing.yaml"):
        with pytest.raises(Mistaken, match=r"no exam 'mitderm'|no such file"):
            exam_room.find(name, bank)


PLAIN = """title: Midterm
sections:
  - questions: [one, two]
  - title: Last
    questions: [{question: other, parts: [options], points: {options: 3}}]
"""


def test_an_exam_numbers_its_parts_and_adds_up_its_points(folder: Path) -> None:
    loaded = plan(folder, PLAIN)
    exam = exam_room.assemble(loaded, "secret", 0, 4)
    assert [part.number for part in exam.parts] == ["1.1", "1.2", "1.3", "1.4", "2.1"]
    assert [section.title for section in exam.sections] == ["One", "Last"]
    assert [section.points for section in exam.sections] == [6, 3]
    assert loaded.points == 9
    assert sum(part.points for part in exam.parts) == 9


def test_the_same_seed_assembles_the_same_exam(folder: Path) -> None:
    loaded = plan(folder, PLAIN)
    again = plan(folder, PLAIN)
    for number in range(4):
        assert values(exam_room.assemble(loaded, "s", number, 4)) == values(exam_room.assemble(again, "s", number, 4))
    assert values(exam_room.assemble(loaded, "s", 0, 4)) != values(exam_room.assemble(loaded, "t", 0, 4))
    assert values(exam_room.assemble(loaded, "s", 0, 4)) != values(exam_room.assemble(loaded, "s", 1, 4))


def test_adding_and_reordering_questions_changes_nothing_else(folder: Path) -> None:
    def drawn(text: str) -> dict[str, object]:
        exam = exam_room.assemble(plan(folder, text), "secret", 3, 10)
        return {
            part.variant.question.id + part.part.id: (dict(part.variant.values), part.part.answer.recorded)
            for part in exam.parts
        }

    before = drawn("title: Midterm\nsections:\n  - questions: [one, two]\n")
    write(folder, "another")
    after = drawn(
        "title: Midterm\nsections:\n  - questions: [another]\n  - questions: [two, three]\n  - questions: [one]\n"
    )
    assert {name: after[name] for name in before} == before


def test_parameters_of_one_question_do_not_change_another(folder: Path) -> None:
    text = "title: Midterm\nsections:\n  - questions: [one, two]\n"
    before = values(exam_room.assemble(plan(folder, text), "secret", 3, 10))
    file = folder / "cnn" / "one.yaml"
    file.write_text(file.read_text().replace("parameters:", "parameters:\n  maps: {choose: [1, 2, 3]}"))
    after = values(exam_room.assemble(plan(folder, text), "secret", 3, 10))
    assert before[2:] == after[2:]
    assert before[:2] != after[:2]


def test_copies_have_different_values_while_there_are_any(folder: Path) -> None:
    loaded = plan(folder, "title: Midterm\nsections:\n  - questions: [one]\n")
    sides = [next(exam_room.assemble(loaded, "s", number, 38).parts).variant.values["side"] for number in range(38)]
    assert sorted(sides) == list(range(3, 41))


def test_a_pool_deals_few_variants_to_many_copies(folder: Path) -> None:
    loaded = plan(folder, "title: Midterm\nsections:\n  - questions: [one]\n")
    numbers = [next(exam_room.assemble(loaded, "s", number, 40, pool=5).parts).variant.number for number in range(40)]
    assert set(numbers) == set(range(5))
    assert all(numbers.count(number) == 8 for number in range(5))


def test_picked_questions_differ_from_copy_to_copy(folder: Path) -> None:
    loaded = plan(folder, "title: Midterm\nsections:\n  - pick: {topics: [cnn], count: 2}\n")
    picked = [{part.variant.question.id for part in exam_room.assemble(loaded, "s", n, 40).parts} for n in range(40)]
    assert all(len(names) == 2 for names in picked)
    assert {frozenset(names) for names in picked} == {
        frozenset(p) for p in ({"one", "two"}, {"one", "three"}, {"two", "three"})
    }
    assert loaded.points == 6


def test_two_picks_of_one_topic_are_refused(folder: Path) -> None:
    with pytest.raises(Mistaken, match="comes in section 1 already"):
        plan(folder, "title: Midterm\nsections:\n  - pick: {topics: [cnn]}\n  - pick: {topics: [cnn]}\n")


def test_sections_and_questions_are_shuffled_when_asked(folder: Path) -> None:
    loaded = plan(
        folder,
        "title: M\nshuffle: sections\nsections:\n  - questions: [other]\n"
        "  - {questions: [one, two, three], shuffle: questions}\n",
    )
    exams = [exam_room.assemble(loaded, "s", number, 40) for number in range(40)]
    orders = {tuple(part.variant.question.id for part in exam.parts)[::2] for exam in exams}
    assert len(orders) > 8
    assert {exam.sections[0].number for exam in exams} == {"1"}
    assert len({exam.sections[0].title for exam in exams}) == 4


def test_a_convention_of_the_exam_reaches_every_answer(folder: Path) -> None:
    loaded = plan(folder, "title: M\nconventions: {shape_order: chw}\nsections:\n  - questions: [one]\n")
    part = next(exam_room.assemble(loaded, "s", 0, 1).parts)
    side = part.variant.values["side"] - 2
    assert part.part.answer.recorded == {"a": f"8×{side}×{side}"}


def test_the_hash_of_a_bank_is_that_of_its_questions(folder: Path) -> None:
    first: Bank = bank_room.load(folder)
    backwards = {name: first.questions[name] for name in sorted(first.questions, reverse=True)}
    assert bank_room.sha256(first.questions) == bank_room.sha256(backwards)
    write(folder, "another")
    assert bank_room.sha256(first.questions) != bank_room.sha256(bank_room.load(folder).questions)


@pytest.mark.parametrize("copies", [1, 30, 576, 577, 10_000])
def test_codes_differ_in_two_places_and_have_no_look_alikes(copies: int) -> None:
    found = {codes.code(number, "secret", copies) for number in range(copies)}
    assert len(found) == copies
    assert {len(code) for code in found} == {3 if copies <= 576 else 4}
    assert not set("".join(found)) & set("IO01")
    assert not {code for code in found for other in _neighbours(code) if other in found}


def _neighbours(code: str) -> set[str]:
    """Every code that one misread letter would make of it."""
    return {code[:place] + letter + code[place + 1 :] for place in range(len(code)) for letter in codes.LETTERS} - {
        code
    }


@given(st.text(min_size=1), st.integers(0, 575))
def test_the_same_secret_gives_a_copy_the_same_code(secret: str, number: int) -> None:
    assert codes.code(number, secret, 576) == codes.code(number, secret, 576)
