"""What printing said of each copy, read again one by one, as all of it may be more than memory holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

Record = dict[str, Any]


class Records:
    """The records of all copies, by number."""

    def __init__(self, folder: Path, files: Sequence[str]) -> None:
        self.folder = folder
        self.places: dict[int, tuple[str, int]] = {}
        for name in files:
            start = 0
            with (folder / name).open("rb") as file:
                for line in file:
                    self.places[json.loads(line)["number"]] = (name, start)
                    start += len(line)

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, number: int) -> Record:
        name, start = self.places[number]
        with (self.folder / name).open("rb") as file:
            file.seek(start)
            found: Record = json.loads(file.readline())
            return found

    def __iter__(self) -> Iterator[Record]:
        """All records, in the order of their numbers."""
        return (self[number] for number in sorted(self.places))

    @property
    def copies(self) -> Iterator[Record]:
        """What the manifest says of each copy."""
        return (record["copy"] for record in self)
