"""Who may come in, what may come in, and what stays inside."""

from __future__ import annotations

import asyncio
import http.client
import json
import multiprocessing
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from service_of_tests import INSTRUCTOR, STUDENT, Service

from generator.mistakes import Mistaken
from torchexam.web import crew as crew_room
from torchexam.web.crew import Crew
from torchexam.web.problems import Problem
from torchexam.web.settings import settle

API = "/api/v1"


# ---- who may come in ----


@pytest.mark.parametrize("path", ["/", "/exams", "/builds", f"{API}/questions", f"{API}/openapi.json", "/nothing"])
def test_without_a_token_nothing_is_shown(service: Service, path: str) -> None:
    answered = service.get(path, token=None)
    assert answered.status == 401
    assert b"segment" not in answered.body


@pytest.mark.parametrize("token", ["", "x", INSTRUCTOR[:-1], INSTRUCTOR + "x", "ä" * 30])
def test_a_wrong_token_opens_nothing(service: Service, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
    assert service.get(f"{API}/questions", token=None, headers=headers).status == 401


def test_the_start_address_turns_into_a_cookie_that_scripts_and_other_sites_cannot_use(service: Service) -> None:
    answered = service.get(service.start_address.removeprefix(service.url), token=None)
    cookie = answered.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert INSTRUCTOR not in cookie
    value = cookie.partition(";")[0]
    assert service.get("/", token=None, headers={"Cookie": value}).status == 200
    assert service.get("/", token=None, headers={"Cookie": value[:-1] + "0"}).status in (200, 401)
    assert service.get("/start?token=wrong", token=None).status == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example", ""])
def test_another_host_is_refused(service: Service, host: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    connection.putrequest("GET", "/", skip_host=True)
    connection.putheader("Host", host)
    connection.putheader("Authorization", f"Bearer {INSTRUCTOR}")
    connection.endheaders()
    assert connection.getresponse().status in (400, 403)
    connection.close()


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
])  # fmt: skip
def test_a_change_from_another_page_is_refused(service: Service, headers: dict[str, str]) -> None:
    assert service.ask("POST", f"{API}/check", {}, headers=headers).status == 403


def test_a_change_by_cookie_needs_an_origin(service: Service) -> None:
    answered = service.get(service.start_address.removeprefix(service.url), token=None)
    cookie = {"Cookie": answered.headers["set-cookie"].partition(";")[0]}
    assert service.ask("POST", f"{API}/check", {}, token=None, headers=cookie).status == 403
    own = cookie | {"Origin": service.url}
    assert service.ask("POST", f"{API}/check", {}, token=None, headers=own).status == 200


def test_a_form_of_another_site_reaches_nothing_as_its_body_is_no_json(service: Service) -> None:
    headers = {"Content-Type": "text/plain", "Origin": "https://evil.example"}
    assert service.ask("POST", f"{API}/builds", b'{"exam": "quiz"}', headers=headers).status == 403


def test_signing_in_takes_the_instructors_token_alone(service: Service) -> None:
    def sign_in(token: str) -> int:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": service.url}
        return service.ask("POST", "/sign-in", f"token={token}".encode(), token=None, headers=headers).status

    assert sign_in(INSTRUCTOR) == 303
    assert sign_in(STUDENT) == 401
    assert sign_in("") == 401


# ---- what students see ----

STUDENTS_READ = ["questions", "questions/segment_digits", "questions/segment_digits/variant", "openapi.json",
                 "questions/segment_digits/paper", "questions/learning_rate/paper?seed=3"]  # fmt: skip
STUDENTS_DO_NOT = [
    "questions/segment_digits/key", "questions/segment_digits/evidence", "questions/segment_digits/draws",
    "questions/segment_digits/file", "questions/segment_digits/variant?key=true", "mistakes", "exams", "exams/quiz",
    "exams/quiz/paper", "exams/quiz/file", "builds", "builds/quiz/manifest", "builds/quiz/files/keys.csv",
    "questions/segment_digits/paper?draft=00000000000000000000000000000000",
]  # fmt: skip


@pytest.mark.parametrize("path", STUDENTS_READ)
def test_the_student_token_reads_papers(service: Service, path: str) -> None:
    assert service.get(f"{API}/{path}", token=STUDENT).status == 200


@pytest.mark.parametrize("path", STUDENTS_DO_NOT)
def test_the_student_token_opens_nothing_with_answers(service: Service, path: str) -> None:
    assert service.get(f"{API}/{path}", token=STUDENT).status == 403


@pytest.mark.parametrize("path", ["/", "/questions/segment_digits", "/questions/segment_digits/key", "/builds"])
def test_the_student_token_opens_no_page(service: Service, path: str) -> None:
    assert service.get(path, token=STUDENT).status == 403


@pytest.mark.parametrize("path", [f"{API}/check", f"{API}/builds", f"{API}/questions", f"{API}/drafts",
                                  f"{API}/questions/segment_digits/verify"])  # fmt: skip
def test_the_student_token_changes_nothing(service: Service, path: str) -> None:
    assert service.ask("POST", path, {}, token=STUDENT).status == 403


def test_nothing_that_students_read_carries_an_answer(service: Service) -> None:
    for name in ("segment_digits", "learning_rate", "count_parameters", "residual_connections"):
        whole = service.get(f"{API}/questions/{name}/variant?seed=9&key=true").json
        read = service.get(f"{API}/questions/{name}/variant?seed=9", token=STUDENT)
        assert "values" not in read.json
        allowed = {"number", "id", "kind", "points", "lead", "prompt", "space"}
        assert all(set(part) == allowed for part in read.json["parts"])
        paper = service.get(f"{API}/questions/{name}/paper?seed=9", token=STUDENT).text
        for part in whole["parts"]:
            for secret in (part["explanation"], *(item["for"] for item in part["rubric"]),
                           *(slip["says"] for slip in part["misconceptions"])):  # fmt: skip
                assert not secret or (secret not in read.text and secret not in paper)
        assert 'class="panel"' not in paper


def test_the_mistakes_of_a_broken_question_are_not_told_to_students(service: Service) -> None:
    file = service.course / "bank" / "broken.yaml"
    file.write_text(
        "title: Broken\ntopics: [t]\nparts:\n  - {id: a, points: 1, prompt: p, answer: {number: secret_answer}}\n"
    )
    try:
        answered = service.get(f"{API}/questions/broken/paper", token=STUDENT)
        assert answered.status == 422
        assert "secret" not in answered.text
        assert "secret_answer" in service.get(f"{API}/questions/broken/paper").text
    finally:
        file.unlink()


# ---- what pages may do ----


@pytest.mark.parametrize("path", ["/", "/exams/quiz", "/questions/learning_rate", "/builds", "/sign-in", "/nothing"])
def test_pages_run_no_script_of_their_own(service: Service, path: str) -> None:
    answered = service.ask("GET", path, headers={"Accept": "text/html"})
    policy = answered.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answered.text.count("<script") == answered.text.count('<script src="/static/')
    assert "style=" not in answered.text
    assert " on" + "click=" not in answered.text
    assert answered.headers["x-content-type-options"] == "nosniff"
    assert answered.headers["cache-control"] == "no-store"


def test_papers_run_no_script_at_all(service: Service) -> None:
    policy = service.get(f"{API}/questions/segment_digits/paper").headers["content-security-policy"]
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "sandbox" in policy


def test_what_a_question_says_cannot_become_markup(service: Service) -> None:
    file = service.course / "bank" / "markup.yaml"
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    choice = f"{{choice: {{right: '{evil} a', wrong: [b]}}}}"
    part = f"{{id: a, points: 1, prompt: '{evil}', answer: {choice}}}"
    file.write_text(f"title: '{evil}'\ntopics: ['{evil}']\nstem: '{evil}'\nparts:\n  - {part}\n")
    try:
        for path in (
            "/",
            "/questions/markup",
            "/questions/markup/paper",
            "/questions/markup/key",
            "/questions/markup/facts",
        ):
            text = service.get(path).text
            assert "<script>alert" not in text, path
            assert "<img src=x" not in text, path
    finally:
        file.unlink()


# ---- files ----


@pytest.mark.parametrize("name", [
    "..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "a%00b", "bank%5cx", "ｑｕｉｚ", "qu%CC%88iz",
    "..%c0%af", "%EF%BC%8E%EF%BC%8E", "quiz%E2%80%AE", "CON:", "quiz.", ".quiz", "-quiz", "a" * 300,
])  # fmt: skip
def test_odd_names_are_no_files(service: Service, name: str) -> None:
    name = "".join(
        letter if letter.isascii() else "".join(f"%{byte:02x}" for byte in letter.encode()) for letter in name
    )
    ways = [f"{API}/questions/{name}/file", f"{API}/exams/{name}/file", f"{API}/builds/{name}/manifest"]
    for path in (*ways, f"/static/{name}", f"{API}/builds/quiz/files/{name}"):
        answered = service.get(path)
        assert answered.status in (400, 404, 422), path
        assert b"root:" not in answered.body


@pytest.mark.parametrize("name", ["../x", "/etc/x", "x/y", "x.yaml", "ü", "", ".x", "x\u202e", "CON.", "x" * 81])
def test_new_files_have_plain_names(service: Service, name: str) -> None:
    text = "title: t\n"
    assert service.ask("POST", f"{API}/questions", {"id": name, "text": text}).status == 422
    assert service.ask("POST", f"{API}/exams", {"id": name, "text": text}).status == 422
    if name:
        assert service.ask("POST", f"{API}/questions", {"id": "fine", "folder": name, "text": text}).status == 422
    assert not list(service.course.rglob("fine.yaml"))


@pytest.fixture
def outside(service: Service, tmp_path: Path) -> Iterator[Path]:
    """Links from the bank and the output folder to files that are nobody's business."""
    (tmp_path / "secret.yaml").write_text("title: the secret\n")
    (tmp_path / "secret.csv").write_text("the secret")
    links = [service.course / "bank" / "linked.yaml", service.course / "bank" / "linked"]
    links[0].symlink_to(tmp_path / "secret.yaml")
    links[1].symlink_to(tmp_path, target_is_directory=True)
    build = service.course / "output" / "linked"
    build.mkdir(parents=True)
    (build / "keys.csv").symlink_to(tmp_path / "secret.csv")
    names = ["keys.csv", "../../bank/exams/quiz.yaml", "/etc/passwd"]
    (build / "manifest.json").write_text(json.dumps({"format": 1, "files": names, "copies": []}))
    yield tmp_path
    for link in links:
        link.unlink()
    shutil.rmtree(build)


def test_links_lead_nowhere(service: Service, outside: Path) -> None:
    assert service.get(f"{API}/questions/linked/file").status == 404
    assert service.get(f"{API}/questions/secret/file").status == 404
    body = {"id": "planted", "folder": "linked", "text": "title: t\n"}
    assert service.ask("POST", f"{API}/questions", body).status == 404
    assert not (outside / "planted.yaml").exists()


@pytest.mark.parametrize(
    "file", ["keys.csv", "../../bank/exams/quiz.yaml", "%2e%2e/%2e%2e/bank/exams/quiz.yaml", "/etc/passwd"]
)
def test_a_manifest_cannot_name_a_file_elsewhere(service: Service, outside: Path, file: str) -> None:
    answered = service.get(f"{API}/builds/linked/files/{file}")
    assert answered.status == 404
    assert b"secret" not in answered.body
    assert service.get(f"{API}/builds/linked/archive.zip").status in (404, 500)


# ---- sizes and times ----


def test_a_body_that_is_too_large_is_refused_before_it_is_read(service: Service) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    connection.putrequest("POST", f"{API}/check")
    connection.putheader("Authorization", f"Bearer {INSTRUCTOR}")
    connection.putheader("Content-Length", str(10**9))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_body_without_a_length_is_cut_off(service: Service) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)

    def pieces() -> Iterator[bytes]:
        for _ in range(60):
            yield b" " * 100_000

    headers = {"Authorization": f"Bearer {INSTRUCTOR}", "Content-Type": "application/json"}
    try:
        connection.request("POST", f"{API}/check", pieces(), headers, encode_chunked=True)
        assert connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # it hung up while we were still talking
    connection.close()
    assert service.get("/healthy").status == 200


def test_a_text_may_be_as_long_as_a_file_and_not_longer(service: Service) -> None:
    assert service.ask("POST", f"{API}/drafts", {"text": "x" * 1_000_000}).status == 200
    assert service.ask("POST", f"{API}/drafts", {"text": "x" * 1_000_001}).status == 422


@pytest.mark.parametrize("text", [
    "a: &x [1]\nb: *x\n", "!!python/object/apply:os.system ['true']", "[" * 5_000, "title: \x07\n", "\ud800",
    "a: {" * 2_000, "title: t\ntitle: t\n", "- " * 3_000, "\u2028: 1",
])  # fmt: skip
def test_hostile_yaml_becomes_mistakes(service: Service, text: str) -> None:
    answered = service.ask("POST", f"{API}/check", {"question": "learning_rate", "text": text})
    assert answered.status in (200, 422)
    if answered.status == 200:
        assert answered.json["mistakes"]
    assert service.ask("POST", f"{API}/exams/quiz/changes", {"text": text, "steps": []}).status in (200, 422)


HOSTILE = """
title: Hostile
topics: [t]
parameters:
{parameters}
parts:
  - {{id: a, points: 1, prompt: p, answer: {{choice: {{right: a, wrong: [b]}}}}}}
"""


def test_a_hostile_question_costs_its_own_answer_and_nothing_else(service: Service) -> None:
    rows = [f"  p{n}: {{range: [1, 440]}}\n  q{n}: {{range: [1, 440]}}" for n in range(40)]
    require = "".join(f"\n  - p{n} + q{n} > 3" for n in range(40))
    text = HOSTILE.format(parameters="\n".join(rows)).replace("parts:", f"require:{require}\nparts:")
    said: list[int] = []

    def check() -> None:
        body = {"question": "learning_rate", "text": text, "run": False}
        said.append(service.ask("POST", f"{API}/check", body).status)

    attacker = threading.Thread(target=check)
    attacker.start()
    time.sleep(0.5)
    slowest = 0.0
    for seed in range(8):
        start = time.monotonic()
        assert service.get(f"{API}/questions/learning_rate/paper?seed={seed}").status == 200
        slowest = max(slowest, time.monotonic() - start)
    assert slowest < 3
    attacker.join(timeout=60)
    assert said[0] in (200, 504)
    answered = service.ask("POST", f"{API}/check", {"question": "learning_rate", "run": False})
    assert answered.status == 200  # a fresh worker took the place of the one that was ended
    assert answered.json["mistakes"] == []


# ---- settings ----


@pytest.mark.parametrize("given", [
    {"host": "0.0.0.0"}, {"host": "127.0.0.1"}, {"url": "https://exams.example.edu"},
])  # fmt: skip
def test_others_are_let_in_only_with_tokens(tmp_path: Path, given: dict[str, str]) -> None:
    options = {"host": None, "url": None} | given
    with pytest.raises(Mistaken, match="only with tokens"):
        settle(tmp_path, "output", options["host"], 8682, options["url"], None)


def test_tokens_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(
        "# who may come in\ninstructor: an-instructor-of-a-department\nstudent: a-student-of-a-department\n"
    )
    found = settle(tmp_path, "output", "0.0.0.0", 8682, "https://exams.example.edu", str(file))
    assert found.addresses == {"https://exams.example.edu"}
    assert found.student == "a-student-of-a-department"
    with pytest.raises(Mistaken, match="no name that a browser can ask for"):
        settle(tmp_path, "output", "0.0.0.0", 8682, None, str(file))


@pytest.mark.parametrize(("text", "says"), [
    ("instructor: short\n", "20 characters"),
    ("instructor: with some spaces in it\n", "without spaces"),
    ("boss: a-token-that-is-long-enough\n", "names a role"),
    ("instructor: the-same-token-for-both\nstudent: the-same-token-for-both\n", "the same token"),
])  # fmt: skip
def test_bad_tokens_are_told(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "tokens").write_text(text)
    with pytest.raises(Mistaken, match=says):
        settle(tmp_path, "output", None, 8682, None, str(tmp_path / "tokens"))


@pytest.mark.parametrize("url", ["exams.example.edu", "https://exams.example.edu/below", "ftp://x", "https://"])
def test_an_address_is_one_of_a_service(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHEXAM_INSTRUCTOR_TOKEN", INSTRUCTOR)
    with pytest.raises(Mistaken, match="no address"):
        settle(tmp_path, "output", None, 8682, url, None)


def _too_much(size: int) -> int:
    return len(bytearray(size))


def test_a_worker_has_a_limit_of_memory_and_of_time() -> None:
    async def ask() -> None:
        crew = Crew(1)
        try:
            with pytest.raises(Problem, match="more memory"):
                await crew.do(_too_much, 8_000_000_000, kind="read")
            with pytest.raises(Problem, match=r"stopped after 0\.3 seconds"):
                await crew.do(time.sleep, 60, kind="read", seconds=0.3)
            with pytest.raises(Problem, match="broke down"):
                await crew.do(os.abort, kind="read")
            assert await crew.do(_too_much, 10, kind="read") == 10
        finally:
            crew.stop()

    asyncio.run(ask())


class _Slow:
    """Something that takes its time to arrive; a worker that takes it in holds the lock of the pipe."""

    def __reduce__(self) -> tuple[Callable[[float], None], tuple[float]]:
        return time.sleep, (30.0,)


def test_workers_that_wait_for_one_that_was_killed_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew_room, "STUCK", 1.0)

    async def ask() -> None:
        crew = Crew(1)
        try:
            assert await crew.do(_too_much, 10, kind="read", seconds=20) == 10
            lost = asyncio.create_task(crew.do(_too_much, _Slow(), kind="read", seconds=1))
            await asyncio.sleep(0.5)
            for process in multiprocessing.active_children():
                process.kill()
            with pytest.raises(Problem, match=r"stopped|broke down"):
                await lost
            assert await crew.do(_too_much, 10, kind="read", seconds=20) == 10
            for process in multiprocessing.active_children():  # which have nothing to do
                process.kill()
            await asyncio.sleep(0.5)
            assert await crew.do(_too_much, 10, kind="read", seconds=20) == 10
        finally:
            crew.stop()

    asyncio.run(ask())
