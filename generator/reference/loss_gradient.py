"""The gradient of a loss by the scores, probabilities or predictions that it is computed from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from generator.reference import DoesNotApply, Misconception
from generator.reference.given import (
    Matrix,
    aligned,
    equals,
    factor,
    number,
    reading,
    rows,
    tensor,
    tex,
    tex_matrix,
    tex_vector,
)
from generator.reference.losses import Given, Kind, Loss, loss, sigmoid, softmax

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "array"


@dataclass(frozen=True)
class Task:
    """A row of outputs for each example and the loss; `flat` where the result is a list."""

    outputs: Matrix
    loss: Loss
    flat: bool


def _task(
    *,
    loss: Kind,
    scores: Any,
    target: Any,
    given: Given = "scores",
    margin: float = 1,
    loss_reduction: str = "mean",
    squared_error: str = "plain",
) -> Task:
    """Check all arguments; raises BadArgument."""
    flat = isinstance(scores, list | tuple) and not any(isinstance(one, list | tuple) for one in scores)
    outputs = rows("scores", scores)
    if flat and loss in ("squared_error", "binary_cross_entropy"):  # a number for each example
        outputs = [[one] for one in outputs[0]]
        target = [[one] for one in target] if isinstance(target, list | tuple) else target
    wide = number("margin", margin, 0)
    return Task(outputs, _loss(loss, outputs, target, loss_reduction, squared_error, given, wide), flat)


_loss = loss


@reading(_task)
def compute(task: Task) -> Any:
    """Differentiate the loss by autograd.

    `loss`: cross_entropy, hinge (multi-class, with `margin`), squared_error or binary_cross_entropy. `scores`: for the
    first two a number for each class, or such a list for each example; for the others a prediction for each example, or
    a list of outputs for each. `target`: classes counted from 1, or numbers. `given`: whether `scores` are scores or
    probabilities, for both cross-entropies.
    """
    return _run(task)


def _run(task: Task, other: Callable[[Tensor], Tensor] | None = None) -> Any:
    """Differentiate the loss, or another one."""
    import torch

    outputs = tensor(task.outputs).requires_grad_()
    (slopes,) = torch.autograd.grad((other or task.loss.of)(outputs), outputs)
    return _shaped(task, slopes.tolist())


def _shaped(task: Task, slopes: Matrix) -> Any:
    if not task.flat:
        return slopes
    return slopes[0] if task.loss.kind in ("cross_entropy", "hinge") else [row[0] for row in slopes]


@reading(_task)
def recompute(task: Task) -> Any:
    """The same by closed formulas: probabilities less the target and its kin."""
    return _shaped(task, task.loss.slopes(task.outputs))


@reading(_task)
def says(task: Task) -> str:
    """What the loss is, and its conventions."""
    told = task.loss.says
    if task.loss.kind in ("cross_entropy", "hinge"):
        told.append("classes are counted from 1")
    if task.loss.kind == "hinge" and any(_met_exactly(task.loss, *pair) for pair in _pairs(task)):
        told.append("at its kink, a maximum with 0 has the derivative 0")
    if task.loss.kind in ("cross_entropy", "binary_cross_entropy"):
        softens = "softmax" if task.loss.kind == "cross_entropy" else "the sigmoid"
        alone = task.loss.given == "probabilities"
        told.append(f"the gradient is that by {'each probability alone' if alone else f'the scores, before {softens}'}")
    return "; ".join(told)


def _pairs(task: Task) -> Iterator[tuple[list[float], Any]]:
    """The outputs of each example and what is wanted of it."""
    return zip(task.outputs, task.loss.wanted, strict=True)


def _met_exactly(one: Loss, row: list[float], right: int) -> bool:
    return any(score - row[right - 1] + one.margin == 0 for score in row)


@reading(_task)
def worked(task: Task) -> str:
    """The formula and its numbers, example by example."""
    told = [_formula(task.loss)]
    lines = [line for row, wanted in _pairs(task) for line in _lines(task.loss, row, wanted)]
    if lines:
        told.append(aligned(*lines))
    result = _shaped(task, task.loss.slopes(task.outputs))
    if task.loss.share != 1:
        told.append(f"Each is divided by the {task.loss.examples} examples: ${_tex(result)}$.")
    elif not lines:
        told.append(f"Here: ${_tex(result)}$.")
    return "\n\n".join(told)


def _tex(result: Any) -> str:
    return tex_matrix(result) if isinstance(result[0], list) else tex_vector(result)


def _formula(one: Loss) -> str:
    """The closed formula of the gradient of an example."""
    match one.kind, one.given:
        case "cross_entropy", "scores":
            return "The gradient is $p - y$: the probabilities, less 1 at the right class."
        case "cross_entropy", _:
            return r"The derivative of $-\ln p$ by $p$ is $-1/p$; the other classes get 0."
        case "binary_cross_entropy", "scores":
            return r"The derivative is $\sigma(z) - y$."
        case "binary_cross_entropy", _:
            return r"The derivative is $\frac{p - y}{p\,(1 - p)}$."
        case "hinge", _:
            over = f"$s_j - s_y + {tex(one.margin)}$"
            return f"A wrong class whose {over} is positive gets 1; the right class gets −1 for each of them."
    return f"The derivative is ${'o - t' if one.form == 'half' else '2(o - t)'}$."


def _lines(one: Loss, row: list[float], wanted: Any) -> list[tuple[str, str]]:
    """What the slopes of an example are made of, before the mean over examples."""
    pairs = zip(row, wanted if isinstance(wanted, list) else row, strict=True)
    match one.kind, one.given:
        case "cross_entropy", "scores":
            shares = softmax(row)
            slopes = [share - (place == wanted) for place, share in enumerate(shares, 1)]
            return [("p", f"= {tex_vector(shares)}"), ("p - y", f"= {tex_vector(slopes)}")]
        case "hinge", _:
            return [_margin(one, row, wanted, place) for place in range(1, len(row) + 1) if place != wanted]
        case "squared_error", _:
            twice, scale = ("", 1) if one.form == "half" else (r"2 \cdot ", 2)
            return [("", f"{twice}({tex(out)} - {factor(goal)}) {equals(scale * (out - goal))}") for out, goal in pairs]
        case "binary_cross_entropy", "scores":
            return [("", rf"\sigma({tex(z)}) - {tex(goal)} {equals(sigmoid(z) - goal)}") for z, goal in pairs]
    return []


def _margin(one: Loss, row: list[float], right: int, place: int) -> tuple[str, str]:
    score, own = row[place - 1], row[right - 1]
    over = equals(score - own + one.margin)
    return f"j = {place}:", rf"\quad {tex(score)} - {factor(own)} + {tex(one.margin)} {over}"


# ---- wrong ways ----


@reading(_task)
def _sign(task: Task) -> Any:
    return _run(task, lambda outputs: -task.loss.of(outputs))


@reading(_task)
def _no_target(task: Task) -> Any:
    """Each loss without the term that holds the target."""
    if task.loss.given == "probabilities":
        raise DoesNotApply("without the target there is no gradient")
    return _run(task, lambda outputs: _without_target(task.loss, outputs) * task.loss.share)


def _without_target(one: Loss, outputs: Tensor) -> Tensor:
    match one.kind:
        case "cross_entropy":
            return outputs.logsumexp(1).sum()
        case "squared_error":
            return outputs.square().sum() * (0.5 if one.form == "half" else 1)
        case "binary_cross_entropy":
            return _softplus(outputs)
    import torch

    right = outputs[torch.arange(one.examples), torch.tensor(one.wanted) - 1].detach()[:, None]
    over = (outputs - right + one.margin).clamp(min=0)
    mask = torch.ones_like(outputs)
    mask[torch.arange(one.examples), torch.tensor(one.wanted) - 1] = 0
    return (over * mask).sum()


def _softplus(outputs: Tensor) -> Tensor:
    from torch.nn import functional

    return functional.softplus(outputs).sum()


@reading(_task)
def _scores_less_target(task: Task) -> Any:
    import torch

    one = task.loss
    if one.kind not in ("cross_entropy", "binary_cross_entropy") or one.given == "probabilities":
        raise DoesNotApply("there are no probabilities")
    count = len(task.outputs[0])
    wanted = one.wanted if one.kind != "cross_entropy" else torch.eye(count)[torch.tensor(one.wanted) - 1].tolist()
    return _run(task, lambda outputs: ((outputs - tensor(wanted)) ** 2).sum() / 2 * one.share)


@reading(_task)
def _other_reduction(task: Task) -> Any:
    if task.loss.examples == 1:
        raise DoesNotApply("there is one example")
    other = replace(task.loss, reduction="sum" if task.loss.reduction == "mean" else "mean")
    return _run(replace(task, loss=other))


@reading(_task)
def _other_factor(task: Task) -> Any:
    if task.loss.kind != "squared_error":
        raise DoesNotApply("nothing is squared")
    return _run(replace(task, loss=replace(task.loss, form="plain" if task.loss.form == "half" else "half")))


@reading(_task)
def _no_margin(task: Task) -> Any:
    if task.loss.kind != "hinge":
        raise DoesNotApply("there is no margin")
    return _run(replace(task, loss=replace(task.loss, margin=0.0)))


@reading(_task)
def _worst_only(task: Task) -> Any:
    if task.loss.kind != "hinge":
        raise DoesNotApply("there is no margin")

    def loss_of_worst(outputs: Tensor) -> Tensor:
        import torch

        places = torch.tensor(task.loss.wanted) - 1
        right = outputs.gather(1, places[:, None])
        others = outputs.scatter(1, places[:, None], -torch.inf).amax(1, keepdim=True)
        return (others - right + task.loss.margin).clamp(min=0).sum() * task.loss.share

    return _run(task, loss_of_worst)


MISCONCEPTIONS = {
    "sign": Misconception("the sign is the wrong way round: the target less the prediction", _sign),
    "no_target": Misconception("the target is left out", _no_target),
    "scores_less_target": Misconception("the scores are not turned into probabilities", _scores_less_target),
    "other_reduction": Misconception("the sum over examples is taken for their mean, or the reverse", _other_reduction),
    "other_factor": Misconception("a factor of 2 is left out or put in", _other_factor),
    "no_margin": Misconception("the margin is left out", _no_margin),
    "worst_only": Misconception("only the strongest wrong class is counted", _worst_only),
}
