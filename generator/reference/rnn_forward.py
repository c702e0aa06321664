"""The hidden states of a plain recurrent layer over a short sequence (Elman, 1990), and what is read from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import (
    Matrix,
    aligned,
    equals,
    factor,
    reading,
    summed,
    tensor,
    tex,
    tex_matrix,
    tex_vector,
)
from generator.reference.recurrent import Vector, column, product, weights

GIVES = "named"
MOST_STEPS = 10
HIGHEST = 1e9  # of a state
Activation = Literal["tanh", "relu", "identity"]
Named = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """A row of inputs for each step, the layer, and what reads its states; `scalar` where a state is a number."""

    inputs: Matrix
    input_weights: Matrix
    hidden_weights: Matrix
    bias: Vector
    initial: Vector
    activation: Activation
    output_weights: Matrix | None
    output_bias: Vector
    scalar: bool


def _task(
    *,
    inputs: Any,
    input_weights: Any,
    hidden_weights: Any,
    bias: Any = 0,
    initial: Any = 0,
    activation: Activation = "tanh",
    output_weights: Any = None,
    output_bias: Any = 0,
) -> Task:
    """Check all arguments; raises BadArgument."""
    scalar = not isinstance(hidden_weights, list | tuple)
    if not isinstance(inputs, list | tuple) or not 1 <= len(inputs) <= MOST_STEPS:
        raise BadArgument("inputs", f"here belongs a list of 1 to {MOST_STEPS} inputs, one for each step")
    steps = [column("inputs", one, len(column("inputs", inputs[0]))) for one in inputs]
    units = 1 if scalar else len(hidden_weights)
    read = None
    if output_weights is not None:
        rows = len(output_weights) if isinstance(output_weights, list | tuple) else 1
        read = weights("output_weights", output_weights, rows, units)
    return Task(
        steps,
        weights("input_weights", input_weights, units, len(steps[0])),
        weights("hidden_weights", hidden_weights, units, units),
        column("bias", [0] * units if bias == 0 else bias, units),
        column("initial", [0] * units if initial == 0 else initial, units),
        activation,
        read,
        column("output_bias", [0] * len(read or ()) if output_bias == 0 else output_bias, len(read)) if read else [],
        scalar,
    )


@reading(_task)
def compute(task: Task) -> Named:
    """Run torch.nn.RNN, or linear layers step by step where there is no activation.

    `inputs`: a number or a list for each step; `input_weights` (units × inputs), `hidden_weights` (units × units),
    `bias` and `initial` (the state before step 1): numbers for one unit, else lists. Results: `states` (a row for each
    step), `last`, and with `output_weights` (outputs × units) and `output_bias` the `outputs` of each step.
    """
    return _run(task)


def _run(task: Task) -> Named:
    """On the meta device a module draws no weights; those of the task take their place."""
    import torch
    from torch.nn.functional import linear

    xs, w, u, b = map(tensor, (task.inputs, task.input_weights, task.hidden_weights, task.bias))
    state = tensor(task.initial)
    if task.activation == "identity":
        rows = []
        for x in xs:
            state = linear(x, w, b) + linear(state, u)
            rows.append(state)
        states = torch.stack(rows)
    else:
        module = torch.nn.RNN(xs.shape[1], len(u), nonlinearity=task.activation, device="meta", dtype=torch.float64)
        held = {"weight_ih_l0": w, "weight_hh_l0": u, "bias_ih_l0": b, "bias_hh_l0": torch.zeros_like(b)}
        states, _ = torch.func.functional_call(module, held, (xs, state[None]))
    if task.output_weights is None:
        return _results(task, states.tolist(), [])
    return _results(
        task, states.tolist(), linear(states, tensor(task.output_weights), tensor(task.output_bias)).tolist()
    )


def _results(task: Task, states: Matrix, outputs: Matrix) -> Named:
    if not max(abs(one) for state in states for one in state) <= HIGHEST:
        raise BadArgument("hidden_weights", "the states grow beyond all bounds")
    found: Named = {"states": [state[0] for state in states] if task.scalar else states}
    found["last"] = found["states"][-1]
    if outputs:
        found["outputs"] = [one[0] for one in outputs] if len(outputs[0]) == 1 else outputs
    return found


@reading(_task)
def recompute(task: Task) -> Named:
    """The same step by step, in plain Python."""
    functions: dict[str, Callable[[float], float]]
    functions = {"tanh": math.tanh, "relu": lambda one: max(0.0, one), "identity": lambda one: one}
    function = functions[task.activation]
    state, states, outputs = task.initial, [], []
    for x in task.inputs:
        parts = zip(product(task.input_weights, x), product(task.hidden_weights, state), task.bias, strict=True)
        state = [function(math.fsum(part)) for part in parts]
        states.append(state)
        if task.output_weights:
            outputs.append([a + b for a, b in zip(product(task.output_weights, state), task.output_bias, strict=True)])
    return _results(task, states, outputs)


@reading(_task)
def says(task: Task) -> str:
    """What the paper must state for the answer to be one."""
    start = "" if any(task.initial) else "the state before the first step is 0"
    rows = "" if task.scalar else "row $t$ is the state after step $t$"
    return "; ".join(filter(None, (start, rows)))


@reading(_task)
def worked(task: Task) -> str:
    """The sum of each step, and what the activation makes of it."""
    found = _run(task)
    lines: list[tuple[str, str]] = []
    state = task.initial
    for step, (x, new) in enumerate(zip(task.inputs, found["states"], strict=True), 1):
        lines += _told_step(task, step, x, state, [new] if task.scalar else new)
        state = [new] if task.scalar else new
    return aligned(*lines, *_told_outputs(task, found))


@reading(_task)
def in_full(task: Task) -> str:
    """The same with products of matrices in numbers."""
    told, state = [], task.initial
    for x, new in zip(task.inputs, _run(task)["states"], strict=True):
        told.append(
            f"{_product(task.input_weights, x)} + {_product(task.hidden_weights, state)} + {_column(task.bias)}"
        )
        state = [new] if task.scalar else new
        if task.output_weights:
            told.append(f"{_product(task.output_weights, state)} + {_column(task.output_bias)}")
    return "\n".join(f"${line}$" for line in told)


def _product(rows: Matrix, values: Vector) -> str:
    return f"{tex_matrix(rows)} {_column(values)}"


def _column(values: Vector) -> str:
    return tex_matrix([[value] for value in values])


def _told_step(task: Task, step: int, x: Vector, state: Vector, new: Vector) -> Iterator[tuple[str, str]]:
    """The parts of a sum, the sum within the activation, and the new state."""
    inputs, recalled = product(task.input_weights, x), product(task.hidden_weights, state)
    total = [math.fsum(part) for part in zip(inputs, recalled, task.bias, strict=True)]
    if task.scalar and len(x) == 1:
        terms = [
            rf"{factor(task.input_weights[0][0])} \cdot {factor(x[0])}",
            rf"{factor(task.hidden_weights[0][0])} \cdot {factor(state[0])}",
            *([tex(task.bias[0])] if task.bias[0] else []),
        ]
    else:
        terms = [_written(task, part) for part in (inputs, recalled, *([task.bias] if any(task.bias) else []))]
    name = {"tanh": r"\tanh", "relu": r"\mathrm{ReLU}", "identity": ""}[task.activation]
    exact = all(equals(one).startswith("=") for one in new)
    result = ("= " if exact else r"\approx ") + _written(task, new)
    if not name:
        yield from summed(f"h_{step}", terms, result)
        return
    yield from summed(f"h_{step}", terms, "", f"= {name}\\big(" if not task.scalar else f"= {name}(",
                      r"\big)" if not task.scalar else ")")  # fmt: skip
    inner = f"({tex(total[0])})" if task.scalar else _written(task, total)
    yield "", f"= {name}{inner} {result}" if task.scalar else f"= {name}{inner}"
    if not task.scalar:
        yield "", result


def _written(task: Task, values: Vector) -> str:
    return tex(values[0]) if task.scalar else tex_vector(values)


def _told_outputs(task: Task, found: Named) -> Iterator[tuple[str, str]]:
    """How the output of each step is got."""
    for step, output in enumerate(found.get("outputs", ()), 1):
        state = found["states"][step - 1]
        if isinstance(output, list) or task.output_weights is None:
            yield f"y_{step}", rf"= {tex_vector(output)}"
            continue
        pairs = zip(task.output_weights[0], [state] if task.scalar else state, strict=True)
        added = [tex(task.output_bias[0])] if task.output_bias[0] else []
        yield from summed(f"y_{step}", [*(rf"{factor(v)} \cdot {factor(h)}" for v, h in pairs), *added], equals(output))


# ---- wrong ways ----


def _changed(change: Callable[[Task], Task]) -> Callable[..., Named]:
    """The layer changed and run again."""

    @reading(_task)
    def wrong(task: Task) -> Named:
        return _run(change(task))

    return wrong


def _zeros(values: Matrix) -> Matrix:
    return [[0.0] * len(row) for row in values]


def _swapped(task: Task) -> Task:
    if len(task.input_weights[0]) != len(task.hidden_weights):
        raise DoesNotApply("input and state have different sizes")
    return replace(task, input_weights=task.hidden_weights, hidden_weights=task.input_weights)


@reading(_task)
def _first_state(task: Task) -> Named:
    rows = [_run(replace(task, inputs=[x])) for x in task.inputs]
    found = {"states": [row["last"] for row in rows], "last": rows[-1]["last"]}
    return found | ({"outputs": [row["outputs"][0] for row in rows]} if task.output_weights else {})


MISCONCEPTIONS = {
    "no_memory": Misconception("the state before is left out",
                               _changed(lambda task: replace(task, hidden_weights=_zeros(task.hidden_weights)))),
    "no_bias": Misconception("the bias is missing",
                             _changed(lambda task: replace(task, bias=[0.0] * len(task.bias)))),
    "weights_swapped": Misconception("the weights of the input and of the state are swapped", _changed(_swapped)),
    "no_activation": Misconception("the activation is left out",
                                   _changed(lambda task: replace(task, activation="identity"))),
    "first_state": Misconception("each step starts from the state before the first one", _first_state),
    "no_initial_state": Misconception("the state before the first step is taken for 0",
                                      _changed(lambda task: replace(task, initial=[0.0] * len(task.initial)))),
    "bias_once": Misconception("a bias of the state is added too",
                               _changed(lambda task: replace(task, bias=[2 * one for one in task.bias]))),
}  # fmt: skip
