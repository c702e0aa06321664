"""Lay out what workers are given, once for all papers, and turn it into the plain data of the working folder."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from generator.exam import Asked
from renderers import blocks, running, typefaces
from renderers.blocks import Block, Drawn, Galley, Glyphs, Slip
from renderers.document import Document, Section
from renderers.pages import Plan
from renderers.paper import Style
from torchexam import shelf
from torchexam.drawing import Composed, composed
from torchexam.orders import Order

MOST_KEPT = 4000  # blocks that a worker remembers


class _Memory:
    """The blocks of one run by their HTML: questions in words look the same in many variants."""

    def __init__(self) -> None:
        self.run = ""
        self.blocks: dict[tuple[Style, bool, str], tuple[Block, ...]] = {}
        self.pictures: dict[str, Drawn] = {}

    def begin(self, order: Order) -> None:
        """Forget another run, and everything when it is too much."""
        if self.run != order.run or len(self.blocks) > MOST_KEPT:
            self.run = order.run
            self.blocks.clear()
            self.pictures.clear()

    def lay_out(self, slips: Sequence[Slip], galley: Galley, glyphs: dict[str, Glyphs]) -> list[tuple[Block, ...]]:
        """Turn slips into blocks, those that are new by WeasyPrint; their glyphs join the others."""
        keys = [(galley.style, galley.is_key, slip.html) for slip in slips]
        new = {key: slip for key, slip in zip(keys, slips, strict=True) if key not in self.blocks}
        if new:
            laid_out = blocks.lay_out(list(new.values()), galley)
            by_slip: dict[int, tuple[Block, ...]] = {}
            for place, block in zip(laid_out.places, laid_out.blocks, strict=True):
                by_slip[place] = (*by_slip.get(place, ()), block)
            self.blocks.update(zip(new, by_slip.values(), strict=True))
            self.pictures.update(laid_out.pictures)
            running.merge(glyphs, laid_out.glyphs)
        return [self.blocks[key] for key in keys]


_memory = _Memory()


def lay_out(
    order: Order,
    leaves: Sequence[dict[str, Any]],
    variants: Sequence[Composed],
    style: Style,
    *,
    headed: bool,
) -> dict[str, Any]:
    """Add blocks and pictures to leaves; gives the heights and rooms of each, and the glyphs of all."""
    _memory.begin(order)
    glyphs: dict[str, Glyphs] = {}
    paper, key = Galley(style, is_key=False), Galley(style, is_key=True)
    rows = [_taken(paper, variant.paper, headed) for variant in variants]
    key_rows = [_taken(key, variant.key, headed) for variant in variants]
    on_paper = iter(_memory.lay_out(paper.slips, paper, glyphs))
    in_keys = iter(_memory.lay_out(key.slips, key, glyphs))
    told = []
    for leaf, slips, key_slips in zip(leaves, rows, key_rows, strict=True):
        of_paper = [block for _ in slips for block in next(on_paper)]
        of_key = [block for _ in key_slips for block in next(in_keys)]
        leaf |= {"exam": [block.as_json() for block in of_paper], "key": [block.as_json() for block in of_key]}
        keep_pictures(order, (*of_paper, *of_key))
        leaf["signs"] = {slip.name: sign(slip) for slip in slips if slip.name.endswith(" room")}
        told.append(list(_pieces(of_paper, leaf["signs"])))
    return {"leaves": told, "glyphs": plain_glyphs(glyphs)}


def _taken(galley: Galley, section: Section, headed: bool) -> list[Slip]:
    before = len(galley.slips)
    galley.take(section, headed=headed)
    return galley.slips[before:]


def sign(slip: Slip) -> str:
    """What tells one answer space from another, its height aside."""
    return hashlib.sha256(slip.html.encode()).hexdigest()[:16]


def _pieces(found: Sequence[Block], signs: Mapping[str, str]) -> Iterator[list[Any]]:
    """Each piece with its heights, and the sign and the boxes of its room."""
    rooms = {block.name: block for block in found if block.name in signs}
    texts = {block.name: block.text for block in found}
    for block in found:
        if block.name in rooms or "~" in block.name:
            continue
        text = block.text + sum(height for name, height in texts.items() if name.startswith(f"{block.name}~"))
        room = rooms.get(f"{block.name} room")
        heights = [room.text, room.step, room.steps] if room else [0.0, 0.0, 0]
        boxes = [list(box) for box in room.boxes] if room else []
        yield [block.name, text, block.gap, block.keeps, *heights, signs.get(f"{block.name} room", ""), boxes]


# ---- rooms at their final height ----


def roomed(order: Order, asked: Asked, number: int, style: Style, plan: Plan, names: tuple[str, ...]) -> dict[str, Any]:
    """Lay out rooms of one variant as high as the plan says; gives their boxes, and the glyphs."""
    file = shelf.name_of("roomed", asked, number, style, repr(plan), names)
    found: dict[str, Any] = shelf.kept(order.folder, file, lambda: _roomed(order, asked, number, style, plan, names))
    return found


def _roomed(
    order: Order, asked: Asked, number: int, style: Style, plan: Plan, names: tuple[str, ...]
) -> dict[str, Any]:
    paper = composed(order, asked, number).paper
    natural, planned = Galley(style, is_key=False), Galley(style, is_key=False, plan=plan)
    for galley in (natural, planned):
        galley.take(paper, headed=asked.first)
    _memory.begin(order)
    slips = {slip.name: slip for slip in planned.slips if slip.name in names}
    signs = {slip.name: sign(slip) for slip in natural.slips if slip.name in names}
    glyphs: dict[str, Glyphs] = {}
    laid_out = [block for (block,) in _memory.lay_out(list(slips.values()), planned, glyphs)]
    told: dict[str, Any] = {"boxes": {}, "glyphs": plain_glyphs(glyphs)}
    for block in laid_out:
        space = plan[block.name.removesuffix(" room")].space
        keep_pictures(order, [block])
        shelf.put(order.folder, room_file(signs[block.name], style, space), block.as_json())
        told["boxes"][block.name] = [list(box) for box in block.boxes]
    return told


def room_file(signed: str, style: Style, space: float) -> str:
    """The file of a room at a height."""
    return f"rooms/{signed}-{style.paper}{'-large' if style.large else ''}-{space:.3f}"


# ---- covers ----


def fronted(order: Order, documents: Sequence[tuple[str, Document]], style: Style) -> dict[str, Any]:
    """Lay out the covers of some copies, and the names in their running heads; gives their glyphs."""
    _memory.begin(order)
    glyphs: dict[str, Glyphs] = {}
    for file, document in documents:
        galley = Galley(style, is_key=document.kind == "key")
        galley.front_slips(document)
        galley.name_slip(document)
        found = [block for blocks in _memory.lay_out(galley.slips, galley, glyphs) for block in blocks]
        keep_pictures(order, found)
        shelf.put(order.folder, file, [block.as_json() for block in found])
    return {"glyphs": plain_glyphs(glyphs)}


# ---- what all files share ----


def shared(order: Order, title: str, style: Style, glyphs: Mapping[str, Any]) -> str:
    """Make the fonts and the running heads of all papers of one style; gives the file that holds them."""
    every = read_glyphs(glyphs)
    heads = {}
    for kind in ("exam", "key"):
        heads[kind], set_ = running.lay_out(title, style, is_key=kind == "key")
        running.merge(every, set_)
    made = typefaces.share(every, style)
    file = f"shared{'-large' if style.large else ''}"
    told = {
        "objects": base64.b64encode(made.objects).decode(),
        "starts": made.starts,
        "fonts": made.fonts,
        "metadata": base64.b64encode(made.metadata).decode(),
        "heads": {kind: asdict(each) for kind, each in heads.items()},
    }
    shelf.put(order.folder, file, told)
    return file


# ---- plain data ----


def keep_pictures(order: Order, found: Iterable[Block]) -> None:
    """Leave the XObjects that blocks draw in the working folder, each once."""
    for name in {name for block in found for name in block.pictures}:
        if not (order.folder / picture_file(name)).is_file():
            drawn = _memory.pictures[name]
            told = [base64.b64encode(data).decode() for data in (drawn.data, drawn.mask) if data is not None]
            shelf.put(order.folder, picture_file(name), told)


def picture_file(name: str) -> str:
    """The file of an XObject."""
    return f"pictures/{name}"


def picture(order: Order, name: str) -> Drawn:
    """Read an XObject."""
    return Drawn(*(base64.b64decode(data) for data in shelf.get(order.folder, picture_file(name))))


def plain_glyphs(glyphs: Mapping[str, Glyphs]) -> dict[str, Any]:
    """Glyphs as plain data."""
    return {
        name: [list(each.items()) for each in (used.widths, used.letters, used.missing)]
        for name, used in glyphs.items()
    }


def read_glyphs(glyphs: Mapping[str, Any]) -> dict[str, Glyphs]:
    """Plain data as glyphs."""
    return {name: Glyphs(*(dict(map(tuple, pairs)) for pairs in used)) for name, used in glyphs.items()}
