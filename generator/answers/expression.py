"""A sum of products of symbols, as the gradient of one input element: equal means equal as polynomials.

A quantity that gives terms has, beside what all have, TARGET (what is differentiated by: input, weight or bias) and
sizes(network, layer): the factors of a term, and how far the indices of each go. Its `worked` may take `names`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from generator import reference
from generator.answers import asking
from generator.answers.asking import Asking
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
    check_rubric,
    rubric_items,
)  # fmt: skip
from generator.answers.polynomials import Monomial, Polynomial, Symbols, Unreadable
from generator.reference import Asked
from generator.reference.convolution_terms import USUAL_NAMES, Terms
from generator.reference.given import first_place
from generator.spec import Model, Name, Prose
from generator.text import KeyPath


class SymbolSpec(Model):
    """What the paper calls the tensors."""

    input: Name = USUAL_NAMES["input"]
    output_gradient: Name = USUAL_NAMES["output_gradient"]
    weight: Name = USUAL_NAMES["weight"]
    bias: Name = USUAL_NAMES["bias"]


class Spec(Asking):
    """`expression: input_gradient` with the convolution and the element of its input."""

    expression: str = Field(
        description="a quantity that gives a sum of terms: input_gradient, weight_gradient, bias_gradient"
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
    asked: Asked | None = field(default=None, compare=False, repr=False)

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
        return _polynomial(self.terms)

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
        return Mark(0.0, (*self._differences(given), *self._why(given)))

    def _why(self, given: Polynomial) -> Iterator[str]:
        """The misconception that leads to exactly what was given, if one does."""
        for slip in self.asked.slips() if self.asked else ():
            if _polynomial(_named(slip.value, self.symbols)) == given:
                yield slip.says
                return

    def _differences(self, given: Polynomial) -> Iterator[str]:
        missing = [(m, c) for m, c in self.terms if given.get(tuple(sorted(m)), 0) != c]
        needless = [(m, c) for m, c in given.items() if self.polynomial.get(m, 0) != c]
        if missing:
            yield f"missing: {_text(missing, self._spaced)}"
        if needless:
            yield f"needless: {_text([(self._in_order(m), c) for m, c in needless[:20]], self._spaced)}"

    def _in_order(self, monomial: Monomial) -> Monomial:
        """The factors as the paper writes them, dY first."""
        names = list(self.symbols.sizes)
        return tuple(sorted(monomial, key=lambda symbol: (names.index(symbol[0]), symbol[1])))

    def responses(self) -> Responses:
        """The answer in another order and spelling, one without its first term, and words."""
        right = " + ".join(
            " ".join(f"{n}_{{{','.join(map(str, i))}}}" for n, i in reversed(m)) for m, _ in reversed(self.terms)
        )
        less = 1 - self.symbols.first
        last = {name: [side - less for side in size] for name, size in self.symbols.sizes.items()}
        extra = "".join(f"{name}[{','.join(map(str, size))}]" for name, size in last.items())
        wrong = (
            _text(self.terms[1:], spaced=True)
            if len(self.terms) > 1
            else f"{_text(self.terms, spaced=True)} + 2{extra}"
        )
        return Responses(right or "0", wrong, "the sum over all windows")


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
    """The indices and other arguments of the quantity."""
    yield from asking.formulas(spec.expression, spec)


def prose(spec: Spec) -> Iterator[tuple[KeyPath, Prose]]:
    """The rubric."""
    for place, item in enumerate(spec.rubric):
        for given, what in item.items():
            yield ("rubric", place, given), what


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """The quantity gives terms, the layer exists, the rubric adds up, the symbols differ."""
    yield from asking.check(spec.expression, spec, {"terms"}, known, ("expression",))
    yield from check_rubric(spec.rubric, known.points, ("rubric",))
    names = tuple(spec.symbols.model_dump().values())
    if len(set(names)) < len(names):
        yield Finding(("symbols",), f"the symbols {', '.join(names)} are not all different")
    for name in names:
        if not name.isalpha():
            yield Finding(("symbols",), f"the symbol '{name}' has more than letters", "its indices follow it at once")


def answer(spec: Spec, drawn: Drawn) -> ExpressionAnswer:
    """Find the terms by autograd."""
    asked = asking.asked(spec.expression, spec, drawn)
    names: dict[str, str] = spec.symbols.model_dump()
    asked = Asked(asked.name, {**asked.given, "names": names})
    module = reference.quantity(spec.expression)
    sizes = module.sizes(drawn.the_network(), layer=asked.given["layer"])
    index = ",".join(map(str, asked.given.get("index", ())))
    target = f"d{names[module.TARGET]}" + (f"_{{{index}}}" if index else "")
    symbols = Symbols({names[role]: size for role, size in sizes.items()}, first_place(drawn.conventions["indices"]))
    terms = _named(asked.value, symbols)
    rubric = tuple(RubricItem(item.points, drawn.fill(item.what)) for item in rubric_items(spec.rubric))
    return ExpressionAnswer(target, terms, symbols, asked.says, spec.lines, rubric, asked.worked, asked)


def _named(terms: Terms, symbols: Symbols) -> tuple[tuple[Monomial, int], ...]:
    """Terms with the symbols that the paper uses."""
    return tuple((tuple(zip(symbols.sizes, indices, strict=True)), coefficient) for indices, coefficient in terms)


def _polynomial(terms: tuple[tuple[Monomial, int], ...]) -> Polynomial:
    """Terms, ready to be compared."""
    return {tuple(sorted(monomial)): coefficient for monomial, coefficient in terms}
