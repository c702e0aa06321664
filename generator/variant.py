"""Turn a question and a seed into a variant: drawn values, filled prose, and answers that PyTorch computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from generator import answers, experiments, formulas, prose
from generator.answers import Answer, Drawn, NotUsed
from generator.draw import told
from generator.formulas import FormulaError
from generator.forward import DoesNotFit
from generator.layers import Network
from generator.listing import ListingError, written
from generator.mistakes import Mistake, Mistaken
from generator.plots import Picture
from generator.question import ImageFile, Part, Question
from generator.reference import BadArgument, Disagreement
from generator.spec import DEFAULT_CONVENTIONS, EvidenceSpec
from generator.streams import Stream
from generator.text import KeyPath


@dataclass(frozen=True)
class PartVariant:
    """A part with drawn values; prose is Markdown."""

    id: str
    kind: str
    points: float
    lead: str
    prompt: str
    answer: Answer
    explanation: str
    part: Part


@dataclass(frozen=True)
class Variant:
    """A question with drawn values and computed answers."""

    question: Question
    number: int
    values: Mapping[str, Any]
    stem: str
    network: Network | None
    parts: tuple[PartVariant, ...]

    @property
    def title(self) -> str:
        """The question's title."""
        return self.question.spec.title

    @property
    def images(self) -> Mapping[str, ImageFile]:
        """The pictures that its prose shows."""
        return self.question.images


@dataclass(frozen=True)
class Evidence:
    """What an experiment showed for one variant."""

    says: str
    picture: Picture | None


MOST_LEFT_OUT = 200  # draws in a row


def vary(question: Question, secret: str, number: int = 0, conventions: Mapping[str, str] | None = None) -> Variant:
    """Draw variant `number` and compute its answers; raises Mistaken with the drawn values when a draw breaks it.

    Draws that are not used, because wrong options coincide, are left out before variants are numbered.
    """
    chosen = tuple(sorted((conventions or {}).items()))
    return _dealt(question, secret, place_of(question, secret, number, chosen), dict(chosen), number)


def at(question: Question, place: int, conventions: Mapping[str, str] | None = None) -> Variant:
    """The variant at a place of the question's space, always the same; raises Mistaken and NotUsed."""
    values = question.space.at(place, Stream("at", question.id, place, "names"))
    return of_values(question, values, Stream("at", question.id, place, "options"), conventions or {}, place)


def place_of(question: Question, secret: str, number: int, conventions: tuple[tuple[str, str], ...]) -> int:
    """Which deal of the space gives variant `number`; raises Mistaken when hardly any can be used."""
    if not any(kind_leaves_out(part) for part in question.parts):
        return number
    places = _places(question.id, question.sha256, secret, conventions)
    while len(places) <= number:
        start = places[-1] + 1 if places else 0
        for place in range(start, start + MOST_LEFT_OUT):
            try:
                _dealt(question, secret, place, dict(conventions), place)
            except NotUsed as reason:
                unused = reason
                continue
            places.append(place)
            break
        else:
            raise Mistaken([question.source.mistake(("parts",), f"hardly any draw can be used: {unused}", key=True)])
    return places[number]


def kind_leaves_out(part: Part) -> bool:
    """Whether an answer of this part may refuse a draw."""
    return getattr(answers.kind(part.kind), "leaves_out", lambda _: False)(part.answer)


@lru_cache(maxsize=4096)
def _places(question: str, sha256: str, secret: str, conventions: tuple[tuple[str, str], ...]) -> list[int]:
    """The deals that were found to be usable so far; a list that grows."""
    return []


def _dealt(question: Question, secret: str, place: int, conventions: Mapping[str, str], number: int) -> Variant:
    values = question.space.draw(secret, question.id, place)
    return of_values(question, values, Stream(secret, question.id, place, "options"), conventions, number)


def of_values(
    question: Question, values: Mapping[str, Any], stream: Stream, conventions: Mapping[str, str], number: int = 0
) -> Variant:
    """The variant with these values; raises Mistaken, and NotUsed for a draw that another one should replace."""
    at: KeyPath = ("network",)
    try:
        network = question.network.draw(values) if question.network else None
        printed = f"```listing\n{written(network.layers)}\n```" if network else ""
        at = ("stem",)
        stem = prose.fill(question.spec.stem or "", values, printed)
        parts = []
        chosen = {**DEFAULT_CONVENTIONS, **conventions, **question.spec.conventions}
        for place, part in enumerate(question.parts):
            at = ("parts", place)
            drawn = Drawn(values, network, chosen, stream, _Filled(values, printed), part.spec.points)
            parts.append(_part(part, drawn))
        return Variant(question, number, values, stem, network, tuple(parts))
    except (FormulaError, DoesNotFit, ListingError, Disagreement, BadArgument) as error:
        raise Mistaken([broken(question, at, error, values)]) from None


@dataclass(frozen=True)
class _Filled:
    """Fills prose with the values of one draw."""

    values: Mapping[str, Any]
    printed: str

    def __call__(self, text: str, /) -> str:
        return prose.fill(text, self.values, self.printed)


def _part(part: Part, drawn: Drawn) -> PartVariant:
    answer = answers.kind(part.kind).answer(part.answer, drawn)
    spec = part.spec
    lead, explanation = (drawn.fill(text) if text else "" for text in (spec.lead, spec.explanation))
    return PartVariant(spec.id, part.kind, spec.points, lead, drawn.fill(spec.prompt), answer, explanation, part)


def broken(question: Question, at: KeyPath, error: Exception, values: Mapping[str, Any], often: str = "") -> Mistake:
    """A mistake that a draw showed, at the layer or the word that it names."""
    drawn = f"drawn: {told(values)}{often}" if values else ""
    hint = "\n".join(filter(None, [getattr(error, "hint", ""), drawn]))
    if isinstance(error, DoesNotFit):
        layer = ("network", "layers", error.layer)
        inner = (*at, "answer", "network", "model", error.layer)
        place = inner if inner in question.source.values else layer if layer in question.source.values else at
        return question.source.mistake(place, str(error), hint)
    if isinstance(error, BadArgument):
        kind = question.parts[at[1]].kind if len(at) == 2 and isinstance(at[1], int) else ""
        ways = ((*at, "answer", *inner, "with", error.argument) for inner in ((), (kind,)))
        given = next((way for way in ways if way in question.source.values), (*at, "answer"))
        return question.source.mistake(given, f"{error.argument}: {error}", hint)
    word = getattr(error, "word", "") or getattr(error, "formula", "")
    return question.source.mistake(at, str(error), hint, within=word)


def evidence(variant: Variant, part: PartVariant) -> tuple[Evidence, ...]:
    """Run the experiments of a part; raises Mistaken when an expectation does not come true."""
    return tuple(_shown(variant, part, place, spec) for place, spec in enumerate(part.part.evidence))


def _shown(variant: Variant, part: PartVariant, place: int, spec: EvidenceSpec) -> Evidence:
    at: KeyPath = ("parts", variant.question.parts.index(part.part), "evidence")
    if isinstance(part.part.spec.evidence, list):
        at = (*at, place)
    try:
        given = {name: _argument(value, variant.values) for name, value in spec.with_.items()}
    except FormulaError as error:
        raise Mistaken([broken(variant.question, (*at, "with"), error, variant.values)]) from None
    try:
        found = experiments.run(spec.experiment, given)
    except ValueError as error:
        refused = FormulaError(f"{spec.experiment}: {error}")
        raise Mistaken([broken(variant.question, (*at, "with"), refused, variant.values)]) from None
    if both := set(variant.values) & set(found.figures):
        clash = FormulaError(
            f"a drawn value and a finding of {spec.experiment} are both called {', '.join(sorted(both))}"
        )
        raise Mistaken([broken(variant.question, (*at, "experiment"), clash, variant.values)])
    values = {**variant.values, **found.figures}
    mistakes = []
    for index, text in enumerate(spec.expect):
        try:
            holds = formulas.read(text).value(values)
            error_text = f"this did not come true: {text}"
        except FormulaError as error:
            holds, error_text = False, str(error)
        if not holds:
            unmet = FormulaError(error_text, hint=f"{spec.experiment} found: {told(found.figures)}")
            mistakes.append(broken(variant.question, (*at, "expect", index), unmet, variant.values))
    if mistakes:
        raise Mistaken(mistakes)
    try:
        return Evidence(prose.fill(spec.says, values, measured=found.figures), found.picture)
    except FormulaError as error:
        raise Mistaken([broken(variant.question, (*at, "says"), error, variant.values)]) from None


def _argument(value: Any, values: Mapping[str, Any]) -> Any:
    return formulas.read(value).value(values) if isinstance(value, str) else value
