"""Turn the fonts of npm's @fontsource packages into the files of this folder: `python build.py FOLDER/node_modules`.

Before: npm install @fontsource/stix-two-text@5.3.0 @fontsource/stix-two-math@5.3.0 @fontsource/source-code-pro@5.3.1
@fontsource/atkinson-hyperlegible-next@5.3.0; pip install fonttools brotli. The same sources give the same bytes.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from fontTools import merge, subset
from fontTools.ttLib import TTFont

HERE = Path(__file__).parent
FACES = {"regular": "400-normal", "italic": "400-italic", "bold": "700-normal", "bold-italic": "700-italic"}
FAMILIES = {  # ours: (package, family's name, scripts, faces)
    "stix-two-text": ("stix-two-text", "STIX Two Text", ("latin", "latin-ext", "greek"), tuple(FACES)),
    "atkinson-hyperlegible-next": (
        "atkinson-hyperlegible-next",
        "Atkinson Hyperlegible Next",
        ("latin", "latin-ext"),
        tuple(FACES),
    ),
    # Adobe reserves the name Source for fonts that nobody changed.
    "torchexam-mono": ("source-code-pro", "Torchexam Mono", ("latin", "latin-ext", "greek"), ("regular", "bold")),
}


def span(*ranges: str) -> set[int]:
    """The code points of ranges such as "0370-03FF" and "20AC"."""
    bounds = [(int(text[:4], 16), int(text[-4:], 16)) for text in ranges]
    return {point for first, last in bounds for point in range(first, last + 1)}


LATIN = span("0020-007E", "00A0-00FF", "0131", "0152-0153", "2009-200B", "2010-2014", "2018-201E", "2020-2022", "2026")
WEB = LATIN | span("0100-017F", "2190-2193", "2212", "2260", "2264-2265")
LETTERS = LATIN | span(
    "0100-017F", "0192", "0218-021B", "02C6-02DD", "0300-030C", "0327-0328", "0370-03FF", "1E80-1E85"
)
MARKS = span(
    *("2002-2009", "2015-2016", "2030-203A", "2044", "20AC", "2070-209C", "2116", "2122", "2190-2195", "21A6"),
    *("21D0-21D4", "2212"),
)
SIGNS = span(
    *("2102", "2113", "2115", "211A", "211D", "2124", "2200-22FF", "2308-230B", "25A0-25A1", "25AA-25AB", "25B2-25B3"),
    *("25CB", "25CF", "2605", "2610-2612", "2713", "2717", "27E8-27E9"),
)
MATH = (
    LATIN
    | MARKS
    | span("0300-030C", "0391-03F5", "02C6-02DD", "2032-2037", "2061-2064", "20D0-20DC", "2100-214F", "2196-2199")
    | span("21A9-21AA", "21BC-21CC", "2200-22FF", "2308-230B", "2320-2321", "239B-23B9", "23DC-23E1", "25A0-25A1")
    | span("25CB", "27E6-27EF", "27F5-27FC", "2A00-2A02", "2A7D-2A7E", "2AAF-2AB0")
    | set(range(0x1D400, 0x1D468))  # bold, italic, bold italic
    | set(range(0x1D468, 0x1D504))  # script
    | set(range(0x1D538, 0x1D56C))  # double-struck
    | set(range(0x1D5A0, 0x1D5D4))  # sans-serif
    | set(range(0x1D6A4, 0x1D7CC))  # Greek
    | set(range(0x1D7CE, 0x1D7E2))  # bold and double-struck figures
)
FEATURES = ["ccmp", "kern", "liga", "locl", "mark", "mkmk"]


def cut(font: TTFont, points: Iterable[int], features: list[str]) -> TTFont:
    """Keep the glyphs for some characters, without hints and small capitals."""
    options = subset.Options(
        hinting=False, layout_features=features, notdef_outline=True, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14]
    )
    options.drop_tables += ["DSIG", "STAT", "gasp", "meta"]
    worker = subset.Subsetter(options)
    worker.populate(unicodes=points)
    worker.subset(font)
    return font


def join(fonts: list[TTFont], folder: str) -> TTFont:
    """Join fonts of one design whose characters differ."""
    paths = []
    for index, font in enumerate(fonts):
        paths.append(f"{folder}/{index}.ttf")
        font.save(paths[-1])
    return merge.Merger(merge.Options(drop_tables=["GDEF"] if len(fonts) == 1 else [])).merge(paths)


def rename(font: TTFont, family: str, face: str) -> None:
    """Write the family's name into the font."""
    style = face.replace("-", " ").title()
    for record in list(font["name"].names):
        if record.nameID in (16, 17, 21, 22, 25):
            font["name"].removeNames(record.nameID)
    texts = {1: family, 2: style, 3: f"{family} {style}", 4: f"{family} {style}"}
    texts[6] = f"{family}-{style}".replace(" ", "")
    for number, text in texts.items():
        font["name"].setName(text, number, 3, 1, 0x409)


def save(font: TTFont, name: str, flavor: str | None = None) -> None:
    """Write the font, without the time of day."""
    font.recalcTimestamp = False
    font["head"].created = font["head"].modified = 3_600_000_000
    font.flavor = flavor
    font.save(HERE / name)


def read(path: Path) -> TTFont:
    """Read a font, unpacked."""
    font = TTFont(path)
    font.flavor = None
    return font


def main(packages: Path) -> None:
    """Write every font of this folder."""
    mathematics = packages / "stix-two-math/files/stix-two-math-latin-400-normal.woff2"
    for ours, (package, family, scripts, faces) in FAMILIES.items():
        for face in faces:
            sources = [packages / package / f"files/{package}-{script}-{FACES[face]}.woff2" for script in scripts]
            fonts = [cut(read(path), LETTERS | MARKS, FEATURES) for path in sources]
            had = {point for font in fonts for point in font.getBestCmap()}
            if ours == "stix-two-text":  # the one that the others fall back on
                fonts.append(cut(read(mathematics), (MARKS | SIGNS) - had, []))
                del fonts[-1]["MATH"]
            with tempfile.TemporaryDirectory() as folder:
                whole = join(fonts, folder)
            rename(whole, family, face)
            save(whole, f"{ours}-{face}.ttf")
            if face != "bold-italic":
                save(cut(read(HERE / f"{ours}-{face}.ttf"), WEB, FEATURES), f"{ours}-{face}.woff2", "woff2")
    save(cut(read(mathematics), MATH, ["ccmp", "mark", "mkmk"]), "stix-two-math.woff2", "woff2")


if __name__ == "__main__":
    main(Path(sys.argv[1]) / "@fontsource")
