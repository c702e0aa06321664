"""The learning rate in an epoch of a schedule, epochs counted from 0 within the schedule.

step          η γ^⌊t / step_size⌋                                    torch.optim.lr_scheduler.StepLR
exponential   η γ^t                                                  ExponentialLR
cosine        η_min + ½ (η − η_min) (1 + cos(π t / period))          CosineAnnealingLR (Loshchilov and Hutter, 2017)
warmup        η (t + 1) / warmup, then η                             LinearLR
warmup_cosine the warm-up, then the cosine from η in epoch `warmup`  SequentialLR of both
              to η_min in epoch `period`
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from generator.formulas import number_text
from generator.reference import BadArgument, DoesNotApply, Misconception, descent, tidy
from generator.reference.descent import equals, tex

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

GIVES = "number"
Schedule = Literal["step", "exponential", "cosine", "warmup", "warmup_cosine"]
MOST_EPOCHS = 1000
NEEDS = {
    "step": ("step_size", "gamma"), "exponential": ("gamma",), "cosine": ("period",), "warmup": ("warmup",),
    "warmup_cosine": ("warmup", "period"),
}  # fmt: skip


def compute(
    *,
    schedule: Schedule,
    lr: float,
    epoch: int,
    first: int = 0,
    step_size: int | None = None,
    gamma: float | None = None,
    period: int | None = None,
    lowest: float = 0,
    warmup: int | None = None,
) -> float:
    """Step a scheduler of torch.optim through the epochs before `epoch`, and read the rate that it has set.

    `first` is the number of the first epoch, 0 or 1; `period` epochs pass until a cosine is at `lowest`.
    """
    import torch

    passed = _passed(schedule, lr, epoch, first, step_size, gamma, period, lowest, warmup)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler = _scheduler(schedule, optimizer, step_size, gamma, period, lowest, warmup)
    optimizer.step()  # without a gradient; a scheduler wants to come after it
    for _ in range(passed):
        scheduler.step()
    return float(optimizer.param_groups[0]["lr"])


def _scheduler(
    schedule: Schedule, optimizer: Optimizer, step_size: Any, gamma: Any, period: Any, lowest: float, warmup: Any
) -> LRScheduler:
    from torch.optim import lr_scheduler

    match schedule:
        case "step":
            return lr_scheduler.StepLR(optimizer, step_size, gamma)
        case "exponential":
            return lr_scheduler.ExponentialLR(optimizer, gamma)
        case "cosine":
            return lr_scheduler.CosineAnnealingLR(optimizer, period, lowest)
        case "warmup":
            return lr_scheduler.LinearLR(optimizer, 1 / warmup, total_iters=warmup - 1)
    rising = lr_scheduler.LinearLR(optimizer, 1 / warmup, total_iters=warmup - 1)
    falling = lr_scheduler.CosineAnnealingLR(optimizer, period - warmup, lowest)
    return lr_scheduler.SequentialLR(optimizer, [rising, falling], [warmup])


def _passed(
    schedule: str, lr: Any, epoch: Any, first: Any, step_size: Any, gamma: Any, period: Any, lowest: Any, warmup: Any
) -> int:
    """How many epochs have passed; raises BadArgument."""
    given = {"step_size": step_size, "gamma": gamma, "period": period, "warmup": warmup}
    missing = [name for name in NEEDS[schedule] if given[name] is None]
    if missing:
        raise BadArgument("schedule", f"a schedule '{schedule}' needs {' and '.join(missing)}")
    descent.number("lowest", lowest, 0, descent.rate(lr))
    if gamma is not None:
        descent.number("gamma", gamma, 1e-6, 1)
    least = {"step_size": 1, "warmup": 2, "period": (warmup or 0) + 1}
    for name, smallest in least.items():
        if given[name] is not None and not (isinstance(given[name], int) and smallest <= given[name] <= MOST_EPOCHS):
            raise BadArgument(name, f"{given[name]} is no number of epochs from {smallest} to {MOST_EPOCHS}")
    if first not in (0, 1):
        raise BadArgument("first", f"the first epoch has the number 0 or 1, not {first}")
    last = period if "period" in NEEDS[schedule] else MOST_EPOCHS
    if not isinstance(epoch, int) or not 0 <= epoch - int(first) <= last:
        raise BadArgument("epoch", f"{epoch} is no epoch of this schedule")
    return epoch - int(first)


def recompute(
    *,
    schedule: Schedule,
    lr: float,
    epoch: int,
    first: int = 0,
    step_size: int | None = None,
    gamma: float | None = None,
    period: int | None = None,
    lowest: float = 0,
    warmup: int | None = None,
) -> float:
    """The same by the closed formula."""
    t = _passed(schedule, lr, epoch, first, step_size, gamma, period, lowest, warmup)
    if warmup and "warmup" in NEEDS[schedule]:
        if t < warmup or schedule == "warmup":
            return lr * min(t + 1, warmup) / warmup
        t, period = t - warmup, (period or 0) - warmup
    if period and "period" in NEEDS[schedule]:
        return lowest + (lr - lowest) * (1 + math.cos(math.pi * t / period)) / 2
    drops = t // step_size if schedule == "step" and step_size else t
    return lr * math.prod([gamma or 0.0] * drops)


def says(*, schedule: Schedule, first: int = 0, warmup: int | None = None) -> str:
    """What the paper must state for the answer to be one."""
    told = f"epochs are counted from {first}"
    if schedule in ("warmup", "warmup_cosine"):
        full = number_text((warmup or 0) - 1 + first)
        told += f"; the rate rises evenly, from one part in {warmup} of it in the first epoch to all in epoch {full}"
    return told


def worked(
    *,
    schedule: Schedule,
    lr: float,
    epoch: int,
    first: int = 0,
    step_size: int | None = None,
    gamma: float | None = None,
    period: int | None = None,
    lowest: float = 0,
    warmup: int | None = None,
) -> str:
    """The closed formula with its numbers."""
    value = tidy(
        compute(schedule=schedule, lr=lr, epoch=epoch, first=first, step_size=step_size, gamma=gamma, period=period,
                lowest=lowest, warmup=warmup)
    )  # fmt: skip
    t = epoch - first
    begin = f"{t} epochs have passed before epoch {epoch}. " if first else ""
    if schedule in ("step", "exponential"):
        drops = t // step_size if schedule == "step" and step_size else t
        why = f"$\\lfloor {t} / {step_size} \\rfloor = {drops}$ drops: " if schedule == "step" else ""
        return f"{begin}{why}$$\\eta = {tex(lr)} \\cdot {tex(gamma)}^{{{drops}}} {equals(value)}$$"
    if warmup and "warmup" in schedule and (t < warmup or schedule == "warmup"):
        share = f"\\frac{{{min(t + 1, warmup)}}}{{{warmup}}}"
        return f"{begin}$$\\eta = {tex(lr)} \\cdot {share} {equals(value)}$$"
    passed, length = (t - warmup, (period or 0) - warmup) if schedule == "warmup_cosine" and warmup else (t, period)
    if passed != t:
        begin += f"Of the {length} epochs of the cosine, {passed} have passed. "
    angle = f"\\frac{{\\pi \\cdot {passed}}}{{{length}}}"
    height = f"{tex(lowest)} + \\frac{{{tex(lr)} - {tex(lowest)}}}{{2}}" if lowest else f"\\frac{{{tex(lr)}}}{{2}}"
    return f"{begin}$$\\eta = {height} \\left(1 + \\cos {angle}\\right) {equals(value)}$$"


def _moved(by: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda given: {"epoch": given["epoch"] + by}


def _of(schedules: tuple[str, ...], change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    def changed(given: dict[str, Any]) -> Any:
        if given["schedule"] not in schedules:
            raise DoesNotApply(f"the schedule is {given['schedule']}")
        return change(given)

    return changed


COSINES = ("cosine", "warmup_cosine")


def _doubled(given: dict[str, Any]) -> dict[str, Any]:
    """Twice the way along the cosine, which is symmetric at its lowest point."""
    start = given["first"] + (given["warmup"] or 0) * (given["schedule"] == "warmup_cosine")
    length = given["period"] + given["first"] - start
    passed = 2 * (given["epoch"] - start)
    if passed < 0:
        raise DoesNotApply("the cosine has not begun")
    return {"epoch": start + min(passed, 2 * length - passed)}


def _straight(
    *, schedule: Schedule, lr: float, epoch: int, first: int = 0, period: int | None = None, lowest: float = 0,
    warmup: int | None = None,
) -> float:  # fmt: skip
    """A straight line in place of the cosine, by torch's LinearLR."""
    import torch

    if schedule not in COSINES or not period:
        raise DoesNotApply("there is no cosine")
    start = first + (warmup or 0) * (schedule == "warmup_cosine")
    if epoch < start:
        raise DoesNotApply("the cosine has not begun")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    length = period + first - start
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, lowest / lr, length)
    optimizer.step()
    for _ in range(epoch - start):
        scheduler.step()
    return float(optimizer.param_groups[0]["lr"])


def _one_drop(given: dict[str, Any]) -> dict[str, Any]:
    passed = given["epoch"] - given["first"]
    if passed < (given["step_size"] if given["schedule"] == "step" else 1):
        raise DoesNotApply("no drop is due yet")
    return {"schedule": "exponential", "epoch": given["first"] + 1}


def _smooth(given: dict[str, Any]) -> dict[str, Any]:
    """A drop in every epoch that is as large a share of the drop as the epoch is of the interval."""
    return {"schedule": "exponential", "gamma": given["gamma"] ** (1 / given["step_size"])}


MISCONCEPTIONS = {
    "one_early": Misconception("this is the rate of the epoch before", descent.again(compute, _moved(-1))),
    "one_late": Misconception("this is the rate of the epoch after", descent.again(compute, _moved(1))),
    "one_drop": Misconception(
        "the rate is multiplied by the factor once only",
        descent.again(compute, _of(("step", "exponential"), _one_drop)),
    ),
    "every_epoch": Misconception(
        "the rate drops in every epoch", descent.again(compute, _of(("step",), lambda _: {"step_size": 1}))
    ),
    "smooth": Misconception("the number of drops is not rounded down", descent.again(compute, _of(("step",), _smooth))),
    "straight": Misconception("the rate falls on a straight line", _straight),
    "whole_period": Misconception(
        "a whole period of the cosine is passed, not half of one", descent.again(compute, _of(COSINES, _doubled))
    ),
    "warmup_not_subtracted": Misconception(
        "the epochs of the warm-up are counted as epochs of the cosine",
        descent.again(compute, _of(("warmup_cosine",), lambda _: {"schedule": "cosine", "warmup": None})),
    ),
    "no_lowest": Misconception(
        "the rate falls to 0, not to the lowest rate",
        descent.again(compute, _of(COSINES, descent.with_value("lowest", 0))),
    ),
    "no_warmup": Misconception(
        "there is no warm-up", descent.again(compute, _of(("warmup",), lambda _: {"epoch": MOST_EPOCHS}))
    ),
}
