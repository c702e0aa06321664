"""Turn the units of a small network, written as expressions, into what they give: by PyTorch, and exactly by hand.

A unit is arithmetic (+, −, ·) over weights, inputs, drawn values and earlier units, with the functions of `FUNCTIONS`.
It is read with `ast` and walked; nothing is executed as code.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from generator import formulas
from generator.formulas import FormulaError

if TYPE_CHECKING:
    from torch import Tensor

FUNCTIONS = ("abs", "relu", "sigmoid", "sign", "step", "tanh")
FIRING = ("sign", "step")  # for which the convention `threshold` says what a sum of 0 does
NOISE = 1e-9  # a sum this small beside its terms is what rounding leaves of 0


@dataclass(frozen=True)
class Unit:
    """A unit that was read; `names` are those of weights, inputs, drawn values and earlier units."""

    name: str
    text: str
    names: frozenset[str]
    functions: frozenset[str]
    tree: ast.expr


@lru_cache(maxsize=1024)
def read(name: str, text: str) -> Unit:
    """Read the expression of a unit; raises FormulaError."""
    tree = formulas.parsed(text)
    found = list(_check(tree))
    functions = frozenset(word for word in found if word in FUNCTIONS)
    return Unit(name, text.strip(), frozenset(found) - functions, functions, tree)


def _check(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(value, bool):
            return
        case ast.Name(id=name) if not name.startswith("_") and name not in FUNCTIONS:
            yield name
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            yield from _check(operand)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult(), right=right):
            yield from _check(left)
            yield from _check(right)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            yield name
            yield from _check(argument)
        case ast.Call(func=ast.Name(id=name)) if name not in FUNCTIONS:
            raise FormulaError(f"there is no function '{name}'", name, f"known here: {', '.join(FUNCTIONS)}")
        case _:
            piece = ast.unparse(node)
            raise FormulaError(f"'{piece}' is more than a unit may do", piece, "sums and products of names and numbers")


# ---- by PyTorch, all cases at once ----


def run(
    units: Sequence[Unit], weights: Mapping[str, Fraction], inputs: Mapping[str, Sequence[Fraction]], threshold: str
) -> dict[str, list[float]]:
    """Make a torch.nn.Module of the units, and run it on all cases; `inputs` has a list for each name.

    Names that are no units are weights; all lists have one length, which is that of the results.
    """
    import torch

    class Design(torch.nn.Module):
        """The units with their weights."""

        def __init__(self) -> None:
            super().__init__()
            self.weights = torch.nn.ParameterDict(
                {name: torch.nn.Parameter(torch.tensor(float(value), dtype=torch.float64)) for name, value in
                 weights.items()}
            )  # fmt: skip

        def forward(self, given: dict[str, Tensor]) -> dict[str, Tensor]:
            known = {name: _Sum(value, value.abs()) for name, value in [*self.weights.items(), *given.items()]}
            for unit in units:
                known[unit.name] = _tensor(unit.tree, known, threshold)
            return {unit.name: known[unit.name].value for unit in units}

    columns = {
        name: torch.tensor([float(one) for one in values], dtype=torch.float64) for name, values in inputs.items()
    }
    count = len(next(iter(inputs.values())))
    with torch.no_grad():
        return {name: found.expand(count).tolist() for name, found in Design()(columns).items()}


@dataclass(frozen=True)
class _Sum:
    """A value, and the size of what was added up to it."""

    value: Any
    size: Any


def _tensor(node: ast.expr, known: Mapping[str, _Sum], threshold: str) -> _Sum:
    import torch

    match node:
        case ast.Constant(value=value):
            constant = torch.tensor(float(value), dtype=torch.float64)  # type: ignore[arg-type] # read as a number
            return _Sum(constant, constant.abs())
        case ast.Name(id=name):
            return known[name]
        case ast.UnaryOp(op=op, operand=operand):
            inner = _tensor(operand, known, threshold)
            return _Sum(-inner.value, inner.size) if isinstance(op, ast.USub) else inner
        case ast.BinOp(left=left, op=op, right=right):
            one, other = _tensor(left, known, threshold), _tensor(right, known, threshold)
            if isinstance(op, ast.Mult):
                return _Sum(one.value * other.value, one.size * other.size)
            return _Sum(one.value + (1 if isinstance(op, ast.Add) else -1) * other.value, one.size + other.size)
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            inner = _tensor(argument, known, threshold)
            total = torch.where(inner.value.abs() <= NOISE * inner.size, 0.0, inner.value)
            found = _activated(name, total, threshold)
            return _Sum(found, found.abs())
    raise AssertionError(ast.unparse(node))  # `read` lets nothing else through


def _activated(name: str, total: Tensor, threshold: str) -> Tensor:
    import torch

    match name:
        case "step" | "sign":
            fires = (total >= 0 if threshold == "at_least" else total > 0).to(total.dtype)
            return fires if name == "step" else 2 * fires - 1
        case "relu":
            return torch.relu(total)
        case "abs":
            return total.abs()
        case "sigmoid":
            return torch.sigmoid(total)
    return torch.tanh(total)


# ---- by hand, one case ----


def by_hand(units: Sequence[Unit], values: Mapping[str, Fraction], threshold: str) -> dict[str, Fraction]:
    """What the units give for one case, in exact fractions; `values` has weights, inputs and drawn values."""
    known = {name: (value, abs(float(value))) for name, value in values.items()}
    for unit in units:
        known[unit.name] = _exact(unit.tree, known, threshold)
    return {unit.name: known[unit.name][0] for unit in units}


def sum_of(unit: Unit, values: Mapping[str, Fraction]) -> Fraction | None:
    """What goes into the function of a unit that is a function of a sum; None for any other."""
    if not isinstance(unit.tree, ast.Call):
        return None
    return _exact(unit.tree.args[0], {name: (value, abs(float(value))) for name, value in values.items()}, "")[0]


Pair = tuple[Fraction, float]  # a value, and the size of what was added up to it


def _exact(node: ast.expr, known: Mapping[str, Pair], threshold: str) -> Pair:
    if isinstance(node, ast.Name):
        return known[node.id]
    if isinstance(node, ast.Constant):
        value = Fraction(repr(node.value))
        return value, abs(float(value))
    if isinstance(node, ast.UnaryOp):
        value, size = _exact(node.operand, known, threshold)
        return (-value if isinstance(node.op, ast.USub) else value), size
    if isinstance(node, ast.BinOp):
        (a, first), (b, second) = _exact(node.left, known, threshold), _exact(node.right, known, threshold)
        if isinstance(node.op, ast.Mult):
            return a * b, first * second
        return (a + b if isinstance(node.op, ast.Add) else a - b), first + second
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    total, size = _exact(node.args[0], known, threshold)
    if total and abs(float(total)) <= NOISE * size:
        total = Fraction(0)
    value = _function(node.func.id, total, threshold)
    return value, abs(float(value))


def _function(name: str, total: Fraction, threshold: str) -> Fraction:
    fires = total > 0 or (total == 0 and threshold == "at_least")
    if name in FIRING:
        return Fraction(1) if fires else Fraction(0 if name == "step" else -1)
    if name == "relu":
        return max(total, Fraction(0))
    if name == "abs":
        return abs(total)
    half = math.tanh(min(max(float(total), -1e3), 1e3) / (2 if name == "sigmoid" else 1))
    return Fraction((half + 1) / 2 if name == "sigmoid" else half)
