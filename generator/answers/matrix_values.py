"""Turn the trees of vector and matrix expressions into values, with a matrix for each name; vectors are columns."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

MOST_BRACKETED = 12  # factors that brackets are tried around
Matrix: TypeAlias = "list[list[float]]"


class Undefined(ValueError):
    """An expression has no value: sizes do not go together, or something divides by zero."""


# ---- trees ----


@dataclass(frozen=True)
class Number:
    """A number as it stands."""

    value: float


@dataclass(frozen=True)
class Name:
    """A vector or matrix that is known, or defined by the response itself."""

    name: str


@dataclass(frozen=True)
class Ones:
    """A column of ones: the place among all of them, or the name of its length."""

    place: int
    length: str = ""


@dataclass(frozen=True)
class Sum:
    """Terms with their signs."""

    terms: tuple[tuple[int, Tree], ...]


@dataclass(frozen=True)
class Product:
    """Factors, each with what stands before it: nothing, or one of · * @ ⊙ ⊗ / ⊘."""

    factors: tuple[tuple[str, Tree], ...]


@dataclass(frozen=True)
class Power:
    """Every element raised to a number."""

    base: Tree
    exponent: float


@dataclass(frozen=True)
class Transpose:
    """A transpose."""

    base: Tree


@dataclass(frozen=True)
class Applied:
    """A function, or its derivative where it is primed."""

    function: str
    given: tuple[Tree, ...]
    primed: bool = False


@dataclass(frozen=True)
class Compared:
    """1 where a comparison holds, else 0."""

    left: Tree
    sign: str
    right: Tree


Tree: TypeAlias = "Number | Name | Ones | Sum | Product | Power | Transpose | Applied | Compared"

# ---- values ----


@dataclass(frozen=True)
class Reading:
    """One way to take a response.

    `tight`: a product without a sign binds more tightly than ⊙; else factors are taken from left to right.
    `matrices`: `*` multiplies matrices where sizes allow it; else elements.
    """

    tree: Tree
    tight: bool
    matrices: bool
    lengths: tuple[str, ...]  # of each column of ones

    def value(self, known: Mapping[str, Matrix], sizes: Mapping[str, int]) -> Matrix:
        """The matrix that it stands for; raises Undefined."""
        try:
            found = _Values(self, known, sizes).of(self.tree)
        except (ZeroDivisionError, OverflowError, ValueError) as error:
            raise error if isinstance(error, Undefined) else Undefined("it has no value for all numbers") from None
        if not all(math.isfinite(one) for row in found for one in row):
            raise Undefined("it has no value for all numbers")
        return found


class _Values:
    """A walk over a tree with a matrix for each name."""

    def __init__(self, reading: Reading, known: Mapping[str, Matrix], sizes: Mapping[str, int]) -> None:
        self.reading, self.known, self.sizes = reading, known, sizes

    def of(self, tree: Tree) -> Matrix:
        match tree:
            case Number(value=value):
                return [[value]]
            case Name(name=name):
                return self.known[name]
            case Ones(place=place, length=length):
                return [[1.0]] * self.length(length or self.reading.lengths[place])
            case Sum(terms=terms):
                return self.sum(terms)
            case Product(factors=factors):
                return self.product(factors)
            case Power(base=base, exponent=exponent):
                return _each(lambda one: _raised(one, exponent), self.of(base))
            case Transpose(base=base):
                return transposed(self.of(base))
            case Compared(left=left, sign=sign, right=right):
                holds = _SIGNS[sign]
                return _pairs(lambda a, b: float(holds(a, b)), self.of(left), self.of(right), "compared")
            case Applied(function=function, given=given, primed=primed):
                return _applied(function, [self.of(one) for one in given], primed)
        raise AssertionError(tree)

    def length(self, name: str) -> int:
        if name not in self.sizes:
            raise Undefined(f"'{name}' is no length")
        return self.sizes[name]

    def sum(self, terms: Sequence[tuple[int, Tree]]) -> Matrix:
        total: Matrix | None = None
        for sign, tree in terms:
            term = _each(lambda one, sign=sign: sign * one, self.of(tree))  # type: ignore[misc]
            total = term if total is None else _pairs(lambda a, b: a + b, total, term, "added")
        assert total is not None
        return total

    def product(self, factors: Sequence[tuple[str, Tree]]) -> Matrix:
        given = [(operation, self.of(tree)) for operation, tree in factors]
        if not self.reading.tight:
            return self.chain(given)
        groups: list[list[tuple[str, Matrix]]] = [[]]
        between = []
        for operation, matrix in given:
            if operation in ("⊙", "⊘"):
                between.append(operation)
                groups.append([])
            groups[-1].append(("" if operation in ("⊙", "⊘") else operation, matrix))
        total = self.chain(groups[0])
        for operation, group in zip(between, groups[1:], strict=True):
            total = self.times(operation, total, self.chain(group))
        return total

    def chain(self, given: Sequence[tuple[str, Matrix]]) -> Matrix:
        """Multiply from the left; where sizes forbid it, in any order of brackets that they allow: A (xᵀ x) y."""
        try:
            total = given[0][1]
            for operation, matrix in given[1:]:
                total = self.times(operation, total, matrix)
        except Undefined:
            free = all(operation in ("", "·", "@", "*") for operation, _ in given)
            if not free or not 3 <= len(given) <= MOST_BRACKETED or (found := self.bracketed(given)) is None:
                raise
            return found
        return total

    def bracketed(self, given: Sequence[tuple[str, Matrix]]) -> Matrix | None:
        """The product with brackets in the first way that sizes allow; None where they allow none."""
        count = len(given)
        spans: dict[tuple[int, int], Matrix] = {(place, place): matrix for place, (_, matrix) in enumerate(given)}
        for width in range(1, count):
            for start in range(count - width):
                for cut in range(start + width - 1, start - 1, -1):
                    left, right = spans.get((start, cut)), spans.get((cut + 1, start + width))
                    if left is None or right is None or (start, start + width) in spans:
                        continue
                    with contextlib.suppress(Undefined):
                        spans[start, start + width] = self.times(given[cut + 1][0], left, right)
        return spans.get((0, count - 1))

    def times(self, operation: str, left: Matrix, right: Matrix) -> Matrix:
        match operation:
            case "/" | "⊘":
                return _pairs(lambda a, b: a / b, left, right, "divided")
            case "⊙":
                return _pairs(lambda a, b: a * b, left, right, "multiplied element by element")
            case "⊗":
                return _outer(left, right)
        if _is_scalar(left) or _is_scalar(right):
            return _pairs(lambda a, b: a * b, left, right, "multiplied")
        same = _size(left) == _size(right)
        if operation == "*" and same and not (self.reading.matrices and len(left[0]) == len(right)):
            return _pairs(lambda a, b: a * b, left, right, "multiplied")
        if operation in ("·", "@") and same and len(left[0]) == 1:
            return _matmul(transposed(left), right)  # the dot product of two vectors
        if operation == "@" and len(left[0]) == 1 and len(left) == len(right):
            return transposed(_matmul(transposed(left), right))  # as PyTorch has it, where vectors are no columns
        return _matmul(left, right)


_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    "≥": lambda a, b: a >= b,
    "≤": lambda a, b: a <= b,
}


def transposed(matrix: Matrix) -> Matrix:
    """Rows as columns."""
    return [list(column) for column in zip(*matrix, strict=True)]


def _size(matrix: Matrix) -> tuple[int, int]:
    return len(matrix), len(matrix[0])


def _is_scalar(matrix: Matrix) -> bool:
    return _size(matrix) == (1, 1)


def _told(matrix: Matrix) -> str:
    return f"{len(matrix)} × {len(matrix[0])}"


def _each(function: Callable[[float], float], matrix: Matrix) -> Matrix:
    return [[function(one) for one in row] for row in matrix]


def _pairs(function: Callable[[float, float], float], left: Matrix, right: Matrix, what: str) -> Matrix:
    """Element by element; a scalar goes with everything."""
    if _is_scalar(left):
        return _each(lambda one: function(left[0][0], one), right)
    if _is_scalar(right):
        return _each(lambda one: function(one, right[0][0]), left)
    if _size(left) != _size(right):
        raise Undefined(f"{_told(left)} and {_told(right)} numbers cannot be {what}")
    return [
        [function(one, other) for one, other in zip(*rows, strict=True)] for rows in zip(left, right, strict=True)
    ]  # fmt: skip


def _matmul(left: Matrix, right: Matrix) -> Matrix:
    if len(left[0]) != len(right):
        hint = "; elements are multiplied with ⊙" if _size(left) == _size(right) else ""
        raise Undefined(f"{_told(left)} and {_told(right)} numbers have no matrix product{hint}")
    columns = transposed(right)
    return [[math.fsum(a * b for a, b in zip(row, column, strict=True)) for column in columns] for row in left]


def _outer(left: Matrix, right: Matrix) -> Matrix:
    if 1 not in _size(left) or 1 not in _size(right):
        raise Undefined("only two vectors have an outer product")
    rows, columns = (list(itertools.chain.from_iterable(one)) for one in (left, right))
    return [[a * b for b in columns] for a in rows]


def _raised(base: float, exponent: float) -> float:
    if base < 0 and exponent != int(exponent):
        raise Undefined("it has no value for all numbers")
    return float(base**exponent)


# ---- functions ----


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


_FUNCTIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {  # with their derivatives
    "relu": (lambda x: max(x, 0.0), lambda x: float(x > 0)),
    "sigmoid": (_sigmoid, lambda x: _sigmoid(x) * (1 - _sigmoid(x))),
    "tanh": (math.tanh, lambda x: 1 - math.tanh(x) ** 2),
    "exp": (math.exp, math.exp),
    "log": (math.log, lambda x: 1 / x),
    "sqrt": (math.sqrt, lambda x: 0.5 / math.sqrt(x)),
    "sin": (math.sin, math.cos),
    "cos": (math.cos, lambda x: -math.sin(x)),
    "softplus": (lambda x: math.log1p(math.exp(x)), _sigmoid),
    "square": (lambda x: x * x, lambda x: 2 * x),
    "abs": (abs, lambda x: math.copysign(1, x)),
    "sign": (lambda x: float((x > 0) - (x < 0)), lambda _: 0.0),
    "indicator": (lambda x: float(x != 0), lambda _: 0.0),
    "step": (lambda x: float(x > 0), lambda _: 0.0),
}


def _softmax(row: Sequence[float]) -> list[float]:
    powers = [math.exp(one - max(row)) for one in row]
    return [one / math.fsum(powers) for one in powers]


def _norm(matrix: Matrix) -> Matrix:
    return [[math.sqrt(math.fsum(one * one for row in matrix for one in row))]]


def _diagonal(matrix: Matrix) -> Matrix:
    if 1 not in _size(matrix):
        raise Undefined("diag takes a vector")
    flat = list(itertools.chain.from_iterable(matrix))
    return [[one if row == column else 0.0 for column in range(len(flat))] for row, one in enumerate(flat)]


_WHOLE: dict[str, Callable[[Matrix], Matrix]] = {
    "sum": lambda x: [[math.fsum(one for row in x for one in row)]],
    "mean": lambda x: [[math.fsum(one for row in x for one in row) / (len(x) * len(x[0]))]],
    "norm": _norm,
    "softmax": lambda x: [_softmax(row) for row in x] if len(x[0]) > 1 else transposed([_softmax([r[0] for r in x])]),
    "diag": _diagonal,
    "transpose": transposed,
    "max": lambda x: [[max(one for row in x for one in row)]],
    "min": lambda x: [[min(one for row in x for one in row)]],
}
_TWO: dict[str, Callable[[Matrix, Matrix], Matrix]] = {
    "max": lambda x, y: _pairs(max, x, y, "compared"),
    "min": lambda x, y: _pairs(min, x, y, "compared"),
    "outer": _outer,
    "dot": lambda x, y: _matmul(transposed(x) if _size(x) == _size(y) and len(x[0]) == 1 else x, y),
    "multiply": lambda x, y: _pairs(lambda a, b: a * b, x, y, "multiplied element by element"),
    "matmul": _matmul,
}


def _applied(function: str, given: Sequence[Matrix], primed: bool) -> Matrix:
    if len(given) == 1 and function in _FUNCTIONS:
        return _each(_FUNCTIONS[function][primed], given[0])
    if len(given) == 1 and function in _WHOLE and not primed:
        return _WHOLE[function](given[0])
    if len(given) == 2 and function in _TWO and not primed:
        return _TWO[function](*given)
    raise Undefined(f"{function}{chr(39) if primed else ''} does not take {len(given)} of them")
