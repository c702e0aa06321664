"""A network to design: any listing that runs and meets the conditions is right; it is executed, not compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from pydantic import Field

from generator import formulas as formula_room
from generator import forward, reference
from generator import layers as layer_room
from generator import listing as listing_room
from generator.answers.asking import check_layers
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
from generator.reference.altered import with_
from generator.reference.sizes import each
from generator.spec import Model, Name, Prose, Term
from generator.text import KeyPath


class Body(Model):
    """What stands under `network:`."""

    input: Annotated[list[Term], Field(min_length=1, max_length=4)] | None = Field(
        None, description="the shape of what goes in; by default that of the question's network"
    )
    require: Annotated[list[str], Field(min_length=1)] = Field(
        description="conditions over output.height, output.channels …, network.parameters, network.macs …"
    )
    keeps: list[Name] = Field([], description="layers of the question's network that must stay, in their order")
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
    keeps: tuple[Layer, ...] = ()
    conventions: Mapping[str, str] = field(default_factory=dict)

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
        if lost := _lost(self.keeps, layers):
            return Mark(0.0, tuple(f"layer {layer.name} is not kept: {layer.call}" for layer in lost))
        measured = Measured(network, self.conventions)
        given = {**self.values, "output": _named(steps[-1].output), "network": measured}
        failed = [text for text in self.require if not _holds(text, given)]
        if failed:
            gives = f"the output is {layer_room.shape_text(steps[-1].output)} (channels first)"
            used = frozenset().union(*(formula_room.read(text).names for text in failed))
            drawn = told({name: value for name, value in self.values.items() if name in used})
            wanted = f"{' and '.join(failed)} must hold" + (f", with {drawn}" if drawn else "")
            figures = tuple(f"its {name.replace('_', ' ')}: {measured.told(name)}" for name in _figures(failed))
            return Mark(0.0, (*(_told(step) for step in steps), *figures, f"{gives}, but {wanted}"))
        return Mark(1.0, tuple(_told(step) for step in steps))

    def responses(self) -> Responses:
        """The model in other clothes, the longest beginning of it that fails (or one with more layers), and words."""
        right = "\n".join(f"{layer.name}: nn.{layer.call}" for layer in self.model)
        starts = [self.model[:end] for end in range(len(self.model) - 1, 0, -1)]
        more = [Layer("zz", "Flatten", ()), Layer("zz", "Linear", (("in_features", 1), ("out_features", 1)))]
        tries = [*starts, *((*self.model, layer) for layer in more)]
        wrong = next((written(layers) for layers in tries if self.judge(layers).share == 0), None)
        return Responses(right, wrong, "the same network, but for segmentation")


@dataclass(frozen=True)
class Measured(Mapping[str, int]):
    """Figures of a network, `network.parameters` and its like in conditions, each computed when it is asked for."""

    network: Network
    conventions: Mapping[str, str]

    def __getitem__(self, name: str) -> int:
        quantity, arguments = FIGURES[name]
        given: dict[str, Any] = dict(arguments)
        if reference.takes(quantity, "layer"):
            given["layer"] = self.network.layers[-1].name
        try:
            value = reference.ask(quantity, self.network, given, self.conventions).value
        except (reference.BadArgument, reference.Disagreement) as error:
            raise FormulaError(f"{name.replace('_', ' ')}: {error}") from None
        return int(value["size"] if isinstance(value, Mapping) else value)

    def __contains__(self, name: object) -> bool:
        return name in FIGURES

    def __iter__(self) -> Iterator[str]:
        return iter(FIGURES)

    def __len__(self) -> int:
        return len(FIGURES)

    def told(self, name: str) -> str:
        """A figure, or why there is none."""
        try:
            return str(self[name])
        except FormulaError as error:
            return f"none, as {error}"


FIGURES: dict[str, tuple[str, dict[str, str]]] = {
    "parameters": ("parameter_count", {}),
    "macs": ("multiply_accumulates", {"cost": "macs"}),
    "flops": ("multiply_accumulates", {"cost": "flops"}),
    "activations": ("activation_count", {}),
    "receptive_field": ("receptive_field", {}),
}


def _figures(conditions: Sequence[str]) -> list[str]:
    """The figures that conditions name."""
    return [name for name in FIGURES if any(re.search(rf"\bnetwork\.{name}\b", text) for text in conditions)]


def _lost(keeps: Sequence[Layer], layers: Sequence[Layer]) -> list[Layer]:
    """The layers that must stay and do not stand among these in their order, whatever their names."""
    rest, lost = [_built(layer) for layer in layers], []
    for layer in keeps:
        if (built := _built(layer)) in rest:
            rest = rest[rest.index(built) + 1 :]
        else:
            lost.append(layer)
    return lost


def _built(layer: Layer) -> str:
    """A layer as PyTorch prints it, with every argument, however it was written."""
    if layer.kind in layer_room.WORDS:
        return layer.call
    if layer.argument("padding") == "same":
        axes = int(layer.kind[-2])
        windows = zip(each(layer, "kernel_size", axes, 1), each(layer, "dilation", axes, 1), strict=True)
        spare = [spread * (kernel - 1) for kernel, spread in windows]
        if not any(one % 2 for one in spare):
            layer = with_(layer, padding=tuple(one // 2 for one in spare))
    return re.sub(r"\((\d+)(?:, \1)+\)", r"\1", repr(forward.build(layer)))  # (3, 3) is 3


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
    offered = [*layer_room.LAYERS, *layer_room.WORDS]
    for place, kind in enumerate(spec.network.allowed):
        if kind not in offered:
            yield Finding(("network", "allowed", place), f"there is no layer '{kind}'", did_you_mean(kind, offered))
    yield from check_layers(spec.network.keeps, known, ("network", "keeps"))
    for place, text in enumerate(spec.network.require):
        for name in re.findall(r"\bnetwork\.(\w+)", text):
            if name not in FIGURES:
                yield Finding(("network", "require", place), f"a network has no '{name}'", did_you_mean(name, FIGURES))
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
    keeps = tuple(drawn.the_network().layer(name) for name in body.keeps)
    result = NetworkAnswer(
        size, tuple(body.require), values, tuple(body.allowed), model, body.lines, note, rubric, "", keeps,
        drawn.conventions,
    )  # fmt: skip
    mark = result.judge(model)
    if mark.share < 1:
        raise DoesNotFit(model[-1].name, f"the model network does not meet its own conditions: {mark.remarks[-1]}")
    return replace(result, worked=_worked(network, body.require, drawn.conventions))


def _worked(network: Network, conditions: Sequence[str], conventions: Mapping[str, str]) -> str:
    """The sizes of the model network, and the figures that conditions name."""
    last = network.layers[-1].name
    pieces = [reference.ask("output_shape", network, {"layers": (last,)}, conventions).worked]
    for name in _figures(conditions):
        quantity, arguments = FIGURES[name]
        given = {**arguments, **({"layer": last} if reference.takes(quantity, "layer") else {})}
        pieces.append(reference.ask(quantity, network, given, conventions).worked)
    return "\n\n".join(pieces)
