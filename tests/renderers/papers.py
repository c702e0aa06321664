"""The sample midterm as a paper and as a key, on both ways to a file: laid out whole, and assembled from blocks."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pikepdf

from renderers import assemble, blocks, pages, paste, pdf, running, typefaces
from renderers.blocks import Block, Drawn, Galley, Glyphs
from renderers.document import Document
from renderers.paper import Style
from renderers.pdf import Box, Rendered


@dataclass(frozen=True)
class Stock:
    """All that copies of a paper and its key are assembled from."""

    style: Style
    plan: pages.Plan
    front: tuple[Block, ...]
    pieces: Mapping[str, Block]
    key: tuple[Block, ...]
    pictures: Mapping[str, Drawn]
    heads: Mapping[str, running.Heads]
    shared: typefaces.Shared


@dataclass(frozen=True)
class Pair:
    """A file with its answer boxes, assembled and laid out whole."""

    assembled: bytes
    direct: Rendered
    boxes: Mapping[str, tuple[Box, ...]]


def galley(document: Document, style: Style, plan: pages.Plan | None = None) -> Galley:
    """A document, taken apart into slips."""
    found = Galley(style, is_key=document.kind != "exam", plan=plan)
    if plan is None:
        found.front_slips(document)
    for section in document.sections:
        found.take(section)
    return found


def stock(exam: Document, key: Document, style: Style) -> Stock:
    """Lay out all blocks of a paper and of its key."""
    plan = pages.plan([pdf.measure(exam, style)])
    asked, solved, rooms = galley(exam, style), galley(key, style), galley(exam, style, plan)
    grown = [slip for slip in rooms.slips if slip.name.endswith(" room")]
    laid_out = [blocks.lay_out(asked.slips, asked), blocks.lay_out(solved.slips, solved), blocks.lay_out(grown, rooms)]
    glyphs: dict[str, Glyphs] = {}
    heads = {}
    for kind, title in (("exam", exam.title), ("key", key.title)):
        heads[kind], set_in_heads = running.lay_out(title, style, is_key=kind == "key")
        running.merge(glyphs, set_in_heads)
    for each in laid_out:
        running.merge(glyphs, each.glyphs)
    pieces = {block.name: block for block in (*laid_out[0].blocks, *laid_out[2].blocks)}
    return Stock(
        style,
        plan,
        tuple(block for block in laid_out[0].blocks if block.name.startswith(("cover", "title"))),
        pieces,
        laid_out[1].blocks,
        {name: drawn for each in laid_out for name, drawn in each.pictures.items()},
        heads,
        typefaces.share(glyphs, style),
    )


def assembled(stock: Stock, document: Document) -> tuple[bytes, Mapping[str, tuple[Box, ...]]]:
    """Turn blocks into the file of a document, and the answer boxes on it."""
    around = paste.Around(stock.heads[document.kind], document.code)
    if document.kind == "exam":
        pasted = paste.paste_exam(stock.front, stock.pieces, stock.plan, stock.style, around)
    else:
        pasted = paste.paste_key(stock.key, stock.style, around)
    sheet = pdf.sheet(stock.style)
    made = assemble.assemble(document.full_title, sheet, pasted.sheets, stock.pictures, stock.shared)
    return made.data, pasted.boxes


def pair(stock: Stock, document: Document) -> Pair:
    """A document on both ways."""
    plan = stock.plan
    if document.kind != "exam":
        stretches = paste.stretches(stock.key)
        height = pdf.text_area(stock.style, is_key=True)[1]
        plan = pages.plan_of_flow(stretches, pages.flow(stretches, height, pdf.columns(stock.style)))
    data, boxes = assembled(stock, document)
    return Pair(data, pdf.render(document, stock.style, plan), boxes)


def unlike(pair: Pair, scale: float = 2.0) -> Iterator[tuple[int, float]]:
    """For each page the share of its pixels that differ by more than a sixteenth, in a rendering of both files."""
    import numpy as np
    import pypdfium2

    one, other = pypdfium2.PdfDocument(pair.assembled), pypdfium2.PdfDocument(pair.direct.data)
    assert len(one) == len(other) == pair.direct.pages
    for number, (left, right) in enumerate(zip(one, other, strict=True), 1):
        a, b = (np.asarray(page.render(scale=scale).to_pil().convert("L")).astype(int) for page in (left, right))
        assert a.shape == b.shape
        yield number, float((abs(a - b) > 16).mean())
    one.close()
    other.close()


# ---- the structure of a file ----


def opened(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(data))


_GROUPS = {"/Document", "/Part", "/Sect", "/Div", "/NonStruct"}


def elements(file: pikepdf.Pdf) -> Iterator[Any]:
    """Every element of the structure tree, parents first."""
    waiting: list[Any] = [file.Root.StructTreeRoot.K[0]]
    while waiting:
        element = waiting.pop()
        yield element
        waiting += [kid for kid in reversed(list(element.get("/K", []))) if isinstance(kid, pikepdf.Dictionary)]


def described(file: pikepdf.Pdf) -> list[tuple[str, str, int, int]]:
    """What the structure tree says, in order: kind, alternative text, marks of its own, and headers of a cell."""
    found = []
    for element in elements(file):
        if (kind := str(element.S)) not in _GROUPS:
            marks = sum(not isinstance(kid, pikepdf.Dictionary) for kid in element.get("/K", []))
            found.append((kind, str(element.get("/Alt", "")), marks, len(element.get("/A", {}).get("/Headers", []))))
    return found
