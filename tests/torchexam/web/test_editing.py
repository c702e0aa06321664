"""Changes of a YAML file that leave everything else as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.mistakes import Mistaken
from generator.text import parse
from torchexam.web import editing, exam_tasks

EXAM = """\
# the head
title: Midterm exam   # as printed
minutes: 75
cover:
  fields: [Name, Student ID]
  instructions: |
    - Write your name.

    - Show your work.
conventions: {shape_order: hwc}

sections:
  # first of all
  - questions: [one, two]   # a pair
  - title: The second
    questions:
      # the third
      - three
      - {question: four, parts: [a, b], points: {a: 2}}  # two parts
      - question: five
        points: {a: 1}
  - questions: [six]
# the end
"""


def data(text: str) -> Any:
    return parse(text, "text").data


def changed(*steps: dict[str, Any], text: str = EXAM) -> str:
    return exam_tasks.changed(text, steps)


def test_a_value_changes_and_its_comment_stays() -> None:
    assert changed({"do": "set", "path": ["title"], "value": "Final: all"}) == EXAM.replace(
        "title: Midterm exam   #", 'title: "Final: all"   #'
    )


def test_a_new_key_stands_where_people_put_it() -> None:
    assert changed({"do": "set", "path": ["date"], "value": "12 May"}) == EXAM.replace(
        "minutes: 75\n", "date: 12 May\nminutes: 75\n"
    )
    assert changed({"do": "set", "path": ["sections", 0, "title"], "value": "First"}) == EXAM.replace(
        "  - questions: [one", "  - title: First\n    questions: [one"
    )


def test_a_key_goes_with_its_line() -> None:
    assert changed({"do": "set", "path": ["minutes"], "value": None}) == EXAM.replace("minutes: 75\n", "")
    gone = changed({"do": "set", "path": ["cover", "instructions"], "value": ""})
    assert data(gone)["cover"] == {"fields": ["Name", "Student ID"]}
    assert "cover" not in data(changed({"do": "set", "path": ["cover", "fields"], "value": None}, text=gone))


def test_instructions_are_a_block() -> None:
    text = changed({"do": "set", "path": ["cover", "instructions"], "value": "- Be quick.\n- Be right.\n"})
    assert "  instructions: |\n    - Be quick.\n    - Be right.\nconventions:" in text
    bare = exam_tasks.changed(
        "title: t\nsections: []\n", [{"do": "set", "path": ["cover", "instructions"], "value": "a\nb\n"}]
    )
    assert bare == "title: t\ncover:\n  instructions: |\n    a\n    b\nsections: []\n"


def test_sections_move_with_the_comments_above_them() -> None:
    text = changed({"do": "move_section", "section": 0, "to": 2})
    assert text.endswith("  - questions: [six]\n  # first of all\n  - questions: [one, two]   # a pair\n# the end\n")
    assert changed({"do": "move_section", "section": 2, "to": 0}, text=text) == EXAM


def test_a_section_goes_and_comes() -> None:
    text = changed({"do": "remove_section", "section": 1})
    assert [section["questions"] for section in data(text)["sections"]] == [["one", "two"], ["six"]]
    assert "# first of all" in text
    text = changed({"do": "add_section", "title": "Last", "questions": ["seven"]})
    assert "  - questions: [six]\n  - title: Last\n    questions: [seven]\n# the end\n" in text


def test_questions_move_within_and_across_sections() -> None:
    text = changed({"do": "move", "section": 1, "at": 0, "to_section": 1, "to": 2})
    assert "        points: {a: 1}\n      # the third\n      - three\n  - questions: [six]" in text
    text = changed({"do": "move", "section": 1, "at": 1, "to_section": 0, "to": 1})
    assert "[one, {question: four, parts: [a, b], points: {a: 2}}, two]   # a pair" in text
    assert "four" not in text.split("The second")[1]


def test_the_last_question_may_go_and_another_come() -> None:
    text = changed({"do": "remove", "section": 2, "at": 0})
    assert "  - questions: []\n# the end" in text
    assert "  - questions: [x]\n# the end" in changed({"do": "add", "section": 2, "question": "x"}, text=text)


def test_parts_and_points_are_said_only_where_they_differ() -> None:
    step = {"do": "use", "section": 0, "at": 1, "parts": ["a"], "points": {"a": 3}}
    text = changed(step)
    assert "[one, {question: two, parts: [a], points: {a: 3}}]   # a pair" in text
    assert changed({**step, "parts": [], "points": {}}, text=text) == EXAM


@pytest.mark.parametrize("step", [
    {"do": "remove", "section": 7, "at": 0}, {"do": "nothing"}, {}, {"do": "add", "section": "x", "question": "y"},
    {"do": "set", "path": ["sections", "a", "b"], "value": 1}, {"do": "move_section", "section": 9, "to": 0},
])  # fmt: skip
def test_a_step_that_does_not_belong_is_refused(step: dict[str, Any]) -> None:
    with pytest.raises(Mistaken):
        changed(step)


@pytest.mark.parametrize("text", ["title: [", "- a\n- b\n", "", "title: t\ntitle: u\n", "a: &x 1\nb: *x\n"])
def test_what_is_no_exam_is_refused(text: str) -> None:
    with pytest.raises(Mistaken):
        changed({"do": "add_section", "questions": ["a"]}, text=text)


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20) | st.sampled_from(
    [
        "no",
        "true",
        "1e-3",
        "010",
        "~",
        "",
        "a: b",
        "# x",
        "x # y",
        "- a",
        "[x]",
        "*a",
        "&a",
        "!t",
        "'",
        '"',
        "a\nb\n",
        " a",
        "a ",
    ]
)
values = st.recursive(
    words | st.integers(-9, 9) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
    max_leaves=5,
)


@example("a\nb\n", ("title",))  # a remark stands behind it
@given(
    values,
    st.sampled_from(
        [("title",), ("cover", "instructions"), ("new",), ("sections", 1, "title"), ("sections", 1, "questions", 1)]
    ),
)
def test_any_value_is_written_so_that_it_is_read_again(value: Any, path: tuple[Any, ...]) -> None:
    text = editing.put(EXAM, path, value)
    assert editing.at(data(text), path) == value
    assert "# the head" in text
    assert "# first of all" in text
    assert text.endswith("# the end\n")


steps = st.one_of(
    st.builds(lambda a, b: {"do": "move_section", "section": a, "to": b}, st.integers(0, 2), st.integers(0, 2)),
    st.builds(
        lambda a, b, c: {"do": "move", "section": a, "at": 0, "to_section": b, "to": c},
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 3),
    ),
    st.builds(lambda a, b: {"do": "add", "section": a, "question": f"q{b}"}, st.integers(0, 2), st.integers(0, 9)),
    st.builds(lambda a: {"do": "remove", "section": a, "at": 0}, st.integers(0, 2)),
)


@given(st.lists(steps, max_size=8))
def test_no_question_is_lost_and_no_other_line_changes(some: list[dict[str, Any]]) -> None:
    text = EXAM
    for step in some:
        try:
            text = changed(step, text=text)
        except Mistaken:
            continue  # nothing is left in that section
    added = sum(step["do"] == "add" for step in some)
    entries = [entry for section in data(text)["sections"] for entry in section["questions"]]
    assert len(entries) <= 6 + added
    assert text.startswith(EXAM[: EXAM.index("sections:")])
    assert data(text)["cover"] == data(EXAM)["cover"]
