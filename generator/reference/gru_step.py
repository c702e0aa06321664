"""One step of a gated recurrent unit, in the form of torch.nn.GRUCell or in one of its kin.

Cho and others (2014) let the reset gate weigh the state before its weights do (`gru_reset: before`); with Chung and
others (2014), the update gate weighs the candidate (`gru_update: new`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from generator.reference import DoesNotApply, Misconception, recurrent
from generator.reference.given import aligned, equals, factor, reading, summed, tensor, tex, tex_vector
from generator.reference.recurrent import Cell

GIVES = "named"
GATES = ("reset_gate", "update_gate", "candidate")  # PyTorch's order: r, z, n
Named = dict[str, Any]


@dataclass(frozen=True)
class Unit(Cell):
    """A step of a cell, and its form."""

    before: bool = False  # whether the reset gate weighs the state before its weights do
    new: bool = False  # whether the update gate weighs the candidate


def _task(
    *,
    input: Any,  # noqa: A002 # as in torch
    hidden: Any,
    input_weights: Any,
    hidden_weights: Any,
    biases: Any,
    gru_reset: str = "after",
    gru_update: str = "old",
) -> Unit:
    """Check all arguments; raises BadArgument."""
    cell = recurrent.cell(3, input, hidden, input_weights, hidden_weights, biases)
    return Unit(**vars(cell), before=gru_reset == "before", new=gru_update == "new")


@reading(_task)
def compute(given: Unit) -> Named:
    """Run torch.nn.GRUCell: `reset_gate`, `update_gate`, `candidate`, and the new `hidden`.

    `input` and `hidden` are numbers or lists; `input_weights`, `hidden_weights` and `biases` have three items, for the
    reset gate, the update gate and the candidate, each a number or a matrix (a bias: a list). The second bias that
    PyTorch has for each gate is 0. PyTorch has no reset gate before the weights; that form runs on tensors.
    """
    return _run(given)


def _run(given: Unit) -> Named:
    import torch

    x, h = tensor(given.input), tensor(given.hidden)
    held = recurrent.parameters(given)
    r, z, n = torch.nn.functional.linear(x, held["weight_ih"], held["bias_ih"]).chunk(3)
    of_r, of_z, of_n = (held["weight_hh"] @ h).chunk(3)
    reset, update = (r + of_r).sigmoid(), (z + of_z).sigmoid()
    if given.before:
        candidate = (n + held["weight_hh"].chunk(3)[2] @ (reset * h)).tanh()
        hidden = torch.lerp(h, candidate, update) if given.new else torch.lerp(candidate, h, update)
    else:
        candidate = (n + reset * of_n).tanh()
        module = torch.nn.GRUCell(len(x), len(h), device="meta", dtype=torch.float64)  # on meta, nothing is drawn
        hidden = torch.func.functional_call(module, _turned(held, len(h)) if given.new else held, (x, h))
    return _results(given, reset, update, candidate, hidden)


def _turned(held: dict[str, Any], units: int) -> dict[str, Any]:
    """The parameters with those of the update gate negated, which makes one minus the gate of it."""
    sign = tensor([1.0] * units + [-1.0] * units + [1.0] * units)
    return {name: value * (sign[:, None] if value.dim() > 1 else sign) for name, value in held.items()}


def _results(given: Unit, *values: Any) -> Named:
    return {name: given.of(one) for name, one in zip((*GATES, "hidden"), values, strict=True)}


@reading(_task)
def recompute(given: Unit) -> Named:
    """The same unit by unit, in plain Python."""
    r, z, _ = recurrent.sums(given)
    reset = [recurrent.sigmoid(one) for one in r]
    update = [recurrent.sigmoid(one) for one in z]
    inputs = recurrent.product(given.input_weights[2], given.input)
    if given.before:
        weighed = [one * h for one, h in zip(reset, given.hidden, strict=True)]
        states = recurrent.product(given.hidden_weights[2], weighed)
    else:
        states = recurrent.product(given.hidden_weights[2], given.hidden)
        states = [one * c for one, c in zip(reset, states, strict=True)]
    candidate = [math.tanh(a + b + c) for a, b, c in zip(inputs, given.biases[2], states, strict=True)]
    old = [1 - one for one in update] if given.new else update
    hidden = [(1 - one) * n + one * h for one, n, h in zip(old, candidate, given.hidden, strict=True)]
    return _results(given, reset, update, candidate, hidden)


def says(*, gru_reset: str = "after", gru_update: str = "old") -> str:
    """What the paper must state for the answer to be one."""
    as_torch = "as in PyTorch, " if (gru_reset, gru_update) == ("after", "old") else ""
    recalled = "r \\cdot U h" if gru_reset == "after" else "U (r \\cdot h)"
    state = "(1 - z) n + z h" if gru_update == "old" else "z n + (1 - z) h"
    return (
        rf"{as_torch}the candidate is $n = \tanh(W x + b + {recalled})$ with the reset gate $r$, and the new "
        f"state is ${state}$ with the update gate $z$"
    )


@reading(_task)
def worked(given: Unit) -> str:
    """The sum of each gate and its value, and the new state."""
    found = _run(given)
    reset = recurrent.column("hidden", found["reset_gate"])
    lines = recurrent.told("r", r"\sigma", given, 0, found["reset_gate"])
    lines += recurrent.told("z", r"\sigma", given, 1, found["update_gate"])
    lines += recurrent.told("n", r"\tanh", given, 2, found["candidate"], reset, before=given.before)
    if not given.scalar:
        sum_ = r"z \odot n + (1 - z) \odot h" if given.new else r"(1 - z) \odot n + z \odot h"
        lines.append(("h'", rf"= {sum_} \approx {tex_vector(found['hidden'])}"))
        return aligned(*lines)
    z, n, h = factor(found["update_gate"]), factor(found["candidate"]), factor(given.hidden[0])
    rest = f"(1 - {tex(found['update_gate'])})"
    terms = [rf"{z} \cdot {n}", rf"{rest} \cdot {h}"] if given.new else [rf"{rest} \cdot {n}", rf"{z} \cdot {h}"]
    return aligned(*lines, *summed("h'", terms, equals(found["hidden"])))


# ---- wrong ways ----


def _new_state(change: Callable[..., Any]) -> Callable[..., Named]:
    """Another new state, made by PyTorch of z, n and the old state h."""

    @reading(_task)
    def wrong(given: Unit) -> Named:
        found = _run(given)
        z, n = (tensor(recurrent.column(name, found[name])) for name in ("update_gate", "candidate"))
        return found | {"hidden": given.of(change(z, n, tensor(given.hidden)))}

    return wrong


def _with_candidate(change: Callable[..., Any]) -> Callable[..., Named]:
    """Another candidate, made by PyTorch of the reset gate and the parts of its sum, and the state it leads to."""

    @reading(_task)
    def wrong(given: Unit) -> Named:
        found = _run(given)
        r, z = (tensor(recurrent.column(name, found[name])) for name in ("reset_gate", "update_gate"))
        h, matrix = tensor(given.hidden), tensor(given.hidden_weights[2])
        inputs = tensor(given.input_weights[2]) @ tensor(given.input) + tensor(given.biases[2])
        n = change(r, inputs, matrix, h)
        hidden = z * n + (1 - z) * h if given.new else (1 - z) * n + z * h
        return found | {"candidate": given.of(n), "hidden": given.of(hidden)}

    return wrong


@reading(_task)
def _update_turned(given: Unit) -> Named:
    return _run(replace(given, new=not given.new))


def _reset(before: bool) -> Callable[..., Named]:
    """The reset gate on the other side of the weights."""

    @reading(_task)
    def wrong(given: Unit) -> Named:
        if given.before is before:
            raise DoesNotApply("so it should be")
        return _run(replace(given, before=before))

    return wrong


@reading(_task)
def _sigmoid_candidate(given: Unit) -> Named:
    found = _run(given)
    n = tensor(recurrent.column("candidate", found["candidate"])).atanh().sigmoid()
    z, h = tensor(recurrent.column("update_gate", found["update_gate"])), tensor(given.hidden)
    hidden = z * n + (1 - z) * h if given.new else (1 - z) * n + z * h
    return found | {"candidate": given.of(n), "hidden": given.of(hidden)}


@reading(_task)
def _no_biases(given: Unit) -> Named:
    return _run(replace(given, biases=[[0.0] * len(one) for one in given.biases]))


@reading(_task)
def _gates_swapped(given: Unit) -> Named:
    order = (1, 0, 2)
    found = _run(
        replace(
            given,
            input_weights=[given.input_weights[gate] for gate in order],
            hidden_weights=[given.hidden_weights[gate] for gate in order],
            biases=[given.biases[gate] for gate in order],
        )
    )
    return found | {"reset_gate": found["update_gate"], "update_gate": found["reset_gate"]}


@reading(_task)
def _weights_swapped(given: Unit) -> Named:
    if len(given.input) != len(given.hidden):
        raise DoesNotApply("input and state have different sizes")
    return _run(replace(given, input_weights=given.hidden_weights, hidden_weights=given.input_weights))


MISCONCEPTIONS = {
    "update_turned": Misconception("the update gate and one minus it have changed places", _update_turned),
    "no_update": Misconception("the candidate is taken for the new state", _new_state(lambda z, n, h: n + 0 * z * h)),
    "no_reset": Misconception("the reset gate is left out",
                              _with_candidate(lambda r, x, u, h: (x + u @ h + 0 * r).tanh())),
    "reset_all": Misconception("the reset gate weighs the input and the bias too",
                               _with_candidate(lambda r, x, u, h: (r * (x + u @ h)).tanh())),
    "reset_before_weights": Misconception("the reset gate weighs the state before its weights do", _reset(True)),
    "reset_after_weights": Misconception("the reset gate weighs what the weights make of the state", _reset(False)),
    "sigmoid_candidate": Misconception("the candidate goes through a sigmoid, not through tanh",
                                       _sigmoid_candidate),
    "gates_swapped": Misconception("the reset gate and the update gate are swapped", _gates_swapped),
    "no_biases": Misconception("the biases are missing", _no_biases),
    "weights_swapped": Misconception("the weights of the input and of the state are swapped", _weights_swapped),
}  # fmt: skip
