"""Say what a machine lacks for building exams, and how to get it."""

from __future__ import annotations

import ctypes.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from generator import store

OLDEST_PYTHON = (3, 11)
LIBRARIES = {
    "pydantic": "2.9",
    "pyyaml": "6.0",
    "jinja2": "3.1",
    "numpy": "2.0",
    "torch": "2.13",
    "weasyprint": "70.0",
    "mini-racer": "0.12",
}
# what WeasyPrint loads, by the name that the system's linker knows
SHARED = {"Pango": "pango-1.0", "PangoFT2": "pangoft2-1.0", "HarfBuzz subset": "harfbuzz-subset"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what, whether it is fine, what was seen, and the command that mends it."""

    what: str
    fine: bool
    says: str
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """The finding for a program to read."""
        return asdict(self)


def doctor() -> tuple[Finding, ...]:
    """Look at Python, libraries, system libraries and folders."""
    return (_python(), *_libraries(), *_shared(), _cache_folder())


def _python() -> Finding:
    fine = sys.version_info >= OLDEST_PYTHON
    return Finding("Python", fine, platform.python_version(), "install Python 3.11 or later")


def _libraries() -> Iterator[Finding]:
    for name, oldest in LIBRARIES.items():
        try:
            found = version(name)
        except PackageNotFoundError:
            yield Finding(name, False, "is not installed", f"{_pip()} install '{name}>={oldest}'")
            continue
        fine = _numbers(found) >= _numbers(oldest)
        yield Finding(name, fine, found, f"{_pip()} install --upgrade '{name}>={oldest}'")


def _pip() -> str:
    return "python -m pip"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(piece) for piece in text.split("+")[0].split(".")[:2] if piece.isdigit())


def _shared() -> Iterator[Finding]:
    for what, name in SHARED.items():
        found = ctypes.util.find_library(name)
        yield Finding(what, found is not None, "found" if found else "is not installed", system_command())


def system_command() -> str:
    """The command that installs what WeasyPrint needs, for the package manager that is here."""
    if platform.system() == "Darwin":
        return "brew install pango"
    if platform.system() == "Windows":
        return "pacman -S mingw-w64-x86_64-pango (in MSYS2)"
    sudo = "" if hasattr(os, "geteuid") and os.geteuid() == 0 else "sudo "
    for tool, packages in _PACKAGES.items():
        if shutil.which(tool):
            return f"{sudo}{packages}"
    return "install Pango and harfbuzz-subset with the system's package manager"


_PACKAGES = {
    "apt-get": "apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
    "dnf": "dnf install -y pango harfbuzz",
    "pacman": "pacman -S --noconfirm pango harfbuzz",
    "zypper": "zypper install -y libpango-1_0-0 libharfbuzz-subset0",
    "apk": "apk add pango harfbuzz-subset",
}


def install() -> bool:
    """Install the system libraries that are missing, where this user may; returns whether nothing is missing now."""
    if all(finding.fine for finding in _shared()):
        return True
    command = system_command()
    if command.startswith("sudo") and _runs("sudo -n true"):
        return False
    if "apt-get" in command:
        _runs(f"{command.split('apt-get')[0]}apt-get update -q")
    _runs(command)
    return all(finding.fine for finding in _shared())


def _runs(command: str) -> int:
    """Run one of our own commands; returns its exit code, or 127 when there is no such program."""
    try:
        return subprocess.run(command.split(), check=False).returncode  # noqa: S603 # none of it comes from a user
    except OSError:
        return 127


def _cache_folder() -> Finding:
    folder = store.folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return Finding("cache folder", True, f"{_short(folder)} can be written")
    except OSError as error:
        remedy = "export TORCHEXAM_CACHE=some/folder/that/can/be/written"
        return Finding("cache folder", False, f"{_short(folder)}: {(error.strerror or '').lower()}", remedy)


def _short(path: Path) -> str:
    return str(path).replace(str(Path.home()), "~", 1)
