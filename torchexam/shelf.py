"""The working folder of a build: what its stages leave for each other, so that an interrupted build goes on there."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from generator import store

ORDER = "order.json"


def put(folder: Path, name: str, value: Any) -> None:
    """Keep plain data in a file of the folder, whole or not at all; raises OSError."""
    store.write_whole(folder / name, zlib.compress(json.dumps(value).encode(), 1), lasting=False)


def get(folder: Path, name: str) -> Any:
    """What is kept in a file, or None where there is none, or something else."""
    try:
        return json.loads(zlib.decompress((folder / name).read_bytes()))
    except (OSError, ValueError, RecursionError, zlib.error):
        return None


def kept(folder: Path, name: str, make: Callable[[], Any]) -> Any:
    """What is kept in a file; where there is nothing, what `make` gives, which is kept from then on."""
    found = get(folder, name)
    if found is None:
        found = make()
        put(folder, name, found)
    return found


def name_of(kind: str, *told: Any) -> str:
    """The file for what depends on plain data and dataclasses."""
    text = json.dumps(told, default=asdict)
    return f"{kind}/{store.digest(text)[:24]}"


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object that we wrote, or an empty one where there is none, or something else."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def drop(folder: Path, names: Iterable[str]) -> None:
    """Remove files that are not needed any more."""
    for name in names:
        (folder / name).unlink(missing_ok=True)
