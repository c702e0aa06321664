"""Turn what is laid out into the files of copies: papers and keys, and what the manifest will say of them.

Neither PyTorch nor a question's YAML is needed here any more, so a copy costs some milliseconds.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from generator import exam as exam_room
from generator import store
from generator.exam import Accommodation, Exam, Seat, Student
from renderers.assemble import Assembled, assemble
from renderers.blocks import Block, Drawn, read
from renderers.compose import compose_frame
from renderers.document import Document
from renderers.pages import Plan
from renderers.paper import Style
from renderers.paste import Around, Pasted, paste_exam, paste_key
from renderers.running import Heads, Line
from renderers.typefaces import Shared
from torchexam import shelf
from torchexam.laying import picture, room_file
from torchexam.leaves import name_of
from torchexam.orders import Format, Order, plan_of

LEAVES_KEPT = 800  # that a worker remembers


@dataclass(frozen=True)
class Copy:
    """One copy, dealt: whose it is, and the number of the variant of each question."""

    number: int
    student: Student | None
    variants: Mapping[str, int]
    formats: tuple[Format, ...]


def printed(order: Order, style: Style, plan: Plan | None, copies: Sequence[Copy], password: str = "") -> str:
    """Write the files of some copies into the working folder; gives the file with what there is to say of them."""
    file = records_of(copies)
    if (order.folder / file).is_file():
        return file
    records = [_printed(order, style, plan, copy, password) for copy in copies]
    lines = "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records)
    store.write_whole(order.folder / file, lines.encode())
    return file


def records_of(copies: Sequence[Copy]) -> str:
    """The file with what there is to say of some copies: a line each, written when their papers are."""
    return f"records/{copies[0].number:06d}-{len(copies)}.jsonl"


def _printed(order: Order, style: Style, plan: Plan | None, copy: Copy, password: str) -> dict[str, Any]:
    asked = exam_room.outline(plan_of(order), order.secret, copy.number)
    exam = exam_room.frame(plan_of(order), asked, order.secret, copy.number, order.copies, copy.student)
    leaves = [_leaf(order, name_of(one, copy.variants[one.question], style)) for one in asked]
    found = _Files(order, f"copies/{exam.code}")
    pasted, made = None, None
    for place, audience in enumerate(("exam", "key")):
        document = compose_frame(exam, "students" if audience == "exam" else "graders")
        if "html" in copy.formats and not (password and audience == "key"):
            from renderers import html

            body = Markup("").join(Markup(leaf.html[place]) for leaf in leaves)  # noqa: S704  # made by us
            found.write(f"{audience}.html", html.page(document, body, large=style.large))
        if "pdf" in copy.formats and plan is not None:
            pages, paper = _paper(order, style, plan, document, exam, leaves)
            found.write(f"{audience}.pdf", locked(paper.data, password) if audience == "key" else paper.data)
            pasted, made = (pages, paper) if audience == "exam" else (pasted, made)
    return _record(exam, style, copy, leaves, pasted, made) | {"files": found.names}


class _Files:
    """The files of one copy, as they are written."""

    def __init__(self, order: Order, folder: str) -> None:
        self.order = order
        self.folder = folder
        self.names: list[str] = []

    def write(self, name: str, data: bytes) -> None:
        self.names.append(f"{self.folder}/{name}")
        store.write_whole(self.order.folder / self.names[-1], data, lasting=False)


def _paper(
    order: Order, style: Style, plan: Plan, document: Document, exam: Exam, leaves: Sequence[Leaf]
) -> tuple[Pasted, Assembled]:
    """Put a paper or a key together from blocks."""
    shared, heads = read_shared(order, style)
    front = _read_front(order, front_file(document, style))
    if document.kind == "exam":
        pieces = {block.name: block for leaf in leaves for block in leaf.exam}
        for leaf in leaves:
            pieces |= _rooms(order, leaf, style, plan)
        around = Around(heads["exam"], exam.code, front.name)
        pasted = paste_exam(front.blocks, pieces, plan, style, around)
    else:
        blocks = [*front.blocks, *(block for leaf in leaves for block in leaf.key)]
        pasted = paste_key(blocks, style, Around(heads["key"], exam.code))
    pictures = {name: _picture(order, name) for name in used(pasted, "pictures")}
    return pasted, assemble(document.full_title, heads["exam"].sheet, pasted.sheets, pictures, shared)


def used(pasted: Pasted, what: str) -> list[str]:
    """The names of the pictures, or of the graphics states, that pages use."""
    return sorted({name for sheet in pasted.sheets for each in sheet.blocks for name in getattr(each.block, what)})


def _rooms(order: Order, leaf: Leaf, style: Style, plan: Plan) -> dict[str, Block]:
    """The answer spaces that the plan makes higher than they would be by themselves."""
    found = {}
    for block in leaf.exam:
        signed = leaf.signs.get(block.name)
        if signed is None or not block.steps:
            continue
        space = plan[block.name.removesuffix(" room")].space
        if abs(space - block.text) > 0.001:
            found[block.name] = _room(order, room_file(signed, style, space))
    return found


def locked(data: bytes, password: str) -> bytes:
    """Encrypt a PDF (AES, 256 bits), where there is a password; such files differ each time they are made."""
    if not password:
        return data
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner=password, user=password, R=6))
    return out.getvalue()


def _record(
    exam: Exam, style: Style, copy: Copy, leaves: Sequence[Leaf], pasted: Pasted | None, made: Assembled | None
) -> dict[str, Any]:
    """What the manifest says of a copy, lengths in points, and where its pages stand in its file."""
    boxes = pasted.boxes if pasted else {}
    parts = [
        {**part, "boxes": [_box(box) for box in boxes.get(part["number"], ())]}
        for leaf in leaves
        for part in leaf.parts
    ]
    pages = len(pasted.sheets) if pasted else 0
    names = {what: used(pasted, what) if pasted else [] for what in ("pictures", "states")}
    told = {
        "code": exam.code,
        "student": student_record(copy.student),
        "large": style.large,
        "pages": pages,
        "parts": parts,
    }
    return {"number": copy.number, "copy": told, "contents": made.contents if made else (), **names}


def student_record(student: Student | None) -> dict[str, Any] | None:
    """What the manifest says of a student."""
    if student is None:
        return None
    given = student.accommodation
    return {
        "name": student.name,
        "id": student.id,
        "email": student.email,
        "seat": asdict(student.seat) if student.seat else None,
        "accommodation": asdict(given),
    }


def student_of(record: Mapping[str, Any] | None) -> Student | None:
    """The student that the manifest tells of."""
    if record is None:
        return None
    seat, given = record["seat"], Accommodation(**record["accommodation"])
    return Student(record["name"], record["id"], record["email"], Seat(**seat) if seat else None, given)


def _box(box: Any) -> dict[str, float | int]:
    return {name: getattr(box, name) for name in ("page", "x", "y", "width", "height")}


# ---- what was laid out ----


@dataclass(frozen=True)
class Leaf:
    """A leaf, read."""

    parts: Sequence[Mapping[str, Any]]
    html: Sequence[str]
    exam: Sequence[Block]
    key: Sequence[Block]
    signs: Mapping[str, str]


@lru_cache(maxsize=LEAVES_KEPT)
def _leaf(order: Order, file: str) -> Leaf:
    data = shelf.get(order.folder, file)
    return Leaf(
        data["parts"],
        data.get("html", ()),
        tuple(map(read, data.get("exam", ()))),
        tuple(map(read, data.get("key", ()))),
        data.get("signs", {}),
    )


@lru_cache(maxsize=10_000)
def _picture(order: Order, name: str) -> Drawn:
    """An XObject, which many leaves may draw, held once."""
    return picture(order, name)


@lru_cache(maxsize=LEAVES_KEPT)
def _room(order: Order, file: str) -> Block:
    return read(shelf.get(order.folder, file))


@dataclass(frozen=True)
class _Front:
    blocks: Sequence[Block]
    name: Block | None


def front_file(document: Document, style: Style) -> str:
    """The file with the cover of a copy, which copies without names share, or with the title of all keys."""
    told = repr((document.title, document.cover, document.owner))
    return f"fronts/{document.kind}{'-large' if style.large else ''}-{store.digest(told)[:16]}"


@lru_cache(maxsize=64)
def _read_front(order: Order, file: str) -> _Front:
    blocks = [read(each) for each in shelf.get(order.folder, file)]
    name = next((block for block in blocks if block.name == "name"), None)
    return _Front([block for block in blocks if block.name != "name"], name)


@lru_cache(maxsize=2)
def read_shared(order: Order, style: Style) -> tuple[Shared, Mapping[str, Heads]]:
    """The fonts of all files of a style, and the running heads of papers and keys."""
    data = shelf.get(order.folder, f"shared{'-large' if style.large else ''}")
    shared = Shared(
        base64.b64decode(data["objects"]), tuple(data["starts"]), data["fonts"], base64.b64decode(data["metadata"])
    )
    return shared, {kind: _heads(each) for kind, each in data["heads"].items()}


def _heads(data: Mapping[str, Any]) -> Heads:
    lines = {
        name: Line(**{**line, "glyphs": {letter: tuple(glyph) for letter, glyph in line["glyphs"].items()}})
        for name, line in data["lines"].items()
    }
    return Heads(tuple(data["sheet"]), data["still"], tuple(data["name"]), lines)
