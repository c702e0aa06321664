"""SVG gets shorter and stays the same picture."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import pypdfium2
import pytest
import sample
from weasyprint import HTML

from generator.plots import Picture
from renderers import plots
from renderers.compact import compact

PICTURES = [sample.BARS, sample.CURVES, sample.CLOUD, sample.MASKS]


def test_names_are_short_numbers_have_two_decimals_and_idle_groups_are_gone() -> None:
    long = (
        '<?xml version="1.0"?><!-- a comment --><svg xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink"><g id="axes_1"><g id="patch_1"/>'
        '<path id="STIX-1" d="M 1.23456 2.0000 \nL 3.5 4.25 \nz\n" style="fill: #ffffff"/>'
        '<use xlink:href="#STIX-1" x="1.98765"/></g></svg>'
    )
    assert compact(long) == (
        '<svg xmlns="http://www.w3.org/2000/svg"><path id="a0" d="M1.23 2L3.5 4.25z" style="fill:#fff"/>'
        '<use href="#a0" x="1.99"/></svg>'
    )


def test_a_rectangle_is_written_by_its_sides() -> None:
    assert 'd="M1 2H5V4H1z"' in compact('<svg><path d="M 1 2 \nL 5 2 \nL 5 4 \nL 1 4 \nz\n"/></svg>')


@pytest.mark.parametrize("picture", PICTURES)
def test_every_name_that_is_used_is_there(picture: Picture) -> None:
    root = ElementTree.fromstring(plots.svg(picture))
    names = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    used = {element.attrib["href"][1:] for element in root.iter() if "href" in element.attrib}
    assert used <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("picture", PICTURES)
def test_the_picture_looks_the_same(picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    short = plots.svg(picture)
    monkeypatch.setattr(plots, "compact", lambda svg: svg)
    long = plots._draw(picture)
    assert len(short) < 0.6 * len(long)
    one, other = _pixels(short), _pixels(long)
    assert sum(abs(a - b) > 96 for a, b in zip(one, other, strict=True)) < 0.002 * len(one)


def _pixels(svg: bytes) -> bytes:
    page = "<style>@page { size: 240pt 160pt; margin: 0 }</style>"
    made = HTML(string=page + svg[svg.index(b"<svg") :].decode()).write_pdf()
    pixels: bytes = pypdfium2.PdfDocument(io.BytesIO(made))[0].render(scale=2).to_pil().convert("L").tobytes()
    return pixels
