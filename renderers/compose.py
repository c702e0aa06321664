"""Turn an exam into a document for students, or into its key; the students' tree is made without any answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal

from generator import formulas
from generator import variant as variant_room
from generator.answers.array import ArrayAnswer
from generator.answers.expression import ExpressionAnswer
from generator.answers.kind import RubricItem
from generator.answers.network import NetworkAnswer
from generator.answers.number import NumberAnswer
from generator.answers.options import OptionsAnswer
from generator.answers.set import SetAnswer
from generator.answers.shape import ShapeAnswer
from generator.answers.sketch import SketchAnswer
from generator.answers.table import TableAnswer
from generator.answers.text import SampleResponse, TextAnswer
from generator.answers.weights import WeightsAnswer
from generator.exam import Exam, Group, NumberedPart, Student
from generator.exam import Section as ExamSection
from generator.formulas import FormulaError, number_text
from generator.plots import Plot, Series
from generator.variant import Variant
from renderers.document import (
    Axes,
    Block,
    Choices,
    Code,
    CodeBlock,
    CodeLines,
    Cover,
    DisplayMath,
    Document,
    Drawing,
    Emphasis,
    Evidence,
    GridField,
    Image,
    Inline,
    Items,
    Lines,
    Listing,
    NumberField,
    Paragraph,
    Part,
    Rubric,
    Samples,
    Section,
    Solution,
    Space,
    Strong,
    Table,
    TableField,
    Text,
    WorkBox,
)
from renderers.prose import blocks, inlines

Audience = Literal["students", "graders"]


def compose(exam: Exam, audience: Audience) -> Document:
    """Turn one copy into the tree of its paper, or of its key; raises Mistaken when evidence fails to come true."""
    sections = tuple(_section(section, audience) for section in exam.sections)
    return replace(compose_frame(exam, audience), sections=sections)


def compose_frame(exam: Exam, audience: Audience) -> Document:
    """Turn one copy into its paper, or its key, without the sections."""
    spec = exam.plan.spec
    cover = _cover(exam) if audience == "students" else None
    kind: Literal["exam", "key"] = "exam" if audience == "students" else "key"
    owner = exam.student.name if exam.student and audience == "students" else ""
    return Document(spec.title, exam.code, kind, "en", cover, (), owner)


def compose_question(variant: Variant, audience: Audience, parts_of: Sequence[Variant] = ()) -> Document:
    """Turn one variant into a small paper of its own, as `preview` shows it; with `parts_of`, part n is of the n-th."""
    sources = [(each, each.parts[n]) for n, each in enumerate(parts_of or [variant] * len(variant.parts))]
    parts = tuple(NumberedPart(f"1.{n}", part.points, each, part) for n, (each, part) in enumerate(sources, 1))
    whole = sum(part.points for part in variant.parts)
    section = ExamSection("1", variant.title, whole, (Group(variant, parts),))
    kind: Literal["exam", "key"] = "exam" if audience == "students" else "key"
    return Document(variant.title, "", kind, "en", None, (_section(section, audience),))


def compose_catalogue(variants: Sequence[Variant], title: str, says: str) -> Document:
    """Turn one variant of each of several questions into a document to choose from: facts, question and key."""
    scores, sections = [], []
    for place, variant in enumerate(variants, 1):
        parts = tuple(
            NumberedPart(f"{place}.{n}", part.points, variant, part) for n, part in enumerate(variant.parts, 1)
        )
        whole = sum(part.points for part in variant.parts)
        composed = _section(ExamSection(str(place), variant.title, whole, (Group(variant, parts),)), "graders")
        sections.append(replace(composed, stem=(_facts(variant), *composed.stem)))
        scores.append((str(place), variant.title, f"{whole:g}"))
    facts = (("Questions", str(len(variants))), ("Parts", str(sum(len(variant.parts) for variant in variants))))
    cover = Cover(title, "", facts, (), blocks(says), tuple(scores))
    return Document(title, "", "catalogue", "en", cover, tuple(sections))


def _facts(variant: Variant) -> Paragraph:
    """The question's id, and what helps to choose it."""
    spec, size = variant.question.spec, variant.question.space.size
    facts = [
        ", ".join(spec.topics),
        spec.difficulty or "",
        f"{spec.minutes:g} minutes" if spec.minutes else "",
        f"{size:,} variant{'' if size == 1 else 's'}" if size < 10**7 else f"about 10^{len(str(size)) - 1} variants",
    ]
    return Paragraph((Code(variant.question.id), Text(f" · {' · '.join(filter(None, facts))}")))


def points_text(points: float) -> str:
    """1 point, 2.5 points"""
    return f"{points:g} {'point' if points == 1 else 'points'}"


def _cover(exam: Exam) -> Cover:
    spec = exam.plan.spec
    extra = exam.student.accommodation.extra_time if exam.student else 0
    facts = [
        ("Date", spec.date),
        ("Time", _time(spec.minutes, extra) if spec.minutes else ""),
        ("Points", f"{exam.plan.points:g}"),
    ]
    given = _given(exam.student) if exam.student else {}
    fields = tuple((field, given.get(field.lower(), "")) for field in spec.cover.fields)
    scores = tuple((section.number, section.title, f"{section.points:g}") for section in exam.sections)
    instructions = blocks(spec.cover.instructions) if spec.cover.instructions else ()
    return Cover(spec.title, spec.course, tuple(fact for fact in facts if fact[1]), fields, instructions, scores)


def _time(minutes: int, extra: int) -> str:
    """75 minutes; with 50 percent more, 113 minutes (75 and 50% more)"""
    if not extra:
        return f"{minutes} minutes"
    return f"{-(-minutes * (100 + extra) // 100)} minutes ({minutes} and {extra}% more)"


def _given(student: Student) -> dict[str, str]:
    """What the roster fills into the boxes of the cover, by their labels in lower case."""
    label, room = (student.seat.label, student.seat.room) if student.seat else ("", "")
    return (
        dict.fromkeys(("name", "student name", "full name"), student.name)
        | dict.fromkeys(("id", "student id", "student number"), student.id)
        | dict.fromkeys(("email", "e-mail", "email address"), student.email)
        | dict.fromkeys(("seat", "row and seat", "seat number"), label)
        | {"room": room}
    )


def _section(section: ExamSection, audience: Audience) -> Section:
    last = len(section.groups) - 1
    groups = [
        compose_group(replace(section, groups=(group,)), audience, first=place == 0, last=place == last)
        for place, group in enumerate(section.groups)
    ]
    return replace(groups[0], parts=tuple(part for group in groups for part in group.parts))


def compose_group(section: ExamSection, audience: Audience, *, first: bool = True, last: bool = True) -> Section:
    """Turn the one question of a section into its part of the tree, whether others stand before it or after it.

    The stem of a question that is not the first opens its first part.
    """
    (group,) = section.groups
    stem = _prose(group.variant.stem, group.variant)
    title: tuple[Block, ...] = ()
    if not first and group.variant.title != section.title:
        title = (Paragraph((Strong((Text(group.variant.title),)),)),)
    parts = [
        _part(part, audience, (*title, *stem) if n == 0 and not first else ()) for n, part in enumerate(group.parts)
    ]
    if last:
        parts[-1] = replace(parts[-1], ends=True)
    points = points_text(section.points)
    return Section(section.number, section.title, points, stem if first else (), tuple(parts))


def _part(numbered: NumberedPart, audience: Audience, before: tuple[Block, ...]) -> Part:
    part, variant = numbered.part, numbered.variant
    lead = (*before, *_prose(part.lead, variant))
    prompt = _prose(part.prompt, variant)
    points = points_text(numbered.points)
    solution = () if audience == "students" else tuple(_solution(numbered))
    return Part(numbered.number, points, lead, prompt, space(numbered), solution)


def _prose(markdown: str, variant: Variant) -> tuple[Block, ...]:
    return _listed(blocks(markdown, _images(variant))) if markdown else ()


def _images(variant: Variant) -> Mapping[str, Image]:
    return {name: Image(file.data, file.media_type, file.alt) for name, file in variant.images.items()}


def _listed(written: tuple[Block, ...]) -> tuple[Block, ...]:
    """Code blocks that hold a listing become listings."""
    return tuple(_listing(b) if isinstance(b, CodeBlock) and b.language == "listing" else b for b in written)


def _listing(block: CodeBlock) -> Listing:
    pairs = (line.partition(" - ") for line in block.text.splitlines())
    return Listing(tuple((name, call) for name, _, call in pairs))


# ---- what a student sees of an answer ----

WEIGHTS = ("Weight", "Value")


def space(numbered: NumberedPart) -> Space:
    """The room for an answer of this kind; nothing in it depends on what is right.

    An answer of a package's own kind gets a frame of `lines` ruled lines, with its `note` above.
    """
    match numbered.part.answer:
        case TableAnswer() as answer:
            names = tuple(name for name, _ in answer.rows)
            return TableField(answer.header, answer.labels, names, _given_rows(answer), inlines(answer.note))
        case WeightsAnswer(names=names, labels=labels, note=note):
            return TableField(WEIGHTS, labels, names, (), inlines(note))
        case ShapeAnswer(note=note):
            return WorkBox(3, inlines(note))
        case NumberAnswer(unit=unit, note=note):
            return NumberField(unit, inlines(note))
        case ArrayAnswer(rows=rows, hidden=False, note=note):
            return GridField(len(rows), len(rows[0]), inlines(note))
        case NetworkAnswer(lines=lines, note=note):
            return CodeLines(lines, inlines(note))
        case TextAnswer(lines=lines):
            return Lines(lines)
        case SketchAnswer(x=x, y=y):
            return Axes(x.label, y.label, (x.start, x.end), (y.start, y.end))
        case OptionsAnswer(options=options, several=several, note=note):
            return Choices(tuple(_prose(option, numbered.variant) for option in options), several, inlines(note))
        case answer:
            return WorkBox(getattr(answer, "lines", 6), inlines(getattr(answer, "note", "")))


def _given_rows(answer: TableAnswer) -> tuple[tuple[str, str], ...]:
    return (("input", answer.given),) if answer.given else ()


# ---- what only graders see ----


def _solution(numbered: NumberedPart) -> Iterator[Block]:
    part, variant = numbered.part, numbered.variant
    heading = "Model answer" if isinstance(part.answer, TextAnswer) else "Answer"
    yield Solution(heading, tuple(_answer(numbered)))
    if how := (*_prose(_worked(part.answer), variant), *_prose(part.explanation, variant)):
        yield Solution("How it is got", how)
    if wrong := tuple(_slips(part.answer)):
        yield Solution("What leads to other answers", (Items(wrong),))
    rubric: tuple[RubricItem, ...] = getattr(part.answer, "rubric", ())
    share = numbered.points / part.points  # an exam may give other points than the question
    if rubric:
        yield Rubric(tuple((f"{item.points * share:g}", inlines(item.what)) for item in rubric))
    else:
        yield Solution("Marking", (Paragraph(inlines(_marking(numbered))),))
    for shown in variant_room.evidence(variant, part):
        picture = Drawing(shown.picture) if shown.picture else None
        yield Evidence(blocks(shown.says), picture)
    samples: tuple[SampleResponse, ...] = getattr(part.answer, "samples", ())
    if samples:
        yield Samples(tuple((f"{sample.earns * share:g}", tuple(_judged(sample))) for sample in samples))


MOST_SLIPS = 4


def _slips(answer: object) -> Iterator[tuple[Block, ...]]:
    """Wrong answers that graders will meet, each with the misconception that leads to it."""
    if isinstance(answer, OptionsAnswer):
        for letter, says in answer.why:
            yield (Paragraph((Strong((Text(letter),)), Text(f": {says}"))),)
    if isinstance(answer, NumberAnswer | ShapeAnswer):
        for slip in answer.slips[:MOST_SLIPS]:
            try:
                yield (Paragraph((Strong((Text(answer.said(slip.value)),)), Text(f": {slip.says}"))),)
            except FormulaError:
                continue  # a slip that cannot be written as exactly as the answer


def _worked(answer: object) -> str:
    return str(getattr(answer, "worked", ""))


def _answer(numbered: NumberedPart) -> Iterator[Block]:
    match numbered.part.answer:
        case TableAnswer() as answer:
            yield _filled(answer)
        case WeightsAnswer() as answer:
            yield Paragraph(inlines("Any numbers are right that do what is wanted; for example:"))
            rows = tuple(zip(answer.labels, answer.recorded.values(), strict=True))
            cells = tuple(tuple(map(inlines, row)) for row in rows)
            yield Table(tuple(map(inlines, WEIGHTS)), cells, row_headings=True)
        case ShapeAnswer() as answer:
            yield Paragraph((Strong((Text(answer.recorded),)),))
        case NumberAnswer(text=text):
            yield Paragraph((Strong((Text(text),)),))
        case ExpressionAnswer() as answer:
            yield DisplayMath(_broken(answer.latex))
        case ArrayAnswer() as answer:
            yield DisplayMath(_matrix(answer))
        case NetworkAnswer() as answer:
            kept = f", keeps {' and '.join(f'`{layer.call}`' for layer in answer.keeps)}," if answer.keeps else ""
            yield Paragraph(inlines(f"Any network is right that runs{kept} and {_conditions(answer)}; for example:"))
            yield Listing(tuple((layer.name, layer.call) for layer in answer.model))
        case TextAnswer(model=model):
            yield from _prose(model, numbered.variant)
        case SketchAnswer() as answer:
            yield Paragraph(inlines("One drawing of many that are right:"))
            yield Drawing(_plot(answer))
        case OptionsAnswer() as answer:
            for letter in answer.right:
                option = _prose(answer.options[answer.letters().index(letter)], numbered.variant)
                yield from _lettered(letter, option)
        case answer if latex := str(getattr(answer, "latex", "")):
            yield DisplayMath(latex)
        case answer:
            for line in str(answer.recorded).splitlines():
                yield Paragraph((Strong((Text(line),)),))


def _lettered(letter: str, option: tuple[Block, ...]) -> Iterator[Block]:
    """An option with its letter in front of its first line."""
    first, *rest = option
    if isinstance(first, Paragraph):
        yield Paragraph((Strong((Text(letter),)), Text(" "), *first.inlines))
    else:
        yield Paragraph((Strong((Text(letter),)),))
        yield first
    yield from rest


def _matrix(answer: ArrayAnswer) -> str:
    """A matrix between brackets, a vector between parentheses, as LaTeX."""
    rows = [" & ".join(answer.precision.text(value).replace("−", "-") for value in row) for row in answer.rows]
    if answer.flat:
        return r"\left(" + rows[0].replace(" & ", r",\; ") + r"\right)"
    return r"\begin{bmatrix}" + r" \\ ".join(rows) + r"\end{bmatrix}"


def _filled(answer: TableAnswer) -> Table:
    rows = (
        *_given_rows(answer),
        *((name, answer.recorded[key]) for name, key in zip(answer.labels, answer.recorded, strict=True)),
    )
    cells = tuple(tuple(map(inlines, row)) for row in rows)
    return Table(tuple(map(inlines, answer.header)), cells, row_headings=True)


# one comparison with a value, which holds no comparison and no "or" of its own
_CONDITION = re.compile(r"(output|network)\.(\w+) (==|<=|>=|<|>|in) ((?:(?!\b(?:or|not|in|if)\b|[<>=]).)+)")
_BOUNDS = {"==": "", "in": "", "<=": "at most ", ">=": "at least ", "<": "less than ", ">": "more than "}
_COUNTED = {  # conditions that read as a number of something; others are a height of 9, a receptive field of 7
    "channels": "output channels",
    "features": "output features",
    "parameters": "parameters",
    "activations": "activations",
    "macs": "MACs",
    "flops": "FLOPs",
}


def _conditions(answer: NetworkAnswer) -> str:
    """What a right network has, in words; a condition that says something else is told as the file has it."""
    texts = [text for condition in answer.require for text in condition.split(" and ")]
    said = [_said(text, answer.values) for text in texts]
    if None not in said:
        return f"has {_listed_in_words([each for each in said if each])}"
    values = ", ".join(f"`{name}` = {number_text(value)}" for name, value in answer.values.items())
    return "meets " + " and ".join(f"`{text}`" for text in answer.require) + (f" with {values}" if values else "")


def _said(condition: str, values: Mapping[str, Any]) -> str | None:
    """A condition on one size of the output, or one figure of the network."""
    if not (found := _CONDITION.fullmatch(condition)):
        return None
    whole, name, bound, formula = found.groups()
    try:
        value = formulas.read(formula).value(values)
    except FormulaError:
        return None
    number = " or ".join(map(number_text, value)) if bound == "in" else number_text(value)
    if name in _COUNTED:
        return f"{_BOUNDS[bound]}{number} {_COUNTED[name]}"
    article = "an output" if whole == "output" else "a"
    return f"{article} {name.replace('_', ' ')} of {_BOUNDS[bound]}{number}"


def _listed_in_words(said: Sequence[str]) -> str:
    *first, last = said
    return f"{', '.join(first)} and {last}" if first else last


def _broken(latex: str, most: int = 3) -> str:
    """A long sum on several lines, aligned at the equals sign."""
    target, _, total = latex.partition(" = ")
    terms = total.split(" + ")
    if len(terms) <= most:
        return latex
    lines = [" + ".join(terms[start : start + most]) for start in range(0, len(terms), most)]
    return r"\begin{aligned} " + target + " &= " + r" \\ &\quad + ".join(lines) + r" \end{aligned}"


def _plot(answer: SketchAnswer) -> Plot:
    series = tuple(
        Series(group.name, tuple(x for x, _ in group.points), tuple(y for _, y in group.points), "points", group.mark)
        for group in answer.groups
    )
    x, y = answer.x, answer.y
    labels = (x.label, y.label)
    return Plot(f"A model drawing. {answer.recorded}", *labels, series, (x.start, x.end), (y.start, y.end))


def _marking(numbered: NumberedPart) -> str:
    match numbered.part.answer:
        case TableAnswer(rows=rows):
            return f"{_shared(numbered.points, len(rows))} for each right cell."
        case ArrayAnswer(count=count, zeros=0) if count > 1:
            return f"{_shared(numbered.points, count)} for each right element."
        case ArrayAnswer(count=count, zeros=zeros) if zeros:
            each, less = _shared(numbered.points, count), _shared(numbered.points, count + 1)
            return (
                f"{each} for each right element where 0 would be wrong. Zeros earn nothing, but each that is answered "
                f"otherwise joins those that share the points: with one of these, each right element earns {less}."
            )
        case SetAnswer(members=members) if members:
            each = _shared(numbered.points, len(members))
            return f"{each} for each right number, as much off for each that does not belong, and never less than 0."
        case OptionsAnswer(several=True):
            return "Each option that is rightly ticked or left earns the same; half of them right earns nothing."
        case WeightsAnswer():
            return f"{points_text(numbered.points)} for numbers that give the wanted output in all cases."
        case NetworkAnswer():
            return f"{points_text(numbered.points)} for a network that runs and meets the conditions."
    return f"{points_text(numbered.points)} for the right answer."


def _shared(points: float, count: int) -> str:
    """What one of several cells earns."""
    each = Fraction(points) / count
    if each.denominator in (1, 2, 4):
        return points_text(float(each))
    return f"{each} point{'s' if each > 1 else ''}"


def _judged(sample: SampleResponse) -> Iterator[Inline]:
    """The response in quotation marks, and why it earns what it does."""
    yield from inlines(f"“{' '.join(sample.says.split())}”")
    if sample.because:
        yield Text(" ")
        yield Emphasis(inlines(" ".join(sample.because.split())))
