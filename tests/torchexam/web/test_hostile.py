"""What a hostile file or a link in the output folder cannot do to a service."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import uvicorn
from service_of_tests import new_course
from starlette.responses import PlainTextResponse

from generator.mistakes import Mistake
from torchexam.web import files, serving
from torchexam.web.guard import MOST_OF_STUDENTS, Guard
from torchexam.web.jobs import Job, Jobs
from torchexam.web.problems import LONGEST_LINE, Problem, told
from torchexam.web.settings import Settings


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


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: slow", b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /again"])
def test_a_connection_that_asks_for_nothing_is_closed(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "SLOWEST_HEAD", 0.2)

    async def heard() -> bytes:
        config = uvicorn.Config(PlainTextResponse("here"), log_config=None, http=serving._Protocol, lifespan="off")
        config.load()
        server = uvicorn.Server(config)
        state = server.server_state
        listening = await asyncio.get_running_loop().create_server(
            lambda: serving._Protocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
        )
        async with listening:
            reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
            try:
                writer.write(said)
                while not reader.at_eof() and said.endswith(b"slow"):  # each letter comes soon after the one before
                    writer.write(b".")
                    await asyncio.sleep(0.05)
                return await asyncio.wait_for(reader.read(), 20)
            finally:
                writer.close()

    assert asyncio.run(heard()).count(b"200 OK") == said.count(b"\r\n\r\n")


def test_students_leave_room_for_the_instructor() -> None:
    let_go = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await let_go.wait()
        await PlainTextResponse("a paper")(scope, receive, send)

    async def status(guard: Guard, token: str) -> int:
        said: list[Any] = []
        headers = [(b"host", b"127.0.0.1:1"), (b"authorization", b"Bearer " + token.encode())]
        scope = {
            "type": "http", "method": "GET", "path": "/api/v1/questions", "query_string": b"", "headers": headers,
            "server": ("127.0.0.1", 1), "scheme": "http",
        }  # fmt: skip

        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(message: Any) -> None:
            said.append(message)

        await guard(scope, receive, send)
        return int(said[0]["status"])

    async def all_of_them() -> tuple[list[int], int, int]:
        guard = Guard(slow, Settings(Path("bank"), Path("output"), "i" * 20, "s" * 20, port=1))
        asked = [asyncio.create_task(status(guard, "s" * 20)) for _ in range(MOST_OF_STUDENTS + 7)]
        instructor = asyncio.create_task(status(guard, "i" * 20))
        await asyncio.sleep(0.01)
        let_go.set()
        first = [await task for task in asked]
        return first, await instructor, await status(guard, "s" * 20)

    first, instructor, later = asyncio.run(all_of_them())
    assert (first.count(200), first.count(503)) == (MOST_OF_STUDENTS, 7)
    assert (instructor, later) == (200, 200)


def test_a_build_stops_when_asked_though_the_service_was_started_in_the_background(tmp_path: Path) -> None:
    course = new_course(tmp_path / "course")
    order = {"exam": "quiz", "bank": str(course / "bank"), "copies": 400, "to": ["pdf"], "output": str(course / "out")}
    (tmp_path / "order.json").write_text(json.dumps(order))
    ignored = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell starts what runs in the background
    try:
        child = subprocess.Popen(
            [sys.executable, "-m", "torchexam.web.child", str(tmp_path / "order.json")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, ignored)
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        assert child.wait(60) in (130, -signal.SIGINT)  # the latter where Python was at executing a string
    assert not (course / "out" / "quiz").exists()
