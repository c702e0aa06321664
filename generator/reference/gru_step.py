"""One step of a gated recurrent unit (Cho and others, 2014), in the form of torch.nn.GRUCell."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from generator.reference import DoesNotApply, Misconception, recurrent
from generator.reference.given import aligned, equals, factor, reading, summed, tensor, tex, tex_vector
from generator.reference.recurrent import Cell

GIVES = "named"
GATES = ("reset_gate", "update_gate", "candidate")  # PyTorch's order: r, z, n
Named = dict[str, Any]


def _task(*, input: Any, hidden: Any, input_weights: Any, hidden_weights: Any, biases: Any) -> Cell:  # noqa: A002 # as in torch
    """Check all arguments; raises BadArgument."""
    return recurrent.cell(3, input, hidden, input_weights, hidden_weights, biases)


@reading(_task)
def compute(given: Cell) -> Named:
    """Run torch.nn.GRUCell: `reset_gate`, `update_gate`, `candidate`, and the new `hidden`.

    `input` and `hidden` are numbers or lists; `input_weights`, `hidden_weights` and `biases` have three items, for the
    reset gate, the update gate and the candidate, each a number or a matrix (a bias: a list). The second bias that
    PyTorch has for each gate is 0.
    """
    return _run(given)


def _run(given: Cell) -> Named:
    import torch

    x, h = tensor(given.input), tensor(given.hidden)
    held = recurrent.parameters(given)
    module = torch.nn.GRUCell(len(x), len(h), device="meta", dtype=torch.float64)  # on meta, nothing is drawn
    hidden = torch.func.functional_call(module, held, (x, h))
    r, z, n = torch.nn.functional.linear(x, held["weight_ih"], held["bias_ih"]).chunk(3)
    of_r, of_z, of_n = (held["weight_hh"] @ h).chunk(3)
    reset = (r + of_r).sigmoid()
    return _results(given, reset, (z + of_z).sigmoid(), (n + reset * of_n).tanh(), hidden)


def _results(given: Cell, *values: Any) -> Named:
    return {name: given.of(one) for name, one in zip((*GATES, "hidden"), values, strict=True)}


@reading(_task)
def recompute(given: Cell) -> Named:
    """The same unit by unit, in plain Python."""
    r, z, _ = recurrent.sums(given)
    reset = [recurrent.sigmoid(one) for one in r]
    update = [recurrent.sigmoid(one) for one in z]
    inputs = recurrent.product(given.input_weights[2], given.input)
    states = recurrent.product(given.hidden_weights[2], given.hidden)
    candidate = [
        math.tanh(a + b + one * c) for a, b, one, c in zip(inputs, given.biases[2], reset, states, strict=True)
    ]
    hidden = [(1 - one) * n + one * h for one, n, h in zip(update, candidate, given.hidden, strict=True)]
    return _results(given, reset, update, candidate, hidden)


def says() -> str:
    """What the paper must state for the answer to be one."""
    return (
        r"as in PyTorch, the candidate is $n = \tanh(W x + b + r \cdot U h)$ with the reset gate $r$, and the new "
        "state is $(1 - z) n + z h$ with the update gate $z$"
    )


@reading(_task)
def worked(given: Cell) -> str:
    """The sum of each gate and its value, and the new state."""
    found = _run(given)
    reset = recurrent.column("hidden", found["reset_gate"])
    lines = recurrent.told("r", r"\sigma", given, 0, found["reset_gate"])
    lines += recurrent.told("z", r"\sigma", given, 1, found["update_gate"])
    lines += recurrent.told("n", r"\tanh", given, 2, found["candidate"], reset)
    if not given.scalar:
        lines.append(("h'", rf"= (1 - z) \odot n + z \odot h \approx {tex_vector(found['hidden'])}"))
        return aligned(*lines)
    z, n, h = factor(found["update_gate"]), factor(found["candidate"]), factor(given.hidden[0])
    terms = [rf"(1 - {tex(found['update_gate'])}) \cdot {n}", rf"{z} \cdot {h}"]
    return aligned(*lines, *summed("h'", terms, equals(found["hidden"])))


# ---- wrong ways ----


def _new_state(change: Callable[..., Any]) -> Callable[..., Named]:
    """Another new state, made by PyTorch of z, n and the old state h."""

    @reading(_task)
    def wrong(given: Cell) -> Named:
        found = _run(given)
        z, n = (tensor(recurrent.column(name, found[name])) for name in ("update_gate", "candidate"))
        return found | {"hidden": given.of(change(z, n, tensor(given.hidden)))}

    return wrong


def _with_candidate(change: Callable[..., Any]) -> Callable[..., Named]:
    """Another candidate, made by PyTorch of the reset gate and the parts of its sum, and the state it leads to."""

    @reading(_task)
    def wrong(given: Cell) -> Named:
        found = _run(given)
        r, z = (tensor(recurrent.column(name, found[name])) for name in ("reset_gate", "update_gate"))
        h, matrix = tensor(given.hidden), tensor(given.hidden_weights[2])
        inputs = tensor(given.input_weights[2]) @ tensor(given.input) + tensor(given.biases[2])
        n = change(r, inputs, matrix, h)
        return found | {"candidate": given.of(n), "hidden": given.of((1 - z) * n + z * h)}

    return wrong


@reading(_task)
def _no_biases(given: Cell) -> Named:
    return _run(replace(given, biases=[[0.0] * len(one) for one in given.biases]))


@reading(_task)
def _gates_swapped(given: Cell) -> Named:
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
def _weights_swapped(given: Cell) -> Named:
    if len(given.input) != len(given.hidden):
        raise DoesNotApply("input and state have different sizes")
    return _run(replace(given, input_weights=given.hidden_weights, hidden_weights=given.input_weights))


MISCONCEPTIONS = {
    "update_turned": Misconception("the update gate weighs the candidate, and one minus it the old state",
                                   _new_state(lambda z, n, h: z * n + (1 - z) * h)),
    "no_update": Misconception("the candidate is taken for the new state", _new_state(lambda z, n, h: n + 0 * z * h)),
    "no_reset": Misconception("the reset gate is left out",
                              _with_candidate(lambda r, x, u, h: (x + u @ h + 0 * r).tanh())),
    "reset_all": Misconception("the reset gate weighs the input and the bias too",
                               _with_candidate(lambda r, x, u, h: (r * (x + u @ h)).tanh())),
    "reset_before_weights": Misconception("the reset gate weighs the state before its weights do",
                                          _with_candidate(lambda r, x, u, h: (x + u @ (r * h)).tanh())),
    "sigmoid_candidate": Misconception("the candidate goes through a sigmoid, not through tanh",
                                       _with_candidate(lambda r, x, u, h: (x + r * (u @ h)).sigmoid())),
    "gates_swapped": Misconception("the reset gate and the update gate are swapped", _gates_swapped),
    "no_biases": Misconception("the biases are missing", _no_biases),
    "weights_swapped": Misconception("the weights of the input and of the state are swapped", _weights_swapped),
}  # fmt: skip
