"""What dropout makes of the outputs of a layer: under one mask in training, at test time, and on average."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import (
    aligned,
    equals,
    factor,
    number,
    picking_a_name,
    reading,
    summed,
    tensor,
    tex,
    tex_vector,
    vector,
)
from generator.spec import CONVENTIONS

GIVES = "named"
WHOLE = ("networks",)
MOST_UNITS = 10  # 2 to this power are run in one batch
Named = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """Outputs of a layer, what becomes of them, and the weights of a unit that takes them, where there is one."""

    values: list[float]
    keep: float  # the probability of keeping an output
    mask: list[float] | None
    weights: list[float] | None
    bias: float
    in_training: float  # what kept outputs are multiplied by in training
    at_test: float  # what all outputs are multiplied by at test time


def _task(
    *, values: Any, rate: float, mask: Any = None, weights: Any = None, bias: float = 0,
    dropout_scaling: str = "training",
) -> Task:  # fmt: skip
    """Check all arguments; raises BadArgument."""
    given = vector("values", values)
    if len(given) > MOST_UNITS:
        raise BadArgument("values", f"{len(given)} outputs have too many masks; {MOST_UNITS} would work")
    keep = 1 - number("rate", rate, 0.01, 0.99)
    kept = None if mask is None else vector("mask", mask, len(given))
    if kept and not {0, 1}.issuperset(kept):
        raise BadArgument("mask", "a mask holds 1 where an output is kept, and 0 where it is dropped")
    strength = None if weights is None else vector("weights", weights, len(given))
    scales = (1 / keep, 1.0) if dropout_scaling == "training" else (1.0, keep)
    return Task(given, keep, kept, strength, number("bias", bias), *scales)


@reading(_task)
def compute(task: Task) -> Named:
    """Run all 2ⁿ masks over n outputs and average them with their probabilities.

    `values`: the outputs before dropout; `rate`: the probability of dropping one; `mask`: 1 where it is kept. With
    `weights` (and `bias`), the sum that the next unit makes of them is told too. Results: `training` (under the mask),
    `test`, `expected` (on average in training), `networks` (how many masks there are), `training_sum`, `test_sum`,
    `expected_sum`, `variance` (of the sum in training).
    """
    return _run(task)


def _run(task: Task) -> Named:
    import torch

    units = tensor(task.values)
    masks = torch.cartesian_prod(*[tensor([0.0, 1.0])] * len(units)).reshape(-1, len(units))
    chances = (masks * task.keep + (1 - masks) * (1 - task.keep)).prod(1)
    thinned = masks * units * task.in_training
    test = torch.nn.Dropout(1 - task.keep).eval()(units) * task.at_test
    found: Named = {"test": test, "expected": chances @ thinned, "networks": tensor(len(masks))}
    if task.mask:
        found = {"training": tensor(task.mask) * units * task.in_training, **found}
    if task.weights:
        weight, bias = tensor([task.weights]), tensor([task.bias])
        outputs = [found[name] for name in ("training", "test") if name in found]
        sums = torch.nn.functional.linear(torch.stack([*outputs, *thinned]), weight, bias)[:, 0]
        if task.mask:
            found["training_sum"], sums = sums[0], sums[1:]
        found["test_sum"], sums = sums[0], sums[1:]
        found |= {"expected_sum": chances @ sums, "variance": chances @ (sums - chances @ sums) ** 2}
    return {name: one.tolist() for name, one in found.items()}


@reading(_task)
def recompute(task: Task) -> Named:
    """The same by closed formulas: means and variances of independent outputs add up."""
    found: Named = {
        "test": [value * task.at_test for value in task.values],
        "expected": [value * task.in_training * task.keep for value in task.values],
        "networks": 2 ** len(task.values),
    }
    if task.mask:
        pairs = zip(task.values, task.mask, strict=True)
        found = {"training": [value * task.in_training if one else 0.0 for value, one in pairs], **found}
    if task.weights:
        for name in ("training", "test", "expected"):
            if name in found:
                found[f"{name}_sum"] = math.fsum([*_products(found[name], task.weights), task.bias])
        squares = math.fsum(one**2 for one in _products(task.values, task.weights))
        found["variance"] = task.keep * (1 - task.keep) * task.in_training**2 * squares
    return found


def _products(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    return [value * weight for value, weight in zip(values, weights, strict=True)]


@picking_a_name(_task)
def says(task: Task, pick: str) -> str:
    """What the rate is and what is scaled; the number of masks depends on neither."""
    if pick == "networks":
        return ""
    scaling = CONVENTIONS["dropout_scaling"]["training" if task.at_test == 1 else "test"]
    return f"the rate is the probability of dropping a value; {scaling}"


@picking_a_name(_task)
def worked(task: Task, pick: str) -> str:
    """What is kept and scaled, what comes at test time, and the sums of the next unit; or the one that is asked for."""
    found, keep = _run(task), tex(task.keep)
    masks = f"There are $2^{{{len(task.values)}}} = {tex(found['networks'])}$ masks: each output is kept or dropped."
    if pick == "networks":
        return masks
    told = [f"An output is kept with probability $1 - {tex(1 - task.keep)} = {keep}$."]
    if task.mask and pick != "variance":
        how = f"divided by {keep}" if task.at_test == 1 else "as they are"
        told.append(f"In training, those that are kept, {how}: ${tex_vector(found['training'])}$.")
    if pick not in ("training", "training_sum", "variance"):
        how = "as they are" if task.at_test == 1 else f"multiplied by {keep}"
        told.append(
            f"At test time, all of them, {how}: ${tex_vector(found['test'])}$, which is also the mean in training."
        )
    if pick == "":
        told.append(masks)
    names = [name for name in ("training", "test") if pick in ("", f"{name}_sum") and f"{name}_sum" in found]
    if names:
        told.append(aligned(*(line for name in names for line in _sum(task, found, name))))
    if task.weights and pick in ("", "variance"):
        scale = tex(task.keep * (1 - task.keep) * task.in_training**2)
        squares = [f"{factor(one)}^2" for one in _products(task.values, task.weights)]
        told.append("The variance of the sum in training:")
        told.append(aligned(*summed("v", squares, equals(found["variance"]), f"= {scale} (", ")")))
    return "\n\n".join(told)


def _sum(task: Task, found: Named, name: str) -> list[tuple[str, str]]:
    if name not in found or task.weights is None:
        return []
    terms = [rf"{factor(value)} \cdot {factor(w)}" for value, w in zip(found[name], task.weights, strict=True)]
    added = [tex(task.bias)] if task.bias else []
    return summed(rf"s_{{\text{{{name}}}}}", [*terms, *added], equals(found[f"{name}_sum"]))


# ---- wrong ways ----


@reading(_task)
def _other_scaling(task: Task) -> Named:
    scales = (1.0, task.keep) if task.at_test == 1 else (1 / task.keep, 1.0)
    return _run(replace(task, in_training=scales[0], at_test=scales[1]))


@reading(_task)
def _rate_for_keeping(task: Task) -> Named:
    keep = 1 - task.keep
    scales = (1 / keep, 1.0) if task.at_test == 1 else (1.0, keep)
    return _run(replace(task, keep=keep, in_training=scales[0], at_test=scales[1]))


@reading(_task)
def _unscaled(task: Task) -> Named:
    return _run(replace(task, in_training=1.0, at_test=1.0))


@reading(_task)
def _mask_turned(task: Task) -> Named:
    if task.mask is None:
        raise DoesNotApply("there is no mask")
    return _run(replace(task, mask=[1 - one for one in task.mask]))


@reading(_task)
def _both(task: Task) -> Named:
    return _run(replace(task, in_training=1 / task.keep, at_test=task.keep))


MISCONCEPTIONS = {
    "not_scaled": Misconception("nothing makes up for the outputs that are dropped", _unscaled),
    "other_scaling": Misconception("the scaling is done at the other of training and test time", _other_scaling),
    "rate_for_keeping": Misconception("the probability of dropping is taken for that of keeping", _rate_for_keeping),
    "mask_turned": Misconception("what the mask keeps is dropped, and the other way round", _mask_turned),
    "scaled_twice": Misconception("outputs are scaled both in training and at test time", _both),
}
