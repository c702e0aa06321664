"""The stages of a build, each of which leaves in the working folder what the next one needs.

variants are drawn and computed ─▶ dealt to copies ─▶ laid out ─▶ one page plan for all ─▶ rooms as high as it says
─▶ fonts and running heads ─▶ papers and keys, put together
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from generator import codes
from generator import exam as exam_room
from generator.dealing import Choice, Deal, deal, deal_unique
from generator.exam import Asked, ExamPlan, Student
from generator.labor import Labor
from generator.streams import dealt
from renderers.pages import Heights, Piece, Plan
from renderers.pages import plan as plan_pages
from renderers.paper import Style
from torchexam import drawing, leaves
from torchexam.crews import Crew
from torchexam.layouts import SameLayout
from torchexam.orders import Format, Order
from torchexam.printing import Copy, front_file, printed

Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]
DRAWN_IN_ONE_TASK, LAID_IN_ONE_TASK, OF_MANY = 3, 3, 12  # variants; more where each copy has its own
COPIES_IN_ONE_TASK = 20
FRONTS_IN_ONE_TASK = 40


@dataclass(frozen=True)
class Request:
    """Who gets a copy, and how."""

    students: Sequence[Student | None]
    formats: tuple[Format, ...]  # of every copy
    large: bool = False  # for everybody
    password: str = ""  # of keys
    only: str = ""  # the code of the one copy that is printed

    def style(self, order: Order, number: int) -> Style:
        """How a copy is printed."""
        student = self.students[number]
        return Style(order.paper, self.large or bool(student and student.accommodation.large))

    def copy(self, number: int, variants: Mapping[str, int]) -> Copy:
        """A copy with its variants; who reads it on a screen gets it as HTML, whatever the others get."""
        student = self.students[number]
        return Copy(number, student, variants, self._formats(student))

    def _formats(self, student: Student | None) -> tuple[Format, ...]:
        on_screen: tuple[Format, ...] = ("html",) if student and student.accommodation.html else ()
        return tuple(dict.fromkeys((*self.formats, *on_screen)))

    @property
    def all_formats(self) -> tuple[Format, ...]:
        """Those that some copy is made in."""
        return tuple(dict.fromkeys(form for student in self.students for form in self._formats(student)))


@dataclass(frozen=True)
class Outcome:
    """What a build is made of, for its report."""

    deal: Deal
    copies: Sequence[Copy]
    drawn: Mapping[str, Sequence[Choice]]
    labors: Mapping[str, Sequence[Labor]]  # what each variant asks for by hand
    records: Sequence[str]  # files of the working folder
    plans: Mapping[Style, Plan]


def run(order: Order, plan: ExamPlan, request: Request, crew: Crew, progress: Progress) -> Outcome:
    """Make every file of every copy; raises Mistaken, OSError and crews.Lost."""
    stages = _Stages(order, plan, request, crew, progress)
    stages.draw()
    stages.deal()
    stages.lay_out()
    stages.settle()
    stages.lay_out_rooms()
    stages.lay_out_fronts()
    stages.share()
    return stages.print()


@dataclass
class _Rooms:
    """What is known of one question at one place of the paper: the heights of its pieces, and its answer spaces."""

    pieces: dict[str, Piece] = field(default_factory=dict)
    # for each piece and each look of its answer space: a variant that has it, its natural height, and its boxes
    looks: dict[str, dict[str, tuple[int, float, list[Any]]]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, number: int, told: Iterable[Sequence[Any]]) -> None:
        """Add what is told of one variant."""
        for name, text, gap, keeps, space, step, steps, sign, boxes in told:
            known = self.pieces.get(name)
            heights = (max(text, known.text), max(space, known.space)) if known else (text, space)
            self.pieces[name] = Piece(name, *heights, gap, step, steps, opens=keeps)
            if sign:
                self.looks[name].setdefault(sign if steps else _place(boxes), (number, space, boxes))


def _parted(wanted: Iterable[tuple[Asked, Sequence[int]]], size: int) -> Iterator[tuple[Asked, tuple[int, ...]]]:
    """Variants of questions, as many at a time as one task takes."""
    for asked, numbers in wanted:
        for start in range(0, len(numbers), size):
            yield asked, tuple(numbers[start : start + size])


def _place(boxes: Sequence[Sequence[Any]]) -> str:
    """What two answer spaces that do not grow have in common when they stand at the same place."""
    return repr([[name, round(x, 2), round(y, 2), round(width, 2)] for name, x, y, width, _ in boxes])


class _Stages:
    """One build, stage by stage."""

    def __init__(self, order: Order, plan: ExamPlan, request: Request, crew: Crew, progress: Progress) -> None:
        self.order, self.plan, self.request, self.crew, self.progress = order, plan, request, crew, progress
        numbers = range(order.copies)
        known: dict[tuple[Asked, ...], tuple[Asked, ...]] = {}
        outlines = (exam_room.outline(plan, order.secret, number) for number in numbers)
        self.outlines = [known.setdefault(outline, outline) for outline in outlines]
        self.styles = [request.style(order, number) for number in numbers]
        self.same = len(known) == 1  # whether all copies ask the same in the same order
        self.choices: dict[str, dict[int, Choice]] = defaultdict(dict)
        self.labors: dict[str, dict[int, Labor]] = defaultdict(dict)
        self.rooms: dict[tuple[Asked, Style], _Rooms] = defaultdict(_Rooms)
        self.glyphs: dict[Style, dict[str, Any]] = defaultdict(dict)
        self.drawn: set[tuple[Asked, int]] = set()
        self.plans: dict[tuple[Style, tuple[str, ...]], Plan] = {}

    # ---- drawing ----

    def draw(self) -> None:
        """Draw what may be dealt."""
        places = {asked.question: asked for outline in dict.fromkeys(self.outlines) for asked in outline}
        self._draw([(asked, self._numbers(asked.question)) for asked in places.values()])

    def _numbers(self, question: str) -> list[int]:
        """The variants of a question that may be dealt."""
        copies = [n for n, outline in enumerate(self.outlines) if any(one.question == question for one in outline)]
        if self.order.pool is None:
            return copies
        pool = range(self.order.pool)
        if self._seated or len(copies) >= len(pool):
            return list(pool)
        return sorted({self._base(question, number) for number in copies})

    @property
    def _seated(self) -> bool:
        return any(student and student.seat for student in self.request.students)

    def _base(self, question: str, number: int) -> int:
        assert self.order.pool is not None
        return dealt(number, self.order.pool, self.order.secret, question, "pool")

    def _draw(self, wanted: Iterable[tuple[Asked, Iterable[int]]]) -> None:
        """Draw and compose variants where that is not done yet."""
        new = [(asked, [n for n in numbers if (asked, n) not in self.drawn]) for asked, numbers in wanted]
        if not (jobs := [(self.order, *job) for job in _parted(new, DRAWN_IN_ONE_TASK)]):
            return
        found = self.crew.each(drawing.draw, jobs)
        for (_, asked, numbers), told in zip(jobs, self.progress(found, len(jobs), "drawing"), strict=True):
            self.drawn.update((asked, number) for number in numbers)
            for number, choice, labor in zip(numbers, told["choices"], told["labors"], strict=True):
                self.choices[asked.question][number] = Choice(**choice)
                self.labors[asked.question][number] = Labor(**labor)

    def deal(self) -> None:
        """Deal variants to copies."""
        seats = [student.seat if student else None for student in self.request.students]
        asked = [tuple(dict.fromkeys(one.question for one in outline)) for outline in self.outlines]
        if self.order.pool is None:
            self.dealt = deal_unique(self._pools(), asked, self.order.secret, self.plan.id, seats)
            return
        if not self._seated:
            base = tuple({name: self._base(name, n) for name in names} for n, names in enumerate(asked))
            looks = {tuple((name, self.choices[name][m].same) for name, m in each.items()) for each in base}
            if len(looks) == len(base):
                self.dealt = Deal(base, (), (), (), ())
                return
        whole = list(range(self.order.pool))
        missing = {name: sorted(set(whole) - set(known)) for name, known in self.choices.items()}
        places = {one.question: one for outline in dict.fromkeys(self.outlines) for one in outline}
        self._draw([(places[name], numbers) for name, numbers in missing.items() if numbers])
        self.dealt = deal(self._pools(), asked, self.order.secret, self.plan.id, seats)

    def _pools(self) -> dict[str, list[Choice]]:
        return {name: [known[number] for number in sorted(known)] for name, known in self.choices.items()}

    # ---- laying out ----

    def lay_out(self) -> None:
        """Lay out what was dealt; where all copies ask the same, all that was drawn, so that their papers are alike."""
        needed: dict[tuple[Asked, Style], set[int]] = defaultdict(set)
        usual = Style(self.order.paper, self.request.large)
        if self.same and usual in self.styles:
            needed |= {(asked, usual): set(self.choices[asked.question]) for asked in self.outlines[0]}
        for outline, style, variants in zip(self.outlines, self.styles, self.dealt.variants, strict=True):
            for asked in outline:
                needed[asked, style].add(variants[asked.question])
        wanted: dict[Asked, set[int]] = defaultdict(set)
        for (asked, _), some in needed.items():
            wanted[asked] |= some
        self._draw([(asked, sorted(some)) for asked, some in wanted.items()])
        self.crew.renew()
        size = LAID_IN_ONE_TASK if self.order.pool else OF_MANY
        jobs = [
            (self.order, *job, style)
            for (asked, style), some in needed.items()
            for job in _parted([(asked, sorted(some))], size)
        ]
        found = self.crew.each(leaves.make, jobs)
        for (_, asked, numbers, style), laid in zip(jobs, self.progress(found, len(jobs), "laying out"), strict=True):
            for number, told in zip(numbers, laid["leaves"], strict=True):
                self.rooms[asked, style].add(number, told)
            self._set(style, laid["glyphs"])

    def _set(self, style: Style, glyphs: Mapping[str, Any]) -> None:
        """Add glyphs to those that the fonts of a style must have; the first that is told of one stays."""
        for font, told in glyphs.items():
            known = self.glyphs[style].setdefault(font, ({}, {}, {}))
            for old, pairs in zip(known, told, strict=True):
                old.update((glyph, value) for glyph, value in pairs if glyph not in old)

    # ---- one page plan ----

    def settle(self) -> None:
        """Find one page plan for all copies of a style that have the same parts in the same order."""
        if "pdf" not in self.order.formats:
            return
        from renderers.pdf import text_height

        alike: dict[tuple[Style, tuple[str, ...]], dict[tuple[Asked, ...], None]] = defaultdict(dict)
        for outline, style in dict.fromkeys(zip(self.outlines, self.styles, strict=True)):
            alike[style, self._names(outline, style)][outline] = None
        for (style, names), outlines in alike.items():
            heights = [
                Heights(
                    text_height(style), tuple(p for asked in outline for p in self.rooms[asked, style].pieces.values())
                )
                for outline in outlines
            ]
            self.plans[style, names] = plan_pages(heights)

    def _names(self, outline: Sequence[Asked], style: Style) -> tuple[str, ...]:
        return tuple(name for asked in outline for name in self.rooms[asked, style].pieces)

    def _plan(self, number: int) -> Plan | None:
        style = self.styles[number]
        return self.plans.get((style, self._names(self.outlines[number], style)))

    def lay_out_rooms(self) -> None:
        """Lay out the answer spaces that the plan makes higher than they would be by themselves."""
        from torchexam import laying

        jobs = {}
        for (style, names), plan in self.plans.items():
            for (asked, of), rooms in self.rooms.items():
                if of == style and set(rooms.pieces) <= set(names):
                    for number, wanted in _higher(rooms, plan).items():
                        jobs[asked, number, style, plan] = tuple(wanted)
        if not (work := [(self.order, *at, names) for at, names in jobs.items()]):
            return
        found = self.crew.each(laying.roomed, work)
        for (asked, number, style, _), told in zip(jobs, self.progress(found, len(work), "laying out"), strict=True):
            self._set(style, told["glyphs"])
            for name, boxes in told["boxes"].items():
                looks = self.rooms[asked, style].looks[name.removesuffix(" room")]
                for sign, (variant, space, _) in list(looks.items()):
                    if variant == number:
                        looks[sign] = (variant, space, boxes)

    def lay_out_fronts(self) -> None:
        """Lay out the covers: one for all copies without names, one for each student."""
        if not self.plans:
            return
        from renderers.compose import compose_frame
        from torchexam import laying

        waiting: dict[Style, dict[str, Any]] = defaultdict(dict)
        for number, (outline, style) in enumerate(zip(self.outlines, self.styles, strict=True)):
            exam = exam_room.frame(
                self.plan, outline, self.order.secret, number, self.order.copies, self.request.students[number]
            )
            for audience in ("students", "graders"):
                document = compose_frame(exam, "students" if audience == "students" else "graders")
                waiting[style].setdefault(front_file(document, style), document)
        jobs = [
            (self.order, tuple(items[start : start + FRONTS_IN_ONE_TASK]), style)
            for style, documents in waiting.items()
            for items in [list(documents.items())]
            for start in range(0, len(items), FRONTS_IN_ONE_TASK)
        ]
        for (_, _, style), told in zip(jobs, self.crew.each(laying.fronted, jobs), strict=True):
            self._set(style, told["glyphs"])

    def share(self) -> None:
        """Make the fonts and the running heads that all files of a style share."""
        if not self.plans:
            return
        from torchexam import laying

        jobs = []
        for style in dict.fromkeys(self.styles):
            glyphs = {
                font: [sorted(each.items()) for each in told] for font, told in sorted(self.glyphs[style].items())
            }
            jobs.append((self.order, self.plan.spec.title, style, glyphs))
        list(self.crew.each(laying.shared, jobs))

    # ---- papers ----

    def print(self) -> Outcome:
        """Put papers and keys together."""
        copies = [self.request.copy(n, variants) for n, variants in enumerate(self.dealt.variants)]
        wanted = [copy for copy in copies if self.request.only in ("", self._code(copy.number))]
        alike: dict[tuple[Style, Plan | None], list[Copy]] = defaultdict(list)
        for copy in wanted:
            alike[self.styles[copy.number], self._plan(copy.number)].append(copy)
        jobs = [
            (self.order, style, plan, tuple(some[start : start + COPIES_IN_ONE_TASK]), self.request.password)
            for (style, plan), some in alike.items()
            for start in range(0, len(some), COPIES_IN_ONE_TASK)
        ]
        jobs.sort(key=lambda job: job[3][0].number)
        self.crew.renew()
        found = self.crew.each(printed, jobs)
        records, layout = [], SameLayout(self.plan)
        for file in self.progress(found, len(jobs), "printing"):
            records.append(file)
            for line in (self.order.folder / file).read_text("utf-8").splitlines():
                layout.hold(json.loads(line)["copy"])
        plans = {style: plan for (style, _), plan in self.plans.items()}
        labors = {name: list(known.values()) for name, known in self.labors.items()}
        return Outcome(self.dealt, copies, self._pools(), labors, records, plans)

    def _code(self, number: int) -> str:
        return codes.code(number, self.order.secret, self.order.copies)


def _higher(rooms: _Rooms, plan: Plan) -> dict[int, list[str]]:
    """For some variants, their answer spaces that the plan makes higher; one for each look."""
    found: dict[int, list[str]] = defaultdict(list)
    for name, looks in rooms.looks.items():
        if not rooms.pieces[name].steps:
            continue
        for number, space, _ in looks.values():
            if abs(plan[name].space - space) > 0.001:
                found[number].append(f"{name} room")
    return found
