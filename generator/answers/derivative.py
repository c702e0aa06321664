"""The gradient of a scalar by a vector or matrix, as an expression: equal means equal at random points, and in size.

The model is checked against autograd and against dual numbers; a response is read in usual notation, with vectors as
columns, and evaluated at the same points.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Annotated

from pydantic import Field

from generator import duals, layers, notation, tensors
from generator import formulas as formula_room
from generator.answers import matrices
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
from generator.answers.matrix_values import Matrix, Undefined, transposed
from generator.answers.spelling import Unreadable
from generator.answers.text import rubric_prose
from generator.formulas import FormulaError, number_text
from generator.mistakes import did_you_mean
from generator.reference import Disagreement, same, tidy
from generator.spec import Model, Name, Prose, Term
from generator.streams import Stream
from generator.tensors import Program, Shape, Value
from generator.text import KeyPath

POINTS = 6
LONGEST_SIZE = 12  # of a vector or a side of a matrix
MOST_BY = 64  # elements of what is differentiated by
CLOSE = 1e-7  # how far a response may be from the gradient, relative to its largest element
KINDS = {  # what symbols may stand for, beside any numbers
    "positive": "positive numbers",
    "unit": "numbers between 0 and 1",
    "binary": "zeros and ones",
    "sign": "1 and −1",
    "one_hot": "one 1 among zeros",
    "distribution": "positive numbers that add up to 1",
}


class SlipSpec(Model):
    """A wrong gradient that students give, and what went wrong."""

    says: Prose = Field(description="what went wrong, as a clause: the target is missing")
    model: Prose = Field(description="the wrong gradient, as an expression")


class Body(Model):
    """What stands under `derivative:`."""

    of: Prose = Field(description="the scalar that is differentiated, as an expression over symbols")
    by: Prose = Field(description="the symbol or definition that it is differentiated by")
    symbols: Annotated[dict[Name, list[Term] | str], Field(min_length=1)] = Field(
        description="each with its shape ([] for a number), or a word and a shape: one_hot 3"
    )
    sizes: list[Name] = Field([], description="letters that stand in shapes for any length, and may be used as numbers")
    where: dict[Name, Prose] = Field({}, description="definitions that build on each other, in order")
    model: Prose = Field(description="the gradient, as an expression")
    using: list[Name] = Field([], description="what a response may use; by default all symbols and definitions")
    steps: dict[Name, Prose] = Field({}, description="gradients by definitions on the way, which the key prints")
    slips: list[SlipSpec] = Field([], description="wrong gradients that a remark explains")
    called: Name = Field("L", description="what the paper calls the scalar")
    lines: Annotated[int, Field(ge=1, le=30)] = 4
    rubric: RubricSpec = []


class Spec(Model):
    """`derivative: {of, by, symbols, model}`."""

    derivative: Body


# ---- the task of one draw ----


@dataclass(frozen=True)
class Symbol:
    """What a symbol stands for: a kind of numbers, and lengths that are numbers or letters."""

    name: str
    kind: str
    lengths: tuple[int | str, ...]

    def shape(self, sizes: Mapping[str, int]) -> Shape:
        """Its shape where the letters have these values."""
        return tuple(sizes[one] if isinstance(one, str) else one for one in self.lengths)


@dataclass(frozen=True)
class Task:
    """What is differentiated by what, and the gradient as it was written."""

    of: str
    by: str
    symbols: tuple[Symbol, ...]
    sizes: tuple[str, ...]
    where: tuple[tuple[str, str], ...]
    model: str
    steps: tuple[tuple[str, str], ...]
    slips: tuple[tuple[str, str], ...]  # what went wrong, and what it leads to
    called: str

    @property
    def definitions(self) -> Program:
        """What is defined before the scalar."""
        return tuple((name, tensors.read(text)) for name, text in self.where)

    @property
    def program(self) -> Program:
        """The definitions and the scalar."""
        return (*self.definitions, (self.called, tensors.read(self.of)))

    def shapes(self, place: int) -> dict[str, Shape]:
        """The shape of every symbol, size and definition at a point; raises FormulaError."""
        sizes = _sizes(self, place)
        given = {symbol.name: symbol.shape(sizes) for symbol in self.symbols}
        return tensors.shapes(self.program, {**given, **dict.fromkeys(self.sizes, ())})


@dataclass(frozen=True)
class Point:
    """Random numbers for every symbol, and what follows from them; vectors are columns."""

    sizes: Mapping[str, int]
    known: Mapping[str, Matrix]
    gradient: Matrix
    steps: Mapping[str, Matrix]
    slips: tuple[tuple[str, Matrix], ...]


@lru_cache(maxsize=256)
def proven(task: Task) -> tuple[Point, ...]:
    """Check the model at every point, and give the points; raises FormulaError and Disagreement."""
    shapes = task.shapes(0)
    if shapes[task.called] != ():
        raise FormulaError(f"'{task.of}' is no scalar, so it has no gradient", task.of)
    if task.by not in shapes or task.by == task.called:
        raise FormulaError(f"there is no symbol '{task.by}'", task.by, did_you_mean(task.by, shapes))
    if math.prod(shapes[task.by]) > MOST_BY:
        raise FormulaError(f"{task.by} has more than {MOST_BY} elements", task.by)
    points = tuple(_point(task, place) for place in range(POINTS))
    for place, (says, text) in enumerate(task.slips):
        if all(_near(point.slips[place][1], point.gradient) for point in points):
            raise FormulaError(f"this wrong gradient is right: {text}", text, f"it is said of it: {says}")
    return points


def _point(task: Task, place: int) -> Point:
    sizes = _sizes(task, place)
    given: dict[str, Value] = {symbol.name: _numbers(symbol, sizes, place) for symbol in task.symbols}
    given.update(sizes)
    names = (task.by, *(name for name, _ in task.steps))
    right = tensors.gradients(task.program, given, names)
    second = duals.gradients(task.program, given, names)
    for name in names:
        if not same(tidy(right[name]), tidy(second[name])):
            raise Disagreement(f"by {name}, autograd gives {right[name]}, dual numbers give {second[name]}")
    known = tensors.run(task.program, {name: tensors.tensor(value) for name, value in given.items()})
    values = {name: value.tolist() for name, value in known.items()}
    for name, text in ((task.by, task.model), *task.steps):
        _agree(name, text, right[name], _evaluated(text, values))
    slips = tuple((says, _columns(_evaluated(text, values))) for says, text in task.slips)
    matrices_ = {name: _columns(value) for name, value in values.items() if name != task.called}
    steps = {name: _columns(right[name]) for name, _ in task.steps}
    return Point(sizes, matrices_, _columns(right[task.by]), steps, slips)


def _evaluated(text: str, values: Mapping[str, Value]) -> Value:
    """An expression over known values, by dual numbers; raises FormulaError."""
    expression = tensors.read(text)
    tensors.shape(expression, {name: tensors.shape_of(value) for name, value in values.items()})
    return duals.values((("", expression),), values)[""]


def _agree(name: str, text: str, gradient: Value, model: Value) -> None:
    if tensors.shape_of(model) != tensors.shape_of(gradient):
        has, wants = (_told(tensors.shape_of(value)) for value in (model, gradient))
        raise FormulaError(f"the gradient by {name} is {wants}, and '{text}' is {has}", text)
    if not same(tidy(model), tidy(gradient)):
        first, wanted = (number_text(_flat(value)[_first_gap(model, gradient)], 4) for value in (model, gradient))
        message = f"'{text}' is not the gradient by {name}: an element is {first} where PyTorch gives {wanted}"
        raise FormulaError(message, text)


def _first_gap(one: Value, other: Value) -> int:
    pairs = enumerate(zip(_flat(one), _flat(other), strict=True))
    return next(place for place, pair in pairs if not same(*map(tidy, pair)))


def _flat(value: Value) -> list[float]:
    return [number for row in _columns(value) for number in row]


def _columns(value: Value) -> Matrix:
    """A scalar as one element, a vector as a column."""
    shape = tensors.shape_of(value)
    if len(shape) == 2:
        return [list(map(float, row)) for row in value]
    return [[float(one)] for one in (value if shape else [value])]


def _near(one: Matrix, other: Matrix) -> bool:
    if (len(one), len(one[0])) != (len(other), len(other[0])):
        return False
    bound = CLOSE * max(1e-6, *(abs(number) for row in other for number in row))
    pairs = zip(one, other, strict=True)
    return all(abs(a - b) <= bound for rows in pairs for a, b in zip(*rows, strict=True))


# ---- random numbers ----


def _sizes(task: Task, place: int) -> dict[str, int]:
    """Different lengths from 2 on for the letters, other ones at each point."""
    stream = Stream("derivative", "sizes", place)
    lengths = stream.shuffled(range(2, 2 + max(4, len(task.sizes))))
    return dict(zip(task.sizes, lengths, strict=False))


def _numbers(symbol: Symbol, sizes: Mapping[str, int], place: int) -> Value:
    """Numbers for a symbol, which depend on nothing but its name and the point."""
    stream = Stream("derivative", symbol.name, place)
    shape = symbol.shape(sizes)
    if symbol.kind in ("one_hot", "distribution"):
        rows = [_KINDS_OF_ROWS[symbol.kind](stream, shape[-1]) for _ in range(math.prod(shape[:-1]))]
        return rows if len(shape) == 2 else rows[0]
    draw = _KINDS_OF_NUMBERS[symbol.kind]

    def filled(lengths: Shape) -> Value:
        return [filled(lengths[1:]) for _ in range(lengths[0])] if lengths else draw(stream)

    return filled(shape)


def _any(stream: Stream) -> float:
    return (10 + stream.below(141)) / 100 * (1 if stream.below(2) else -1)


def _one_hot(stream: Stream, length: int) -> Value:
    hot = stream.below(length)
    return [int(place == hot) for place in range(length)]


def _distribution(stream: Stream, length: int) -> Value:
    weights = [1 + stream.below(9) for _ in range(length)]
    return [weight / sum(weights) for weight in weights]


_KINDS_OF_NUMBERS: dict[str, Callable[[Stream], float]] = {
    "": _any,
    "positive": lambda stream: (20 + stream.below(181)) / 100,
    "unit": lambda stream: (5 + stream.below(91)) / 100,
    "binary": lambda stream: stream.below(2),
    "sign": lambda stream: 2 * stream.below(2) - 1,
}
_KINDS_OF_ROWS: dict[str, Callable[[Stream, int], Value]] = {"one_hot": _one_hot, "distribution": _distribution}


# ---- the answer ----


@dataclass(frozen=True)
class DerivativeAnswer:
    """A gradient in usual notation, and the points at which a response must equal it."""

    task: Task
    using: tuple[str, ...]
    note: str
    lines: int
    rubric: tuple[RubricItem, ...]
    points: tuple[Point, ...] = field(compare=False, repr=False)

    @property
    def recorded(self) -> str:
        """(p - y) x^T"""
        return self._plain(self.task.model)

    @property
    def latex(self) -> str:
        """The gradient as LaTeX, set equal to the derivative."""
        return f"{_target(self.task, self.task.by)} = {self._latex(self.task.model)}"

    @property
    def worked(self) -> str:
        """The gradients on the way, and wrong ones with what leads to them."""
        on_the_way = [f"${_target(self.task, name)} = {self._latex(text)}$" for name, text in self.task.steps]
        told = [f"On the way: {', '.join(on_the_way)}."] if on_the_way else []
        wrong = [f"- ${self._latex(text)}$: {says}" for says, text in self.task.slips]
        if wrong:
            told.append("\n".join(["What leads to other answers:", "", *wrong]))
        return "\n\n".join(told)

    def _plain(self, text: str) -> str:
        return notation.plain(tensors.read(text), self._shapes)

    def _latex(self, text: str) -> str:
        return notation.latex(tensors.read(text), self._shapes)

    @cached_property
    def _shapes(self) -> dict[str, Shape]:
        return self.task.shapes(0)

    def mark(self, response: Response) -> Mark:
        """Right when some way to read it gives the gradient at every point."""
        if not isinstance(response, str):
            return UNREADABLE
        try:
            read = matrices.read(response, self.using)
        except Unreadable as error:
            return Mark(0.0, (str(error),), readable=False)
        refused, given = "", None
        for reading in read.readings(sorted(self._lengths)):
            try:
                values = [reading.value(point.known, self._lengths_at(point)) for point in self.points]
            except Undefined as error:
                refused = refused or str(error)
                continue
            if all(_near(value, point.gradient) for value, point in zip(values, self.points, strict=True)):
                return Mark(1.0)
            given = given or values
        return Mark(0.0, tuple(self._why(given)) if given else (refused,))

    @property
    def _lengths(self) -> set[str]:
        """What a column of ones may be as long as."""
        fixed = {str(one) for symbol in self.task.symbols for one in symbol.lengths if isinstance(one, int)}
        return {*self.task.sizes, *fixed}

    def _lengths_at(self, point: Point) -> dict[str, int]:
        return {name: point.sizes.get(name) or int(name) for name in {*self._lengths, *point.sizes}}

    def _why(self, given: list[Matrix]) -> Iterator[str]:
        """What is wrong with a response that has a value."""
        gradients = [point.gradient for point in self.points]
        if _all_near([transposed(value) for value in given], gradients):
            yield "this is the transpose of the gradient"
            return
        for place, (says, _) in enumerate(self.task.slips):
            if _all_near(given, [point.slips[place][1] for point in self.points]):
                yield says
                return
        for name, _ in self.task.steps:
            if _all_near(given, [point.steps[name] for point in self.points]):
                yield f"this is the gradient with respect to {name}"
                return
        has, wants = ((len(value), len(value[0])) for value in (given[0], gradients[0]))
        if has != wants:
            yield f"it is {_told(has)}, and the gradient with respect to {self.task.by} is {_told(wants)}"
        elif _all_near([[[-one for one in row] for row in value] for value in given], gradients):
            yield "its sign is the wrong way round"
        elif factor := self._factor(given):
            yield f"it is {factor} the gradient"
        else:
            yield "for random numbers it is not equal to the gradient"

    def _factor(self, given: list[Matrix]) -> str:
        """How many times too large a response is, where that is a number or a symbol; empty when it is none."""
        scalars = [name for name in self.using if self._shapes[name] == ()]
        fixed = {f"{number_text(value)} times": [value] * POINTS for value in (2, 0.5, -2, -0.5)}
        by_name = {name: [point.known[name][0][0] for point in self.points] for name in scalars}
        factors = {
            **fixed,
            **{f"{name} times": values for name, values in by_name.items()},
            **{f"1/{name} times": [1 / value for value in values] for name, values in by_name.items() if all(values)},
        }
        for says, values in factors.items():
            pairs = zip(values, self.points, strict=True)
            if _all_near(given, [[[value * one for one in row] for row in point.gradient] for value, point in pairs]):
                return says
        return ""

    def responses(self) -> Responses:
        """The gradient, the gradient with another sign or more, and words."""
        right = self.recorded
        tries = (f"-({right})", f"2 ({right}) + 1", "1")
        wrong = next((text for text in tries if self.mark(text).share == 0), None)
        return Responses(f"{self.task.called} = {right}", wrong, "apply the chain rule here!")


def _all_near(given: list[Matrix], wanted: list[Matrix]) -> bool:
    return all(map(_near, given, wanted))


def _target(task: Task, by: str) -> str:
    return rf"\frac{{\partial {notation.symbol(task.called)}}}{{\partial {notation.symbol(by)}}}"


def _told(shape: Shape | tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) if shape else "a number"


# ---- the file ----


def texts(spec: Spec) -> Iterator[tuple[KeyPath, str, bool]]:
    """Every expression with its path, and whether it is a definition."""
    body, at = spec.derivative, ("derivative",)
    for name, text in body.where.items():
        yield (*at, "where", name), text, True
    yield (*at, "of"), body.of, False
    yield (*at, "model"), body.model, False
    for name, text in body.steps.items():
        yield (*at, "steps", name), text, False
    for place, slip in enumerate(body.slips):
        yield (*at, "slips", place, "model"), slip.model, False


def prose(spec: Spec) -> Iterator[tuple[KeyPath, Prose]]:
    """The expressions, which may hold drawn values, what is said of wrong ones, and the rubric."""
    for path, text, _ in texts(spec):
        yield path, text
    yield ("derivative", "by"), spec.derivative.by
    for place, slip in enumerate(spec.derivative.slips):
        yield ("derivative", "slips", place, "says"), slip.says
    yield from rubric_prose(("derivative", "rubric"), spec.derivative.rubric)


def formulas(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """The lengths that are no letters of `sizes`."""
    for name, value in spec.derivative.symbols.items():
        try:
            _, lengths = _described(value)
        except FormulaError:
            continue
        for place, length in enumerate(lengths):
            if isinstance(length, str) and length not in spec.derivative.sizes:
                where = (place,) if isinstance(value, list) else ()
                yield ("derivative", "symbols", name, *where), length


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """The symbols are well described, and expressions without drawn values name nothing else."""
    body, at = spec.derivative, ("derivative",)
    yield from check_rubric(body.rubric, known.points, (*at, "rubric"))
    for name, value in body.symbols.items():
        try:
            _described(value)
        except FormulaError as error:
            yield Finding((*at, "symbols", name), str(error), error.hint)
    yield from _names(body, at)
    defined = {*body.symbols, *body.sizes}
    for path, text, definition in texts(spec):
        if "<<" not in text:
            yield from _readable(path, text, defined if definition else {*defined, *body.where})
        if definition:
            defined.add(str(path[-1]))
    inner = {*body.symbols, *body.where}
    if "<<" not in body.by and body.by not in inner:
        yield Finding((*at, "by"), f"there is no symbol '{body.by}'", did_you_mean(body.by, inner))
    for place, name in enumerate(body.using):
        if name not in {*inner, *body.sizes}:
            yield Finding((*at, "using", place), f"there is no symbol '{name}'", did_you_mean(name, inner))
    for name in body.steps:
        if name not in inner:
            yield Finding((*at, "steps", name), f"there is no symbol '{name}'", did_you_mean(name, inner), at_key=True)


def _names(body: Body, at: KeyPath) -> Iterator[Finding]:
    """Names that differ from each other, from functions, and from the mark of a transpose."""
    places = [(*at, "symbols", name) for name in body.symbols] + [(*at, "where", name) for name in body.where]
    places += [(*at, "sizes", place) for place in range(len(body.sizes))] + [(*at, "called")]
    names = (*body.symbols, *body.where, *body.sizes, body.called)
    plain = [name.replace("_", "") for name in names]
    for place, (name, path) in enumerate(zip(names, places, strict=True)):
        key = path in places[: len(body.symbols) + len(body.where)]
        if plain[place] in plain[:place]:
            yield Finding(path, f"the name '{name}' stands for two things", at_key=key)
        elif name in tensors.FUNCTIONS or name == "T":
            yield Finding(path, f"'{name}' has a meaning of its own in expressions", "choose another name", at_key=key)


def _readable(path: KeyPath, text: str, names: set[str]) -> Iterator[Finding]:
    try:
        expression = tensors.read(text)
    except FormulaError as error:
        yield Finding(path, str(error), error.hint)
        return
    for name in sorted(expression.names - names):
        yield Finding(path, f"there is no symbol '{name}'", did_you_mean(name, names))


def _described(value: list[Term] | str) -> tuple[str, tuple[int | str, ...]]:
    """The kind of a symbol's numbers and its lengths; raises FormulaError."""
    if isinstance(value, list):
        lengths = [one if isinstance(one, int) and not isinstance(one, bool) else str(one) for one in value]
        kind = ""
    else:
        words = re.fullmatch(r"(\w+)(?:\s+(\w+)(?:\s*(?:x|×|\s)\s*(\w+))?)?", value.strip())
        if not words or words[1] not in KINDS:
            hint = did_you_mean(words[1], KINDS) if words else ""
            raise FormulaError(
                f"'{value}' describes no symbol", hint=hint or "for example [3, 4], [], one_hot 3, positive"
            )
        kind = words[1]
        lengths = [int(one) if one.isdigit() else one for one in words.groups()[1:] if one]
    if len(lengths) > 2:
        raise FormulaError("a symbol is a number, a vector or a matrix", hint="for example [], [3] or [3, 4]")
    if kind in _KINDS_OF_ROWS and not lengths:
        raise FormulaError(f"{kind} needs a length", hint=f"for example {kind} 3")
    return kind, tuple(lengths)


# ---- one draw ----


def answer(spec: Spec, drawn: Drawn) -> DerivativeAnswer:
    """Fill the expressions and check the model; raises FormulaError and Disagreement."""
    body, fill = spec.derivative, drawn.fill
    symbols = tuple(_symbol(name, value, body, drawn) for name, value in body.symbols.items())
    where = tuple((name, fill(text)) for name, text in body.where.items())
    steps = tuple((name, fill(text)) for name, text in body.steps.items())
    slips = tuple((fill(slip.says), fill(slip.model)) for slip in body.slips)
    task = Task(
        fill(body.of), fill(body.by), symbols, tuple(body.sizes), where, fill(body.model), steps, slips, body.called
    )
    points = proven(task)
    named = tensors.read(task.of).names | tensors.read(task.model).names
    numbers = [name for name in body.sizes if name in named]
    using = tuple(body.using) or (*body.symbols, *numbers, *body.where)
    rubric = tuple(RubricItem(item.points, fill(item.what)) for item in rubric_items(body.rubric))
    return DerivativeAnswer(task, using, _note(task, using), body.lines, rubric, points)


def _symbol(name: str, value: list[Term] | str, body: Body, drawn: Drawn) -> Symbol:
    kind, lengths = _described(value)
    found: list[int | str] = []
    for length in lengths:
        if isinstance(length, str) and length not in body.sizes:
            length = layers.size(formula_room.read(length), drawn.values)
        if isinstance(length, int) and not 1 <= length <= LONGEST_SIZE:
            raise FormulaError(f"{name} has a side of {length}; 1 to {LONGEST_SIZE} would work", str(length))
        found.append(length)
    return Symbol(name, kind, tuple(found))


def _note(task: Task, using: tuple[str, ...]) -> str:
    """What the paper states: the notation, the gradient's size, what may be used."""
    shapes = _lengths(task)
    listed = [_shaped(name, shapes.get(name, ())) for name in using if name not in task.sizes]
    numbers = [f"${notation.symbol(name)}$" for name in using if name in task.sizes]
    together = [*listed, *([f"the number{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"] if numbers else [])]
    used = f"{', '.join(together[:-1])} and {together[-1]}" if len(together) > 1 else together[0]
    by = notation.symbol(task.by)
    shaped = f"The gradient has the shape of ${by}$; it" if shapes.get(task.by, ()) else "It"
    vectors = any(len(shape) for shape in shapes.values())
    columns = (
        r" Vectors are columns, $A^\top$ is a transpose, and $\odot$ multiplies element by element." if vectors else ""
    )
    return f"{shaped} may use {used}.{columns}"


def _shaped(name: str, lengths: tuple[int | str, ...]) -> str:
    """A symbol with its shape, as the paper prints it."""
    if not lengths:
        return f"the number ${notation.symbol(name)}$"
    sides = r" \times ".join(map(str, lengths))
    return f"${notation.symbol(name)}$ (${sides}$)"


def _lengths(task: Task) -> dict[str, tuple[int | str, ...]]:
    """The shape of every symbol and definition, with letters for the sizes that have any."""
    places = range(POINTS)
    shapes, sizes = [task.shapes(place) for place in places], [_sizes(task, place) for place in places]
    letters = {tuple(lengths[name] for lengths in sizes): name for name in task.sizes}

    def side(name: str, axis: int) -> int | str:
        found = tuple(shape[name][axis] for shape in shapes)
        return letters.get(found, found[0])

    return {name: tuple(side(name, axis) for axis in range(len(shape))) for name, shape in shapes[0].items()}
