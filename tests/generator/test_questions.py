"""A question file is read whole, all its mistakes at once, each at the word that is meant."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from generator import question, trial
from generator.mistakes import Mistake, Mistaken, did_you_mean, show, show_all

GOOD = """title: A question
topics: [cnn]
parameters:
  side: {choose: [9, 12]}
  half: {compute: side // 2}
require: [half > 3]
network:
  input: [1, side, side]
  layers:
    a: Conv2d(1, 8, kernel_size=3)
stem: A side of <<side>> and <<network>>
parts:
  - id: sizes
    points: 2
    prompt: Half of it is <<half>>.
    answer: {table: output_shape, layers: [a]}
  - id: words
    points: 3
    prompt: Say it.
    answer:
      text: {model: Yes., rubric: [{3: says yes}]}
"""


def load(path: Path, text: str) -> question.Question:
    file = path / "question.yaml"
    file.write_text(text, "utf-8")
    return question.load(file, "question.yaml")


def mistakes(path: Path, text: str) -> tuple[Mistake, ...]:
    try:
        return trial.out(load(path, text))
    except Mistaken as refused:
        return refused.mistakes


def test_a_good_question_has_no_mistakes(tmp_path: Path) -> None:
    assert mistakes(tmp_path, GOOD) == ()
    loaded = load(tmp_path, GOOD)
    assert (loaded.id, loaded.points, loaded.space.size) == ("question", 5, 2)


SLIPS = [
    ("topics: [cnn]", "topics: [cnn]\nwrong_key: 3", "wrong_key"),
    ("half: {compute: side // 2}", "half: {compute: sied // 2}", "sied"),
    ("half > 3", "haf > 3", "haf"),
    ("kernel_size=3", "kernal_size=3", "kernal_size"),
    ("<<side>> and", "<<sid>> and", "<<sid>>"),
    ("<<half>>", "<<halb>>", "<<halb>>"),
    ("layers: [a]", "layers: [b]", "b"),
    ("table: output_shape", "table: outputshape", "outputshape"),
    ("{3: says yes}", "{2: says yes}", "[{2: says yes}]"),
    ("id: words", "id: sizes", "sizes"),
]


@pytest.mark.parametrize(("right", "wrong", "word"), SLIPS)
def test_the_caret_points_at_the_word_that_is_meant(tmp_path: Path, right: str, wrong: str, word: str) -> None:
    (mistake,) = mistakes(tmp_path, GOOD.replace(right, wrong))
    begin = mistake.column - 1
    assert mistake.excerpt[begin : begin + mistake.width] == word
    line, caret = show(mistake).splitlines()[1:3]
    assert line[caret.index("^") : caret.rindex("^") + 1] == word


def test_all_mistakes_of_a_file_are_reported_at_once_and_sorted(tmp_path: Path) -> None:
    text = GOOD
    for right, wrong, _ in SLIPS[1:]:
        text = text.replace(right, wrong)
    shown = show_all(mistakes(tmp_path, text))
    places = [(int(line), int(column)) for line, column in re.findall(r"^question\.yaml:(\d+):(\d+): ", shown, re.M)]
    assert len(places) == len(SLIPS) - 1
    assert places == sorted(places)


@pytest.mark.parametrize("count", [2, 3])
def test_one_mistake_does_not_hide_another(tmp_path: Path, count: int) -> None:
    for chosen in itertools.islice(itertools.combinations(SLIPS[1:], count), 20):
        text = GOOD
        for right, wrong, _ in chosen:
            text = text.replace(right, wrong)
        assert len(mistakes(tmp_path, text)) == count


def test_a_question_is_read_the_same_with_windows_line_ends_and_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "question.yaml"
    file.write_bytes(GOOD.replace("\n", "\r\n").encode("utf-8-sig"))
    assert question.load(file, "question.yaml").spec == load(tmp_path, GOOD).spec


def test_the_hash_of_a_question_changes_with_its_text_and_its_pictures(tmp_path: Path) -> None:
    text = GOOD.replace("Say it.", "Say it. ![a grid](grid.png)")
    (tmp_path / "grid.png").write_bytes(b"one")
    first = load(tmp_path, text).sha256
    (tmp_path / "grid.png").write_bytes(b"two")
    second = load(tmp_path, text).sha256
    third = load(tmp_path, text.replace("Say it.", "Say so.")).sha256
    assert len({first, second, third}) == 3
    assert load(tmp_path, text).images["grid.png"].alt == "a grid"


@pytest.mark.parametrize(
    "name", ["../grid.png", "/grid.png", "..%2fgrid.png", "a/grid.png", "grid.png%00", "link.png", "folder.png"]
)
def test_no_picture_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "inside"
    (inside / "a").mkdir(parents=True)
    (inside / "folder.png").mkdir()
    for place in (tmp_path, inside / "a"):
        (place / "grid.png").write_bytes(b"secret")
    (inside / "link.png").symlink_to(tmp_path / "grid.png")
    (mistake,) = mistakes(inside, GOOD.replace("Say it.", f"Say it. ![a grid]({name})"))
    assert "there is no picture" in mistake.message or "is no picture" in mistake.message


def test_a_picture_too_large_for_a_paper_is_refused(tmp_path: Path) -> None:
    (tmp_path / "grid.png").write_bytes(bytes(5_000_001))
    (mistake,) = mistakes(tmp_path, GOOD.replace("Say it.", "Say it. ![a grid](grid.png)"))
    assert mistake.message == "'grid.png' has 5,000,001 bytes; 5,000,000 are allowed"


def test_a_file_of_slips_stops_at_a_hundred_mistakes(tmp_path: Path) -> None:
    holes = " ".join(f"<<x{place}>>" for place in range(2_000))
    assert len(mistakes(tmp_path, GOOD.replace("Say it.", holes))) == 100
    keys = "".join(f"wrong{place}: 1\n" for place in range(2_000))
    assert len(mistakes(tmp_path, GOOD + keys)) == 100


def test_a_list_of_many_values_is_looked_through_in_bounded_time(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, GOOD.replace("[9, 12]", str(list(range(9, 100_000)))))
    assert mistake.message == "this list has more than 10,000 values"


@pytest.mark.parametrize("kind", ["title", "stem", "prompt"])
def test_no_escape_sequence_reaches_the_terminal(tmp_path: Path, kind: str) -> None:
    text = GOOD.replace(f"{kind}: ", f'{kind}: "\\e[31m<<\\e>>" #', 1)
    assert "\x1b" not in show_all(mistakes(tmp_path, text))


def test_the_nearest_known_word_is_suggested() -> None:
    assert did_you_mean("conv2D", ["Conv2d", "Linear"]) == "did you mean 'Conv2d'?"
    assert did_you_mean("xyz", ["b", "a"]) == "known here: a, b"
    assert did_you_mean("xyz", []) == ""


def test_a_long_line_is_shown_around_the_caret() -> None:
    mistake = Mistake("q.yaml", 3, 301, "here", "", "a" * 300 + "WORD" + "b" * 300, 4)
    line, caret = show(mistake).splitlines()[1:]
    assert line[caret.index("^") : caret.rindex("^") + 1] == "WORD"
    assert len(line) < 125


def test_a_mistake_without_a_line_shows_its_path_alone() -> None:
    assert show(Mistake("bank/q.yaml", 0, 0, "there is no such file")) == "bank/q.yaml: there is no such file"
    assert Mistake("q", 1, 2, "m", "h").as_json() == {"path": "q", "line": 1, "column": 2, "message": "m", "hint": "h"}
