"""The front door: the verbs of the command line as Python functions.

>>> import torchexam
>>> bank = torchexam.load("bank")           # questions, exams and mistakes
>>> torchexam.check("bank")                  # every mistake, as values
>>> torchexam.verify("bank")                 # every key, computed a second time for many draws
>>> torchexam.preview("segment_digits", bank="bank", seed="s").write("preview.html")
>>> torchexam.build("cs682-midterm", bank="bank", copies=4, seed="s", output="output")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torchexam.building import build
    from torchexam.catalogues import catalogue
    from torchexam.checks import check, load
    from torchexam.course import new
    from torchexam.freezing import freeze
    from torchexam.machine import doctor
    from torchexam.page import preview
    from torchexam.schemas import schema
    from torchexam.verification import verify

__version__ = "0.1.0"
__all__ = ["build", "catalogue", "check", "doctor", "freeze", "load", "new", "preview", "schema", "verify"]

# a module must not have the name of a verb: importing it would put it in the verb's place
_ROOMS = {
    "build": "building",
    "catalogue": "catalogues",
    "check": "checks",
    "doctor": "machine",
    "freeze": "freezing",
    "load": "checks",
    "new": "course",
    "preview": "page",
    "schema": "schemas",
    "verify": "verification",
}


def __getattr__(name: str) -> Any:
    """Import a verb when it is used, so that importing torchexam imports nothing heavy."""
    if name not in _ROOMS:
        raise AttributeError(f"torchexam has no '{name}'")
    from importlib import import_module

    return getattr(import_module(f"torchexam.{_ROOMS[name]}"), name)
