"""The derivative of a computation graph's result by every input and node, as the backward pass finds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from generator import duals, notation, tensors
from generator.reference import DoesNotApply, Misconception
from generator.reference.given import aligned, factor, reading, summed, tex
from generator.reference.graph import (
    ACTIVATIONS,
    Graph,
    gradients,
    gradients_of_uses,
    local_gradients,
    straight_through,
    task,
)
from generator.reference.graph_values import result

GIVES = "named"
Named = dict[str, Any]


@reading(task)
def compute(graph: Graph) -> Named:
    """Backpropagate by autograd: the derivative of the last definition by each input and each node before it.

    `graph`: definitions, `a = x + y; f = a * z`, or one expression, whose operations become v1, v2 … and f. `at`: a
    number, a list or rows for each input.
    """
    return gradients(graph)


@reading(task)
def recompute(graph: Graph) -> Named:
    """The same in forward mode, by dual numbers in decimals: a run for each input and node."""
    return duals.gradients(graph.program, graph.at, graph.inner)


@reading(task)
def says(graph: Graph) -> str:
    """Which derivative is meant, and what it is where there is none."""
    told = f"each is a derivative of ${notation.symbol(graph.result)}$"
    if _at_zero(graph):
        told += "; the derivative of ReLU at 0 is taken to be 0"
    return told


def _at_zero(graph: Graph) -> bool:
    """Whether a ReLU gets exactly 0."""
    found = []

    def watched(x: Any) -> Any:
        found.append(bool((x == 0).any()))
        return tensors.operation("relu")(x)

    gradients(graph, {"relu": watched})
    return any(found)


@reading(task)
def worked(graph: Graph) -> str:
    """Backwards from the result: of each name, for each node made of it what came back times the local slope."""
    slopes = {graph.result: 1.0, **gradients(graph)}
    if any(graph.shapes[name] for name in graph.inner):
        return aligned(*((_by(graph, name), result(slopes[name])) for name in reversed(graph.inner)))
    lines: list[tuple[str, str]] = []
    for name in (*reversed(graph.nodes[:-1]), *graph.at):
        terms = [_term(graph, user, name, slopes) for user, one in graph.program if name in one.names]
        value = f"= {tex(slopes[name])}"
        lines += summed(_by(graph, name), terms or ["0"], value if terms and terms != [tex(slopes[name])] else "")
    return aligned(*lines)


def _by(graph: Graph, name: str) -> str:
    return rf"\tfrac{{\partial {notation.symbol(graph.result)}}}{{\partial {notation.symbol(name)}}}"


def _term(graph: Graph, user: str, name: str, slopes: Named) -> str:
    """What comes back through one node, times its derivative by the name."""
    program = tuple(pair for pair in graph.program if pair[0] == user)
    expression = program[0][1]
    at = {one: graph.values[one] for one in expression.names}
    local = duals.gradients(program, at, [name])[name]
    if user == graph.result:
        return tex(local)
    return rf"{factor(slopes[user])} \cdot {factor(local)}"


# ---- wrong ways ----


@reading(task)
def _first_path(graph: Graph) -> Named:
    return _some_paths(graph, lambda place, _: place == 1)


@reading(task)
def _last_path(graph: Graph) -> Named:
    return _some_paths(graph, lambda place, count: place == count)


def _some_paths(graph: Graph, counts: Callable[[int, int], bool]) -> Named:
    if max(graph.uses.values()) < 2:
        raise DoesNotApply("nothing is used twice")
    return gradients_of_uses(graph, counts)


@reading(task)
def _local_only(graph: Graph) -> Named:
    return local_gradients(graph)


@reading(task)
def _activation_ignored(graph: Graph) -> Named:
    if not graph.operations & set(ACTIVATIONS):
        raise DoesNotApply("there is no activation")
    return gradients(graph, {name: _as_identity(name) for name in ACTIVATIONS})


def _as_identity(name: str) -> Callable[..., Any]:
    return straight_through(tensors.operation(name), lambda x, *_: x)


@reading(task)
def _sign_ignored(graph: Graph) -> Named:
    if "subtract" not in graph.operations:
        raise DoesNotApply("nothing is subtracted")
    return gradients(graph, {"subtract": straight_through(lambda a, b: a - b, lambda a, b: a + b)})


@reading(task)
def _factor_itself(graph: Graph) -> Named:
    if "multiply" not in graph.operations:
        raise DoesNotApply("nothing is multiplied")
    itself = straight_through(lambda a, b: a * b, lambda a, b: (a * a + b * b) / 2)
    return gradients(graph, {"multiply": itself})


@reading(task)
def _both_of_max(graph: Graph) -> Named:
    if not graph.operations & {"max", "min"}:
        raise DoesNotApply("there is no maximum and no minimum")
    rules = {name: straight_through(tensors.operation(name), _added_up) for name in ("max", "min")}
    return gradients(graph, rules)


def _added_up(*operands: Any) -> Any:
    return operands[0].sum() if len(operands) == 1 else operands[0] + operands[1]


MISCONCEPTIONS = {
    "first_path": Misconception("where a node is used twice, only the first path is counted", _first_path),
    "last_path": Misconception("where a node is used twice, only the last path is counted", _last_path),
    "local_only": Misconception("the chain rule is left out: these are the slopes of single nodes", _local_only),
    "activation_ignored": Misconception("the derivative of the activation is left out", _activation_ignored),
    "factor_itself": Misconception("the derivative by a factor is taken to be that factor itself", _factor_itself),
    "sign_ignored": Misconception("the minus sign of a difference is lost on the way back", _sign_ignored),
    "both_of_max": Misconception("a maximum sends the gradient back to all, not to the largest", _both_of_max),
}
