"""Put drawn values into prose: `<<formula>>` becomes what a person would write for its value."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from generator import formulas

_HOLE = re.compile(r"<<(.*?)>>", re.DOTALL)
NETWORK = "network"  # <<network>> on a line of its own prints the listing
_BEGIN = re.compile(r"!\[[^\]\n]*\] ?[(\[][^)\]\n]*")
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]*)\)")


def holes(text: str) -> Iterator[tuple[str, str]]:
    """Yield each hole as it stands, and the formula in it."""
    for found in _HOLE.finditer(text):
        yield found[0], found[1].strip()


def unclosed(text: str) -> str:
    """The beginning of a `<<` that never closes, or nothing."""
    rest = _HOLE.sub("", text)
    place = rest.find("<<")
    return rest[place : place + 20].split("\n")[0] if place >= 0 else ""


def fill(text: str, values: Mapping[str, Any], network: str = "", measured: Collection[str] = ()) -> str:
    """Replace every hole; raises FormulaError, whose `word` is the hole.

    What is made of `measured` values has three digits: more are noise.
    """

    def filled(found: re.Match[str]) -> str:
        formula = found[1].strip()
        if formula == NETWORK and network:
            return network
        try:
            read = formulas.read(formula)
            return formulas.shown(read.value(values), None if read.names.isdisjoint(measured) else formulas.number_text)
        except formulas.FormulaError as error:
            raise formulas.FormulaError(str(error), found[0], error.hint) from None

    return _HOLE.sub(filled, text)


def broken_images(text: str) -> Iterator[str]:
    """Yield what begins like an image and is none."""
    for found in _BEGIN.finditer(_IMAGE.sub("", text)):
        yield found[0]


def images(text: str) -> Iterator[tuple[str, str]]:
    """Yield the alternative text and the file name of each image."""
    for found in _IMAGE.finditer(text):
        yield found[1], found[2]
