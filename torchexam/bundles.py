"""Turn the papers of all copies into one file for the print shop, and the places of answers into a blank template.

The bundle takes the pages as they stand in the copies' files, piece by piece, so that its size is that of the disk and
not of memory. It has no tags: nobody reads it aloud.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from renderers.assemble import state
from renderers.blocks import Drawn
from renderers.typefaces import Shared


@dataclass(frozen=True)
class Paper:
    """The pages of one copy: where they stand in its file, and the label of its bookmark."""

    label: str
    pages: Sequence[bytes]  # content streams, compressed


def write_bundle(
    out: IO[bytes],
    title: str,
    size: tuple[float, float],
    papers: Iterable[Paper],
    pictures: Mapping[str, Drawn],
    states: Iterable[str],
    shared: Shared,
) -> None:
    """Write all papers in order, each padded to an even number of pages, so that no two share a sheet."""
    file = _Streamed(out)
    file.copy(shared.objects, shared.starts)
    images = {name: file.picture(drawn) for name, drawn in sorted(pictures.items())}
    fonts = "".join(f"/{name} {number} 0 R" for name, number in shared.fonts.items())
    drawn = "".join(f"/{name} {number} 0 R" for name, number in images.items())
    alphas = "".join(map(state, sorted({"a1.0", *states})))
    resources = file.add(f"<</Font<<{fonts}>>/XObject<<{drawn}>>/ExtGState<<{alphas}>>>>")
    tree, outline = file.reserve(), file.reserve()
    nodes: list[tuple[int, int]] = []
    first_pages: list[tuple[str, int]] = []
    box = f"[0 0 {size[0]:g} {size[1]:g}]"
    for paper in papers:
        node, pages = file.reserve(), []
        for content in [*paper.pages, *([b""] if len(paper.pages) % 2 else [])]:
            contents = f"/Contents {file.stream(content)} 0 R" if content else ""
            pages.append(file.add(f"<</Type/Page/Parent {node} 0 R{contents}/Resources {resources} 0 R>>"))
        kids = " ".join(f"{page} 0 R" for page in pages)
        file.put(node, f"<</Type/Pages/Parent {tree} 0 R/MediaBox{box}/Kids[{kids}]/Count {len(pages)}>>")
        nodes.append((node, len(pages)))
        first_pages.append((paper.label, pages[0]))
    kids = " ".join(f"{node} 0 R" for node, _ in nodes)
    file.put(tree, f"<</Type/Pages/Kids[{kids}]/Count {sum(count for _, count in nodes)}>>")
    _write_bookmarks(first_pages, outline, file)
    info = file.add(f"<</Title {_string(title)}>>")
    file.finish(file.add(f"<</Type/Catalog/Pages {tree} 0 R/Outlines {outline} 0 R/PageMode/UseOutlines>>"), info)


def _write_bookmarks(labels: Sequence[tuple[str, int]], outline: int, file: _Streamed) -> None:
    numbers = [file.reserve() for _ in labels]
    for place, ((label, page), number) in enumerate(zip(labels, numbers, strict=True)):
        around = f"/Prev {numbers[place - 1]} 0 R" if place else ""
        around += f"/Next {numbers[place + 1]} 0 R" if place + 1 < len(numbers) else ""
        file.put(number, f"<</Title {_string(label)}/Parent {outline} 0 R/Dest[{page} 0 R/Fit]{around}>>")
    ends = f"/First {numbers[0]} 0 R/Last {numbers[-1]} 0 R" if numbers else ""
    file.put(outline, f"<</Type/Outlines/Count {len(numbers)}{ends}>>")


def _string(text: str) -> str:
    import pydyf

    return pydyf.String(text).data.decode("ascii")  # type: ignore[no-any-return] # pydyf has no types


class _Streamed:
    """A PDF file that is written as it grows."""

    def __init__(self, out: IO[bytes]) -> None:
        self.out = out
        self.length = 0
        self.offsets: list[int] = [0]  # by number
        self._write(b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n")

    def _write(self, data: bytes) -> None:
        self.out.write(data)
        self.length += len(data)

    def copy(self, objects: bytes, starts: Sequence[int]) -> None:
        """Write objects that have the first numbers."""
        self.offsets += [self.length + start for start in starts]
        self._write(objects)

    def reserve(self) -> int:
        """The next number."""
        self.offsets.append(0)
        return len(self.offsets) - 1

    def put(self, number: int, text: str) -> None:
        """Write an object under a number that was reserved for it."""
        self.offsets[number] = self.length
        self._write(f"{number} 0 obj\n{text}\nendobj\n".encode("ascii"))

    def add(self, text: str) -> int:
        """Write an object; returns its number."""
        number = self.reserve()
        self.put(number, text)
        return number

    def stream(self, data: bytes) -> int:
        """Write a compressed stream; returns its number."""
        number = self.reserve()
        self.offsets[number] = self.length
        self._write(f"{number} 0 obj\n<</Filter/FlateDecode/Length {len(data)}>>\nstream\n".encode())
        self._write(data)
        self._write(b"\nendstream\nendobj\n")
        return number

    def picture(self, drawn: Drawn) -> int:
        """Write an XObject, after the one that masks it; returns its number."""
        data = drawn.data
        if drawn.mask is not None:
            data = data.replace(b"@MASK@", f"{self.picture(Drawn(drawn.mask))} 0 R".encode(), 1)
        number = self.reserve()
        self.offsets[number] = self.length
        self._write(b"%d 0 obj\n%b\nendobj\n" % (number, data))
        return number

    def finish(self, root: int, info: int) -> None:
        """Write the cross-reference stream."""
        number, start = self.reserve(), self.length
        self.offsets[number] = start
        entries = [
            b"\0" * 7 + b"\xff\xff",
            *(b"\1" + offset.to_bytes(6, "big") + b"\0\0" for offset in self.offsets[1:]),
        ]
        data = zlib.compress(b"".join(entries), 6)
        extra = f"/Type/XRef/W[1 6 2]/Size {number + 1}/Root {root} 0 R/Info {info} 0 R/Filter/FlateDecode"
        self._write(
            f"{number} 0 obj\n<<{extra}/Length {len(data)}>>\nstream\n".encode() + data + b"\nendstream\nendobj\n"
        )
        self._write(f"startxref\n{start}\n%%EOF\n".encode())


# ---- the template ----


def blank(
    title: str, size: tuple[float, float], pages: int, boxes: Sequence[tuple[str, Mapping[str, float]]]
) -> Iterator[bytes]:
    """Turn the places of answers into pages that show them as frames with the numbers of their parts."""
    for page in range(1, pages + 1):
        head = f"{_plain(title)} - template, page {page} of {pages}"
        painted = [f"0.6 w 0.35 G 0.2 g BT /F0 8 Tf 1 0 0 1 60 {size[1] - 40:g} Tm ({head}) Tj ET"]
        for part, box in boxes:
            if box["page"] == page:
                bottom = size[1] - box["y"] - box["height"]
                painted.append(f"{box['x']:.2f} {bottom:.2f} {box['width']:.2f} {box['height']:.2f} re S")
                painted.append(
                    f"BT /F0 8 Tf 1 0 0 1 {box['x'] + 3:.2f} {bottom + box['height'] - 9:.2f} Tm ({part}) Tj ET"
                )
        yield zlib.compress("\n".join(painted).encode("latin-1", "replace"), 6)


def _plain(text: str) -> str:
    """Letters that every viewer's own font has."""
    return (
        text.encode("latin-1", "replace").decode("latin-1").translate({ord(letter): f"\\{letter}" for letter in "()\\"})
    )


def write_blank(out: IO[bytes], title: str, size: tuple[float, float], contents: Iterable[bytes]) -> None:
    """Write the template: page sizes and answer spaces, no question."""
    file = _Streamed(out)
    font = file.add("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    tree = file.reserve()
    pages = [
        file.add(
            f"<</Type/Page/Parent {tree} 0 R/MediaBox[0 0 {size[0]:g} {size[1]:g}]/Contents {file.stream(content)} 0 R"
            f"/Resources<</Font<</F0 {font} 0 R>>>>>>"
        )
        for content in contents
    ]
    file.put(tree, f"<</Type/Pages/Kids[{' '.join(f'{page} 0 R' for page in pages)}]/Count {len(pages)}>>")
    info = file.add(f"<</Title {_string(title)}>>")
    file.finish(file.add(f"<</Type/Catalog/Pages {tree} 0 R>>"), info)
