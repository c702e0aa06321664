"""Read and write the size of an output the way people do: 9×9×10, 9 x 9 x 10, (9, 9, 10)."""

from __future__ import annotations

import re

from generator.layers import shape_text
from generator.reference.output_shape import in_order

Shape = tuple[int, ...]

_CROSS = re.compile(r"\s*(?:[x×✕*·,]|\bby\b|\\times|\s)\s*", re.IGNORECASE)


def written(shape: Shape, order: str) -> str:
    """(10, 9, 9) → 9×9×10 when channels come last."""
    return shape_text(in_order(shape, order))


def read(text: str) -> Shape | None:
    """Read a size; None when the text is none."""
    inner = text.strip().strip("$").strip().removeprefix("(").removeprefix("[").removesuffix(")").removesuffix("]")
    parts = [part for part in _CROSS.split(inner.strip()) if part]
    if not parts or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        return None
    return tuple(int(part) for part in parts)
