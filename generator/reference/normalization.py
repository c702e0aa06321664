"""Batch, layer and group normalization of a small table of activations: a row for each example, a column a feature."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import (
    Matrix,
    aligned,
    equals,
    factor,
    matrix,
    number,
    reading,
    summed,
    tensor,
    tex,
    tex_matrix,
    vector,
    whole,
)
from generator.spec import CONVENTIONS

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "named"
SMALLEST = 1e-200  # PyTorch wants a positive eps; this one changes no number in double precision
Kind = Literal["batch", "layer", "group"]
Mode = Literal["training", "test"]
Named = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """What is normalized and how; `running` holds mean and variance of each column, where they are given."""

    values: Matrix
    kind: Kind
    mode: Mode
    eps: float
    scale: list[float]
    shift: list[float]
    plain: bool  # whether no scale and no shift are given
    groups: int
    running: tuple[list[float], list[float]] | None
    momentum: float
    sample: bool

    @property
    def sets(self) -> list[list[tuple[int, int]]]:
        """The cells that share a mean and a variance: row and column from 0."""
        rows, columns = range(len(self.values)), range(len(self.values[0]))
        if self.kind == "batch":
            return [[(row, column) for row in rows] for column in columns]
        size = len(columns) // self.groups
        return [[(row, column) for column in columns[at : at + size]] for row in rows for at in columns[::size]]

    def of(self, cells: Sequence[tuple[int, int]]) -> list[float]:
        """The numbers in some cells."""
        return [self.values[row][column] for row, column in cells]


def _task(
    *,
    values: Any,
    kind: Kind,
    mode: Mode = "training",
    eps: float = 0,
    scale: Any = None,
    shift: Any = None,
    groups: int = 1,
    running_mean: Any = None,
    running_variance: Any = None,
    momentum: float = 0.1,
    variance: str = "population",
) -> Task:
    """Check all arguments; raises BadArgument."""
    given = matrix("values", values)
    columns = len(given[0])
    if columns % whole("groups", groups, 1, columns if kind == "group" else 1):
        raise BadArgument("groups", f"{columns} columns do not make {groups} groups of one size")
    gamma = vector("scale", [1] * columns if scale is None else scale, columns)
    beta = vector("shift", [0] * columns if shift is None else shift, columns)
    running = _running(kind, mode, running_mean, running_variance, columns)
    task = Task(
        given, kind, mode, number("eps", eps, 0, 1), gamma, beta, scale is None and shift is None, groups, running,
        number("momentum", momentum, 0, 1), variance == "sample",
    )  # fmt: skip
    for cells in task.sets:
        if mode == "training" and len(cells) < 2:
            raise BadArgument("values", "one number alone cannot be normalized")
        if mode == "training" and eps == 0 and len(set(task.of(cells))) == 1:
            raise BadArgument("values", "equal numbers have a variance of 0")
    if mode == "test" and running and eps == 0 and min(running[1]) == 0:
        raise BadArgument("running_variance", "a variance of 0 cannot be divided by")
    return task


def _running(kind: Kind, mode: Mode, mean: Any, variance: Any, columns: int) -> tuple[list[float], list[float]] | None:
    if (mean is None) != (variance is None):
        raise BadArgument("values", "a running mean and a running variance are given together or not at all")
    if kind != "batch" and (mode == "test" or mean is not None):
        raise BadArgument("values", f"{kind} normalization has no running statistics, and is the same at test time")
    if mode == "test" and mean is None:
        raise BadArgument("values", "batch normalization needs running statistics at test time")
    if mean is None:
        return None
    return vector("running_mean", mean, columns), vector("running_variance", variance, columns, least=0)


@reading(_task)
def compute(task: Task) -> Named:
    """Run BatchNorm1d, LayerNorm or GroupNorm: `mean` and `variance` that are used, `output`, new running statistics.

    `values` is a matrix with a row for each example; `scale` and `shift` have a number for each column, as the running
    statistics of batch normalization, which test mode uses and training updates with `momentum`. PyTorch has no
    normalization with the sample variance; that convention runs on tensors.
    """
    return _run(task)


def _run(task: Task) -> Named:
    import torch

    given = tensor(task.values)
    rows, columns = given.shape
    with torch.no_grad():
        output, running = _forward(task, given)
    if task.mode == "test" and task.running:
        return {"mean": task.running[0], "variance": task.running[1], "output": output.tolist()}
    shape = {"batch": (columns,), "layer": (rows,), "group": (rows, task.groups)}[task.kind]
    apart = given.T if task.kind == "batch" else given.reshape(rows * task.groups, -1)
    spread, mean = torch.var_mean(apart, dim=1, correction=int(task.sample))
    if task.sample:
        normal = (apart - mean[:, None]) / (spread[:, None] + task.eps).sqrt()
        normal = normal.T if task.kind == "batch" else normal.reshape(rows, columns)
        output = normal * tensor(task.scale) + tensor(task.shift)
    found = {"mean": mean.reshape(shape), "variance": spread.reshape(shape), "output": output, **running}
    return {name: one.tolist() for name, one in found.items()}


def _forward(task: Task, given: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """The output of the module, and its running statistics after it, if it had any before."""
    from torch.nn import BatchNorm1d, GroupNorm, LayerNorm

    columns, eps, scale, shift = given.shape[1], max(task.eps, SMALLEST), tensor(task.scale), tensor(task.shift)
    module: BatchNorm1d | LayerNorm | GroupNorm
    match task.kind:
        case "batch":
            module = BatchNorm1d(columns, eps, task.momentum).double()
        case "layer":
            module = LayerNorm(columns, eps).double()
        case "group":
            module = GroupNorm(task.groups, columns, eps).double()
    module.weight.copy_(scale)
    module.bias.copy_(shift)
    if task.running is None or not isinstance(module, BatchNorm1d):
        return module(given), {}
    module.running_mean, module.running_var = map(tensor, task.running)
    output = module.train(task.mode == "training")(given)
    return output, {"running_mean": module.running_mean, "running_variance": module.running_var}


@reading(_task)
def recompute(task: Task) -> Named:
    """The same cell by cell, in plain Python."""
    output = [[0.0] * len(row) for row in task.values]
    means, spreads, samples = [], [], []
    for place, cells in enumerate(task.sets):
        numbers = task.of(cells)
        mean = math.fsum(numbers) / len(numbers)
        squares = math.fsum((one - mean) ** 2 for one in numbers)
        samples.append(squares / max(1, len(numbers) - 1))
        spread = samples[-1] if task.sample else squares / len(numbers)
        if task.mode == "test" and task.running:
            mean, spread = task.running[0][place], task.running[1][place]
        for row, column in cells:
            normal = (task.values[row][column] - mean) / math.sqrt(spread + task.eps)
            output[row][column] = task.scale[column] * normal + task.shift[column]
        means.append(mean)
        spreads.append(spread)
    found: Named = {"mean": means, "variance": spreads, "output": output}
    if task.kind == "group":
        for name in ("mean", "variance"):
            found[name] = [found[name][at : at + task.groups] for at in range(0, len(means), task.groups)]
    if task.running and task.mode == "training":
        share = task.momentum
        for name, old, new in zip(("running_mean", "running_variance"), task.running, (means, samples), strict=True):
            found[name] = [(1 - share) * a + share * b for a, b in zip(old, new, strict=True)]
    return found


@reading(_task)
def says(task: Task) -> str:
    """What the paper must state for the answer to be one."""
    told = [CONVENTIONS["variance"]["sample" if task.sample else "population"]] if task.mode == "training" else []
    small = rf"$\varepsilon = {tex(task.eps)}$ is added to the variance"
    told.append(small if task.eps else r"nothing is added to the variance ($\varepsilon = 0$)")
    if task.plain:
        told.append("there is no scale and no shift after it")
    if task.running and task.mode == "training":
        told.append(
            f"running statistics keep a share of {tex(1 - task.momentum)}, and the running variance takes up the "
            "variance that divides by the number of values less one, as in PyTorch"
        )
    return "; ".join(told)


@reading(_task)
def worked(task: Task) -> str:
    """Mean and variance of each row, column or group with their numbers, and the outcome."""
    found = _run(task)
    over = {"batch": "each column", "layer": "each row", "group": "each group of a row"}[task.kind]
    added = r" + \varepsilon" if task.eps else ""
    affine = r"\hat{x}" if task.plain else r"\gamma \hat{x} + \beta"
    told = [
        f"Mean and variance of {over}{', from training' if task.mode == 'test' else ''}:",
        aligned(*_statistics(task, found)),
        rf"Then $\hat{{x}} = (x - \mu) / \sqrt{{\sigma^2{added}}}$, and the output ${affine}$ is",
        f"$${tex_matrix(found['output'])}$$",
    ]
    if "running_mean" in found:
        told += ["Running means, then running variances:", aligned(*_updated(task, found))]
    return "\n\n".join(told)


def _statistics(task: Task, found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """How each mean and variance is got."""
    means, spreads = (_flat(found[name]) for name in ("mean", "variance"))
    for place, (cells, mean, spread) in enumerate(zip(task.sets, means, spreads, strict=True), 1):
        mark = f"_{{{place}}}" if len(task.sets) > 1 else ""
        if task.mode == "test":
            yield rf"\mu{mark}", rf"= {tex(mean)}, \quad \sigma^2{mark} = {tex(spread)}"
            continue
        numbers, count = task.of(cells), len(cells)
        yield from summed(rf"\mu{mark}", [tex(one) for one in numbers], equals(mean), rf"= \tfrac1{{{count}}}(", ")")
        squares = [f"{factor(one - mean)}^2" for one in numbers]
        over = rf"= \tfrac1{{{count - task.sample}}}("
        yield from summed(rf"\sigma^2{mark}", squares, equals(spread), over, ")")


def _updated(task: Task, found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """How running statistics move."""
    assert task.running
    count, keep, take = len(task.values), tex(1 - task.momentum), tex(task.momentum)
    samples = [one if task.sample else one * count / (count - 1) for one in found["variance"]]
    names = ("running_mean", "running_variance")
    for name, before, new in zip(names, task.running, (found["mean"], samples), strict=True):
        for a, b, after in zip(before, new, found[name], strict=True):
            yield "", rf"{keep} \cdot {factor(a)} + {take} \cdot {factor(b)} {equals(after)}"


def _flat(values: Sequence[Any]) -> list[float]:
    return [one for inner in values for one in (inner if isinstance(inner, list | tuple) else [inner])]


# ---- wrong ways ----


@reading(_task)
def _wrong_axis(task: Task) -> Named:
    if task.kind == "group" or task.running or len(task.values if task.kind == "layer" else task.values[0]) == 1:
        raise DoesNotApply("there is no other axis to take")
    return _run(replace(task, kind="layer" if task.kind == "batch" else "batch"))


@reading(_task)
def _other_variance(task: Task) -> Named:
    if task.mode == "test":
        raise DoesNotApply("the variance is given")
    return _run(replace(task, sample=not task.sample))


@reading(_task)
def _plain(task: Task) -> Named:
    return _run(replace(task, scale=[1.0] * len(task.scale), shift=[0.0] * len(task.shift)))


def _of_parts(change: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable[..., Named]:
    """Another output, made of the values and the mean and variance of each of them."""

    @reading(_task)
    def wrong(task: Task) -> Named:
        found = _run(task)
        means, spreads = ([[0.0] * len(row) for row in task.values] for _ in range(2))
        parts = zip(task.sets, _flat(found["mean"]), _flat(found["variance"]), strict=True)
        for cells, mean, spread in parts:
            for row, column in cells:
                means[row][column], spreads[row][column] = mean, spread + max(task.eps, SMALLEST)
        normal = change(tensor(task.values), tensor(means), tensor(spreads))
        return found | {"output": (normal * tensor(task.scale) + tensor(task.shift)).tolist()}

    return wrong


@reading(_task)
def _of_this_batch(task: Task) -> Named:
    if task.mode == "training":
        raise DoesNotApply("the batch is what is meant")
    if len(task.values) < 2:
        raise DoesNotApply("one example has no variance")
    return _run(replace(task, mode="training", running=None))


@reading(_task)
def _of_running(task: Task) -> Named:
    if task.mode == "test" or not task.running:
        raise DoesNotApply("there are no running statistics to take by mistake")
    if min(task.running[1]) + task.eps <= 0:
        raise DoesNotApply("a variance of 0 cannot be divided by")
    return _run(task) | _run(replace(task, mode="test"))


@reading(_task)
def _momentum_turned(task: Task) -> Named:
    if task.mode == "test" or not task.running:
        raise DoesNotApply("there are no running statistics")
    return _run(replace(task, momentum=1 - task.momentum))


MISCONCEPTIONS = {
    "wrong_axis": Misconception("rows and columns are mixed up: only batch normalization goes over examples",
                                _wrong_axis),
    "no_root": Misconception("the variance divides, not its square root",
                             _of_parts(lambda x, mean, spread: (x - mean) / spread)),
    "other_variance": Misconception("the variance divides by another number of values", _other_variance),
    "not_centered": Misconception("the mean is not subtracted",
                                  _of_parts(lambda x, mean, spread: (x - 0 * mean) / spread.sqrt())),
    "only_centered": Misconception("only the mean is subtracted",
                                   _of_parts(lambda x, mean, spread: x - mean + 0 * spread)),
    "no_affine": Misconception("the scale and the shift are left out", _plain),
    "batch_statistics": Misconception("the statistics of this batch are used, not those from training",
                                      _of_this_batch),
    "running_statistics": Misconception("the running statistics are used, not those of this batch", _of_running),
    "momentum_turned": Misconception("old and new have swapped their weights in the running statistics",
                                     _momentum_turned),
}  # fmt: skip
