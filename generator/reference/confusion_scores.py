"""Accuracy, precision, recall and their kin of a classifier with two classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.chosen import choosing
from generator.reference.given import aligned, equals, reading, tex, whole

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "named"
MOST_EXAMPLES = 100_000
Named = dict[str, float]
NAMES = ("accuracy", "precision", "recall", "f1", "specificity")
POSITIVE = ("precision", "recall", "f1")  # those that need no true negatives


@dataclass(frozen=True)
class Task:
    """How many examples of each sort there are."""

    tp: int
    fp: int
    fn: int
    tn: int | None  # none where negative examples cannot be counted, as in detection


def _task(
    *, true_positives: int, false_positives: int, false_negatives: int, true_negatives: int | None = None
) -> Task:
    """Four counts, none of whose quotients divides by 0; raises BadArgument."""
    counts = {
        "true_positives": true_positives,
        "false_positives": false_positives,
        "false_negatives": false_negatives,
        "true_negatives": 0 if true_negatives is None else true_negatives,
    }
    for name, count in counts.items():
        whole(name, count, 0, MOST_EXAMPLES)
    if not true_positives:
        raise BadArgument("true_positives", "without a true positive, precision and recall are 0 and F1 divides by 0")
    if true_negatives is not None and not false_positives + true_negatives:
        raise BadArgument("true_negatives", "without a negative example, there is no specificity")
    return Task(true_positives, false_positives, false_negatives, true_negatives)


@reading(_task)
def compute(task: Task) -> Named:
    """Look at the labels and predictions of all examples: `accuracy`, `precision`, `recall`, `f1`, `specificity`.

    Without `true_negatives` there are precision, recall and F1 only.
    """
    return _scores(task)


def _scores(task: Task) -> Named:
    label, predicted = _examples(task)
    right = (label == predicted).double()
    precision, recall = right[predicted].mean(), right[label].mean()
    f1 = 2 * precision * recall / (precision + recall)
    return _named(task, (right.mean(), precision, recall, f1, right[~label].mean()))


def _named(task: Task, values: Iterable[Any]) -> Named:
    named = dict(zip(NAMES, map(float, values), strict=True))
    return {name: named[name] for name in (NAMES if task.tn is not None else POSITIVE)}


def _examples(task: Task) -> tuple[Tensor, Tensor]:
    """Whether each example is positive, and whether it is called so."""
    import torch

    counts = torch.tensor([task.tp, task.fp, task.fn, task.tn or 0])
    label, predicted = torch.tensor([True, False, True, False]), torch.tensor([True, True, False, False])
    return label.repeat_interleave(counts), predicted.repeat_interleave(counts)


@reading(_task)
def recompute(task: Task) -> Named:
    """The same by closed formulas, in exact fractions."""
    return _named(task, (Fraction(over, under or 1) for over, under in _quotients(task)))


def _quotients(task: Task) -> list[tuple[int, int]]:
    tp, fp, fn, tn = task.tp, task.fp, task.fn, task.tn or 0
    return [(tp + tn, tp + fp + fn + tn), (tp, tp + fp), (tp, tp + fn), (2 * tp, 2 * tp + fp + fn), (tn, tn + fp)]


@choosing(_task)
def says(task: Task, wanted: frozenset[str]) -> str:
    """What F1 is, where it is asked for."""
    return "F1 is the harmonic mean of precision and recall" if not wanted or "f1" in wanted else ""


@reading(_task)
def worked(task: Task) -> str:
    """The quotient of each score, with its numbers."""
    tp, fp, fn, tn = (tex(count or 0) for count in (task.tp, task.fp, task.fn, task.tn))
    quotients = {
        "accuracy": (f"{tp} + {tn}", f"{tp} + {fp} + {fn} + {tn}"),
        "precision": (tp, f"{tp} + {fp}"),
        "recall": (tp, f"{tp} + {fn}"),
        "f1": (rf"2 \cdot {tp}", rf"2 \cdot {tp} + {fp} + {fn}"),
        "specificity": (tn, f"{tn} + {fp}"),
    }
    lines = []
    for name, value in _scores(task).items():
        over, under = quotients[name]
        lines.append((rf"\text{{{name.replace('f1', 'F1')}}}", rf"= \frac{{{over}}}{{{under}}} {equals(value)}"))
    return aligned(*lines)


# ---- wrong ways ----


def _counted_again(change: Callable[[Task], Task]) -> Callable[..., Named]:
    """The scores of other counts."""

    @reading(_task)
    def wrong(task: Task) -> Named:
        other = change(task)
        if not other.tp or (other.tn is not None and not other.fp + other.tn):
            raise DoesNotApply("a score would divide by 0")
        return _scores(other)

    return wrong


@reading(_task)
def _mean(task: Task) -> Named:
    found = _scores(task)
    return found | {"f1": (found["precision"] + found["recall"]) / 2}


@reading(_task)
def _of_all(task: Task) -> Named:
    label, predicted = _examples(task)
    hits = float((label & predicted).double().mean())
    found = _scores(task)
    return {name: hits if name in ("precision", "recall") else found[name] for name in found}


def _classes_swapped(task: Task) -> Task:
    if task.tn is None:
        raise DoesNotApply("negative examples are not counted")
    return Task(task.tn, task.fn, task.fp, task.tp)


MISCONCEPTIONS = {
    "errors_swapped": Misconception("false positives and false negatives are swapped",
                                    _counted_again(lambda task: Task(task.tp, task.fn, task.fp, task.tn))),
    "plain_mean": Misconception("F1 is taken for the plain mean of precision and recall", _mean),
    "of_all_examples": Misconception("true positives are divided by the number of all examples", _of_all),
    "classes_swapped": Misconception("positive and negative examples are swapped",
                                     _counted_again(_classes_swapped)),
}  # fmt: skip
