"""Finish the tags of a PDF: formulas are called so, pictures know their place, running heads are no text."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

import pydyf

from renderers.math.pdf import mark_formulas


def finish(pdf: pydyf.PDF, formulas: Container[str]) -> None:
    """Tag the figures with these alternative texts as formulas, and what stands in page margins as artifacts."""
    mark_formulas(pdf, formulas)
    _place_figures(pdf)
    _mark_margins(pdf)


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
    pages = [item for item in pdf.objects if isinstance(item, pydyf.Dictionary) and item.get("Type") == "/Page"]
    for page in pages:
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


def _elements(pdf: pydyf.PDF) -> Iterator[Any]:
    """All structure elements."""
    return (item for item in pdf.objects if isinstance(item, pydyf.Dictionary) and item.get("Type") == "/StructElem")


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
