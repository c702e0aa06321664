"""The kinds of answer: what a question file says, what counts as right, and what is printed.

A kind is a module with

    Spec                                what stands under `answer:` (a Model with a field of the kind's name)
    answer(spec, drawn)                 the answer of one drawn variant, a frozen value

and, where there is anything to say,

    formulas(spec), prose(spec)         (path, text) of each formula and each piece of prose in it
    check(spec, known)                  what is wrong before any draw: (path, message, hint)
    leaves_out(spec)                    whether answer may raise NotUsed

and an answer has `recorded` (for the manifest), `mark(response)` and `responses()`: a right, a wrong and an unreadable
response that it makes for itself, so that tests can walk the whole bank.
"""

from __future__ import annotations

from typing import Any

from generator import plugins
from generator.answers.kind import Answer, Drawn, Finding, Known, Mark, NotUsed, Response, Responses

KINDS = {
    "array": "generator.answers.array",
    "table": "generator.answers.table",
    "shape": "generator.answers.shape",
    "number": "generator.answers.number",
    "set": "generator.answers.set",
    "expression": "generator.answers.expression",
    "derivative": "generator.answers.derivative",
    "network": "generator.answers.network",
    "weights": "generator.answers.weights",
    "text": "generator.answers.text",
    "sketch": "generator.answers.sketch",
    "choice": "generator.answers.choice",
    "choices": "generator.answers.choices",
}

__all__ = ["KINDS", "Answer", "Drawn", "Finding", "Known", "Mark", "NotUsed", "Response", "Responses", "kind", "names"]


def names() -> list[str]:
    """Every kind, those of installed packages among them."""
    return list(plugins.known(plugins.ANSWERS, KINDS))


def kind(name: str) -> Any:
    """The module of a kind; raises KeyError."""
    return plugins.module(plugins.ANSWERS, KINDS, name)
