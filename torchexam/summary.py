"""What a build writes beside its papers: manifest, print bundle, template, the graders' table and the report."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from generator import store
from generator.bank import sha256
from generator.exam import ExamPlan
from renderers import tables
from renderers.paper import Style
from torchexam import bundles
from torchexam.building import COPIES, versions
from torchexam.laying import picture
from torchexam.orders import Order, frozen_of
from torchexam.parity import HEADER, parity_rows
from torchexam.printing import read_shared
from torchexam.records import Records
from torchexam.stages import Outcome, Request


def write(order: Order, plan: ExamPlan, request: Request, outcome: Outcome, by_seat: bool) -> int:
    """Write the files that belong to all copies; returns how many files the build has. Raises Mistaken."""
    records = Records(order.folder, outcome.records)
    files = {"report.html": report(order, plan, records, outcome)}
    if not request.password:
        files |= {"keys.csv": keys_csv(records), "keys.html": keys_html(plan, records)}
    for name, data in files.items():
        store.write_whole(order.folder / name, data)
    names = [*files]
    if "pdf" in order.formats:
        names += _print(order, plan, request, records, by_seat)
    codes = [copy["code"] for copy in records.copies]
    fair = {
        "twins": [[codes[copy] for copy in group] for group in outcome.deal.twins],
        "neighbors_alike": len(outcome.deal.touching),
    }
    options = {
        "to": list(request.formats),
        "large": request.large,
        "by_seat": by_seat,
        "locked": bool(request.password),
    }
    return _manifest(order, plan, {"options": options, "fairness": fair}, records, names)


# ---- the manifest ----


def _manifest(order: Order, plan: ExamPlan, more: Mapping[str, Any], records: Records, names: Sequence[str]) -> int:
    """Write the manifest, a copy at a time; returns how many files the build has."""
    every = sorted([*names, *(name for record in records for name in record["files"])])
    head = {
        "format": 1,
        "exam": plan.id,
        "title": plan.spec.title,
        "points": plan.points,
        "secret": order.secret,
        "versions": versions(),
        "bank": {"sha256": sha256(plan.questions)},
        "fingerprint": order.mark,
        "paper": order.paper,
        "pool": order.pool,
        "frozen": _frozen(order),
        **more,
        "count": order.copies,
        "files": every,
    }
    with store.writing(order.folder / "manifest.json") as file:
        text = json.dumps(head, indent=1, ensure_ascii=False)
        file.write(text.removesuffix("\n}").encode() + b",\n" + COPIES)
        for place, copy in enumerate(records.copies):
            file.write((",\n" if place else "\n").encode() + json.dumps(copy, ensure_ascii=False).encode())
        file.write(b"\n ]\n}\n")
    return len(every) + 1


def _frozen(order: Order) -> dict[str, str] | None:
    """The seed of the frozen pool, with which `preview` draws a variant again, and the hash of its file."""
    pool = frozen_of(order)
    return {"seed": pool.seed, "sha256": order.frozen} if pool else None


# ---- for the print shop, and for whoever sets up the scanner ----


def _print(order: Order, plan: ExamPlan, request: Request, records: Records, by_seat: bool) -> list[str]:
    """Write the bundles and the templates, one for each style; returns their names."""
    names = []
    for style in dict.fromkeys(request.style(order, number) for number in range(order.copies)):
        numbers = [
            number
            for number in range(order.copies)
            if request.style(order, number) == style and _is_printed(request, number)
        ]
        if by_seat:
            numbers.sort(key=lambda number: _seat(request, number))
        if not numbers:
            continue
        large = "-large" if style.large else ""
        names += [f"print/exams{large}.pdf", f"template/boxes{large}.csv", f"template/blank{large}.pdf"]
        _bundle(order, plan, style, records, numbers, names[-3])
        first = records[numbers[0]]["copy"]
        store.write_whole(order.folder / names[-2], boxes_csv(first))
        boxes = [(part["number"], box) for part in first["parts"] for box in part["boxes"]]
        size = read_shared(order, style)[1]["exam"].sheet
        contents = bundles.blank(plan.spec.title, size, first["pages"], boxes)
        with store.writing(order.folder / names[-1]) as file:
            bundles.write_blank(file, f"{plan.spec.title} – template", size, contents)
    return names


def _is_printed(request: Request, number: int) -> bool:
    """Whoever reads the exam on a screen needs no paper."""
    student = request.students[number]
    return not (student and student.accommodation.html)


def _seat(request: Request, number: int) -> tuple[Any, ...]:
    """Where a copy comes when they are sorted by seat; those without seats come last."""
    student = request.students[number]
    seat = student.seat if student else None
    if seat is None:
        return (1, number)
    return (0, seat.room, seat.row if seat.row is not None else -1, seat.column, number)


def _bundle(order: Order, plan: ExamPlan, style: Style, records: Records, numbers: Sequence[int], name: str) -> None:
    used: dict[str, set[str]] = {"pictures": set(), "states": set()}
    for number in numbers:
        for what, known in used.items():
            known.update(records[number][what])
    pictures = {one: picture(order, one) for one in sorted(used["pictures"])}
    shared, heads = read_shared(order, style)
    with store.writing(order.folder / name) as file:
        papers = (_paper(order, records[number]) for number in numbers)
        bundles.write_bundle(file, plan.spec.title, heads["exam"].sheet, papers, pictures, used["states"], shared)


def _paper(order: Order, record: Mapping[str, Any]) -> bundles.Paper:
    """The pages of a copy, as they stand in its file."""
    copy = record["copy"]
    whose = f" {copy['student']['name']}" if copy["student"] else ""
    pages = []
    with (order.folder / "copies" / copy["code"] / "exam.pdf").open("rb") as file:
        for start, length in record["contents"]:
            file.seek(start)
            pages.append(file.read(length))
    return bundles.Paper(f"{copy['code']}{whose}", pages)


def boxes_csv(copy: Mapping[str, Any]) -> bytes:
    """Where answers go, the same on every copy: a row a box, in points (1/72 inch) from the page's top left."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["part", "box", "points", "page", "x", "y", "width", "height"])
    for part in copy["parts"]:
        for place, box in enumerate(part["boxes"], 1):
            lengths = (box[name] for name in ("page", "x", "y", "width", "height"))
            writer.writerow([part["number"], place, f"{part['points']:g}", *lengths])
    return text.getvalue().encode("utf-8-sig")


# ---- for graders ----


def keys_csv(records: Records) -> bytes:
    """One row a part, one column a copy; with a BOM, as spreadsheets expect it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["part", "points", *(copy["code"] for copy in records.copies)])
    for row in _rows(records):
        writer.writerow([_safe(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _safe(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula gets a space in front."""
    return f" {cell}" if cell[:1] in "=+-@\t\r" else cell


def _rows(records: Records) -> Iterator[list[str]]:
    """One row a part number; copies whose sections come in another order may lack a number, or give it other points."""
    cells: dict[str, dict[int, str]] = {}
    points: dict[str, set[str]] = {}
    for place, copy in enumerate(records.copies):
        for part in copy["parts"]:
            cells.setdefault(part["number"], {})[place] = answer_text(part["answer"])
            points.setdefault(part["number"], set()).add(f"{part['points']:g}")
    for number in sorted(cells, key=lambda number: [int(piece) for piece in number.split(".")]):
        answers = (cells[number].get(place, "") for place in range(len(records)))
        yield [number, " or ".join(sorted(points[number])), *answers]


def answer_text(answer: Any) -> str:
    """An answer in a cell: tables as `a 9×9×10; c 3×3×10`."""
    match answer:
        case dict():
            return "; ".join(f"{name} {cell}" for name, cell in answer.items())
        case list():
            return ", ".join(answer)
        case str():
            return answer.replace("\r", "").replace("\n", " ")
    return str(answer)


def keys_html(plan: ExamPlan, records: Records) -> bytes:
    """The graders' table as a page."""
    header = ["Part", "Points", *(copy["code"] for copy in records.copies)]
    intro = "One row a part, one column a copy. Answers in words are model answers; the keys hold their rubrics."
    return tables.page(f"Keys: {plan.spec.title}", intro, [tables.Table("", header, list(_rows(records)))])


# ---- the report ----


def report(order: Order, plan: ExamPlan, records: Records, outcome: Outcome) -> bytes:
    """What was built, how its answers were verified, and whether all copies look the same."""
    intro = (
        f"{len(records)} {'copy' if len(records) == 1 else 'copies'} of {plan.points:g} points. Every computed answer "
        "was got by running PyTorch and once more by a second way that shares no code with the first; every claim "
        "listed as evidence came true for the drawn values. A build stops when one of these fails."
    )
    if order.frozen:
        intro += f" All variants come from the exam's frozen pool ({order.pool} of each question), with its keys."
    codes = [copy["code"] for copy in records.copies]
    sections = [
        tables.Table(
            "Questions",
            ["Question", "Possible variants", "Used here", "Computed parts", "Parts in words", "Claims shown"],
            list(_pools(plan, outcome)),
        ),
        tables.Table("Layout", ["Copies", "Pages", "Answer boxes at the same place"], list(_layout(records))),
        tables.Table("Fairness", ["What", "Found"], list(_fairness(outcome, codes))),
        tables.Table(
            "Parity: the work by hand of the variants of each question", HEADER, parity_rows(plan, outcome.labors)
        ),
        tables.Table("Versions", ["Library", "Version"], [[name, number] for name, number in versions().items()]),
    ]
    return tables.page(f"Report: {plan.spec.title}", intro, sections)


def _pools(plan: ExamPlan, outcome: Outcome) -> Iterator[list[str]]:
    looks = {name: {choice.number: choice.same for choice in choices} for name, choices in outcome.drawn.items()}
    used: dict[str, set[str]] = {}
    for copy in outcome.copies:
        for name, number in copy.variants.items():
            used.setdefault(name, set()).add(looks[name][number])
    for name, question in plan.questions.items():
        words = sum(part.kind in ("text", "sketch") for part in question.parts)
        claims = sum(len(evidence.expect) for part in question.parts for evidence in part.evidence)
        yield [
            question.spec.title,
            f"{question.space.size:,}",
            str(len(used.get(name, ()))),
            str(len(question.parts) - words),
            str(words),
            str(claims),
        ]


def _layout(records: Records) -> Iterator[list[str]]:
    """For each size of print, how many pages and how many layouts there are."""
    for large in (False, True):
        pages, boxes, count = set(), set(), 0
        for copy in records.copies:
            if copy["large"] == large:
                count += 1
                pages.add(copy["pages"])
                boxes.add(json.dumps([part["boxes"] for part in copy["parts"]]))
        if count:
            told = "yes" if len(boxes) == 1 else f"no: {len(boxes)} different layouts"
            yield [f"{count}{' in large print' if large else ''}", ", ".join(map(str, sorted(pages))), told]


MOST_TOLD = 20


def _fairness(outcome: Outcome, codes: Sequence[str]) -> Iterator[list[str]]:
    """Whether copies are distinct, and what neighbors have in common."""
    deal = outcome.deal
    alike = "; ".join(", ".join(codes[copy] for copy in group) for group in deal.twins[:MOST_TOLD])
    yield ["Distinct copies", f"no, the pools are too small: {alike} are the same" if alike else "all differ"]
    if not any(copy.student and copy.student.seat for copy in outcome.copies):
        yield ["Neighbors", "no seats are known"]
        return
    touching = [
        f"{codes[one.copies[0]]} and {codes[one.copies[1]]} in {one.question} {one.part}"
        for one in deal.touching[:MOST_TOLD]
    ]
    more = f", and {len(deal.touching) - MOST_TOLD} more" if len(deal.touching) > MOST_TOLD else ""
    yield ["Neighbors with an answer in common", f"{'; '.join(touching)}{more}" if touching else "none"]
    if deal.constant:
        yield ["Answers that never differ", ", ".join(f"{question} {part}" for question, part in deal.constant)]
    if deal.uneven:
        yield ["Variants that come more often, for the sake of neighbors", ", ".join(deal.uneven)]
