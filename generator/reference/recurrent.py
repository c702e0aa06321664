"""What one step of a gated recurrent cell is given: an input, a state, and weights and biases of each gate.

Numbers stand for a cell with one unit and one input, whose results are numbers; lists for several.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generator.reference import BadArgument
from generator.reference.given import Matrix, equals, factor, matrix, number, summed, tensor, tex, tex_vector, vector

if TYPE_CHECKING:
    from torch import Tensor

HIGHEST = 300.0  # of the sum that goes into a gate
Vector = list[float]


def column(name: str, value: Any, length: int | None = None) -> Vector:
    """A list of numbers, or a number as the only one of them; raises BadArgument."""
    return vector(name, value if isinstance(value, list | tuple) else [value], length)


def weights(name: str, value: Any, rows: int, columns: int) -> Matrix:
    """A matrix, or a number as its only element; raises BadArgument."""
    return matrix(name, value if isinstance(value, list | tuple) else [[value]], rows, columns)


@dataclass(frozen=True)
class Cell:
    """An input and a state, and for each gate the weights of both and a bias; `scalar` where results are numbers."""

    input: Vector
    hidden: Vector
    input_weights: list[Matrix]
    hidden_weights: list[Matrix]
    biases: list[Vector]
    scalar: bool

    def of(self, values: Tensor | Sequence[float]) -> Any:
        """A vector as the results give it."""
        listed = [float(value) for value in values]
        return listed[0] if self.scalar else listed


def cell(gates: int, given: Any, hidden: Any, input_weights: Any, hidden_weights: Any, biases: Any) -> Cell:
    """Check what a step is given; weights and biases are lists with an item for each gate. Raises BadArgument."""
    x, h = column("input", given), column("hidden", hidden)
    lists = {"input_weights": input_weights, "hidden_weights": hidden_weights, "biases": biases}
    for name, value in lists.items():
        if not isinstance(value, list | tuple) or len(value) != gates:
            raise BadArgument(name, f"here belongs a list with an item for each of {gates} gates")
    found = Cell(
        x,
        h,
        [weights("input_weights", one, len(h), len(x)) for one in input_weights],
        [weights("hidden_weights", one, len(h), len(h)) for one in hidden_weights],
        [column("biases", one, len(h)) for one in biases],
        not isinstance(hidden, list | tuple),
    )
    if max(abs(one) for gate in sums(found) for one in gate) > HIGHEST:
        raise BadArgument("input_weights", f"the sum of a gate lies beyond {HIGHEST:g}")
    return found


def parameters(found: Cell) -> dict[str, Tensor]:
    """Weights and biases as a cell of torch.nn holds them: gates below each other, the second bias 0."""
    bias = tensor([one for gate in found.biases for one in gate])
    return {
        "weight_ih": tensor([row for gate in found.input_weights for row in gate]),
        "weight_hh": tensor([row for gate in found.hidden_weights for row in gate]),
        "bias_ih": bias,
        "bias_hh": 0 * bias,
    }


def product(rows: Matrix, values: Vector) -> Vector:
    """A matrix times a vector, in plain Python."""
    return [math.fsum(a * b for a, b in zip(row, values, strict=True)) for row in rows]


def sums(found: Cell) -> list[Vector]:
    """W x + U h + b of each gate, in plain Python."""
    return [
        [math.fsum(parts) for parts in zip(product(w, found.input), product(u, found.hidden), b, strict=True)]
        for w, u, b in zip(found.input_weights, found.hidden_weights, found.biases, strict=True)
    ]


def sigmoid(value: float) -> float:
    """1 / (1 + e^(−x))"""
    return 1 / (1 + math.exp(-value))


def told(
    name: str,
    function: str,
    found: Cell,
    gate: int,
    result: Any,
    reset: Vector | None = None,
    *,
    before: bool = False,
) -> list[tuple[str, str]]:
    """Lines for the value of a gate: the sum that goes into it, and what comes of it.

    `reset` weighs what the weights make of the state, or the state `before` they do.
    """
    if reset and before:
        state = product(found.hidden_weights[gate], [a * b for a, b in zip(reset, found.hidden, strict=True)])
    else:
        state = product(found.hidden_weights[gate], found.hidden)
        state = [a * b for a, b in zip(reset, state, strict=True)] if reset else state
    inputs = product(found.input_weights[gate], found.input)
    total = [math.fsum(parts) for parts in zip(inputs, state, found.biases[gate], strict=True)]
    if not found.scalar:
        return [(name, rf"= {function}{tex_vector(total)}"), ("", rf"\approx {tex_vector(result)}")]
    (w,), (u,), (b,) = found.input_weights[gate][0], found.hidden_weights[gate][0], found.biases[gate]
    recalled = rf"{factor(reset[0])} \cdot " if reset else ""
    terms = [
        rf"{factor(w)} \cdot {factor(found.input[0])}",
        rf"{recalled}{factor(u)} \cdot {factor(found.hidden[0])}",
        *([tex(b)] if b else []),
    ]
    return [*summed(name, terms, "", rf"= {function}(", ")"), ("", rf"= {function}({tex(total[0])}) {equals(result)}")]


def same(name: str, value: Any, scalar: bool) -> None:
    """A number where results are numbers, else a list; raises BadArgument."""
    if isinstance(value, list | tuple) is scalar:
        raise BadArgument(name, "numbers go with numbers, and lists with lists")
    for one in value if isinstance(value, list | tuple) else [value]:
        number(name, one)
