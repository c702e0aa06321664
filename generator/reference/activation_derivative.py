"""The gradient that an activation lets through: what comes back from its outputs times its own derivative."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import aligned, equals, factor, number, reading, tensor, tex, vector

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "array"
HIGHEST = 30.0  # of an input: beyond it, a sigmoid is 1 in double precision
Activation = Literal["relu", "leaky_relu", "sigmoid", "tanh"]


@dataclass(frozen=True)
class Task:
    """What goes into the activation or what comes out of it, and the gradient by what comes out."""

    activation: Activation
    values: list[float]
    of_outputs: bool
    upstream: list[float]
    slope: float


def _task(
    *, activation: Activation, inputs: Any = None, outputs: Any = None, upstream: Any = None, slope: float = 0.01
) -> Task:
    """Either inputs or outputs, and as many numbers of `upstream` (by default ones); raises BadArgument."""
    if (inputs is None) == (outputs is None):
        raise BadArgument("activation", "give either the inputs or the outputs of the activation")
    name, given = ("inputs", inputs) if outputs is None else ("outputs", outputs)
    values = vector(name, given, least=-HIGHEST, most=HIGHEST)
    lowest, highest = {"sigmoid": (0, 1), "tanh": (-1, 1)}.get(activation, (-math.inf, math.inf))
    for value in values if name == "outputs" else []:
        if not lowest < value < highest or (activation == "relu" and value < 0):
            raise BadArgument("outputs", f"{value:g} does not come out of {activation}")
    along = [1.0] * len(values) if upstream is None else vector("upstream", upstream, len(values))
    return Task(activation, values, name == "outputs", along, number("slope", slope, 1e-6, 10))


@reading(_task)
def compute(task: Task) -> list[float]:
    """Backpropagate through the activation with autograd.

    `activation`: relu, leaky_relu (with `slope`), sigmoid or tanh. `inputs` or `outputs`: what goes into it or comes
    out of it. `upstream`: the gradient of a loss by its outputs; without it the result is the derivative itself.
    """
    return _run(task)


def _run(task: Task, backwards: Callable[[Tensor], Tensor] | None = None) -> list[float]:
    """Outputs are led back to inputs; `backwards` is another activation whose derivative is taken."""
    import torch

    inputs = _inputs(task).requires_grad_()
    found = (backwards or _forward(task))(inputs)
    (slopes,) = torch.autograd.grad(found, inputs, tensor(task.upstream))
    return slopes.tolist()


def _forward(task: Task) -> Callable[[Tensor], Tensor]:
    import torch
    from torch.nn import functional

    functions: dict[str, Callable[[Tensor], Tensor]] = {
        "relu": functional.relu,
        "leaky_relu": lambda z: functional.leaky_relu(z, task.slope),
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
    }
    return functions[task.activation]


def _inputs(task: Task) -> Tensor:
    """The inputs, found from the outputs where these are given."""
    import torch

    values = tensor(task.values)
    if not task.of_outputs or task.activation == "relu":
        return values
    inverses: dict[str, Callable[[Tensor], Tensor]] = {
        "leaky_relu": lambda h: torch.where(h > 0, h, h / task.slope),
        "sigmoid": torch.logit,
        "tanh": torch.atanh,
    }
    return inverses[task.activation](values)


@reading(_task)
def recompute(task: Task) -> list[float]:
    """The same by closed formulas: h (1 - h) for a sigmoid with the output h, 1 - h² for tanh, 0 or 1 for ReLU."""
    pairs = zip(task.values, task.upstream, strict=True)
    return [back * _slope(task, value) for value, back in pairs]


def _slope(task: Task, value: float) -> float:
    match task.activation:
        case "relu":
            return 1.0 if value > 0 else 0.0
        case "leaky_relu":
            return 1.0 if value > 0 else task.slope
        case "sigmoid":
            return value * (1 - value) if task.of_outputs else 1 / (2 + math.exp(value) + math.exp(-value))
    return 1 - value * value if task.of_outputs else 4 / (2 + math.exp(2 * value) + math.exp(-2 * value))


@reading(_task)
def says(task: Task) -> str:
    """What the derivative is where there is none, and the slope of a leaky ReLU."""
    told = []
    if task.activation == "leaky_relu":
        told.append(f"leaky ReLU multiplies negative numbers by {task.slope:g}")
    if task.activation in ("relu", "leaky_relu") and 0 in task.values:
        at_zero = "0" if task.activation == "relu" else f"{task.slope:g}"
        told.append(f"its derivative at 0 is taken to be {at_zero}, as in PyTorch")
    return "; ".join(told)


@reading(_task)
def worked(task: Task) -> str:
    """The derivative at each place, and what comes back times it."""
    letter, alone = "h" if task.of_outputs else "z", all(one == 1 for one in task.upstream)
    lines = []
    for place, (value, back) in enumerate(zip(task.values, task.upstream, strict=True), 1):
        slope = _slope(task, value)
        times = "" if alone else rf",\quad {tex(back)} \cdot {factor(slope)} {equals(back * slope)}"
        lines.append((f"{letter}_{{{place}}} = {tex(value)}:", rf"\quad f' = {_substituted(task, value)}{times}"))
    return aligned(*lines)


def _substituted(task: Task, value: float) -> str:
    """The formula of a derivative with its numbers."""
    slope = _slope(task, value)
    match task.activation, task.of_outputs:
        case "sigmoid", True:
            return rf"{tex(value)}\,(1 - {tex(value)}) {equals(slope)}"
        case "tanh", True:
            return f"1 - {factor(value)}^2 {equals(slope)}"
        case "sigmoid", False:
            return rf"\sigma({tex(value)})\,\sigma({tex(-value)}) {equals(slope)}"
        case "tanh", False:
            return rf"1 - \tanh^2({tex(value)}) {equals(slope)}"
    return tex(slope)


# ---- wrong ways ----


@reading(_task)
def _ignored(task: Task) -> list[float]:
    return _run(task, lambda z: 1 * z)


@reading(_task)
def _no_upstream(task: Task) -> list[float]:
    if all(one == 1 for one in task.upstream):
        raise DoesNotApply("nothing comes back but ones")
    return _run(replace(task, upstream=[1.0] * len(task.values)))


@reading(_task)
def _by_value(task: Task) -> list[float]:
    outputs = tensor(task.values) if task.of_outputs else _forward(task)(tensor(task.values))
    return (tensor(task.upstream) * outputs).tolist()


@reading(_task)
def _other_side(task: Task) -> list[float]:
    if task.activation not in ("relu", "leaky_relu"):
        raise DoesNotApply("both sides have a slope")
    return _run(task, lambda z: -_forward(task)(-z))


@reading(_task)
def _outputs_as_inputs(task: Task) -> list[float]:
    if not task.of_outputs:
        raise DoesNotApply("no outputs are given")
    return _run(replace(task, of_outputs=False))


@reading(_task)
def _inputs_as_outputs(task: Task) -> list[float]:
    if task.of_outputs or task.activation not in ("sigmoid", "tanh"):
        raise DoesNotApply("no inputs are given")
    quadratic = {"sigmoid": lambda z: z**2 / 2 - z**3 / 3, "tanh": lambda z: z - z**3 / 3}[task.activation]
    return _run(task, quadratic)


@reading(_task)
def _not_squared(task: Task) -> list[float]:
    if task.activation != "tanh":
        raise DoesNotApply("nothing is squared")
    outputs = tensor(task.values) if task.of_outputs else tensor(task.values).tanh()
    return (tensor(task.upstream) * (1 - outputs)).tolist()


MISCONCEPTIONS = {
    "activation_ignored": Misconception("the gradient is passed on without the derivative of the activation", _ignored),
    "upstream_ignored": Misconception("the derivative is not multiplied by what comes back", _no_upstream),
    "by_value": Misconception("the value of the activation is taken for its derivative", _by_value),
    "other_side": Misconception("the gradient is stopped on the positive side", _other_side),
    "outputs_as_inputs": Misconception("the outputs are put into the activation once more", _outputs_as_inputs),
    "inputs_as_outputs": Misconception("the inputs are taken for the outputs", _inputs_as_outputs),
    "not_squared": Misconception("the output is not squared", _not_squared),
}
