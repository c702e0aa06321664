"""What README and docs say is so: their blocks are run in order, their tables compared with the code.

How a block is marked:

    ```yaml             a whole question is tried out; a piece of one is put into the running question first
    # bank/cnn/x.yaml   …and written there, when this is its first line
    ```diff FILE        the lines with - become those with + in FILE
    ```csv FILE         written to FILE
    ```console          lines with $ are commands, the others must occur in their output, in order; … is anything
    ```console fails    …and the last command has the exit code 1
    ```sh               lines that begin with torchexam or cd are run, whatever they print; a service, until it answers
    ```python           run; `print(…)  # this` prints this
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

import torchexam
from generator import (
    answers,
    bank,
    draw,
    experiments,
    formulas,
    layers,
    listing,
    parameters,
    question,
    reference,
    spec,
    text,
    trial,
    workings,
)  # fmt: skip
from generator.answers import asking
from generator.mistakes import Mistake, Mistaken
from torchexam import cli, dollars
from torchexam.web.settings import ROLES

ROOT = Path(__file__).parents[2]
README, LANGUAGE, EXAMS, COMMANDS, TRUST, QUANTITIES = (
    "README.md",
    "docs/question-language.md",
    "docs/exam-files.md",
    "docs/commands.md",
    "docs/answers-you-can-trust.md",
    "docs/quantities.md",
)
EXTENDING = "docs/extending.md"  # its package is installed and run by test_extending
ALL_PAGES = [README, *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
PAGES = [page for page in ALL_PAGES if page != EXTENDING]


SHOWN = {"nginx", "caddy", "dockerfile", "text", "json"}  # languages of other programs, which are not run


def written(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


# ---- blocks ----


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, its language, what stands behind that, and its lines."""

    page: str
    line: int
    language: str
    note: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str) -> list[Block]:
    content = written(page)
    found = re.finditer(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", content, re.DOTALL | re.MULTILINE)
    return [Block(page, content[: b.start()].count("\n") + 1, b[1], b[2].strip(), b[3]) for b in found]


def without_blocks(page: str) -> str:
    return re.sub(r"^```.*?^```$", "", written(page), flags=re.DOTALL | re.MULTILINE)


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    known = {"yaml", "diff", "csv", "console", "sh", "python"} | SHOWN
    assert [str(block) for page in PAGES for block in blocks(page) if block.language not in known] == []
    for page in PAGES:
        assert written(page).count("\n```") == 2 * len(blocks(page)), page


# ---- the steps of a page, in order ----


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own to work in, with one process for builds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_the_steps_of_a_page_work_in_order(page: str, place: Path) -> None:
    if page == README:
        shutil.copytree(ROOT / "bank", place / "bank")
    else:
        torchexam.new(place / "my-course")
        os.chdir(place / "my-course")
    for block in blocks(page):
        step(block)


def step(block: Block) -> None:
    match block.language:
        case "yaml" if named := re.match(r"# (bank/\S+\.yaml)\n", block.text):
            Path(named[1]).write_text(block.text, "utf-8")
        case "csv":
            Path(block.note).write_text(block.text, "utf-8")
        case "diff":
            change(block)
        case "console":
            console(block)
        case "sh":
            shell(block)
        case "python":
            program(block)


def change(block: Block) -> None:
    lines = block.text.splitlines()
    old, new_ = ("\n".join(line[1:] for line in lines if line[0] == sign) for sign in "-+")
    file = Path(block.note)
    content = file.read_text("utf-8")
    assert content.count(f"\n{old}\n") == 1, f"{block}: {file} has these lines {content.count(old)} times"
    file.write_text(content.replace(f"\n{old}\n", f"\n{new_}\n"), "utf-8")


def run(command: str) -> tuple[int, str]:
    """Run a command line of ours in this process; returns its exit code, and what it printed."""
    program_, *words = shlex.split(command)
    assert program_ == "torchexam", command
    data = io.BytesIO()
    printed = io.TextIOWrapper(data, "utf-8", newline="", write_through=True)
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), pytest.raises(SystemExit) as leaving:
        cli.main(words)
    return int(leaving.value.code or 0), data.getvalue().decode()


def console(block: Block) -> None:
    sessions = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    for place_, session in enumerate(sessions, 1):
        command, *expected = session.splitlines()
        if command.startswith("make "):  # its target is looked up in another test
            continue
        code, printed = run(command)
        fails = block.note == "fails" and place_ == len(sessions)
        assert code == (1 if fails else 0), f"{block}: {command} leaves with {code}\n{printed}"
        lines = iter(printed.splitlines())
        for line in expected:
            pattern = ".*".join(map(re.escape, line.split("…")))
            assert any(re.fullmatch(pattern, one) for one in lines), f"{block}: '{line}' is not printed\n{printed}"


def shell(block: Block) -> None:
    before = Path.cwd()
    for line in block.text.splitlines():
        if line.startswith("cd "):
            os.chdir(line.split()[1])
        elif line.startswith("torchexam serve"):
            serve(block, line)
        elif line.startswith("torchexam "):
            command, _, file = line.partition(" > ")
            code, printed = run(command)
            assert code == 0, f"{block}: {line} leaves with {code}\n{printed}"
            if file:
                Path(file).write_text(printed, "utf-8")
    os.chdir(before)


def serve(block: Block, line: str) -> None:
    """Start a service as the page says, see that it answers, and end it."""
    words = shlex.split(line)
    port = words[words.index("--port") + 1] if "--port" in words else "8682"
    process = subprocess.Popen([sys.executable, "-m", *words, "--no-open"], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        assert "Ctrl-C ends it" in process.stderr.readline(), str(block)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthy", timeout=10) as answer:
            assert answer.read() == b"fine"
    finally:
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1]
    assert process.returncode in (0, cli.INTERRUPTED), said


def program(block: Block) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block.text, str(block), "exec"), {})
    assert printed.getvalue().splitlines() == re.findall(r"print\(.*\)  # (.*)$", block.text, re.MULTILINE), str(block)


# ---- questions ----


def data_of(block: Block) -> Any:
    return text.parse(block.text, str(block)).data


def running() -> dict[str, Any]:
    """The question that pieces belong to: the first whole one of the page about the language."""
    found: dict[str, Any] = next(data for block in blocks(LANGUAGE) if is_question(data := data_of(block)))
    return found


def is_question(data: Any) -> bool:
    return isinstance(data, dict) and {"title", "parts"} <= set(data)


ANY_PART = {"id": "p", "points": 1, "prompt": "Which?", "answer": {"choice": {"right": "this", "wrong": ["that"]}}}


def completed(piece: Any) -> dict[str, Any]:
    """A piece of a question, put into the running question: parts, keys of a question, or keys of a part."""
    whole = running()
    if isinstance(piece, list):
        return whole | {"parts": piece}
    if not set(piece) <= set(keys_of(spec.QuestionSpec)) and set(piece) <= set(keys_of(spec.PartSpec)):
        return whole | {"parts": [ANY_PART | piece]}
    more: dict[str, Any] = piece
    parts = [ANY_PART] if "network" in more else whole["parts"]
    return whole | {"parts": parts} | more | {"parameters": whole["parameters"] | more.get("parameters", {})}


QUESTIONS = [
    block for page in PAGES for block in blocks(page) if block.language == "yaml" and "sections" not in data_of(block)
]


@pytest.mark.parametrize("block", QUESTIONS, ids=str)
def test_every_question_and_piece_of_one_can_be_drawn_and_printed(block: Block, tmp_path: Path) -> None:
    data = data_of(block)
    loaded = load(data if is_question(data) else completed(data), tmp_path)
    assert trial.out(loaded) == ()
    assert torchexam.preview(loaded, seed="docs", key=True).data  # with its evidence


def load(data: dict[str, Any], folder: Path) -> question.Question:
    (folder / "pixels.png").write_bytes(b"\x89PNG")
    file = folder / "piece.yaml"
    file.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=200), "utf-8")
    return question.load(file, file.name)


def mistakes_of(data: dict[str, Any], folder: Path) -> tuple[Mistake, ...]:
    try:
        loaded = load(data, folder)
        return (*trial.out(loaded), *dollars.unpaired(loaded))
    except Mistaken as error:
        return error.mistakes


def test_common_mistakes_have_the_messages_that_the_page_gives_them(tmp_path: Path) -> None:
    rows = table(LANGUAGE, "Common mistakes")
    assert len(rows) > 15
    for fragment, message, hint in rows:
        data = completed(text.parse(fragment.strip("`"), "piece").data)
        said = {(mistake.message, suggested(mistake)) for mistake in mistakes_of(data, tmp_path)}
        assert (message, "" if hint == "–" else hint) in said, f"{fragment}: {said}"


def suggested(mistake: Mistake) -> str:
    """The first line of the hint, unless it only tells what was drawn."""
    first = mistake.hint.partition("\n")[0]
    return "" if first.startswith("drawn: ") else first


def test_the_answers_page_quotes_the_message_about_a_wrong_example(tmp_path: Path) -> None:
    (block,) = blocks(TRUST)
    (part,) = data_of(block)
    wrong = part | {"example": part["example"] | {"answer": 162}}
    (mistake,) = mistakes_of(completed([wrong]), tmp_path)
    assert f'"{mistake.message}"' in written(TRUST)


def test_a_figure_is_found_and_needs_a_description(tmp_path: Path) -> None:
    (figure,) = re.findall(r"`(!\[.*?\]\(pixels.png\))`", written(LANGUAGE))
    assert mistakes_of(completed({"stem": figure}), tmp_path) == ()
    (mistake,) = mistakes_of(completed({"stem": "![](pixels.png)"}), tmp_path)
    assert "has no description" in mistake.message


# ---- tables ----


def section(page: str, heading: str) -> str:
    """What stands under a heading, up to the next one."""
    found = re.search(
        rf"^(#+) {re.escape(heading)}$(.*?)(?=^#{{1,6}} |\Z)", without_blocks(page), re.DOTALL | re.MULTILINE
    )
    assert found, f"{page} has no heading '{heading}'"
    return found[2]


def tables(page: str, heading: str) -> Iterator[list[list[str]]]:
    """The tables under a heading, as rows of cells without the header."""
    for found in re.finditer(r"(?:^\|.*\n)+", section(page, heading), re.MULTILINE):
        rows = [re.split(r"(?<!\\)\|", row.strip())[1:-1] for row in found[0].splitlines()]
        yield [[cell.strip() for cell in row] for row in rows[2:]]


def table(page: str, heading: str, number: int = 0) -> list[list[str]]:
    return list(tables(page, heading))[number]


def names(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def keys_of(model: type[spec.Model]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def test_the_layers_and_their_arguments_are_those_that_a_listing_may_use() -> None:
    documented = {
        layer: (names(required), names(optional))
        for kinds, required, optional in table(LANGUAGE, "The network and its layers")
        for layer in names(kinds)
    }
    not_offered = listing.NOT_OFFERED
    for call in ("MaxPool2d(2, return_indices=True)", "Upsample(size=2, recompute_scale_factor=True)"):
        with pytest.raises(listing.ListingError):
            listing.read_call("a", call)
    offered = {
        kind: (
            [*signature.arguments[: signature.required]],
            [name for name in signature.arguments[signature.required :] if name not in not_offered],
        )
        for kind, signature in layers.LAYERS.items()
    }
    assert documented == offered


def test_the_kinds_of_answer_are_all_there() -> None:
    headings = re.findall(r"^### ([a-z]+)$", written(LANGUAGE), re.MULTILINE)
    assert headings == [*answers.KINDS]


@pytest.mark.parametrize(
    ("page", "heading", "number", "model"),
    [
        (LANGUAGE, "A question file", 0, spec.QuestionSpec),
        (LANGUAGE, "Parts", 0, spec.PartSpec),
        (EXAMS, "An exam file", 0, spec.ExamSpec),
        (EXAMS, "An exam file", 1, spec.SectionSpec),
        (LANGUAGE, "Kinds of answer", 0, asking.Asking),
        (LANGUAGE, "Kinds of answer", 1, asking.Exactness),
        (LANGUAGE, "number", 0, answers.kind("number").Spec),
        (LANGUAGE, "expression", 0, answers.kind("expression").Spec),
        (LANGUAGE, "derivative", 0, answers.kind("derivative").Body),
        (LANGUAGE, "network", 0, answers.kind("network").Body),
        (LANGUAGE, "weights", 0, answers.kind("weights").Body),
    ],
)
def test_the_keys_of_a_file_are_all_there(page: str, heading: str, number: int, model: type[spec.Model]) -> None:
    rows = table(page, heading, number)
    keys = {key for row in rows for key in names(row[0])}
    shared = {key for base in model.__bases__ if issubclass(base, asking.Asking) for key in keys_of(base)}
    assert keys | {heading} == set(keys_of(model)) - shared | {heading}
    if rows and len(rows[0]) == 3:
        needed = {key for row in rows if row[1] == "yes" for key in names(row[0])}
        assert needed == {field.alias or name for name, field in model.model_fields.items() if field.is_required()}


def test_the_measures_of_parity_are_all_there_and_count_as_is_said() -> None:
    rows = table(LANGUAGE, "Parity")
    assert [name for row in rows for name in names(row[0])] == [*spec.ParitySpec.model_fields]
    for measure, _, shown in rows:
        for formula, number in re.findall(r"(\$[^$]+\$) has (\d+)", shown):
            name = measure.strip("`")
            counted = (
                max(workings.numbers(formula)) if name == "largest" else getattr(workings.operations([formula]), name)
            )
            assert counted == int(number), (measure, formula)


def test_the_functions_of_formulas_are_all_there() -> None:
    rows = table(LANGUAGE, "Formulas", 1)
    assert {call.split("(")[0] for row in rows for call in names(row[0])} == set(formulas.FUNCTIONS)
    for call, shown in re.findall(
        r"`(\w+\([^`]*\))` is ([^|]+?) *(?:\||$)", section(LANGUAGE, "Formulas"), re.MULTILINE
    ):
        assert formulas.read(call).value({}) == shown, call


def quantity_rows() -> list[list[str]]:
    """The rows of every table of docs/quantities.md but the first."""
    headings = re.findall(r"^## (.+)$", written(QUANTITIES), re.MULTILINE)
    return [row for heading in headings for row in table(QUANTITIES, heading)]


def test_the_quantities_are_all_there_with_arguments_conventions_and_misconceptions() -> None:
    rows = {names(row[0])[0]: row for row in quantity_rows()}
    assert set(rows) == set(reference.QUANTITIES)
    for name, (_, gives, arguments, conventions, second, misconceptions) in rows.items():
        taken = inspect.signature(reference.quantity(name).compute).parameters
        assert names(gives) == [reference.quantity(name).GIVES], name
        assert {one.split(":")[0].strip("[]") for one in names(arguments)} >= set(reference.arguments(name)), name
        assert set(names(conventions)) == set(taken) & set(spec.CONVENTIONS), name
        assert set(names(misconceptions)) == set(reference.misconceptions(name)), name
        assert len(second) > 10, name


def test_the_kinds_fit_what_quantities_give() -> None:
    gives = [names(row[0]) for row in table(QUANTITIES, "Quantities")]
    assert {one for row in gives for one in row} == {reference.quantity(name).GIVES for name in reference.QUANTITIES}


def test_the_conventions_are_all_there() -> None:
    stated: dict[str, dict[str, str]] = {}
    name = ""
    for convention, value, says in table(LANGUAGE, "Conventions"):
        name = next(iter(names(convention)), name)
        stated.setdefault(name, {})[names(value)[0]] = says
    assert stated == spec.CONVENTIONS


def findings_of(figures: Any, before: str = "") -> Iterator[str]:
    match figures:
        case dict():
            for name, inner in figures.items():
                yield from findings_of(inner, f"{before}.{name}" if before else name)
        case [dict() as first, *_]:
            yield from findings_of(first, f"{before}[i]")
        case list():
            yield f"{before}[i]"
        case _:
            yield before


def test_the_experiments_their_arguments_and_findings_are_all_there() -> None:
    found = re.findall(
        r"^\*\*(\w+)\*\*:.*?\n- Arguments, with their usual values: (.*?)Allowed: .*?\n- Findings: (.*?)\n\n",
        section(LANGUAGE, "Experiments"),
        re.DOTALL | re.MULTILINE,
    )
    assert [name for name, _, _ in found] == [*experiments.EXPERIMENTS]
    for name, arguments, findings in found:
        taken = inspect.signature(import_module(experiments.EXPERIMENTS[name]).run).parameters
        usual = dict(re.findall(r"`(\w+)`\s\(`?([^()`]+)`?\)", arguments))
        assert [*usual] == [argument for argument in taken if argument != "stream"], name
        for argument, value in usual.items():
            if taken[argument].default is not None:
                assert value == repr(taken[argument].default), f"{name}: {argument}"
        assert names(findings) == [*findings_of(experiments.run(name, {}).figures)], name


def test_the_limits_are_those_of_the_code() -> None:
    limits = " ".join(row[1] for row in table(LANGUAGE, "Limits"))
    for limit in (
        text.LARGEST_FILE, text.DEEPEST, question.LARGEST_IMAGE, formulas.LONGEST, parameters.MOST_VALUES,
        draw.MOST_TOGETHER, layers.MOST_LAYERS,
    ):  # fmt: skip
        assert re.search(rf"\b{limit:,}\b", limits), limit
    assert f"{trial.MOST_RUNS:,}" in section(LANGUAGE, "The network and its layers")
    assert f"{trial.MOST_RUNS:,}" in written(TRUST)
    for page in (COMMANDS, TRUST):
        assert f"{trial.DRAWS} " in written(page)
    assert trial.MOST_STEPS == 10 * trial.MOST_RUNS  # more than ten layers have fewer runs
    assert len(parameters.people()) == 50
    assert {bank.EXAMS} == {"exams"}


# ---- commands ----


def documented_options(command: str) -> set[str]:
    return {names(row[0])[0].split()[0] for rows in tables(COMMANDS, f"torchexam {command}") for row in rows}


@pytest.mark.parametrize("command", sorted(cli.torchexam.commands))
def test_the_options_of_a_command_are_all_there(command: str) -> None:
    known = {
        option
        for parameter in cli.torchexam.commands[command].params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    }
    assert documented_options(command) == known


def test_the_commands_are_all_there() -> None:
    commands = set(cli.torchexam.commands)
    assert {names(row[0])[0].split()[1] for row in table(README, "Commands")} == commands
    assert set(re.findall(r"^## torchexam (\w+)$", written(COMMANDS), re.MULTILINE)) == commands


def test_exit_codes_are_those_of_the_code() -> None:
    codes = {int(row[0]) for row in table(COMMANDS, "Commands")}
    assert codes == {0, cli.MISTAKES, click.UsageError("").exit_code, cli.BUG, cli.INTERRUPTED}


def test_environment_variables_are_read(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    variables = {names(row[0])[0] for row in table(COMMANDS, "Environment variables")}
    assert variables == {"TORCHEXAM_BANK", "TORCHEXAM_CACHE"} | {f"TORCHEXAM_{role.upper()}_TOKEN" for role in ROLES}
    torchexam.new(place / "course")
    monkeypatch.setenv("TORCHEXAM_BANK", "course/bank")
    monkeypatch.setenv("TORCHEXAM_CACHE", str(place / "kept"))
    assert run("torchexam check")[0] == 0
    assert any((place / "kept").rglob("*.json"))


def json_keys(data: Any) -> set[str]:
    match data:
        case dict():
            return set(data).union(*map(json_keys, data.values()))
        case list():
            return set().union(*map(json_keys, data))
    return set()


@pytest.mark.parametrize(
    "command",
    [
        "list",
        "check bank/wrong.yaml",
        "verify",
        "preview count_parameters",
        "build quiz --to html",
        "freeze quiz --pool 2",
        "doctor",
    ],
)
def test_json_has_the_keys_that_are_documented(command: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torchexam.new(place / "course")
    os.chdir(place / "course")
    Path("bank/wrong.yaml").write_text("title: 1\n", "utf-8")
    with pytest.raises(SystemExit):
        cli.main([*command.split(), "--json"])
    data = json.loads(capsys.readouterr().out)
    told = next(row[1] for row in table(COMMANDS, f"torchexam {command.split()[0]}") if names(row[0]) == ["--json"])
    keys = set(re.findall(r'"(\w+)"', told))
    assert keys == (set(data) if command.startswith(("verify", "preview", "build")) else json_keys(data))


def test_what_verify_tells_programs_is_documented(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torchexam.new(place / "course")
    os.chdir(place / "course")
    torchexam.freeze("quiz", pool=2, seed="docs")
    file = Path("bank/cnn/count_parameters.yaml")
    file.write_text(file.read_text("utf-8").replace("answer: 690", "answer: 691").replace("for one", "for a"), "utf-8")
    with pytest.raises(SystemExit):
        cli.main(["verify", "quiz", "--json"])
    data = json.loads(capsys.readouterr().out)
    told = {key for row in table(COMMANDS, "What verify tells programs") for cell in row for key in names(cell)}
    found = set().union(*map(json_keys, (data["questions"], [{**pool, "changes": []} for pool in data["pools"]])))
    changes = {key for pool in data["pools"] for change_ in pool["changes"] for key in change_}
    assert found | changes == told - {"null", "key", "paper"}


@pytest.mark.parametrize("shell_", ["bash", "zsh", "fish"])
def test_the_shell_completes_commands(shell_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"_TORCHEXAM_COMPLETE={shell_}_source torchexam" in written(COMMANDS)
    if shell_ == "bash" and not shutil.which("bash"):
        pytest.skip("there is no bash")
    monkeypatch.setenv("_TORCHEXAM_COMPLETE", f"{shell_}_source")
    code, printed = run("torchexam")
    assert code == 0
    assert f"_TORCHEXAM_COMPLETE={shell_}_complete" in printed


def test_the_manifest_has_the_keys_that_are_documented(place: Path) -> None:
    torchexam.new(place / "course")
    os.chdir(place / "course")
    assert run("torchexam build quiz")[0] == 0
    manifest = json.loads(Path("output/quiz/manifest.json").read_text("utf-8"))
    whole, part = tables(EXAMS, "The manifest")
    assert {key for row in whole for key in names(row[0])} == set(manifest)
    copy = manifest["copies"][0]
    assert set(copy) == {"code", "student", "large", "pages", "parts"}
    assert {key for row in part for key in names(row[0])} == set(copy["parts"][0])
    assert {*copy["parts"][0]["boxes"][0]} <= {word for row in part for word in names(row[1])}
    built = {f"{Path(name).parent.as_posix()}/{Path(name).name}".removeprefix("./") for name in manifest["files"]}
    told = " ".join(row[0] for row in table(EXAMS, "Building"))
    assert all(f"{Path(name).name}`" in told for name in built)


# ---- what pages point to ----


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {word for page in PAGES for word in re.findall(r"(?:`|\$ )make ([a-z]+)", written(page))}
    assert "exam" in named
    assert named <= targets


def test_make_exam_checks_and_builds_what_the_readme_says() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipe = re.search(r"^exam:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe
    assert "torchexam build cs682-midterm --copies 4" in recipe[1]
    midterm = yaml.safe_load((ROOT / "bank/exams/cs682-midterm.yaml").read_text("utf-8"))
    parts = 0
    for entry in (entry for section_ in midterm["sections"] for entry in section_["questions"]):
        (file,) = (ROOT / "bank").rglob(f"{entry}.yaml")
        parts += len(question.load(file, file.name).parts)
    assert f"4 copies of a midterm with {len(midterm['sections'])} sections and {parts} parts" in written(README)


def slug(heading: str) -> str:
    """A heading's name in links, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", ALL_PAGES)
def test_links_lead_somewhere(page: str) -> None:
    content = without_blocks(page)
    for target in re.findall(r"(?<!!)\[[^\]]+\]\(([^)]+)\)", content):
        file, _, anchor = target.partition("#")
        assert not file.startswith(("http:", "/")), target
        if file.startswith("https:"):
            continue
        other = (ROOT / page).parent / file if file else ROOT / page
        assert other.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", other.read_text("utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), target
    for name in re.findall(r"`((?:bank|generator|renderers|torchexam|docs)/[\w./-]*)`", content):
        if name not in ("bank/cnn/strided.yaml", "bank/exams/warm-up.yaml", "bank/exams"):  # made along the way
            assert (ROOT / name).exists(), name
