"""Make a course folder to start from."""

from __future__ import annotations

import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from generator import store
from generator.mistakes import Mistake, Mistaken
from torchexam.schemas import schema


def new(directory: str | Path, *, sample: bool = False) -> tuple[Path, ...]:
    """Write a small course, or the sample bank, into a new or empty folder; raises Mistaken and OSError."""
    folder = Path(directory)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Mistaken(
            [Mistake(str(folder), 0, 0, "this folder is not empty", "name a folder that does not exist yet")]
        )
    source, below = (files("bank"), Path("bank")) if sample else (files("torchexam") / "starter", Path())
    contents = dict(_starter(source, below))
    # papers hold answers and secret seeds, so a course that is kept in git leaves them out
    contents[Path(".gitignore")] = b"output/\n"
    for what in ("question", "exam"):
        text = json.dumps(schema(what), indent=1, ensure_ascii=False) + "\n"
        contents[Path("bank") / f"{what}.schema.json"] = text.encode()
    for path, data in sorted(contents.items()):
        store.write_whole(folder / path, data)
    return tuple(folder / path for path in sorted(contents))


def _starter(folder: Traversable, below: Path) -> list[tuple[Path, bytes]]:
    found: list[tuple[Path, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _starter(entry, below / entry.name)
        else:
            found.append((below / entry.name, entry.read_bytes()))
    return found
