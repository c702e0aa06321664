"""Turn names that came over the network into files of the bank or the output folder; write over nobody's work."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from generator import store
from generator.text import LARGEST_FILE
from torchexam.web.problems import Problem

# letters of ASCII only: what looks alike, or is folded by a file system, cannot name another file
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_PIECE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}(\.[A-Za-z0-9]{1,8}){0,2}")


def named(name: str, what: str) -> str:
    """The name as it is, when it can be that of a file; raises Problem."""
    if not NAME.fullmatch(name):
        raise Problem(422, f"{what}: up to 80 letters of a to z, digits, - and _ make a name, and a letter begins it")
    return name


def within(root: Path, *pieces: str) -> Path:
    """The file or folder below root, reached by plain names and through no link; raises Problem where there is none."""
    if not pieces or not all(_PIECE.fullmatch(piece) for piece in pieces):
        raise Problem(404)
    base = root.resolve()
    path = base.joinpath(*pieces)
    try:
        found = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise Problem(404) from None
    if found != path:  # a link, or a name that the file system folds
        raise Problem(404)
    return path


def sha256(data: bytes) -> str:
    """The version of a file, as pages remember it."""
    return hashlib.sha256(data).hexdigest()


def read(path: Path) -> tuple[str, str]:
    """The text of a file of the bank, and its version; raises Problem."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError:
        raise Problem(404, f"{path.name} is not there any more") from None
    if len(data) > LARGEST_FILE:
        raise Problem(413, f"{path.name} has more than {LARGEST_FILE:,} bytes")
    try:
        return data.decode("utf-8-sig"), sha256(data)
    except UnicodeDecodeError:
        raise Problem(409, f"{path.name} is not UTF-8, so it cannot be edited here") from None


def save(path: Path, text: str, version: str) -> str:
    """Write a file whose version on the disk is still this one (none: it is not there yet); raises Problem."""
    data = text.encode()
    if len(data) > LARGEST_FILE:
        raise Problem(413, f"a file of the bank may have {LARGEST_FILE:,} bytes")
    if not version and path.is_symlink():  # it may lead anywhere
        raise Problem(409, f"there is a file {path.name} already")
    path = path.resolve()  # a link within the bank stays a link
    if version:
        theirs, current = read(path)
        if current != version:
            detail = f"{path.name} changed on the disk since you opened it, so it was not saved"
            raise Problem(409, detail, version=current, theirs=theirs, yours=text)
    elif path.exists():
        theirs, current = read(path)
        raise Problem(409, f"there is a file {path.name} already", version=current, theirs=theirs, yours=text)
    try:
        store.write_whole(path, data)
    except OSError as error:
        raise Problem(409, f"{path.name} cannot be written: {(error.strerror or str(error)).lower()}") from None
    return sha256(data)
