"""The rooms know only those to their left, and a check of a bank imports nothing heavy."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ["generator", "renderers", "torchexam"]
HEAVY = ["torch", "weasyprint", "sympy", "matplotlib", "numpy", "playwright"]


def _modules(room: str) -> dict[str, Path]:
    paths = sorted((ROOT / room).rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


MODULES = {name: path for room in ROOMS for name, path in _modules(room).items()}


def _imported(path: Path, *, everywhere: bool) -> Iterator[str]:
    """Names of modules that a file imports: everywhere, or only while it is itself imported."""
    tree = ast.parse(path.read_text("utf-8"))
    nodes = ast.walk(tree) if everywhere else _at_import(tree.body)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are absolute"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else node.module


def _at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if (isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test)) or isinstance(node, ast.Try):
            yield from _at_import(node.body)


@pytest.mark.parametrize("name", MODULES)
def test_a_room_knows_only_those_to_its_left(name: str) -> None:
    room = name.split(".")[0]
    right = ROOMS[ROOMS.index(room) + 1 :]
    assert not [other for other in _imported(MODULES[name], everywhere=True) if other.split(".")[0] in right]


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name: {o for o in _imported(path, everywhere=False) if o in MODULES} for name, path in MODULES.items()}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, f"a circle: {' → '.join((*way[way.index(name) :], name))}"
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*way, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_every_python_file_of_the_rooms_opens_by_saying_what_it_does() -> None:
    for path in MODULES.values():
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path


def test_the_bank_holds_no_python() -> None:
    assert not list((ROOT / "bank").rglob("*.py"))


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    folder = tmp_path / "bank"
    folder.mkdir()
    (folder / "q.yaml").write_text(
        "title: A question\ntopics: [test]\nnetwork: {input: [9], layers: {a: 'Linear(9, 2)'}}\nparts:\n"
        "  - {id: a, points: 2, prompt: Answer., answer: {table: output_shape, layers: [a]}}\n"
    )
    return folder


def _heavy_after(code: str, cache: Path) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sorted(set({HEAVY!r}) & set(sys.modules)))"],
        capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, "TORCHEXAM_CACHE": str(cache)},
    )  # fmt: skip
    return ran.stdout.split()


def test_the_command_line_imports_nothing_heavy(tmp_path: Path) -> None:
    assert _heavy_after("import torchexam.cli", tmp_path / "cache") == []


def test_a_check_of_a_bank_that_was_tried_out_imports_nothing_heavy(bank: Path, tmp_path: Path) -> None:
    check = f"import torchexam.cli, torchexam\nassert torchexam.check({str(bank)!r}) == ()"
    assert "torch" in _heavy_after(check, tmp_path / "cache")
    assert _heavy_after(check, tmp_path / "cache") == []


@pytest.mark.parametrize("name", ["generator.question", "generator.exam", "generator.trial", "generator.variant"])
def test_a_module_of_the_ground_floor_imports_nothing_heavy(name: str, tmp_path: Path) -> None:
    assert _heavy_after(f"import {name}", tmp_path) == []
