"""Questions are found by what is said of them, and a catalogue shows each with its key."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest

import torchexam
from generator.mistakes import Mistaken
from torchexam.listing import Filter, chosen

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def ids(course: Path, **wanted: object) -> list[str]:
    return [question.id for question in chosen(torchexam.load(course / "bank"), Filter(**wanted))]  # type: ignore[arg-type] # any filter


def test_each_filter_leaves_the_questions_that_fit(course: Path) -> None:
    assert ids(course) == ["count_parameters", "learning_rate"]
    assert ids(course, topics=["cnn"]) == ["count_parameters"]
    assert ids(course, topics=["cnn", "optimizers"]) == []
    assert ids(course, kinds=["text"]) == ["learning_rate"]
    assert ids(course, kinds=["text", "choice"]) == ["learning_rate"]
    assert ids(course, find="LEARNING RATE") == ["learning_rate"]
    bank = torchexam.load(course / "bank")
    for difficulty in ("easy", "medium", "hard"):
        fitting = [name for name, question in bank.questions.items() if question.spec.difficulty == difficulty]
        assert ids(course, difficulty=difficulty) == sorted(fitting)
    minutes = {name: question.spec.minutes or 0 for name, question in bank.questions.items()}
    assert ids(course, minutes=min(minutes.values())) == sorted(
        n for n in minutes if minutes[n] == min(minutes.values())
    )


def test_a_word_that_no_question_has_is_answered_with_the_nearest(course: Path) -> None:
    with pytest.raises(Mistaken, match="no question has the topic 'optimisers'"):
        ids(course, topics=["optimisers"])
    with pytest.raises(Mistaken, match="no question has the kind of answer 'tabel'"):
        ids(course, kinds=["tabel"])


def test_list_takes_the_filters(run: Run) -> None:
    rows = json.loads(run("list", "--kind", "text", "--find", "rate", "--json").stdout)["questions"]
    assert [row["id"] for row in rows] == ["learning_rate"]
    refused = run("list", "--topic", "optimisers")
    assert refused.returncode == 1
    assert "did you mean 'optimizers'?" in refused.stderr


def test_the_catalogue_shows_every_question_with_its_key(course: Path) -> None:
    page = torchexam.catalogue(course / "bank", to="html").decode()
    for name in ("count_parameters", "learning_rate"):
        assert f"<code>{name}</code>" in page
    assert page.count("<h2 ") == 2
    assert 'href="#section-2"' in page
    assert "Model answer" in page
    assert torchexam.catalogue(course / "bank", to="html").decode() == page
    with pikepdf.open(io.BytesIO(torchexam.catalogue(course / "bank", to="pdf"))) as pdf:
        assert len(pdf.pages) >= 1
        with pdf.open_outline() as outline:
            assert outline.root


def test_a_catalogue_of_nothing_says_so(course: Path) -> None:
    with pytest.raises(Mistaken, match="no question fits the filters"):
        torchexam.catalogue(course / "bank", Filter(find="zeppelin"))
