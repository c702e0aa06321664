"""Turn a question into what was verified of it, draw by draw, and what failed.

For each draw every answer is computed, by PyTorch and by the second way of its quantity; it judges a right, a wrong and
an unreadable response, options are compared, samples are marked. Some draws show their evidence by experiments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from generator import formulas, prose, reference, spread, trial
from generator import variant as variant_room
from generator.answers import NotUsed, options
from generator.answers.kind import check_samples
from generator.answers.options import OptionsAnswer
from generator.formulas import FormulaError
from generator.mistakes import Mistake, Mistaken
from generator.question import Part, Question
from generator.text import KeyPath
from generator.variant import PartVariant, Variant, broken

ALL = 500  # of a space with as many draws or fewer, every draw is looked at
SOME = 50  # else as many as these, by default
EXPERIMENTS = 3  # draws of a part whose experiments run


@dataclass(frozen=True)
class Draws:
    """Which draws are looked at: their numbers, what draws one, and how many are wanted."""

    numbers: Iterable[int]
    draw: Callable[[int], Variant]
    wanted: int
    experiments: int = EXPERIMENTS
    alone: bool = False  # one draw, without what does not depend on draws


@dataclass(frozen=True)
class Failure:
    """A mistake, the first draw that shows it, and how many do; no draw where it depends on none."""

    mistake: Mistake
    draw: int | None = None
    often: int = 0


@dataclass(frozen=True)
class PartVerified:
    """What was verified of a part, apart from what failed."""

    id: str
    kind: str
    quantity: str  # computed by two ways; empty where the file gives the answer
    wrong: bool  # whether there was a wrong response to judge
    options: bool  # whether options were compared
    example: bool
    samples: int
    claims: int
    shown: int  # draws whose experiments ran
    longest: tuple[int, int]  # the draws with the most to print: for students, for graders


@dataclass(frozen=True)
class Verified:
    """What was verified of a question."""

    question: str
    path: str
    size: int  # distinct draws that the question allows
    draws: int  # of these looked at
    left_out: int  # draws that are not used, as wrong options coincide
    stem: int  # the draw with the longest stem
    parts: tuple[PartVerified, ...]
    failures: tuple[Failure, ...]


def spread_out(question: Question, count: int = SOME, conventions: Mapping[str, str] | None = None) -> Draws:
    """All draws of a question where they are few, else `count` that show every value of each parameter if they can."""
    wanted = wanted_of(question, count)
    return Draws(
        spread.places(question.space, wanted), lambda place: variant_room.at(question, place, conventions), wanted
    )


def wanted_of(question: Question, count: int) -> int:
    """How many draws of a question are looked at."""
    size = question.space.size
    return size if size <= ALL else count


def one(question: Question, place: int, conventions: Mapping[str, str] | None = None) -> Draws:
    """The draw at a place of the space."""
    return Draws([place], lambda there: variant_room.at(question, there, conventions), 1, alone=True)


def dealt(question: Question, secret: str, count: int, conventions: Mapping[str, str] | None = None) -> Draws:
    """The first variants of a seed, as a build would deal them, with all of their evidence."""
    return Draws(
        range(count), lambda number: variant_room.vary(question, secret, number, conventions), count, experiments=count
    )


def verify(question: Question, draws: Draws) -> Verified:
    """Turn a question into what was verified of these draws."""
    found = _Failures()
    variants: list[Variant] = []
    left_out = broken_ = 0
    for number in draws.numbers:
        if len(variants) + broken_ == draws.wanted or len(variants) + broken_ + left_out == 2 * draws.wanted:
            break
        try:
            variant = draws.draw(number)
            mistakes = [*trial.judged(question, variant), *_compared(question, variant)]
        except Mistaken as error:
            broken_ += 1
            found.add(error.mistakes, number)
        except NotUsed:
            left_out += 1
        except Exception as bug:
            bug.add_note(f"while draw {number} of {question.source.path} was verified")
            raise
        else:
            variants.append(variant)
            found.add(mistakes, number)
    longest = [_longest(variants, place) for place in range(len(question.parts))]
    shown = [_show(question, place, variants, draws, longest[place][1], found) for place in range(len(question.parts))]
    if not draws.alone:
        found.add_new([*_unearned(question), *trial.out(question)])
    stem = max(variants, key=lambda variant: len(variant.stem), default=None)
    return Verified(
        question.id,
        question.source.path,
        question.space.size,
        len(variants) + broken_,
        left_out,
        stem.number if stem else 0,
        tuple(
            _part(part, variants, place, longest[place], shown[place], draws.alone)
            for place, part in enumerate(question.parts)
        ),
        tuple(found.all()),
    )


@dataclass
class _Failures:
    """Failures by their place in the file, as far as they are known."""

    first: dict[tuple[int, int], tuple[Mistake, int | None]] = field(default_factory=dict)
    often: dict[tuple[int, int], int] = field(default_factory=dict)

    def add(self, mistakes: Iterable[Mistake], number: int) -> None:
        """Those that a draw shows; one for each place."""
        places = set()
        for mistake in mistakes:
            at = mistake.line, mistake.column
            self.first.setdefault(at, (mistake, number))
            places.add(at)
        for at in places:
            self.often[at] = self.often.get(at, 0) + 1

    def add_new(self, mistakes: Iterable[Mistake]) -> None:
        """Those at places where none is known yet."""
        for mistake in mistakes:
            self.first.setdefault((mistake.line, mistake.column), (mistake, None))

    def all(self) -> Iterator[Failure]:
        for at, (mistake, number) in sorted(self.first.items()):
            yield Failure(mistake, number, self.often.get(at, 0))


# ---- of one draw ----


def _compared(question: Question, variant: Variant) -> Iterator[Mistake]:
    """Options that look the same, and samples that do not earn what the file says."""
    for place, part in enumerate(variant.parts):
        at: KeyPath = ("parts", place, "answer")
        if isinstance(part.answer, OptionsAnswer) and not options.distinct(part.answer.options):
            yield _wrong(variant, at, f"part {part.id}: two options look the same: {'; '.join(part.answer.options)}")
        for index, sample in enumerate(getattr(part.answer, "samples", ())):
            mark = part.answer.mark(sample.says)
            earned = mark.share * part.points
            if mark.readable and abs(earned - sample.earns) > 1e-9:
                message = f"part {part.id}: a sample earns {sample.earns:g}; elsewhere its words earn {earned:g}"
                yield _wrong(variant, (*at, "samples", index, "earns"), message)


def _unearned(question: Question) -> Iterator[Mistake]:
    """Samples that earn what no items of the rubric add up to."""
    for place, part in enumerate(question.parts):
        spec: Any = part.answer
        if rubric := getattr(getattr(spec, part.kind, None), "rubric", None):
            for finding in check_samples(getattr(spec, "samples", []), rubric, part.spec.points):
                path = ("parts", place, "answer", *finding.path)
                yield question.source.mistake(path, f"part {part.spec.id}: {finding.message}", finding.hint)


def _wrong(variant: Variant, at: KeyPath, message: str) -> Mistake:
    return broken(variant.question, at, FormulaError(message), variant.values)


def _longest(variants: Sequence[Variant], place: int) -> tuple[int, int]:
    """The draws in which a part has the most letters: for students, for graders."""
    if not variants:
        return 0, 0
    paper = max(variants, key=lambda variant: _letters(variant.parts[place], _ON_PAPER))
    key = max(variants, key=lambda variant: _letters(variant.parts[place], _ON_PAPER + _ON_KEY))
    return paper.number, key.number


_ON_PAPER = ("note", "options", "labels", "unit")
_ON_KEY = ("recorded", "latex", "worked", "rubric", "why")


def _letters(part: PartVariant, fields: tuple[str, ...]) -> int:
    """How much there is to print."""
    told = part.explanation if fields != _ON_PAPER else ""
    return len(part.lead + part.prompt + told) + sum(len(str(getattr(part.answer, name, ""))) for name in fields)


# ---- of some draws ----


def _show(
    question: Question, place: int, variants: Sequence[Variant], draws: Draws, longest: int, found: _Failures
) -> int:
    """Run the experiments of a part for draws in which they are not the same; returns for how many."""
    part = question.parts[place]
    if not part.evidence:
        return 0
    names = _looked_at(part)
    seen: set[str] = set()
    for variant in sorted(variants, key=lambda variant: variant.number != longest):
        key = repr([(name, variant.values.get(name)) for name in names])
        if key in seen:
            continue
        if len(seen) == draws.experiments:
            break
        seen.add(key)
        try:
            variant_room.evidence(variant, variant.parts[place])
        except Mistaken as error:
            found.add(error.mistakes, variant.number)
    return len(seen)


def _looked_at(part: Part) -> list[str]:
    """The names that the evidence of a part looks at, drawn values among them."""
    names: set[str] = set()
    for claim in part.evidence:
        holes = (formula for _, formula in prose.holes(claim.says))
        texts = (value for value in claim.with_.values() if isinstance(value, str))
        names = names.union(*(formulas.read(text).names for text in (*holes, *texts, *claim.expect)))
    return sorted(names)


# ---- of the question ----


def _part(
    part: Part, variants: Sequence[Variant], place: int, longest: tuple[int, int], shown: int, alone: bool
) -> PartVerified:
    answers = [variant.parts[place].answer for variant in variants[:1]]
    return PartVerified(
        part.spec.id,
        part.kind,
        quantity_of(part),
        any(answer.responses().wrong is not None for answer in answers),
        any(isinstance(answer, OptionsAnswer) for answer in answers),
        part.spec.example is not None and not alone,
        len(getattr(part.answer, "samples", ())),
        sum(len(claim.expect) for claim in part.evidence),
        shown,
        longest,
    )


def quantity_of(part: Part) -> str:
    """The quantity that gives the answer of a part, or nothing where the file gives it."""
    asked = getattr(part.answer, part.kind, None)
    name = asked if isinstance(asked, str) else getattr(asked, "quantity", None)
    return name if isinstance(name, str) and name in reference.names() else ""
