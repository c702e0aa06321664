"""The value of every node of a computation graph, as the forward pass finds it."""

from __future__ import annotations

from typing import Any

from generator import notation, tensors
from generator.reference import DoesNotApply, Misconception
from generator.reference.given import aligned, equals, reading, tex_matrix
from generator.reference.graph import ACTIVATIONS, Graph, task
from generator.tensors import Value

GIVES = "named"
Named = dict[str, Any]


@reading(task)
def compute(graph: Graph) -> Named:
    """Run the graph in PyTorch: a result for each node, in order.

    `graph`: definitions, `a = x + y; f = a * z`. `at`: a number, a list or rows for each input.
    """
    return _run(graph)


def _run(graph: Graph, rules: tensors.Rules | None = None) -> Named:
    found = tensors.run(graph.program, {name: tensors.tensor(value) for name, value in graph.at.items()}, rules)
    return {name: found[name].tolist() for name in graph.nodes}


@reading(task)
def recompute(graph: Graph) -> Named:
    """The same in decimals, operation by operation."""
    return {name: graph.values[name] for name in graph.nodes}


def says() -> str:
    """Nothing: the graph says it all."""
    return ""


@reading(task)
def worked(graph: Graph) -> str:
    """Each node with the numbers that go into it."""
    return aligned(*(_line(graph, name, expression) for name, expression in graph.program))


def _line(graph: Graph, name: str, expression: tensors.Expression) -> tuple[str, str]:
    with_numbers = notation.latex(expression, graph.shapes, graph.values)
    return notation.symbol(name), f"= {with_numbers} {result(graph.values[name])}"


def result(value: Value) -> str:
    """A value with its sign, vectors as columns."""
    match tensors.shape_of(value):
        case ():
            return equals(value)
        case (_,):
            return f"= {tex_matrix([[one] for one in value])}"
    return f"= {tex_matrix(value)}"


# ---- wrong ways ----


@reading(task)
def _activation_ignored(graph: Graph) -> Named:
    if not graph.operations & set(ACTIVATIONS):
        raise DoesNotApply("there is no activation")
    return _run(graph, {name: lambda x, *_: x for name in ACTIVATIONS})


@reading(task)
def _other_end(graph: Graph) -> Named:
    import torch

    if not graph.operations & {"max", "min"}:
        raise DoesNotApply("there is no maximum and no minimum")
    return _run(graph, {"max": _pair(torch.minimum, torch.amin), "min": _pair(torch.maximum, torch.amax)})


def _pair(two: Any, all_: Any) -> Any:
    return lambda *x: two(*x) if len(x) == 2 else all_(x[0])


@reading(task)
def _sign_ignored(graph: Graph) -> Named:
    import torch

    if "subtract" not in graph.operations:
        raise DoesNotApply("nothing is subtracted")
    return _run(graph, {"subtract": torch.add})


MISCONCEPTIONS = {
    "activation_ignored": Misconception("the activation is left out", _activation_ignored),
    "other_end": Misconception("the minimum is taken in place of the maximum, or the other way round", _other_end),
    "sign_ignored": Misconception("a difference is taken as a sum", _sign_ignored),
}
