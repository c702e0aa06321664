"""Turn a question file into a Question, or into all the mistakes that can be seen without running PyTorch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from generator import answers, draw, experiments, formulas, layers, prose
from generator.answers import Known, options
from generator.draw import Condition, NoDraws, Space
from generator.formulas import Formula, FormulaError
from generator.layers import LayerPattern, ListingError, Network
from generator.mistakes import Mistake, Mistaken, did_you_mean
from generator.spec import CONVENTIONS, EvidenceSpec, Model, PartSpec, QuestionSpec, validate
from generator.text import KeyPath, Source, read

MOST_VALUES = 10_000  # of one parameter
LARGEST_IMAGE = 5_000_000  # bytes
IMAGE_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class NetworkPattern:
    """A listing whose numbers are formulas over drawn values."""

    input: tuple[Formula, ...]
    layers: tuple[LayerPattern, ...]

    def draw(self, values: Mapping[str, Any]) -> Network:
        """Put drawn values in; raises FormulaError."""
        sizes = tuple(_size(formula, values) for formula in self.input)
        return Network(sizes, tuple(layer.draw(values) for layer in self.layers))

    @property
    def names(self) -> frozenset[str]:
        """The values that it needs."""
        return frozenset().union(*(f.names for f in self.input), *(layer.names for layer in self.layers))


def _size(formula: Formula, values: Mapping[str, Any]) -> int:
    value = formula.value(values)
    if not isinstance(value, int) or isinstance(value, bool):
        raise FormulaError(f"'{formula.text}' gives {formulas.shown(value)}, which is no size", formula.text)
    return value


@dataclass(frozen=True)
class Part:
    """A part as it was written, with what its kind of answer reads in it."""

    spec: PartSpec
    kind: str
    answer: Model
    evidence: tuple[EvidenceSpec, ...]


@dataclass(frozen=True)
class ImageFile:
    """A picture beside the question file."""

    data: bytes
    media_type: str
    alt: str


@dataclass(frozen=True)
class Question:
    """A question that can be drawn."""

    id: str
    source: Source
    spec: QuestionSpec
    parts: tuple[Part, ...]
    space: Space
    network: NetworkPattern | None
    images: Mapping[str, ImageFile]

    @property
    def points(self) -> float:
        """The points of all parts."""
        return sum(part.spec.points for part in self.parts)

    @property
    def sha256(self) -> str:
        """The hash of the file and its pictures."""
        whole = hashlib.sha256(self.source.text.encode())
        for name in sorted(self.images):
            whole.update(name.encode() + b"\0" + hashlib.sha256(self.images[name].data).digest())
        return whole.hexdigest()


def load(path: Path, shown: str) -> Question:
    """Read a question file; raises Mistaken with every mistake found."""
    source = read(path, shown)
    spec, mistakes = validate(QuestionSpec, source)
    if spec is None:
        raise Mistaken(mistakes)
    reader = _Reader(path, source, spec)
    question = reader.question()
    if reader.mistakes or question is None:
        raise Mistaken(reader.mistakes)
    return question


@lru_cache
def people() -> tuple[str, ...]:
    """First names to choose from: of many places, none of a public figure's fame."""
    return tuple((files("generator") / "names.txt").read_text("utf-8").split())


class _Reader:
    """One pass over a question file that collects mistakes and the parts of a Question."""

    def __init__(self, path: Path, source: Source, spec: QuestionSpec) -> None:
        self.path, self.source, self.spec = path, source, spec
        self.mistakes: list[Mistake] = []
        self.declared = frozenset(spec.parameters)
        self.persons = tuple(name for name, parameter in spec.parameters.items() if parameter.choose == "names")

    def wrong(self, path: KeyPath, message: str, hint: str = "", **how: Any) -> None:
        self.mistakes.append(self.source.mistake(path, message, hint, **how))

    def question(self) -> Question | None:
        choices, computed = self.parameters()
        conditions = self.conditions()
        network = self.network()
        parts = self.parts()
        images = self.prose(parts)
        self.conventions()
        if self.mistakes:
            return None
        conditions += [condition for part in parts for condition in _different_options(part)]
        space = self.space(choices, computed, conditions)
        if space is None:
            return None
        return Question(self.path.stem, self.source, self.spec, tuple(parts), space, network, images)

    # ---- parameters ----

    def parameters(self) -> tuple[dict[str, list[Any]], list[tuple[str, Formula]]]:
        choices: dict[str, list[Any]] = {}
        computed: dict[str, Formula] = {}
        for name, spec in self.spec.parameters.items():
            path = ("parameters", name)
            ways = [way for way in ("choose", "range", "compute") if getattr(spec, way) is not None]
            if name in formulas.FUNCTIONS or name in (prose.NETWORK, "output"):
                self.wrong(path, f"'{name}' has a meaning of its own in formulas", "choose another name", key=True)
            elif len(ways) != 1:
                hint = "for example choose: [2, 3], range: [2, 9] or compute: side // 2"
                self.wrong(path, f"parameter {name} needs one of choose, range and compute", hint, key=True)
            elif spec.compute is not None:
                if formula := self.formula((*path, "compute"), spec.compute):
                    computed[name] = formula
            elif spec.choose != "names":
                choices[name] = self.values(path, spec.choose, spec.range, spec.step)
        return choices, self.in_order(computed)

    def values(self, path: KeyPath, choose: Any, span: list[int] | None, step: int) -> list[Any]:
        if span is not None:
            values: list[Any] = list(range(span[0], min(span[1], span[0] + MOST_VALUES * step) + 1, step))
            if len(values) > MOST_VALUES:
                self.wrong((*path, "range"), f"this range has more than {MOST_VALUES:,} values")
        else:
            values = choose
        if not values:
            self.wrong((*path, "range" if span else "choose"), "there is nothing to choose from")
        for place, value in enumerate(values):
            if value in values[:place] and len(values) < 1000:
                self.wrong(
                    (*path, "choose", place),
                    f"{formulas.shown(value) if not isinstance(value, dict) else 'this'} stands here twice",
                )
            if value is None:
                self.wrong((*path, "choose", place), "a value is missing here")
        return values

    def in_order(self, computed: dict[str, Formula]) -> list[tuple[str, Formula]]:
        """Computed parameters such that each comes after those it needs."""
        ordered: list[tuple[str, Formula]] = []
        waiting = dict(computed)
        while waiting:
            ready = [name for name, formula in waiting.items() if not formula.names & set(waiting)]
            if not ready:
                name = next(iter(waiting))
                self.wrong(
                    ("parameters", name, "compute"),
                    f"{name} is computed from itself: {' and '.join(waiting)} need each other",
                )
                return ordered
            ordered += [(name, waiting.pop(name)) for name in ready]
        return ordered

    def conditions(self) -> list[Condition]:
        conditions = []
        for place, text in enumerate(self.spec.require):
            formula = self.formula(("require", place), text)
            if formula and not formula.names and not any(m.line for m in self.mistakes if text in m.message):
                self.wrong(("require", place), f"'{text}' looks at no parameter")
            elif formula and formula.names & set(self.persons):
                self.wrong(("require", place), f"'{text}' looks at names of people", "those of one question always differ")
            elif formula:
                conditions.append(_condition(formula))
        return conditions

    def space(self, choices: Any, computed: Any, conditions: list[Condition]) -> Space | None:
        try:
            return draw.enumerate_space(choices, computed, conditions, self.persons, people())
        except NoDraws as error:
            self.wrong(("require",) if self.spec.require else ("parameters",), str(error), key=True)
        except FormulaError as error:
            self.wrong(("parameters",), str(error), error.hint, key=True)
        return None

    def formula(self, path: KeyPath, text: str, more: frozenset[str] = frozenset(), within: str = "") -> Formula | None:
        """Read a formula whose names must be declared."""
        try:
            formula = formulas.read(text)
        except FormulaError as error:
            self.wrong(path, str(error), error.hint, within=error.word or within)
            return None
        for name in sorted(formula.names - self.declared - more):
            self.wrong(
                path,
                f"'{name}' is not declared",
                did_you_mean(name, self.declared | more) or _DECLARE,
                within=_piece(within, name),
            )
        return None if formula.names - self.declared - more else formula

    # ---- network ----

    def network(self) -> NetworkPattern | None:
        spec = self.spec.network
        if spec is None:
            return None
        sizes = [self.formula(("network", "input", place), str(term)) for place, term in enumerate(spec.input)]
        patterns = [self.layer(("network", "layers", name), name, call) for name, call in spec.layers.items()]
        return NetworkPattern(tuple(filter(None, sizes)), tuple(filter(None, patterns)))

    def layer(self, path: KeyPath, name: str, call: str) -> LayerPattern | None:
        try:
            pattern = layers.read_call(name, call)
        except ListingError as error:
            self.wrong(path, str(error), error.hint, within=error.word)
            return None
        for unknown in sorted(pattern.names - self.declared):
            self.wrong(
                path, f"'{unknown}' is not declared", did_you_mean(unknown, self.declared) or _DECLARE, within=unknown
            )
        return pattern

    # ---- parts ----

    def parts(self) -> list[Part]:
        seen: dict[str, int] = {}
        parts = []
        for place, spec in enumerate(self.spec.parts):
            path: KeyPath = ("parts", place)
            if spec.id in seen:
                self.wrong((*path, "id"), f"two parts are called '{spec.id}'")
            seen[spec.id] = place
            answer = self.answer((*path, "answer"), spec)
            evidence = self.evidence((*path, "evidence"), spec.evidence)
            if spec.example:
                self.example((*path, "example"), spec.example.with_)
            if answer:
                parts.append(Part(spec, answer[0], answer[1], tuple(evidence)))
        return parts

    def answer(self, path: KeyPath, spec: PartSpec) -> tuple[str, Model] | None:
        named = [name for name in spec.answer if name in answers.KINDS]
        if len(named) != 1:
            first = next(iter(spec.answer), "")
            message = (
                f"'{first}' is no kind of answer" if not named else f"an answer has one kind, not {' and '.join(named)}"
            )
            self.wrong(
                (*path, first) if not named else path, message, did_you_mean(str(first), answers.KINDS), key=True
            )
            return None
        kind = answers.kind(named[0])
        written, mistakes = validate(kind.Spec, self.source, path)
        self.mistakes += mistakes
        if written is None:
            return None
        known = Known(spec.points, tuple(self.spec.network.layers) if self.spec.network else ())
        for finding in kind.check(written, known):
            self.wrong((*path, *finding.path), finding.message, finding.hint)
        more = frozenset(["output"]) if named[0] == "network" else frozenset()
        for where, text in kind.formulas(written):
            self.formula((*path, *where), text, more)
        for where, name, call in getattr(kind, "listing_of", _no_listing)(written):
            self.layer((*path, *where), name, call)
        return named[0], written

    def evidence(self, path: KeyPath, written: Any) -> Iterator[EvidenceSpec]:
        if written is None:
            return
        places = [(*path, place) for place in range(len(written))] if isinstance(written, list) else [path]
        for where in places:
            spec, mistakes = validate(EvidenceSpec, self.source, where)
            self.mistakes += mistakes
            if spec is None:
                continue
            if spec.experiment not in experiments.EXPERIMENTS:
                hint = did_you_mean(spec.experiment, experiments.EXPERIMENTS)
                self.wrong((*where, "experiment"), f"there is no experiment '{spec.experiment}'", hint)
                continue
            self.arguments(where, spec)
            yield spec

    def arguments(self, path: KeyPath, spec: EvidenceSpec) -> None:
        """The experiment takes what it is given, and is given what it needs."""
        taken = experiments.arguments(spec.experiment)
        for name, value in spec.with_.items():
            if name not in taken:
                message = f"{spec.experiment} has no argument '{name}'"
                self.wrong((*path, "with", name), message, did_you_mean(name, taken), key=True)
            elif isinstance(value, str):
                self.formula((*path, "with", name), value)
        missing = [name for name, required in taken.items() if required and name not in spec.with_]
        if missing:
            self.wrong(
                (*path, "experiment"), f"{spec.experiment} needs {' and '.join(missing)}", "give it under 'with'"
            )
        for place, text in enumerate(spec.expect):
            try:
                formulas.read(text)
            except FormulaError as error:
                self.wrong((*path, "expect", place), str(error), error.hint, within=error.word)

    def example(self, path: KeyPath, given: Mapping[str, Any]) -> None:
        for name in given:
            if name not in self.declared:
                self.wrong(
                    (*path, "with", name),
                    f"'{name}' is not declared",
                    did_you_mean(name, self.declared) or _DECLARE,
                    key=True,
                )
            elif self.spec.parameters[name].compute is not None:
                self.wrong((*path, "with", name), f"{name} is computed, so an example cannot set it", key=True)

    # ---- prose ----

    def prose(self, parts: list[Part]) -> dict[str, ImageFile]:
        """Check every hole and picture of the prose; returns the pictures."""
        images: dict[str, ImageFile] = {}
        for path, text, findings in _all_prose(self.spec, parts):
            if rest := prose.unclosed(text):
                self.wrong(path, f"'{rest}' is not closed", "a value is written <<name>>", within=rest)
            for hole, formula in prose.holes(text):
                if formula == prose.NETWORK and self.spec.network:
                    continue
                if findings:  # an experiment's figures are known when it has run
                    self.readable(path, formula, hole)
                else:
                    self.formula(path, formula, within=hole)
            for alt, name in prose.images(text):
                if image := self.image(path, alt, name):
                    images[name] = image
        return images

    def readable(self, path: KeyPath, formula: str, hole: str) -> None:
        try:
            formulas.read(formula)
        except FormulaError as error:
            self.wrong(path, str(error), error.hint, within=hole)

    def image(self, path: KeyPath, alt: str, name: str) -> ImageFile | None:
        file = self.path.parent / name
        kind = IMAGE_TYPES.get(file.suffix.lower())
        if not kind:
            self.wrong(path, f"'{name}' is no picture", f"pictures end with {', '.join(IMAGE_TYPES)}", within=name)
        elif "/" in name or "\\" in name or not file.is_file() or file.is_symlink():
            beside = [other.name for other in self.path.parent.iterdir() if other.suffix.lower() in IMAGE_TYPES]
            hint = did_you_mean(name, beside) or "pictures stand beside the question file"
            self.wrong(path, f"there is no picture '{name}'", hint, within=name)
        elif file.stat().st_size > LARGEST_IMAGE:
            self.wrong(path, f"'{name}' has {file.stat().st_size:,} bytes; {LARGEST_IMAGE:,} are allowed", within=name)
        elif not alt.strip():
            hint = "write what it shows, for readers who cannot see it: ![a grid of 3 by 3 pixels](grid.png)"
            self.wrong(path, f"'{name}' has no description", hint, within=name)
        else:
            return ImageFile(file.read_bytes(), kind, alt.strip())
        return None

    def conventions(self) -> None:
        self.mistakes += wrong_conventions(self.source, self.spec.conventions)


_DECLARE = "declare it under 'parameters'"


def wrong_conventions(source: Source, chosen: Mapping[str, str]) -> Iterator[Mistake]:
    """Conventions that do not exist, of a question or an exam."""
    for name, value in chosen.items():
        if name not in CONVENTIONS:
            hint = did_you_mean(name, CONVENTIONS)
            yield source.mistake(("conventions", name), f"there is no convention '{name}'", hint, key=True)
        elif value not in CONVENTIONS[name]:
            hint = did_you_mean(value, CONVENTIONS[name])
            yield source.mistake(("conventions", name), f"{name} is not '{value}'", hint)


def _piece(within: str, name: str) -> str:
    return within if within and name in within else name


def _no_listing(written: Model) -> Iterator[tuple[KeyPath, str, str]]:
    yield from ()


def _condition(formula: Formula) -> Condition:
    return Condition(formula.names, lambda values: bool(formula.value(values)))


def _different_options(part: Part) -> Iterator[Condition]:
    """A draw in which two options look the same is not used."""
    if part.kind not in ("choice", "choices"):
        return
    texts = answers.kind(part.kind).texts(part.answer)
    names: frozenset[str] = frozenset()
    for text in texts:
        for _, formula in prose.holes(text):
            names |= formulas.read(formula).names
    if names:
        yield Condition(names, lambda values: options.distinct([prose.fill(text, values) for text in texts]))


def _all_prose(spec: QuestionSpec, parts: list[Part]) -> Iterator[tuple[KeyPath, str, bool]]:
    """Every piece of prose with its path, and whether an experiment's findings may be named in it."""
    if spec.stem:
        yield ("stem",), spec.stem, False
    for place, written in enumerate(spec.parts):
        path = ("parts", place)
        for name in ("lead", "prompt", "explanation"):
            if text := getattr(written, name):
                yield (*path, name), text, False
    for part in parts:
        path = ("parts", spec.parts.index(part.spec))
        for where, text in answers.kind(part.kind).prose(part.answer):
            yield (*path, "answer", *where), text, False
        for place, evidence in enumerate(part.evidence):
            at = (*path, "evidence", place) if isinstance(part.spec.evidence, list) else (*path, "evidence")
            yield (*at, "says"), evidence.says, True
