"""Turn stretches of a paper into blocks: each is laid out once, by WeasyPrint, and may then stand on any page.

A block keeps what WeasyPrint would write for it: the operators that paint it, the elements of the structure tree that
tag it, its bookmarks, and where its answers go. Numbers that depend on the page are left open in both texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any

import pydyf
from markupsafe import Markup
from weasyprint import layout
from weasyprint.layout.page import make_margin_boxes
from weasyprint.pdf.stream import Stream
from weasyprint.pdf.tags import add_tags

from renderers import markup, pdf, tags
from renderers.document import Document, Part, Section
from renderers.pages import Plan
from renderers.paper import Paper, Style, heads_of

_PX = 0.75  # points in a CSS pixel
_PICTURE = re.compile(r"/(i\w+) Do")
_STATE = re.compile(r"/([aA][\d.]+) gs")
_MARK = re.compile(r"<</MCID \d+>>")
_UNMOVED = re.compile(r">0(<|\])")  # a glyph that follows the one before it without being moved


_HAS_PARTS = "a picture has gradients, patterns or groups that are transparent; save it without, or as PNG"


class CannotStand(ValueError):
    """A stretch that only a whole paper can hold: higher than a page, or with pictures that have parts of their own."""


@dataclass(frozen=True)
class Slip:
    """A stretch of a paper as HTML, in all the elements that it hangs in."""

    name: str  # cover/1, title, head 7, part 7.1, part 7.1 room, part 7.1/2
    html: str
    depth: int  # how many elements it hangs in
    keeps: bool = False  # it does not part from the slip after it


@dataclass(frozen=True)
class Tags:
    """The part of a structure tree that tags a block, as text with fields of a fixed width.

    `fields` has for each field of the text what is to be added to (0) the number of the block's first object, (1) that
    of its first mark, (2, 3) the place of its top left, (4) the number of its page, (5) that of the element above it,
    (6) the number of the block.
    """

    text: str
    fields: tuple[tuple[int, float], ...]
    starts: tuple[int, ...]  # where each object begins once the fields are filled
    length: int
    owners: tuple[int, ...]  # for each mark, the object that it belongs to


@dataclass(frozen=True)
class Block:
    """A slip, laid out; lengths in points, from its top left."""

    name: str
    text: float  # height of what is printed
    gap: float  # white space below, which the end of a page swallows
    keeps: bool
    step: float  # by so much an answer space may grow, several times, to fill a page
    steps: int
    operators: str  # with a field for the number of each mark
    tags: Tags
    pictures: tuple[str, ...]  # names of XObjects
    states: tuple[str, ...]  # names of graphics states
    bookmarks: tuple[tuple[int, str, float, float], ...]  # level, label, x, y
    boxes: tuple[tuple[str, float, float, float, float], ...]  # part, x, y, width, height

    def as_json(self) -> dict[str, Any]:
        """Plain data, from which `read` makes the block again."""
        return {**vars(self), "tags": dict(vars(self.tags))}


def read(data: Mapping[str, Any]) -> Block:
    """Turn plain data into a block."""
    told = {name: _tuples(value) for name, value in data.items()}
    return Block(**{**told, "tags": Tags(**{name: _tuples(value) for name, value in data["tags"].items()})})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


@dataclass(frozen=True)
class Drawn:
    """An XObject as it stands in a file, and the picture that masks it; `@MASK@` stands for the mask's reference."""

    data: bytes
    mask: bytes | None = None


@dataclass(frozen=True)
class Glyphs:
    """What is set in one font: the width of each glyph, and the letters that it stands for."""

    widths: dict[int, float] = field(default_factory=dict)
    letters: dict[int, str] = field(default_factory=dict)
    missing: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LaidOut:
    """Blocks, the pictures that they draw, and the glyphs that they set, by font."""

    blocks: tuple[Block, ...]
    pictures: Mapping[str, Drawn]
    glyphs: Mapping[str, Glyphs]
    places: tuple[int, ...]  # for each block, which slip it is of


# ---- what is laid out ----


class Galley(Paper):
    """The medium that takes a paper apart into slips."""

    def __init__(self, style: Style, *, is_key: bool, plan: Plan | None = None) -> None:
        super().__init__(style, plan, is_key)
        self.slips: list[Slip] = []
        self.below: list[Slip] = []

    def front_slips(self, document: Document) -> None:
        """Take the cover apart, or take the title."""
        for name, html in self.front(document):
            if document.cover is None:
                self.slips.append(Slip(name, Markup('<div class="slip">{}</div>').format(html), 1, keeps=True))
            else:
                self.slips.append(Slip(name, Markup('<header class="cover slip">{}</header>').format(html), 1))

    def name_slip(self, document: Document) -> None:
        """Take the student's name in the running head, where there is one."""
        if document.owner and not self.is_key:
            line = heads_of(document.code, document.owner).name
            html = Markup('<p class="running slip" data-slip="name">{}</p>').format(line)
            self.slips.append(Slip("name", html, 0))

    def take(self, section: Section, *, headed: bool = True) -> None:
        """Take a section apart, with its head or without."""
        if headed:
            markup.head(self, section)
        for part in section.parts:
            markup.part(self, part)

    def piece(self, name: str, asked: Markup, below: Markup, ends: bool = False) -> Markup:
        """Take what is asked, and the room or the atoms below it, apart."""
        kind = f"{name.split()[0]}{' ends' if ends else ''}"
        self._slip(name, kind, self._asked(name, "", asked), 3, keeps=self.is_key or kind == "head")
        if below:
            room = Markup('<div class="room" data-slip="{} room">{}</div>').format(name, below)
            self._slip(f"{name} room", kind, room, 3)
        self.slips += self.below
        self.below = []
        return Markup()

    def panel(self, part: Part) -> Markup:
        """Keep the atoms for the piece that they stand below."""
        before, self.slips = self.slips, []
        for name, html in self.atoms(part):
            self._slip(name, "part", Markup('<div class="panel">{}</div>').format(html), 4, keeps=" leads" in html[:80])
        before, self.slips = self.slips, before
        self.below = before
        return Markup()

    def _slip(self, name: str, kind: str, inside: Markup, depth: int, keeps: bool = False) -> None:
        frame = Markup('<main class="slip"><section class="section"><div class="piece {}">{}</div></section></main>')
        self.slips.append(Slip(name, frame.format(kind, inside), depth, keeps))


# ---- laying out ----


@pdf.without_pauses()
def lay_out(slips: Sequence[Slip], paper: Paper) -> LaidOut:
    """Turn slips into blocks, in one run of WeasyPrint with a page for each; raises CannotStand.

    A slip that is higher than a page, or than a column of a key, becomes several blocks, as WeasyPrint breaks it: the
    second one is called `head 7~2`.
    """
    shell = Markup(
        '<html lang="en"><body class="{} blocks" data-title="" data-name="" data-copy="" data-head="">{}</body></html>'
    )
    inside = Markup("").join(_counted(slip, place) for place, slip in enumerate(slips))
    laid_out = pdf.rendered(
        shell.format("key" if paper.is_key else "exam", inside), paper, _one_block_a_page(paper.style, paper.is_key)
    )
    shown = [_place_of(page) for page in laid_out.pages]
    done = Written(laid_out, paper)
    blocks = [_block(slips[place], page, done) for page, place in enumerate(shown)]
    height = pdf.text_area(paper.style, paper.is_key)[1]
    for page, place in enumerate(shown):
        if place in shown[page + 1 : page + 2]:  # it goes on
            blocks[page] = replace(blocks[page], text=height, gap=0.0)
        if (part := shown[:page].count(place)) > 0:
            blocks[page] = replace(blocks[page], name=f"{blocks[page].name}~{part + 1}")
    if broken := [
        block.name for block in blocks if " room" in block.name and (block.text > height or "~" in block.name)
    ]:
        raise CannotStand(f"the answer space is higher than a page: {broken[0].partition(' room')[0]}")
    return LaidOut(tuple(blocks), done.pictures(), done.glyphs(), tuple(shown))


def _counted(slip: Slip, place: int) -> Markup:
    """A slip that says which one it is, on each page that it takes."""
    return Markup(str(slip.html).replace(" class=", f' data-slip-place="{place}" class=', 1))  # noqa: S704  # made by us


def _place_of(page: Any) -> int:
    """Which slip a page shows."""
    return next(
        int(box.element.attrib["data-slip-place"]) for box in pdf.boxes(page) if "data-slip-place" in box.element.attrib
    )


@cache
def _one_block_a_page(style: Style, is_key: bool) -> str:
    width, height = pdf.text_area(style, is_key)
    return (
        f"@page block {{ size: {width:.4f}pt {height:.4f}pt; margin: 0 }}\n"
        "body.blocks, body.blocks .cover { page: block; break-after: auto }\n"
        "body.blocks .slip { break-before: page }"
    )


def _margin_boxes(context: Any, page: Any, state: Any) -> Iterable[Any]:
    """The boxes in the margins of a page; a block has no margins, and WeasyPrint would make sixteen to find out."""
    return () if page.page_type.name == "block" else make_margin_boxes(context, page, state)


layout.make_margin_boxes = _margin_boxes


class _File(pydyf.PDF):  # type: ignore[misc] # pydyf has no types
    """A file that lists its pages once, when all are there, and not for each element that stands on one."""

    @cached_property
    def page_references(self) -> tuple[bytes, ...]:
        """The reference of each page."""
        return tuple(super().page_references)


class Written:
    """What WeasyPrint writes for laid-out pages, but for the fonts and the file itself."""

    def __init__(self, laid_out: Any, paper: Paper) -> None:
        self.is_key = paper.is_key
        self.pages = laid_out.pages
        self.file = _File()
        self.fonts = laid_out.fonts
        kinds = ("ExtGState", "XObject", "Pattern", "Shading", "ColorSpace")
        self.resources = {kind: pydyf.Dictionary() for kind in kinds}
        self.images: dict[str, Any] = {}
        self.streams = [self._painted(place, page, laid_out) for place, page in enumerate(laid_out.pages)]
        self.file.catalog["Lang"] = pydyf.String("en")
        add_tags(self.file, laid_out, "1.7", self.streams)
        self.elements = self._object(self._object(self.file.catalog["StructTreeRoot"])["K"][0])["K"]
        tags.finish(self.file, paper.formulas)

    def _painted(self, place: int, page: Any, laid_out: Any) -> Stream:
        height = page.height * _PX
        stream = Stream(self.fonts, (0, 0, page.width, page.height), self.resources, self.images, {},
                        laid_out.color_profiles, laid_out.output_intent)  # fmt: skip
        self.file.add_object(stream)
        box = pydyf.Array([0, 0, page.width * _PX, height])
        entry = {"Type": "/Page", "MediaBox": box, "Contents": stream.reference, "StructParents": place}
        self.file.add_page(pydyf.Dictionary(entry))
        page.paint(stream, _PX)
        groups = {name: group for name, group in self.resources["XObject"].items() if group is not None}
        tags.flatten(
            stream, self.resources, {name: (group, group.extra["Resources"]) for name, group in groups.items()}
        )
        return stream

    def _object(self, reference: bytes) -> Any:
        return self.file.objects[int(reference.split()[0])]

    def operators(self, place: int) -> str:
        """What paints a page, whose y axis points down."""
        items = (item.data if isinstance(item, pydyf.Object) else item for item in self.streams[place].stream)
        text = "\n".join(item.decode() if isinstance(item, bytes) else str(item) for item in items)
        return _UNMOVED.sub(lambda found: "" if found[1] == "<" else ">]", text)

    def element(self, place: int, depth: int) -> Any:
        """The element of the structure tree that tags what a page shows, inside those that it hangs in."""
        found = self._object(self.elements[place])
        for _ in range(depth):
            found = self._object(found["K"][0])
        return found

    def kids(self, element: Any) -> list[Any]:
        """The elements and the marks below an element."""
        return [self._object(kid) if isinstance(kid, bytes) else kid for kid in element["K"]]

    def pictures(self) -> dict[str, Drawn]:
        """The XObjects; raises CannotStand for what WeasyPrint numbers anew in each file."""
        own = [name for kind in ("Pattern", "Shading") for name in self.resources[kind]]
        own += [name for name in self.resources["XObject"] if name not in self.images]
        own += [name for name in self.resources["ExtGState"] if name[0] not in "aA"]
        if own:
            raise CannotStand(_HAS_PARTS)
        return {name: _drawn(image) for name, image in self.images.items()}

    def glyphs(self) -> dict[str, Glyphs]:
        """What is set in each font."""
        found: dict[str, Glyphs] = {}
        for font in self.fonts.values():
            known = found.setdefault(font.hash, Glyphs())
            known.widths.update(font.widths)
            known.letters.update(font.to_unicode)
            known.missing.update(font.missing)
        return found


def _drawn(image: Any) -> Drawn:
    written = image["image"].get_x_object(image["interpolate"], max(image["dpi_ratios"]))
    if "Resources" in written.extra:
        raise CannotStand(_HAS_PARTS)
    mask = written.extra.get("SMask")
    if mask is not None:
        written.extra["SMask"] = "@MASK@"
    return Drawn(written.data, mask.data if mask is not None else None)


def _block(slip: Slip, place: int, written: Written) -> Block:
    """Turn the page that shows a slip into its block."""
    page = written.pages[place]
    boxes = list(pdf.boxes(page))
    (found,) = (box for box in boxes if box.element.attrib.get("data-slip") == slip.name)
    pieces = [box for box in boxes if box.element.attrib.get("class", "").startswith("piece")]
    # what students read leaves the white space below it to its piece; stretches of keys and covers have their own
    own = 0.0 if pieces and not written.is_key else found.padding_bottom * _PX
    gap = own or sum(box.padding_bottom for box in pieces) * _PX
    growing = found.children[0].element.attrib if slip.name.endswith(" room") else {}
    operators = written.operators(place)
    element = written.element(place, slip.depth)
    height = page.height * _PX
    return Block(
        name=slip.name,
        text=found.margin_height() * _PX - own,
        gap=gap,
        keeps=slip.keeps,
        step=float(growing.get("data-step", 0)),
        steps=int(growing.get("data-steps", 0)),
        operators=_MARK.sub("<</MCID %d>>", operators.replace("%", "%%")),
        tags=_tags(element, written, height),
        pictures=tuple(sorted(set(_PICTURE.findall(operators)))),
        states=tuple(sorted(set(_STATE.findall(operators)))),
        bookmarks=tuple((level, label, x * _PX, y * _PX) for level, label, (x, y), _ in page.bookmarks),
        boxes=tuple(
            (box.element.attrib["data-box"], *pdf.frame(box)) for box in boxes if "data-box" in box.element.attrib
        ),
    )


# ---- tags ----

OBJECT, MARK, X, Y, PAGE, PARENT, NUMBER = range(7)
_FORMATS = {OBJECT: "%6d 0 R", MARK: "%5d", X: "%8.2f", Y: "%8.2f", PAGE: "%6d 0 R", PARENT: "%6d 0 R", NUMBER: "%6d"}
_WIDTHS = {kind: len(form % 0) for kind, form in _FORMATS.items()}


class _Text:
    """Text with fields, as it grows."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.fields: list[tuple[int, float]] = []
        self.length = 0

    def say(self, text: str) -> None:
        self.pieces.append(text.replace("%", "%%"))
        self.length += len(text)

    def leave_open(self, kind: int, add: float = 0) -> None:
        self.pieces.append(_FORMATS[kind])
        self.fields.append((kind, add))
        self.length += _WIDTHS[kind]


def _tags(root: Any, written: Written, height: float) -> Tags:
    """Turn an element of a structure tree and all below it into text."""
    tables: dict[str, str] = {}
    elements = list(_walk(root, written))
    numbers = {element.reference: place for place, element in enumerate(elements)}
    text, starts, owners = _Text(), [], dict[int, int]()
    for place, element in enumerate(elements):
        starts.append(text.length)
        _write(element, numbers, text, height, tables)
        owners.update(dict.fromkeys((kid for kid in element["K"] if isinstance(kid, int)), place))
    return Tags(
        "".join(text.pieces),
        tuple(text.fields),
        tuple(starts),
        text.length,
        tuple(owners[mark] for mark in sorted(owners)),
    )


def _walk(element: Any, written: Written) -> Iterator[Any]:
    yield element
    for kid in written.kids(element):
        if not isinstance(kid, int):
            yield from _walk(kid, written)


def _write(element: Any, numbers: Mapping[bytes, int], text: _Text, height: float, tables: dict[str, str]) -> None:
    """Write one element as the object of a PDF file."""
    text.say(f"<</Type/StructElem/S{element['S']}/P ")
    if (above := numbers.get(element["P"])) is None:
        text.leave_open(PARENT)
    else:
        text.leave_open(OBJECT, above)
    if any(isinstance(kid, int) for kid in element["K"]):
        text.say("/Pg ")
        text.leave_open(PAGE)
    text.say("/K[")
    for kid in element["K"]:
        if isinstance(kid, int):
            text.leave_open(MARK, kid)
        else:
            text.leave_open(OBJECT, numbers[kid])
        text.say(" ")
    text.say("]")
    if "Alt" in element:
        text.say(f"/Alt {element['Alt'].data.decode('ascii')}")
    if "ID" in element:
        text.say("/ID ")
        _identifier(element["ID"], text, tables)
    if "A" in element:
        _attributes(element["A"], text, height, tables)
    text.say(">>\n")


def _identifier(name: Any, text: _Text, tables: dict[str, str]) -> None:
    """A name of a table's cell, which no other block may have; WeasyPrint counts cells through all that it lays out."""
    cell, place = name.string.split("-", 1)
    text.say("(")
    text.leave_open(NUMBER)
    text.say(f".{tables.setdefault(cell, str(len(tables)))}-{place})")


def _attributes(attributes: Any, text: _Text, height: float, tables: dict[str, str]) -> None:
    """The place of a figure, or what heads the cell of a table."""
    text.say(f"/A<</O{attributes['O']}")
    for name, value in attributes.items():
        if name == "BBox":
            left, bottom, right, top = value
            text.say("/BBox[")
            for kind, length in ((X, left), (Y, bottom - height), (X, right), (Y, top - height)):
                text.leave_open(kind, length)
                text.say(" ")
            text.say("]")
        elif name == "Headers":
            text.say("/Headers[")
            for header in value:
                _identifier(header, text, tables)
            text.say("]")
        elif name != "O":
            text.say(f"/{name} {value}")
    text.say(">>")
