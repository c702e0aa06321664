"""What a build writes beside its papers: manifest, print bundle, the graders' table and the report."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator import store
from generator.bank import sha256
from generator.exam import ExamPlan
from renderers import tables

if TYPE_CHECKING:
    from torchexam.building import Order

Records = Sequence[dict[str, Any]]


def write(working: Path, order: Order, plan: ExamPlan, records: Records, mark: str, versions: dict[str, str]) -> int:
    """Write the files that belong to all copies; returns how many."""
    files = {
        "keys.csv": keys_csv(records),
        "keys.html": keys_html(plan, records),
        "report.html": report(order, plan, records, versions),
    }
    if "pdf" in order.formats:
        files["print/exams.pdf"] = bundle([working / "copies" / record["code"] / "exam.pdf" for record in records])
    for name, data in files.items():
        store.write_whole(working / name, data)
    copies = (
        f"copies/{record['code']}/{kind}.{to}" for record in records for kind in ("exam", "key") for to in order.formats
    )
    manifest = {
        "format": 1,
        "exam": plan.id,
        "title": plan.spec.title,
        "points": plan.points,
        "secret": order.secret,
        "versions": versions,
        "bank": {"sha256": sha256(plan.questions)},
        "fingerprint": mark,
        "paper": order.paper,
        "pool": order.pool,
        "frozen": _frozen(order),
        "copies": list(records),
        "files": sorted([*copies, *files]),
    }
    store.write_whole(working / "manifest.json", (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode())
    return len(files) + 1


def _frozen(order: Order) -> dict[str, str] | None:
    """The seed of the frozen pool, with which `preview` draws a variant again, and the hash of its file."""
    from torchexam.building import frozen_of

    pool = frozen_of(order)
    return {"seed": pool.seed, "sha256": order.frozen} if pool else None


def bundle(papers: Sequence[Path]) -> bytes:
    """All papers in one PDF, each padded to an even number of pages, so that no two share a sheet."""
    import pikepdf

    with pikepdf.new() as whole:
        for path in papers:
            with pikepdf.open(path) as paper:
                size = paper.pages[0].mediabox
                whole.pages.extend(paper.pages)
                if len(paper.pages) % 2:
                    whole.add_blank_page(page_size=(float(size[2]), float(size[3])))
        data = io.BytesIO()
        whole.remove_unreferenced_resources()
        whole.save(data, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return data.getvalue()


def keys_csv(records: Records) -> bytes:
    """One row a part, one column a copy; with a BOM, as spreadsheets expect it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["part", "points", *(record["code"] for record in records)])
    for row in _rows(records):
        writer.writerow([_safe(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _safe(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula gets a space in front."""
    return f" {cell}" if cell[:1] in "=+-@\t\r" else cell


def _rows(records: Records) -> Iterator[list[str]]:
    """One row a part number; copies whose sections come in another order may lack a number, or give it other points."""
    copies = [{part["number"]: part for part in record["parts"]} for record in records]
    numbers = {number for copy in copies for number in copy}
    for number in sorted(numbers, key=lambda number: [int(piece) for piece in number.split(".")]):
        parts = [copy.get(number) for copy in copies]
        points = {f"{part['points']:g}" for part in parts if part}
        yield [number, " or ".join(sorted(points)), *(answer_text(part["answer"]) if part else "" for part in parts)]


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
    header = ["Part", "Points", *(record["code"] for record in records)]
    intro = "One row a part, one column a copy. Answers in words are model answers; the keys hold their rubrics."
    return tables.page(f"Keys: {plan.spec.title}", intro, [tables.Table("", header, list(_rows(records)))])


def report(order: Order, plan: ExamPlan, records: Records, versions: dict[str, str]) -> bytes:
    """What was built, how its answers were verified, and whether all copies look the same."""
    intro = (
        f"{len(records)} {'copy' if len(records) == 1 else 'copies'} of {plan.points:g} points. Every computed answer "
        "was got by running PyTorch and once more by a second way that shares no code with the first; every claim "
        "listed as evidence came true for the drawn values. A build stops when one of these fails."
    )
    if order.frozen:
        intro += f" All variants come from the exam's frozen pool ({order.pool} of each question), with its keys."
    sections = [
        tables.Table(
            "Questions",
            ["Question", "Possible variants", "Used here", "Computed parts", "Parts in words", "Claims shown"],
            list(_pools(plan, records)),
        ),
        tables.Table("Layout", ["Copies", "Pages", "Answer boxes at the same place"], list(_layout(records))),
        tables.Table("Versions", ["Library", "Version"], [[name, number] for name, number in versions.items()]),
    ]
    return tables.page(f"Report: {plan.spec.title}", intro, sections)


def _pools(plan: ExamPlan, records: Records) -> Iterator[list[str]]:
    for name, question in plan.questions.items():
        used = {
            json.dumps(part["values"], sort_keys=True)
            for record in records
            for part in record["parts"]
            if part["question"] == name
        }
        words = sum(part.kind in ("text", "sketch") for part in question.parts)
        claims = sum(len(evidence.expect) for part in question.parts for evidence in part.evidence)
        yield [
            question.spec.title,
            f"{question.space.size:,}",
            str(len(used)),
            str(len(question.parts) - words),
            str(words),
            str(claims),
        ]


def _layout(records: Records) -> Iterator[list[str]]:
    pages = sorted({record["pages"] for record in records})
    boxes = {json.dumps([part["boxes"] for part in record["parts"]]) for record in records}
    yield [
        str(len(records)),
        ", ".join(map(str, pages)),
        "yes" if len(boxes) == 1 else f"no: {len(boxes)} different layouts",
    ]
