"""What a build writes, and what it never writes."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest

import torchexam
from generator import codes
from generator.mistakes import Mistaken
from torchexam.building import Built

ROOT = Path(__file__).parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def everything_in(path: Path) -> bytes:
    """All bytes of a file, with those of a PDF's streams decompressed and its text read out."""
    data = path.read_bytes()
    if path.suffix != ".pdf":
        return data
    import pypdfium2

    with pikepdf.open(path) as pdf:
        for thing in pdf.objects:
            if isinstance(thing, pikepdf.Stream):
                data += thing.read_bytes()
            else:
                data += str(thing).encode()
    document = pypdfium2.PdfDocument(path)
    text = "\n".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return data + text.encode()


# ---- what is there ----


def test_every_copy_has_exam_and_key_in_both_formats(midterm: Built) -> None:
    for copy in midterm.manifest["copies"]:
        names = {path.name for path in (midterm.folder / "copies" / copy["code"]).iterdir()}
        assert names == {"exam.pdf", "exam.html", "key.pdf", "key.html"}
    assert {"manifest.json", "keys.csv", "keys.html", "report.html", "print/exams.pdf"} <= set(hashes(midterm.folder))


def test_nothing_of_the_work_is_left_beside_the_build(midterm: Built) -> None:
    assert [path.name for path in midterm.folder.parent.iterdir()] == ["cs682-midterm"]


def test_the_midterm_has_the_20_parts_and_the_points_of_the_seed(midterm: Built) -> None:
    points = {part["number"]: part["points"] for part in midterm.manifest["copies"][0]["parts"]}
    assert points == {
        "1.1": 3, "2.1": 3, "2.2": 3, "2.3": 3, "2.4": 3, "3.1": 8, "4.1": 1, "4.2": 4, "4.3": 3, "4.4": 3, "4.5": 3,
        "5.1": 3, "5.2": 3, "5.3": 3, "6.1": 5, "7.1": 6, "7.2": 3, "7.3": 3, "7.4": 2, "8.1": 3,
    }  # fmt: skip
    assert midterm.manifest["points"] == 68


def test_the_midterm_fills_about_eight_pages(midterm: Built) -> None:
    assert {copy["pages"] for copy in midterm.manifest["copies"]} <= {8, 9}


def test_every_copy_has_its_answer_boxes_at_the_same_place(midterm: Built) -> None:
    first, *others = ([part["boxes"] for part in copy["parts"]] for copy in midterm.manifest["copies"])
    assert all(boxes for boxes in first)
    assert all(other == first for other in others)


def test_copies_ask_for_other_numbers(midterm: Built) -> None:
    answers = [copy["parts"][15]["answer"] for copy in midterm.manifest["copies"]]
    assert len({json.dumps(answer) for answer in answers}) == 4


def test_the_graders_table_has_a_row_a_part_and_a_column_a_copy(midterm: Built) -> None:
    rows = list(csv.reader((midterm.folder / "keys.csv").read_text("utf-8-sig").splitlines()))
    assert rows[0] == ["part", "points", *(copy["code"] for copy in midterm.manifest["copies"])]
    assert [row[0] for row in rows[1:]] == [part["number"] for part in midterm.manifest["copies"][0]["parts"]]


def test_the_print_bundle_pads_each_copy_to_an_even_number_of_pages(midterm: Built) -> None:
    with pikepdf.open(midterm.folder / "print" / "exams.pdf") as bundle:
        even = sum(copy["pages"] + copy["pages"] % 2 for copy in midterm.manifest["copies"])
        assert len(bundle.pages) == even


def test_the_report_says_that_all_copies_look_the_same(midterm: Built) -> None:
    assert "Answer boxes at the same place" in (midterm.folder / "report.html").read_text("utf-8")
    assert "different layouts" not in (midterm.folder / "report.html").read_text("utf-8")


# ---- what a student must not see ----


def secrets_of(built: Built, copy: dict[str, Any]) -> list[str]:
    """Answers that are more than a number, the seed, ids of questions and parts, paths and names of the machine."""
    words = [built.manifest["secret"], str(ROOT), str(Path.home()), str(built.folder), "cs682-midterm", "/tmp/"]
    for part in copy["parts"]:
        words += [part["question"]] if "_" in part["question"] else []
        answer = part["answer"]
        if part["kind"] == "network":  # its first layers are those that the paper lists
            words += [line for line in answer.splitlines() if "ConvTranspose2d(" in line or "Upsample(" in line]
        elif isinstance(answer, str):
            words += [line for line in re.split(r"[.\n]", answer) if len(line) > 25]
            words += [answer] if "·" in answer else []
    return words


def test_a_students_paper_holds_no_answer_seed_path_or_question_id(midterm: Built) -> None:
    for copy in midterm.manifest["copies"]:
        for name in ("exam.html", "exam.pdf"):
            held = everything_in(midterm.folder / "copies" / copy["code"] / name).decode("utf-8", "replace")
            squeezed = " ".join(held.split())
            for word in secrets_of(midterm, copy):
                assert " ".join(word.split()) not in squeezed, (copy["code"], name, word)


def test_the_same_search_finds_the_answers_in_the_key(midterm: Built) -> None:
    """So that the test above can fail."""
    copy = midterm.manifest["copies"][0]
    held = everything_in(midterm.folder / "copies" / copy["code"] / "key.html").decode()
    network = next(part["answer"] for part in copy["parts"] if part["kind"] == "network")
    assert all(line.split(" - ")[1] in held for line in network.splitlines())


def test_table_cells_of_a_students_paper_are_empty(midterm: Built) -> None:
    for copy in midterm.manifest["copies"]:
        answer = next(part["answer"] for part in copy["parts"] if part["kind"] == "table")
        held = everything_in(midterm.folder / "copies" / copy["code"] / "exam.html").decode()
        for cell in answer.values():
            if "×" in cell:
                assert cell not in held


# ---- the same bytes ----


def test_the_same_seed_gives_the_same_bytes_in_another_process_with_nothing_kept(tmp_path: Path) -> None:
    made: list[dict[str, str]] = []
    for name in ("one", "two"):
        command = [
            "build",
            "cnn-quiz",
            "--bank",
            str(ROOT / "bank"),
            "--copies",
            "1",
            "--seed",
            "s",
            "--jobs",
            "1",
        ]
        command += ["--output", str(tmp_path / name)]
        cache, order_of_sets = str(tmp_path / f"cache-{name}"), str(len(made) + 1)
        environment = {**os.environ, "TORCHEXAM_CACHE": cache, "PYTHONHASHSEED": order_of_sets}
        subprocess.run([sys.executable, "-m", "torchexam", *command], check=True, env=environment, capture_output=True)
        made.append(hashes(tmp_path / name / "cnn-quiz"))
    assert made[0] == made[1]


def test_another_seed_gives_other_numbers(course: Path) -> None:
    values = []
    for seed in ("one", "two"):
        built = torchexam.build("quiz", course / "bank", copies=4, seed=seed, to=("html",), output=course / seed)
        values.append([part["values"] for copy in built.manifest["copies"] for part in copy["parts"]])
    assert values[0] != values[1]


def test_several_processes_write_the_same_bytes_as_one(course: Path) -> None:
    made = []
    for jobs in (1, 2):
        output = course / f"jobs-{jobs}"
        torchexam.build("quiz", course / "bank", copies=8, seed="s", output=output, jobs=jobs)
        made.append(hashes(output))
    assert made[0] == made[1]


# ---- again, and again after trouble ----


def test_a_finished_build_is_not_done_again(course: Path) -> None:
    first = torchexam.build("quiz", course / "bank", copies=2, to=("html",), output=course / "output")
    again = torchexam.build("quiz", course / "bank", copies=2, to=("html",), output=course / "output")
    assert first.written > 0
    assert again.written == 0
    assert again.manifest["secret"] == first.manifest["secret"]


def test_a_question_that_was_edited_is_read_again_in_the_same_process(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(course)
    first = torchexam.build("quiz", seed="s", to=("html",)).manifest
    file = Path("bank/cnn/count_parameters.yaml")
    text = file.read_text("utf-8").replace("out_features=10", "out_features=12")
    file.write_text(text.replace("answer: 690", "answer: 820"), "utf-8")
    second = torchexam.build("quiz", seed="s", to=("html",), replace_other=True).manifest
    one, other = (manifest["copies"][0]["parts"][1]["answer"] for manifest in (first, second))
    assert one != other


@pytest.mark.parametrize("manifest", ["[1, 2]", "3", "null", "", "{}"])
def test_a_foreign_manifest_is_that_of_another_build(
    course: Path, monkeypatch: pytest.MonkeyPatch, manifest: str
) -> None:
    monkeypatch.chdir(course)
    Path("output/quiz").mkdir(parents=True)
    Path("output/quiz/manifest.json").write_text(manifest)
    with pytest.raises(Mistaken, match="this folder holds another build"):
        torchexam.build("quiz", to=("html",))


def test_a_folder_that_holds_another_build_is_left_alone(course: Path) -> None:
    torchexam.build("quiz", course / "bank", copies=2, seed="a", to=("html",), output=course / "output")
    before = hashes(course / "output")
    with pytest.raises(Mistaken, match="this folder holds another build"):
        torchexam.build("quiz", course / "bank", copies=2, seed="b", to=("html",), output=course / "output")
    assert hashes(course / "output") == before


def test_replace_lets_a_build_take_the_place_of_another(course: Path) -> None:
    torchexam.build("quiz", course / "bank", copies=2, seed="a", to=("html",), output=course / "output")
    built = torchexam.build(
        "quiz", course / "bank", copies=1, seed="b", to=("html",), output=course / "output", replace_other=True
    )
    assert len(list((built.folder / "copies").iterdir())) == 1


def test_a_mistake_in_a_question_leaves_nothing_written(course: Path) -> None:
    file = course / "bank" / "cnn" / "count_parameters.yaml"
    file.write_text(
        file.read_text("utf-8").replace("in_features=maps * half * half", "in_features=maps * half"), "utf-8"
    )
    with pytest.raises(Mistaken, match="layer e cannot take"):
        torchexam.build("quiz", course / "bank", copies=2, output=course / "output")
    assert not (course / "output").exists()


def test_an_interrupted_build_leaves_no_half_and_goes_on_where_it_was(course: Path, run: Run) -> None:
    asked = ["build", "quiz", "--copies", "60", "--seed", "s", "--jobs", "1"]
    undisturbed = run(*asked, "--output", "undisturbed")
    assert undisturbed.returncode == 0, undisturbed.stderr
    command = [sys.executable, "-m", "torchexam", *asked, "--output", "output"]
    process = subprocess.Popen(command, cwd=course, stderr=subprocess.PIPE, text=True)
    records = course / "output" / ".quiz.building" / "records"
    deadline = time.monotonic() + 120
    while not (records.is_dir() and list(records.glob("*.jsonl"))) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in said
    assert not (course / "output" / "quiz").exists()
    assert not [path for path in (course / "output").rglob("*.part") if path.is_file()]
    assert 0 < len(list(records.glob("*.jsonl"))) < 3
    finished = run(*asked, "--output", "output")
    assert finished.returncode == 0, finished.stderr
    assert hashes(course / "output" / "quiz") == hashes(course / "undisturbed" / "quiz")


def test_an_output_folder_that_cannot_be_written_is_said_in_one_line(course: Path, run: Run) -> None:
    (course / "output").write_text("a file stands where the folder should be")
    result = run("build", "quiz", "--copies", "1", "--to", "html")
    assert result.returncode == 1
    assert "output" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_full_disk_leaves_what_was_there(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torchexam.build("quiz", course / "bank", copies=1, seed="a", to=("html",), output=course / "output")
    before = hashes(course / "output")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "report.html")

    monkeypatch.setattr("generator.store.write_whole", full)
    with pytest.raises(OSError, match="No space left"):
        torchexam.build(
            "quiz", course / "bank", copies=1, seed="b", to=("html",), output=course / "output", replace_other=True
        )
    assert hashes(course / "output") == before


# ---- order and choice ----


def test_sections_in_another_order_and_picked_questions_are_built_too(course: Path) -> None:
    (course / "bank" / "training" / "momentum.yaml").write_text(
        "title: Momentum\ntopics: [training]\nparts:\n  - id: a\n    points: 3\n    prompt: Why momentum?\n"
        "    answer: {text: {lines: 9, model: it averages, rubric: [{3: why}]}}\n"
    )
    (course / "bank" / "exams" / "mixed.yaml").write_text(
        "title: Mixed\nshuffle: sections\nlayout: free\nsections:\n"
        "  - questions: [count_parameters]\n  - pick: {topics: [training]}\n"
    )
    built = torchexam.build("mixed", course / "bank", copies=6, seed="s", to=("pdf",), output=course / "output")
    orders = {tuple(part["question"] for part in copy["parts"]) for copy in built.manifest["copies"]}
    assert len(orders) > 2
    assert all(part["boxes"] for copy in built.manifest["copies"] for part in copy["parts"])


# ---- rosters and codes ----


def test_a_roster_puts_names_on_papers(course: Path) -> None:
    (course / "class.csv").write_text("﻿name,id\nAda Osei,1001\nJosé Ñandú,1002\n", "utf-8")
    built = torchexam.build(
        "quiz", course / "bank", roster=course / "class.csv", to=("html",), output=course / "output"
    )
    assert [copy["student"]["name"] for copy in built.manifest["copies"]] == ["Ada Osei", "José Ñandú"]
    code = built.manifest["copies"][1]["code"]
    assert "José Ñandú" in (built.folder / "copies" / code / "exam.html").read_text("utf-8")


def test_codes_in_a_manifest_differ_in_two_places(midterm: Built) -> None:
    found = [copy["code"] for copy in midterm.manifest["copies"]]
    for place, one in enumerate(found):
        assert set(one) <= set(codes.LETTERS)
        assert all(sum(a != b for a, b in zip(one, other, strict=True)) >= 2 for other in found[:place])
