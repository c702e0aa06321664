"""The API: what its document promises, and what it gives, is the same as the command line's."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance, unsupported_method
from service_of_tests import INSTRUCTOR, Service

import torchexam
from generator.mistakes import Mistaken
from torchexam import cli
from torchexam.web.problems import MEDIA_TYPE

API = "/api/v1"
ROOT = Path(__file__).parents[3]


# a file with mistakes is answered with them, whatever the request; the guard answers for all methods alike
NOT_PROMISED = [positive_data_acceptance, ignored_auth, unsupported_method]
WITHOUT_FUZZ = ("/verify",)  # takes its time; it is called below


@pytest.fixture(scope="module")
def operations(service: Service) -> list[Any]:
    headers = {"Authorization": f"Bearer {INSTRUCTOR}"}
    schema = schemathesis.openapi.from_url(f"{service.url}{API}/openapi.json", headers=headers)
    found: Any = schema.get_all_operations()
    return [one.ok() for one in found]


def test_the_document_is_true(operations: list[Any], service: Service) -> None:
    """Requests that the document allows, and those that it does not, are answered as it says."""
    before = set((service.course / "bank").rglob("*"))
    assert len(operations) > 30
    for operation in operations:
        if not operation.path.endswith(WITHOUT_FUZZ):
            _tried(operation)
    for path in set((service.course / "bank").rglob("*.yaml")) - before:
        path.unlink()


def _tried(operation: Any) -> None:
    @settings(
        max_examples=5, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def holds(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {INSTRUCTOR}"}, excluded_checks=NOT_PROMISED)

    holds()


def test_every_body_and_many_answers_have_examples(service: Service) -> None:
    whole = service.get(f"{API}/openapi.json").json
    for path, operations in whole["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (path, method)
            assert operation["description"], (path, method)
    assert json.dumps(whole).count('"examples"') > 30


def test_the_page_about_the_service_names_every_request(service: Service) -> None:
    page = (ROOT / "docs" / "service.md").read_text("utf-8")
    for path, operations in service.get(f"{API}/openapi.json").json["paths"].items():
        short = path.removeprefix(API)
        last = "/" + short.rpartition("/")[2]
        for method in operations:
            assert re.search(rf"`{method.upper()} {re.escape(short)}`|`{re.escape(last)}`|`{method.upper()}`", page), (
                path
            )
            assert f"{short}`" in page or f"`{last}`" in page, (method, path)


# ---- the same as the command line ----


def run(service: Service, *words: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "torchexam", *words], cwd=service.course, capture_output=True, text=True, check=False
    )
    return json.loads(done.stdout)


def test_questions_are_those_of_list(service: Service) -> None:
    listed = run(service, "list", "--json")["questions"]
    served = service.get(f"{API}/questions").json["questions"]
    assert [{key: row[key] for key in listed[0]} for row in served] == listed
    assert [row["id"] for row in service.get(f"{API}/questions?topic=parameters").json["questions"]] == [
        "count_parameters"
    ]
    assert service.get(f"{API}/questions?find=gray-scale%20digits").json["questions"] == []
    assert len(service.get(f"{API}/questions?find=STROKE").json["questions"]) == 1


@pytest.fixture
def broken(service: Service) -> Iterator[Path]:
    file = service.course / "bank" / "cnn" / "count_parameters.yaml"
    before = file.read_text("utf-8")
    file.write_text(before.replace("kernel_size=kernel", "kernal_size=kernel"), "utf-8")
    yield file
    file.write_text(before, "utf-8")


def test_mistakes_are_those_of_check(service: Service, broken: Path) -> None:
    said = run(service, "check", "--json")["mistakes"]
    assert said
    deadline = time.monotonic() + 10  # a look at the bank may be two seconds old
    while not service.get(f"{API}/mistakes").json["mistakes"] and time.monotonic() < deadline:
        time.sleep(0.1)
    served = [service.get(f"{API}/mistakes"), service.ask("POST", f"{API}/check", {})]
    served.append(service.ask("POST", f"{API}/check", {"question": "count_parameters"}))
    for answered in served:
        own = [{key: one[key] for key in said[0]} for one in answered.json["mistakes"]]
        assert [one for one in said if one["path"].endswith("count_parameters.yaml")] == [
            one for one in own if one["path"].endswith("count_parameters.yaml")
        ]
    problem = service.get(f"{API}/questions/count_parameters/paper")
    assert problem.status == 422
    assert problem.headers["content-type"] == MEDIA_TYPE
    assert problem.json["mistakes"][0]["hint"] == "did you mean 'kernel_size'?"
    assert problem.json["mistakes"][0]["column"] == 49


def test_what_only_running_shows_is_told(service: Service) -> None:
    text = service.get(f"{API}/questions/count_parameters/file").json["text"].replace("maps * half * half", "maps * 7")
    body = {"question": "count_parameters", "text": text, "run": False}
    assert service.ask("POST", f"{API}/check", body).json["mistakes"] == []
    told = service.ask("POST", f"{API}/check", {**body, "run": True}).json["mistakes"]
    assert "layer e cannot take" in told[0]["message"]


def test_a_variant_is_that_of_preview(service: Service) -> None:
    drawn = torchexam.preview("count_parameters", bank=service.course / "bank", seed="7", number=3, key=True)
    served = service.get(f"{API}/questions/count_parameters/variant?seed=7&number=3&key=true").json
    assert served["values"] == dict(drawn.variant.values)
    assert [part["answer"] for part in served["parts"]] == [part.answer.recorded for part in drawn.variant.parts]
    assert served["parts"][1]["misconceptions"]
    paper = service.get(f"{API}/questions/count_parameters/paper?seed=7&number=3").text
    assert drawn.variant.network is not None
    assert f"in_features={drawn.variant.network.layers[4].call.partition('in_features=')[2].partition(',')[0]}" in paper
    place = service.get(f"{API}/questions/count_parameters/draws?start=2&count=1").json["draws"][0]
    at = service.get(f"{API}/questions/count_parameters/variant?draw=2").json
    assert place["values"] == at["values"]
    assert service.get(f"{API}/questions/count_parameters/variant?draw=99999").status == 422


def test_questions_of_the_sample_bank_can_be_told_with_their_keys() -> None:
    from torchexam.web import tasks

    for path in sorted((ROOT / "bank").glob("[!e]*/*.yaml"))[::4]:
        told = tasks.drawn(tasks.Asked(str(path), path.name), True, True)
        assert json.loads(json.dumps(told)) == told


def test_verifying_says_what_verify_says_and_is_remembered(service: Service) -> None:
    answered = service.ask("POST", f"{API}/questions/learning_rate/verify", {"draws": 50})
    assert answered.json["mistakes"] == []
    assert answered.json["questions"][0]["verified"] == 3
    row = service.get(f"{API}/questions/learning_rate").json
    assert row["verified"] == {"draws": 3, "failures": 0}


# ---- files ----


def test_a_file_is_never_saved_over_a_newer_version(service: Service) -> None:
    address = f"{API}/questions/learning_rate/file"
    mine = service.get(address).json
    file = service.course / "bank" / "training" / "learning_rate.yaml"
    before = file.read_text("utf-8")
    assert mine["text"] == before
    file.write_text(before + "# theirs\n", "utf-8")
    refused = service.ask("PUT", address, {"text": before + "# mine\n", "version": mine["version"]})
    assert refused.status == 409
    assert refused.json["theirs"] == before + "# theirs\n"
    assert refused.json["yours"] == before + "# mine\n"
    assert file.read_text("utf-8") == before + "# theirs\n"
    saved = service.ask("PUT", address, {"text": before, "version": refused.json["version"]})
    assert saved.json == {"version": mine["version"], "mistakes": []}
    assert file.read_text("utf-8") == before


def test_a_new_question_is_made_once(service: Service) -> None:
    body = {"id": "made", "folder": "new-topic", "text": "title: Made\n"}
    made = service.ask("POST", f"{API}/questions", body)
    assert made.status == 201
    assert any("'topics' is missing" in one["message"] for one in made.json["mistakes"])
    assert service.ask("POST", f"{API}/questions", body).status == 409
    assert service.ask("POST", f"{API}/questions", {**body, "id": "MADE"}).status == 409
    (service.course / "bank" / "new-topic" / "made.yaml").unlink()


def test_changes_of_an_exam_keep_its_comments(service: Service) -> None:
    text = service.get(f"{API}/exams/quiz/file").json["text"].replace("sections:", "# mind the order\nsections:  # two")
    steps = [{"do": "move_section", "section": 0, "to": 1}, {"do": "add", "section": 0, "question": "segment_digits"},
             {"do": "set", "path": ["minutes"], "value": 40}]  # fmt: skip
    answered = service.ask("POST", f"{API}/exams/quiz/changes", {"text": text, "steps": steps}).json
    assert "# mind the order\nsections:  # two\n  - questions: [learning_rate, segment_digits]\n" in answered["text"]
    assert answered["outline"]["points"] == 22
    assert answered["mistakes"] == []
    paper = service.get(f"{API}/exams/quiz/paper?draft={answered['draft']}").text
    assert "From a digit classifier" in paper
    assert service.get(f"{API}/exams/quiz/pages.pdf?draft={answered['draft']}").body.startswith(b"%PDF")
    wrong = [{"do": "remove", "section": 9, "at": 0}]
    assert service.ask("POST", f"{API}/exams/quiz/changes", {"text": text, "steps": wrong}).status == 422


# ---- builds ----


def test_a_build_is_that_of_the_command_line_and_grades(service: Service) -> None:
    roster = "name,id\nAmara Example,1001\nBo Example,1002\n"
    body = {"exam": "quiz", "roster": roster, "seed": "same", "to": ["html"], "folder": "graded"}
    started = service.ask("POST", f"{API}/builds", body)
    assert started.status == 202
    name = started.json["id"]
    assert started.headers["location"] == f"{API}/builds/{name}"
    events = service.get(f"{API}/builds/{name}/events").text.strip().split("\n\n")
    told = [json.loads(event.removeprefix("data: ")) for event in events]
    assert told[-1]["state"] == "finished", told[-1]
    assert any(one["state"] == "running" for one in told)
    manifest = service.get(f"{API}/builds/{name}/manifest").json
    assert [copy["student"]["name"] for copy in manifest["copies"]] == ["Amara Example", "Bo Example"]

    (service.course / "roster.csv").write_text(roster)
    options = ["--roster", "roster.csv", "--seed", "same", "--to", "html", "--output", "own", "--json"]
    run(service, "build", "quiz", *options)
    own = service.course / "own" / "quiz"
    files = sorted(path.relative_to(own).as_posix() for path in own.rglob("*") if path.is_file())
    assert len(files) > 6
    for file in files:
        assert service.get(f"{API}/builds/{name}/files/{file}").body == (own / file).read_bytes(), file

    copy = manifest["copies"][0]
    for part in copy["parts"]:
        answer = part["answer"]
        if part["kind"] == "text":
            answer = "something that no sample says"
        response = (
            ", ".join(answer) if isinstance(answer, list) else answer if isinstance(answer, dict) else str(answer)
        )
        given = {"copy": copy["code"], "part": part["number"], "response": response}
        mark = service.ask("POST", f"{API}/builds/{name}/grade", given).json
        if part["kind"] == "text":
            assert not mark["readable"]
        else:
            assert mark["earned"] == mark["points"] == part["points"], part
    wrong = service.ask(
        "POST", f"{API}/builds/{name}/grade", {"copy": copy["code"], "part": "1.2", "response": "1"}
    ).json
    assert wrong["earned"] == 0
    assert wrong["readable"]
    missing = {"copy": "ZZZ", "part": "1.1", "response": "1"}
    assert service.ask("POST", f"{API}/builds/{name}/grade", missing).status == 404


def test_a_copy_is_not_graded_by_another_key(service: Service, broken: Path) -> None:
    broken.write_text(broken.read_text("utf-8").replace("kernal_size", "kernel_size"), "utf-8")
    torchexam.build(
        "quiz", service.course / "bank", seed="key", to=["html"], output=service.course / "output" / "other"
    )
    manifest = service.get(f"{API}/builds/other.quiz/manifest").json
    broken.write_text(broken.read_text("utf-8").replace("out_features=10", "out_features=11"), "utf-8")
    body = {"copy": manifest["copies"][0]["code"], "part": "1.2", "response": "690"}
    refused = service.ask("POST", f"{API}/builds/other.quiz/grade", body)
    assert refused.status == 422
    assert "another key" in refused.json["mistakes"][0]["message"]


def test_what_goes_wrong_in_a_build_is_told_as_the_command_line_tells_it(service: Service) -> None:
    roster = service.course / "wrong.csv"
    roster.write_text("grade\n5\n")
    body = {"exam": "quiz", "roster": roster.read_text(), "folder": "wrong", "to": ["html"]}
    service.ask("POST", f"{API}/builds", body)
    told = service.get(f"{API}/builds/wrong.quiz/events").text.strip().split("\n\n")[-1]
    build = json.loads(told.removeprefix("data: "))
    assert build["state"] == "failed"
    with pytest.raises(Mistaken) as said:
        torchexam.build("quiz", service.course / "bank", roster=roster, output=service.course / "output" / "x")
    messages = [mistake.message for mistake in sorted(said.value.mistakes)]
    assert [mistake["message"] for mistake in build["mistakes"]] == messages
    assert service.get(f"{API}/builds/wrong.quiz/manifest").status == 404
    assert service.ask("POST", f"{API}/builds/wrong.quiz/cancel").status == 409


def test_other_commands_import_nothing_of_the_web() -> None:
    code = "import torchexam.cli, sys; print([m for m in ('fastapi', 'uvicorn', 'starlette') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert "serve" in cli.torchexam.commands
