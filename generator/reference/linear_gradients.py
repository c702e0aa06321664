"""The gradients of one linear layer, from the gradient by its outputs: by weights, bias and inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import Matrix, matrix, reading, rows, tensor, tex_matrix, turned

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "named"
Named = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """A row of inputs and a row of the gradient by the outputs for each example; `flat` where there is one example."""

    inputs: Matrix
    weights: Matrix
    upstream: Matrix
    flat: bool


def _task(*, input: Any, weights: Any, upstream: Any) -> Task:  # noqa: A002 - as PyTorch calls it
    """Check sizes; raises BadArgument."""
    flat = isinstance(input, list | tuple) and not any(isinstance(one, list | tuple) for one in input)
    inputs = rows("input", input)
    layer = matrix("weights", weights)
    back = rows("upstream", upstream)
    if len(layer[0]) != len(inputs[0]):
        raise BadArgument("weights", f"the layer gets {len(inputs[0])} inputs; its rows have {len(layer[0])} weights")
    if (len(back), len(back[0])) != (len(inputs), len(layer)):
        raise BadArgument("upstream", f"{len(inputs)} rows of {len(layer)} numbers are needed here")
    return Task(inputs, layer, back, flat)


@reading(_task)
def compute(task: Task) -> Named:
    """Backpropagate through torch.nn.functional.linear, y = W x + b, by autograd: dW, db and dx.

    `input`: the inputs of one example, or a row for each; `weights`: a row for each output, as in PyTorch; `upstream`:
    the gradient of a loss by the outputs, shaped like them.
    """
    return _run(task)


def _run(task: Task, layer: Callable[[Tensor, Tensor, Tensor], Tensor] | None = None) -> Named:
    """Backpropagate through the layer, or another one."""
    import torch
    from torch.nn import functional

    x, w = tensor(task.inputs).requires_grad_(), tensor(task.weights).requires_grad_()
    b = torch.zeros(len(task.weights), dtype=torch.float64, requires_grad=True)
    outputs = (layer or functional.linear)(x, w, b)
    slopes = torch.autograd.grad(outputs, (w, b, x), tensor(task.upstream))
    return _named(task, *(slope.tolist() for slope in slopes))


def _named(task: Task, weights: Matrix, bias: list[float], inputs: Matrix) -> Named:
    return {"dW": weights, "db": bias, "dx": inputs[0] if task.flat else inputs}


@reading(_task)
def recompute(task: Task) -> Named:
    """The same by sums over examples and outputs, in plain Python."""
    examples = list(zip(task.upstream, task.inputs, strict=True))
    size = range(len(task.inputs[0]))
    weights = [[sum(back[out] * x[into] for back, x in examples) for into in size] for out in range(len(task.weights))]
    bias = [sum(back[out] for back in task.upstream) for out in range(len(task.weights))]
    pairs = [list(zip(back, task.weights, strict=True)) for back in task.upstream]
    inputs = [[sum(slope * row[into] for slope, row in one) for into in size] for one in pairs]
    return _named(task, weights, bias, inputs)


@reading(_task)
def says(task: Task) -> str:
    """How weights and examples are laid out."""
    if task.flat:
        return "weights have a row for each output, so that $y = W x + b$"
    return "examples are rows, and weights have a row for each output, so that $Y = X W^{\\top} + b$"


@reading(_task)
def worked(task: Task) -> str:
    """The three products with their numbers."""
    back = "dy" if task.flat else "dY"
    x, w, dy = (tex_matrix(one) for one in (task.inputs, task.weights, task.upstream))
    found = _run(task)
    if task.flat:
        column = tex_matrix([[one] for one in task.upstream[0]])
        lines = [
            rf"dW = {back}\,x^{{\top}} = {column} {x}",
            rf"= {tex_matrix(found['dW'])}",
            rf"db = {back} = {tex_matrix([[one] for one in found['db']])}",
            rf"dx = W^{{\top}} {back} = {tex_matrix(turned(task.weights))} {column}",
            rf"= {tex_matrix([[one] for one in found['dx']])}",
        ]
    else:
        lines = [
            rf"dW = {back}^{{\top}} X = {tex_matrix(turned(task.upstream))} {x}",
            rf"= {tex_matrix(found['dW'])}",
            rf"db = {back}^{{\top}} \mathbf{{1}} = {tex_matrix([[one] for one in found['db']])}",
            rf"dX = {back}\,W = {dy} {w}",
            rf"= {tex_matrix(found['dx'])}",
        ]
    return "\n\n".join(f"$${line}$$" for line in lines)


# ---- wrong ways ----


@reading(_task)
def _transposed(task: Task) -> Named:
    found = _run(task)
    return {**found, "dW": turned(found["dW"])}


@reading(_task)
def _weights_not_transposed(task: Task) -> Named:
    if len(task.weights) != len(task.weights[0]):
        raise DoesNotApply("the sizes forbid it")
    found = _run(replace(task, weights=turned(task.weights)))
    return {**_run(task), "dx": found["dx"]}


@reading(_task)
def _mean(task: Task) -> Named:
    if len(task.inputs) == 1:
        raise DoesNotApply("there is one example")
    found = _run(replace(task, upstream=[[one / len(task.inputs) for one in row] for row in task.upstream]))
    return {**found, "dx": _run(task)["dx"]}


@reading(_task)
def _first_example(task: Task) -> Named:
    if len(task.inputs) == 1:
        raise DoesNotApply("there is one example")
    silent = [row if place == 0 else [0.0] * len(row) for place, row in enumerate(task.upstream)]
    found = _run(replace(task, upstream=silent))
    return {**found, "dx": _run(task)["dx"]}


@reading(_task)
def _no_upstream(task: Task) -> Named:
    return _run(replace(task, upstream=[[1.0] * len(row) for row in task.upstream]))


MISCONCEPTIONS = {
    "transposed": Misconception("the gradient by the weights is transposed", _transposed),
    "weights_not_transposed": Misconception("the weights are not transposed on the way back", _weights_not_transposed),
    "mean": Misconception("the examples are averaged once more, where they only add up", _mean),
    "first_example": Misconception("only the first example is counted", _first_example),
    "no_upstream": Misconception("what comes back from the outputs is left out", _no_upstream),
}
