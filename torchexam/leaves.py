"""Turn variants of a question into leaves: all that papers need of them, drawn, computed and laid out once.

A leaf is a file of the working folder. It holds what a copy's manifest says of the question's parts, the blocks of
paper and key with their pictures, and the same as HTML.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from generator import dealing, store
from generator import variant as variant_room
from generator.exam import Asked, Section, numbered
from generator.variant import Variant
from renderers.paper import Style
from renderers.proof import proofread
from torchexam import shelf
from torchexam.orders import Order, plan_of, variant_of

Made = dict[str, Any]  # plain data, as a file of the working folder keeps it


def name_of(asked: Asked, number: int, style: Style) -> str:
    """The file of a leaf."""
    told = json.dumps([asdict(asked), number, style.paper, style.large])
    return f"leaves/{store.digest(told)[:24]}"


def make(order: Order, asked: Asked, numbers: tuple[int, ...], styles: tuple[Style, ...]) -> Made:
    """Draw variants, show their evidence to be true, and lay them out; raises Mistaken.

    Gives what dealing and planning need to know; done before, it is read again.
    """
    told = json.dumps([asdict(asked), numbers, [asdict(style) for style in styles]])
    file = f"made/{store.digest(told)[:24]}"
    found: Made | None = shelf.get(order.folder, file)
    if found is None:
        found = _made(order, asked, numbers, styles)
        shelf.put(order.folder, file, found)
    return found


def _made(order: Order, asked: Asked, numbers: Sequence[int], styles: Sequence[Style]) -> Made:
    variants = [variant_of(order, asked.question, number) for number in numbers]
    parts = [part for part, _, _ in asked.parts]
    for variant in variants:
        for part in variant.parts:
            if part.id in parts:
                variant_room.evidence(variant, part)
    question = plan_of(order).questions[asked.question]
    with proofread([question]):
        laid = {_key(style): _laid(order, asked, variants, style) for style in styles}
    return {"choices": [_choice(variant, parts) for variant in variants], "styles": laid}


def _key(style: Style) -> str:
    return f"{style.paper}{' large' if style.large else ''}"


def _choice(variant: Variant, parts: Sequence[str]) -> dict[str, Any]:
    return asdict(dealing.choice(variant, parts))


# ---- one variant on paper ----


def _laid(order: Order, asked: Asked, variants: Sequence[Variant], style: Style) -> Made:
    """Write the leaves of some variants; gives their heights and rooms, and the glyphs that they set."""
    from renderers.compose import compose_group

    sections = [Section(asked.section, asked.title, asked.points, (numbered(asked, variant),)) for variant in variants]
    papers, keys = (
        [compose_group(section, audience, first=asked.first, last=asked.last) for section in sections]
        for audience in ("students", "graders")
    )
    leaves: list[dict[str, Any]] = [{"parts": _parts(asked, variant)} for variant in variants]
    if "html" in order.formats:
        from renderers import html

        for leaf, paper, key in zip(leaves, papers, keys, strict=True):
            leaf["html"] = [str(html.group(each, first=asked.first, last=asked.last)) for each in (paper, key)]
    told: Made = {"leaves": [{} for _ in variants], "glyphs": {}}
    if "pdf" in order.formats:
        from torchexam import laying

        told = laying.lay_out(order, leaves, papers, keys, style, headed=asked.first)
    for leaf, variant in zip(leaves, variants, strict=True):
        shelf.put(order.folder, name_of(asked, variant.number, style), leaf)
    return told


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
