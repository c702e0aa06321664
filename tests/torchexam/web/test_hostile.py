"""What a hostile file or a link in the output folder cannot do to a service."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from generator.mistakes import Mistake
from torchexam.web import files
from torchexam.web.jobs import Job, Jobs
from torchexam.web.problems import LONGEST_LINE, Problem, told


def test_a_mistake_in_an_endless_line_is_told_without_it() -> None:
    long = Mistake("q.yaml", 1, 1, "m" * 9_000, "h" * 9_000, "x" * (LONGEST_LINE + 1))
    assert told(long)["excerpt"] == ""
    assert len(json.dumps(told(long))) < 6_000
    short = Mistake("q.yaml", 1, 1, "there is no key 'a' here", "", "a: 1")
    assert told(short) == asdict(short)


def test_what_a_build_prints_beside_its_progress_ends_nothing() -> None:
    async def heard() -> Job:
        reader = asyncio.StreamReader(limit=1_000)
        reader.feed_data(b"1\nnull\n[]\nnot json\n" + b"x" * 5_000 + b"\n")
        reader.feed_data(b'{"progress": {"what": "printing", "done": 1, "count": 2}}\n')
        reader.feed_eof()
        job = Job("quiz", "quiz", {})
        service = cast(Any, SimpleNamespace(_tell=lambda: asyncio.sleep(0)))
        await Jobs._listen(service, job, cast(Any, SimpleNamespace(stdout=reader)))
        return job

    assert asyncio.run(heard()).progress == {"what": "printing", "done": 1, "count": 2}


def test_a_new_file_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "q.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises(Problem, match="there is a file"):
        files.save(tmp_path / "q.yaml", "title: A\n", "")
    assert not (tmp_path / "elsewhere.yaml").exists()
