"""Every font has the letters, names and tables that papers and pages call for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import weasyprint
from fontTools.ttLib import TTFont
from weasyprint.text.fonts import FontConfiguration

from renderers import fonts
from renderers.fonts import FOLDER, faces_for_html, faces_for_pdf
from renderers.fonts.pdf import FontFetcher

LETTERS = "aZ09×−·–—‘’“”…éñüłşğıŁŻ"
GREEK = "αβγδεθλμσφωΔΣΩ"
SIGNS = "∂∇≤≥→←∞≠≈∈∑√ℝ⊙⌊⌋✓☐□●"
TTF = sorted(FOLDER.glob("*.ttf"))
WOFF2 = sorted(FOLDER.glob("*.woff2"))


def characters(name: str) -> set[str]:
    return {chr(point) for point in TTFont(FOLDER / name).getBestCmap()}


@pytest.mark.parametrize("path", TTF, ids=lambda path: path.stem)
def test_a_font_for_paper_has_the_letters_of_names(path: Path) -> None:
    assert set(LETTERS) <= characters(path.name)


@pytest.mark.parametrize("face", ["regular", "italic", "bold", "bold-italic"])
def test_the_text_font_has_greek_and_signs(face: str) -> None:
    assert set(GREEK + SIGNS) <= characters(f"stix-two-text-{face}.ttf")


def test_the_math_font_keeps_its_tables_and_letters() -> None:
    font = TTFont(FOLDER / "stix-two-math.woff2")
    assert "MATH" in font
    assert font["MATH"].table.MathVariants.VertGlyphCount > 30
    assert set("𝐖𝑥𝜃ℝℒ𝓛𝔼𝟙∑∫√⟨⌊‖∂∇ˆ˜⏟⏞′") <= characters("stix-two-math.woff2")


@pytest.mark.parametrize("path", WOFF2, ids=lambda path: path.stem)
def test_a_font_for_pages_is_small(path: Path) -> None:
    limit = 200_000 if "math" in path.stem else 40_000
    assert path.stat().st_size <= limit


def test_every_file_is_named_in_a_rule_and_every_rule_names_a_file() -> None:
    named = set(re.findall(r"font:([\w-]+\.ttf)", faces_for_pdf()))
    assert named == {path.name for path in TTF}
    assert faces_for_html(large=True).count("@font-face") == len(WOFF2)
    with pytest.raises(ValueError, match=r"no font is called '\.\./build\.py'"):
        fonts.read("../build.py")


def test_the_rules_name_no_place_on_this_machine() -> None:
    assert str(FOLDER) not in faces_for_pdf() + faces_for_html()
    assert "file:" not in faces_for_pdf() + faces_for_html()


def test_a_pdf_embeds_our_fonts_and_is_the_same_twice() -> None:
    def render() -> bytes:
        fetcher, configuration = FontFetcher(), FontConfiguration()
        css = f"{faces_for_pdf()} body {{ font-family: {fonts.SERIF} }} code {{ font-family: {fonts.MONO} }}"
        sheet = weasyprint.CSS(string=css, url_fetcher=fetcher, font_config=configuration)
        page = '<html lang="en"><title>t</title><p>Łukasz ∂ <b>b</b> <i>i</i> <code>Conv2d</code>'
        html = weasyprint.HTML(string=page, url_fetcher=fetcher)
        return bytes(html.write_pdf(stylesheets=[sheet], font_config=configuration, uncompressed_pdf=True))

    data = render()
    names = {name.decode() for name in re.findall(rb"/BaseFont /[A-Z]{6}\+([\w-]+)", data)}
    assert names == {"STIX-Two-Text", "STIX-Two-Text-Bold", "STIX-Two-Text-Italic", "Torchexam-Mono"}
    assert data == render()
    assert str(FOLDER).encode() not in data


@pytest.mark.parametrize("url", ["file:///etc/hostname", "http://127.0.0.1/x", "font:../__init__.py", "ftp://a/b"])
def test_nothing_else_is_fetched(url: str) -> None:
    with pytest.raises(ValueError, match=r"disallowed protocol|no font is called"):
        FontFetcher().fetch(url)


def test_licences_are_kept_beside_the_fonts() -> None:
    for path in FOLDER.glob("LICENSE-*"):
        assert "SIL OPEN FONT LICENSE" in path.read_text("utf-8")
    assert len(list(FOLDER.glob("LICENSE-*"))) == 3
