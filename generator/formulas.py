"""Turn formula text into something that can be evaluated over drawn values, and into nothing else.

A formula is Python's arithmetic, comparison and logic over names, numbers, quoted text and lists, with the functions
of `FUNCTIONS`. It is read with `ast` and walked; nothing is executed as code. Sizes are bounded, so that no formula
costs more than a moment.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Any

LONGEST = 1000  # characters
DEEPEST = 60  # brackets and signs within each other
LARGEST = 10**30  # beyond it a number is a slip of the pen
LARGE = 10_000  # whole numbers from here on are printed with commas
LONGEST_LIST = 10_000  # items of a list, those of lists within it among them, or characters of a text
MOST_DIGITS = 15  # more are noise in a float


class FormulaError(ValueError):
    """A formula cannot be read or evaluated; `word` is the piece of it that is meant, `formula` the whole of it."""

    def __init__(self, message: str, word: str = "", hint: str = "", formula: str = "") -> None:
        super().__init__(message)
        self.word = word
        self.hint = hint
        self.formula = formula


def percent(share: float, digits: int = 0) -> str:
    """0.625 → 63%"""
    exact = Decimal(repr(float(share))) * 100
    text = format(exact.quantize(Decimal(1).scaleb(-_places(digits, 0)), ROUND_HALF_UP, Context(prec=60)), "f")
    return f"{text.lstrip('-') if float(text) == 0 else text}%".replace("-", "−")


def digits(value: float, count: int = 3) -> str:
    """A number with so many significant digits: 0.012345 → 0.0123."""
    return number_text(value, significant=_places(count, 1))


def times(value: float) -> str:
    """A factor with two significant digits: 4.2, 17, 1300."""
    return number_text(value, significant=2)


def _round(value: float, count: int | None = None) -> float:
    return round(value) if count is None else round(value, _places(count, -MOST_DIGITS))


def _sum(values: list[float]) -> float:
    return sum(values)  # Python's second argument would join lists of lists, however long


def _places(count: int, least: int) -> int:
    if not isinstance(count, int) or not least <= count <= MOST_DIGITS:
        raise FormulaError(f"the number of digits is from {least} to {MOST_DIGITS}, not {count}")
    return count


# ---- arrays, which are lists of numbers or of lists ----


def matrix(values: Any) -> str:
    """An array as LaTeX: [[1, 2], [3, 4]] between brackets, a flat list as a row."""
    if not isinstance(values, list | tuple):
        raise TypeError("'number' object is no list")
    rows = values if values and isinstance(values[0], list | tuple) else [values]
    return r"\begin{bmatrix}" + r" \\ ".join(" & ".join(map(_tex_exact, row)) for row in rows) + r"\end{bmatrix}"


def column(values: Any) -> str:
    """A flat list as a LaTeX column."""
    return matrix([[value] for value in values])


def vector(values: Any) -> str:
    """A flat list as LaTeX between parentheses: (1, 2, 3)."""
    return f"({', '.join(map(_tex_exact, values))})"


def signed(value: float) -> str:
    """A number with its sign as an operator: + 3 or - 3."""
    return f"{'-' if value < 0 else '+'} {_tex_exact(abs(value))}"


def flat(values: Any) -> list[Any]:
    """The numbers of an array in a row."""
    if not isinstance(values, list | tuple):
        raise TypeError("'number' object is no list")
    return [inner for value in values for inner in (flat(value) if isinstance(value, list | tuple) else [value])]


def distinct(values: Any) -> bool:
    """Whether all numbers of an array differ."""
    numbers = flat(values)
    return len(set(numbers)) == len(numbers)


def dot(one: Any, other: Any) -> float:
    """The sum of the products of two flat lists of one length."""
    if len(one) != len(other):
        raise FormulaError(f"a list of {len(one)} and one of {len(other)} have no dot product")
    return _rounded_off(sum(a * b for a, b in zip(one, other, strict=True)))


def _rounded_off(value: float) -> float:
    """0.30000000000000004 is 0.3."""
    return value if isinstance(value, int) else round(value, 10)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs, "all": all, "any": any, "ceil": math.ceil, "column": column, "digits": digits, "distinct": distinct,
    "dot": dot, "exp": math.exp, "flat": flat, "floor": math.floor, "len": len, "log": math.log, "matrix": matrix,
    "max": max, "min": min, "percent": percent, "round": _round, "signed": signed, "sqrt": math.sqrt, "sum": _sum,
    "times": times, "vector": vector,
}  # fmt: skip

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip


@dataclass(frozen=True)
class Formula:
    """A formula that was read; `names` are the values that it needs."""

    text: str
    names: frozenset[str]
    tree: ast.expr

    def value(self, values: Mapping[str, Any]) -> Any:
        """Evaluate over values; raises FormulaError."""
        try:
            return _value(self.tree, values)
        except FormulaError as error:
            raise FormulaError(str(error), error.word, error.hint, self.text) from None
        except ZeroDivisionError:
            raise FormulaError(f"'{self.text}' divides by zero", formula=self.text) from None
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise FormulaError(f"'{self.text}' cannot be computed: {_reason(error)}", formula=self.text) from None


_TYPES = {"bool": "yes or no", "dict": "a value with several parts", "float": "a number", "int": "a number",
          "list": "a list", "str": "text", "NoneType": "nothing"}  # fmt: skip


def _reason(error: Exception) -> str:
    """Python's complaint in the words of question files."""
    types = [_TYPES[word] for word in re.findall(r"'(\w+)'|, not (\w+)", str(error)) for word in word if word in _TYPES]
    match error:
        case TypeError() if len(types) > 1 and types[0] != types[1]:
            return f"{types[0]} and {types[1]} do not go together"
        case TypeError() if types:
            return f"{types[0]} does not fit here"
        case OverflowError():
            return "the result is larger than any number of an exam"
        case RecursionError():
            return "lists are nested too deep"
        case ValueError() if "domain" in str(error) or "positive" in str(error):
            return "the result is no real number"
    return str(error).removeprefix("_")


@lru_cache(maxsize=4096)
def read(text: str) -> Formula:
    """Read a formula; raises FormulaError."""
    tree = parsed(text)
    return Formula(text.strip(), frozenset(_check(tree)), tree)


def parsed(text: str) -> ast.expr:
    """Parse Python's notation of one value, of any meaning; raises FormulaError."""
    text = text.strip()
    if not text:
        raise FormulaError("a formula is missing here")
    if len(text) > LONGEST:
        raise FormulaError(f"a formula of {len(text):,} characters is too long; {LONGEST:,} are allowed")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python frowns at text like '\d', which means no harm here
            tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError(f"'{_short(text)}' is not a formula", hint=_syntax_hint(text)) from None
    if _deep(tree):
        raise FormulaError(f"'{_short(text)}' is nested more than {DEEPEST} levels deep")
    return tree


def _deep(tree: ast.AST) -> bool:
    """Whether walking the tree would go too deep."""
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [inner for node in level for inner in ast.iter_child_nodes(node)]
    return bool(level)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


def _syntax_hint(text: str) -> str:
    if "=" in text and "==" not in text and not any(sign in text for sign in ("<=", ">=", "!=")):
        return "equality is written =="
    if "^" in text:
        return "a power is written **"
    return ""


def _check(node: ast.expr) -> Iterator[str]:
    """Yield the names a formula needs; raises FormulaError for all that is no arithmetic."""
    match node:
        case ast.Constant(value=value):
            if not isinstance(value, int | float | str):
                raise FormulaError(f"'{ast.unparse(node)}' has no meaning in a formula", ast.unparse(node))
            _bounded(value)
        case ast.Name(id=name):
            if name.startswith("_"):
                raise FormulaError(f"a name does not begin with '_': '{name}'", name)
            yield name  # a value, whatever it is called: functions are called with brackets
        case ast.Attribute(value=base, attr=name):
            if name.startswith("_"):
                raise FormulaError(f"a name does not begin with '_': '{name}'", name)
            yield from _check(base)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            if name not in FUNCTIONS:
                raise FormulaError(
                    f"there is no function '{name}'", name, f"known here: {', '.join(sorted(FUNCTIONS))}"
                )
            for argument in arguments:
                yield from _check(argument)
        case ast.BinOp(left=left, op=op, right=right):
            if type(op) not in _BINARY and not isinstance(op, ast.Pow):
                hint = "a power is written **" if isinstance(op, ast.BitXor) else ""
                raise FormulaError(f"'{ast.unparse(node)}' uses an operator that formulas do not have", hint=hint)
            yield from _check(left)
            yield from _check(right)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not(), operand=operand):
            yield from _check(operand)
        case ast.BoolOp(values=operands):
            for operand in operands:
                yield from _check(operand)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            if any(type(op) not in _COMPARE for op in ops):
                raise FormulaError(f"'{ast.unparse(node)}' uses a comparison that formulas do not have")
            for operand in (left, *comparators):
                yield from _check(operand)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            for branch in (test, body, orelse):
                yield from _check(branch)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            for item in items:
                yield from _check(item)
        case ast.Subscript(value=base, slice=index):
            yield from _check(base)
            yield from _check(index)
        case _:
            piece = ast.unparse(node)
            raise FormulaError(
                f"'{piece}' is more than a formula may do", piece, "arithmetic, comparisons and names only"
            )


def _value(node: ast.expr, values: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return _bounded(value)
        case ast.Name(id=name):
            if name not in values:
                raise FormulaError(f"there is no value '{name}'", name)
            return values[name]
        case ast.Attribute(value=base, attr=name):
            return _member(_value(base, values), name, ast.unparse(base))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _bounded(FUNCTIONS[name](*(_value(argument, values) for argument in arguments)))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_value(left, values), _value(right, values))
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, _value(left, values), _value(right, values))
        case ast.UnaryOp(op=op, operand=operand):
            value = _value(operand, values)
            return not value if isinstance(op, ast.Not) else +value if isinstance(op, ast.UAdd) else -value
        case ast.BoolOp(op=ast.And(), values=operands):
            return all(_value(operand, values) for operand in operands)
        case ast.BoolOp(values=operands):
            return any(_value(operand, values) for operand in operands)
        case ast.Compare():
            return _comparison(node, values)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return _value(body if _value(test, values) else orelse, values)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return _bounded([_value(item, values) for item in items])
        case ast.Subscript(value=base, slice=index):
            return _item(_value(base, values), _value(index, values))
    raise FormulaError(f"'{ast.unparse(node)}' is more than a formula may do")


def _comparison(node: ast.Compare, values: Mapping[str, Any]) -> bool:
    left = _value(node.left, values)
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = _value(comparator, values)
        if not _COMPARE[type(op)](left, right):
            return False
        left = right
    return True


def _binary(op: ast.operator, left: Any, right: Any) -> Any:
    if isinstance(left, str | list) or isinstance(right, str | list):
        if isinstance(op, ast.Add) and type(left) is type(right):
            return _bounded(left + right)
        raise FormulaError("text and lists can only be joined with +")
    return _bounded(_BINARY[type(op)](left, right))


def _power(base: Any, exponent: Any) -> Any:
    """A power, refused before it is computed when its result has too many digits."""
    if not isinstance(base, int | float) or not isinstance(exponent, int | float):
        raise FormulaError("only numbers have powers")
    if base and exponent * math.log10(abs(base)) > math.log10(LARGEST):
        raise FormulaError(f"{number_text(base)} ** {number_text(exponent)} is larger than any number of an exam")
    value = base**exponent
    if isinstance(value, complex):
        raise FormulaError(f"{number_text(base)} ** {number_text(exponent)} is no real number")
    return _bounded(value)


def _bounded(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not -LARGEST <= value <= LARGEST:  # catches nan and infinities too
            raise FormulaError("the result is larger than any number of an exam")
    elif isinstance(value, str | list) and _weight(value) > LONGEST_LIST:
        raise FormulaError(f"the result is too long; {LONGEST_LIST:,} items or characters are allowed")
    return value


def _weight(value: Any) -> int:
    """How long a value would be when written out."""
    match value:
        case str():
            return len(value)
        case list():
            return len(value) + sum(_weight(item) for item in value if isinstance(item, list | dict))
        case dict():
            return len(value) + sum(_weight(item) for item in value.values() if isinstance(item, list | dict))
    return 1


def _member(owner: Any, name: str, owner_text: str) -> Any:
    if isinstance(owner, Mapping):
        if name in owner:
            return owner[name]
        known = ", ".join(map(str, owner))
        raise FormulaError(f"'{owner_text}' has no '{name}'", f"{owner_text}.{name}", f"it has: {known}")
    raise FormulaError(f"'{owner_text}' has no parts, so no '{name}'", f"{owner_text}.{name}")


def _item(owner: Any, index: Any) -> Any:
    if isinstance(owner, list | str) and isinstance(index, int):
        if not -len(owner) <= index < len(owner):
            raise FormulaError(f"there is no item {index} among {len(owner)}")
        return owner[index]
    if isinstance(owner, Mapping) and isinstance(index, str | int):
        return _member(owner, str(index), "it")
    raise FormulaError(f"there is no item '{index}'")


# ---- values as a person would write them ----

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number_text(value: float, significant: int = 3) -> str:
    """A number as a person would write it: integers exact, others with significant digits, never -0.0.

    >>> number_text(144), number_text(0.123456), number_text(1.2345e-07), number_text(-0.0)
    ('144', '0.123', '1.23 × 10⁻⁷', '0')
    """
    if isinstance(value, int):
        return str(value).replace("-", "−")
    if value == 0:
        return "0"
    if not math.isfinite(value):
        raise FormulaError(f"{value} is no number that can be printed")
    exact = Decimal(repr(float(value)))
    rounded = Context(prec=significant, rounding=ROUND_HALF_UP).create_decimal(exact)
    exponent = rounded.adjusted()
    plain = -5 < exponent < 6
    text = format(rounded if plain else rounded.scaleb(-exponent), "f")
    if "." in text and (rounded == exact or float(text).is_integer()):
        text = text.rstrip("0").rstrip(".")
    return (text if plain else f"{text} × 10{str(exponent).translate(_SUPERSCRIPTS)}").replace("-", "−")


def tex_number(value: float, significant: int = 6) -> str:
    """A number as number_text writes it, for LaTeX: with a hyphen for its sign, and powers raised by ^."""
    text, _, raised = number_text(value, significant).replace("−", "-").partition(" × 10")
    return rf"{text} \times 10^{{{raised.translate(LOWERED)}}}" if raised else text


def _tex_exact(value: float) -> str:
    """The same with as many digits as the number has, six where it has no end."""
    if isinstance(value, int) or not math.isfinite(value) or (digits := exact_digits(value)) is None:
        return tex_number(value)
    return tex_number(float(f"{value:.{digits}g}"), max(6, digits))


def grouped(value: int) -> str:
    """A whole number with commas from five digits on: 9216, 138,357,544."""
    return (f"{value:,}" if abs(value) >= LARGE else str(value)).replace("-", "−")


def tex_grouped(value: int) -> str:
    """The same for LaTeX, where a bare comma would part two numbers: 138{,}357{,}544."""
    return grouped(value).replace(",", "{,}").replace("−", "-")


LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def exact_digits(value: float) -> int | None:
    """How many significant digits write a number exactly, noise of computing aside; None for more than MOST_EXACT."""
    for digits in (9, MOST_EXACT):
        short = float(f"{value:.{digits}g}")
        if math.isclose(short, value, rel_tol=NOISE if digits == 9 else 0.0):
            return len(Decimal(repr(short)).normalize().as_tuple().digits)
    return None


MOST_EXACT = 12  # significant digits; more are no number of an exam
NOISE = 2e-13  # of a number with up to nine digits, relative; no fraction n/1000 is as close


def shown(value: Any, number: Callable[[float], str] | None = None) -> str:
    """A value as it stands in a sentence: numbers as they are, those that have no end with three digits.

    >>> shown(12.25), shown(1234.0), shown(1 / 3), shown([0.03125, 1])
    ('12.25', '1234', '0.333', '0.03125, 1')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return (number or _number)(value)
    if isinstance(value, list):
        return ", ".join(shown(one, number) for one in value)
    raise FormulaError("this value has several parts; name one of them, as in 'scene.place'")


def _number(value: float) -> str:
    if not math.isfinite(value) or (digits := exact_digits(value)) is None:
        return number_text(value)
    short = float(f"{value:.{digits}g}")
    whole = short == round(short) and digits > 3  # 1e9 stays 10⁹
    return number_text(round(short)) if whole else number_text(short, max(3, digits))


def rounds(value: Any) -> bool:
    """Whether `shown` prints another number than the value."""
    if isinstance(value, list):
        return any(map(rounds, value))
    return isinstance(value, float) and exact_digits(value) is None
