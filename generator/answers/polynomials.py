"""Read sums of products of indexed symbols, and compare them as polynomials.

`dY11 W23`, `dY_{1,1}W_{2,3}` and `dY[1,1]*W[2,3]` are one term. A polynomial is a dict from monomials (sorted symbols)
to whole coefficients, so that order and spelling vanish when it is read; nothing is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST = 5_000  # characters
MOST_TERMS = 2_000
LARGEST_COEFFICIENT = 10**6

Symbol = tuple[str, tuple[int, ...]]  # ("dY", (1, 2))
Monomial = tuple[Symbol, ...]
Polynomial = Mapping[Monomial, int]


class Unreadable(ValueError):
    """The text is no sum of products of the symbols; the message says where it stops making sense."""


@dataclass(frozen=True)
class Symbols:
    """The names that may stand in an expression, and how far each one's indices go."""

    sizes: Mapping[str, tuple[int, ...]]  # dY: (16, 16)
    first: int = 1  # what indices count from

    def read(self, text: str) -> Polynomial:
        """Read an expression; raises Unreadable."""
        if len(text) > LONGEST:
            raise Unreadable(f"an expression of {len(text)} characters is too long")
        return _Reader(_tidy(text), self).whole()


_WORDS = {
    "\\cdot": "*", "\\times": "*", "·": "*", "×": "*", "∗": "*", "⋅": "*", "−": "-", "–": "-", "\\,": " ", "\\ ": " ",
    "\\left": "", "\\right": "", "∂": "d", "\\partial": "d", "δ": "d", "$": "", "\\mathrm{d}": "d",
    "\\;": " ", "~": " ", "&": "", "\\\\": " ",
}  # fmt: skip
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def _tidy(text: str) -> str:
    for word, plain in _WORDS.items():
        text = text.replace(word, plain)
    text = re.sub(r"\bd\s+(?=[A-Z])", "d", text.translate(_SUBSCRIPTS))
    return text.rsplit("=", 1)[-1].rstrip(" .")  # dX(1,2) = …


_TOKEN = re.compile(r"\s*(?:(?P<number>\d+)|(?P<name>[A-Za-z]+)|(?P<sign>[-+*()]))")
_INDEX = re.compile(
    r"\s*_?\s*(?:\[(\d+)\]\s*\[(\d+)\]|\{([\d\s,]*)\}|\[([\d\s,]*)\]|\(([\d\s,]*)\)|(\d+(?:\s*,\s*\d+)*))"
)


class _Reader:
    """A recursive descent: a sum of products of factors, each a number, a symbol or a sum in brackets."""

    def __init__(self, text: str, symbols: Symbols) -> None:
        self.text, self.symbols, self.place, self.depth = text, symbols, 0, 0

    def whole(self) -> Polynomial:
        result = self.sum()
        if self.text[self.place :].strip():
            raise Unreadable(f"'{self.text[self.place :].strip()[:20]}' was not expected here")
        return result

    def peek(self) -> re.Match[str] | None:
        return _TOKEN.match(self.text, self.place)

    def take(self, sign: str) -> bool:
        token = self.peek()
        if token and token["sign"] == sign:
            self.place = token.end()
            return True
        return False

    def sum(self) -> Polynomial:
        total: dict[Monomial, int] = {}
        factor = -1 if self.take("-") else 1
        self.take("+")
        while True:
            for monomial, coefficient in self.product().items():
                total[monomial] = total.get(monomial, 0) + factor * coefficient
            if self.take("+"):
                factor = 1
            elif self.take("-"):
                factor = -1
            else:
                return {monomial: coefficient for monomial, coefficient in total.items() if coefficient}

    def product(self) -> Polynomial:
        result = self.factor()
        while True:
            token = self.peek()
            if self.take("*") or (token and (token["number"] or token["name"] or token["sign"] == "(")):
                result = _times(result, self.factor())
            else:
                return result

    def factor(self) -> Polynomial:
        token = self.peek()
        if token is None:
            rest = self.text[self.place :].strip()
            raise Unreadable(f"'{rest[:20]}' has no meaning here" if rest else "a term is missing at the end")
        if token["number"]:
            self.place = token.end()
            if len(token["number"]) > 12 or int(token["number"]) > LARGEST_COEFFICIENT:
                raise Unreadable(f"{token['number'][:20]} is too large a factor")
            value = int(token["number"])
            return {(): value} if value else {}
        if token["name"]:
            return self.symbol(token)
        if token["sign"] == "(":
            return self.bracket(token)
        raise Unreadable(f"a term is missing before '{token['sign']}'")

    def bracket(self, token: re.Match[str]) -> Polynomial:
        self.place = token.end()
        self.depth += 1
        if self.depth > 20:
            raise Unreadable("brackets are nested too deep")
        inner = self.sum()
        if not self.take(")"):
            raise Unreadable("a bracket is not closed")
        self.depth -= 1
        return inner

    def symbol(self, token: re.Match[str]) -> Polynomial:
        name = self.name(token["name"])
        self.place = token.start("name") + len(name)
        found = _INDEX.match(self.text, self.place)
        if not found:
            raise Unreadable(f"'{name}' needs its indices, as in {name}[1,2]")
        self.place = found.end()
        digits = ",".join(group for group in found.groups() if group is not None)
        return {((name, _indices(name, digits, self.symbols.sizes[name], self.symbols.first)),): 1}

    def name(self, letters: str) -> str:
        """The known symbol that the letters begin with; when none does, whatever their case."""
        by_length = sorted(self.symbols.sizes, key=len, reverse=True)
        for known in by_length:
            if letters.startswith(known):
                return known
        for known in by_length:
            if letters.lower().startswith(known.lower()):
                return known
        raise Unreadable(f"'{letters}' is none of {', '.join(self.symbols.sizes)}")


def _indices(name: str, text: str, sizes: tuple[int, ...], first: int) -> tuple[int, ...]:
    """The indices within their bounds; digits without a comma are split in the one way that fits."""
    parts = [part for part in re.split(r"[\s,]+", text.strip()) if part]
    if any(len(part) > 12 for part in parts):
        raise Unreadable(f"{name} has no element {text.strip()[:20]}…; it is {' × '.join(map(str, sizes))}")
    if len(parts) == 1 and len(sizes) > 1 and len(parts[0]) >= 2:
        digits = parts[0]
        splits = [(digits[:cut], digits[cut:]) for cut in range(1, len(digits))] if len(sizes) == 2 else [tuple(digits)]
        fitting = [split for split in splits if _fits(split, sizes, first)]
        if len(fitting) > 1:
            ways = " or ".join(f"{name}[{','.join(split)}]" for split in fitting)
            raise Unreadable(f"{name}{digits} may be {ways}: put a comma between row and column")
        parts = list(fitting[0] if fitting else (digits[:1], digits[1:]))
    if len(parts) != len(sizes):
        raise Unreadable(f"{name} needs {len(sizes)} indices, not {len(parts)}")
    indices = tuple(map(int, parts))
    if not _fits(parts, sizes, first):
        raise Unreadable(f"{name} has no element {','.join(map(str, indices))}; it is {' × '.join(map(str, sizes))}")
    return indices


def _fits(parts: tuple[str, ...] | list[str], sizes: tuple[int, ...], first: int) -> bool:
    return len(parts) == len(sizes) and all(
        (part[0] != "0" or part == "0") and first <= int(part) < size + first
        for part, size in zip(parts, sizes, strict=True)
    )


def _times(left: Polynomial, right: Polynomial) -> Polynomial:
    if len(left) * len(right) > MOST_TERMS:
        raise Unreadable("this product has too many terms")
    result: dict[Monomial, int] = {}
    for a, coefficient in left.items():
        for b, other in right.items():
            monomial = tuple(sorted((*a, *b)))
            if len(monomial) > 50 or abs(coefficient * other) > LARGEST_COEFFICIENT**2:
                raise Unreadable("this product is too large")
            result[monomial] = result.get(monomial, 0) + coefficient * other
    return result
