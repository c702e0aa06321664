"""Turn the output folder into its builds: those that the service runs, and whatever the command line left there."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from torchexam.web.files import NAME, within
from torchexam.web.jobs import Job, Jobs
from torchexam.web.problems import Problem

MOST = 500  # builds on a page
LARGEST_MANIFEST = 200_000_000  # bytes


@dataclass(frozen=True)
class BuildFolder:
    """A build by its name, which is that of the exam, perhaps with a folder's before it."""

    id: str
    path: Path
    job: Job | None

    @property
    def is_finished(self) -> bool:
        """Whether a finished build is there."""
        return (self.path / "manifest.json").is_file()


def pieces(name: str) -> list[str]:
    """The folders that a build's name stands for: [exam] or [folder, exam]; raises Problem."""
    found = name.split(".")
    if not 1 <= len(found) <= 2 or not all(NAME.fullmatch(piece) for piece in found):
        raise Problem(404)
    return found


def find(output: Path, jobs: Jobs, name: str) -> BuildFolder:
    """The build of this name; raises Problem where there is none."""
    job = jobs.known.get(name)
    try:
        path = within(output, *pieces(name))
    except Problem:
        if job is None:
            raise Problem(404, f"there is no build '{name[:80]}'") from None
        path = output.joinpath(*pieces(name))
    found = BuildFolder(name, path, job)
    if job is None and not found.is_finished:
        raise Problem(404, f"there is no build '{name[:80]}'")
    return found


def all_builds(output: Path, jobs: Jobs) -> list[BuildFolder]:
    """Every build, those that were asked for last first."""
    names = dict.fromkeys([*jobs.known, *_finished(output)])
    found = []
    for name in names:
        try:
            found.append(find(output, jobs, name))
        except Problem:
            continue
    return sorted(found, key=_age, reverse=True)[:MOST]


def _age(build: BuildFolder) -> float:
    if build.job is not None:
        return build.job.asked
    try:
        return (build.path / "manifest.json").stat().st_mtime
    except OSError:
        return 0.0


def _finished(output: Path) -> Iterator[str]:
    """The names of finished builds, one or two folders deep."""
    for pattern in ("*/manifest.json", "*/*/manifest.json"):
        for path in output.glob(pattern):
            names = path.parent.relative_to(output).parts
            if all(NAME.fullmatch(name) for name in names):
                yield ".".join(names)


def manifest(build: BuildFolder) -> dict[str, Any]:
    """What the build's manifest says; raises Problem."""
    path = build.path / "manifest.json"
    try:
        if path.stat().st_size > LARGEST_MANIFEST:
            raise Problem(413)
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        raise Problem(404, f"the build {build.id} is not finished") from None
    if not isinstance(found, dict) or found.get("format") != 1:
        raise Problem(409, "this manifest was written by another version of torchexam")
    return found


def file_of(build: BuildFolder, output: Path, name: str) -> Path:
    """A file of a finished build, which its manifest names; raises Problem."""
    if name != "manifest.json" and name not in manifest(build).get("files", ()):
        raise Problem(404)
    path = within(output, *pieces(build.id), *name.split("/"))
    if not path.is_file():
        raise Problem(404)
    return path


def archive(build: BuildFolder, output: Path, file: IO[bytes]) -> None:
    """Write the whole build as a ZIP file; names in it are those of the manifest, and all below the exam's."""
    exam = pieces(build.id)[-1]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as whole:
        for name in ["manifest.json", *manifest(build)["files"]]:
            path = file_of_known(build, output, name)
            whole.write(path, f"{exam}/{name}")


def file_of_known(build: BuildFolder, output: Path, name: str) -> Path:
    """A file that the manifest names, for which it need not be read again; raises Problem."""
    path = within(output, *pieces(build.id), *str(name).split("/"))
    if not path.is_file():
        raise Problem(404, f"{name} is not there any more")
    return path
