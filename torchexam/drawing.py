"""Turn variants of a question into what papers need to know of them: drawn, computed, and composed for both audiences.

PyTorch is needed for this, and nothing that lays out; for the stages after it, it is the other way round.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from generator import dealing, labor
from generator.exam import Asked, numbered
from generator.exam import Section as ExamSection
from generator.variant import Variant
from renderers.compose import compose_group
from renderers.document import Section, plain, read
from torchexam import shelf
from torchexam.orders import Order, variant_of

Made = dict[str, Any]  # plain data, as a file of the working folder keeps it


@dataclass(frozen=True)
class Composed:
    """A variant at its place on a paper, for students and for graders."""

    parts: list[dict[str, Any]]  # what the manifest says of each, but for its boxes
    paper: Section
    key: Section


def draw(order: Order, asked: Asked, numbers: tuple[int, ...]) -> Made:
    """Draw variants, show their evidence to be true, and compose them; raises Mistaken.

    Gives what dealing needs to know; done before, it is read again.
    """

    def make() -> Made:
        variants = [variant_of(order, asked.question, number) for number in numbers]
        for variant in variants:
            _compose(order, asked, variant)
        parts = [part for part, _, _ in asked.parts]
        return {
            "choices": [asdict(dealing.choice(variant, parts)) for variant in variants],
            "labors": [asdict(labor.labor(variant, parts)) for variant in variants],
        }

    found: Made = shelf.kept(order.folder, shelf.name_of("made", asked, numbers), make)
    return found


def composed(order: Order, asked: Asked, number: int) -> Composed:
    """What was composed; where its file was lost, it is composed again."""
    kept = shelf.get(order.folder, _file(asked, number))
    if kept is None:
        return _compose(order, asked, variant_of(order, asked.question, number))
    return Composed(kept["parts"], read(kept["paper"]), read(kept["key"]))


def _file(asked: Asked, number: int) -> str:
    return shelf.name_of("drawn", asked, number)


def _compose(order: Order, asked: Asked, variant: Variant) -> Composed:
    section = ExamSection(asked.section, asked.title, asked.points, (numbered(asked, variant),))
    paper, key = (
        compose_group(section, audience, first=asked.first, last=asked.last) for audience in ("students", "graders")
    )
    found = Composed(_parts(asked, variant), paper, key)
    told = {"parts": found.parts, "paper": plain(paper), "key": plain(key)}
    shelf.put(order.folder, _file(asked, variant.number), told)
    return found


def _parts(asked: Asked, variant: Variant) -> list[dict[str, Any]]:
    """What the manifest says of the parts, but for their boxes."""
    by_id = {part.id: part for part in variant.parts}
    return [
        {
            "number": number,
            "question": variant.question.id,
            "part": name,
            "points": points,
            "kind": by_id[name].kind,
            "variant": variant.number,
            "values": dict(variant.values),
            "answer": by_id[name].answer.recorded,
        }
        for name, number, points in asked.parts
    ]
