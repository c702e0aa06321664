"""`torchexam verify`: what it tells, what it exits with, and commands that show a failure again."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import torchexam
from generator import reference
from generator.mistakes import Mistaken
from torchexam import account, cli, verification

Printed = tuple[int, str, str]


@pytest.fixture
def here(course: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The course folder, to work in with one process."""
    monkeypatch.chdir(course)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    return course


@pytest.fixture
def broken(here: Path) -> Path:
    """A question whose network some draws break."""
    return change(
        "cnn/count_parameters.yaml", "MaxPool2d(kernel_size=2)", "MaxPool2d(kernel_size=2 if side < 16 else 3)"
    )


def change(name: str, old: str, new: str) -> Path:
    file = Path("bank") / name
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    return file


def run(capsys: pytest.CaptureFixture[str], *words: str) -> Printed:
    capsys.readouterr()
    with pytest.raises(SystemExit) as leaving:
        cli.main(words)
    printed = capsys.readouterr()
    return int(leaving.value.code or 0), printed.out, printed.err


def commands(printed: str) -> list[list[str]]:
    """The commands that show failures again."""
    return [shlex.split(line) for line in re.findall(r"again with: torchexam (.*)$", printed, re.MULTILINE)]


# ---- where all is well ----


def test_one_screen_says_what_was_verified_and_what_was_not(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, messages = run(capsys, "verify")
    assert (code, messages) == (0, "no failures\n")
    lines = said.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 110
    assert lines[0] == "count_parameters  30 of 30 draws (all)"
    assert "verified: 2 questions with 4 parts, in 33 draws" in lines
    assert "  computed twice  2 parts: PyTorch and the second way agree" in lines
    assert "  1 answer in words: people judge them; only model answer and samples are known" in lines


def test_a_large_bank_has_one_screen_too(here: Path) -> None:
    (found, other) = torchexam.verify().found
    whole = verification.Verification((found, other) * 30, (), ())
    lines = list(account.as_lines(whole))
    assert len(lines) <= 24
    assert "verified: 60 questions with 120 parts, in 990 draws" in lines


@pytest.mark.parametrize("name", ["count_parameters", "bank/cnn/count_parameters.yaml"])
def test_a_question_is_named_by_its_id_or_its_file(here: Path, name: str) -> None:
    assert [one.verified.question for one in torchexam.verify(name).found] == ["count_parameters"]


@pytest.mark.parametrize("name", ["quiz", "bank/exams/quiz.yaml", "bank"])
def test_an_exam_or_a_bank_stands_for_its_questions(here: Path, name: str) -> None:
    assert [one.verified.question for one in torchexam.verify(name).found] == ["count_parameters", "learning_rate"]


def test_what_is_named_twice_is_verified_once(here: Path) -> None:
    assert len(torchexam.verify("bank", "quiz", "count_parameters").found) == 2


def test_json_holds_everything(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = run(capsys, "verify", "--json")
    assert code == 0
    data = json.loads(said)
    assert set(data) == {"questions", "mistakes", "pools"}
    first = data["questions"][0]
    assert (first["id"], first["allowed"], first["verified"], first["left_out"]) == ("count_parameters", 30, 30, 0)
    assert first["failures"] == data["mistakes"] == data["pools"] == []
    assert first["parts"][1] == {
        "id": "parameters", "kind": "number", "quantity": "parameter_count", "wrong_response": True, "options": False,
        "example": True, "samples": 0, "claims": 0, "experiments": 0,
    }  # fmt: skip


def test_what_was_found_is_kept_until_something_changes(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = torchexam.verify()
    monkeypatch.setattr(verification, "verified", lambda *_: pytest.fail("verified again"))
    assert torchexam.verify() == before
    change("cnn/count_parameters.yaml", "title: ", "title: Another ")
    with pytest.raises(pytest.fail.Exception, match="verified again"):
        torchexam.verify()


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"parts": [{}]}', '{"parts": [], "failures": [{"mistake": {}}]}'])
def test_a_broken_cache_costs_only_time(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str) -> None:
    monkeypatch.setenv("TORCHEXAM_CACHE", str(tmp_path / "cache"))
    before = torchexam.verify("learning_rate")
    (file,) = (tmp_path / "cache" / "verified").iterdir()
    file.write_text(kept)
    assert torchexam.verify("learning_rate") == before


def test_several_processes_find_the_same_as_one(broken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for jobs in (1, 2):
        monkeypatch.setenv("TORCHEXAM_CACHE", str(tmp_path / str(jobs)))
        found.append(torchexam.verify(jobs=jobs))
    assert found[0] == found[1]


def test_what_is_kept_is_told_without_importing_anything_heavy(here: Path) -> None:
    torchexam.verify()
    code = (
        "import sys\nfrom torchexam.cli import main\n"
        "try:\n    main(['verify'])\nexcept SystemExit:\n    pass\n"
        "print(*{'torch', 'weasyprint', 'numpy', 'matplotlib'} & set(sys.modules), file=sys.stderr)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stderr == "no failures\n\n"


# ---- failures ----


def test_a_failure_has_a_place_and_a_command_that_shows_it_again(
    broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said, messages = run(capsys, "verify")
    assert (code, messages) == (1, "1 failure\n")
    place = said.split(" ")[0]
    assert place == "bank/cnn/count_parameters.yaml:19:8:"
    assert "10 draws fail here" in said
    assert "failed: count_parameters" in said
    (command,) = commands(said)
    assert command[:2] == ["verify", "bank/cnn/count_parameters.yaml"]
    code, again, _ = run(capsys, *command)
    assert code == 1
    assert again.split(" ")[0] == place
    assert re.findall("drawn: .*", again) == re.findall("drawn: .*", said)


def test_the_command_is_quoted_for_a_shell(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("my 'own' $bank; rm -rf")
    Path("bank").rename(folder)
    code, said, _ = run(capsys, "verify", "--bank", str(folder))
    (command,) = commands(said)
    assert command[1] == str(folder / "cnn" / "count_parameters.yaml")
    assert run(capsys, *command)[0] == code == 1


def test_preview_shows_the_draw_that_a_failure_names(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change("cnn/count_parameters.yaml", "half * half", "half * 8")
    _, said, _ = run(capsys, "verify")
    (command,) = commands(said)
    code, _, shown = run(capsys, "preview", "count_parameters", *command[2:])
    assert code == 1
    assert re.findall("drawn: .*", shown) == re.findall("drawn: .*", said)


def test_the_conventions_of_an_exam_are_in_force_and_in_the_command(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHEXAM_CACHE", str(here / "cache"))  # nobody else may see what this finds
    change("exams/quiz.yaml", "sections:", "conventions: {shape_order: chw}\nsections:")
    module = reference.quantity("parameter_count")
    monkeypatch.setattr(module, "recompute", lambda: 0)
    code, said, _ = run(capsys, "verify", "quiz")
    assert code == 1
    (command,) = (one for one in commands(said) if one[0] == "verify")
    assert command[:3] == ["verify", "bank/exams/quiz.yaml", "--draw"]
    assert command[3].startswith("count_parameters:")
    assert run(capsys, *command)[0] == 1


def test_a_wrong_example_is_shown_again_by_check(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change("cnn/count_parameters.yaml", "answer: 690", "answer: 680")
    code, said, _ = run(capsys, "verify")
    assert code == 1
    (command,) = commands(said)
    assert command == ["check", "bank/cnn/count_parameters.yaml"]
    assert run(capsys, *command)[0] == 1


def test_files_with_mistakes_are_failures(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change("cnn/count_parameters.yaml", "title:", "titel:")
    code, said, _ = run(capsys, "verify")
    assert code == 1
    assert "there is no key 'titel' here" in said
    assert "verified: 1 question" in said
    assert run(capsys, "verify", "count_parameters")[0] == 1
    assert run(capsys, "verify", "quiz")[0] == 1


def test_json_tells_each_failure_with_its_draw_and_command(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = run(capsys, "verify", "--json")
    data = json.loads(said)
    (failure,) = data["questions"][0]["failures"]
    assert code == 1
    assert (failure["line"], failure["column"], failure["draws"]) == (19, 8, 10)
    assert failure["command"] == f"torchexam verify bank/cnn/count_parameters.yaml --draw {failure['draw']}"
    assert [(one["line"], one["column"]) for one in data["mistakes"]] == [(19, 8)]


# ---- what does not fit on paper ----


def one_failure(name: str) -> Any:
    (found,) = torchexam.verify(name).found
    (failure,) = found.verified.failures
    return failure


def test_a_part_that_no_page_holds_fails(here: Path) -> None:
    change("training/learning_rate.yaml", "lines: 4", "lines: 40")
    failure = one_failure("learning_rate")
    assert failure.mistake.message.startswith("part remedy, on paper: it is ")
    assert failure.mistake.excerpt.strip() == "prompt: Describe one remedy and say why it helps."


def test_the_draw_that_is_too_wide_is_shown_again(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change("cnn/count_parameters.yaml", "parameters:  ", f"parameters:\n  word: {{choose: [so, {'x' * 200}]}}\n#")
    change("cnn/count_parameters.yaml", "prompt: How many", "prompt: <<word>>, how many")
    code, said, _ = run(capsys, "verify")
    assert code == 1
    assert f"part parameters, on paper: '{'x' * 40}' is " in said
    assert f"part parameters, in the key: '{'x' * 40}' is " in said
    command = commands(said)[0]
    code, again, _ = run(capsys, *command)
    assert code == 1
    assert again.splitlines()[0] == said.splitlines()[0]
    assert "word = xxx" in run(capsys, "preview", "count_parameters", *command[2:])[2]


FRACTIONS = """parameters:
  k: {choose: ['\\frac{1}{2}', '\\frac{1}{2', 'x^{2}']}
stem: Take $<<k>>$."""


def fractions(where: str = FRACTIONS) -> Path:
    """A question one of whose draws cannot be set."""
    file = Path("bank/halves.yaml")
    answer = "answer: {text: {model: It is., rubric: [{1: says it}]}}"
    parts = f"parts: [{{id: a, points: 1, prompt: 'Which?', {answer}}}]"
    file.write_text(f"title: Halves\ntopics: [test]\n{where}\n{parts}\n", "utf-8")
    return file


def test_a_draw_that_cannot_be_set_fails_and_is_shown_again(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = fractions()
    code, said, _ = run(capsys, "verify", str(file))
    assert code == 1
    assert "bank/halves.yaml:5:" in said
    assert "brace" in said
    (command,) = commands(said)
    assert command[:3] == ["verify", str(file), "--draw"]
    code, again, _ = run(capsys, *command)
    assert code == 1
    assert again.splitlines()[0] == said.splitlines()[0]
    others = {"0", "1", "2"} - {command[3]}
    assert [run(capsys, *command[:3], draw)[0] for draw in others] == [0, 0]


def test_a_formula_that_only_the_layout_finds_names_its_draw_too(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of worked explanations, which stand in no file: the command is none of `check`, which draws another."""
    monkeypatch.setattr(verification, "_unset", lambda *_: iter(()))
    file = fractions(FRACTIONS.replace("{2',", "{2 + 3 + 4',"))
    code, said, _ = run(capsys, "verify", str(file))
    assert code == 1
    assert all(command[:3] == ["verify", str(file), "--draw"] for command in commands(said))
    assert commands(said)
    code, again, _ = run(capsys, *commands(said)[0])
    assert code == 1
    assert again.splitlines()[0] == said.splitlines()[0]


def test_a_draw_that_cannot_be_set_is_not_frozen(here: Path) -> None:
    fractions()
    Path("bank/exams/halves.yaml").write_text("title: H\nsections: [{questions: [halves]}]\n", "utf-8")
    with pytest.raises(Mistaken, match="brace"):
        torchexam.freeze("halves", pool=3, seed="s")


# ---- the command line ----


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "the bank has no question or exam 'nothing'"),
        (["count_parameter"], "did you mean 'count_parameters'?"),
        (["--bank", "nowhere"], "there is no such bank folder"),
        (["nowhere.yaml"], "there is no such file"),
        (["--draw", "7"], "name the question too"),
        (["--draw", "count_parameters:30"], "count_parameters has the draws 0 to 29"),
        (["count_parameters", "--draw", "-1"], "count_parameters has the draws 0 to 29"),
        (["count_parameters", "--draw", "seven"], "count_parameters has the draws 0 to 29"),
        (["--draw", "learning_rat:1"], "did you mean 'learning_rate'?"),
    ],
)
def test_what_is_not_there_is_said(here: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    code, printed, messages = run(capsys, "verify", *words)
    assert code == 1
    assert said in printed + messages
    assert "Traceback" not in messages


def test_a_draw_may_be_named_without_its_question_where_there_is_one(here: Path) -> None:
    (found,) = torchexam.verify("count_parameters", draw="29").found
    assert (found.verified.draws, found.verified.failures) == (1, ())


def test_what_python_gets_are_values(here: Path) -> None:
    found = torchexam.verify("count_parameters")
    assert found.mistakes == ()
    assert found.found[0].verified.parts[0].quantity == "output_shape"
    with pytest.raises(Mistaken):
        torchexam.verify("nothing")
