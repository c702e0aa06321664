"""What was tried out is kept until the question or the code changes, and a broken cache costs only time."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from generator import question, store, trial
from generator.mistakes import Mistake

TEXT = """title: A question
topics: [test]
parameters:
  side: {choose: [9, 12]}
network:
  input: [1, side, side]
  layers:
    a: MaxPool2d(10)
parts:
  - {id: a, points: 2, prompt: Answer., answer: {table: output_shape, layers: [a]}}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCHEXAM_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "question.yaml"
    path.write_text(TEXT)
    return path


def out(path: Path) -> tuple[Mistake, ...]:
    return trial.out(question.load(path, path.name))


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "trials").glob("*.json"))


def test_a_kept_result_is_the_same_as_a_fresh_one(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = out(file)
    assert len(fresh) == 1
    assert len(kept(tmp_path)) == 1
    monkeypatch.setattr(trial, "_all", lambda _: pytest.fail("tried out again"))
    assert out(file) == fresh


def test_a_changed_file_is_tried_out_again(file: Path, tmp_path: Path) -> None:
    assert out(file)
    file.write_text(TEXT.replace("MaxPool2d(10)", "MaxPool2d(9)"))
    assert out(file) == ()
    assert len(kept(tmp_path)) == 2


def test_changed_code_tries_everything_out_again(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out(file)
    monkeypatch.setattr(trial, "own_code", lambda: "other code")
    out(file)
    assert len(kept(tmp_path)) == 2


@pytest.mark.parametrize(
    "data",
    ["", "{", "null", "3", "{}", "[1]", "[[1, 2]]", '[["a", 2, "m", "", "", 1]]', "[[1, 2, 3, 4, 5, 6]]",
     "[" * 100_000, "\x00"],
    ids=str.__len__,
)  # fmt: skip
def test_a_broken_cache_file_is_tried_out_again(file: Path, tmp_path: Path, data: str) -> None:
    fresh = out(file)
    (path,) = kept(tmp_path)
    path.write_text(data)
    assert out(file) == fresh
    assert json.loads(path.read_text())


def test_a_cache_that_is_no_text_is_tried_out_again(file: Path, tmp_path: Path) -> None:
    fresh = out(file)
    kept(tmp_path)[0].write_bytes(b"\xff\xfe\x00")
    assert out(file) == fresh


def test_a_cache_folder_that_cannot_be_written_costs_only_time(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = out(file)
    (tmp_path / "in the way").write_text("a file")
    monkeypatch.setenv("TORCHEXAM_CACHE", str(tmp_path / "in the way"))
    assert out(file) == fresh

    def full(*arguments: Any, **more: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("TORCHEXAM_CACHE", str(tmp_path / "full"))
    monkeypatch.setattr(os, "fsync", full)
    assert out(file) == fresh
    assert [path for path in (tmp_path / "full").rglob("*") if path.is_file()] == []


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "deep" / "file"
    store.write_whole(path, b"one")
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.write_whole(path, b"two")
    assert path.read_bytes() == b"one"
    assert list(path.parent.iterdir()) == [path]


def test_parts_of_a_digest_do_not_run_together() -> None:
    assert store.digest("ab", "c") != store.digest("a", "bc")
    assert store.digest("a") == store.digest(b"a")


def test_a_layer_that_breaks_in_the_half_of_a_large_space_is_found(file: Path) -> None:
    many = "\n".join(f"  p{place}: {{choose: [2, 3]}}" for place in range(13))
    layers = "\n".join(f"    b{place}: Conv2d(1, 1, p{place}, padding=2)" for place in range(13))
    text = TEXT.replace("MaxPool2d(10)", "MaxPool2d(6 if p0 == 2 else 60)").replace(
        "parameters:", f"parameters:\n{many}"
    )
    file.write_text(text.replace("    a: ", f"{layers}\n    a: "))
    (mistake,) = out(file)
    assert "its window of 60×60 does not fit in" in mistake.message


def test_an_answer_that_fails_to_judge_itself_is_a_mistake(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from generator.answers.kind import Mark
    from generator.answers.table import TableAnswer

    file.write_text(TEXT.replace("MaxPool2d(10)", "MaxPool2d(3)"))
    monkeypatch.setattr(TableAnswer, "mark", lambda *_: Mark(0.5))
    messages = [mistake.message for mistake in out(file)]
    assert [message.split(": ")[:2] for message in messages] == [["part a", "its own answer is not marked right"]]


def test_a_disagreement_of_the_two_computations_is_a_mistake(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from generator.reference import output_shape

    file.write_text(TEXT.replace("MaxPool2d(10)", "MaxPool2d(3)"))
    monkeypatch.setattr(output_shape, "recompute", lambda *_, **__: ((9, 9, 9),))
    (mistake,) = out(file)
    assert "the second computation gives ((9, 9, 9),)" in mistake.message
    assert "drawn: side = " in mistake.hint


EXAMPLES = [
    ("{a: 3×3×1}", True),
    ("{a: '(3, 3, 1)'}", True),
    ("{a: 3×3×2}", False),
    ("3×3×1", False),
    ("{a: {b: 3}}", False),
    ("", False),
]


@pytest.mark.parametrize(("answer", "right"), EXAMPLES)
def test_an_example_is_recomputed(file: Path, answer: str, right: bool) -> None:
    text = TEXT.replace("MaxPool2d(10)", "MaxPool2d(3)").replace(
        "layers: [a]}}", f"layers: [a]}}, example: {{with: {{side: 9}}, answer: {answer}}}}}"
    )
    file.write_text(text)
    assert (out(file) == ()) is right


def test_an_example_with_a_long_number_is_exact(file: Path) -> None:
    file.write_text(
        "title: T\ntopics: [t]\nnetwork: {input: [1000], layers: {a: 'Linear(1000, 1000)'}}\nparts:\n"
        "  - {id: a, points: 1, prompt: P., answer: {number: parameter_count}, example: {answer: 1001000}}\n"
    )
    assert out(file) == ()
