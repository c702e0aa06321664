"""One right option among several: as written, or a computed answer among what misconceptions lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from pydantic import Field

from generator import formulas as formula_room
from generator import reference
from generator.answers import asking, options, shapes
from generator.answers import set as set_room
from generator.answers.asking import Exactness
from generator.answers.kind import Drawn, Finding, Known, NotUsed
from generator.answers.options import OptionsAnswer
from generator.formulas import FormulaError
from generator.mistakes import did_you_mean
from generator.spec import Model, Name, Prose
from generator.text import KeyPath

WRONG = 3  # computed options beside the right one


class Body(Exactness):
    """What stands under `choice:`: either right and wrong, or a quantity."""

    right: Prose | None = None
    wrong: Annotated[list[Prose], Field(min_length=1)] | Annotated[int, Field(ge=1, le=8)] | None = Field(
        None, description="options; with a quantity, how many of them (3 by default)"
    )
    quantity: str | None = Field(None, description="a quantity that gives the right option")
    misconceptions: list[Name] = Field(
        [], description="the misconceptions that give wrong options, the best first; by default all of the quantity"
    )
    unit: str = Field("", description="printed behind each number")


class Spec(Model):
    """`choice: {right, wrong}`, or `choice: {quantity, misconceptions}`."""

    choice: Body


def formulas(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """The arguments of the quantity."""
    if spec.choice.quantity:
        for path, text in asking.formulas(spec.choice.quantity, spec.choice):
            yield ("choice", *path), text


def prose(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """The options that are written."""
    if spec.choice.right:
        yield ("choice", "right"), spec.choice.right
    if isinstance(spec.choice.wrong, list):
        yield from options.prose([], spec.choice.wrong, ("choice",))


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """No two options are the same, or the quantity and its misconceptions exist."""
    body, at = spec.choice, ("choice",)
    if body.quantity is None:
        if body.right is None or not isinstance(body.wrong, list):
            yield Finding(at, "a choice has 'right' and a list 'wrong', or a 'quantity'", at_key=True)
            return
        for key in sorted(body.model_fields_set - {"right", "wrong"}):
            yield Finding((*at, key.rstrip("_")), f"{key.rstrip('_')} belongs to a choice with a quantity", at_key=True)
        yield from options.check([body.right], body.wrong, at)
        return
    if body.right is not None or isinstance(body.wrong, list):
        key = "right" if body.right is not None else "wrong"
        yield Finding(
            (*at, key), "the quantity gives the right option and its misconceptions the wrong ones", at_key=True
        )
    gives = {"shapes", "count", "number", "named", "array", "set"}
    for finding in asking.check(body.quantity, body, gives, known, ("quantity",)):
        yield Finding((*at, *finding.path), finding.message, finding.hint, finding.at_key)
    if body.quantity not in reference.names():
        return
    ways = reference.misconceptions(body.quantity)
    for place, name in enumerate(body.misconceptions):
        if name not in ways:
            message = f"{body.quantity} has no misconception '{name}'"
            yield Finding(
                (*at, "misconceptions", place), message, did_you_mean(name, ways) or f"it has: {', '.join(ways)}"
            )
    offered = len(body.misconceptions or ways)
    if offered < _count(body):
        message = f"{_count(body)} wrong options need as many misconceptions; there are {offered}"
        yield Finding((*at, "misconceptions" if body.misconceptions else "quantity"), message, "set 'wrong' lower")


def texts(spec: Spec) -> list[str]:
    """The options that are written, the right one first."""
    body = spec.choice
    return [body.right, *body.wrong] if body.right is not None and isinstance(body.wrong, list) else []


def leaves_out(spec: Spec) -> bool:
    """Whether a draw may not be used."""
    return spec.choice.quantity is not None


def answer(spec: Spec, drawn: Drawn) -> OptionsAnswer:
    """Fill and shuffle the options; raises NotUsed when misconceptions give too few different ones."""
    body = spec.choice
    if body.quantity is None:
        assert body.right is not None
        assert isinstance(body.wrong, list)
        return options.shuffled([body.right], body.wrong, drawn, several=False)
    layers = (body.layer,) if body.layer and not reference.takes(body.quantity, "layer") else None
    asked = asking.asked(body.quantity, body, drawn, layers)
    pick, write = asking.picker(body, drawn), _writer(body, drawn)
    right = write(pick.of(asked.value))
    wrong: dict[str, str] = {}
    for slip in asked.slips(body.misconceptions):
        try:
            text = write(pick.of(slip.value))
        except FormulaError:
            continue  # it leads to an array without this element
        if len(wrong) < _count(body) and options.distinct([right, *wrong, text]):
            wrong[text] = slip.says
    if len(wrong) < _count(body):
        raise NotUsed(f"{len(wrong)} wrong options differ from the answer and each other, not {_count(body)}")
    rounded = f"Numbers are rounded to {asking.decimals(body.decimals)}." if body.decimals is not None else ""
    note = " ".join(filter(None, [asked.says, rounded]))
    return options.mixed([right], list(wrong), drawn.stream, False, wrong, note, asked)


def _count(body: Body) -> int:
    return body.wrong if isinstance(body.wrong, int) else WRONG


def _writer(body: Body, drawn: Drawn) -> Callable[[Any], str]:
    """How a value stands as an option."""
    precision, order = asking.precision(body), drawn.conventions["shape_order"]
    gives = reference.quantity(body.quantity or "").GIVES

    def write(value: Any) -> str:
        match value:
            case ((int(), *_) as only,) if gives == "shapes":
                return shapes.written(only, order)
            case int() | float():
                return f"{precision.text(value)} {body.unit}".strip()
            case tuple() if gives == "set":
                return set_room.said(value)
            case tuple() if gives != "shapes":
                flat = not isinstance(value[0], tuple)
                return f"${(formula_room.vector if flat else formula_room.matrix)(rounded(value))}$"
        raise FormulaError(f"{body.quantity} gives no single option", hint="say which result with 'pick' or 'layer'")

    def rounded(value: Any) -> Any:
        if isinstance(value, tuple):
            return [rounded(inner) for inner in value]
        return value if body.decimals is None else round(value, body.decimals)

    return write
