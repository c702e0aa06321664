"""Find what installed packages add: a course's own quantities, experiments and kinds of answer.

A package registers a module by an entry point, in its pyproject.toml:

    [project.entry-points."torchexam.quantities"]
    dead_units = "my_course.dead_units"
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from generator.mistakes import Mistake, Mistaken

QUANTITIES, EXPERIMENTS, ANSWERS = GROUPS = ("torchexam.quantities", "torchexam.experiments", "torchexam.answers")


@lru_cache
def _installed(group: str) -> tuple[EntryPoint, ...]:
    return tuple(sorted(entry_points(group=group), key=lambda one: (one.name, one.value)))


def known(group: str, own: Mapping[str, str]) -> dict[str, str]:
    """Our own modules by name, and those that packages register; raises Mistaken when two claim one name."""
    modules = dict(own)
    for one in _installed(group):
        if modules.setdefault(one.name, one.value) != one.value:
            message = f"it registers '{one.name}' under {group}, a name that {modules[one.name]} has"
            raise Mistaken(
                [Mistake(_package(one), 0, 0, message, "give it another name in the package's pyproject.toml")]
            )
    return modules


def module(group: str, own: Mapping[str, str], name: str) -> Any:
    """The module of that name; raises KeyError, and Mistaken when a package's module cannot be imported."""
    path = known(group, own)[name]
    if name in own:
        return import_module(path)
    try:
        return import_module(path)
    except Exception as error:  # whatever a foreign module does when it is imported
        package = next(_package(one) for one in _installed(group) if one.name == name)
        message = f"'{name}' of {group} cannot be imported: {type(error).__name__}: {error}"
        raise Mistaken([Mistake(package, 0, 0, message)]) from error


def _package(one: EntryPoint) -> str:
    return one.dist.name if one.dist else one.value.partition(".")[0]


@lru_cache
def versions() -> dict[str, str]:
    """The version of each package that registers anything, by its name."""
    found = (one for group in GROUPS for one in _installed(group))
    return {one.dist.name: one.dist.version for one in found if one.dist}


@lru_cache
def stamp() -> str:
    """The hash of every registered module: with other code, what was kept must be computed again."""
    whole = hashlib.sha256()
    for group in GROUPS:
        for one in _installed(group):
            whole.update(f"{group} {one.name} {one.value}\0".encode())
            spec = find_spec(one.module)
            if spec and spec.origin and Path(spec.origin).is_file():
                whole.update(Path(spec.origin).read_bytes())
    return whole.hexdigest() if any(map(_installed, GROUPS)) else ""
