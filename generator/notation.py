"""Turn a tensor expression into usual notation, where vectors are columns: as LaTeX, or as plain text.

`outer(p - y, x)` becomes (p − y) xᵀ, `W.T @ d` becomes Wᵀ d, and `h * (1 - h)` becomes h ⊙ (1 − h).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from generator import tensors
from generator.formulas import number_text, tex_number
from generator.tensors import Expression, Shape

SUM, ELEMENTS, PRODUCT, POWER = range(4)  # how tightly something binds
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ", "kappa": "κ",
    "lam": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "psi": "ψ",
    "omega": "ω",
}  # fmt: skip
_NAME = re.compile(r"(d(?=[A-Za-z]\d*$))?([A-Za-z]+?)(hat|bar)?_?(\d+|(?<=_)\w+)?")
_LATEX = {
    "relu": r"\mathrm{ReLU}", "sigmoid": r"\sigma", "log_softmax": r"\log\,\mathrm{softmax}", "log": r"\log",
    "sin": r"\sin", "cos": r"\cos", "tanh": r"\tanh", "max": r"\max", "min": r"\min", "norm2": "",
}  # fmt: skip


def symbol(name: str) -> str:
    """A name as LaTeX: W1 is W_{1}, lam is λ, yhat is y with a hat, dz2 is dz_{2}."""
    found = _NAME.fullmatch(name)
    if not found:
        return rf"\mathrm{{{name.replace('_', ' ')}}}"
    before, letters, mark, index = found.groups()
    if letters in GREEK:
        base = rf"\{'lambda' if letters == 'lam' else letters}"
    else:
        base = letters if len(letters) == 1 else rf"\mathrm{{{letters}}}"
    if mark:
        base = rf"\{mark}{{{base}}}"
    return (before or "") + base + (f"_{{{index}}}" if index else "")


def latex(expression: Expression, known: Mapping[str, Shape], values: Mapping[str, tensors.Value] | None = None) -> str:
    """An expression over tensors of known shapes as LaTeX, with numbers for the scalars of `values`."""
    return _Writer(known, "latex", values or {}).write(expression.tree).text


def plain(expression: Expression, known: Mapping[str, Shape]) -> str:
    """The same as a line of text, which can be read again."""
    return _Writer(known, "plain", {}).write(expression.tree).text


@dataclass(frozen=True)
class _Piece:
    """Something written, how tightly it binds, and its shape."""

    text: str
    binds: int
    shape: Shape


def _digit(text: str) -> bool:
    """Whether a number would run into what stands before it."""
    return text[:1] in "0123456789"


class _Writer:
    """A pass over a tree that writes every piece of it, inner pieces first."""

    def __init__(
        self, known: Mapping[str, Shape], style: Literal["latex", "plain"], values: Mapping[str, tensors.Value]
    ) -> None:
        self.known, self.latex, self.values = known, style == "latex", values

    def write(self, node: ast.expr) -> _Piece:
        match node:
            case ast.Constant(value=int() | float() as value):
                return _Piece(tex_number(value) if self.latex else number_text(value, 12), POWER, ())
            case ast.Name(id=name) if name in self.values and self.known[name] == ():
                number = tex_number(self.values[name], 4)
                return _Piece(number, SUM if number.startswith("-") else POWER, ())
            case ast.Name(id=name):
                return _Piece(symbol(name) if self.latex else GREEK.get(name, name), POWER, self.known[name])
            case ast.Attribute(value=base):
                return self.transposed(self.write(base))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.write(operand)
                return _Piece(f"-{self.within(inner, ELEMENTS)}", SUM, inner.shape)
            case ast.UnaryOp(operand=operand):
                return self.write(operand)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self.power(self.write(left), tensors.exponent(right))
            case ast.BinOp(left=left, op=op, right=right):
                return self.pair(op, self.write(left), self.write(right))
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self.call(name, [self.write(argument) for argument in arguments])
        raise AssertionError(ast.unparse(node))

    # ---- pieces ----

    def within(self, piece: _Piece, least: int) -> str:
        """A piece as an operand: in brackets when it binds less tightly."""
        return piece.text if piece.binds >= least else self.bracketed(piece.text)

    def bracketed(self, text: str) -> str:
        return rf"\left({text}\right)" if self.latex and "\\frac" in text else f"({text})"

    def transposed(self, piece: _Piece) -> _Piece:
        mark = r"^{\top}" if self.latex else "^T"
        return _Piece(self.within(piece, POWER) + mark, PRODUCT, piece.shape[::-1])

    def power(self, base: _Piece, exponent: float) -> _Piece:
        raised = tex_number(exponent) if self.latex else number_text(exponent, 12).replace("−", "-")
        mark = f"^{{{raised}}}" if self.latex or len(raised) > 1 else f"^{raised}"
        whole = base.text if base.binds == POWER and "^" not in base.text else self.bracketed(base.text)
        return _Piece(whole + mark, PRODUCT, base.shape)

    def product(self, left: str, right: str, shape: Shape) -> _Piece:
        space = r"\," if self.latex else " "
        joined = rf"{left} \cdot {right}" if self.latex and _digit(right) else f"{left}{space}{right}"
        return _Piece(joined if self.latex or not _digit(right) else f"{left} * {right}", PRODUCT, shape)

    def pair(self, op: ast.operator, left: _Piece, right: _Piece) -> _Piece:
        shape = max(left.shape, right.shape, key=len)
        match op:
            case ast.Add() | ast.Sub():
                left, right = (self.spread(one, shape) for one in (left, right))
                sign = "+" if isinstance(op, ast.Add) else "-"
                second = self.bracketed(right.text) if right.text.startswith("-") else right.text
                second = self.within(right, ELEMENTS) if sign == "-" else second
                return _Piece(f"{left.text} {sign} {second}", SUM, shape)
            case ast.MatMult():
                return self.matmul(left, right)
            case ast.Div():
                return self.quotient(left, right, shape)
        if left.shape and right.shape:
            left, right = (self.spread(one, shape) for one in (left, right))
            sign = r"\odot" if self.latex else "⊙"
            return _Piece(f"{self.within(left, ELEMENTS)} {sign} {self.within(right, ELEMENTS)}", ELEMENTS, shape)
        if left.shape:
            left, right = right, left  # the scalar first
        return self.product(self.within(left, PRODUCT), self.within(right, PRODUCT), shape)

    def spread(self, piece: _Piece, shape: Shape) -> _Piece:
        """A vector that is added to each row of a matrix."""
        if len(piece.shape) != 1 or len(shape) != 2:
            return piece
        ones = r"\mathbf{1}" if self.latex else "𝟏"
        return self.product(ones, self.transposed(piece).text, shape)

    def quotient(self, left: _Piece, right: _Piece, shape: Shape) -> _Piece:
        if self.latex and left.shape and not right.shape:
            whole = self.within(left, PRODUCT)
            number = re.match(r"([0-9.]+)\\,", whole)
            share = rf"\frac{{{number[1] if number else 1}}}{{{right.text}}}"
            return self.product(share, whole[number.end() :] if number else whole, shape)
        if self.latex:
            return _Piece(rf"\frac{{{left.text}}}{{{right.text}}}", PRODUCT, shape)
        return _Piece(f"{self.within(left, PRODUCT)} / {self.within(right, POWER)}", PRODUCT, shape)

    def matmul(self, left: _Piece, right: _Piece) -> _Piece:
        shape = left.shape[:-1] + right.shape[1:]
        if len(left.shape) == 1 and len(right.shape) == 2:
            left, right = self.transposed(right), left  # a row times a matrix, as the column that it is here
        elif len(left.shape) == 1:
            left = self.transposed(left)
        whole = self.product(self.within(left, PRODUCT), self.within(right, PRODUCT), shape)
        return whole if shape else _Piece(whole.text, ELEMENTS, ())  # as a factor, a dot product needs brackets

    def call(self, name: str, given: list[_Piece]) -> _Piece:
        first = given[0]
        match name:
            case "outer":
                shape = (*first.shape, *given[1].shape)
                return self.product(self.within(first, PRODUCT), self.transposed(given[1]).text, shape)
            case "dot":
                return self.matmul(first, given[1])
            case "sum_rows":
                ones = r"\mathbf{1}" if self.latex else "𝟏"
                return self.product(self.transposed(first).text, ones, first.shape[1:])
            case "square":
                return self.power(first, 2)
            case "step":
                said = rf"\mathbb{{1}}[{first.text} > 0]" if self.latex else f"1[{first.text} > 0]"
                return _Piece(said, POWER, first.shape)
            case "exp" if self.latex:
                return _Piece(f"e^{{{first.text}}}", PRODUCT, first.shape)
            case "sqrt" if self.latex:
                return _Piece(rf"\sqrt{{{first.text}}}", POWER, first.shape)
            case "norm2":
                bars = (r"\lVert ", r" \rVert") if self.latex else ("||", "||")
                return _Piece(first.text.join(bars), POWER, ())
            case "abs":
                bars = (r"\lvert ", r" \rvert") if self.latex else ("|", "|")
                return _Piece(first.text.join(bars), POWER, first.shape)
        shape = first.shape if name in (*tensors.ELEMENTWISE, *tensors.ROWS, "leaky_relu") else ()
        shape = max((one.shape for one in given), key=len) if name in ("max", "min") and len(given) == 2 else shape
        shape = (*first.shape, *first.shape) if name == "diag" else shape
        called = _LATEX.get(name, rf"\mathrm{{{name.replace('_', ' ')}}}") if self.latex else name
        inner = ", ".join(one.text for one in given)
        return _Piece(f"{called}{self.bracketed(inner)}", POWER, shape)
