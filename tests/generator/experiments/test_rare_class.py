"""A rare class, a weighted loss and another threshold."""

from typing import Any

import pytest
import torch

from generator.experiments import rare_class


def figures(seed: int = 0, **arguments: Any) -> Any:
    return rare_class.run(torch.Generator().manual_seed(seed), **arguments).figures


@pytest.mark.parametrize("share", [0.02, 0.03, 0.04, 0.05])
@pytest.mark.parametrize("weight", [10, 50])
def test_accuracy_hides_misses_and_a_weight_trades_them_for_false_reports(share: float, weight: float) -> None:
    found = figures(share=share, weight=weight)
    plain, weighted = found["plain"], found["weighted"]
    assert found["constant"]["accuracy"] == pytest.approx(1 - share)
    assert plain["accuracy"] == pytest.approx(1 - share, abs=0.02)
    assert plain["recall"] < 0.5
    assert weighted["recall"] > plain["recall"] + 0.2
    assert weighted["false_alarms"] > plain["false_alarms"]
    assert weighted["precision"] < plain["precision"]
    assert weighted["accuracy"] < plain["accuracy"]
    assert found["probability"]["plain"] == pytest.approx(share, abs=0.005)
    assert found["probability"]["weighted"] > 2 * share


@pytest.mark.parametrize("cost", [9, 19, 49, 99])
def test_the_threshold_of_the_costs_is_cheaper_than_one_half(cost: float) -> None:
    found = figures(weight=cost)
    costs = {name: cost * found[name]["misses"] + found[name]["false_alarms"] for name in ("plain", "threshold")}
    assert costs["threshold"] < costs["plain"]


def test_counts_by_hand() -> None:
    said = torch.tensor([True, True, False, False, False])
    labels = torch.tensor([1.0, 0.0, 1.0, 0.0, 0.0])
    assert rare_class._measured(said, labels) == {
        "accuracy": 0.6, "recall": 0.5, "precision": 0.5, "misses": 1, "false_alarms": 1,
    }  # fmt: skip


@pytest.mark.parametrize("wrong", [{"share": 0.5}, {"weight": 1}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="would work"):
        figures(**wrong)
