"""The quantities that PyTorch computes, each with a second way that shares no code with the first.

A quantity is a module with

    GIVES                           "shapes", "count" or "terms"
    compute(network, …)             the answer, by running PyTorch; its other arguments stand under `with:`
    recompute(network, …)           the same, by closed formula or brute force in plain Python
    says(…)                         what the paper must state for the answer to be one
    worked(network, …)              how the answer is got, as Markdown with the numbers of this network

`answer()` is the only caller of both: where they disagree, there is no answer.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from generator.layers import Network

QUANTITIES = {
    "input_gradient": "generator.reference.input_gradient",
    "multiply_accumulates": "generator.reference.multiply_accumulates",
    "output_shape": "generator.reference.output_shape",
    "parameter_count": "generator.reference.parameter_count",
}


class Disagreement(ValueError):
    """PyTorch and the second computation give different answers; neither may be printed."""


def quantity(name: str) -> Any:
    """The module of a quantity; raises KeyError."""
    return import_module(QUANTITIES[name])


def answer(name: str, network: Network, **arguments: Any) -> Any:
    """A quantity of a network, computed twice; raises Disagreement and DoesNotFit."""
    module = quantity(name)
    first = module.compute(network, **arguments)
    second = module.recompute(network, **arguments)
    if first != second:
        raise Disagreement(f"{name}: PyTorch gives {first}, the second computation gives {second}")
    return first
