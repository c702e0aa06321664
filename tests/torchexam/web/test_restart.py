"""A build outlives the service: it goes on after a restart, and after a crash; and it can be cancelled."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from service_of_tests import Service, free_port, new_course

API = "/api/v1"
COPIES = 6


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


def until_printing(service: Service) -> None:
    """Wait until some copies are printed and others are not."""
    for _ in range(3000):
        build = state_of(service)
        progress = build["progress"]
        if isinstance(progress, dict) and progress["what"] == "printing" and progress["done"] >= 1:
            return
        assert build["state"] in ("waiting", "running"), build
        time.sleep(0.02)
    pytest.fail("the build did not begin to print")


def until_ended(service: Service) -> dict[str, object]:
    service.get(f"{API}/builds/quiz/events")  # ends with the build
    return state_of(service)


def papers(service: Service) -> list[float]:
    """When each paper of the finished build was written."""
    return [path.stat().st_mtime for path in (service.course / "output" / "quiz" / "copies").rglob("exam.pdf")]


def test_a_build_goes_on_after_it_was_cancelled_and_after_a_restart_and_after_a_crash(own: Service) -> None:
    body = {"exam": "quiz", "copies": COPIES, "to": ["pdf"]}
    assert own.ask("POST", f"{API}/builds", body).status == 202
    assert own.ask("POST", f"{API}/builds", body).status == 409  # one at a time in a folder
    until_printing(own)
    assert own.ask("POST", f"{API}/builds/quiz/cancel").json["state"] == "cancelled"
    assert not (own.course / "output" / "quiz").exists()
    first = time.time()
    assert own.ask("POST", f"{API}/builds/quiz/resume").status == 200
    until_printing(own)
    own.stop(signal.SIGINT)
    own.start()
    until_printing(own)
    own.stop(signal.SIGKILL)
    last = time.time()
    own.start()
    assert until_ended(own)["state"] == "finished"
    written = papers(own)
    assert len(written) == COPIES
    assert min(written) < first, "what was printed before was printed again"
    assert max(written) > last, "the build had ended before the crash"
    manifest = json.loads((own.course / "output" / "quiz" / "manifest.json").read_text("utf-8"))
    assert len(manifest["copies"]) == COPIES
