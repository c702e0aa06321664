"""Turn the work that each variant of a pool asks for into rows that compare the variants of a question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from generator.exam import ExamPlan
from generator.labor import MEASURES, Labor, Spread, amount, spread

HEADER = ["Question", "Multiplications", "Non-trivial divisions", "Largest number", "Digits to write", "Terms"]


def parity_rows(plan: ExamPlan, pools: Mapping[str, Sequence[Labor]]) -> list[list[str]]:
    """A row for each question of the plan whose variants ask for work that can be counted, as HEADER has it.

    `pools` has, by the id of a question, what each of its variants asks for. A cell is "12" where all ask for the same,
    "8–12" where not, and "8–14, uneven" where some ask for clearly more than others.
    """
    found = {name: spread(labors) for name, labors in pools.items() if labors}
    known = ((question, found[name]) for name, question in plan.questions.items() if name in found)
    return [[question.spec.title, *_cells(one)] for question, one in known if not one.nothing]


def _cells(found: Spread) -> Iterator[str]:
    for measure in MEASURES:
        least, most = (amount(getattr(getattr(found, measure), end)) for end in ("least", "most"))
        cell = most if least == most else f"{least}–{most}"
        yield f"{cell}, uneven" if found.is_uneven(measure) else cell
