"""A course, and a service over it in a process of its own, as a person would start it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torchexam

ROOT = Path(__file__).parents[4]
INSTRUCTOR, STUDENT = "an-instructor-of-the-tests", "a-student-of-the-tests"
# questions of the sample bank beside those that a new course has
MORE = ["cnn/segment_digits", "architectures/residual_connections"]


@dataclass(frozen=True)
class Answered:
    """What the service answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Service:
    """A running service."""

    course: Path
    port: int
    options: tuple[str, ...] = ()
    process: subprocess.Popen[str] | None = None
    start_address: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Service:
        own = {"TORCHEXAM_INSTRUCTOR_TOKEN": INSTRUCTOR, "TORCHEXAM_STUDENT_TOKEN": STUDENT}
        with (self.course / "stderr.txt").open("a") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "torchexam", "serve", "--port", str(self.port), "--no-open", *self.options],
                cwd=self.course, stdout=subprocess.PIPE, stderr=said, text=True,
                env={**os.environ, **own},
            )  # fmt: skip
        assert self.process.stdout is not None
        self.start_address = self.process.stdout.readline().strip()
        assert self.start_address, (self.course / "stderr.txt").read_text()
        return self

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(timeout=40)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def ask(
        self, method: str, path: str, body: Any = None, *, token: str | None = INSTRUCTOR,
        headers: Mapping[str, str] | None = None,
    ) -> Answered:  # fmt: skip
        """Send a request; an error is an answer too."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with _opener.open(request, timeout=60) as answer:
                return Answered(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answered(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())

    def get(self, path: str, **more: Any) -> Answered:
        return self.ask("GET", path, **more)


class _Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Stays, urllib.request.ProxyHandler({}))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def new_course(folder: Path) -> Path:
    """A small course with some questions of the sample bank."""
    torchexam.new(folder)
    for name in MORE:
        (folder / "bank" / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / "bank" / f"{name}.yaml", folder / "bank" / f"{name}.yaml")
    return folder
