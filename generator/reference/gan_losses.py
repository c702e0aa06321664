"""The losses of a generative adversarial network, of what its discriminator says of a batch.

Goodfellow and others, Generative Adversarial Nets (2014): the minimax game, and the generator's non-saturating loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from generator.reference import BadArgument, Misconception
from generator.reference.given import aligned, equals, picking_a_name, reading, reduction, summed, tensor, tex, vector
from generator.spec import CONVENTIONS

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "named"
NAMES = ("discriminator", "generator_minimax", "generator_non_saturating")
Named = dict[str, float]


@dataclass(frozen=True)
class Task:
    """What the discriminator says of real examples and of generated ones: the probability of being real."""

    real: list[float]
    fake: list[float]
    reduction: str


def _task(*, real: Any, fake: Any, loss_reduction: str = "mean") -> Task:
    """Lists of probabilities, or one for each; raises BadArgument."""
    found = {}
    for name, value in (("real", real), ("fake", fake)):
        found[name] = vector(name, value if isinstance(value, list | tuple) else [value])
        if not all(0 < one < 1 for one in found[name]):
            raise BadArgument(name, "the discriminator gives probabilities between 0 and 1")
    return Task(found["real"], found["fake"], loss_reduction)


@reading(_task)
def compute(task: Task) -> Named:
    """Run torch.nn.BCELoss: `discriminator`, `generator_minimax` and `generator_non_saturating`.

    `real`, `fake`: the discriminator's outputs for real and for generated examples.
    """
    return _losses(task)


def _losses(task: Task) -> Named:
    import torch

    real, fake = tensor(task.real), tensor(task.fake)
    loss = torch.nn.BCELoss(reduction=task.reduction)
    as_fake = float(loss(fake, torch.zeros_like(fake)))
    found = (float(loss(real, torch.ones_like(real))) + as_fake, -as_fake, float(loss(fake, torch.ones_like(fake))))
    return dict(zip(NAMES, found, strict=True))


@reading(_task)
def recompute(task: Task) -> Named:
    """The same by logarithms, in plain Python."""
    real = reduction([-math.log(one) for one in task.real], task.reduction)
    unmasked = reduction([math.log1p(-one) for one in task.fake], task.reduction)
    fooled = reduction([-math.log(one) for one in task.fake], task.reduction)
    return dict(zip(NAMES, (real - unmasked, unmasked, fooled), strict=True))


@reading(_task)
def says(task: Task) -> str:
    """What the paper must state for the answer to be one."""
    told = "all losses are to be minimized; the logarithm is natural"
    if len(task.real) > 1 or len(task.fake) > 1:
        told += f"; {CONVENTIONS['loss_reduction'][task.reduction]}, real and generated ones apart"
    return told


@picking_a_name(_task)
def worked(task: Task, pick: str) -> str:
    """The logarithms of each loss, or of the one that is asked for, with their numbers."""
    found = _losses(task)
    lines: list[tuple[str, str]] = []
    real = -reduction([math.log(one) for one in task.real], task.reduction)
    unmasked = [rf"\ln(1 - {tex(one)})" for one in task.fake]
    if pick in ("", "discriminator"):
        lines += _mean("a", [rf"\ln {tex(one)}" for one in task.real], real, task, "-")
    if pick != "generator_non_saturating":
        lines += _mean("b", unmasked, found["generator_minimax"], task, "")
    if pick in ("", "discriminator"):
        lines.append((r"L_D", rf"= a - b {equals(found['discriminator'])}"))
    if pick in ("", "generator_minimax"):
        lines.append((r"L_{\text{minimax}}", rf"= b {equals(found['generator_minimax'])}"))
    if pick in ("", "generator_non_saturating"):
        fooled = [rf"\ln {tex(one)}" for one in task.fake]
        lines += _mean(r"L_{\text{non-saturating}}", fooled, found["generator_non_saturating"], task, "-")
    return aligned(*lines)


def _mean(name: str, terms: list[str], value: float, task: Task, sign: str) -> list[tuple[str, str]]:
    mean = task.reduction == "mean" and len(terms) > 1
    over = rf"\tfrac{{1}}{{{len(terms)}}}" if mean else ""
    start, end = (f"= {sign}{over}(", ")") if len(terms) > 1 else (f"= {sign}", "")
    return summed(name, terms, equals(value), start, end)


# ---- wrong ways ----


def _changed(change: Callable[[Task], Named]) -> Callable[..., Named]:
    @reading(_task)
    def wrong(task: Task) -> Named:
        return change(task)

    return wrong


def _scaled(factor: float) -> Callable[[Task], Named]:
    return lambda task: {name: factor * loss for name, loss in _losses(task).items()}


def _real_only(task: Task) -> Named:
    return _losses(task) | {"discriminator": float(_logs(task.real, task))}


def _fake_only(task: Task) -> Named:
    found = _losses(task)
    return found | {"discriminator": -found["generator_minimax"]}


def _logs(values: list[float], task: Task) -> Tensor:
    losses = -tensor(values).log()
    return losses.mean() if task.reduction == "mean" else losses.sum()


def _averaged(task: Task) -> Named:
    found = _losses(task)
    return found | {"discriminator": found["discriminator"] / 2}


def _not_turned(task: Task) -> Named:
    found = _losses(task)
    return found | {"discriminator": float(_logs(task.real, task) + _logs(task.fake, task))}


def _losses_swapped(task: Task) -> Named:
    found = _losses(task)
    return found | {NAMES[1]: found[NAMES[2]], NAMES[2]: found[NAMES[1]]}


def _other_reduction(task: Task) -> Named:
    return _losses(replace(task, reduction="sum" if task.reduction == "mean" else "mean"))


MISCONCEPTIONS = {
    "sign_forgotten": Misconception("the signs are turned: this would be maximized", _changed(_scaled(-1.0))),
    "not_turned": Misconception("the logarithm is taken of D for generated examples too, not of 1 − D",
                                _changed(_not_turned)),
    "real_only": Misconception("the generated examples are left out", _changed(_real_only)),
    "fake_only": Misconception("the real examples are left out", _changed(_fake_only)),
    "averaged": Misconception("the losses of real and generated examples are averaged, not added",
                              _changed(_averaged)),
    "generator_losses_swapped": Misconception("the minimax loss and the non-saturating loss are swapped",
                                              _changed(_losses_swapped)),
    "log_base_2": Misconception("the logarithm to base 2 is taken", _changed(_scaled(1 / math.log(2)))),
    "other_reduction": Misconception("the losses are added and not averaged, or averaged and not added",
                                     _changed(_other_reduction)),
}  # fmt: skip
