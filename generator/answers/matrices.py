r"""Turn vector and matrix notation as students write it into trees, over names that are known.

`(p - y) x^T`, `W2ᵀδ ⊙ h ⊙ (1 − h)` and `\frac{1}{N} X^\top (Xw - y)` are read. Where a notation has two meanings (`*`
may multiply matrices or elements) there is a reading for each. Nothing is evaluated as code.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.answers.matrix_values import (
    Applied,
    Compared,
    Name,
    Number,
    Ones,
    Power,
    Product,
    Reading,
    Sum,
    Transpose,
    Tree,
)  # fmt: skip
from generator.answers.spelling import TRANSPOSE, Unreadable, tidy
from generator.notation import GREEK

LONGEST = 2_000  # characters
MOST_TOKENS = 400
MOST_FACTORS = 2_000  # with those of definitions, each time one is used
DEEPEST = 20  # brackets
MOST_ONES = 2  # columns of ones whose length must be found out
LARGEST_POWER = 10
FUNCTIONS = {
    "relu": "relu", "ReLU": "relu", "RELU": "relu", "Relu": "relu", "sigmoid": "sigmoid", "sigma": "sigmoid",
    "sig": "sigmoid", "tanh": "tanh", "exp": "exp", "log": "log", "ln": "log", "sqrt": "sqrt", "sin": "sin",
    "cos": "cos", "softmax": "softmax", "Softmax": "softmax", "softplus": "softplus", "sum": "sum", "mean": "mean",
    "abs": "abs", "sign": "sign", "sgn": "sign", "step": "step", "heaviside": "step", "square": "square",
    "diag": "diag", "outer": "outer", "dot": "dot", "max": "max", "min": "min", "norm": "norm",
    "I": "indicator", "transpose": "transpose", "multiply": "multiply", "matmul": "matmul",
}  # fmt: skip
_TOKEN = re.compile(
    r"(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)|𝟏(?P<ones>[A-Za-z]\w*)?|(?P<word>[A-Za-z][A-Za-z0-9]*)"
    r"|(?P<sign>[-+*/^@·⊙⊘⊗()\[\]{},|‖<>≥≤'ᵀ])"
)
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class _Token:
    kind: str  # number, ones, name, function or sign
    text: str
    touches: bool  # whether nothing stands between it and the token before


@dataclass(frozen=True)
class Response:
    """The trees that a response may be read as, and how many columns of ones it has whose length is open."""

    trees: tuple[Tree, ...]
    ones: int

    def readings(self, sizes: Sequence[str]) -> Iterator[Reading]:
        """Every way to take it, the most usual first; `sizes` are the lengths that a column of ones may have."""
        for lengths in itertools.product(sizes, repeat=self.ones):
            for tight, matrices in itertools.product((True, False), repeat=2):
                for tree in self.trees:
                    yield Reading(tree, tight, matrices, lengths)


def read(text: str, names: Iterable[str]) -> Response:
    """Read a response over known names; raises Unreadable.

    Definitions may stand before it (`d = p - y; d x^T`) or behind it (`d x^T, d = p - y`, `d x^T where d = p - y`),
    and so may what it is set equal to (`dW = …`).
    """
    if len(text) > LONGEST:
        raise Unreadable(f"an expression of {len(text)} characters is too long")
    known = {name.replace("_", ""): name for name in names}
    main, *behind = re.split(r",?\s+(?:where|with)\s+", tidy(text), maxsplit=1)
    pieces = [piece for piece in re.split(_BETWEEN, main) if piece.strip()] or [""]
    last = _main(pieces, known)
    before = [piece for piece in pieces if piece is not last]
    before += re.split(rf"{_BETWEEN}|\sand\s", behind[0]) if behind else []
    reading = _Text(known, {}, 0)
    for piece in before:
        left, equals, right = piece.partition("=")
        if equals and (name := left.strip().replace(" ", "")).isidentifier():
            reading.defined[name] = reading.trees(right.rpartition("=")[2])
    trees, _ = reading.trees(last.rpartition("=")[2])
    if reading.ones > MOST_ONES:
        raise Unreadable("there are too many columns of ones")
    return Response(trees, reading.ones)


_BETWEEN = r"[;\n]|,(?=\s*[^\W\d]\w*\s*=)"  # a comma parts definitions, and what a function is given


def _main(pieces: Sequence[str], known: Mapping[str, str]) -> str:
    """The piece that is the answer: the last one that defines nothing for the others."""
    for piece in reversed(pieces):
        left, equals, _ = piece.partition("=")
        name = left.strip().replace(" ", "")
        others = [other.rpartition("=")[2] for other in pieces if other is not piece]
        used = name.isidentifier() and name not in known and any(_uses(other, name) for other in others)
        if not equals or not used:
            return piece
    return pieces[-1]


def _uses(text: str, name: str) -> bool:
    return re.search(rf"(?<![^\W\d_]){re.escape(name)}", text) is not None


@dataclass
class _Text:
    """What a response has defined so far, and how many columns of ones it has."""

    known: Mapping[str, str]
    defined: dict[str, tuple[tuple[Tree, ...], int]]  # the ways to read each, and how many factors it has
    ones: int

    def trees(self, text: str) -> tuple[tuple[Tree, ...], int]:
        """The ways to read an expression, and how many factors it has; raises Unreadable."""
        tokens = list(_tokens(text, self.known, self.defined))
        if len(tokens) > MOST_TOKENS:
            raise Unreadable("this expression is too long")
        readers = [_Reader(tokens, self, way) for way in range(2 if "/" in text else 1)]  # 1/2N also as 1/(2N)
        trees = tuple(dict.fromkeys(reader.whole() for reader in readers))
        self.ones = readers[0].ones
        return trees, readers[0].factors


def _tokens(text: str, known: Mapping[str, str], defined: Mapping[str, Any]) -> Iterator[_Token]:
    place, end = 0, 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        found = _TOKEN.match(text, place)
        if not found:
            raise Unreadable(f"'{text[place:].strip()[:20]}' has no meaning here")
        touches, end = place == end and place > 0, found.end()
        place = end
        kind = found.lastgroup or "ones"
        if kind == "word":
            yield from _words(found[0], known, defined, touches)
        else:
            yield _Token(kind, found["ones"] or "" if kind == "ones" else found[0], touches)


def _words(run: str, known: Mapping[str, str], defined: Mapping[str, Any], touches: bool) -> Iterator[_Token]:
    """Divide letters that stand together into names and functions, the longest first."""
    names = sorted({*known, *defined, *FUNCTIONS, "e"}, key=len, reverse=True)
    rest = run
    if run in GREEK and run not in names:
        names = []  # δ is no product of d, e …
    while rest:
        fitting = [name for name in names if rest.startswith(name) and not rest[len(name) :][:1].isdigit()]
        fitting += [
            name for name in names
            if name not in FUNCTIONS and rest.lower().startswith(name.lower()) and not rest[len(name) :][:1].isdigit()
        ]  # fmt: skip
        if not fitting:
            listed = ", ".join(GREEK.get(name, name) for name in known.values())
            raise Unreadable(f"'{GREEK.get(run, run if rest == run else rest)}' is none of {listed}")
        name = fitting[0]
        is_name = name in known or name in defined
        yield _Token("name" if is_name else "function", name, touches)
        rest, touches = rest[len(name) :], True


class _Reader:
    """A recursive descent: sums of products of factors, each with transposes and powers behind it."""

    def __init__(self, tokens: Sequence[_Token], text: _Text, way: int) -> None:
        self.tokens, self.known, self.defined, self.way = tokens, text.known, text.defined, way
        self.ones = text.ones
        self.place = self.depth = self.factors = 0
        self.bars: list[str] = []

    def whole(self) -> Tree:
        tree = self.compared()
        if self.place < len(self.tokens):
            raise Unreadable(f"'{self.rest()}' was not expected here")
        return tree

    def rest(self) -> str:
        return "".join(token.text or "1" for token in self.tokens[self.place :])[:20]

    def peek(self) -> _Token | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def sign(self, signs: str) -> str:
        """Take the next token when it is one of these signs."""
        token = self.peek()
        if token and token.kind == "sign" and token.text in signs:
            self.place += 1
            return token.text
        return ""

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable("brackets are nested too deep")

    def one(self) -> Ones:
        """Another column of ones."""
        self.ones += 1
        return Ones(self.ones - 1)

    def named(self, name: str) -> Tree:
        """A known name, or what the response defines it to be."""
        if name not in self.defined:
            return Name(self.known[name])
        trees, factors = self.defined[name]
        self.count(factors)
        return trees[min(self.way, len(trees) - 1)]

    def count(self, factors: int) -> None:
        self.factors += factors
        if self.factors > MOST_FACTORS:
            raise Unreadable("this expression is too long")

    def close(self, bracket: str) -> None:
        if not self.sign(_BRACKETS[bracket]):
            said = f"'{self.rest()}' was not expected here" if self.peek() else "a bracket is not closed"
            raise Unreadable(said)

    def compared(self) -> Tree:
        left = self.sum()
        if sign := self.sign("<>≥≤"):
            return Compared(left, sign, self.sum())
        return left

    def sum(self) -> Tree:
        self.deeper()
        terms = []
        sign = -1 if self.sign("-") else 1
        self.sign("+")
        while True:
            terms.append((sign, self.product()))
            if not (taken := self.sign("+-")):
                self.depth -= 1
                return terms[0][1] if len(terms) == 1 and terms[0][0] == 1 else Sum(tuple(terms))
            sign = -1 if taken == "-" else 1

    def product(self) -> Tree:
        factors: list[tuple[str, Tree]] = [("", self.factor())]
        while True:
            if operation := self.sign("·*@⊙⊗/⊘"):
                sign = -1 if self.sign("-") else 1  # 2 * -x
                factor = self.factor()
                if operation == "/" and self.way:
                    factor = self.long_denominator(factor)
                factors.append((operation, factor if sign == 1 else Sum(((-1, factor),))))
            elif self.begins_factor():
                factors.append(("", self.factor(first=False)))
            else:
                return factors[0][1] if len(factors) == 1 else Product(tuple(factors))

    def long_denominator(self, factor: Tree) -> Tree:
        """In 1/2N, the N too."""
        factors = [("", factor)]
        while (token := self.peek()) and token.touches and token.kind in ("number", "name"):
            factors.append(("", self.factor()))
        return factor if len(factors) == 1 else Product(tuple(factors))

    def begins_factor(self) -> bool:
        token = self.peek()
        if token is None:
            return False
        if token.kind == "sign" and token.text in "|‖":
            return token.text not in self.bars  # an open bar is closed here
        return token.kind != "sign" or token.text in _BRACKETS

    def factor(self, first: bool = True) -> Tree:
        token = self.peek()
        if token is None:
            raise Unreadable("something is missing at the end")
        self.place += 1
        self.count(1)
        match token.kind:
            case "number":
                one = token.text == "1" and (not first or self.transposed_next())  # Dᵀ 1, 1ᵀ D: a column of ones
                base: Tree = self.one() if one else Number(float(token.text))
            case "ones":
                base = Ones(-1, self.known.get(token.text, token.text)) if token.text else self.one()
            case "name":
                base = self.named(token.text)
            case "function":
                base = self.function(token.text)
            case _:
                base = self.bracketed(token)
        open_one = isinstance(base, Ones) and not base.length
        if (open_one or token.text == "1") and (indicator := self.indicator()):
            self.ones -= open_one
            base = indicator
        return self.behind(base)

    def transposed_next(self) -> bool:
        token = self.peek()
        return bool(token and token.kind == "sign" and token.text in f"{TRANSPOSE}'")

    def indicator(self) -> Tree | None:
        """A comparison in brackets behind a one: 1[z > 0]."""
        token = self.peek()
        if not token or token.text not in _BRACKETS or token.kind != "sign":
            return None
        start, ones = self.place, self.ones
        self.place += 1
        inner = self.bracketed(token)
        if isinstance(inner, Compared):
            return inner
        self.place, self.ones = start, ones
        return None

    def bracketed(self, token: _Token) -> Tree:
        if token.text in ("|", "‖"):
            self.bars.append(token.text)
            inner = self.sum()
            if not self.sign(token.text):
                raise Unreadable(f"'{token.text}' is not closed")
            self.bars.pop()
            return Applied("abs" if token.text == "|" else "norm", (inner,))
        if token.text not in _BRACKETS:
            raise Unreadable(f"something is missing before '{token.text}'")
        bars, self.bars = self.bars, []
        inner = self.compared()
        self.close(token.text)
        self.bars = bars
        return inner

    def function(self, name: str) -> Tree:
        self.deeper()
        tree = self.exponential() if name == "e" else self.called(name)
        self.depth -= 1
        return tree

    def exponential(self) -> Tree:
        """A power of e."""
        if not self.sign("^"):
            raise Unreadable("'e' needs its exponent")
        token = self.peek()
        if token and token.kind == "sign" and token.text in "-+":
            self.place += 1
            inner = self.factor()
            return Applied("exp", (inner if token.text == "+" else Sum(((-1, inner),)),))
        return Applied("exp", (self.atom(),))

    def called(self, name: str) -> Tree:
        primed = bool(self.sign("'"))
        exponent = self.exponent() if self.sign("^") else None
        given = self.given()
        tree: Tree = Applied(FUNCTIONS[name], given, primed)
        return tree if exponent is None else Power(tree, exponent)

    def given(self) -> tuple[Tree, ...]:
        """What a function is applied to: in brackets, or the next factor."""
        token = self.peek()
        if token is None:
            raise Unreadable("a function needs something in brackets")
        if token.kind != "sign" or token.text not in _BRACKETS:
            return (self.factor(),)
        self.place += 1
        bars, self.bars = self.bars, []
        given = [self.compared()]
        while self.sign(","):
            given.append(self.compared())
        self.close(token.text)
        self.bars = bars
        return tuple(given)

    def atom(self) -> Tree:
        """One number, name or bracket, without what stands behind it."""
        token = self.peek()
        if token is None:
            raise Unreadable("something is missing at the end")
        self.place += 1
        if token.kind == "number":
            return Number(float(token.text))
        if token.kind == "name":
            return self.named(token.text)
        if token.kind == "function":
            return self.function(token.text)
        return self.bracketed(token)

    def behind(self, base: Tree) -> Tree:
        """Transposes and powers."""
        while True:
            if self.sign(f"{TRANSPOSE}'"):
                base = base.base if isinstance(base, Transpose) else Transpose(base)
            elif self.sign("^"):
                base = Power(base, self.exponent())
            else:
                return base

    def exponent(self) -> float:
        brace = self.sign("{(")
        self.sign("⊙")
        sign = -1 if self.sign("-") else 1
        token = self.peek()
        if token is None or token.kind != "number":
            raise Unreadable(f"the exponent '{self.rest()}' is no number")
        self.place += 1
        value = sign * float(token.text)
        if brace and self.sign("/"):
            under = self.peek()
            if under is None or under.kind != "number" or not float(under.text):
                raise Unreadable(f"the exponent '{self.rest()}' is no number")
            self.place += 1
            value /= float(under.text)
        if brace and not self.sign(_BRACKETS[brace]):
            raise Unreadable(f"the exponent '{self.rest()}' is no number")
        if abs(value) > LARGEST_POWER:
            raise Unreadable(f"the exponent {value:g} is too large")
        return value
