"""What verifying a question finds: each kind of failure with the draw that shows it, and nothing where all is well."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator import answers, experiments, question, reference, trial, verify
from generator import variant as variant_room
from generator.answers.kind import Mark
from generator.answers.options import OptionsAnswer
from generator.experiments import Findings
from generator.mistakes import Mistaken
from generator.question import Question
from generator.verify import Failure, Verified

HEAD = """title: A question
topics: [test]
parameters:
  side: {choose: [9, 12, 15]}
  maps: {range: [2, 5]}
network:
  input: [1, side, side]
  layers:
    a: Conv2d(1, maps, 3, padding=1)
parts:
"""
SIZES = "  - {id: sizes, points: 2, prompt: How large?, answer: {table: output_shape, layers: [a]}}\n"
COUNT = "  - {id: count, points: 1, prompt: How many?, answer: {number: parameter_count}}\n"
WORDS = """  - id: words
    points: 3
    prompt: Why with <<maps>> maps?
    answer:
      text: {model: it sees <<side>> pixels, rubric: [{2: it sees}, {1: pixels}]}
      samples: [{says: it sees <<maps>> things, earns: 2}, {says: no idea, earns: 0}]
"""
CLAIM = """    evidence: {experiment: relu_at_zero, with: {point: side}, expect: [zero.autograd == 0], says: It is 0.}
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHEXAM_CACHE", str(tmp_path / "cache"))


def loaded(folder: Path, *parts: str, head: str = HEAD) -> Question:
    file = folder / "question.yaml"
    file.write_text(head + "".join(parts), "utf-8")
    return question.load(file, file.name)


def verified(asked: Question) -> Verified:
    return verify.verify(asked, verify.spread_out(asked))


def only_failure(found: Verified) -> Failure:
    assert len(found.failures) == 1, found.failures
    return found.failures[0]


# ---- where all is well ----


def test_all_draws_are_looked_at_where_they_are_few(tmp_path: Path) -> None:
    found = verified(loaded(tmp_path, SIZES, COUNT, WORDS + CLAIM))
    assert found.failures == ()
    assert (found.size, found.draws, found.left_out) == (12, 12, 0)


def test_what_was_verified_of_a_part_is_told(tmp_path: Path) -> None:
    sizes, count, words = verified(loaded(tmp_path, SIZES, COUNT, WORDS + CLAIM)).parts
    assert (sizes.kind, sizes.quantity, sizes.wrong, sizes.example) == ("table", "output_shape", True, False)
    assert count.quantity == "parameter_count"
    assert (words.quantity, words.samples, words.claims, words.shown) == ("", 2, 1, 3)


def test_the_longest_draw_of_a_part_is_known(tmp_path: Path) -> None:
    asked = loaded(tmp_path, WORDS.replace("<<maps>> maps", "<<10 ** maps>>"))
    longest, _ = verified(asked).parts[0].longest
    assert variant_room.at(asked, longest).values["maps"] == 5


def test_many_draws_are_looked_at_spread_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "out", lambda _: ())
    asked = loaded(tmp_path, COUNT, head=HEAD.replace("[2, 5]", "[2, 400]"))
    draws = verify.spread_out(asked, 20)
    found = verify.verify(asked, draws)
    assert (found.size, found.draws) == (3 * 399, 20)
    assert {variant_room.at(asked, place).values["side"] for place in [*draws.numbers][:20]} == {9, 12, 15}


def test_a_draw_is_the_same_each_time(tmp_path: Path) -> None:
    asked = loaded(tmp_path, SIZES, head=HEAD.replace("parameters:", "parameters:\n  who: {choose: names}"))
    assert variant_room.at(asked, 7).values == variant_room.at(asked, 7).values
    values = [variant_room.at(asked, place).values for place in range(12)]
    assert len({(one["side"], one["maps"]) for one in values}) == 12


# ---- what fails ----


def test_a_wrong_second_way_fails_with_the_first_draw_that_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = reference.quantity("parameter_count")
    right = module.recompute

    @functools.wraps(right)
    def wrong(network: Any, **given: Any) -> Any:
        found = right(network, **given)
        return found + 1 if network.input == (1, 12, 12) else found

    monkeypatch.setattr(module, "recompute", wrong)
    asked = loaded(tmp_path, COUNT)
    failure = only_failure(verified(asked))
    assert "the second computation gives" in failure.mistake.message
    assert failure.often == 4
    assert failure.draw is not None
    with pytest.raises(Mistaken, match="the second computation gives"):
        variant_room.at(asked, failure.draw)
    before = [place for place in range(12) if place < failure.draw]
    assert all(variant_room.at(asked, place).parts for place in before)


def test_a_network_that_some_draws_break_fails_at_its_layer(tmp_path: Path) -> None:
    head = HEAD.replace("    a: Conv", "    p: MaxPool2d(10 if maps == 3 else 2)\n    a: Conv")
    failure = only_failure(verified(loaded(tmp_path, SIZES, head=head)))
    assert (failure.mistake.line, failure.often) == (9, 1)
    assert "side = 9, maps = 3" in failure.mistake.hint


def test_an_answer_that_marks_wrong_responses_right_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OptionsAnswer, "mark", lambda *_: Mark(1.0))
    part = "  - {id: c, points: 1, prompt: P., answer: {choice: {right: '<<maps>>', wrong: ['<<-maps>>']}}}\n"
    failure = only_failure(verified(loaded(tmp_path, part)))
    assert "a wrong answer is marked right" in failure.mistake.message
    assert failure.often == 12


def test_options_that_look_the_same_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = answers.options.mixed

    def coincide(*given: Any) -> OptionsAnswer:
        found: OptionsAnswer = right(*given)
        return replace(found, options=("2.50", "**2.5**", "3")) if "9" in found.options else found

    monkeypatch.setattr("generator.answers.options.mixed", coincide)
    part = "  - {id: c, points: 1, prompt: P., answer: {choice: {right: '<<side>>', wrong: [a, b]}}}\n"
    failure = only_failure(verified(loaded(tmp_path, part)))
    assert "two options look the same: 2.50; **2.5**; 3" in failure.mistake.message
    assert failure.often == 4


def test_a_sample_that_the_rubric_cannot_give_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.answers.text.check", lambda *_: iter(()))  # as if the file had not been read
    asked = loaded(tmp_path, WORDS.replace("earns: 2}", "earns: 2.5}"))
    failure = only_failure(verified(asked))
    assert failure.mistake.message == "part words: no items of the rubric add up to 2.5"
    assert (failure.draw, failure.mistake.line) == (None, asked.source.text.count("\n"))


def test_samples_of_the_same_words_earn_the_same(tmp_path: Path) -> None:
    asked = loaded(tmp_path, WORDS.replace("says: no idea", "says: it sees 3 things"))
    failure = only_failure(verified(asked))
    assert failure.mistake.message == "part words: a sample earns 0; elsewhere its words earn 2"
    assert failure.often == 3


def test_an_example_that_is_wrong_fails_without_a_draw(tmp_path: Path) -> None:
    part = COUNT.replace("}}", "}, example: {with: {maps: 3}, answer: 31}}")
    failure = only_failure(verified(loaded(tmp_path, part)))
    assert "PyTorch does not come to this answer" in failure.mistake.message
    assert failure.draw is None


def test_what_only_a_check_finds_fails_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = loaded(tmp_path, SIZES)
    more = asked.source.mistake(("stem",), "found by a check")
    monkeypatch.setattr(trial, "out", lambda _: (more,))
    assert verified(asked).failures == (Failure(more),)


# ---- draws that are not used ----

CHOICE = """  - {id: c, points: 1, prompt: P., answer: {choice: {quantity: parameter_count, wrong: 1,
      misconceptions: [channels_not_multiplied]}}}
"""


def test_draws_whose_options_coincide_are_left_out_and_counted(tmp_path: Path) -> None:
    head = HEAD.replace("choose: [9, 12, 15]", "choose: [9, 12]").replace("Conv2d(1,", "Conv2d(side - 8,")
    asked = loaded(tmp_path, CHOICE, head=head.replace("input: [1,", "input: [side - 8,"))
    found = verified(asked)
    assert (found.size, found.draws, found.left_out) == (8, 4, 4)
    assert found.failures == ()


def test_others_take_the_place_of_draws_that_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "out", lambda _: ())
    head = HEAD.replace("choose: [9, 12, 15]", "choose: [9, 12]").replace("Conv2d(1,", "Conv2d(side - 8,")
    many = head.replace("input: [1,", "input: [side - 8,").replace("[2, 5]", "[2, 400]")
    asked = loaded(tmp_path, CHOICE, head=many)
    found = verify.verify(asked, verify.spread_out(asked, 20))
    assert found.draws + found.left_out <= 40
    assert found.draws > 15


# ---- evidence ----


def test_experiments_run_for_three_draws_that_differ_in_what_they_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points: list[float] = []

    def run(name: str, given: Any) -> Findings:
        points.append(given["point"])
        return Findings({"zero": {"autograd": 0}})

    monkeypatch.setattr(experiments, "run", run)
    more = HEAD.replace("choose: [9, 12, 15]", "choose: [9, 12, 15, 18, 21]")
    found = verified(loaded(tmp_path, WORDS + CLAIM, head=more))
    assert found.parts[0].shown == 3
    assert len(points) == len(set(points)) == 3


def test_a_claim_that_does_not_come_true_fails_at_its_place(tmp_path: Path) -> None:
    asked = loaded(tmp_path, WORDS + CLAIM.replace("zero.autograd == 0", "side < 12"))
    failure = only_failure(verified(asked))
    assert "this did not come true: side < 12" in failure.mistake.message
    assert failure.draw is not None
    assert variant_room.at(asked, failure.draw).values["side"] >= 12


def test_one_draw_can_be_verified_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "out", lambda _: pytest.fail("more than one draw"))
    asked = loaded(tmp_path, SIZES, WORDS + CLAIM)
    found = verify.verify(asked, verify.one(asked, 5))
    assert (found.draws, found.failures) == (1, ())
    assert {part.longest for part in found.parts} == {(5, 5)}


def test_the_variants_of_a_seed_show_all_of_their_evidence(tmp_path: Path) -> None:
    asked = loaded(tmp_path, WORDS + CLAIM)
    found = verify.verify(asked, verify.dealt(asked, "seed", 12))
    assert found.parts[0].shown == 3  # the experiment looks at the side alone
    assert found.draws == 12


def test_a_bug_in_judging_names_question_and_draw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def judged(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(trial, "judged", judged)
    with pytest.raises(ZeroDivisionError) as failing:
        verified(loaded(tmp_path, COUNT))
    assert failing.value.__notes__ == ["while draw 0 of question.yaml was verified"]
