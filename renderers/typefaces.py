"""Turn the glyphs that all copies of an exam set into the fonts that each of their files holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pydyf
from markupsafe import Markup
from weasyprint.pdf.fonts import build_fonts_dictionary

from renderers import pdf
from renderers.blocks import Glyphs, Written
from renderers.paper import Paper, Style

TITLE = "@TITLE@"  # stands for the title in metadata


@dataclass(frozen=True)
class Shared:
    """What the files of all copies begin with: objects from number 1, and where each begins among them."""

    objects: bytes
    starts: tuple[int, ...]
    fonts: Mapping[str, int]  # the number of each font's dictionary
    metadata: bytes  # of XMP, with TITLE in it


_FACES = (
    Markup("<p style=\"font-family: 'STIX Two Text'\">{}</p>"),  # drawings set it in large print too
    Markup("<p><em>{}</em></p>"),
    Markup("<p><strong>{}</strong></p>"),
    Markup("<p><strong><em>{}</em></strong></p>"),
    Markup("<p><code>{}</code></p>"),
    Markup("<p><strong><code>{}</code></strong></p>"),
)


def share(glyphs: Mapping[str, Glyphs], style: Style) -> Shared:
    """Turn glyphs into font objects, a subset of each font; raises LookupError when a font is not there any more."""
    laid_out, found = _specimen(glyphs.values(), style)
    if missing := set(glyphs) - {font.hash for font in found.fonts.values()}:
        raise LookupError(f"fonts that were there when the blocks were laid out: {', '.join(sorted(missing))}")
    fonts = {}
    for key, font in found.fonts.items():
        if font.hash in glyphs:
            used = glyphs[font.hash]
            font.widths = dict(sorted(used.widths.items()))
            font.to_unicode = dict(sorted(used.letters.items()))
            font.missing = used.missing
            fonts[key] = font
    file = pydyf.PDF()
    file.objects = file.objects[:1]  # the free one, which has the number 0
    by_name = build_fonts_dictionary(file, fonts, True, True, {"hinting": False, "pdf_version": "1.7"})
    text, starts = b"", []
    for item in file.objects[1:]:
        starts.append(len(text))
        text += item.indirect + b"\n"
    numbers = {name: int(reference.split()[0]) for name, reference in sorted(by_name.items())}
    return Shared(text, tuple(starts), numbers, _metadata(laid_out))


def _specimen(glyphs: Iterable[Glyphs], style: Style) -> tuple[Any, Written]:
    """All letters in all faces, so that WeasyPrint opens every font."""
    text = " ".join(sorted({letter for used in glyphs for letter in used.letters.values()}))
    paper = Paper(style, None)
    faces = Markup("").join(face.format(text) for face in _FACES)
    shell = Markup(
        '<html lang="en"><head><title>{}</title></head>'
        '<body class="exam" data-title="" data-name="" data-copy="" data-head=""><p>{}</p>{}</body></html>'
    )
    html = shell.format(TITLE, text, faces)
    laid_out = pdf.rendered(html, paper, pdf.page_css(style))
    return laid_out, Written(laid_out, paper)


def _metadata(laid_out: Any) -> bytes:
    """The metadata that says: this file follows PDF/UA-1."""
    file = pydyf.PDF()
    laid_out.metadata.include_in_pdf(file, "ua", 1, conformance=None, compress=False)
    (stream,) = (item for item in file.objects if isinstance(item, pydyf.Stream))
    return b"".join(stream.stream)
