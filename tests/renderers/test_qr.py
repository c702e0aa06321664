"""What a scanner finds in the head of each page: the copy's code and the page."""

from __future__ import annotations

import string
from typing import Any

import numpy as np
import pypdfium2
import pytest
import sample
import segno
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from renderers import qr
from renderers.pdf import Style, render

CODES = st.text(string.ascii_uppercase, min_size=3, max_size=5)


def read(image: Any) -> list[str]:
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    return [found.text for found in zxingcpp.read_barcodes(image, formats)]


def scanned(page: Any, turned: float, noise: np.random.Generator) -> Image.Image:
    """A page as a worn scanner sees it, at 200 dpi in gray."""
    sheet = page.render(scale=200 / 72).to_pil().convert("L")
    sheet = sheet.rotate(turned, Image.Resampling.BILINEAR, fillcolor=255).filter(ImageFilter.GaussianBlur(0.8))
    gray = np.asarray(sheet, dtype=float) * 0.85 + noise.normal(10, 18, (sheet.height, sheet.width))
    return Image.fromarray(gray.clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("style", [Style(), Style("a4", large=True)])
def test_a_scan_tells_copy_and_page(style: Style) -> None:
    noise = np.random.default_rng(1)
    pages = pypdfium2.PdfDocument(render(sample.exam("KTV"), style).data)
    for number, page in enumerate(pages, 1):
        assert read(scanned(page, (-1.5, 0.4, 1.5)[number % 3], noise)) == [f"KTV-{number}"]


def test_a_key_and_a_paper_without_a_code_have_nothing_to_scan() -> None:
    for document in (sample.key(), sample.exam("")):
        for page in pypdfium2.PdfDocument(render(document, Style()).data):
            assert read(page.render(scale=2).to_pil()) == []


def test_four_modules_stay_white_around_it() -> None:
    width = qr.MODULES + 8
    for page in pypdfium2.PdfDocument(render(sample.exam("KTV"), Style()).data):
        sheet = page.render(scale=4).to_pil().convert("L")
        module = 18 / 25.4 * 72 * 4 / qr.MODULES
        left, top = 21 / 25.4 * 72 * 4 - 4 * module, 5 / 25.4 * 72 * 4 - 4 * module
        zone = np.asarray(
            sheet.crop((round(left), round(top), round(left + width * module), round(top + width * module)))
        )
        edge = round(4 * module) - 1
        assert min(zone[:edge].min(), zone[-edge:].min(), zone[:, :edge].min(), zone[:, -edge:].min()) == 255


@given(CODES, st.integers(1, 999))
def test_it_is_the_symbol_of_the_standard(code: str, page: int) -> None:
    symbol = segno.make_qr(f"{code}-{page}", error="h", version=1, mask=5)
    found = np.zeros((qr.MODULES, qr.MODULES), dtype=int)
    for line in qr.draw(code, page, 0, 0, 1).splitlines():
        if line.endswith(" re"):
            x, y, run, _ = map(int, line.split()[:4])
            found[y, x : x + run] += 1
    assert found.tolist() == [list(row) for row in symbol.matrix]
