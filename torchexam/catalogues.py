"""Turn a bank into a catalogue to choose from: one drawn variant of each question with its key."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from generator import variant as variant_room
from generator.bank import Bank
from generator.mistakes import Mistake, Mistaken
from generator.question import Question
from renderers.compose import compose_catalogue
from renderers.proof import proofread
from torchexam.checks import load
from torchexam.listing import EVERYTHING, Filter, chosen

Watch = Callable[[Iterable[Question], int], Iterable[Question]]
TITLE = "Question bank"
SAYS = "One variant of each question, with its key. Numbers and the order of options are those of this draw."


def catalogue(
    bank: str | Path | Bank = "bank",
    wanted: Filter = EVERYTHING,
    seed: str = "1",
    to: Literal["html", "pdf"] = "html",
    watch: Watch = lambda questions, _count: questions,
) -> bytes:
    """One page with a variant of each question that is wanted, in the order of topics; raises Mistaken."""
    whole = bank if isinstance(bank, Bank) else load(bank)
    questions = sorted(chosen(whole, wanted), key=lambda question: (question.spec.topics[0], question.id))
    if not questions:
        raise Mistaken([Mistake(str(whole.root), 0, 0, "no question fits the filters")])
    with proofread(questions):
        variants = [variant_room.vary(question, seed) for question in watch(questions, len(questions))]
        document = compose_catalogue(variants, TITLE, SAYS)
        if to == "pdf":
            from renderers import pdf

            return pdf.render(document, pdf.Style()).data
        from renderers import html

        return html.render(document)
