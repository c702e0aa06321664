"""What the quantities of a computation graph share: its definitions, the numbers at its inputs, its run by PyTorch.

A graph is text, `a = x + y; f = a * z` (see `generator.tensors`); `at` gives a number, a list or rows for each input.
The last definition is the result that is differentiated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from generator import duals, tensors
from generator.formulas import FormulaError
from generator.mistakes import did_you_mean
from generator.reference import BadArgument, Words
from generator.reference.given import MOST, number
from generator.tensors import Program, Shape, Value

if TYPE_CHECKING:
    from torch import Tensor

ACTIVATIONS = ("leaky_relu", "relu", "sigmoid", "softplus", "tanh")


@dataclass(frozen=True)
class Graph:
    """The definitions and the numbers at the inputs."""

    program: Program
    at: Mapping[str, Value]

    @property
    def result(self) -> str:
        """The name that is defined last."""
        return self.program[-1][0]

    @property
    def nodes(self) -> list[str]:
        """All that is defined, in order."""
        return [name for name, _ in self.program]

    @property
    def inner(self) -> list[str]:
        """All that the result is differentiated by: inputs, and nodes before the result."""
        return [*self.at, *self.nodes[:-1]]

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """The shape of every input and node."""
        return tensors.shapes(self.program, {name: tensors.shape_of(value) for name, value in self.at.items()})

    @cached_property
    def values(self) -> dict[str, Value]:
        """Every input and node, without PyTorch."""
        return duals.values(self.program, self.at)

    @cached_property
    def uses(self) -> Counter[str]:
        """How often each name is used."""
        return Counter(
            operand for _, one in self.program for step in one.steps for operand in step.operands
            if isinstance(operand, str)
        )  # fmt: skip

    @property
    def operations(self) -> set[str]:
        """Every operation of the graph."""
        return {step.operation for _, one in self.program for step in one.steps}


def task(*, graph: Words, at: Any) -> Graph:
    """Read a graph; raises BadArgument."""
    try:
        program = tensors.read_program(graph)
    except FormulaError as error:
        raise BadArgument("graph", str(error)) from None
    needed = tensors.inputs(program)
    if not isinstance(at, dict):
        raise BadArgument("at", f"here belong the values of {', '.join(needed)}")
    for name in at:
        if name not in needed:
            raise BadArgument("at", f"the graph has no input '{name}'; {did_you_mean(name, needed)}".rstrip("; "))
    if missing := [name for name in needed if name not in at]:
        raise BadArgument("at", f"the graph needs {' and '.join(missing)}")
    found = Graph(program, {name: _checked(at[name]) for name in at})
    try:
        last = found.shapes[found.result]
        _ = found.values
    except FormulaError as error:
        raise BadArgument("graph", str(error)) from None
    if last != ():
        raise BadArgument("graph", f"the last definition, {found.result}, is no scalar")
    return found


def _checked(value: Any) -> Value:
    """Numbers that are not too large; raises BadArgument."""
    try:
        shape = tensors.shape_of(value)
    except FormulaError as error:
        raise BadArgument("at", str(error)) from None
    flat = [value] if not shape else [one for row in (value if len(shape) == 2 else [value]) for one in row]
    if len(flat) > MOST:
        raise BadArgument("at", f"more than {MOST} numbers are too many")
    for one in flat:
        number("at", one)
    return value


# ---- by PyTorch ----


def gradients(graph: Graph, rules: tensors.Rules | None = None) -> dict[str, Value]:
    """The derivative of the result by every input and node before it, with autograd."""
    return tensors.gradients(graph.program, graph.at, graph.inner, rules)


def gradients_of_uses(graph: Graph, counts: Callable[[int, int], bool]) -> dict[str, Value]:
    """The same where only some uses of each name count: `counts` gets the place of a use, from 1, and their number."""
    import torch

    found = {name: tensors.tensor(value) for name, value in graph.at.items()}
    used: Counter[str] = Counter()

    def lookup(name: str) -> Tensor:
        used[name] += 1
        return found[name] if counts(used[name], graph.uses[name]) else found[name].detach()

    for name, expression in graph.program:
        found[name] = tensors.value(expression, lookup)
        if not found[name].requires_grad:  # all that it was made of counts elsewhere
            found[name].requires_grad_()
    by = [found[name] for name in graph.inner]
    taken = torch.autograd.grad(found[graph.result], by, allow_unused=True)
    pairs = zip(graph.inner, by, taken, strict=True)
    return {name: (torch.zeros_like(one) if slope is None else slope).tolist() for name, one, slope in pairs}


def local_gradients(graph: Graph) -> dict[str, Value]:
    """Of each name, the derivatives of the nodes made of it, added up: without what comes after them."""
    import torch

    found = tensors.run(graph.program, {name: tensors.tensor(value) for name, value in graph.at.items()})
    slopes = {name: torch.zeros_like(found[name]) for name in graph.inner}
    for _, expression in graph.program:
        leaves = {name: found[name].detach().requires_grad_() for name in sorted(expression.names)}
        total = tensors.value(expression, leaves.__getitem__).sum()
        for name, slope in zip(leaves, torch.autograd.grad(total, list(leaves.values())), strict=True):
            slopes[name] += slope
    return {name: slope.tolist() for name, slope in slopes.items()}


def straight_through(value: Callable[..., Any], slope: Callable[..., Any]) -> Callable[..., Any]:
    """An operation with the value of one and the derivatives of another."""

    def run(*operands: Any) -> Any:
        along = slope(*operands)
        return value(*operands).detach() + along - along.detach()

    return run
