"""Turn the options of `torchexam serve` into settings, or into the mistakes among them."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from generator.mistakes import Mistake, Mistaken

PORT = 8682
LEAST_TOKEN = 20  # characters; a random one of 20 cannot be guessed
ROLES = ("instructor", "student")
LOCAL = "127.0.0.1"


@dataclass(frozen=True)
class Settings:
    """Where the files are, who may come in, and under which names."""

    bank: Path
    output: Path
    instructor: str  # the token of whoever may do everything
    student: str = ""  # the token of whoever may read papers and no answers; empty: nobody
    host: str = LOCAL
    port: int = PORT
    url: str = ""  # the address that browsers see, where a proxy stands in between
    jobs: int = 1  # processes of a build
    workers: int = 2  # processes that draw

    @property
    def addresses(self) -> frozenset[str]:
        """The origins that pages may have; a request for another host, or from another page, is refused."""
        if self.url:
            return frozenset([self.url])
        names = {LOCAL, "localhost", "[::1]"} if self.host in (LOCAL, "localhost", "::1") else {_bracketed(self.host)}
        return frozenset(f"http://{name}:{self.port}" for name in names)

    @property
    def start(self) -> str:
        """The address to open, with the token that lets the browser in."""
        base = self.url or f"http://{_bracketed(self.host)}:{self.port}"
        return f"{base}/start?token={self.instructor}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def settle(
    bank: str | Path, output: str | Path, host: str | None, port: int, url: str | None, tokens: str | None,
    jobs: int | None = None,
) -> Settings:  # fmt: skip
    """Turn options into settings; raises Mistaken when another host is asked for without tokens."""
    root = Path(bank)
    if not root.is_dir():
        hint = "name a folder with question files, or make one with: torchexam new my-course"
        raise Mistaken([Mistake(str(bank), 0, 0, "there is no such bank folder", hint)])
    given = _tokens(Path(tokens)) if tokens else _from_environment()
    if (host is not None or url) and "instructor" not in given:
        option = f"--host {host}" if host is not None else f"--url {url}"
        hint = "name a file with lines like 'instructor: …' by --tokens, or set TORCHEXAM_INSTRUCTOR_TOKEN"
        raise Mistaken([Mistake(option, 0, 0, "others are let in only with tokens that you configured", hint)])
    if host in ("0.0.0.0", "::") and not url:  # noqa: S104  # that is what is refused here
        hint = "name the address that browsers use, for example --url https://exams.example.edu"
        raise Mistaken([Mistake(f"--host {host}", 0, 0, "this is no name that a browser can ask for", hint)])
    cores = os.cpu_count() or 1
    return Settings(
        bank=root,
        output=Path(output),
        instructor=given.get("instructor") or secrets.token_urlsafe(24),
        student=given.get("student", ""),
        host=host or LOCAL,
        port=port,
        url=_origin(url) if url else "",
        jobs=jobs or cores,
        workers=jobs or max(2, cores),  # one may be busy with something odd
    )


def _origin(url: str) -> str:
    """The origin of an address; raises Mistaken when it has a path, or no scheme."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        hint = "write it like https://exams.example.edu, without a path"
        raise Mistaken([Mistake(f"--url {url}", 0, 0, "this is no address of a service", hint)])
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _from_environment() -> dict[str, str]:
    given = {role: os.environ.get(f"TORCHEXAM_{role.upper()}_TOKEN", "") for role in ROLES}
    return _checked({role: token for role, token in given.items() if token}, "environment")


def _tokens(path: Path) -> dict[str, str]:
    """Read lines `role: token`; raises Mistaken."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise Mistaken([Mistake(str(path), 0, 0, "this file with tokens cannot be read")]) from None
    given: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        role, colon, token = (piece.strip() for piece in line.partition(":"))
        if not line.strip() or line.startswith("#"):
            continue
        if not colon or role not in ROLES:
            raise Mistaken([Mistake(str(path), number, 1, "a line names a role and its token", "instructor: …")])
        given[role] = token
    return _checked(given, str(path))


def _checked(given: dict[str, str], where: str) -> dict[str, str]:
    for role, token in given.items():
        if len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
            hint = "make one with: python -c 'import secrets; print(secrets.token_urlsafe(24))'"
            message = f"the token of the role {role} needs {LEAST_TOKEN} characters or more, without spaces"
            raise Mistaken([Mistake(where, 0, 0, message, hint)])
    if len(set(given.values())) < len(given):
        raise Mistaken([Mistake(where, 0, 0, "instructor and student have the same token")])
    return given
