"""Turn a copy's code and a page number into the operators that draw them as a QR code."""

from __future__ import annotations

import re
from functools import cache

import segno

MODULES = 21  # on a side: those of version 1, which at level H, with the most error correction, holds 10 letters
_MASK = 5  # the one that suits most codes; to search for the best of eight takes longer than all else
_ROW = re.compile(f".{{{MODULES}}}")
_RUN = re.compile("1+")


def draw(code: str, page: int, x: float, y: float, width: float) -> str:
    """The operators that paint a code, its top left at x, y, where the y axis points down; they are no text to read."""
    rectangles = "\n".join(
        f"{run.start()} {row} {len(run[0])} 1 re"
        for row, modules in enumerate(_ROW.findall(f"{_symbol(f'{code}-{page}'):0{MODULES**2}b}"))
        for run in _RUN.finditer(modules)
    )
    scale = f"{width / MODULES:.6f} 0 0 {width / MODULES:.6f} {x:.4f} {y:.4f}"
    return f"/Artifact BMC\nq {scale} cm\n0 g\n{rectangles}\nf\nQ\nEMC"


def _symbol(text: str) -> int:
    """The modules of a text, row by row, as the digits of a binary number.

    Alphanumeric mode writes letters in pairs, and Reed-Solomon codes are linear: texts of the same length differ in
    the modules by which their pairs differ, whatever the other pairs are. So a symbol is the sum, modulo 2, of those
    that hold one pair each, and only these are encoded, each once.
    """
    blank = "0" * len(text)
    symbol = _encoded(blank)
    for place in range(0, len(text), 2):
        pair = text[place : place + 2]
        symbol ^= _encoded(blank[:place] + pair + blank[place + 2 :]) ^ _encoded(blank)
    return symbol


@cache
def _encoded(text: str) -> int:
    symbol = segno.make_qr(text, error="h", version=1, mode="alphanumeric", mask=_MASK, boost_error=False)
    return int("".join(str(module) for row in symbol.matrix for module in row), 2)
