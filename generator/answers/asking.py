"""What answers share that a quantity computes: its arguments as a file gives them, and how exact a response must be."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field

from generator import formulas as formula_room
from generator import reference
from generator.answers.kind import Drawn, Finding, Known
from generator.formulas import FormulaError, number_text
from generator.layers import size
from generator.mistakes import did_you_mean
from generator.reference import Asked, Slip
from generator.spec import CONVENTIONS, Model, Name, Term
from generator.text import KeyPath

MOST_DECIMALS = 8


class Asking(Model):
    """Beside the name of a quantity: its arguments."""

    layers: list[Name] = Field([], description="layers of the listing; by default all of them")
    layer: Name | None = Field(None, description="one layer of the listing")
    index: Annotated[list[Term], Field(min_length=1, max_length=4)] | None = Field(
        None, description="a place, counted from 1: row and column"
    )
    with_: dict[Name, Any] = Field(
        {}, alias="with", description="the quantity's arguments: numbers, lists, or formulas over drawn values"
    )


class Exactness(Asking):
    """Arguments of a quantity, what is taken of its answer, and how exact a response must be."""

    pick: Name | Annotated[list[Term], Field(min_length=1, max_length=2)] | None = Field(
        None, description="one result by its name, or one element of an array by its place, counted from 1"
    )
    decimals: Annotated[int, Field(ge=0, le=MOST_DECIMALS)] | None = Field(
        None, description="decimals that the response is rounded to; by default it is exact"
    )
    tolerance: Annotated[float | int, Field(ge=0)] | None = Field(
        None, description="an absolute difference that is still right"
    )
    relative: Annotated[float, Field(gt=0, le=0.2)] | None = Field(
        None, description="a share that is still right: 0.01 for 1%"
    )


# ---- before any draw ----


def formulas(name: str, spec: Asking) -> Iterator[tuple[KeyPath, str]]:
    """The formulas among the arguments, the index and the place that is picked."""
    if name in reference.names():
        for argument, words in reference.arguments(name).items():
            if words is None and argument in spec.with_:
                yield from _texts(("with", argument), spec.with_[argument])
    places = {"index": spec.index, "pick": getattr(spec, "pick", None)}
    for key, terms in places.items():
        for place, term in enumerate(terms if isinstance(terms, list) else []):
            if isinstance(term, str):
                yield (key, place), term


def _texts(path: KeyPath, value: Any) -> Iterator[tuple[KeyPath, str]]:
    match value:
        case str():
            yield path, value
        case list():
            for place, inner in enumerate(value):
                yield from _texts((*path, place), inner)
        case dict():
            for key, inner in value.items():
                yield from _texts((*path, key), inner)


def check(name: str, spec: Asking, gives: set[str], known: Known, path: KeyPath) -> Iterator[Finding]:
    """The quantity exists and gives this, its arguments are there and no others, the layers are in the listing."""
    if name not in reference.names() or reference.quantity(name).GIVES not in gives:
        fitting = [one for one in reference.names() if reference.quantity(one).GIVES in gives]
        hint = did_you_mean(name, fitting, "docs/quantities.md")
        yield Finding(path, f"there is no quantity '{name}' for this kind of answer", hint)
        if known.layers:
            yield from check_layers(spec.layers, known, ("layers",))
        return
    yield from _arguments(name, spec)
    yield from _of_the_listing(name, spec, known, path)
    if isinstance(spec, Exactness):
        yield from _exactness(name, spec)


def _arguments(name: str, spec: Asking) -> Iterator[Finding]:
    offered = reference.arguments(name)
    for argument, value in spec.with_.items():
        if argument in CONVENTIONS:
            hint = "conventions of a question stand under 'conventions' of the question"
            yield Finding(("with", argument), f"{argument} is a convention", hint, at_key=True)
        elif argument not in offered:
            hint = did_you_mean(argument, offered) or "it takes none"
            yield Finding(("with", argument), f"{name} has no argument '{argument}'", hint, at_key=True)
        elif (words := offered[argument]) is reference.Words and not isinstance(value, str):
            yield Finding(("with", argument), f"{argument} is text", "put quotes around it")
        elif isinstance(words, tuple) and value not in words:
            yield Finding(("with", argument), f"{argument} is not '{value}'", did_you_mean(str(value), words))
    missing = [argument for argument in reference.required(name) if argument not in spec.with_]
    if missing:
        yield Finding(("with",) if spec.with_ else (), f"{name} needs {' and '.join(missing)}", "give it under 'with'")


def _of_the_listing(name: str, spec: Asking, known: Known, path: KeyPath) -> Iterator[Finding]:
    if reference.takes(name, "network") and not known.layers:
        yield Finding(("layers",) if spec.layers else path, "this answer needs a 'network' in the question")
        return
    yield from check_layers(spec.layers, known, ("layers",))
    for finding in check_layers([spec.layer] if spec.layer else [], known, ("layer",)):
        yield Finding(("layer",), finding.message, finding.hint)
    for key in ("layer", "index"):
        given, taken = getattr(spec, key) is not None, reference.takes(name, key)
        if taken and not given:
            yield Finding(path, f"{name} needs '{key}'")
        elif given and not taken and not (key == "layer" and reference.takes(name, "layers")):
            yield Finding((key,), f"{name} takes no '{key}'", at_key=True)
    if spec.layers and not reference.takes(name, "layers"):
        yield Finding(("layers",), f"{name} takes no 'layers'", at_key=True)


def _exactness(name: str, spec: Exactness) -> Iterator[Finding]:
    ways = [way for way in ("decimals", "tolerance", "relative") if getattr(spec, way) is not None]
    if len(ways) > 1:
        yield Finding((ways[-1],), f"either {ways[0]} or {ways[1]}, not both")
    gives = reference.quantity(name).GIVES
    if isinstance(spec.pick, str) and gives != "named":
        yield Finding(("pick",), f"{name} has no results with names")
    elif isinstance(spec.pick, list) and gives == "count":
        yield Finding(("pick",), f"{name} gives one number")


def check_layers(names: Sequence[str], known: Known, path: KeyPath) -> Iterator[Finding]:
    """Every named layer is in the listing."""
    for place, name in enumerate(names):
        if name not in known.layers:
            yield Finding((*path, place), f"the network has no layer '{name}'", did_you_mean(name, known.layers))
        elif name in names[:place]:
            yield Finding((*path, place), f"layer {name} stands here twice")


# ---- of one draw ----


def asked(name: str, spec: Asking, drawn: Drawn, layers: Sequence[str] | None = None) -> Asked:
    """The quantity with the arguments of a draw; raises FormulaError."""
    given: dict[str, Any] = {"layers": tuple(spec.layers if layers is None else layers)}
    if spec.layer is not None:
        given["layer"] = spec.layer
    if isinstance(spec, Exactness) and "pick" not in reference.arguments(name):
        picked = picker(spec, drawn)
        if picked != WHOLE:
            given["pick"] = picked.name or picked.places  # for `worked`, which may then leave out all else
    if (rows := getattr(spec, "rows", None)) and "rows" not in reference.arguments(name):
        given["rows"] = tuple(rows)  # of a table, likewise
    if spec.index is not None:
        given["index"] = tuple(_place(term, drawn) for term in spec.index)
    for argument, words in reference.arguments(name).items():
        if argument in spec.with_:
            value = spec.with_[argument]
            given[argument] = value if words is not None else evaluated(value, drawn.values)
    return reference.ask(name, drawn.network, given, drawn.conventions)


def _place(term: Term, drawn: Drawn) -> int:
    return size(formula_room.read(str(term)), drawn.values)


def evaluated(value: Any, values: Mapping[str, Any]) -> Any:
    """Arguments with every formula in them computed; raises FormulaError."""
    match value:
        case str():
            return formula_room.read(value).value(values)
        case list():
            return [evaluated(inner, values) for inner in value]
        case dict():
            return {name: evaluated(inner, values) for name, inner in value.items()}
    return value


def picker(spec: Exactness, drawn: Drawn) -> Pick:
    """What is taken of a quantity's answer; raises FormulaError."""
    if isinstance(spec.pick, list):
        return Pick(places=tuple(_place(term, drawn) for term in spec.pick))
    return Pick(name=spec.pick or "")


@dataclass(frozen=True)
class Pick:
    """One result by its name, or one element by its place; or all of it."""

    name: str = ""
    places: tuple[int, ...] = ()

    def of(self, value: Any) -> Any:
        """Take it; raises FormulaError when it is not there."""
        if self.name:
            if self.name not in value:
                known = ", ".join(value)
                raise FormulaError(f"there is no result '{self.name}'", self.name, f"there are: {known}")
            return value[self.name]
        for place in self.places:
            if not isinstance(value, tuple) or not 1 <= place <= len(value):
                at = ", ".join(map(str, self.places))
                raise FormulaError(f"the answer has no element ({at})")
            value = value[place - 1]
        return value


WHOLE = Pick()

# ---- how exact ----


@dataclass(frozen=True)
class Precision:
    """How numbers are printed and compared."""

    decimals: int | None = None
    tolerance: float | None = None
    relative: float | None = None

    def slack(self, value: float) -> float:
        """The largest difference from a value that still counts as right."""
        if self.decimals is not None:
            return float(10.0**-self.decimals)
        if self.tolerance is not None:
            return float(self.tolerance)
        if self.relative is not None:
            return self.relative * abs(value)
        return 0.0 if _terminates(value) else 1e-9 * max(1.0, abs(value))

    def right(self, given: Fraction, value: float) -> bool:
        """Whether a response counts as this value."""
        return abs(given - Fraction(repr(value))) <= Fraction(self.slack(value)) * (1 + Fraction(1, 10**12))

    def text(self, value: float) -> str:
        """A value as the key prints it."""
        if self.decimals is not None and not isinstance(value, int):
            rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)
            return f"{abs(rounded) if rounded == 0 else rounded}".replace("-", "−")
        if isinstance(value, int):
            return grouped(value)
        if slack := self.slack(value) if self.tolerance or self.relative else 0:
            shown = (number_text(value, digits) for digits in range(6, 18))
            return next(text for text in shown if abs((number(text) or 0) - Fraction(repr(value))) <= slack / 10)
        return exact_text(value)

    def element(self, value: float) -> str:
        """A value as the key prints it in a list, where a comma stands between two of them."""
        return self.text(value).replace(",", "")

    @property
    def says(self) -> str:
        """What the paper says of exactness."""
        if self.decimals is not None:
            places = (
                f"{self.decimals} decimal{'' if self.decimals == 1 else 's'}" if self.decimals else "a whole number"
            )
            near = number_text(10.0**-self.decimals) if self.decimals else "1"
            return f"Round to {places}; a difference of up to {near} counts as right."
        if self.tolerance:
            return f"A difference of up to {number_text(self.tolerance)} counts as right."
        if self.relative:
            return f"A difference of up to {number_text(self.relative * 100)}% counts as right."
        return ""


def precision(spec: Exactness) -> Precision:
    """How exact a response must be."""
    return Precision(spec.decimals, spec.tolerance, spec.relative)


def exact_says(gives: str) -> str:
    """What the paper says where nothing but the exact value is right."""
    return "Give the exact number." if gives == "count" else "Give exact values; fractions are fine."


def grouped(value: int) -> str:
    """A whole number with commas from five digits on: 9216, 138,357,544."""
    return (f"{value:,}" if abs(value) >= 10_000 else str(value)).replace("-", "−")


def _terminates(value: float) -> bool:
    """Whether a value has few enough decimals to be written exactly."""
    return isinstance(value, int) or float(f"{value:.12g}") == value


def exact_text(value: float) -> str:
    """A value without loss: 0.0625, or 5/3; raises FormulaError when it is neither."""
    if _terminates(value):
        return number_text(value, 12)
    near = Fraction(value).limit_denominator(1_000)
    if abs(value) < 10_000 and math.isclose(near, value, rel_tol=1e-11):
        return f"{near.numerator}/{near.denominator}".replace("-", "−")
    raise FormulaError(f"{value} cannot be written exactly", hint="say how exact it must be, for example decimals: 2")


def number(text: str, unit: str = "") -> Fraction | None:
    """Read a number as people write it: 1,234 or 1 234, 1.5e-3, 1.5 × 10⁻³, 10⁶, 3/4; None when it is none.

    A comma is read between groups of three digits only: in 0,125 it may mean a decimal point.
    """
    if len(text) > 100:
        return None
    text = _LEADING.sub("", text.replace("−", "-").replace("–", "-").strip().strip("$"), count=1).strip()
    if unit and text.endswith(unit):
        text = text[: -len(unit)].strip()
    text = re.sub(f"[{_SUPERSCRIPTS}]+", lambda raised: "^" + raised[0].translate(_PLAIN), text)
    text = _GROUPED.sub(lambda found: found[1] + re.sub(r"[\s,']", "", found[2]), text, count=1)
    text = _STACKED.sub(r"\1\2/\3", text)
    if quotient := re.fullmatch(r"([-+]?[0-9]{1,15})\s*/\s*([0-9]{1,15})", text):
        over, under = int(quotient[1]), int(quotient[2])
        return Fraction(over, under) if under else None
    if power := _POWER_OF_TEN.fullmatch(text):
        return Fraction(f"{power[1]}1e{power[2]}")
    found = _NUMBER.fullmatch(text)
    return Fraction(f"{found[1]}e{found[2] or 0}") if found else None


_GROUPED = re.compile(r"(?<![0-9.,])([-+]?[1-9][0-9]{0,2})((?:,[0-9]{3})+|(?:[\s'][0-9]{3})+)(?![0-9,])")
_NUMBER = re.compile(
    r"([-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))"
    r"(?:(?:e|\s*(?:[·×x*]|\\cdot|\\times)\s*10\s*(?:\^|\*\*)\s*)\{?([-+]?[0-9]{1,3})\}?)?",
    re.IGNORECASE,
)
_LEADING = re.compile(r"^\s*(?:[=≈~]|\\approx(?![a-z]))")
_STACKED = re.compile(r"^([-+]?)\s*\\[dt]?frac\s*\{\s*([0-9]{1,15})\s*\}\s*\{\s*([0-9]{1,15})\s*\}$")
_POWER_OF_TEN = re.compile(r"([-+]?)10\s*(?:\^|\*\*)\s*\{?([-+]?[0-9]{1,3})\}?")
_SUPERSCRIPTS = "⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹"
_PLAIN = str.maketrans(_SUPERSCRIPTS, "-+0123456789")


# ---- what a wrong answer tells ----


def slips(found: Asked | None, pick: Pick = WHOLE) -> Iterator[Slip]:
    """What misconceptions lead to, as far as it is another answer than the right one; each value once."""
    if found is None:
        return
    seen = [pick.of(found.value)]
    for slip in found.slips():
        try:
            value = pick.of(slip.value)
        except FormulaError:
            continue
        if not any(reference.same(value, other) for other in seen):
            seen.append(value)
            yield Slip(slip.name, slip.says, value)
