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
class Student:
    """Whose copy it is; empty for a copy that anybody may take."""

    name: str = ""
    id: str = ""


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
    order: Sequence[int] = range(len(plan.sections))
    if plan.spec.shuffle == "sections":
        order = Stream(secret, plan.id, number, "sections").shuffled(order)
    sections = []
    for place, index in enumerate(order):
        section = plan.sections[index]
        used = _on_this_copy(section, Stream(secret, plan.id, index, number, "questions"))
        title = section.spec.title or used[0].question.spec.title
        groups: list[Group] = []
        count = 0
        for each in used:
            drawn = number if pool is None else dealt(number, pool, secret, each.question.id, "pool")
            variant = (
                pool_room.deal(frozen, each.question, drawn, plan.spec.conventions)
                if frozen
                else variant_room.vary(each.question, secret, drawn, plan.spec.conventions)
            )
            by_id = {part.id: part for part in variant.parts}
            parts = []
            for name, points in each.parts:
                count += 1
                parts.append(NumberedPart(f"{place + 1}.{count}", points, variant, by_id[name]))
            groups.append(Group(variant, tuple(parts)))
        sections.append(Section(str(place + 1), title, sum(used_.points for used_ in used), tuple(groups)))
    return Exam(plan, codes.code(number, secret, copies), student, tuple(sections))


def _on_this_copy(section: SectionPlan, stream: Stream) -> list[Used]:
    if section.spec.pick is not None or section.spec.shuffle == "questions":
        return stream.shuffled(section.candidates)[: section.count]
    return list(section.candidates)
