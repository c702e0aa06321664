"""Turn tables into a plain page for instructors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape


@dataclass(frozen=True)
class Table:
    """A table under a heading; the first cell of each row is its heading."""

    heading: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def page(title: str, intro: str, sections: Sequence[Table]) -> bytes:
    """One self-contained HTML page."""
    folder = Path(__file__).parent
    environment = Environment(loader=FileSystemLoader(folder / "templates"), autoescape=select_autoescape(default=True))
    style = (folder / "styles" / "tables.css").read_text("utf-8")
    template = environment.get_template("tables.html.j2")
    return template.render(title=title, intro=intro, sections=sections, style=style).encode()
