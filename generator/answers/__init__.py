"""The kinds of answer: what a question file says, what counts as right, and what is printed.

A kind is a module with

    Spec                                what stands under `answer:` (a Model whose first field is the kind's name)
    formulas(spec), prose(spec)         (path, text) of each formula and each piece of prose in it
    check(spec, known)                  what is wrong before any draw: (path, message, hint)
    answer(spec, drawn)                 the answer of one drawn variant, a frozen value

and an answer has `recorded` (for the manifest), `mark(response)` and `responses()`: a right, a wrong and an unreadable
response that it makes for itself, so that tests can walk the whole bank.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from generator.answers.kind import Answer, Drawn, Finding, Known, Mark, Response, Responses

KINDS = {
    "table": "generator.answers.table",
    "shape": "generator.answers.shape",
    "number": "generator.answers.number",
    "expression": "generator.answers.expression",
    "network": "generator.answers.network",
    "text": "generator.answers.text",
    "sketch": "generator.answers.sketch",
    "choice": "generator.answers.choice",
    "choices": "generator.answers.choices",
}

__all__ = ["KINDS", "Answer", "Drawn", "Finding", "Known", "Mark", "Response", "Responses", "kind"]


def kind(name: str) -> Any:
    """The module of a kind; raises KeyError."""
    return import_module(KINDS[name])
