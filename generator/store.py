"""Keep results of slow computations under the hash of everything they depend on."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any


def folder() -> Path:
    """The folder for kept results: TORCHEXAM_CACHE, else the user's cache folder."""
    if chosen := os.environ.get("TORCHEXAM_CACHE"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".cache") / "torchexam"


def digest(*parts: str | bytes) -> str:
    """The hash of all parts in order; no two different lists of parts run together."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big"))
        whole.update(data)
    return whole.hexdigest()


def read(kind: str, key: str) -> Any | None:
    """What was kept under the key, or None when there is nothing, or nothing readable."""
    try:
        return json.loads((folder() / kind / f"{key}.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def keep(kind: str, key: str, value: Any) -> None:
    """Keep a JSON value; a full or read-only disk only costs the time to compute it again."""
    try:
        write_whole(folder() / kind / f"{key}.json", json.dumps(value).encode())
    except OSError:
        return


@cache
def boot() -> str:
    """What tells this run of the machine from the one before; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


@contextmanager
def writing(path: Path, *, lasting: bool = True) -> Iterator[IO[bytes]]:
    """A file to write to, piece by piece, that others see only when all of it is there; raises OSError.

    It outlasts a loss of power, unless `lasting` is false: then it is as safe, as long as the machine runs, and `boot`
    tells whether it did.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            if lasting or not boot():
                os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:  # a full disk does not say for which file
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def write_whole(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """Write a file so that others see all of it or none of it, as `writing` does; raises OSError."""
    with writing(path, lasting=lasting) as file:
        file.write(data)
