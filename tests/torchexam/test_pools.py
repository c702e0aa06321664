"""Frozen pools: the same bytes, builds that deal only from them, and what changed since, with the copies it touches."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import torchexam
from generator import pool as pool_room
from generator import reference
from generator.mistakes import Mistaken, show_all
from torchexam import building, cli, pools
from torchexam.pools import PoolState

POOL = Path("bank/exams/quiz.pool.json")


@pytest.fixture
def here(course: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The course folder, to work in with one process."""
    monkeypatch.chdir(course)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    return course


@pytest.fixture
def frozen(here: Path) -> dict[str, Any]:
    """The pool of the quiz, as it stands in the file."""
    torchexam.freeze("quiz", pool=4, seed="s")
    return stored()


def stored() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(POOL.read_text("utf-8"))
    return data


def change(name: str, old: str, new: str) -> None:
    file = Path("bank") / name
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def build(**more: Any) -> building.Built:
    return torchexam.build("quiz", **{"copies": 5, "seed": "t", "to": ("html",), **more})


def one_more(way: Callable[..., int]) -> Callable[..., int]:
    """A computation that counts one too many."""

    @functools.wraps(way)
    def wrong(*given: Any, **named: Any) -> int:
        return way(*given, **named) + 1

    return wrong


def state() -> PoolState:
    (found,) = torchexam.verify("quiz").pools
    return found


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


# ---- freezing ----


def test_a_pool_holds_values_keys_versions_and_hashes(frozen: dict[str, Any]) -> None:
    assert (frozen["format"], frozen["exam"], frozen["seed"]) == (1, "quiz", "s")
    assert frozen["versions"] == pools.versions()
    first = frozen["questions"]["count_parameters"]
    assert first["sha256"] == torchexam.load("bank").questions["count_parameters"].sha256
    assert [one["number"] for one in first["variants"]] == [0, 1, 2, 3]
    one = first["variants"][0]
    assert set(one["values"]) == {"side", "maps", "kernel", "person", "half"}
    values = one["values"]
    learned = values["maps"] * (values["kernel"] ** 2 + 1) + 10 * values["maps"] * values["half"] ** 2 + 10
    assert one["parts"]["parameters"]["answer"] == learned
    assert set(one["parts"]["sizes"]["answer"]) == {"a", "c"}


def test_the_same_seed_freezes_to_the_same_bytes(
    frozen: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = POOL.read_bytes()
    monkeypatch.setenv("TORCHEXAM_CACHE", str(tmp_path))
    torchexam.freeze("quiz", pool=4, seed="s", replace_other=True, jobs=2)
    assert POOL.read_bytes() == before


def test_a_pool_names_no_path_and_no_time(frozen: dict[str, Any], here: Path) -> None:
    text = POOL.read_text("utf-8")
    assert str(here) not in text
    assert set(frozen) == {"format", "exam", "seed", "versions", "questions"}


def test_a_pool_read_and_written_again_has_the_same_bytes(frozen: dict[str, Any]) -> None:
    pool = pool_room.read(POOL, "quiz")
    assert pool
    assert pool_room.written(pool) == POOL.read_bytes()


def test_a_seed_of_any_bytes_comes_back(here: Path) -> None:
    seed = os.fsdecode(b"\xff seed \xc3\xa9")
    torchexam.freeze("quiz", pool=1, seed=seed)
    pool = pool_room.read(POOL, "quiz")
    assert pool
    assert pool.seed == seed


def test_freezing_again_does_nothing_and_never_overwrites(frozen: dict[str, Any]) -> None:
    before = POOL.read_bytes()
    assert not torchexam.freeze("quiz", pool=4).written
    for pool, seed in ((5, "s"), (4, "other")):
        with pytest.raises(Mistaken, match="this exam has a frozen pool"):
            torchexam.freeze("quiz", pool=pool, seed=seed)
    assert POOL.read_bytes() == before
    assert torchexam.freeze("quiz", pool=5, seed="s", replace_other=True).written
    assert len(stored()["questions"]["learning_rate"]["variants"]) == 5


def test_what_fails_is_not_frozen(here: Path) -> None:
    change("cnn/count_parameters.yaml", "half * half", "half * 8")
    with pytest.raises(Mistaken) as failing:
        torchexam.freeze("quiz", pool=4, seed="a seed")
    told = show_all(failing.value.mistakes)
    assert "layer e cannot take" in told
    assert "again with: torchexam freeze bank/exams/quiz.yaml --pool 4 --seed 'a seed'\n" in told + "\n"
    assert not POOL.exists()


def test_the_command_after_a_failure_replaces_where_that_was_asked(frozen: dict[str, Any]) -> None:
    change("cnn/count_parameters.yaml", "half * half", "half * 8")
    with pytest.raises(Mistaken) as failing:
        torchexam.freeze("quiz", pool=4, seed="-x", replace_other=True)
    told = show_all(failing.value.mistakes)
    assert "again with: torchexam freeze bank/exams/quiz.yaml --pool 4 --seed=-x --replace" in told


def test_the_printed_command_keeps_variants_that_did_not_change(
    frozen: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From another folder, with the pool's own seed and size: what was not touched is dealt as before."""
    change("cnn/count_parameters.yaml", "out_features=10", "out_features=11 if maps > 5 else 10")
    bank = Path("bank").resolve()
    monkeypatch.chdir(tmp_path)
    state = torchexam.verify(bank / "exams" / "quiz.yaml").pools[0]
    command = re.findall(r"freeze it again with: torchexam (.*)", show_all(state.mistakes))[0]
    assert "--pool 4 --seed s --replace" in command
    with pytest.raises(SystemExit):
        cli.main(shlex.split(command))
    again = json.loads((bank / "exams" / "quiz.pool.json").read_text("utf-8"))
    changed = {one.change.variant for one in state.touched}
    for old, new in zip(*(pool["questions"]["count_parameters"]["variants"] for pool in (frozen, again)), strict=True):
        assert (old == new) is (old["number"] not in changed)
    assert again["questions"]["learning_rate"] == frozen["questions"]["learning_rate"]


def test_the_variants_are_those_that_a_build_with_the_seed_deals(frozen: dict[str, Any]) -> None:
    from_pool = build(seed="s", output="one")
    POOL.unlink()
    drawn = build(seed="s", pool=4, output="two")
    one, two = hashes(from_pool.folder), hashes(drawn.folder)
    for name in ("manifest.json", "report.html"):
        del one[name], two[name]
    assert one == two
    assert from_pool.manifest["copies"] == drawn.manifest["copies"]


# ---- building from it ----


def test_a_build_deals_only_from_the_pool(frozen: dict[str, Any]) -> None:
    built = build(copies=9)
    assert built.manifest["pool"] == 4
    assert built.manifest["frozen"]["seed"] == "s"
    for copy in built.manifest["copies"]:
        for part in copy["parts"]:
            one = frozen["questions"][part["question"]]["variants"][part["variant"]]
            assert part["values"] == one["values"]
            assert part["answer"] == one["parts"][part["part"]]["answer"]


def test_the_same_pool_and_seed_give_the_same_bytes(frozen: dict[str, Any]) -> None:
    assert hashes(build(output="one").folder) == hashes(build(output="two").folder)


def test_several_processes_deal_from_it_too(frozen: dict[str, Any]) -> None:
    assert hashes(build(copies=8, output="one").folder) == hashes(build(copies=8, output="two", jobs=2).folder)


def test_a_smaller_pool_deals_its_first_variants(frozen: dict[str, Any]) -> None:
    built = build(copies=9, pool=2)
    assert {part["variant"] for copy in built.manifest["copies"] for part in copy["parts"]} == {0, 1}


def test_a_larger_pool_than_is_frozen_is_refused(frozen: dict[str, Any]) -> None:
    with pytest.raises(Mistaken, match="this frozen pool has 4 variants of each question, not 5"):
        build(pool=5)


def test_the_command_says_that_it_deals_from_the_pool(
    frozen: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["build", "quiz", "--to", "html"])
    assert "dealt from the exam's frozen pool: 4 variants of each question" in capsys.readouterr().err


def test_a_question_whose_key_changed_is_not_built(frozen: dict[str, Any]) -> None:
    change("cnn/count_parameters.yaml", "out_features=10", "out_features=11")
    change("cnn/count_parameters.yaml", "answer: 690", "answer: 755")
    with pytest.raises(Mistaken) as failing:
        build()
    told = show_all(failing.value.mistakes)
    assert "part parameters: variant " in told
    assert "of the frozen pool has another key now" in told
    assert not Path("output").exists()


def test_a_question_whose_prompt_changed_is_not_built(frozen: dict[str, Any]) -> None:
    change("cnn/count_parameters.yaml", "for one image", "for a single image")
    with pytest.raises(Mistaken, match="another text now, with the same key"):
        build()


def test_a_question_whose_rubric_changed_is_built(frozen: dict[str, Any]) -> None:
    change("training/learning_rate.yaml", "1: a remedy that", "1: any remedy that")
    assert build().written


# ---- what changed since ----


def test_a_pool_that_holds_is_told_so(frozen: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert state() == PoolState(str(POOL), "quiz", 4, (), (), ())
    with pytest.raises(SystemExit) as leaving:
        cli.main(["verify", "quiz"])
    assert leaving.value.code == 0
    assert f"{POOL}: 4 variants of each question; all have the papers and keys" in capsys.readouterr().out


def test_a_changed_key_is_told_with_old_new_and_the_copies_it_touches(
    frozen: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    built = build()
    change("cnn/count_parameters.yaml", "out_features=10", "out_features=11 if maps > 5 else 10")
    found = state()
    touched = {one.change.variant: one for one in found.touched if one.change.what == "key"}
    variants = frozen["questions"]["count_parameters"]["variants"]
    assert set(touched) == {one["number"] for one in variants if one["values"]["maps"] > 5}
    for number, one in touched.items():
        values = variants[number]["values"]
        assert one.change.part == "parameters"
        assert one.change.old == variants[number]["parts"]["parameters"]["answer"]
        assert one.change.new == one.change.old + values["maps"] * values["half"] ** 2 + 1
        codes = [
            copy["code"]
            for copy in built.manifest["copies"]
            if any(part["part"] == "parameters" and part["variant"] == number for part in copy["parts"])
        ]
        assert list(one.copies) == codes
    assert any(one.copies for one in touched.values())
    with pytest.raises(SystemExit) as leaving:
        cli.main(["verify", "quiz"])
    assert leaving.value.code == 1
    said = capsys.readouterr().out
    first = next(one for one in touched.values() if one.copies)
    assert f"variant {first.change.variant}: {first.change.old}, now {first.change.new}; cop" in said
    assert first.copies[0] in said
    assert "the copies are those in output/quiz" in said


def test_a_changed_prompt_with_the_same_key_is_told_as_such(frozen: dict[str, Any]) -> None:
    change("cnn/count_parameters.yaml", "for one image", "for a single image")
    found = state()
    assert {(one.change.part, one.change.what) for one in found.touched} == {("sizes", "paper")}
    (mistake,) = found.mistakes
    assert mistake.message == "part sizes: 4 of 4 frozen variants have another text now, with the same key"
    assert mistake.line == 27


def test_an_edit_that_no_paper_shows_is_told_and_is_no_failure(frozen: dict[str, Any]) -> None:
    change("training/learning_rate.yaml", "1: a remedy that", "1: any remedy that")
    found = state()
    assert (found.edited, found.mistakes) == (("learning_rate",), ())


def test_a_draw_that_is_not_allowed_any_more_is_told(frozen: dict[str, Any]) -> None:
    change("cnn/count_parameters.yaml", "[8, 12, 16]", "[8, 12]")
    found = state()
    gone = [one["number"] for one in frozen["questions"]["count_parameters"]["variants"] if one["values"]["side"] == 16]
    assert gone
    assert [one.change.variant for one in found.touched if one.change.what == "draw"] == gone
    assert "the question does not allow these values" in found.mistakes[0].hint


def test_values_that_the_seed_would_not_deal_any_more_are_kept(frozen: dict[str, Any]) -> None:
    change("cnn/count_parameters.yaml", "[8, 12, 16]", "[8, 12, 16, 20]")
    assert state().touched == ()
    assert state().edited == ("count_parameters",)
    assert build().written


def test_another_pytorch_that_gives_other_keys_is_told(frozen: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    module = reference.quantity("parameter_count")
    other = pools.versions() | {"torch": "99.0"}
    for way in ("compute", "recompute"):
        monkeypatch.setattr(module, way, one_more(getattr(module, way)))
    monkeypatch.setattr(pools, "versions", lambda: other)
    bank = torchexam.load("bank")
    from generator import exam

    plan = exam.load(bank.exams["quiz"], bank)
    found = pools.state(bank.exams["quiz"], plan, Path("output"))
    assert found
    assert {(one.change.part, one.change.what) for one in found.touched} == {("parameters", "key")}
    assert f"frozen with torch {frozen['versions']['torch']} (here 99.0)" in found.mistakes[0].hint


def test_a_question_that_is_not_in_the_pool_is_told(frozen: dict[str, Any]) -> None:
    del frozen["questions"]["learning_rate"]
    POOL.write_text(json.dumps(frozen))
    (mistake,) = state().mistakes
    assert mistake.message == "the frozen pool has no question 'learning_rate'"
    with pytest.raises(Mistaken, match="not in the exam's frozen pool"):
        build()


@pytest.mark.parametrize("manifest", ["", "[]", '{"copies": 3}', '{"copies": [{"parts": [{}]}]}', '{"copies": null}'])
def test_a_foreign_manifest_touches_no_copy(frozen: dict[str, Any], manifest: str) -> None:
    Path("output/quiz").mkdir(parents=True)
    Path("output/quiz/manifest.json").write_text(manifest)
    change("cnn/count_parameters.yaml", "for one image", "for a single image")
    assert {one.copies for one in state().touched} == {()}


def test_json_tells_each_change(frozen: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    change("cnn/count_parameters.yaml", "for one image", "for a single image")
    with pytest.raises(SystemExit):
        cli.main(["verify", "quiz", "--json"])
    (pool,) = json.loads(capsys.readouterr().out)["pools"]
    assert (pool["path"], pool["exam"], pool["variants"], pool["edited"]) == (str(POOL), "quiz", 4, [])
    first = frozen["questions"]["count_parameters"]["variants"][0]["parts"]["sizes"]["answer"]
    assert pool["changes"][0] == {
        "question": "count_parameters", "part": "sizes", "variant": 0, "what": "paper", "old": first, "new": first,
        "copies": [],
    }  # fmt: skip


# ---- files that are no pools ----


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"seed": "s",', '"seed": "s"', "5:2: this pool is no JSON: expecting ',' delimiter"),
        ('"format": 1', '"format": 2', "2:12: format"),
        ('"exam": "quiz"', '"exam": "final"', "3:10: this pool belongs to the exam 'final'"),
        ('"place": 0', '"place": "x"', "8:27: place: 'x' is no whole number"),
        ('"number": 0, ', "", "8:4: the key 'number' is missing"),
        ('"seed": "s",\n', "", "the key 'seed' is missing"),
        ("{", "[{", "no JSON"),
        ("{", "", "no JSON"),
    ],
)
def test_a_broken_pool_is_shown_with_its_place(
    frozen: dict[str, Any], capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    text = POOL.read_text("utf-8")
    POOL.write_text(text.replace(old, new, 1))
    for command in (["verify", "quiz"], ["build", "quiz"], ["check", "bank/exams/quiz.yaml"], ["check"]):
        capsys.readouterr()
        with pytest.raises(SystemExit) as leaving:
            cli.main(command)
        printed = "".join(capsys.readouterr())
        assert leaving.value.code == 1
        assert f"{POOL}:" in printed
        assert said in printed


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"null", b"[]", b"3", b"[" * 100_000, b'{"format": 1}'])
def test_any_other_file_is_no_pool(here: Path, data: bytes) -> None:
    POOL.write_bytes(data)
    with pytest.raises(Mistaken) as failing:
        pool_room.read(POOL, "quiz")
    assert all(mistake.path == str(POOL) for mistake in failing.value.mistakes)


def test_a_bank_takes_a_pool_for_no_exam(frozen: dict[str, Any]) -> None:
    assert [*torchexam.load("bank").exams] == ["quiz"]
    assert torchexam.check("bank") == ()
