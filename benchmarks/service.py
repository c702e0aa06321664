"""Measure the service as a browser would, and what it holds when 50 clients ask at once.

    python -m benchmarks.service

The baseline is the least that the service can answer, `/healthy`, in the same run. The clients ask for variants of
seeds of their own and compare every answer with the one that was drawn here: none may fail, none may be another's.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.line import Line

TOKEN = "a-token-of-the-benchmark"
CLIENTS, REQUESTS = 50, 8
QUESTIONS = ("segment_digits", "small_cnn_counts", "convolution_backward", "schedule_values")
PAGES = (
    ("bank page, 101 questions", "/", 0.15),
    ("question page", "/questions/segment_digits", 0.15),
    ("exam page", "/exams/cs682-midterm", 0.15),
    ("builds page", "/builds", 0.15),
    ("new variant, as students see it", "/questions/segment_digits/paper?seed={}", 0.3),
    ("new variant, its key", "/questions/segment_digits/key?seed={}", 0.3),
    ("preview of the midterm", "/exams/cs682-midterm/paper?seed={}", 1.0),
    ("printed pages of the midterm (PDF)", "/exams/cs682-midterm/pages.pdf?seed={}", None),
)


@contextmanager
def running() -> Iterator[int]:
    """A service over the sample bank; gives its port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    environment = {**os.environ, "TORCHEXAM_INSTRUCTOR_TOKEN": TOKEN}
    with tempfile.TemporaryDirectory() as output:
        command = [
            sys.executable,
            "-m",
            "torchexam",
            "serve",
            "bank",
            "--port",
            str(port),
            "--output",
            output,
            "--no-open",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            try:
                yield port
            finally:
                process.terminate()


class Client:
    """A connection that stays open."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of what the service answers."""
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}", "Accept": "text/html"})
        answered = self.connection.getresponse()
        return answered.status, answered.read()

    def seconds(self, path: str, times: int = 15) -> float:
        """The median, warm, with another seed each time."""
        for turn in range(4):
            assert self.get(path.format(f"warm{turn}"))[0] == 200, path
        found = []
        for turn in range(times):
            start = time.perf_counter()
            self.get(path.format(turn))
            found.append(time.perf_counter() - start)
        return statistics.median(found)


def measured() -> list[Line]:
    """Pages one by one, then many clients at once."""
    with running() as port:
        client = Client(port)
        _settle(client)
        bare = client.seconds("/healthy")
        lines = [Line(f"service: {what}", client.seconds(path), "/healthy", bare, most) for what, path, most in PAGES]
        load = under_load(port)
        print(load)
        assert not load.wrong, load.wrong[:3]
        return [*lines, Line("service: a variant among 50 clients", load.median, "/healthy", bare, None)]


def _settle(client: Client) -> None:
    """Wait until every question was tried out, as it is some minutes after a first start."""
    for _ in range(600):
        if b"still to be tried out" not in client.get("/")[1]:
            return
        time.sleep(1)


@dataclass
class Load:
    """What came of many clients."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Seconds for a variant."""
        return statistics.median(self.times)

    def __str__(self) -> str:
        slowest = sorted(self.times)[int(len(self.times) * 0.95)]
        return (
            f"{CLIENTS} clients at once, {len(self.times)} variants: {len(self.times) / self.seconds:.0f} a second, "
            f"median {self.median:.2f} s, 95% within {slowest:.2f} s, {len(self.wrong)} wrong"
        )


def under_load(port: int) -> Load:
    """Let all clients ask at once; each knows what it must get."""
    from generator import variant
    from torchexam.checks import load as read

    bank = read("bank")
    wanted = [
        [(QUESTIONS[(client + turn) % 4], f"c{client}-{turn}") for turn in range(REQUESTS)] for client in range(CLIENTS)
    ]
    expected = {(name, seed): dict(variant.vary(bank.find(name), seed).values) for own in wanted for name, seed in own}
    found = Load()
    together = threading.Barrier(CLIENTS + 1)

    def ask(own: list[tuple[str, str]]) -> None:
        client = Client(port)
        together.wait()
        for name, seed in own:
            start = time.perf_counter()
            status, body = client.get(f"/api/v1/questions/{name}/variant?seed={seed}")
            found.times.append(time.perf_counter() - start)
            if status != 200 or json.loads(body)["values"] != json.loads(json.dumps(expected[name, seed])):
                found.wrong.append(f"{name} {seed}: {status} {body[:200]!r}")

    threads = [threading.Thread(target=ask, args=(own,)) for own in wanted]
    for thread in threads:
        thread.start()
    together.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    found.seconds = time.perf_counter() - start
    return found


if __name__ == "__main__":
    lines = measured()
    print(*lines, sep="\n")
    sys.exit(any(line.is_slow for line in lines))
