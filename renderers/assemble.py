"""Turn blocks and the places where they stand into a tagged PDF (PDF/UA-1), without laying anything out again.

The terms are those of ISO 32000-1. A page's *content stream* paints each block inside `q … cm … Q`, moved to its place;
*marked content* in it has numbers (MCIDs) that count through the page. The *structure tree* hangs the elements that tag
a block below Document, Part and Sect; the *parent tree* leads from each number of a page back to its element. All
objects but streams go into one *object stream*, and a *cross-reference stream* says where each object is.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

import pydyf

from renderers.blocks import Block, Drawn
from renderers.typefaces import TITLE, Shared

_LEVEL = 4  # of zlib: a third of the time of level 6, for files larger by a twentieth
_DOCUMENT = ""  # blocks that hang on the document itself: cover and title


@dataclass(frozen=True)
class Standing:
    """A block at its place: points from the top left of the sheet, and the section that it belongs to."""

    block: Block
    x: float
    y: float
    section: str = _DOCUMENT


@dataclass(frozen=True)
class Sheet:
    """One page: its blocks in the order of reading, and operators that paint what is no text of the paper."""

    blocks: Sequence[Standing]
    around: Sequence[str] = ()


@dataclass(frozen=True)
class Assembled:
    """A PDF file, and where the content stream of each page stands in it: offset and length."""

    data: bytes
    contents: tuple[tuple[int, int], ...]


def assemble(
    title: str, size: tuple[float, float], sheets: Sequence[Sheet], pictures: Mapping[str, Drawn], shared: Shared
) -> Assembled:
    """Turn pages of blocks into the bytes of a file; `pictures` holds every XObject that a block names."""
    file = _File(shared)
    used = [standing.block for sheet in sheets for standing in sheet.blocks]
    resources = file.add(_resources(used, pictures, shared, file))
    contents = [file.stream(_painted(sheet, size[1])) for sheet in sheets]
    tree = file.reserve()
    pages = _pages(size, contents, resources, file)
    _structure(sheets, size[1], pages, tree, file)
    catalog = [
        f"<</Type/Catalog/Pages {file.pages} 0 R/Lang(en)/MarkInfo<</Marked true>>",
        "/ViewerPreferences<</DisplayDocTitle true>>",
        f"/StructTreeRoot {tree} 0 R/Metadata {file.stream(_metadata(title, shared), _XMP, plain=True)} 0 R",
    ]
    if outline := _outline(sheets, size[1], pages, file):
        catalog.append(f"/Outlines {outline} 0 R")
    producer = f"<</Title {_string(title)}/Producer {_string(_producer())}>>"
    return file.finished(root=file.add("".join([*catalog, ">>"])), info=file.add(producer), contents=contents)


# ---- what a page paints ----


def _painted(sheet: Sheet, height: float) -> bytes:
    """The operators of a page, whose y axis points up; those of blocks point down."""
    down = f"q 1 0 0 -1 0 {height:.6f} cm\n"
    painted = [f"{down}{operators}\nQ" for operators in sheet.around]
    marks = 0
    for standing in sheet.blocks:
        block = standing.block
        after = marks + len(block.tags.owners)
        operators = block.operators % tuple(range(marks, after))
        painted.append(f"q 1 0 0 -1 {standing.x:.6f} {height - standing.y:.6f} cm\n{operators}\nQ")
        marks = after
    return "\n".join(painted).encode()


def _resources(used: Iterable[Block], pictures: Mapping[str, Drawn], shared: Shared, file: _File) -> str:
    names = sorted({name for block in used for name in block.pictures})
    states = sorted({name for block in used for name in block.states} | {"a1.0"})
    images = "".join(f"/{name} {file.picture(pictures[name])} 0 R" for name in names)
    fonts = "".join(f"/{name} {number} 0 R" for name, number in shared.fonts.items())
    return f"<</Font<<{fonts}>>/XObject<<{images}>>/ExtGState<<{''.join(map(state, states))}>>>>"


def state(name: str) -> str:
    """A graphics state, by the name that WeasyPrint gives it: how opaque filling (a) or stroking (A) is."""
    return f"/{name}<</{'ca' if name[0] == 'a' else 'CA'} {name[1:]}>>"


def _pages(size: tuple[float, float], contents: Sequence[int], resources: int, file: _File) -> list[int]:
    box = f"[0 0 {size[0]:.6f} {size[1]:.6f}]"
    pages = [
        file.add(
            f"<</Type/Page/Parent {file.pages} 0 R/MediaBox{box}/TrimBox{box}/BleedBox{box}/Contents {content} 0 R"
            f"/Resources {resources} 0 R/Tabs/S/StructParents {place}>>"
        )
        for place, content in enumerate(contents)
    ]
    kids = " ".join(f"{page} 0 R" for page in pages)
    file.put(file.pages, f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>")
    return pages


# ---- tags ----


def _structure(sheets: Sequence[Sheet], height: float, pages: Sequence[int], tree: int, file: _File) -> None:
    """Hang the tags of every block into one structure tree, and make the parent tree."""
    document, part = file.reserve(), file.reserve()
    kids: dict[str, list[int]] = {_DOCUMENT: []}
    sections: dict[str, int] = {_DOCUMENT: document}
    parents: list[str] = []
    number = 0
    for place, (sheet, page) in enumerate(zip(sheets, pages, strict=True)):
        owners: list[int] = []
        for standing in sheet.blocks:
            above = sections.setdefault(standing.section, 0) or file.reserve()
            sections[standing.section] = above
            first = file.reserve(len(standing.block.tags.starts))
            _tag(standing, height, first, (len(owners), page, above, number), file)
            kids.setdefault(standing.section, []).append(first)
            owners += [first + owner for owner in standing.block.tags.owners]
            number += 1
        parents.append(f"{place}[{' '.join(f'{owner} 0 R' for owner in owners)}]")
    of_document = [*kids.pop(_DOCUMENT), *([part] if kids else [])]
    file.put(
        tree,
        f"<</Type/StructTreeRoot/K[{document} 0 R]/ParentTree {file.add(f'<</Nums[{chr(10).join(parents)}]>>')} 0 R>>",
    )
    file.put(document, _element("Document", tree, of_document))
    file.put(part, _element("Part", document, [sections[name] for name in kids]))
    for name, inside in kids.items():
        file.put(sections[name], _element("Sect", part, inside))


def _element(kind: str, above: int, kids: Iterable[int]) -> str:
    return f"<</Type/StructElem/S/{kind}/P {above} 0 R/K[{' '.join(f'{kid} 0 R' for kid in kids)}]>>"


def _tag(standing: Standing, height: float, first: int, place: tuple[int, int, int, int], file: _File) -> None:
    """Fill the fields of a block's tags."""
    marks, page, above, number = place
    tags = standing.block.tags
    base = (first, marks, standing.x, height - standing.y, page, above, number)
    text = tags.text % tuple([base[kind] + add for kind, add in tags.fields])
    file.put_all(first, text, tags.starts)


# ---- bookmarks ----


@dataclass
class _Bookmark:
    number: int
    label: str
    target: str
    kids: list[_Bookmark] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many bookmarks are below it."""
        return sum(1 + kid.count for kid in self.kids)


def _outline(sheets: Sequence[Sheet], height: float, pages: Sequence[int], file: _File) -> int | None:
    """The tree of bookmarks; a deeper level hangs on the bookmark before it."""
    root = _Bookmark(0, "", "")
    open_: list[tuple[int, _Bookmark]] = [(0, root)]
    for level, label, target in _targets(sheets, height, pages):
        while open_[-1][0] >= level:
            open_.pop()
        one = _Bookmark(file.reserve(), label, target)
        open_[-1][1].kids.append(one)
        open_.append((level, one))
    if not root.kids:
        return None
    root.number = file.reserve()
    file.put(
        root.number,
        f"<</Type/Outlines/Count {root.count}/First {root.kids[0].number} 0 R/Last {root.kids[-1].number} 0 R>>",
    )
    _write_bookmarks(root, file)
    return root.number


def _targets(sheets: Sequence[Sheet], height: float, pages: Sequence[int]) -> Iterator[tuple[int, str, str]]:
    for sheet, page in zip(sheets, pages, strict=True):
        for standing in sheet.blocks:
            for level, label, x, y in standing.block.bookmarks:
                yield level, label, f"[{page} 0 R/XYZ {standing.x + x:.2f} {height - standing.y - y:.2f} 0]"


def _write_bookmarks(above: _Bookmark, file: _File) -> None:
    for place, one in enumerate(above.kids):
        text = f"<</Title {_string(one.label)}/Dest{one.target}/Parent {above.number} 0 R/Count {one.count}"
        if place > 0:
            text += f"/Prev {above.kids[place - 1].number} 0 R"
        if place + 1 < len(above.kids):
            text += f"/Next {above.kids[place + 1].number} 0 R"
        if one.kids:
            text += f"/First {one.kids[0].number} 0 R/Last {one.kids[-1].number} 0 R"
        file.put(one.number, f"{text}>>")
        _write_bookmarks(one, file)


# ---- the file ----

_XMP = "/Type/Metadata/Subtype/XML"


def _metadata(title: str, shared: Shared) -> bytes:
    return shared.metadata.replace(TITLE.encode(), escape(title, quote=False).encode())


def _string(text: str) -> str:
    return pydyf.String(text).data.decode("ascii")  # type: ignore[no-any-return] # pydyf has no types


def _producer() -> str:
    from importlib.metadata import version

    return f"WeasyPrint {version('weasyprint')}"


class _File:
    """A PDF file as it grows: streams are written at once, all else goes into one object stream at the end."""

    def __init__(self, shared: Shared) -> None:
        self.data = bytearray(b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n")
        self.offsets = {number: len(self.data) + start for number, start in enumerate(shared.starts, 1)}
        self.data += shared.objects
        self.next = len(shared.starts) + 1
        self.pages = self.reserve()
        self.packed: list[int] = []  # the numbers of what the object stream holds
        self.starts: list[int] = []  # and where each begins
        self.texts: list[str] = []
        self.length = 0
        self.where: dict[int, tuple[int, int]] = {}

    def reserve(self, count: int = 1) -> int:
        """The next number, the first of so many."""
        first = self.next
        self.next += count
        return first

    def put(self, number: int, text: str) -> None:
        """Keep an object under a number that was reserved for it."""
        self.put_all(number, f"{text}\n", (0,))

    def put_all(self, first: int, text: str, starts: Sequence[int]) -> None:
        """Keep several objects, numbered from `first`, each of which begins at its place of the text."""
        at = self.length
        self.packed += range(first, first + len(starts))
        self.starts += [at + start for start in starts]
        self.texts.append(text)
        self.length += len(text)

    def add(self, text: str) -> int:
        """Keep an object; returns its number."""
        number = self.reserve()
        self.put(number, text)
        return number

    def stream(self, data: bytes, extra: str = "", *, plain: bool = False) -> int:
        """Write a stream; returns its number."""
        number = self.reserve()
        self._stream(
            number, data if plain else zlib.compress(data, _LEVEL), extra + ("" if plain else "/Filter/FlateDecode")
        )
        return number

    def _stream(self, number: int, data: bytes, extra: str) -> None:
        self.offsets[number] = len(self.data)
        self.data += f"{number} 0 obj\n<<{extra}/Length {len(data)}>>\nstream\n".encode()
        self.where[number] = (len(self.data), len(data))
        self.data += data
        self.data += b"\nendstream\nendobj\n"

    def picture(self, drawn: Drawn) -> int:
        """Write an XObject, after the one that masks it; returns its number."""
        data = drawn.data
        if drawn.mask is not None:
            data = data.replace(b"@MASK@", f"{self.picture(Drawn(drawn.mask))} 0 R".encode(), 1)
        number = self.reserve()
        self.offsets[number] = len(self.data)
        self.data += b"%d 0 obj\n%b\nendobj\n" % (number, data)
        return number

    def finished(self, root: int, info: int, contents: Sequence[int]) -> Assembled:
        """Write the object stream and the cross-reference stream."""
        head = " ".join(f"{number} {start}" for number, start in zip(self.packed, self.starts, strict=True))
        body = f"{head}\n{''.join(self.texts)}".encode("ascii")
        objects = self.stream(body, f"/Type/ObjStm/N {len(self.packed)}/First {len(head) + 1}")
        entries = [b""] * (self.next + 1)
        entries[0] = struct.pack(">BIH", 0, 0, 65535)
        for number, offset in self.offsets.items():
            entries[number] = struct.pack(">BIH", 1, offset, 0)
        for place, number in enumerate(self.packed):
            entries[number] = struct.pack(">BIH", 2, objects, place)
        number, start = self.reserve(), len(self.data)
        entries[number] = struct.pack(">BIH", 1, start, 0)
        extra = f"/Type/XRef/W[1 4 2]/Size {number + 1}/Root {root} 0 R/Info {info} 0 R/Filter/FlateDecode"
        self._stream(number, zlib.compress(b"".join(entries), _LEVEL), extra)
        self.data += f"startxref\n{start}\n%%EOF\n".encode()
        return Assembled(bytes(self.data), tuple(self.where[number] for number in contents))
