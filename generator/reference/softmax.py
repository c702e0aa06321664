"""Turn scores into the probabilities of softmax."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import (
    Matrix,
    aligned,
    equals,
    number,
    reading,
    rows,
    summed,
    tensor,
    tex,
    tex_vector,
)

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "array"
HIGHEST = 200.0  # of a score over its temperature


@dataclass(frozen=True)
class Task:
    """Rows of scores, and what they are divided by; `flat` where a list was given."""

    scores: Matrix
    temperature: float
    flat: bool

    def of(self, found: Tensor) -> Any:
        """Rows as they were given."""
        return found[0].tolist() if self.flat else found.tolist()


def _task(*, scores: Any, temperature: float = 1) -> Task:
    """Scores: a list, or a row for each example; raises BadArgument."""
    given = rows("scores", scores)
    if max(abs(score) for row in given for score in row) > HIGHEST * number("temperature", temperature, 1e-3, 1e3):
        raise BadArgument("scores", "a score is so large that its exponential is no number of an exam")
    return Task(given, temperature, not isinstance(scores[0], list | tuple))


@reading(_task)
def compute(task: Task) -> Any:
    """Run torch.nn.Softmax over a list of scores, or over each row of a matrix; scores are divided by `temperature`."""
    return _run(task)


def _run(task: Task) -> Any:
    import torch

    return task.of(torch.nn.Softmax(dim=1)(_heated(task)))


def _heated(task: Task) -> Tensor:
    return tensor(task.scores) / task.temperature


@reading(_task)
def recompute(task: Task) -> Any:
    """The same by its definition, with plain exponentials."""
    found = [[power / math.fsum(powers) for power in powers] for powers in _powers(task)]
    return found[0] if task.flat else found


def _powers(task: Task) -> Matrix:
    return [[math.exp(score / task.temperature) for score in row] for row in task.scores]


@reading(_task)
def says(task: Task) -> str:
    """What the paper must state for the answer to be one."""
    told = []
    if not task.flat:
        told.append("softmax is taken of each row by itself")
    if task.temperature != 1:
        told.append("each score is divided by the temperature before its exponential is taken")
    return "; ".join(told)


@reading(_task)
def worked(task: Task) -> str:
    """The exponentials, their sum and the quotients of each row."""
    return "\n\n".join(_told(task))


@reading(_task)
def in_full(task: Task) -> str:
    """The same with the divisions of each row."""
    divisions = (f"${tex_vector(powers)} / {tex(math.fsum(powers))}$" for powers in _powers(task))
    return "\n\n".join([*_told(task), *divisions])


def _told(task: Task) -> list[str]:
    told = []
    over = f" / {tex(task.temperature)}" if task.temperature != 1 else ""
    for row, powers in zip(task.scores, _powers(task), strict=True):
        total = math.fsum(powers)
        lines = [(f"e^{{{tex(score)}{over}}}", equals(power)) for score, power in zip(row, powers, strict=True)]
        told.append(aligned(*lines, *summed(r"\text{sum}", [tex(power) for power in powers], equals(total))))
        result = tex_vector([power / total for power in powers])
        told.append(f"Each is divided by the sum: ${result}$.")
    return told


# ---- wrong ways ----


@reading(_task)
def _plain_shares(task: Task) -> Any:
    heated = _heated(task)
    total = heated.sum(1, keepdim=True)
    if (total == 0).any():
        raise DoesNotApply("the scores add up to 0")
    return task.of(heated / total)


@reading(_task)
def _exponentials(task: Task) -> Any:
    return task.of(_heated(task).exp())


@reading(_task)
def _sigmoids(task: Task) -> Any:
    return task.of(_heated(task).sigmoid())


@reading(_task)
def _multiplied(task: Task) -> Any:
    if max(abs(score) for row in task.scores for score in row) * task.temperature > HIGHEST:
        raise DoesNotApply("the exponentials are too large")
    return _run(replace(task, temperature=1 / task.temperature))


@reading(_task)
def _unheated(task: Task) -> Any:
    return _run(replace(task, temperature=1.0))


@reading(_task)
def _one_hot(task: Task) -> Any:
    import torch

    given = tensor(task.scores)
    return task.of(torch.nn.functional.one_hot(given.argmax(1), given.shape[1]).double())


@reading(_task)
def _powers_of_two(task: Task) -> Any:
    return _run(replace(task, temperature=task.temperature / math.log(2)))


@reading(_task)
def _down_columns(task: Task) -> Any:
    import torch

    if task.flat:
        raise DoesNotApply("there is one row")
    return task.of(torch.nn.Softmax(dim=0)(_heated(task)))


MISCONCEPTIONS = {
    "no_exponential": Misconception("scores are divided by their sum, without exponentials", _plain_shares),
    "not_divided": Misconception("the exponentials are not divided by their sum", _exponentials),
    "sigmoid": Misconception("a sigmoid is taken of each score by itself", _sigmoids),
    "temperature_multiplied": Misconception("scores are multiplied by the temperature", _multiplied),
    "no_temperature": Misconception("the temperature is left out", _unheated),
    "one_hot": Misconception("the largest score gets everything", _one_hot),
    "powers_of_two": Misconception("powers of 2 are taken in place of powers of e", _powers_of_two),
    "down_columns": Misconception("softmax is taken down each column", _down_columns),
}
