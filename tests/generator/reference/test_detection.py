"""Boxes, rankings, confusion counts and GAN losses: both computations agree, and examples worked by hand come out."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.reference import BadArgument, answer, ask, misconceptions, same

few = settings(max_examples=25, deadline=None)
edges = st.sampled_from(["continuous", "pixels"])
forms = st.sampled_from(["all_points", "eleven_points"])


@st.composite
def boxes(draw: Any) -> list[int]:
    left, top = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    return [left, top, left + draw(st.integers(1, 9)), top + draw(st.integers(1, 9))]


@few
@given(boxes(), boxes(), edges)
def test_overlap_is_computed_twice_and_symmetric(one: list[int], other: list[int], edge: str) -> None:
    found = ask("box_overlap", None, {"one": one, "other": other}, {"box_edges": edge})
    assert 0 <= found.value <= 1
    assert same(found.value, ask("box_overlap", None, {"one": other, "other": one}, {"box_edges": edge}).value)
    assert same(ask("box_overlap", None, {"one": one, "other": one}, {"box_edges": edge}).value, 1)
    assert r"\text{IoU}" in found.worked


@few
@given(st.lists(boxes(), min_size=1, max_size=6), st.permutations(range(6)), edges)
def test_suppression_is_computed_twice(found: list[list[int]], order: list[int], edge: str) -> None:
    scores = [0.1 + order[place] / 10 for place in range(len(found))]
    given_ = {"boxes": found, "scores": scores, "limit": 0.3137}  # between fractions, so that nothing ties
    asked = ask("non_maximum_suppression", None, given_, {"box_edges": edge})
    ranked = sorted(range(len(found)), key=lambda place: -scores[place])
    assert ranked[0] + 1 in asked.value
    assert list(asked.value) == sorted(asked.value)
    assert asked.worked.count("kept\n") + asked.worked.endswith("kept") == len(asked.value)


@few
@given(st.lists(st.integers(0, 1), min_size=1, max_size=8), st.integers(0, 4), forms)
def test_average_precision_is_computed_twice(correct: list[int], missed: int, form: str) -> None:
    given_ = {"correct": correct, "objects": max(1, sum(correct) + missed)}
    asked = ask("average_precision", None, given_, {"average_precision": form})
    assert 0 <= asked.value <= 1
    assert asked.worked.count("\n| ") == len(correct) + 1


@few
@given(st.integers(1, 50), st.integers(0, 50), st.integers(0, 50), st.integers(1, 50))
def test_confusion_scores_are_computed_twice(tp: int, fp: int, fn: int, tn: int) -> None:
    counts: dict[str, Any] = {"true_positives": tp, "false_positives": fp, "false_negatives": fn}
    found = answer("confusion_scores", **counts, true_negatives=tn)
    low, high = sorted((found["precision"], found["recall"]))
    assert low - 1e-12 <= found["f1"] <= high + 1e-12
    assert answer("confusion_scores", **counts) == {name: found[name] for name in ("precision", "recall", "f1")}


@few
@given(
    st.lists(st.integers(1, 99).map(lambda one: one / 100), min_size=1, max_size=3),
    st.lists(st.integers(1, 99).map(lambda one: one / 100), min_size=1, max_size=3),
    st.sampled_from(["mean", "sum"]),
)
def test_gan_losses_are_computed_twice(real: list[float], fake: list[float], reduction: str) -> None:
    asked = ask("gan_losses", None, {"real": real, "fake": fake}, {"loss_reduction": reduction})
    found = asked.value
    assert found["discriminator"] > -found["generator_minimax"] > 0 < found["generator_non_saturating"]
    assert asked.worked.count(r"\ln") == len(real) + 2 * len(fake)


# ---- worked by hand ----


def test_two_boxes_that_share_a_third() -> None:
    given_: dict[str, Any] = {"one": [0, 0, 4, 4], "other": [2, 0, 6, 4]}
    assert same(answer("box_overlap", **given_), 1 / 3)
    pixels = ask("box_overlap", None, given_, {"box_edges": "pixels"})
    assert same(pixels.value, 15 / 35)
    assert answer("box_overlap", one=[0, 0, 2, 2], other=[2, 2, 4, 4]) == 0
    slips = {slip.name: slip.value for slip in ask("box_overlap", None, given_).slips()}
    assert slips["intersection_twice"] == 0.25
    assert slips["smaller_area"] == 0.5


def test_a_dropped_box_drops_no_other() -> None:
    given_ = {
        "boxes": [[0, 0, 10, 10], [2, 0, 12, 10], [5, 0, 15, 10]],
        "scores": [0.9, 0.8, 0.7],
        "limit": 0.5,
    }
    asked = ask("non_maximum_suppression", None, given_)
    assert asked.value == (1, 3)  # IoU 2/3 of 1 and 2, 7/13 of 2 and 3, but 1/3 of 1 and 3
    assert {slip.name: slip.value for slip in asked.slips()}["dropped_drop"] == (1,)
    assert "Box 2 (0.8): IoU 0.6667 with 1; dropped" in asked.worked


def test_average_precision_of_five_reports() -> None:
    given_: dict[str, Any] = {"correct": [1, 0, 1, 1, 0], "objects": 5}
    assert answer("average_precision", **given_) == 0.5  # (1 + 3/4 + 3/4) / 5
    eleven = ask("average_precision", None, given_, {"average_precision": "eleven_points"})
    assert same(eleven.value, (3 + 4 * 0.75) / 11)  # recalls 0 to 0.2, then 0.3 to 0.6


def test_scores_of_a_fault_detector() -> None:
    found = answer("confusion_scores", true_positives=12, false_positives=4, false_negatives=8, true_negatives=176)
    assert found["accuracy"] == 0.94
    assert (found["precision"], found["recall"]) == (0.75, 0.6)
    assert same(found["f1"], 2 / 3)
    assert same(found["specificity"], 176 / 180)


def test_a_discriminator_that_cannot_tell_loses_two_logarithms_of_two() -> None:
    found = answer("gan_losses", real=0.5, fake=0.5)
    assert same(found["discriminator"], 2 * math.log(2))
    assert same(found["generator_minimax"], -math.log(2))
    assert same(found["generator_non_saturating"], math.log(2))


# ---- what makes no sense ----


@pytest.mark.parametrize(
    ("name", "arguments", "argument"),
    [
        ("box_overlap", {"one": [0, 0, 0, 1], "other": [0, 0, 1, 1]}, "one"),
        ("box_overlap", {"one": [0, 0, 1, 1], "other": [0, 0, 1]}, "other"),
        ("box_overlap", {"one": [0, 0, 1, 1], "other": [0, 0, 1.5, 2], "box_edges": "pixels"}, "other"),
        ("non_maximum_suppression", {"boxes": [], "scores": [], "limit": 0.5}, "boxes"),
        ("non_maximum_suppression", {"boxes": [[0, 0, 1, 1]] * 13, "scores": [1] * 13, "limit": 0.5}, "boxes"),
        ("non_maximum_suppression", {"boxes": [[0, 0, 1, 1]] * 2, "scores": [1, 1], "limit": 0.5}, "scores"),
        (
            "non_maximum_suppression",
            {"boxes": [[0, 0, 3, 1], [1, 0, 4, 1]], "scores": [1, 2], "limit": 0.5},
            "limit",
        ),
        ("average_precision", {"correct": [1, 2], "objects": 3}, "correct"),
        ("average_precision", {"correct": [1, 1], "objects": 1}, "objects"),
        ("confusion_scores", {"true_positives": 0, "false_positives": 1, "false_negatives": 1}, "true_positives"),
        (
            "confusion_scores",
            {"true_positives": 1, "false_positives": 0, "false_negatives": 1, "true_negatives": 0},
            "true_negatives",
        ),
        ("gan_losses", {"real": 1, "fake": 0.5}, "real"),
        ("gan_losses", {"real": [0.5], "fake": []}, "fake"),
    ],
)
def test_arguments_that_make_no_sense_are_named(name: str, arguments: dict[str, Any], argument: str) -> None:
    with pytest.raises(BadArgument) as error:
        answer(name, **arguments)
    assert error.value.argument == argument


def test_every_misconception_is_had_somewhere() -> None:
    scene = {
        "boxes": [[0, 0, 10, 10], [2, 0, 12, 10], [5, 0, 15, 10], [30, 0, 40, 10]],
        "scores": [0.8, 0.9, 0.7, 0.3],
        "limit": 0.5,
    }
    crowd = {**scene, "scores": [0.9, 0.8, 0.7, 0.3]}
    of: dict[str, list[dict[str, Any]]] = {
        "box_overlap": [{"one": [1, 0, 4, 4], "other": [2, 1, 6, 7]}],
        "non_maximum_suppression": [scene, crowd],
        "average_precision": [{"correct": [1, 0, 1, 1, 0], "objects": 4}],
        "confusion_scores": [{"true_positives": 8, "false_positives": 2, "false_negatives": 4, "true_negatives": 86}],
        "gan_losses": [{"real": [0.9, 0.8], "fake": [0.3, 0.1]}],
    }
    for name, draws in of.items():
        found = {slip.name for draw in draws for slip in ask(name, None, draw).slips()}
        assert found == set(misconceptions(name)), name
