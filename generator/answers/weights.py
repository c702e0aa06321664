"""Weights to design: any numbers are right with which the network gives what is wanted; it is run on all cases."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field

from generator import formulas as formula_room
from generator.answers import asking, units
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
from generator.answers.text import rubric_prose
from generator.answers.units import Unit
from generator.formulas import FormulaError, number_text, tex_number
from generator.reference import Disagreement, tidy
from generator.spec import CONVENTIONS, Model, Name, Prose, Term
from generator.text import KeyPath

MOST_CASES = 1000
MOST_TOLD = 4  # cases that fail, of which the remarks tell
MOST_SHOWN = 9  # cases in a table of the key
LARGEST, SMALLEST = Fraction(10**9), Fraction(1, 10**9)  # of a weight that is not 0
WORDS = {"binary": (0, 1), "signs": (-1, 1)}
Axis = Annotated[list[Term], Field(min_length=3, max_length=3)]


class Body(Model):
    """What stands under `weights:`."""

    fields: Annotated[list[Name], Field(min_length=1, max_length=20)] = Field(
        description="the weights that are to be found"
    )
    inputs: Annotated[list[Name], Field(min_length=1, max_length=4)] = Field(description="the inputs of the network")
    cases: str | Annotated[list[list[Term]], Field(min_length=1)] | dict[Name, Axis] = Field(
        description="binary (all inputs of 0 and 1), signs (of -1 and 1), a list of points or a formula that gives it, "
        "or a grid: for each input [from, to, step]"
    )
    where: str | None = Field(None, description="a condition over the inputs: only cases for which it holds count")
    units: Annotated[dict[Name, str], Field(min_length=1, max_length=12)] = Field(
        description="the units in order, each an expression like step(w1*x1 + w2*x2 + b)"
    )
    output: Name | None = Field(None, description="the unit that gives the output; by default the last")
    wanted: str = Field(description="a formula over the inputs: what the output must be, a number or yes (1) or no (0)")
    model: dict[Name, Term] = Field(description="one right answer: a number or a formula for each weight")
    tolerance: Annotated[float, Field(gt=0)] = Field(1e-6, description="a difference of the output that is still right")
    labels: dict[Name, Prose] = Field({}, description="what the paper calls a weight")
    rubric: RubricSpec = []


class Spec(Model):
    """`weights: {fields, inputs, cases, units, wanted, model}`."""

    weights: Body


@dataclass(frozen=True)
class Case:
    """An input of the network, and the output that is wanted."""

    inputs: tuple[float, ...]
    wanted: float


@dataclass(frozen=True)
class WeightsAnswer:
    """A network whose weights are to be found, all cases that it must get right, and one set of weights that does."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    inputs: tuple[str, ...]
    units: tuple[Unit, ...]
    output: str
    constants: Mapping[str, float]  # drawn values that stand in the units
    cases: tuple[Case, ...]
    threshold: str
    tolerance: float
    model: tuple[float, ...]
    note: str
    rubric: tuple[RubricItem, ...]
    worked: str = field(default="", compare=False)

    @property
    def recorded(self) -> dict[str, str]:
        """{weight: text} of the model."""
        return {name: asking.exact_text(value) for name, value in zip(self.names, self.model, strict=True)}

    def mark(self, response: Response) -> Mark:
        """Read the weights and run the network with them; the cases that fail are named."""
        given = _assigned(response, self.names) if isinstance(response, str) else response
        if given is None:
            return UNREADABLE
        read = {name: asking.number(str(given.get(name, ""))) for name in self.names}
        if all(value is None for value in read.values()):
            return UNREADABLE
        weights = {name: value for name, value in read.items() if value is not None}
        remarks = [
            f"{name}: '{given[name]}' is no number" if str(given.get(name, "")).strip() else f"{name}: nothing is given"
            for name, value in read.items()
            if value is None
        ]
        remarks += [
            f"{name}: {given[name]} is beyond what can be judged, 10⁻⁹ to 10⁹"
            for name, value in weights.items()
            if value and not SMALLEST <= abs(value) <= LARGEST
        ]
        unread = any(value is None and str(given.get(name, "")).strip() for name, value in read.items())
        return Mark(0.0, tuple(remarks), readable=not unread) if remarks else self.judge(weights)

    def judge(self, weights: Mapping[str, Fraction]) -> Mark:
        """Run the network on all cases by PyTorch, and once more in fractions."""
        found = self._torch(weights)
        tolerance, wanted = _exactly(self.tolerance), [_exactly(case.wanted) for case in self.cases]
        right = [abs(value - case.wanted) <= self.tolerance for value, case in zip(found, self.cases, strict=True)]
        right_again = [abs(value - one) <= tolerance for value, one in zip(self._exact(weights), wanted, strict=True)]
        if right != right_again:
            return Mark(0.0, ("an output is so close to the limit that a person must judge",), readable=False)
        wrong = [(case, value) for case, value, good in zip(self.cases, found, right, strict=True) if not good]
        if not wrong:
            return Mark(1.0)
        told = [
            f"for {self._said(case)} the network gives {number_text(tidy(value))}, not {number_text(case.wanted)}"
            for case, value in wrong[:MOST_TOLD]
        ]
        more = [f"and {len(wrong) - MOST_TOLD} more of {len(self.cases)} cases"] if len(wrong) > MOST_TOLD else []
        return Mark(0.0, (*told, *more))

    def _said(self, case: Case) -> str:
        return ", ".join(f"{name} = {number_text(at)}" for name, at in zip(self.inputs, case.inputs, strict=True))

    @cached_property
    def _given(self) -> tuple[dict[str, Fraction], list[dict[str, Fraction]]]:
        """Drawn values in the units, and the inputs of each case, exactly."""
        cases = [dict(zip(self.inputs, map(_exactly, case.inputs), strict=True)) for case in self.cases]
        return {name: _exactly(value) for name, value in self.constants.items()}, cases

    def _torch(self, weights: Mapping[str, Fraction]) -> list[float]:
        fixed, cases = self._given
        columns = {name: [case[name] for case in cases] for name in self.inputs}
        return units.run(self.units, {**fixed, **weights}, columns, self.threshold)[self.output]

    def _exact(self, weights: Mapping[str, Fraction]) -> Iterator[Fraction]:
        fixed, cases = self._given
        for case in cases:
            yield units.by_hand(self.units, {**fixed, **weights, **case}, self.threshold)[self.output]

    @property
    def _modeled(self) -> dict[str, Fraction]:
        return dict(zip(self.names, map(_exactly, self.model), strict=True))

    def explained(self) -> str:
        """What the model gives: a table of all cases where they are few."""
        if len(self.cases) > MOST_SHOWN:
            return f"With these numbers the output is right at all {len(self.cases)} points that were tried."
        alone = len(self.units) == 1
        names = [*(f"${_tex_name(name)}$" for name in self.inputs), *(["sum"] if alone else []),
                 *(f"${_tex_name(unit.name)}$" for unit in self.units), "wanted"]  # fmt: skip
        rows = [f"| {' | '.join(names)} |", f"| {' | '.join('---' for _ in names)} |"]
        fixed, inputs = self._given
        for case, given in zip(self.cases, inputs, strict=True):
            values = {**fixed, **self._modeled, **given}
            found = units.by_hand(self.units, values, self.threshold)
            sums = [units.sum_of(self.units[0], values)] if alone else []
            cells = [*given.values(), *sums, *found.values(), _exactly(case.wanted)]
            rows.append(f"| {' | '.join('' if one is None else f'${_tex(one)}$' for one in cells)} |")
        return "\n".join(rows)

    def responses(self) -> Responses:
        """The model as text, other numbers that fail, and words."""
        right = ", ".join(f"{name} = {text}" for name, text in self.recorded.items())
        zero = dict.fromkeys(self.names, Fraction(0))
        turned = ({**self._modeled, name: 1 - 2 * value} for name, value in self._modeled.items())
        wrong = next((one for one in (zero, *turned) if self.judge(one).share == 0), None)
        said = {name: str(value) for name, value in wrong.items()} if wrong else None
        return Responses(right, said, dict.fromkeys(self.names, "I do not know"))


def _exactly(value: float) -> Fraction:
    """A number as it is written in decimals."""
    return Fraction(repr(value))


def _tex(value: Fraction) -> str:
    number = tidy(float(value))
    return tex_number(number)


def _assigned(text: str, names: Sequence[str]) -> Mapping[str, str] | None:
    """Read w1 = 1, w2 = -1; None when it is something else. w_1 and w_{1} are w1."""
    if len(text) > 5_000:
        return None
    known = {_plain(name): name for name in names}
    found: dict[str, str] = {}
    for piece in filter(str.strip, re.split(r"[,;\n]", text.strip().strip("$"))):
        left, *right = re.split(r"[=:]", piece, maxsplit=1)
        name = known.get(_plain(left), "")
        if not right or not name or name in found:
            return None
        found[name] = right[0].strip()
    return found


def _plain(name: str) -> str:
    return re.sub(r"[_{}\\\s$]", "", name)


def _tex_name(name: str) -> str:
    """A name as LaTeX: w11 with a subscript, bias upright."""
    letters = name.rstrip("0123456789_").partition("_")[0]
    index = name[len(letters) :].strip("_")
    letters = letters if len(letters) == 1 else rf"\mathrm{{{letters}}}"
    return f"{letters}_{{{index}}}" if index else letters


# ---- before any draw ----


def formulas(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """The model, points and grids, and the names in units and conditions that are drawn values."""
    body = spec.weights
    for name, term in body.model.items():
        if isinstance(term, str):
            yield ("weights", "model", name), term
    match body.cases:
        case str() if body.cases not in WORDS:
            yield ("weights", "cases"), body.cases
        case list():
            yield from _terms(("weights", "cases"), enumerate(body.cases))
        case dict():
            yield from _terms(("weights", "cases"), body.cases.items())
    own = {*body.fields, *body.inputs, *body.units}
    for path, names in _read(body):
        for name in sorted(names - own):
            yield path, name
    for path, text in _conditions(body):
        try:
            names = formula_room.read(text).names
        except FormulaError:
            continue
        for name in sorted(names - set(body.inputs)):
            yield path, name


def _terms(path: KeyPath, rows: Any) -> Iterator[tuple[KeyPath, str]]:
    for key, terms in rows:
        for place, term in enumerate(terms):
            if isinstance(term, str):
                yield (*path, key, place), term


def _read(body: Body) -> Iterator[tuple[KeyPath, frozenset[str]]]:
    """The names in each unit that can be read."""
    for name, text in body.units.items():
        try:
            yield ("weights", "units", name), units.read(name, text).names
        except FormulaError:
            continue


def _conditions(body: Body) -> Iterator[tuple[KeyPath, str]]:
    yield ("weights", "wanted"), body.wanted
    if body.where is not None:
        yield ("weights", "where"), body.where


def prose(spec: Spec) -> Iterator[tuple[KeyPath, Prose]]:
    """What weights are called, and the rubric."""
    for name, text in spec.weights.labels.items():
        yield ("weights", "labels", name), text
    yield from rubric_prose(("weights", "rubric"), spec.weights.rubric)


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """Names are declared once, units can be read and come after what they use, every weight has its place and model."""
    body, at = spec.weights, ("weights",)
    yield from _names(body)
    earlier: set[str] = set()
    used: set[str] = set()
    for name, text in body.units.items():
        path = (*at, "units", name)
        try:
            names = units.read(name, text).names
        except FormulaError as error:
            yield Finding(path, str(error), error.hint)
            names = frozenset(body.fields)
        for later in sorted(names & (set(body.units) - earlier)):
            yield Finding(path, f"unit {name} uses {later}, which does not come before it")
        earlier.add(name)
        used |= names
    for place, name in enumerate(body.fields):
        if name not in used:
            yield Finding((*at, "fields", place), f"no unit uses '{name}'")
        if name not in body.model:
            yield Finding((*at, "model"), f"the model has no '{name}'", at_key=True)
    strange = [(key, name) for key in ("model", "labels") for name in getattr(body, key) if name not in body.fields]
    for key, name in strange:
        yield Finding((*at, key, name), f"there is no weight '{name}'", at_key=True)
    if body.output is not None and body.output not in body.units:
        yield Finding((*at, "output"), f"there is no unit '{body.output}'", f"there are: {', '.join(body.units)}")
    for where, text in _conditions(body):
        try:
            formula_room.read(text)
        except FormulaError as error:
            yield Finding(where, str(error), error.hint)
    if isinstance(body.cases, dict) and list(body.cases) != body.inputs:
        yield Finding((*at, "cases"), f"a grid needs {', '.join(body.inputs)}, in this order", at_key=True)
    yield from check_rubric(body.rubric, known.points, (*at, "rubric"))


def _names(body: Body) -> Iterator[Finding]:
    """Every name stands for one thing."""
    seen: dict[str, str] = {}
    for key, what, names in (
        ("fields", "a weight", body.fields), ("inputs", "an input", body.inputs), ("units", "a unit", list(body.units)),
    ):  # fmt: skip
        for place, name in enumerate(names):
            path: KeyPath = ("weights", key, name if key == "units" else place)
            if name in units.FUNCTIONS or name in formula_room.FUNCTIONS:
                yield Finding(path, f"'{name}' is a function", "choose another name", at_key=key == "units")
            elif (other := seen.get(_plain(name))) is not None:
                twice = f"{what} already" if other == what else f"{other} and {what}"
                yield Finding(path, f"'{name}' is {twice}", "choose another name", at_key=key == "units")
            seen.setdefault(_plain(name), what)


# ---- of one draw ----


def answer(spec: Spec, drawn: Drawn) -> WeightsAnswer:
    """Draw cases and model, and run it; raises FormulaError when it does not do what is wanted."""
    body = spec.weights
    own = {*body.fields, *body.inputs, *body.units}
    network = tuple(units.read(name, text) for name, text in body.units.items())
    outside = sorted(frozenset().union(*(unit.names for unit in network)) - own)
    constants = {name: _number(drawn.values[name], name) for name in outside}
    cases = tuple(_cases(body, drawn.values))
    model = tuple(_number(_value(body.model[name], drawn.values), name) for name in body.fields)
    labels = tuple(
        drawn.fill(body.labels[name]) if name in body.labels else f"${_tex_name(name)}$" for name in body.fields
    )
    rubric = tuple(RubricItem(item.points, drawn.fill(item.what)) for item in rubric_items(body.rubric))
    threshold = drawn.conventions["threshold"]
    found = WeightsAnswer(
        tuple(body.fields), labels, tuple(body.inputs), network, body.output or network[-1].name, constants, cases,
        threshold, body.tolerance, model, _note(body, network, threshold, len(cases)), rubric,
    )  # fmt: skip
    mark = found.judge(dict(zip(found.names, map(_exactly, model), strict=True)))
    if not mark.readable:
        raise Disagreement(f"the model weights: {mark.remarks[0]}")
    if mark.share < 1:
        raise FormulaError(f"the model weights do not do what is wanted: {mark.remarks[0]}")
    _ = found.recorded  # raises FormulaError when a weight cannot be written exactly
    return replace(found, worked=found.explained())


def _note(body: Body, network: Sequence[Unit], threshold: str, count: int) -> str:
    fires = any(unit.functions & set(units.FIRING) for unit in network)
    convention = CONVENTIONS["threshold"][threshold]
    where = f"for all {count} inputs" if body.cases in ("binary", "signs") else "for all inputs that are asked about"
    told = [f"{convention[:1].upper()}{convention[1:]}."] if fires else []
    return " ".join([*told, f"Any numbers are right with which the output is as wanted {where}."])


def _value(term: Term, values: Mapping[str, Any]) -> Any:
    return formula_room.read(term).value(values) if isinstance(term, str) else term


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FormulaError(f"'{name}' is no number: {value}", name)
    return float(tidy(float(value))) if isinstance(value, float) else value


def _cases(body: Body, values: Mapping[str, Any]) -> Iterator[Case]:
    """Every case that counts, with what is wanted; raises FormulaError."""
    wanted = formula_room.read(body.wanted)
    where = formula_room.read(body.where) if body.where is not None else None
    count = 0
    for point in _points(body, values):
        at = {**values, **dict(zip(body.inputs, point, strict=True))}
        if where is not None and not where.value(at):
            continue
        count += 1
        if count > MOST_CASES:
            raise FormulaError(f"there are more than {MOST_CASES:,} cases")
        found = wanted.value(at)
        if not isinstance(found, int | float):
            raise FormulaError(f"'{body.wanted}' gives no number", formula=body.wanted)
        yield Case(point, int(found) if isinstance(found, bool) else found)
    if not count:
        raise FormulaError("there are no cases")


def _points(body: Body, values: Mapping[str, Any]) -> Iterator[tuple[float, ...]]:
    match body.cases:
        case dict():
            axes = [
                _axis([_number(_value(term, values), name) for term in terms]) for name, terms in body.cases.items()
            ]
            if math.prod(map(len, axes)) > 10 * MOST_CASES:
                raise FormulaError("the grid of cases is too fine")
            yield from itertools.product(*axes)
            return
        case str() if body.cases in WORDS:
            yield from itertools.product(WORDS[body.cases], repeat=len(body.inputs))
            return
        case str():
            rows = formula_room.read(body.cases).value(values)
        case rows:
            rows = [[_value(term, values) for term in row] for row in rows]
    if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == len(body.inputs) for row in rows):
        raise FormulaError(f"the cases are no list of points with {len(body.inputs)} numbers")
    for row in rows:
        yield tuple(_number(value, name) for name, value in zip(body.inputs, row, strict=True))


def _axis(bounds: list[float]) -> list[float]:
    first, last, step = bounds
    if step <= 0 or last < first or (last - first) / step > MOST_CASES:
        raise FormulaError(f"a grid from {first} to {last} cannot have steps of {step}")
    count = math.floor((last - first) / step + 1e-9)
    return [tidy(first + step * place) for place in range(count + 1)]
