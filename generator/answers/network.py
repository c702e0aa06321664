"""A network to design: any listing that runs and meets the conditions is right; it is executed, not compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from generator import formulas as formula_room
from generator import forward, reference
from generator import layers as layer_room
from generator import listing as listing_room
from generator.answers.kind import (
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
from generator.draw import told
from generator.formulas import FormulaError
from generator.forward import DoesNotFit, Step
from generator.layers import Layer, Network
from generator.listing import ListingError, written
from generator.mistakes import did_you_mean
from generator.spec import Model, Name, Prose, Term
from generator.text import KeyPath


class Body(Model):
    """What stands under `network:`."""

    input: Annotated[list[Term], Field(min_length=1, max_length=4)] | None = Field(
        None, description="the shape of what goes in; by default that of the question's network"
    )
    require: Annotated[list[str], Field(min_length=1)] = Field(
        description="conditions over output.height, output.channels …"
    )
    allowed: list[str] = Field([], description="only these layers may be used; by default all that a listing knows")
    model: Annotated[dict[Name, str], Field(min_length=1)] = Field(description="one accepted network")
    lines: Annotated[int, Field(ge=1, le=40)] = 12
    note: Prose | None = Field(None, description="what the paper adds on the notation")
    rubric: RubricSpec = []


class Spec(Model):
    """`network: {require, model}`."""

    network: Body


AXES = {
    1: ("features",),
    2: ("channels", "length"),
    3: ("channels", "height", "width"),
    4: ("channels", "depth", "height", "width"),
}


@dataclass(frozen=True)
class NetworkAnswer:
    """The conditions that any right network meets, and one network that does."""

    input: tuple[int, ...]
    require: tuple[str, ...]
    values: Mapping[str, Any]
    allowed: tuple[str, ...]
    model: tuple[Layer, ...]
    lines: int
    note: str
    rubric: tuple[RubricItem, ...]
    worked: str

    @property
    def recorded(self) -> str:
        """The model network, a layer a line."""
        return written(self.model)

    def mark(self, response: Response) -> Mark:
        """Build the listing, run it, and look at what comes out; what fails is said layer by layer."""
        if not isinstance(response, str):
            return Mark(0.0, ("here belongs a listing of layers",), readable=False)
        try:
            layers = listing_room.read_listing(response)
        except ListingError as error:
            return Mark(0.0, (f"{error}; {error.hint}" if error.hint else str(error),), readable=False)
        return self.judge(layers)

    def judge(self, layers: tuple[Layer, ...]) -> Mark:
        """Run layers that were read."""
        strange = [layer for layer in layers if self.allowed and layer.kind not in self.allowed]
        if strange:
            return Mark(0.0, tuple(f"layer {layer.name}: {layer.kind} is not allowed here" for layer in strange))
        network = Network(self.input, layers)
        try:
            steps = forward.run(network)
        except DoesNotFit as error:
            return Mark(0.0, (*_so_far(network, error.layer), str(error)))
        output = _named(steps[-1].output)
        failed = [text for text in self.require if not _holds(text, {**self.values, "output": output})]
        if failed:
            gives = f"the output is {layer_room.shape_text(steps[-1].output)} (channels first)"
            used = frozenset().union(*(formula_room.read(text).names for text in failed))
            drawn = told({name: value for name, value in self.values.items() if name in used})
            wanted = f"{' and '.join(failed)} must hold" + (f", with {drawn}" if drawn else "")
            return Mark(0.0, (*(_told(step) for step in steps), f"{gives}, but {wanted}"))
        return Mark(1.0, tuple(_told(step) for step in steps))

    def responses(self) -> Responses:
        """The model in other clothes, the longest beginning of it that fails (or one with more layers), and words."""
        right = "\n".join(f"{layer.name}: nn.{layer.call}" for layer in self.model)
        starts = [self.model[:end] for end in range(len(self.model) - 1, 0, -1)]
        more = [Layer("zz", "Flatten", ()), Layer("zz", "Linear", (("in_features", 1), ("out_features", 1)))]
        tries = [*starts, *((*self.model, layer) for layer in more)]
        wrong = next((written(layers) for layers in tries if self.judge(layers).share == 0), None)
        return Responses(right, wrong, "the same network, but for segmentation")


def _holds(text: str, values: Mapping[str, Any]) -> bool:
    """A condition over an output that lacks what it names does not hold."""
    try:
        return bool(formula_room.read(text).value(values))
    except FormulaError:
        return False


def _named(shape: tuple[int, ...]) -> dict[str, int]:
    return dict(zip(AXES.get(len(shape), ()), shape, strict=False))


def _so_far(network: Network, failing: str) -> tuple[str, ...]:
    """The sizes after the layers before the one that fails."""
    names = [layer.name for layer in network.layers]
    before = network.layers[: names.index(failing)] if failing in names else ()
    try:
        return tuple(_told(step) for step in forward.run(Network(network.input, before)))
    except DoesNotFit:
        return ()


def _told(step: Step) -> str:
    return f"after layer {step.layer.name}: {layer_room.shape_text(step.output)}"


def formulas(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """The input, the conditions and the arguments of the model; conditions may speak of `output`."""
    for place, term in enumerate(spec.network.input or []):
        if isinstance(term, str):
            yield ("network", "input", place), term
    for place, text in enumerate(spec.network.require):
        yield ("network", "require", place), text


def prose(spec: Spec) -> Iterator[tuple[KeyPath, str]]:
    """The note and the rubric."""
    if spec.network.note:
        yield ("network", "note"), spec.network.note
    yield from rubric_prose(("network", "rubric"), spec.network.rubric)


def listing_of(spec: Spec) -> Iterator[tuple[KeyPath, str, str]]:
    """The layers of the model, with their paths."""
    for name, call in spec.network.model.items():
        yield ("network", "model", name), name, call


def check(spec: Spec, known: Known) -> Iterator[Finding]:
    """The model can be read, the allowed layers exist, the rubric adds up."""
    if not known.layers and spec.network.input is None:
        yield Finding(("network",), "this answer needs an 'input', as the question has no network")
    for place, kind in enumerate(spec.network.allowed):
        if kind not in layer_room.LAYERS:
            yield Finding(
                ("network", "allowed", place), f"there is no layer '{kind}'", did_you_mean(kind, layer_room.LAYERS)
            )
    yield from check_rubric(spec.network.rubric, known.points, ("network", "rubric"))


def answer(spec: Spec, drawn: Drawn) -> NetworkAnswer:
    """Draw the model and run it; raises DoesNotFit when it does not run or meet the conditions."""
    body = spec.network
    if body.input is None:
        size = drawn.the_network().input
    else:
        size = tuple(layer_room.size(formula_room.read(str(term)), drawn.values) for term in body.input)
    model = tuple(listing_room.read_call(name, call).draw(drawn.values) for name, call in body.model.items())
    note = drawn.fill(body.note) if body.note else ""
    rubric = tuple(RubricItem(item.points, drawn.fill(item.what)) for item in rubric_items(body.rubric))
    names = frozenset().union(*(formula_room.read(text).names for text in body.require))
    values = {name: value for name, value in drawn.values.items() if name in names}
    network = Network(size, model)
    result = NetworkAnswer(size, tuple(body.require), values, tuple(body.allowed), model, body.lines, note, rubric, "")
    mark = result.judge(model)
    if mark.share < 1:
        raise DoesNotFit(model[-1].name, f"the model network does not meet its own conditions: {mark.remarks[-1]}")
    worked = reference.quantity("output_shape").worked(
        network, layers=(model[-1].name,), order=drawn.conventions["shape_order"]
    )
    return NetworkAnswer(
        size, tuple(body.require), values, tuple(body.allowed), model, body.lines, note, rubric, worked
    )
