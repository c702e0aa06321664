"""Turn a program of tensor expressions into values and derivatives without PyTorch: decimals, forward mode, loops.

A dual number is a value with the slope at which it changes (Clifford's dual numbers; Griewank and Walther, Evaluating
Derivatives, 2008, chapter 3). To differentiate by one element, its slope is set to 1 and the program is run once: the
slope of the result is the derivative. Numbers are decimals of 40 digits, so that rounding plays no part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException, localcontext
from itertools import product

from generator.formulas import FormulaError
from generator.tensors import Expression, Program, Shape, Step, Value, shape_of

DIGITS = 40
LARGEST = Decimal(10) ** 12  # of a value in between
ZERO, ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True)
class Dual:
    """A number and its slope."""

    value: Decimal
    slope: Decimal = ZERO

    def __add__(self, other: Dual) -> Dual:
        return Dual(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other: Dual) -> Dual:
        return Dual(self.value - other.value, self.slope - other.slope)

    def __mul__(self, other: Dual) -> Dual:
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    def __truediv__(self, other: Dual) -> Dual:
        quotient = self.value / other.value
        return Dual(quotient, (self.slope - quotient * other.slope) / other.value)

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope)

    def map(self, value: Decimal, derivative: Decimal) -> Dual:
        """The value of a function of this number, whose derivative here is known."""
        return Dual(value, derivative * self.slope)


@dataclass(frozen=True)
class Array:
    """A scalar, vector or matrix of duals, row by row."""

    shape: Shape
    items: tuple[Dual, ...]

    def row(self, place: int) -> tuple[Dual, ...]:
        """One row of a matrix; a vector is its own only row."""
        width = self.shape[-1]
        return self.items[place * width : (place + 1) * width]

    @property
    def rows(self) -> list[tuple[Dual, ...]]:
        """All rows."""
        return [self.row(place) for place in range(len(self.items) // self.shape[-1])]


# ---- a program ----


def values(program: Program, given: Mapping[str, Value]) -> dict[str, Value]:
    """Every input and every definition; raises FormulaError where something is not defined."""
    with localcontext(Context(prec=DIGITS)):
        found = _run(program, {name: _array(value) for name, value in given.items()}, "", 0)
    return {name: _nested(array.shape, [float(one.value) for one in array.items]) for name, array in found.items()}


def exact(program: Program, given: Mapping[str, Decimal | float]) -> Decimal:
    """The last definition, a scalar, of scalars: with all its digits."""
    with localcontext(Context(prec=DIGITS)):
        found = _run(program, {name: _scalar(value) for name, value in given.items()}, "", 0)
        return +found[program[-1][0]].items[0].value


def gradients(program: Program, given: Mapping[str, Value], by: Sequence[str]) -> dict[str, Value]:
    """The gradient of the last definition, a scalar, by inputs and by other definitions: a run for each element."""
    with localcontext(Context(prec=DIGITS)):
        arrays = {name: _array(value) for name, value in given.items()}
        plain = _run(program, arrays, "", 0)
        result = {}
        for name in by:
            count = len(plain[name].items)
            slopes = [_run(program, arrays, name, place)[program[-1][0]].items[0].slope for place in range(count)]
            result[name] = _nested(plain[name].shape, [float(slope) for slope in slopes])
    return result


def _run(program: Program, given: Mapping[str, Array], by: str, place: int) -> dict[str, Array]:
    """All arrays of a program, with the slope 1 at one element of one of them."""
    found = {name: _seeded(array, place) if name == by else array for name, array in given.items()}
    for name, expression in program:
        array = _value(expression, found)
        found[name] = _seeded(array, place) if name == by else array
    return found


def _seeded(array: Array, place: int) -> Array:
    items = (Dual(one.value, ONE if at == place else ZERO) for at, one in enumerate(array.items))
    return Array(array.shape, tuple(items))


def _value(expression: Expression, known: Mapping[str, Array]) -> Array:
    found: dict[str, Array] = {}
    for step in expression.steps:
        operands = [
            found[one] if one in found else known[one] if isinstance(one, str) else _scalar(one)
            for one in step.operands
        ]  # fmt: skip
        try:
            array = _step(step, operands)
        except (DecimalException, ZeroDivisionError, OverflowError):
            raise FormulaError(f"'{expression.text}' has no value here") from None
        if not all(one.value.is_finite() and abs(one.value) < LARGEST for one in array.items):
            raise FormulaError(f"'{expression.text}' leads to numbers that are too large")
        found[step.name] = array
    return found[expression.steps[-1].name]


def _array(value: Value) -> Array:
    shape = shape_of(value)
    rows = value if len(shape) == 2 else [value] if shape else [[value]]
    return Array(shape, tuple(Dual(_decimal(one)) for row in rows for one in row))


def _scalar(value: Decimal | float) -> Array:
    return Array((), (Dual(_decimal(value)),))


def _decimal(value: Decimal | float) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(value))


def _nested(shape: Shape, items: list[float]) -> Value:
    if not shape:
        return items[0]
    if len(shape) == 1:
        return items
    return [items[start : start + shape[1]] for start in range(0, len(items), shape[1])]


# ---- operations ----


def _step(step: Step, operands: Sequence[Array]) -> Array:
    first = operands[0]
    if step.operation in _MAPS:
        return Array(first.shape, tuple(map(_MAPS[step.operation], first.items)))
    if step.operation in _PAIRS and len(operands) == 2:
        return _each(_PAIRS[step.operation], first, operands[1])
    if step.operation in _SUMS:
        return Array((), (_SUMS[step.operation](first.items),))
    match step.operation:
        case "same":
            return first
        case "power":
            return Array(first.shape, tuple(_power(one, operands[1].items[0].value) for one in first.items))
        case "leaky_relu":
            slope = operands[1].items[0].value
            return Array(first.shape, tuple(_leaky(one, slope) for one in first.items))
        case "transpose":
            columns = zip(*first.rows, strict=True)
            return Array(first.shape[::-1], tuple(one for column in columns for one in column))
        case "matmul":
            return _matmul(first, operands[1])
        case "outer":
            pairs = product(first.items, operands[1].items)
            return Array((len(first.items), len(operands[1].items)), tuple(one * other for one, other in pairs))
        case "dot":
            return _matmul(first, operands[1])
        case "diag":
            size = len(first.items)
            places = product(range(size), repeat=2)
            return Array((size, size), tuple(first.items[i] if i == j else Dual(ZERO) for i, j in places))
        case "sum_rows":
            return Array(first.shape[1:], tuple(_sum(column) for column in zip(*first.rows, strict=True)))
        case "softmax" | "log_softmax":
            normalize = _softmax if step.operation == "softmax" else _log_softmax
            return Array(first.shape, tuple(one for row in first.rows for one in normalize(row)))
    return Array((), (_LOSSES[step.operation](first, operands[1]),))


def _each(pair: Callable[[Dual, Dual], Dual], first: Array, second: Array) -> Array:
    """Element by element; a scalar goes with all, a vector with each row."""
    count = max(len(first.items), len(second.items))
    shape = max(first.shape, second.shape, key=len)
    sides = ([array.items[place % len(array.items)] for place in range(count)] for array in (first, second))
    return Array(shape, tuple(map(pair, *sides)))


def _matmul(first: Array, second: Array) -> Array:
    columns = list(zip(*second.rows, strict=True)) if len(second.shape) == 2 else [second.items]
    items = (
        _sum(one * other for one, other in zip(row, column, strict=True)) for row in first.rows for column in columns
    )
    return Array(first.shape[:-1] + second.shape[1:], tuple(items))


def _sum(items: Iterable[Dual]) -> Dual:
    total = Dual(ZERO)
    for one in items:
        total = total + one
    return total


def _mean(items: Sequence[Dual]) -> Dual:
    return _sum(items) / Dual(Decimal(len(items)))


def _exp(one: Dual) -> Dual:
    raised = one.value.exp()
    return one.map(raised, raised)


def _log(one: Dual) -> Dual:
    return one.map(one.value.ln(), ONE / one.value)


def _sqrt(one: Dual) -> Dual:
    root = one.value.sqrt()
    return one.map(root, ONE / (2 * root))


def _sigmoid(one: Dual) -> Dual:
    share = ONE / (ONE + (-one.value).exp())
    return one.map(share, share * (ONE - share))


def _tanh(one: Dual) -> Dual:
    there, back = one.value.exp(), (-one.value).exp()
    height = (there - back) / (there + back)
    return one.map(height, ONE - height * height)


def _softplus(one: Dual) -> Dual:
    return one.map((ONE + one.value.exp()).ln(), _sigmoid(one).value)


def _sine(value: Decimal) -> Decimal:
    """The Taylor series of the sine."""
    term, total, count = value, value, 1
    while abs(term) > Decimal(10) ** -(DIGITS + 2):
        count += 2
        term = -term * value * value / (count * (count - 1))
        total += term
    return total


def _cosine(value: Decimal) -> Decimal:
    term, total, count = ONE, ONE, 0
    while abs(term) > Decimal(10) ** -(DIGITS + 2):
        count += 2
        term = -term * value * value / (count * (count - 1))
        total += term
    return total


def _bounded_angle(value: Decimal) -> Decimal:
    if abs(value) > 50:
        raise FormulaError(f"the angle {value} is too large")
    return value


def _power(one: Dual, exponent: Decimal) -> Dual:
    if exponent == 0:
        return Dual(ONE)
    if exponent == int(exponent):
        return one.map(
            one.value ** int(exponent), exponent * one.value ** (int(exponent) - 1) if exponent != 1 else ONE
        )
    raised = (exponent * one.value.ln()).exp()
    return one.map(raised, exponent * raised / one.value)


def _leaky(one: Dual, slope: Decimal) -> Dual:
    return one if one.value > 0 else one.map(slope * one.value, slope)


def _larger(one: Dual, other: Dual) -> Dual:
    if one.value == other.value:
        raise FormulaError("where both numbers are equal, their maximum and minimum have no derivative")
    return one if one.value > other.value else other


def _smaller(one: Dual, other: Dual) -> Dual:
    return one if _larger(one, other) is other else other


def _largest(items: Sequence[Dual]) -> Dual:
    ordered = sorted(items, key=lambda one: one.value)
    if len(ordered) > 1 and ordered[-1].value == ordered[-2].value:
        raise FormulaError("where two elements are largest, the maximum has no derivative")
    return ordered[-1]


def _smallest(items: Sequence[Dual]) -> Dual:
    return -_largest([-one for one in items])


_MAPS: dict[str, Callable[[Dual], Dual]] = {
    "negative": lambda one: -one,
    "abs": lambda one: one.map(abs(one.value), (one.value > 0) - Decimal(one.value < 0)),
    "relu": lambda one: one if one.value > 0 else Dual(ZERO),
    "step": lambda one: Dual(ONE if one.value > 0 else ZERO),
    "square": lambda one: one * one,
    "sin": lambda one: one.map(_sine(_bounded_angle(one.value)), _cosine(one.value)),
    "cos": lambda one: one.map(_cosine(_bounded_angle(one.value)), -_sine(one.value)),
    "exp": _exp, "log": _log, "sqrt": _sqrt, "sigmoid": _sigmoid, "tanh": _tanh, "softplus": _softplus,
}  # fmt: skip
_PAIRS: dict[str, Callable[[Dual, Dual], Dual]] = {
    "add": lambda one, other: one + other,
    "subtract": lambda one, other: one - other,
    "multiply": lambda one, other: one * other,
    "divide": lambda one, other: one / other,
    "max": _larger,
    "min": _smaller,
}
_SUMS: dict[str, Callable[[Sequence[Dual]], Dual]] = {
    "sum": _sum,
    "mean": _mean,
    "norm2": lambda items: _sqrt(_sum(one * one for one in items)),
    "max": _largest,
    "min": _smallest,
}

# ---- softmax and losses ----


def _softmax(row: Sequence[Dual]) -> list[Dual]:
    powers = [_exp(one) for one in row]
    total = _sum(powers)
    return [power / total for power in powers]


def _log_softmax(row: Sequence[Dual]) -> list[Dual]:
    total = _log(_sum(map(_exp, row)))
    return [one - total for one in row]


def _cross_entropy(scores: Array, target: Array) -> Dual:
    """The mean over rows of - Σ y log softmax(z)."""
    found = [
        -_sum(share * log for share, log in zip(shares, _log_softmax(row), strict=True))
        for row, shares in zip(scores.rows, target.rows, strict=True)
    ]
    return _mean(found)


def _mse(given: Array, target: Array) -> Dual:
    differences = [one - other for one, other in zip(given.items, target.items, strict=True)]
    return _mean([one * one for one in differences])


def _bce(given: Array, target: Array) -> Dual:
    one = Dual(ONE)
    pairs = zip(given.items, target.items, strict=True)
    return _mean([-(y * _log(p) + (one - y) * _log(one - p)) for p, y in pairs])


def _bce_with_logits(given: Array, target: Array) -> Dual:
    return _bce(Array(given.shape, tuple(map(_sigmoid, given.items))), target)


_LOSSES: dict[str, Callable[[Array, Array], Dual]] = {
    "cross_entropy": _cross_entropy,
    "mse": _mse,
    "bce": _bce,
    "bce_with_logits": _bce_with_logits,
}
