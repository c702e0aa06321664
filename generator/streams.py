"""Random numbers that depend on a key and nothing else: SHA-256 in counter mode, the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

VERSION = "torchexam draw 1"  # a change here changes every paper of every seed

Item = TypeVar("Item")


def key(*parts: str | int) -> bytes:
    """The key of a stream: a hash of the algorithm's version and of all parts."""
    whole = hashlib.sha256()
    for part in (VERSION, *parts):
        data = str(part).encode("utf-8", "surrogateescape")  # a seed on a command line may be any bytes
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.digest()


class Stream:
    """Independent uniform draws under one key."""

    def __init__(self, *parts: str | int) -> None:
        self._key = key(*parts)
        self._count = 0

    def word(self) -> int:
        """64 random bits."""
        block = hashlib.sha256(self._key + self._count.to_bytes(8, "big")).digest()
        self._count += 1
        return int.from_bytes(block[:8], "big")

    def below(self, bound: int) -> int:
        """A whole number from 0 to bound - 1, each equally likely (bound up to 2**64)."""
        limit = 2**64 - 2**64 % bound
        while (word := self.word()) >= limit:
            pass
        return word % bound

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """The items in a random order (Fisher and Yates)."""
        mixed = list(items)
        for last in range(len(mixed) - 1, 0, -1):
            other = self.below(last + 1)
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed


def dealt(number: int, size: int, *parts: str | int) -> int:
    """The place of draw `number` in a secret order of 0 … size-1: no place comes twice before all came once.

    A Feistel network over the next power of four, walked until it falls below `size` (Black and Rogaway, 2002),
    so that no list of all places is ever made.
    """
    lap, place = divmod(number, size)
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    mask = (1 << half) - 1
    secret = key(*parts, lap)
    while True:
        left, right = place >> half, place & mask
        for turn in range(6):
            block = hashlib.sha256(secret + bytes([turn]) + right.to_bytes(16, "big")).digest()
            left, right = right, left ^ (int.from_bytes(block[:16], "big") & mask)
        place = left << half | right
        if place < size:
            return place
