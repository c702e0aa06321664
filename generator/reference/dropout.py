"""What dropout makes of the outputs of a layer: under one mask in training, at test time, and on average."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
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
MOST_UNITS = 10  # 2 to this power are run in one batch
Named = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """Outputs of a layer, what becomes of them, and the weights of a unit that takes them, where there is one."""

    values: list[float]
    rate: float  # the probability of dropping an output
    mask: list[float] | None
    weights: list[float] | None
    bias: float
    in_training: bool  # whether outputs are scaled in training, not at test time


def _task(
    *, values: Any, rate: float, mask: Any = None, weights: Any = None, bias: float = 0,
    dropout_scaling: str = "training",
) -> Task:  # fmt: skip
    """Check all arguments; raises BadArgument."""
    given = vector("values", values)
    if len(given) > MOST_UNITS:
        raise BadArgument("values", f"{len(given)} outputs have too many masks; {MOST_UNITS} would work")
    dropped = number("rate", rate, 0.01, 0.99)
    kept = None if mask is None else vector("mask", mask, len(given))
    if kept and not {0, 1}.issuperset(kept):
        raise BadArgument("mask", "a mask holds 1 where an output is kept, and 0 where it is dropped")
    strength = None if weights is None else vector("weights", weights, len(given))
    return Task(given, dropped, kept, strength, number("bias", bias), dropout_scaling == "training")


@reading(_task)
def compute(task: Task) -> Named:
    """Run all 2ⁿ masks over n outputs and average them with their probabilities.

    `values`: the outputs before dropout; `rate`: the probability of dropping one; `mask`: 1 where it is kept. With
    `weights` (and `bias`), the sum that the next unit makes of them is told too. Results: `training` (under the mask),
    `test`, `expected` (on average in training), `networks` (how many masks there are), `training_sum`, `test_sum`,
    `expected_sum`, `variance` (of the sum in training).
    """
    return _run(task)


def _run(task: Task, scales: tuple[float, float] | None = None) -> Named:
    """What comes of the scaling in force, or when outputs are multiplied by others in training and at test time."""
    import torch

    units = tensor(task.values)
    masks = torch.cartesian_prod(*[tensor([0.0, 1.0])] * len(units)).reshape(-1, len(units))
    keeping = torch.distributions.Bernoulli(1 - tensor(task.rate))
    chances = keeping.log_prob(masks).sum(1).exp()  # type: ignore[no-untyped-call]
    kept = keeping.mean.item()
    in_training, at_test = scales or ((1 / kept, 1.0) if task.in_training else (1.0, kept))
    thinned = masks * units * in_training
    test = torch.nn.Dropout(task.rate).eval()(units) * at_test
    found: Named = {"test": test, "expected": chances @ thinned, "networks": tensor(len(masks))}
    if task.mask:
        found = {"training": tensor(task.mask) * units * in_training, **found}
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
    rate = Fraction(repr(task.rate))
    share = float(1 - rate)
    average = [value if task.in_training else value * share for value in task.values]
    found: Named = {"test": average, "expected": average, "networks": 2 ** len(task.values)}
    if task.mask:
        larger = [value / share if task.in_training else value for value in task.values]
        found = {"training": [value if one else 0.0 for value, one in zip(larger, task.mask, strict=True)], **found}
    if task.weights:
        for name in ("training", "test", "expected"):
            if name in found:
                found[f"{name}_sum"] = math.fsum([*_products(found[name], task.weights), task.bias])
        squares = math.fsum(one**2 for one in _products(task.values, task.weights))
        found["variance"] = float(rate / (1 - rate) if task.in_training else rate * (1 - rate)) * squares
    return found


def _products(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    return [value * weight for value, weight in zip(values, weights, strict=True)]


@reading(_task)
def says(task: Task) -> str:
    """What the paper must state for the answer to be one."""
    scaling = CONVENTIONS["dropout_scaling"]["training" if task.in_training else "test"]
    return f"the rate is the probability of dropping a value; {scaling}"


@picking_a_name(_task)
def worked(task: Task, pick: str) -> str:
    """What is kept and scaled, what comes at test time, and the sums of the next unit; or the one that is asked for."""
    found, keep = _run(task), tex(1 - task.rate)
    masks = f"There are $2^{{{len(task.values)}}} = {tex(found['networks'])}$ masks: each output is kept or dropped."
    if pick == "networks":
        return masks
    told = [f"An output is kept with probability $1 - {tex(task.rate)} = {keep}$."]
    if task.mask and pick != "variance":
        how = f"divided by {keep}" if task.in_training else "as they are"
        told.append(f"In training, those that are kept, {how}: ${tex_vector(found['training'])}$.")
    if pick not in ("training", "training_sum", "variance"):
        how = "as they are" if task.in_training else f"multiplied by {keep}"
        told.append(
            f"At test time, all of them, {how}: ${tex_vector(found['test'])}$, which is also the mean in training."
        )
    if pick == "":
        told.append(masks)
    names = [name for name in ("training", "test") if pick in ("", f"{name}_sum") and f"{name}_sum" in found]
    if names:
        told.append(aligned(*(line for name in names for line in _sum(task, found, name))))
    if task.weights and pick in ("", "variance"):
        scale = tex(task.rate / (1 - task.rate) if task.in_training else task.rate * (1 - task.rate))
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
    return _run(replace(task, in_training=not task.in_training))


@reading(_task)
def _rate_for_keeping(task: Task) -> Named:
    return _run(replace(task, rate=1 - task.rate))


@reading(_task)
def _unscaled(task: Task) -> Named:
    return _run(task, (1.0, 1.0))


@reading(_task)
def _mask_turned(task: Task) -> Named:
    if task.mask is None:
        raise DoesNotApply("there is no mask")
    return _run(replace(task, mask=[1 - one for one in task.mask]))


@reading(_task)
def _both(task: Task) -> Named:
    return _run(task, (1 / (1 - task.rate), 1 - task.rate))


MISCONCEPTIONS = {
    "not_scaled": Misconception("nothing makes up for the outputs that are dropped", _unscaled),
    "other_scaling": Misconception("the scaling is done at the other of training and test time", _other_scaling),
    "rate_for_keeping": Misconception("the probability of dropping is taken for that of keeping", _rate_for_keeping),
    "mask_turned": Misconception("what the mask keeps is dropped, and the other way round", _mask_turned),
    "scaled_twice": Misconception("outputs are scaled both in training and at test time", _both),
}
