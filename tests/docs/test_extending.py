"""The package that docs/extending.md shows is installed, and a question with all three of its modules is built."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"
BLOCKS = re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the page, with their package installed beside them."""
    folder = tmp_path_factory.mktemp("course")
    for name, text in BLOCKS:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text("utf-8") if file.exists() else ""
        file.write_text(before + text, "utf-8")
    (folder / "my-course" / "my_course" / "__init__.py").touch()
    (folder / "bank" / "exams").mkdir()
    (folder / "bank" / "exams" / "quiz.yaml").write_text("title: Quiz\nsections:\n  - questions: [units]\n", "utf-8")
    install(folder, "my-course")
    return folder


def install(folder: Path, package: str) -> None:
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", "installed"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, f"./{package}"], cwd=folder, check=True)


def torchexam(folder: Path, *words: str) -> tuple[int, str]:
    """Run the command with the package installed; its exit code, and what it printed."""
    paths = [str(folder / "installed"), *filter(None, [os.environ.get("PYTHONPATH")])]  # of a checkout that is tested
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-m", "torchexam", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_each_module_has_less_than_twenty_lines() -> None:
    modules = [text for name, text in BLOCKS if name.endswith(".py")]
    assert len(modules) == 4
    assert all(len([line for line in text.splitlines() if line.strip()]) < 20 for text in modules)


def test_a_question_with_a_courses_own_modules_is_checked_and_built(course: Path) -> None:
    code, said = torchexam(course, "check")
    assert code == 0, said
    code, said = torchexam(course, "build", "quiz", "--seed", "course", "--to", "html")
    assert code == 0, said
    manifest = json.loads((course / "output" / "quiz" / "manifest.json").read_text("utf-8"))
    share, word = manifest["copies"][0]["parts"]
    sums = share["values"]["sums"]
    assert share["answer"] == pytest.approx(sum(value <= 0 for value in sums) / 5)
    assert word["answer"] == "dead"
    assert manifest["versions"]["my-course"] == "1.0"
    (key,) = course.glob("output/quiz/copies/*/key.html")
    text = key.read_text("utf-8")
    assert "sums are not positive" in text
    assert "the units that are on were counted" in text
    assert "has a spread of" in text


def test_a_wrong_argument_of_a_courses_quantity_is_found(course: Path) -> None:
    file = course / "bank" / "units.yaml"
    whole = file.read_text("utf-8")
    file.write_text(whole.replace("with: {sums: sums}", "with: {summs: sums}", 1), "utf-8")
    code, said = torchexam(course, "check")
    file.write_text(whole, "utf-8")
    assert code == 1
    assert "off_units has no argument 'summs'" in said
    assert "did you mean 'sums'?" in said


def test_two_packages_may_not_claim_one_name(course: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "other_course").mkdir(parents=True)
    (other / "other_course" / "__init__.py").touch()
    project = (course / "my-course" / "pyproject.toml").read_text("utf-8")
    (other / "pyproject.toml").write_text(
        project.replace("my-course", "other-course").replace("my_course", "other_course"), "utf-8"
    )
    install(tmp_path, "other")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (course / "installed", tmp_path / "installed"))),
    }
    command = [sys.executable, "-m", "torchexam", "check"]
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert re.search(
        r"it registers '\w+' under torchexam\.\w+, a name that my_course\.\w+ has", done.stdout + done.stderr
    )
