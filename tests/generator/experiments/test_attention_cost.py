"""What attention costs."""

from typing import Any

import pytest
import torch

from generator.experiments.attention_cost import run


def counted(**given: Any) -> Any:
    return run(torch.Generator(), **given).figures


def test_counts_equal_the_closed_formulas() -> None:
    n, d = 10, 6
    assert counted(length=n, size=d)["short"] == {
        "projections": 4 * n * d * d,
        "products": 2 * n * n * d,
        "weights": n * n,
        "recurrent": 2 * n * d * d,
        "steps": n,
    }


def test_only_what_belongs_to_pairs_of_tokens_grows_with_the_square() -> None:
    assert counted(factor=3)["ratio"] == {"projections": 3, "products": 9, "weights": 9, "recurrent": 3, "steps": 3}


@pytest.mark.parametrize("wrong", [{"length": 1}, {"size": 0}, {"factor": 1}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="would work"):
        counted(**wrong)
