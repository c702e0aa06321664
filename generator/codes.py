"""Codes of copies: letters that survive one misread letter, without look-alikes."""

from __future__ import annotations

from generator import streams

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # I and O look like 1 and 0
SHORTEST = 3


def code(number: int, secret: str, copies: int) -> str:
    """The code of a copy; any two codes of a build differ in at least two places.

    All letters but the last are free and the last is their sum, so one changed letter never gives another code.
    Three letters serve 576 copies; more copies get longer codes.
    """
    length = SHORTEST
    while len(LETTERS) ** (length - 1) < copies:
        length += 1
    place = streams.dealt(number, len(LETTERS) ** (length - 1), secret, "codes")
    places = []
    for _ in range(length - 1):
        place, letter = divmod(place, len(LETTERS))
        places.append(letter)
    places.append(sum(places) % len(LETTERS))
    return "".join(LETTERS[letter] for letter in places)
