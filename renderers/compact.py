"""Turn SVG as matplotlib writes it into a third of its length: short names, two decimals, nothing unseen."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    r'<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>|<path d="[^"]*" style="fill: none"/>', re.S
)
_NAMES_OF_GROUPS = re.compile(r'(<g) id="[^"]*"')
_PLACES = re.compile(r'(?<= )(?:d|x|y|points)="[^"]*"|translate\([^)]*\)')
_NUMBER = re.compile(r"-?\d+\.\d+")
_GLYPH = re.compile(r'd="([^"]*)" transform="scale\(0\.015625\)"')
_LETTER = re.compile(r'<use xlink:href="(#[^"]*)" transform="translate\(([-\d.]+) ([-\d.]+)\)"/>')
_RECTANGLE = re.compile(r"M([-\d.]+) ([-\d.]+)L([-\d.]+) \2L\3 ([-\d.]+)L\1 \4z")
_AS_SIDES = r"M\1 \2H\3V\4H\1z"
_BETWEEN = re.compile(r">\s+<")
_EMPTY_GROUP = re.compile(r"<(g|defs)(?: [^>]*)?></\1>|<(g|defs)(?: [^>]*)?/>")


def compact(svg: str) -> str:
    """Turn SVG into shorter SVG that looks the same."""
    svg = _NAMES_OF_GROUPS.sub(r"\1", _UNSEEN.sub("", svg))
    svg = _GLYPH.sub(lambda glyph: _coarse(glyph[1]), svg)
    svg = _BETWEEN.sub("><", _PLACES.sub(lambda place: _short_places(place[0]), svg))
    svg = _LETTER.sub(lambda letter: _placed(*letter.groups()), svg)
    while svg != (less := _EMPTY_GROUP.sub("", svg)):
        svg = less
    return _short_styles(_short_names(_without_idle_groups(svg))).strip()


def _without_idle_groups(svg: str) -> str:
    """Take away the groups that say nothing."""
    idle: list[bool] = []
    kept = []
    for piece in re.split(r"(<g>|<g [^>]*>|</g>)", svg):
        if piece.startswith("<g"):
            idle.append(piece == "<g>")
        drop = piece == "<g>" or (piece == "</g>" and idle.pop())
        kept.append("" if drop else piece)
    return "".join(kept)


def _short_styles(svg: str) -> str:
    svg = re.sub(r'(?<=style=")[^"]*', lambda style: re.sub(r"([:;,]) ", r"\1", style[0]), svg)
    return re.sub(r"#(.)\1(.)\2(.)\3(?=[;\"])", r"#\1\2\3", svg)


def _coarse(outline: str) -> str:
    """A letter's outline on a grid of 256 steps for its size, in place of 4096."""
    steps = re.sub(r"-?\d+", lambda number: str(round(int(number[0]) / 16)), outline)
    return f'd="{steps}" transform="scale(.25)"'


def _placed(name: str, x: str, y: str) -> str:
    """A letter in its line, to a hundredth of its size."""
    height = "" if float(y) == 0 else f' y="{y}"'
    return f'<use xlink:href="{name}" x="{float(x):.0f}"{height}/>'


def _short_places(places: str) -> str:
    """Numbers with two decimals, without the blanks around letters."""
    places = _NUMBER.sub(lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), places)
    if places[0] != "d":
        return places
    steps = re.sub(r"\s*([A-Za-z])\s*", r"\1", places[3:-1].strip())
    return f'd="{_RECTANGLE.sub(_AS_SIDES, steps)}"'


def _short_names(svg: str) -> str:
    """One or two letters for each name that something refers to."""
    names = dict.fromkeys(re.findall(r'id="([^"]+)"', svg))
    short = {name: f"a{number}" for number, name in enumerate(names)}
    svg = re.sub(r'id="([^"]+)"', lambda found: f'id="{short[found[1]]}"', svg)
    svg = re.sub(r"#([\w.-]+)(?=[\")])", lambda found: f"#{short.get(found[1], found[1])}", svg)
    svg = re.sub(r'<use xlink:href="#(?!a\d)[^>]*>', "", svg)  # blanks
    return svg.replace("xlink:href", "href").replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
