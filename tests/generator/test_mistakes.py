"""Every file in tests/mistakes is reported as the text beside it says: all its mistakes, sorted, with their places."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from generator import bank, exam, question, trial
from generator.mistakes import Mistake, Mistaken, show_all
from torchexam import dollars

FOLDER = Path(__file__).parents[1] / "mistakes"
FILES = sorted(FOLDER.glob("*.yaml"))


def found(path: Path) -> tuple[Mistake, ...]:
    """The mistakes of a question file, or of an exam file over the tiny bank."""
    try:
        if path.name.startswith("exam_"):
            exam.load(path, bank.load(FOLDER / "bank"))
            return ()
        read = question.load(path, path.name)
        return tuple(sorted({*trial.out(read), *dollars.unpaired(read)}))
    except Mistaken as error:
        return error.mistakes


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_mistake_is_reported_as_the_text_beside_it_says(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    assert show_all(found(path)) + "\n" == path.with_suffix(".txt").read_text("utf-8")


def test_mistakes_come_whole_from_another_process() -> None:
    mistake = Mistake("bank/cnn/strided.yaml", 3, 5, "this is wrong", "this would work", "an excerpt", 4)
    assert pickle.loads(pickle.dumps(Mistaken([mistake]))).mistakes == (mistake,)
