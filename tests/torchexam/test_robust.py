"""Whatever happens to a build, running it again gives the bytes of an undisturbed one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import torchexam
from generator import store
from torchexam import crews
from torchexam.crews import TRIES, Crew, Lost

Run = Callable[..., "subprocess.CompletedProcess[str]"]
BUILD = ["build", "quiz", "--copies", "60", "--seed", "s", "--to", "pdf"]


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@contextmanager
def started(course: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "torchexam", *arguments]
    process = subprocess.Popen(command, cwd=course, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stderr:
            process.stderr.close()


def wait_for(found: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def interrupted(course: Path, stage: str) -> Path:
    """The working folder of a build that was interrupted once a stage had left something there."""
    working = course / "output" / ".quiz.building"
    with started(course, *BUILD, "--jobs", "1") as process:
        wait_for(lambda: (working / stage).is_dir() and list((working / stage).iterdir()))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 130
    return working


def workers_of(pid: int) -> list[int]:
    """The processes that a build started to share its work, not those that watch over them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
            command = (path.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == pid and b"spawn_main" in command:
            found.append(int(path.parent.name))
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The files of a build that nothing happens to."""
    course = tmp_path_factory.mktemp("undisturbed") / "course"
    torchexam.new(course)
    built = torchexam.build("quiz", course / "bank", copies=60, seed="s", to=("pdf",), output=course / "output")
    return hashes(built.folder)


@pytest.mark.parametrize("stage", ["made", "laid"])
def test_a_killed_worker_is_replaced(course: Path, undisturbed: dict[str, str], stage: str) -> None:
    with started(course, *BUILD, "--jobs", "2") as process:
        wait_for(lambda: (course / "output" / ".quiz.building" / stage).is_dir() and workers_of(process.pid))
        for worker in workers_of(process.pid)[:1]:
            os.kill(worker, signal.SIGKILL)
        _, said = process.communicate(timeout=200)
        assert process.returncode == 0, said
    assert hashes(course / "output" / "quiz") == undisturbed


def test_a_build_that_was_killed_goes_on_and_leaves_no_process(
    course: Path, run: Run, undisturbed: dict[str, str]
) -> None:
    with started(course, *BUILD, "--jobs", "2") as process:
        records = course / "output" / ".quiz.building" / "records"
        wait_for(lambda: records.is_dir() or process.poll() is not None)
        orphans = workers_of(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        wait_for(lambda: not [pid for pid in orphans if Path(f"/proc/{pid}").exists()])
    assert not (course / "output" / "quiz").exists()
    again = run(*BUILD, "--jobs", "1")
    assert again.returncode == 0, again.stderr
    assert hashes(course / "output" / "quiz") == undisturbed


def test_a_second_build_into_the_same_folder_says_so(course: Path, run: Run, undisturbed: dict[str, str]) -> None:
    with started(course, *BUILD, "--jobs", "1") as process:
        wait_for(lambda: (course / "output" / ".quiz.building" / "made").is_dir() or process.poll() is not None)
        second = run(*BUILD, "--jobs", "1")
        assert process.wait(timeout=200) == 0
    if second.returncode:  # the first was still at it
        assert second.returncode == 1
        assert "another build is writing this folder" in second.stderr
    assert hashes(course / "output" / "quiz") == undisturbed


@pytest.mark.parametrize("stage", ["made", "laid", "records"])
def test_files_that_power_loss_left_half_written_are_made_again(
    course: Path, run: Run, undisturbed: dict[str, str], stage: str
) -> None:
    working = interrupted(course, stage)
    for path in working.rglob("*"):
        if path.is_file() and path.name != "order.json":
            path.write_bytes(path.read_bytes()[:20])
    begun = json.loads((working / "order.json").read_text("utf-8"))
    (working / "order.json").write_text(json.dumps(begun | {"boot": "the one before"}), "utf-8")
    assert run(*BUILD, "--jobs", "1").returncode == 0
    assert hashes(course / "output" / "quiz") == undisturbed


def test_what_was_drawn_and_then_lost_is_drawn_again(course: Path, run: Run, undisturbed: dict[str, str]) -> None:
    working = interrupted(course, "laid")
    shutil.rmtree(working / "drawn")
    assert run(*BUILD, "--jobs", "1").returncode == 0
    assert hashes(course / "output" / "quiz") == undisturbed


def test_what_a_killed_process_had_begun_to_write_is_not_left_behind(
    course: Path, run: Run, undisturbed: dict[str, str]
) -> None:
    working = interrupted(course, "records")
    copy = next((working / "copies").iterdir())
    (copy / ".x7.part").write_bytes(b"%PDF-1.7")
    assert run(*BUILD, "--jobs", "1").returncode == 0
    assert hashes(course / "output" / "quiz") == undisturbed


def test_where_a_restart_cannot_be_told_files_wait_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[int] = []
    monkeypatch.setattr(os, "fsync", waited.append)
    store.write_whole(tmp_path / "a", b"a", lasting=False)
    assert not waited
    monkeypatch.setattr(store, "boot", lambda: "")
    store.write_whole(tmp_path / "a", b"a", lasting=False)
    assert len(waited) == 1


def die(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(path: str) -> int:
    if not Path(path).exists():
        Path(path).touch()
        die(0)
    return 7


def test_work_that_kills_every_worker_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(Lost, match=f"killed {TRIES} times"), Crew(2) as crew:
        list(crew.each(die, [(0,)]))
    with Crew(2) as crew:
        assert list(crew.each(die_once, [(str(tmp_path / "died"),)])) == [7]


def is_slow(number: int) -> int:
    time.sleep(0.05)
    return number


def say_half(path: str) -> bytes:
    """A large result, in the midst of which the worker is killed the first time."""
    if not Path(path).exists():
        Path(path).touch()
        threading.Timer(0.1, die, [0]).start()
    return bytes(300_000_000)


def test_a_worker_that_is_killed_in_the_midst_of_its_result_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crews, "LOOK", 0.5)
    with Crew(2) as crew:
        (found,) = crew.each(say_half, [(str(tmp_path / "died"),)])
    assert len(found) == 300_000_000


def test_workers_that_are_killed_again_and_again_lose_nothing() -> None:
    """Also one that is just about to take its work, while others wait for the same pipe."""
    with Crew(2) as crew:
        found = []
        for number in crew.each(is_slow, [(n,) for n in range(60)]):
            found.append(number)
            if number % 15 == 7:
                os.kill(workers_of(os.getpid())[-1], signal.SIGKILL)
    assert found == list(range(60))


def test_results_come_in_the_order_of_the_work() -> None:
    with Crew(2) as crew:
        assert list(crew.each(abs, [(n,) for n in range(-40, 0)])) == list(range(40, 0, -1))


# ---- a dask cluster ----


def test_a_cluster_writes_the_same_bytes_though_a_worker_dies(course: Path, undisturbed: dict[str, str]) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        executor = ["--executor", "dask", "--scheduler", cluster.scheduler_address]
        with started(course, *BUILD, *executor) as process:
            wait_for(lambda: (course / "output" / ".quiz.building" / "made").is_dir() or process.poll() is not None)
            os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
            _, said = process.communicate(timeout=300)
            assert process.returncode == 0, said
    assert hashes(course / "output" / "quiz") == undisturbed


def test_a_scheduler_that_does_not_answer_is_said_so(run: Run) -> None:
    result = run(*BUILD, "--executor", "dask", "--scheduler", "tcp://127.0.0.1:1")
    assert result.returncode == 1
    assert "no dask scheduler answers there" in result.stderr
