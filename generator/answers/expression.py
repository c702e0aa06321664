"""A sum of products of symbols, as the gradient of one input element: equal means equal as polynomials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from generator import formulas as formula_room
from generator import reference
from generator.answers.kind import (
    UNREADABLE,
    Drawn,
    Finding,
    Known,
    Mark,
    Response,
    Responses,
    RubricItem,
    RubricSpec,
    check_layers,
    check_quantity,
    check_rubric,
    rubric_items,
)  # fmt: skip
from generator.answers.polynomials import Monomial, Polynomial, Symbols, Unreadable
from generator.layers import size
from generator.spec import Model, Name, Prose, Term
from generator.text import KeyPath


class SymbolSpec(Model):
    """What the paper calls the three tensors."""

    input: Name = "X"
    output_gradient: Name = "dY"
    weight: Name = "W"


class Spec(Model):
    """`expression: input_gradient` with the convolution and the element of its input."""

    expression: str = Field(description="a quantity: input_gradient")
    layer: Name = Field(description="the convolution")
    index: Annotated[list[Term], Field(min_length=2, max_length=2)] = Field(
        description="row and column, counted from 1"
    )
    symbols: SymbolSpec = SymbolSpec()
    lines: Annotated[int, Field(ge=1, le=30)] = 5
    rubric: RubricSpec = []


@dataclass(frozen=True)
class ExpressionAnswer:
    """The terms, in the order of the outputs; `target` is what they are equal to."""

    target: str  # LaTeX
    terms: tuple[tuple[Monomial, int], ...]
    symbols: Symbols
    note: str
    lines: int
    rubric: tuple[RubricItem, ...]
    worked: str

    @property
    def recorded(self) -> str:
        """dY11·W23 + dY12·W22 + …"""
        return _text(self.terms, self._spaced)

    @property
    def latex(self) -> str:
        """The sum as LaTeX, set equal to the target."""
        return f"{self.target} = " + _latex(self.terms, self._spaced)

    @property
    def _spaced(self) -> bool:
        """Indices above 9 need a comma."""
        return any(index > 9 for monomial, _ in self.terms for _, indices in monomial for index in indices)

    @property
    def polynomial(self) -> Polynomial:
        """The answer, ready to be compared."""
        return {tuple(sorted(monomial)): coefficient for monomial, coefficient in self.terms}

    def mark(self, response: Response) -> Mark:
        """Right when it agrees as a polynomial; else the missing and the needless terms are named."""
        if not isinstance(response, str):
            return UNREADABLE
        try:
            given = self.symbols.read(response)
        except Unreadable as error:
            return Mark(0.0, (str(error),), readable=False)
        if given == self.polynomial:
            return Mark(1.0)
        return Mark(0.0, tuple(self._differences(given)))

    def _differences(self, given: Polynomial) -> Iterator[str]:
        missing = [(m, c) for m, c in self.terms if given.get(tuple(sorted(m)), 0) != c]
        needless = [(m, c) for m, c in given.items() if self.polynomial.get(m, 0) != c]
        if missing:
            yield f"missing: {_text(missing, self._spaced)}"
        if needless:
            yield f"needless: {_text([(_weights_last(m), c) for m, c in needless[:20]], self._spaced)}"

    def responses(self) -> Responses:
        """The answer in another order and spelling, one without its first term, and words."""
        right = " + ".join(
            " ".join(f"{n}_{{{','.join(map(str, i))}}}" for n, i in reversed(m)) for m, _ in reversed(self.terms)
        )
        extra = "".join(f"{name}[{','.join(map(str, size))}]" for name, size in self.symbols.sizes.items())
        wrong = (
            _text(self.terms[1:], spaced=True)
            if len(self.terms) > 1
            else f"{_text(self.terms, spaced=True)} + 2{extra}"
        )
        return Responses(right or "0", wrong, "the sum over all windows")


def _weights_last(monomial: Monomial) -> Monomial:
    """DY before W, as the paper writes it."""
    return tuple(reversed(monomial)) if len(monomial) == 2 else monomial


def _text(terms: tuple[tuple[Monomial, int], ...] | list[tuple[Monomial, int]], spaced: bool) -> str:
    return _signed([(c, "·".join(_symbol(n, i, spaced) for n, i in m)) for m, c in terms], "·")


def _symbol(name: str, indices: tuple[int, ...], spaced: bool) -> str:
    return f"{name}[{','.join(map(str, indices))}]" if spaced else name + "".join(map(str, indices))


def _latex(terms: tuple[tuple[Monomial, int], ...], spaced: bool) -> str:
    comma = "," if spaced else ""
    return _signed([(c, "\\,".join(f"{n}_{{{comma.join(map(str, i))}}}" for n, i in m)) for m, c in terms], "\\,")


def _signed(pieces: list[tuple[int, str]], times: str) -> str:
    """Join coefficients and products: 2a − b."""
    text = ""
    for coefficient, product in pieces:
        size = abs(coefficient)
        body = product if size == 1 and product else f"{size}{times}{product}" if product else str(size)
        text += (" + " if coefficient > 0 else " - ") + body if text else ("" if coefficient > 0 else "-") + body
    return text or "0"


def formulas(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """The indices."""
    for place, index in enumerate(spec.index):
        if isinstance(index, str):
            yield ("index", place), index


def prose(spec: Spec) -> Iterator[tuple[KeyPath, Prose]]:
    """The rubric."""
    for place, item in enumerate(spec.rubric):
        for given, what in item.items():
            yield ("rubric", place, given), what


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """The quantity gives terms, the layer exists, the rubric adds up, the symbols differ."""
    yield from check_quantity(spec.expression, {"terms"}, {}, ("expression",))
    for finding in check_layers([spec.layer], known, ("layer",)):
        yield Finding(("layer",), finding.message, finding.hint)
    yield from check_rubric(spec.rubric, known.points, ("rubric",))
    names = (spec.symbols.input, spec.symbols.output_gradient, spec.symbols.weight)
    if len(set(names)) < len(names):
        yield Finding(("symbols",), f"the symbols {', '.join(names)} are not all different")
    for name in names:
        if not name.isalpha():
            yield Finding(("symbols",), f"the symbol '{name}' has more than letters", "its indices follow it at once")


def answer(spec: Spec, drawn: Drawn) -> ExpressionAnswer:
    """Find the terms by autograd."""
    network, module = drawn.the_network(), reference.quantity(spec.expression)
    index = tuple(size(formula_room.read(str(term)), drawn.values) for term in spec.index)
    found = reference.answer(spec.expression, network, layer=spec.layer, index=index)
    x, dy, w = spec.symbols.input, spec.symbols.output_gradient, spec.symbols.weight
    terms = tuple((((dy, at), (w, weight)), coefficient) for (at, weight), coefficient in found)
    (after,) = reference.answer("output_shape", network, layers=(spec.layer,))
    kernel = network.layer(spec.layer).argument("kernel_size")
    symbols = Symbols({dy: after[1:], w: kernel if isinstance(kernel, tuple) else (kernel, kernel)})
    worked = module.worked(network, layer=spec.layer, index=index, names=(x, dy, w))
    says = module.says()
    target = f"d{x}_{{{','.join(map(str, index))}}}"
    note = f"{says[:1].upper()}{says[1:]}."
    rubric = tuple(RubricItem(item.points, drawn.fill(item.what)) for item in rubric_items(spec.rubric))
    return ExpressionAnswer(target, terms, symbols, note, spec.lines, rubric, worked)
