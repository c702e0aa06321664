"""Turn formulas into images that WeasyPrint draws as vector glyphs in the text's colour.

`images[f"math:{key}"] = image_for(formula)` goes into the dict given to WeasyPrint as `cache=`, `img_tag(formula, key)`
where the formula stands, and `mark_formulas(pdf, alts)` into the finisher.
"""

from __future__ import annotations

import functools
import hashlib
import html
import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import pydyf

from renderers.math import Formula


@dataclass(frozen=True)
class Outline:
    """The shape of one glyph, stored once in a PDF however often it is drawn (a form XObject)."""

    id: str
    operators: str
    box: tuple[float, float, float, float]

    def get_x_object(self, interpolate: bool, dpi_ratio: float) -> Any:  # noqa: ARG002  WeasyPrint passes them
        """The shape as WeasyPrint asks for it when it writes the file."""
        extra = {"Type": "/XObject", "Subtype": "/Form", "BBox": pydyf.Array(self.box)}
        return pydyf.Stream([f"{self.operators} f"], extra, compress=True)


@dataclass(frozen=True)
class FormulaImage:
    """A formula as WeasyPrint takes images: it has a size, and it draws itself."""

    formula: Formula

    def get_intrinsic_size(self, resolution: float, font_size: float) -> tuple[float, float, float | None]:  # noqa: ARG002
        """Width, height and their ratio, for text of this size."""
        width, height = _size(self.formula)
        return width * font_size, height * font_size, width / height

    def draw(self, stream: Any, concrete_width: float, concrete_height: float, style: Any) -> None:
        """Write the glyphs into a page, whose y points down, as do WeasyPrint's units."""
        width, height = _size(self.formula)
        x, y = concrete_width / width / 1000, concrete_height / height / 1000
        stream.transform(a=x, d=-y, f=concrete_height * self.formula.height / height)
        stream.set_color(style["color"])
        operators = []
        for place, outline in self.formula.paths:
            if outline.endswith("re"):
                operators.append(f"q {place} {outline} f Q")
                continue
            name = stream.add_image(_outline(outline), False, 1)
            operators.append(f"q {place} /{name} Do Q")
        stream.stream.append("\n".join(operators))


def image_for(formula: Formula) -> FormulaImage:
    """Turn a formula into the image to register under its key."""
    return FormulaImage(formula)


def img_tag(formula: Formula, key: str) -> str:
    """Turn a formula into the <img> that stands for it; its size comes from the image and the text's size."""
    alt = html.escape(formula.alt)
    return f'<img class="math" src="math:{key}" alt="{alt}" style="vertical-align:{-formula.depth:.4g}em"/>'


def mark_formulas(pdf: pydyf.PDF, alts: Container[str]) -> None:
    """Tag as Formula the figures whose alternative text is one of these; for WeasyPrint's finisher."""
    for item in pdf.objects:
        figure = isinstance(item, dict) and item.get("S") == "/Figure" and "Alt" in item
        if figure and item["Alt"].string in alts:
            item["S"] = "/Formula"


def _size(formula: Formula) -> tuple[float, float]:
    """Width and height in em, never 0, which no image may have."""
    return max(formula.width, 0.001), max(formula.height + formula.depth, 0.001)


@functools.lru_cache(maxsize=2048)
def _outline(operators: str) -> Outline:
    numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*|-?\.\d+", operators)]
    xs, ys = numbers[0::2], numbers[1::2]
    box = (min(xs) - 1, min(ys) - 1, max(xs) + 1, max(ys) + 1)
    return Outline(f"g{hashlib.sha256(operators.encode()).hexdigest()[:12]}", operators, box)
