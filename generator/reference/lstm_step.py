"""One step of a long short-term memory cell (Hochreiter and Schmidhuber, 1997, with the forget gate of Gers, 2000)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from generator.reference import DoesNotApply, Misconception, recurrent
from generator.reference.given import aligned, equals, factor, reading, summed, tensor, tex_vector
from generator.reference.recurrent import Cell, Vector

GIVES = "named"
GATES = ("input_gate", "forget_gate", "candidate", "output_gate")  # PyTorch's order: i, f, g, o
Named = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """What the step is given, and the cell state before it."""

    given: Cell
    cell: Vector


def _task(*, input: Any, hidden: Any, cell: Any, input_weights: Any, hidden_weights: Any, biases: Any) -> Task:  # noqa: A002 # as in torch
    """Check all arguments; raises BadArgument."""
    given = recurrent.cell(4, input, hidden, input_weights, hidden_weights, biases)
    recurrent.same("cell", cell, given.scalar)
    return Task(given, recurrent.column("cell", cell, len(given.hidden)))


@reading(_task)
def compute(task: Task) -> Named:
    """Run torch.nn.LSTMCell: `input_gate`, `forget_gate`, `candidate`, `output_gate`, and the new `cell` and `hidden`.

    `input`, `hidden` and `cell` are numbers or lists; `input_weights`, `hidden_weights` and `biases` have four items,
    for the input gate, the forget gate, the candidate and the output gate, each a number or a matrix (a bias: a list).
    """
    return _run(task)


def _run(task: Task) -> Named:
    import torch

    given = task.given
    x, h, c = map(tensor, (given.input, given.hidden, task.cell))
    held = recurrent.parameters(given)
    module = torch.nn.LSTMCell(len(x), len(h), device="meta", dtype=torch.float64)  # on meta, nothing is drawn
    hidden, cell = torch.func.functional_call(module, held, (x, (h, c)))
    sums = torch.nn.functional.linear(x, held["weight_ih"], held["bias_ih"]) + held["weight_hh"] @ h
    i, f, g, o = sums.chunk(4)
    gates = (i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid())
    return _results(given, *gates, cell, hidden)


def _results(given: Cell, *values: Any) -> Named:
    return {name: given.of(one) for name, one in zip((*GATES, "cell", "hidden"), values, strict=True)}


@reading(_task)
def recompute(task: Task) -> Named:
    """The same unit by unit, in plain Python."""
    i, f, g, o = recurrent.sums(task.given)
    i, f, o = ([recurrent.sigmoid(one) for one in gate] for gate in (i, f, o))
    g = [math.tanh(one) for one in g]
    cell = [b * c + a * d for a, b, c, d in zip(i, f, task.cell, g, strict=True)]
    hidden = [one * math.tanh(c) for one, c in zip(o, cell, strict=True)]
    return _results(task.given, i, f, g, o, cell, hidden)


def says() -> str:
    """What the paper must state for the answer to be one."""
    return (
        r"gates use the logistic function $\sigma$; the cell becomes $f c + i g$ and the hidden state $o \tanh(c)$ of "
        "the new cell"
    )


@reading(_task)
def worked(task: Task) -> str:
    """The sum of each gate and its value, the new cell and the new hidden state."""
    found, given = _run(task), task.given
    lines: list[tuple[str, str]] = []
    for gate, (name, function) in enumerate(zip("ifgo", (r"\sigma", r"\sigma", r"\tanh", r"\sigma"), strict=True)):
        lines += recurrent.told(name, function, given, gate, found[GATES[gate]])
    if not given.scalar:
        lines += [
            ("c'", rf"= f \odot c + i \odot g \approx {tex_vector(found['cell'])}"),
            ("h'", rf"= o \odot \tanh c' \approx {tex_vector(found['hidden'])}"),
        ]
        return aligned(*lines)
    i, f, g, o, cell = (factor(found[name]) for name in (*GATES, "cell"))
    lines += summed("c'", [rf"{f} \cdot {factor(task.cell[0])}", rf"{i} \cdot {g}"], equals(found["cell"]))
    lines += summed("h'", [rf"{o} \cdot \tanh {cell}"], equals(found["hidden"]))
    return aligned(*lines)


# ---- wrong ways ----


def _new_state(change: Callable[..., tuple[Any, Any]]) -> Callable[..., Named]:
    """Another cell and hidden state, made by PyTorch of the gates i, f, g, o and the old cell c."""

    @reading(_task)
    def wrong(task: Task) -> Named:
        found, given = _run(task), task.given
        gates = (tensor(recurrent.column(name, found[name])) for name in GATES)
        cell, hidden = change(*gates, tensor(task.cell))
        return found | {"cell": given.of(cell), "hidden": given.of(hidden)}

    return wrong


def _no_input_gate(i: Any, f: Any, g: Any, o: Any, c: Any) -> tuple[Any, Any]:
    cell = f * c + g + 0 * i
    return cell, o * cell.tanh()


def _no_forget_gate(i: Any, f: Any, g: Any, o: Any, c: Any) -> tuple[Any, Any]:
    cell = c + i * g + 0 * f
    return cell, o * cell.tanh()


def _gates_swapped(i: Any, f: Any, g: Any, o: Any, c: Any) -> tuple[Any, Any]:
    cell = i * c + f * g
    return cell, o * cell.tanh()


def _no_tanh(i: Any, f: Any, g: Any, o: Any, c: Any) -> tuple[Any, Any]:
    cell = f * c + i * g
    return cell, o * cell


def _old_cell(i: Any, f: Any, g: Any, o: Any, c: Any) -> tuple[Any, Any]:
    return f * c + i * g, o * c.tanh()


def _no_output_gate(i: Any, f: Any, g: Any, o: Any, c: Any) -> tuple[Any, Any]:
    cell = f * c + i * g
    return cell, cell.tanh() + 0 * o


@reading(_task)
def _sigmoid_candidate(task: Task) -> Named:
    found, given = _run(task), task.given
    g = tensor(recurrent.sums(given)[2]).sigmoid()
    i, f, o = (tensor(recurrent.column(name, found[name])) for name in ("input_gate", "forget_gate", "output_gate"))
    cell = f * tensor(task.cell) + i * g
    return _results(given, i, f, g, o, cell, o * cell.tanh())


@reading(_task)
def _no_biases(task: Task) -> Named:
    return _run(replace(task, given=replace(task.given, biases=[[0.0] * len(one) for one in task.given.biases])))


@reading(_task)
def _no_state(task: Task) -> Named:
    return _run(replace(task, given=replace(task.given, hidden=[0.0] * len(task.given.hidden))))


@reading(_task)
def _weights_swapped(task: Task) -> Named:
    given = task.given
    if len(given.input) != len(given.hidden):
        raise DoesNotApply("input and state have different sizes")
    return _run(
        replace(task, given=replace(given, input_weights=given.hidden_weights, hidden_weights=given.input_weights))
    )


MISCONCEPTIONS = {
    "gates_swapped": Misconception("the input gate and the forget gate are swapped", _new_state(_gates_swapped)),
    "no_input_gate": Misconception("the input gate does not weigh the candidate", _new_state(_no_input_gate)),
    "no_forget_gate": Misconception("the forget gate does not weigh the old cell", _new_state(_no_forget_gate)),
    "no_tanh": Misconception("the hidden state is made of the cell without tanh", _new_state(_no_tanh)),
    "old_cell": Misconception("the hidden state is made of the old cell", _new_state(_old_cell)),
    "no_output_gate": Misconception("the output gate does not weigh the cell", _new_state(_no_output_gate)),
    "sigmoid_candidate": Misconception("the candidate goes through a sigmoid, not through tanh", _sigmoid_candidate),
    "no_biases": Misconception("the biases are missing", _no_biases),
    "no_state": Misconception("the old hidden state is left out", _no_state),
    "weights_swapped": Misconception("the weights of the input and of the state are swapped", _weights_swapped),
}
