"""Turn templates and data into pages."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from torchexam.web.guard import PAPER

HERE = Path(__file__).parent
STATIC = HERE / "static"


def page(request: Request, template: str, status: int = 200, **data: Any) -> Response:
    """A page, or a piece of one."""
    return HTMLResponse(rendered(request, template, **data), status)


def rendered(request: Request, template: str, **data: Any) -> str:
    """The HTML of a template."""
    state = request.scope.get("state", {})
    shared = {"nonce": state.get("nonce", ""), "role": state.get("role"), "here": request.url.path}
    return environment().get_template(template).render(shared | data)


def paper(html: bytes) -> Response:
    """A paper, which runs nothing."""
    return HTMLResponse(html, headers={PAPER: "1"})


@cache
def environment() -> Environment:
    """Where templates are, and the words that they use."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    found.globals["static"] = static
    found.filters["many"] = many
    found.filters["points"] = points
    found.filters["plural"] = plural
    return found


@cache
def static(name: str) -> str:
    """The address of a file of ours, which changes with it, so that browsers may keep it."""
    return f"/static/{name}?{hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


# a frame of the page of a question has its heading above it
_BARE = """
body > header { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
html { font-size: 1rem }
body { padding-top: .9rem; padding-bottom: 1.5rem }
main > section:first-child h2, main h2:first-child { border-top: 0; padding-top: 0; margin-top: 0 }
"""
PAPER_STYLES = ("paper.css", "paper-large.css", "paper-framed.css")


def sheet(large: bool) -> str:
    """The stylesheet of a paper."""
    return "paper-large.css" if large else "paper.css"


@cache
def paper_styles(name: str) -> tuple[str, bytes]:
    """The address and the bytes of a stylesheet of papers, with its fonts."""
    from renderers.html import css

    data = (css(large=name == "paper-large.css") + (_BARE if name == "paper-framed.css" else "")).encode()
    return f"/static/{name}?{hashlib.sha256(data).hexdigest()[:12]}", data


def many(size: int) -> str:
    """A count that may be astronomical: 1,234 or 10¹⁷."""
    return f"{size:,}" if size < 10**7 else "10" + str(len(str(size)) - 1).translate(_RAISED)


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def points(value: float) -> str:
    """1 point, 2.5 points"""
    return f"{value:g} {'point' if value == 1 else 'points'}"


def plural(count: float, noun: str, more: str = "") -> str:
    """1 question, 2 questions"""
    return f"{count:g} {noun if count == 1 else more or noun + 's'}"
