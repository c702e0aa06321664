"""Word vectors from made-up text."""

from typing import Any

import pytest
import torch

from generator.experiments.skip_gram import TOPICS, WORDS, _pairs, run, train


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("seed", range(3))
def test_vectors_take_over_likeness_analogy_and_bias_of_the_text(seed: int) -> None:
    found = measured(seed)
    assert found["alike"]["tea_coffee"] > 0.9
    assert found["alike"]["tea_king"] < 0.6
    assert found["analogy"]["nearest"] == "queen"
    assert found["lean"]["first"] > found["lean"]["second"] + 0.2


def test_balanced_text_makes_no_difference_between_the_jobs() -> None:
    lean = measured(share=0.5)["lean"]
    assert abs(lean["first"] - lean["second"]) < 0.1


def test_words_stand_near_the_words_of_their_topics() -> None:
    near = [word for words in TOPICS.values() for word in words]
    counts = _pairs(torch.Generator().manual_seed(0), WORDS)
    king = counts[[*WORDS].index("king")]
    assert king[near.index("crown")] > 10 * king[near.index("cup")]
    assert not set(near) & set(WORDS)


def test_words_with_the_same_counts_get_the_same_direction() -> None:
    counts = torch.tensor([[90.0, 10.0, 5.0], [90.0, 10.0, 5.0], [5.0, 10.0, 90.0]], dtype=torch.float64)
    one, same, other = torch.nn.functional.normalize(train(torch.Generator().manual_seed(0), counts), dim=1)
    assert one @ same > 0.9
    assert one @ other < 0.5


def test_a_share_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="would work"):
        measured(share=0.2)
