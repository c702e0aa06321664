"""A small course and a built midterm that the tests of the front door share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import torchexam
from torchexam.building import Built

ROOT = Path(__file__).parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """The course that `torchexam new` makes."""
    torchexam.new(tmp_path / "course")
    return tmp_path / "course"


@pytest.fixture
def run(course: Path) -> Run:
    """Run the command line in the course folder, as a person would."""

    def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "torchexam", *arguments],
            cwd=course,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **environment},
        )

    return command


@pytest.fixture(scope="session")
def midterm(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sample midterm, four copies with keys."""
    output = tmp_path_factory.mktemp("midterm")
    return torchexam.build("cs682-midterm", ROOT / "bank", copies=4, seed="a seed that nobody prints", output=output)
