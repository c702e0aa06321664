"""Read and write the size of an output the way people do: 9×9×10, 9 x 9 x 10, (9, 9, 10)."""

from __future__ import annotations

import re

from generator.answers import asking
from generator.reference.output_shape import ANY, in_order, written

__all__ = ["Shape", "in_order", "read", "written"]

Shape = tuple[int, ...]

_SIGN = r"[x×✕*·]|\bby\b|\\times"
_BATCH = re.compile(rf"(?:N|B|batch(?:[ _]size)?|None|-1|−1|\?)\s*(?:{_SIGN}|,)\s*(?=[0-9])", re.IGNORECASE)
_CROSS = re.compile(r"\s*(?:[x×✕*·,]|\bby\b|\\times|\s)\s*", re.IGNORECASE)


def read(text: str, numbers: int = 0) -> Shape | None:
    """Read a size of so many numbers; None when the text is none. The batch may stand first, as N, and is ANY.

    A comma stands between two numbers, or between thousands: where one number is expected, or crosses part the others.
    """
    inner = text.strip().strip("$").strip().removeprefix("(").removeprefix("[").removesuffix(")").removesuffix("]")
    if batch := _BATCH.match(inner):
        rest = read(inner[batch.end() :], numbers - 1)
        return None if rest is None else (ANY, *rest)
    if re.search(_SIGN, inner, re.IGNORECASE):
        inner = re.sub(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))", "", inner)
    elif numbers == 1 and (one := asking.number(inner)) is not None and one.denominator == 1 and one > 0:
        return (int(one),)
    parts = [part for part in _CROSS.split(inner.strip()) if part]
    if not parts or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        return None
    if any(len(part) > 1 and part.startswith("0") for part in parts):
        return None  # 1,024 where two numbers are expected: a person must look
    return tuple(int(part) for part in parts)
