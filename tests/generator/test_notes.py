"""What the paper states under a prompt: what the results that are asked for need, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawn import answer_of


def test_results_that_are_whole_in_every_draw_are_not_asked_for_as_fractions(tmp_path: Path) -> None:
    points = "{points: [[1, 1]], labels: [1]}"
    mistakes = answer_of(tmp_path, f"{{number: perceptron_updates, with: {points}, pick: mistakes}}")
    assert mistakes.note.endswith("Give the exact number.")
    weights = answer_of(tmp_path, f"{{table: perceptron_updates, with: {points}, rows: [w, mistakes]}}")
    assert weights.note.endswith("Give exact values; fractions are fine.")
    alone = answer_of(tmp_path, f"{{table: perceptron_updates, with: {points}, rows: [mistakes]}}")
    assert alone.note.endswith("Give exact numbers.")


@pytest.mark.parametrize(
    ("written", "said", "unsaid"),
    [
        ("{table: confusion_scores, with: COUNTS, rows: [f1]}", "F1 is", ""),
        ("{table: confusion_scores, with: COUNTS, rows: [precision, recall]}", "", "F1 is"),
        ("{number: dropout, with: {values: [1, 2], rate: 0.5}, pick: networks}", "", "divided by"),
        ("{array: dropout, with: {values: [1, 2], rate: 0.5}, pick: expected}", "divided by", ""),
        ("{array: word_analogy, with: WORDS, pick: query}", "", "cosine"),
        ("{number: word_analogy, with: WORDS, pick: nearest}", "cosine", ""),
        ("{number: gradient_check, with: CHECK, pick: numerical}", "quotient is", "relative error"),
        ("{number: gradient_check, with: CHECK, pick: relative, decimals: 3}", "relative error", ""),
    ],
)
def test_the_paper_states_what_the_asked_results_need(written: str, said: str, unsaid: str, tmp_path: Path) -> None:
    words = {
        "COUNTS": "{true_positives: 2, false_positives: 1, false_negatives: 1}",
        "WORDS": "{vectors: [[1, 0], [0, 1], [1, 1], [2, 1], [1, 3]], words: [1, 2, 3]}",
        "CHECK": "{function: x ** 2, at: {x: 3}, step: 0.5}",
    }
    for word, meant in words.items():
        written = written.replace(word, meant)
    note = answer_of(tmp_path, written).note
    assert said in note
    assert not unsaid or unsaid not in note
