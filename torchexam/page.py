"""Turn a question and a seed into a page to look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator import store
from generator import variant as variant_room
from generator.answers import NotUsed
from generator.bank import Bank
from generator.mistakes import Mistake, Mistaken
from generator.question import Question
from generator.variant import Variant
from renderers.compose import compose_question
from renderers.document import Document
from renderers.proof import proofread
from torchexam.checks import load

Format = Literal["html", "pdf"]


@dataclass(frozen=True)
class Preview:
    """A drawn variant as a page."""

    variant: Variant
    data: bytes
    format: Format

    def write(self, path: str | Path) -> Path:
        """Write the page to a file, whole or not at all; raises OSError."""
        store.write_whole(Path(path), self.data)
        return Path(path)


def preview(
    question: str | Question,
    bank: str | Path | Bank = "bank",
    seed: str = "1",
    number: int = 0,
    *,
    key: bool = False,
    to: Format = "html",
    large: bool = False,
    draw: int | None = None,
) -> Preview:
    """Draw one variant of a question as students see it, or its key; raises Mistaken when this variant is broken.

    `draw` is the number of one of the question's draws, as `verify` names it; it goes before seed and number.
    """
    if not isinstance(question, Question):
        question = (bank if isinstance(bank, Bank) else load(bank)).find(question)
    variant = variant_room.vary(question, seed, number) if draw is None else _at(question, draw)
    document = compose_question(variant, "graders" if key else "students")
    with proofread([question]):
        return Preview(variant, _page(document, to, large), to)


def _at(question: Question, draw: int) -> Variant:
    if draw >= question.space.size:
        message = f"{question.id} has the draws 0 to {question.space.size - 1:,}"
        raise Mistaken([Mistake(f"--draw {draw}", 0, 0, message)])
    try:
        return variant_room.at(question, draw)
    except NotUsed as reason:
        raise Mistaken([Mistake(f"--draw {draw}", 0, 0, f"this draw is not used: {reason}")]) from None


def _page(document: Document, to: Format, large: bool) -> bytes:
    if to == "pdf":
        from renderers import pdf

        return pdf.render(document, pdf.Style(large=large)).data
    from renderers import html

    return html.render(document, large=large)
