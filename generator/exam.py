"""Turn an exam file and a bank into the exam of each copy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator import bank as bank_room
from generator import codes
from generator import pool as pool_room
from generator import variant as variant_room
from generator.bank import Bank
from generator.mistakes import Mistake, Mistaken, did_you_mean
from generator.pool import Pool
from generator.question import Question, wrong_conventions
from generator.spec import ExamSpec, SectionSpec, UsedSpec, validate
from generator.streams import Stream, dealt
from generator.text import KeyPath, Source, read
from generator.variant import PartVariant, Variant


@dataclass(frozen=True)
class Used:
    """A question as the exam uses it: some of its parts, with points."""

    question: Question
    parts: tuple[tuple[str, float], ...]  # id and points

    @property
    def points(self) -> float:
        """The points of the parts that are used."""
        return sum(points for _, points in self.parts)


@dataclass(frozen=True)
class SectionPlan:
    """A section before any draw: `count` of its candidates come on each copy."""

    spec: SectionSpec
    candidates: tuple[Used, ...]
    count: int

    @property
    def points(self) -> float:
        """The points of the section, the same on every copy."""
        return sum(used.points for used in self.candidates[: self.count])


@dataclass(frozen=True)
class ExamPlan:
    """An exam file with the questions that it names."""

    id: str
    source: Source
    spec: ExamSpec
    sections: tuple[SectionPlan, ...]

    @property
    def points(self) -> float:
        """The points of the whole exam."""
        return sum(section.points for section in self.sections)

    @property
    def questions(self) -> dict[str, Question]:
        """Every question that may come."""
        return {used.question.id: used.question for section in self.sections for used in section.candidates}


@dataclass(frozen=True)
class NumberedPart:
    """A part on a copy, with its number 7.1 and its points there."""

    number: str
    points: float
    variant: Variant
    part: PartVariant


@dataclass(frozen=True)
class Group:
    """A variant and those of its parts that come on the copy."""

    variant: Variant
    parts: tuple[NumberedPart, ...]


@dataclass(frozen=True)
class Section:
    """A numbered section of a copy."""

    number: str
    title: str
    points: float
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Seat:
    """Where a student sits: the label, and what it says of row and column, from which neighbours follow."""

    label: str
    row: int | None  # none where seats are in one line
    column: int
    room: str = ""


@dataclass(frozen=True)
class Accommodation:
    """What a student's copy needs: large print, more time in percent, a page for a screen reader."""

    large: bool = False
    extra_time: int = 0
    html: bool = False


@dataclass(frozen=True)
class Student:
    """Whose copy it is, as the roster says; a copy that anybody may take has none."""

    name: str
    id: str
    email: str = ""
    seat: Seat | None = None
    accommodation: Accommodation = Accommodation()


@dataclass(frozen=True)
class Exam:
    """One copy."""

    plan: ExamPlan
    code: str
    student: Student | None
    sections: tuple[Section, ...]

    @property
    def parts(self) -> Iterator[NumberedPart]:
        """Every part, in the order of the paper."""
        for section in self.sections:
            for group in section.groups:
                yield from group.parts


def load(path: Path, bank: Bank) -> ExamPlan:
    """Read an exam file; raises Mistaken with every mistake found, those of its questions among them."""
    return of(read(path, bank_room.shown_path(path)), path, bank)


def of(source: Source, path: Path, bank: Bank) -> ExamPlan:
    """Turn what is, or is to be, in an exam file into the exam; raises Mistaken with every mistake found."""
    spec, mistakes = validate(ExamSpec, source)
    if spec is None:
        raise Mistaken(mistakes)
    mistakes = list(wrong_conventions(source, spec.conventions))
    sections = []
    for place, section in enumerate(spec.sections):
        try:
            sections.append(_section(source, ("sections", place), section, bank))
        except Mistaken as error:
            mistakes += error.mistakes
    mistakes += mistakes or _twice(source, sections)
    if mistakes:
        raise Mistaken(mistakes)
    return ExamPlan(path.stem, source, spec, tuple(sections))


def _twice(source: Source, sections: Sequence[SectionPlan]) -> Iterator[Mistake]:
    """Parts that may come more than once on a copy."""
    first: dict[tuple[str, str], int] = {}
    for place, section in enumerate(sections):
        for index, used in enumerate(section.candidates):
            path = ("sections", place, "pick" if section.spec.pick else "questions", index)
            twice = [name for name, _ in used.parts if (used.question.id, name) in first]
            names = [name for name, _ in used.parts]
            twice += [name for at, name in enumerate(names) if name in names[:at]]
            if twice:
                section_number = first.get((used.question.id, twice[0]), place) + 1
                message = f"part {twice[0]} of {used.question.id} comes in section {section_number} already"
                yield source.mistake(path, message, "a part comes once on a copy")
            first |= {(used.question.id, name): place for name in names}


def find(name: str, bank: Bank) -> Path:
    """The file of an exam, named by its id or its path; raises Mistaken."""
    if name.endswith((".yaml", ".yml")):
        if Path(name).is_file():
            return Path(name)
        raise Mistaken([Mistake(name, 0, 0, "there is no such file")])
    if name in bank.exams:
        return bank.exams[name]
    raise Mistaken([Mistake(name, 0, 0, f"the bank has no exam '{name}'", did_you_mean(name, bank.exams))])


def _section(source: Source, path: KeyPath, spec: SectionSpec, bank: Bank) -> SectionPlan:
    if (spec.questions is None) == (spec.pick is None):
        raise Mistaken([source.mistake(path, "a section has either questions or pick")])
    if spec.pick is not None:
        return _picked(source, (*path, "pick"), spec, bank)
    mistakes: list[Mistake] = []
    candidates = []
    for place, entry in enumerate(spec.questions or ()):
        try:
            candidates.append(_used(source, (*path, "questions", place), entry, bank))
        except Mistaken as error:
            mistakes += error.mistakes
    if mistakes:
        raise Mistaken(mistakes)
    return SectionPlan(spec, tuple(candidates), len(candidates))


def _picked(source: Source, path: KeyPath, spec: SectionSpec, bank: Bank) -> SectionPlan:
    assert spec.pick
    wanted = set(spec.pick.topics)
    fitting = [question for _, question in sorted(bank.questions.items()) if wanted <= set(question.spec.topics)]
    if len(fitting) < spec.pick.count:
        topics = {topic for question in bank.questions.values() for topic in question.spec.topics}
        unknown = sorted(wanted - topics)
        hint = did_you_mean(unknown[0], topics) if unknown else ""
        asked = f"{spec.pick.count} are to be picked"
        message = f"{len(fitting)} questions have the topics {', '.join(spec.pick.topics)}, {asked}"
        raise Mistaken([source.mistake((*path, "topics"), message, hint)])
    points = {question.id: question.points for question in fitting}
    if len(set(points.values())) > 1:
        told = ", ".join(f"{name} {value:g}" for name, value in points.items())
        message = "the questions to pick from give different points, so copies would not be equal"
        raise Mistaken([source.mistake(path, message, told)])
    return SectionPlan(spec, tuple(_whole(question) for question in fitting), spec.pick.count)


def _whole(question: Question) -> Used:
    return Used(question, tuple((part.spec.id, float(part.spec.points)) for part in question.parts))


def _used(source: Source, path: KeyPath, entry: object, bank: Bank) -> Used:
    if isinstance(entry, str):
        return _whole(_question(source, path, entry, bank))
    spec, mistakes = validate(UsedSpec, source, path)
    if spec is None:
        raise Mistaken(mistakes)
    question = _question(source, (*path, "question"), spec.question, bank)
    points = {part.spec.id: float(part.spec.points) for part in question.parts}
    chosen = spec.parts or list(points)
    named: list[tuple[KeyPath, str]] = [((*path, "parts", place), name) for place, name in enumerate(spec.parts or ())]
    named += [((*path, "points", name), name) for name in spec.points]
    for where, name in named:
        if name not in points:
            hint = did_you_mean(name, points)
            mistakes.append(source.mistake(where, f"{question.id} has no part '{name}'", hint, key=True))
        elif name not in chosen:
            mistakes.append(source.mistake(where, f"part {name} is not among the parts that come", key=True))
    if mistakes:
        raise Mistaken(mistakes)
    return Used(question, tuple((name, float(spec.points.get(name, points[name]))) for name in chosen))


def _question(source: Source, path: KeyPath, name: str, bank: Bank) -> Question:
    if name in bank.questions:
        return bank.questions[name]
    own = [mistake for mistake in bank.mistakes if Path(mistake.path).stem == name]
    if own:
        raise Mistaken([source.mistake(path, f"question '{name}' has mistakes of its own", own[0].path), *own])
    hint = did_you_mean(name, bank.questions)
    raise Mistaken([source.mistake(path, f"the bank has no question '{name}'", hint)])


@dataclass(frozen=True)
class Asked:
    """A question as it comes on a copy, before it is drawn: where it stands, and its parts."""

    question: str
    section: str  # its number
    title: str  # of the section
    points: float  # of the section
    first: bool  # of its section
    last: bool
    parts: tuple[tuple[str, str, float], ...]  # id, number and points


def outline(plan: ExamPlan, secret: str, number: int) -> tuple[Asked, ...]:
    """Turn a plan into what copy `number` asks, in the order of the paper."""
    order: Sequence[int] = range(len(plan.sections))
    if plan.spec.shuffle == "sections":
        order = Stream(secret, plan.id, number, "sections").shuffled(order)
    return tuple(
        asked
        for place, index in enumerate(order, 1)
        for asked in _section_outline(plan, index, str(place), secret, number)
    )


def _section_outline(plan: ExamPlan, index: int, name: str, secret: str, number: int) -> Iterator[Asked]:
    used = _on_this_copy(plan, index, secret, number)
    title = plan.sections[index].spec.title or used[0].question.spec.title
    points = sum(each.points for each in used)
    count = 0
    for place, each in enumerate(used):
        parts = []
        for part, worth in each.parts:
            count += 1
            parts.append((part, f"{name}.{count}", worth))
        yield Asked(each.question.id, name, title, points, place == 0, place == len(used) - 1, tuple(parts))


def assemble(
    plan: ExamPlan,
    secret: str,
    number: int,
    copies: int,
    pool: int | None = None,
    student: Student | None = None,
    frozen: Pool | None = None,
) -> Exam:
    """Turn a plan into copy `number` of a build of `copies`; with a pool, questions come in that many variants only.

    From a frozen pool come its first `pool` variants; raises Mistaken when one is not what was frozen.
    """
    groups: dict[str, list[Group]] = {}
    heads: dict[str, Asked] = {}
    for asked in outline(plan, secret, number):
        drawn = dealt_variant(asked.question, secret, number, pool)
        variant = draw(plan, asked.question, secret, drawn, frozen)
        groups.setdefault(asked.section, []).append(numbered(asked, variant))
        heads.setdefault(asked.section, asked)
    sections = (Section(name, head.title, head.points, tuple(groups[name])) for name, head in heads.items())
    return Exam(plan, codes.code(number, secret, copies), student, tuple(sections))


def frame(
    plan: ExamPlan, asked: Sequence[Asked], secret: str, number: int, copies: int, student: Student | None = None
) -> Exam:
    """A copy with the heads of its sections, before anything is drawn."""
    heads = {one.section: Section(one.section, one.title, one.points, ()) for one in asked if one.first}
    return Exam(plan, codes.code(number, secret, copies), student, tuple(heads.values()))


def dealt_variant(question: str, secret: str, number: int, pool: int | None) -> int:
    """Which variant of a question copy `number` gets; without a pool, one of its own."""
    return number if pool is None else dealt(number, pool, secret, question, "pool")


def draw(plan: ExamPlan, question: str, secret: str, number: int, frozen: Pool | None = None) -> Variant:
    """Draw a variant of a question, or take it from a frozen pool; raises Mistaken."""
    source = plan.questions[question]
    if frozen:
        return pool_room.deal(frozen, source, number, plan.spec.conventions)
    return variant_room.vary(source, secret, number, plan.spec.conventions)


def numbered(asked: Asked, variant: Variant) -> Group:
    """Give the parts of a variant the numbers and points that they have on a copy."""
    by_id = {part.id: part for part in variant.parts}
    parts = (NumberedPart(number, points, variant, by_id[part]) for part, number, points in asked.parts)
    return Group(variant, tuple(parts))


def _on_this_copy(plan: ExamPlan, index: int, secret: str, number: int) -> list[Used]:
    section = plan.sections[index]
    if section.spec.pick is not None or section.spec.shuffle == "questions":
        stream = Stream(secret, plan.id, index, number, "questions")
        return stream.shuffled(section.candidates)[: section.count]
    return list(section.candidates)
