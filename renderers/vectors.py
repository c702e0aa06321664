"""Turn an SVG of paths into operators that a PDF takes as they are: WeasyPrint reads it once, not in every paper."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

import pydyf
import weasyprint
from weasyprint.images import SVGImage
from weasyprint.pdf.stream import Stream

from generator import store

_OPAQUE = {"a1", "A1", "a1.0", "A1.0"}  # graphics states that a page is in when it draws an image


@dataclass(frozen=True)
class Vectors:
    """A picture as WeasyPrint takes images; stored once in a PDF however often it is drawn (a form XObject)."""

    id: str
    operators: str
    width: float
    height: float

    def get_intrinsic_size(self, _resolution: float, _font_size: float) -> tuple[float, float, float]:
        """Width, height and their ratio."""
        return self.width, self.height, self.width / self.height

    def draw(self, stream: Any, width: float, height: float, _style: Any) -> None:
        """Draw the picture at this size."""
        stream.transform(a=width / self.width, d=height / self.height)
        stream.draw_x_object(stream.add_image(self, False, 1))

    def get_x_object(self, _interpolate: bool, _dpi_ratio: float) -> Any:
        """The picture as WeasyPrint asks for it when it writes the file."""
        box = pydyf.Array([0, 0, self.width, self.height])
        extra = {"Type": "/XObject", "Subtype": "/Form", "BBox": box, "Filter": "/FlateDecode"}
        return pydyf.Stream([_deflated(self.operators)], extra)


@lru_cache(maxsize=256)
def _deflated(operators: str) -> bytes:
    return zlib.compress(operators.encode(), 9)


@lru_cache(maxsize=256)
def vectors(svg: bytes) -> Vectors | None:
    """Turn SVG into vectors, or None where it needs more than paths, for example letters or transparency."""
    key = store.digest("1", weasyprint.__version__, svg)
    kept = store.read("vectors", key)
    if kept is None:
        kept = _record(svg)
        store.keep("vectors", key, kept)
    return Vectors(f"v{key[:16]}", kept["operators"], kept["width"], kept["height"]) if kept["operators"] else None


def _record(svg: bytes) -> dict[str, Any]:
    """Let WeasyPrint draw the SVG on a page of its own, and keep what it writes."""
    image = SVGImage(ElementTree.fromstring(svg), None, None, None)  # noqa: S314  # drawn by us
    width, height, _ = image.get_intrinsic_size(1, 16)
    resources = {kind: pydyf.Dictionary() for kind in ("ExtGState", "XObject", "Pattern", "Shading", "ColorSpace")}
    fonts: dict[str, Any] = {}
    stream = Stream(fonts, (0, 0, width, height), pydyf.Dictionary(resources), {}, None, {}, None)
    image.draw(stream, width, height, None)
    states = set(resources.pop("ExtGState"))
    if fonts or any(resources.values()) or not states <= _OPAQUE:
        return {"width": width, "height": height, "operators": ""}
    lines = (item.decode() if isinstance(item, bytes) else str(item) for item in stream.stream)
    return {
        "width": width,
        "height": height,
        "operators": "\n".join(line for line in lines if not line.endswith(" gs")),
    }
