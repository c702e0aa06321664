"""A build outlives the service: it goes on after a restart, and after a crash; and it can be cancelled."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from service_of_tests import Service, free_port, new_course

API = "/api/v1"
COPIES = 400  # so many that there is time to look while they are printed
EARLY = ("starting", "checking questions")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Service]:
    """A service of a test of its own, which it may end."""
    running = Service(new_course(tmp_path / "course"), free_port(), ("--jobs", "1")).start()
    yield running
    assert running.process is not None
    if running.process.poll() is None:
        running.stop()


def state_of(service: Service) -> dict[str, object]:
    found: dict[str, object] = service.get(f"{API}/builds/quiz").json
    return found


def at_work(service: Service) -> int:
    """Wait until something is drawn, laid out or printed, and more is to do; the child, which then stands still."""
    for _ in range(3000):
        build = state_of(service)
        progress = build["progress"]
        if isinstance(progress, dict) and progress["what"] not in EARLY and 0 < progress["done"] < progress["count"]:
            record = service.course / "output" / ".torchexam-service" / "quiz.job.json"
            child = int(json.loads(record.read_text("utf-8"))["process"])
            os.kill(child, signal.SIGSTOP)
            assert not (service.course / "output" / "quiz").exists(), "the build was too quick"
            return child
        assert build["state"] in ("waiting", "running"), build
        time.sleep(0.02)
    pytest.fail("the build did not begin to print")


@contextlib.contextmanager
def goes_on_when_asked_to_stop(child: int) -> Iterator[None]:
    """A child that stands still goes on as soon as SIGINT waits for it."""

    def watch() -> None:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it may have been ended otherwise
            while not pending(child) >> (signal.SIGINT - 1) & 1:
                time.sleep(0.01)
            os.kill(child, signal.SIGCONT)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    yield
    watching.join(30)
    assert not watching.is_alive(), "the child was not asked to stop"


def pending(process: int) -> int:
    """The signals that wait for a process, a bit for each."""
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("ShdPnd:")).split()[1], 16)


def until_ended(service: Service) -> dict[str, object]:
    service.get(f"{API}/builds/quiz/events")  # ends with the build
    return state_of(service)


def test_a_build_goes_on_after_it_was_cancelled_and_after_a_restart_and_after_a_crash(own: Service) -> None:
    finished = own.course / "output" / "quiz"
    body = {"exam": "quiz", "copies": COPIES, "to": ["pdf"]}
    assert own.ask("POST", f"{API}/builds", body).status == 202
    assert own.ask("POST", f"{API}/builds", body).status == 409  # one at a time in a folder
    with goes_on_when_asked_to_stop(at_work(own)):
        assert own.ask("POST", f"{API}/builds/quiz/cancel").json["state"] == "cancelled"
    assert own.ask("POST", f"{API}/builds/quiz/resume").status == 200
    with goes_on_when_asked_to_stop(at_work(own)):
        own.stop(signal.SIGINT)
    assert not finished.exists()
    own.start()
    child = at_work(own)
    own.stop(signal.SIGKILL)
    os.kill(child, signal.SIGCONT)
    own.start()
    build = until_ended(own)
    assert build["state"] == "finished", build
    assert len(list(finished.glob("copies/*/exam.pdf"))) == COPIES
    manifest = json.loads((finished / "manifest.json").read_text("utf-8"))
    assert len(manifest["copies"]) == COPIES
