"""Turn composed variants into leaves: all that papers need of them, laid out once.

A leaf is a file of the working folder. It holds what a copy's manifest says of the question's parts, the blocks of
paper and key with their pictures, and the same as HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from generator.exam import Asked
from generator.mistakes import Mistaken
from renderers.blocks import CannotStand
from renderers.paper import Style
from renderers.proof import proofread
from torchexam import shelf
from torchexam.drawing import Composed, Made, composed
from torchexam.orders import Order, plan_of


def name_of(asked: Asked, number: int, style: Style) -> str:
    """The file of a leaf."""
    return shelf.name_of("leaves", asked, number, style)


def make(order: Order, asked: Asked, numbers: tuple[int, ...], style: Style) -> Made:
    """Lay out variants; gives their heights and rooms, and the glyphs that they set; raises Mistaken.

    Done before, it is read again.
    """

    def lay_out() -> Made:
        question = plan_of(order).questions[asked.question]
        try:
            with proofread([question]):
                return _laid(order, asked, numbers, style)
        except CannotStand as error:
            raise Mistaken(
                [question.source.mistake(("parts",), f"this question cannot be printed: {error}", key=True)]
            ) from None

    found: Made = shelf.kept(order.folder, shelf.name_of("laid", asked, numbers, style), lay_out)
    return found


def _laid(order: Order, asked: Asked, numbers: Sequence[int], style: Style) -> Made:
    variants = [composed(order, asked, number) for number in numbers]
    leaves: list[dict[str, Any]] = [{"parts": variant.parts} for variant in variants]
    if "html" in order.formats:
        for leaf, variant in zip(leaves, variants, strict=True):
            leaf["html"] = _html(asked, variant)
    told: Made = {"leaves": [{} for _ in variants], "glyphs": {}}
    if "pdf" in order.formats:
        from torchexam import laying

        told = laying.lay_out(order, leaves, variants, style, headed=asked.first)
    for leaf, number in zip(leaves, numbers, strict=True):
        shelf.put(order.folder, name_of(asked, number, style), leaf)
    return told


def _html(asked: Asked, variant: Composed) -> list[str]:
    from renderers import html

    return [str(html.group(each, first=asked.first, last=asked.last)) for each in (variant.paper, variant.key)]
