"""Give the fonts of a paper as CSS: for PDF by name, for HTML within the page."""

from __future__ import annotations

import base64
import functools
from pathlib import Path

FOLDER = Path(__file__).parent

# The families a stylesheet may name, each with what it falls back on.
SERIF = '"STIX Two Text", "STIX Two Math", serif'
MONO = '"Torchexam Mono", "STIX Two Text", monospace'

_REGULAR, _ITALIC, _BOLD, _BOLD_ITALIC = ("400", "normal"), ("400", "italic"), ("700", "normal"), ("700", "italic")
_PDF = (
    ("STIX Two Text", _REGULAR, "stix-two-text-regular.ttf"),
    ("STIX Two Text", _ITALIC, "stix-two-text-italic.ttf"),
    ("STIX Two Text", _BOLD, "stix-two-text-bold.ttf"),
    ("STIX Two Text", _BOLD_ITALIC, "stix-two-text-bold-italic.ttf"),
    ("Torchexam Mono", _REGULAR, "torchexam-mono-regular.ttf"),
    ("Torchexam Mono", _BOLD, "torchexam-mono-bold.ttf"),
    ("Atkinson Hyperlegible Next", _REGULAR, "atkinson-hyperlegible-next-regular.ttf"),
    ("Atkinson Hyperlegible Next", _ITALIC, "atkinson-hyperlegible-next-italic.ttf"),
    ("Atkinson Hyperlegible Next", _BOLD, "atkinson-hyperlegible-next-bold.ttf"),
    ("Atkinson Hyperlegible Next", _BOLD_ITALIC, "atkinson-hyperlegible-next-bold-italic.ttf"),
)
_HTML = (
    ("STIX Two Text", _REGULAR, "stix-two-text-regular.woff2"),
    ("STIX Two Text", _ITALIC, "stix-two-text-italic.woff2"),
    ("STIX Two Text", _BOLD, "stix-two-text-bold.woff2"),
    ("Torchexam Mono", _REGULAR, "torchexam-mono-regular.woff2"),
    ("Torchexam Mono", _BOLD, "torchexam-mono-bold.woff2"),
    ("STIX Two Math", _REGULAR, "stix-two-math.woff2"),
)
_HTML_LARGE = (
    ("Atkinson Hyperlegible Next", _REGULAR, "atkinson-hyperlegible-next-regular.woff2"),
    ("Atkinson Hyperlegible Next", _ITALIC, "atkinson-hyperlegible-next-italic.woff2"),
    ("Atkinson Hyperlegible Next", _BOLD, "atkinson-hyperlegible-next-bold.woff2"),
)


def read(name: str) -> bytes:
    """The bytes of one font file of this folder."""
    names = {file for _, _, file in _PDF + _HTML + _HTML_LARGE}
    if name not in names:
        raise ValueError(f"no font is called '{name}'; there are {', '.join(sorted(names))}")
    return (FOLDER / name).read_bytes()


def faces_for_pdf() -> str:
    """The @font-face rules for WeasyPrint; `fonts.pdf.FontFetcher` reads their `font:` addresses."""
    return "\n".join(_face(family, style, f"font:{name}") for family, style, name in _PDF)


@functools.cache
def faces_for_html(*, large: bool = False) -> str:
    """The @font-face rules for a page that stands alone, fonts included; give <math> the family STIX Two Math."""
    return "\n".join(
        _face(family, style, "data:font/woff2;base64," + base64.b64encode(read(name)).decode())
        for family, style, name in (*_HTML, *_HTML_LARGE * large)
    )


def _face(family: str, style: tuple[str, str], url: str) -> str:
    weight, slant = style
    return f'@font-face{{font-family:"{family}";font-weight:{weight};font-style:{slant};src:url({url})}}'
