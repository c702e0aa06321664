r"""Turn the derivation of an answer, Markdown with LaTeX, into the operations that it takes by hand.

A derivation puts the numbers of its draw into formulas, as in `$2 \cdot (3 + 1) = 8$`. What has symbols in it asks for
no work, and a side of an equation that this grammar does not know is passed over.
"""

from __future__ import annotations

import functools
import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from generator.formulas import LOWERED

Value: TypeAlias = tuple[tuple[float, ...], ...] | None  # rows of a matrix, which may be a number; None for a symbol


@dataclass
class Operations:
    """What was multiplied, divided and added up so far."""

    multiplications: int = 0  # of two numbers, neither of them 0, ±1 or a power of ten
    divisions: int = 0  # that do not come out whole; not by 2 or a power of ten
    terms: int = 0  # of sums, other than 0


def operations(derivations: Iterable[str]) -> Operations:
    """Count the operations of some derivations; a calculation that stands there again counts once."""
    found = Operations()
    for calculation in dict.fromkeys(each for derivation in derivations for each in calculations(derivation)):
        for side in _RELATION.split(calculation):
            _read(side, found)
    return found


def numbers(text: str) -> Iterator[float]:
    """The numbers that stand in a text, without their signs; not those within names, indices and exponents."""
    bare = _SCALED.sub(lambda found: repr(float(found[1]) * 10.0 ** int(found[2].translate(LOWERED))), text)
    for found in _NUMBER.findall(_RAISED.sub(" ", _CODE.sub(" ", bare))):
        yield float(found.replace(",", ""))


_CODE = re.compile(r"`[^`\n]*`")
_SCALED = re.compile(r"(\d+(?:\.\d+)?)\s*(?:\\times|×)\s*10(?:\^\{)?(-?\d+|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)\}?")
_RAISED = re.compile(r"[_^](?:\{[^{}]*\}|\w)")
_NUMBER = re.compile(r"(?<![\w.])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?(?!\w)")


# ---- what is calculated ----


def calculations(derivation: str) -> Iterator[str]:
    """The equations of the formulas, then the products and quotients that stand in the text between them."""
    text = _CODE.sub(" ", derivation)
    for display, inline in _MATH.findall(text):
        yield from _equations(_MATRIX.sub(_on_a_line, display or inline))
    for found in _IN_TEXT.finditer(_MATH.sub(" ", text)):
        yield found[0].replace("·", r"\cdot ").replace("−", "-").replace(",", "")


_MATH = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)
_MATRIX = re.compile(r"\\begin\{bmatrix\}(.*?)\\end\{bmatrix\}", re.DOTALL)  # read as [1, 2; 3, 4]
_IN_TEXT = re.compile(r"(?<![\w.,])−?{0}(?:\s*[·/]\s*−?{0})+".replace("{0}", r"\d+(?:,\d{3})*(?:\.\d+)?"))
_RELATION = re.compile(r"[=<>:]|\\(?:approx|to|le|ge|quad)(?![a-z])")
_GOES_ON = re.compile(r"\s*(?:\\quad|=|\\approx)")


def _on_a_line(matrix: re.Match[str]) -> str:
    return "[" + matrix[1].replace(r"\\", ";").replace("&", ",") + "]"


def _equations(formula: str) -> Iterator[str]:
    """The equations that stand below each other, each with the lines that it goes on in."""
    whole = ""
    for line in re.sub(r"\\(?:begin|end)\{aligned\}", "", formula).split(r"\\"):
        left, _, right = line.partition("&")
        if whole and not left.strip() and _GOES_ON.match(right):
            whole += right.replace(r"\quad", "")
        else:
            yield whole.strip()
            whole = line.replace("&", "")
    yield whole.strip()


# ---- reading one side of an equation ----

_TOKEN = re.compile(r"\d+(?:\.\d+)?|\\[a-zA-Z]+|\\.|[a-zA-Z]'*|\S")
_SILENT = {r"\,", r"\;", r"\!", r"\ ", r"\left", r"\right", r"\big", r"\Big", r"\dots"}
_CLOSING = {"(": ")", "[": "]", "{": "}", "|": "|", r"\lfloor": r"\rfloor", r"\lceil": r"\rceil"}
_NO_FACTOR = {*_CLOSING.values(), *"+-/,.;^_", "", r"\cdot", r"\times", r"\odot"}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    r"\ln": math.log, r"\log": math.log, r"\tanh": math.tanh, r"\cos": math.cos, r"\sqrt": math.sqrt, "|": abs,
    r"\sigma": lambda x: 1 / (1 + math.exp(-x)), "ReLU": lambda x: max(0.0, x),
    r"\lfloor": lambda x: float(math.floor(x + 1e-9)), r"\lceil": lambda x: float(math.ceil(x - 1e-9)),
}  # fmt: skip


def _read(side: str, found: Operations) -> None:
    """Add what one side of an equation takes, where it can be read."""
    reader = _Reader([token for token in _TOKEN.findall(side) if token not in _SILENT])
    try:
        while reader.tokens:
            reader.sum()
            if reader.tokens:
                reader.take(",", ".", ";")
    except (ValueError, ArithmeticError):
        return
    found.multiplications += reader.found.multiplications
    found.divisions += reader.found.divisions
    found.terms += reader.found.terms


class _Reader:
    """Reads tokens from the left, gives the value of what it reads, and counts what that takes."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.found = Operations()

    @property
    def next(self) -> str:
        """The token that comes."""
        return self.tokens[0] if self.tokens else ""

    def take(self, *wanted: str) -> str:
        """The next token, one of those wanted; raises ValueError."""
        if not self.tokens or (wanted and self.next not in wanted):
            raise ValueError(self.next)
        return self.tokens.pop(0)

    def sum(self) -> Value:
        """Terms with + and - between them."""
        terms = [self.signed(self.take() if self.next in ("+", "-") else "+")]
        while self.next in ("+", "-"):
            terms.append(self.signed(self.take()))
        total = functools.reduce(lambda one, other: _paired(operator.add, one, other), terms)
        if len(terms) > 1 and total is not None:
            self.found.terms += sum(value != 0 for term in terms for row in term or () for value in row)
        return total

    def signed(self, sign: str) -> Value:
        """A term after its sign."""
        value = self.product()
        return _each(operator.neg, value) if sign == "-" else value

    def product(self) -> Value:
        """Factors, with a sign between them or none."""
        value = self.power()
        while self.next in ("/", r"\cdot", r"\times") or self.next not in _NO_FACTOR:
            sign = self.take() if self.next in _NO_FACTOR else ""
            value = (self.over if sign == "/" else self.times)(value, self.power())
        return value

    def times(self, one: Value, other: Value) -> Value:
        """A product: of matrices that fit together, or element by element."""
        if one is None or other is None or 1 in (_size(one), _size(other)) or len(one[0]) != len(other):
            return _paired(self.by, one, other)
        columns = [*zip(*other, strict=True)]
        return tuple(tuple(self.dot(row, column) for column in columns) for row in one)

    def dot(self, row: Sequence[float], column: Sequence[float]) -> float:
        """A sum of products."""
        products = [self.by(x, y) for x, y in zip(row, column, strict=True)]
        self.found.terms += sum(value != 0 for value in products) if len(products) > 1 else 0
        return math.fsum(products)

    def by(self, x: float, y: float) -> float:
        """A product of two numbers."""
        self.found.multiplications += not _easy(x) and not _easy(y)
        return x * y

    def over(self, one: Value, other: Value) -> Value:
        """A quotient."""
        return _paired(self.divided, one, other)

    def divided(self, x: float, y: float) -> float:
        """A quotient of two numbers."""
        self.found.divisions += not (_easy(y) or abs(y) == 2 or math.isclose(x / y, round(x / y), abs_tol=1e-9))
        return x / y

    def power(self) -> Value:
        """A number or a symbol, perhaps raised: to the power of n by n - 1 products."""
        base = self.one()
        while self.next == "^":
            self.take()
            base = _paired(self.raised, base, self.argument())
        return base

    def raised(self, x: float, n: float) -> float:
        """A power of a number."""
        if n > 1 and n.is_integer() and not _easy(x):
            self.found.multiplications += int(n) - 1
        return math.pow(x, n)

    def one(self) -> Value:
        """A number, something in brackets, a fraction, a function of something, or a symbol."""
        token = self.take()
        if token[0].isdigit():
            return ((float(token),),)
        if token in _CLOSING:
            return self.between(token)
        if token in _NO_FACTOR:
            raise ValueError(token)
        if token in (r"\frac", r"\tfrac", r"\dfrac"):
            return self.fraction()
        if token in (r"\text", r"\mathrm", r"\operatorname", r"\mathbf"):
            token = self.word()
        return self.symbol(token)

    def between(self, opening: str) -> Value:
        """What stands between brackets: a value, a vector of several numbers, or the rows of a matrix."""
        rows = [[self.sum()]]
        while self.next in (",", ";"):
            if self.take() == ";":
                rows.append([])
            rows[-1].append(self.sum())
        self.take(_CLOSING[opening])
        if len(rows) == len(rows[0]) == 1:
            return _each(_FUNCTIONS[opening], rows[0][0]) if opening in _FUNCTIONS else rows[0][0]
        known = tuple(tuple(value[0][0] for value in row if value and len(value[0]) == 1) for row in rows)
        return known if [*map(len, known)] == [*map(len, rows)] else None

    def fraction(self) -> Value:
        r"""One value over another; \frac{1}{n} before a factor divides the factor by n."""
        top, bottom = self.argument(), self.argument()
        if top == ((1.0,),) and self.next not in _NO_FACTOR - {r"\cdot"}:
            if self.next == r"\cdot":
                self.take()
            top = self.power()
        return self.over(top, bottom)

    def argument(self) -> Value:
        r"""What stands in braces, or a single digit or symbol: \tfrac12 has two of them."""
        if len(self.next) > 1 and self.next.isdigit():
            digits = self.take()
            self.tokens[:0] = [digits[0], digits[1:]]
        return self.one()

    def word(self) -> str:
        """A word in braces, unread."""
        end = self.tokens.index("}")
        letters, self.tokens = self.tokens[1:end], self.tokens[end + 1 :]
        return "".join(letters)

    def symbol(self, name: str) -> Value:
        """A function of what comes next, where its value is known, or else a symbol with its indices."""
        base: Value = None
        while self.next == "_":
            self.take()
            base = self.argument()
        if name == "e" and self.next == "^":
            self.take()
            return _each(math.exp, self.argument())
        if name in (r"\max", r"\min") and self.next == "(":
            values = self.one()
            return values and (((max if name == r"\max" else min)(values[0]),),)
        if name not in _FUNCTIONS or (name == r"\sigma" and self.next != "("):
            return ((math.pi,),) if name == r"\pi" else None
        value = _each(_FUNCTIONS[name], self.power())
        return _paired(lambda x, to: x / math.log(to), value, base) if base and name == r"\log" else value


# ---- values ----


def _size(value: tuple[tuple[float, ...], ...]) -> int:
    return len(value) * len(value[0])


def _each(function: Callable[[float], float], value: Value) -> Value:
    return None if value is None else tuple(tuple(map(function, row)) for row in value)


def _paired(function: Callable[[float, float], float], one: Value, other: Value) -> Value:
    """A function of the numbers that meet: element by element, or a number with every element."""
    if one is None or other is None:
        return None
    if _size(one) == 1:
        return _each(lambda y: function(one[0][0], y), other)
    if _size(other) == 1:
        return _each(lambda x: function(x, other[0][0]), one)
    if [*map(len, one)] != [*map(len, other)]:
        return None
    return tuple(tuple(map(function, row, beside)) for row, beside in zip(one, other, strict=True))


def _easy(value: float) -> bool:
    """0, ±1 and powers of ten."""
    size = abs(value)
    return size == 0 or math.isclose(size, 10.0 ** round(math.log10(size)), rel_tol=1e-9)
