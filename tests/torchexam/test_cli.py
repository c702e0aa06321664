"""The command line: data on stdout, messages on stderr, exit codes, and a quick start."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from torchexam import cli, interrupts

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_help_teaches_the_first_exam(run: Run) -> None:
    said = run("--help").stdout
    assert "torchexam new my-course" in said
    assert "torchexam build quiz --copies 3" in said


@pytest.mark.parametrize(
    "command",
    ["new", "list", "catalogue", "check", "verify", "preview", "build", "freeze", "schema", "doctor"],
)
def test_every_command_explains_itself(run: Run, command: str) -> None:
    said = run(command, "--help")
    assert said.returncode == 0
    assert said.stdout.startswith("Usage: torchexam")


def test_a_new_course_has_no_mistakes_and_builds(run: Run) -> None:
    assert run("check").returncode == 0
    built = run("build", "quiz", "--copies", "2", "--to", "html", "--seed", "s")
    assert built.returncode == 0, built.stderr
    assert built.stdout == "output/quiz\n"
    assert "seed s" in built.stderr


def test_a_new_course_never_overwrites(run: Run, course: Path) -> None:
    said = run("new", str(course))
    assert said.returncode == 1
    assert "this folder is not empty" in said.stderr


def test_check_shows_the_place_of_a_mistake_and_exits_with_1(run: Run, course: Path) -> None:
    file = course / "bank" / "cnn" / "count_parameters.yaml"
    file.write_text(file.read_text("utf-8").replace("kernel_size=kernel", "kernal_size=kernel"), "utf-8")
    said = run("check")
    assert said.returncode == 1
    assert "bank/cnn/count_parameters.yaml:15:49: Conv2d has no argument 'kernal_size'" in said.stdout
    assert "did you mean 'kernel_size'?" in said.stdout
    found = json.loads(run("check", "--json").stdout)["mistakes"]
    assert found[0]["line"] == 15
    assert found[0]["hint"] == "did you mean 'kernel_size'?"


def test_list_tells_points_kinds_and_distinct_variants(run: Run) -> None:
    rows = json.loads(run("list", "--json").stdout)["questions"]
    first = next(row for row in rows if row["id"] == "count_parameters")
    assert first["variants"] == 3 * 5 * 2
    assert first["points"] == 5
    assert first["parts"] == [
        {"id": "sizes", "points": 2, "kind": "table"},
        {"id": "parameters", "points": 3, "kind": "number"},
    ]
    assert json.loads(run("list", "--topic", "optimizers", "--json").stdout)["questions"][0]["id"] == "learning_rate"


def test_preview_draws_other_numbers_for_another_seed(run: Run) -> None:
    drawn = [
        json.loads(run("preview", "count_parameters", "--seed", seed, "--json").stdout)["values"] for seed in "12345"
    ]
    assert len({json.dumps(values) for values in drawn}) > 1


def test_preview_takes_a_file_that_is_in_no_bank(run: Run, course: Path) -> None:
    (course / "bank" / "cnn" / "count_parameters.yaml").rename(course / "mine.yaml")
    said = run("preview", "mine.yaml", "--key")
    assert said.returncode == 0, said.stderr
    assert "parameters" in (course / said.stdout.strip()).read_text("utf-8")


def test_an_unknown_question_is_answered_with_the_nearest(run: Run) -> None:
    said = run("preview", "count_parameter")
    assert said.returncode == 1
    assert "did you mean 'count_parameters'?" in said.stderr


def test_an_unknown_option_is_a_usage_error(run: Run) -> None:
    assert run("build", "quiz", "--copys", "3").returncode == 2
    assert run("build", "quiz", "--to", "word").returncode == 2
    assert run("build", "quiz", "--copies", "2", "--roster", "x.csv").returncode == 2


def test_a_missing_bank_is_said_with_the_way_out(run: Run) -> None:
    said = run("check", "--bank", "nowhere")
    assert said.returncode == 1
    assert "there is no such bank folder" in said.stderr + said.stdout
    assert "torchexam new" in said.stderr + said.stdout


def test_a_bug_of_ours_exits_with_3_and_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("something impossible")

    monkeypatch.setattr("torchexam.checks.load", fail)
    with pytest.raises(SystemExit) as leaving:
        cli.main(["list"])
    assert leaving.value.code == 3
    said = capsys.readouterr().err
    assert "this is a bug in torchexam" in said
    assert "something impossible" in said


def test_an_interrupt_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("torchexam.checks.load", interrupt)
    with pytest.raises(SystemExit) as leaving:
        cli.main(["list"])
    assert leaving.value.code == 130


@pytest.mark.parametrize("becomes", [ImportError, None])
def test_an_interrupt_that_a_library_swallows_still_counts(
    becomes: type[Exception] | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As PyTorch does while it imports NumPy, which then cannot be imported once more; or a finaliser."""

    def swallow(*_: object) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        if becomes:
            raise becomes("cannot load module more than once per process")
        list(cli.progress([1, 2], 2, "drawing"))

    monkeypatch.setattr(interrupts, "_asked", threading.Event())
    monkeypatch.setattr("torchexam.checks.load", swallow)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(SystemExit) as leaving:
            cli.main(["list"])
    finally:
        signal.signal(signal.SIGINT, before)
    assert leaving.value.code == 130
    assert "bug" not in capsys.readouterr().err


HEAVY = ("torch", "weasyprint", "sympy", "matplotlib", "numpy", "jinja2")


@pytest.mark.parametrize("arguments", [["--help"], ["check"], ["list"], ["schema"]])
def test_commands_that_need_no_pytorch_import_nothing_heavy(run: Run, course: Path, arguments: list[str]) -> None:
    run("check")  # from here on what running the bank showed is kept
    code = (
        "import sys\nfrom torchexam.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=course, capture_output=True, text=True, check=True)
    assert said.stderr.splitlines()[-1] == "[]"


def test_doctor_finds_this_machine_fit(run: Run) -> None:
    said = run("doctor", "--json")
    assert said.returncode == 0
    assert all(finding["fine"] for finding in json.loads(said.stdout)["findings"])
