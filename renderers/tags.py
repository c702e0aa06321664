"""Finish the tags of a PDF: formulas are called so, pictures know their place, running heads are no text.

Lines of text hang on their paragraph, and what WeasyPrint draws in groups of their own is drawn on the page.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

import pydyf

from renderers.math.pdf import mark_formulas


def finish_file(pdf: pydyf.PDF, formulas: Container[str]) -> None:
    """Finish a whole file, with its pages."""
    for page in _pages(pdf):
        stream, resources = (_object(pdf, page[name]) for name in ("Contents", "Resources"))
        groups = {name: _object(pdf, group) for name, group in resources["XObject"].items()}
        inner = {
            name: _object(pdf, group.extra["Resources"]) for name, group in groups.items() if "Resources" in group.extra
        }
        flatten(stream, resources, {name: (groups[name], needs) for name, needs in inner.items()})
    finish(pdf, formulas)


def draw_artifacts(pdf: pydyf.PDF, artifacts: Sequence[str]) -> None:
    """Draw on each page what is no text of the paper; the y axis of its operators points down from the top left."""
    for page, operators in zip(_pages(pdf), artifacts, strict=True):
        height = page["MediaBox"][3]
        _object(pdf, page["Contents"]).stream.insert(0, f"q 1 0 0 -1 0 {height} cm\n{operators}\nQ".encode())


def finish(pdf: pydyf.PDF, formulas: Container[str]) -> None:
    """Tag the figures with these alternative texts as formulas, and what stands in page margins as artifacts."""
    mark_formulas(pdf, formulas)
    _place_figures(pdf)
    _mark_margins(pdf)
    _hang_lines(pdf)


def flatten(stream: Any, resources: Any, groups: Mapping[str, tuple[Any, Any]]) -> None:
    """Draw on the page what stands in groups that are opaque anyway, such as the ruled lines behind a box.

    `groups` holds for each name the group and the resources that it needs.
    """
    for name, (group, needs) in groups.items():
        drawn = f"/{name} Do".encode()
        if drawn not in stream.stream or not _is_plain(needs):
            continue
        place = stream.stream.index(drawn)
        stream.stream[place : place + 1] = [b"q", *group.stream, b"Q"]
        resources["ExtGState"].update(needs["ExtGState"])
        del resources["XObject"][name]
        group.free = needs.free = "f"


def _is_plain(needs: Any) -> bool:
    """Whether what is drawn needs nothing but graphics states that are opaque."""
    return set(needs["ExtGState"]) <= _OPAQUE and not any(needs[kind] for kind in ("XObject", "Pattern", "Shading"))


_OPAQUE = {"a1", "A1", "a1.0", "A1.0"}


def _place_figures(pdf: pydyf.PDF) -> None:
    """Give the places of figures and formulas as PDF has it: points from the lower left, not pixels from the top."""
    for figure in _elements(pdf):
        if figure["S"] in ("/Figure", "/Formula"):
            left, top, right, bottom = (length * 0.75 for length in figure["A"]["BBox"])
            height = _object(pdf, figure["Pg"])["MediaBox"][3]
            figure["A"]["BBox"] = pydyf.Array([left, height - bottom, right, height - top])


def _mark_margins(pdf: pydyf.PDF) -> None:
    """Turn marked text that hangs in no place of the structure tree, which is that of margin boxes, into artifacts."""
    root = _object(pdf, pdf.catalog["StructTreeRoot"])
    kept = _reachable(pdf, root["K"][0])
    numbers = _object(pdf, root["ParentTree"])["Nums"]
    owners = {numbers[n]: numbers[n + 1] for n in range(0, len(numbers), 2)}
    for page in _pages(pdf):
        page_owners = owners[page["StructParents"]]
        loose = {mcid for mcid, owner in enumerate(page_owners) if owner not in kept}
        operators = _object(pdf, page["Contents"]).stream
        for place, operand in enumerate(operators):
            if isinstance(operand, dict) and operand.get("MCID") in loose:
                operators[place - 1 : place + 1] = ["/Artifact", pydyf.Dictionary({"Type": "/Pagination"})]
        for mcid in loose:
            page_owners[mcid] = "null"
    for element in _elements(pdf):
        if element.reference not in kept:
            element.free = "f"


_HOLD_TEXT = {"/P", "/H1", "/H2", "/H3", "/H4", "/TD", "/TH", "/LBody", "/Lbl", "/Caption", "/Span"}


def _hang_lines(pdf: pydyf.PDF) -> None:
    """Hang each line of text on its paragraph, without an element of its own that says nothing."""
    numbers = _object(pdf, _object(pdf, pdf.catalog["StructTreeRoot"])["ParentTree"])["Nums"]
    taken: dict[bytes, bytes] = {}
    for element in _elements(pdf):
        if element["S"] not in _HOLD_TEXT:
            continue
        kids: list[Any] = []
        for kid in element["K"]:
            line = _object(pdf, kid) if isinstance(kid, bytes) else None
            if not line or line["S"] != "/Span" or "A" in line or any(isinstance(inner, bytes) for inner in line["K"]):
                kids.append(kid)
                continue
            kids += line["K"]
            taken[kid] = element.reference
            line.free = "f"
        element["K"][:] = kids
    for owners in numbers[1::2]:
        if isinstance(owners, list):  # those of a page; an annotation has one
            owners[:] = [taken.get(owner, owner) for owner in owners]


def _elements(pdf: pydyf.PDF) -> Iterator[Any]:
    """All structure elements."""
    return (
        item
        for item in pdf.objects
        if isinstance(item, pydyf.Dictionary) and item.get("Type") == "/StructElem" and item.free == "n"
    )


def _pages(pdf: pydyf.PDF) -> list[Any]:
    return [item for item in pdf.objects if isinstance(item, pydyf.Dictionary) and item.get("Type") == "/Page"]


def _reachable(pdf: pydyf.PDF, start: bytes) -> set[bytes]:
    """The references of all structure elements below one, and its own."""
    found, waiting = set(), [start]
    while waiting:
        reference = waiting.pop()
        found.add(reference)
        waiting += [kid for kid in _object(pdf, reference).get("K", ()) if isinstance(kid, bytes)]
    return found


def _object(pdf: pydyf.PDF, reference: bytes) -> Any:
    return pdf.objects[int(reference.split()[0])]
