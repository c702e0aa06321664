"""Turn a question file into a Question, or into all the mistakes that can be seen without running PyTorch."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator import answers, experiments, formulas, layers, listing, prose, reference
from generator.answers import Known, options
from generator.draw import Condition, Space
from generator.formulas import Formula, FormulaError
from generator.labor import MEASURES, SYMBOLIC
from generator.layers import LayerPattern, Network
from generator.listing import ListingError
from generator.mistakes import Mistake, Mistaken, did_you_mean
from generator.parameters import DECLARE, ParameterReader
from generator.spec import CONVENTIONS, EvidenceSpec, Model, PartSpec, QuestionSpec, validate
from generator.text import KeyPath, Source, read

LARGEST_IMAGE = 5_000_000  # bytes
_FILE_NAME = re.compile(r"[\w.-]{1,100}")  # letters, digits and no way out of the folder
_WITHOUT_PICTURES = {"rubric", "samples", "axes", "groups", "note", "evidence"}  # where only a line of text fits
IMAGE_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class NetworkPattern:
    """A listing whose numbers are formulas over drawn values."""

    input: tuple[Formula, ...]
    layers: tuple[LayerPattern, ...]

    def draw(self, values: Mapping[str, Any]) -> Network:
        """Put drawn values in; raises FormulaError."""
        sizes = tuple(layers.size(formula, values) for formula in self.input)
        return Network(sizes, tuple(layer.draw(values) for layer in self.layers))

    @property
    def names(self) -> frozenset[str]:
        """The values that it needs."""
        return frozenset().union(*(f.names for f in self.input), *(layer.names for layer in self.layers))


@dataclass(frozen=True)
class Part:
    """A part as it was written, with what its kind of answer reads in it."""

    spec: PartSpec
    kind: str
    answer: Model
    evidence: tuple[EvidenceSpec, ...]

    @property
    def quantity(self) -> str:
        """The quantity that gives the answer, or nothing where the file gives it."""
        asked = getattr(self.answer, self.kind, None)
        name = asked if isinstance(asked, str) else getattr(asked, "quantity", None)
        return name if isinstance(name, str) and name in reference.names() else ""


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
    return of(read(path, shown), path)


def of(source: Source, path: Path) -> Question:
    """Turn what is, or is to be, in a question file into the question; raises Mistaken with every mistake found."""
    spec, mistakes = validate(QuestionSpec, source)
    if spec is None:
        raise Mistaken(mistakes)
    reader = _Reader(path, source, spec)
    question = reader.question()
    if reader.mistakes or question is None:
        raise Mistaken(reader.mistakes)
    return question


class _Reader(ParameterReader):
    """One pass over a question file that collects mistakes and the parts of a Question."""

    def __init__(self, path: Path, source: Source, spec: QuestionSpec) -> None:
        super().__init__(source, spec)
        self.path = path

    def question(self) -> Question | None:
        choices, computed = self.parameters()
        conditions = self.conditions()
        network = self.network()
        parts = self.parts()
        images = self.prose(parts)
        self.parity(parts)
        self.mistakes += wrong_conventions(self.source, self.spec.conventions)
        if self.mistakes:
            return None
        conditions += [condition for part in parts for condition in _different_options(part)]
        space = self.space(choices, computed, conditions)
        if space is None:
            return None
        return Question(self.path.stem, self.source, self.spec, tuple(parts), space, network, images)

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
            pattern = listing.read_call(name, call)
        except ListingError as error:
            self.wrong(path, str(error), error.hint, within=error.word)
            return None
        for unknown in sorted(pattern.names - self.declared):
            self.wrong(
                path, f"'{unknown}' is not declared", did_you_mean(unknown, self.declared) or DECLARE, within=unknown
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
        known_kinds = answers.names()
        named = [name for name in spec.answer if name in known_kinds]
        if not named:
            hints = {name: did_you_mean(name, known_kinds) for name in spec.answer}
            first = next((name for name, hint in hints.items() if hint.startswith("did")), next(iter(hints), ""))
            message = f"'{first}' is no kind of answer" if first else "here belongs a kind of answer"
            self.wrong((*path, first), message, did_you_mean(first, known_kinds), key=True)
            return None
        if len(named) > 1:
            self.wrong(path, f"an answer has one kind, not {' and '.join(named)}", key=True)
            return None
        kind = answers.kind(named[0])
        written, mistakes = validate(kind.Spec, self.source, path)
        self.mistakes += mistakes
        if written is None:
            return None
        known = Known(spec.points, tuple(self.spec.network.layers) if self.spec.network else ())
        for finding in getattr(kind, "check", _nothing)(written, known):
            self.wrong((*path, *finding.path), finding.message, finding.hint, key=finding.at_key)
        more = frozenset(["output", "network"]) if named[0] == "network" else frozenset()
        for where, text in getattr(kind, "formulas", _nothing)(written):
            self.formula((*path, *where), text, more)
        for where, name, call in getattr(kind, "listing_of", _nothing)(written):
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
            if spec.experiment not in experiments.names():
                hint = did_you_mean(spec.experiment, experiments.names(), "docs/question-language.md")
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
                    did_you_mean(name, self.declared) or DECLARE,
                    key=True,
                )
            elif self.spec.parameters[name].compute is not None:
                self.wrong((*path, "with", name), f"{name} is computed, so an example cannot set it", key=True)

    # ---- parity ----

    def parity(self, parts: Sequence[Part]) -> None:
        """The bounds can be met, and there is work to count."""
        if self.spec.parity is None:
            return
        if not self.spec.parity.bounds:
            self.wrong(("parity",), "parity bounds nothing", f"it may bound {', '.join(MEASURES)}", key=True)
        for measure, bound in self.spec.parity.bounds.items():
            if len(bound) != 2 or not all(isinstance(one, int | float) for one in bound):
                self.wrong(("parity", measure), f"{measure}: this is no range", "a range is written [least, most]")
            elif bound[0] > bound[1]:
                message = f"{measure}: nothing lies from {bound[0]:g} to {bound[1]:g}"
                self.wrong(("parity", measure), message, "the smaller number comes first")
        if not any(part.quantity or part.kind in SYMBOLIC for part in parts):
            hint = "it counts the work of computed parts; all draws of the others are taken to be alike"
            self.wrong(("parity",), "parity has nothing to count in this question", hint, key=True)

    # ---- prose ----

    def prose(self, parts: list[Part]) -> dict[str, ImageFile]:
        """Check every hole and picture of the prose; returns the pictures."""
        images: dict[str, ImageFile] = {}
        for hole, _ in prose.holes(self.spec.title):
            self.wrong(("title",), f"'{hole}' stands in a title, which no draw changes", within=hole)
        for path, text, findings in all_prose(self.spec, parts):
            if rest := prose.unclosed(text):
                self.wrong(path, f"'{rest}' is not closed", "a value is written <<name>>", within=rest)
            for hole, formula in prose.holes(text):
                if formula == prose.NETWORK and self.spec.network:
                    continue
                if findings:  # an experiment's figures are known when it has run
                    self.readable(path, formula, hole)
                else:
                    self.formula(path, formula, within=hole)
            for broken in prose.broken_images(text):
                hint = "a picture is written ![what it shows](file.png)"
                self.wrong(path, f"'{broken}' is no picture", hint, within=broken)
            for alt, name in prose.images(text):
                if _WITHOUT_PICTURES & set(path):
                    hint = "pictures stand in the stem, a lead, a prompt, an option, a model answer or an explanation"
                    self.wrong(path, f"'{name}' cannot stand here", hint, within=f"![{alt}]({name})")
                elif image := self.image(path, alt, name):
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
        written, shown = f"![{alt}]({name})", name if len(name) <= 60 else name[:59] + "…"
        if not kind:
            self.wrong(path, f"'{shown}' is no picture", f"pictures end with {', '.join(IMAGE_TYPES)}", within=written)
        elif not _FILE_NAME.fullmatch(name) or not file.is_file() or file.is_symlink():
            beside = [other.name for other in self.path.parent.iterdir() if other.suffix.lower() in IMAGE_TYPES]
            hint = did_you_mean(name, set(beside) - {name}) or "pictures stand beside the question file"
            self.wrong(path, f"there is no picture '{shown}'", hint, within=written)
        elif file.stat().st_size > LARGEST_IMAGE:
            size = f"{file.stat().st_size:,} bytes; {LARGEST_IMAGE:,} are allowed"
            self.wrong(path, f"'{shown}' has {size}", within=written)
        elif not alt.strip():
            hint = "write what it shows, for readers who cannot see it: ![a grid of 3 by 3 pixels](grid.png)"
            self.wrong(path, f"'{shown}' has no description", hint, within=written)
        else:
            return ImageFile(file.read_bytes(), kind, alt.strip())
        return None


def wrong_conventions(source: Source, chosen: Mapping[str, str]) -> Iterator[Mistake]:
    """Conventions that do not exist, of a question or an exam."""
    for name, value in chosen.items():
        if name not in CONVENTIONS:
            hint = did_you_mean(name, CONVENTIONS)
            yield source.mistake(("conventions", name), f"there is no convention '{name}'", hint, key=True)
        elif value not in CONVENTIONS[name]:
            hint = did_you_mean(value, CONVENTIONS[name])
            yield source.mistake(("conventions", name), f"{name} is not '{value}'", hint)


def _nothing(*_: object) -> Iterator[Any]:
    """What a kind of answer has that does not say: no formulas, no prose, no layers, nothing to check."""
    yield from ()


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
        told = f"the options of part {part.spec.id} differ"
        yield Condition(names, lambda values: options.distinct([prose.fill(text, values) for text in texts]), told)


def all_prose(spec: QuestionSpec, parts: Sequence[Part]) -> Iterator[tuple[KeyPath, str, bool]]:
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
        for where, text in getattr(answers.kind(part.kind), "prose", _nothing)(part.answer):
            yield (*path, "answer", *where), text, False
    for place, written in enumerate(spec.parts):
        several = isinstance(written.evidence, list)
        for index, claim in enumerate(written.evidence if several else [written.evidence]):
            at: KeyPath = ("parts", place, "evidence", index) if several else ("parts", place, "evidence")
            if isinstance(claim, dict) and isinstance(claim.get("says"), str):
                yield (*at, "says"), claim["says"], True
