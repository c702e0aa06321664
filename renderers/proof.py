"""Turn a question into the mistakes that setting its formulas shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from generator import prose as holes
from generator.formulas import FormulaError
from generator.mistakes import Mistake, Mistaken
from generator.question import Question, all_prose
from renderers import prose
from renderers.math import MathError, typeset


def proof(question: Question) -> Iterator[Mistake]:
    """Set every formula of the question with the values of one draw; those of measured figures wait for them."""
    values = question.space.draw("proof", question.id, 0)
    for path, text, _ in all_prose(question.spec, list(question.parts)):
        for written, display in prose.formulas(text):
            try:
                typeset(holes.fill(written, values), display)
            except FormulaError:
                continue
            except MathError as error:
                yield question.source.mistake(path, str(error), error.hint, within=written)


@contextmanager
def proofread(questions: Iterable[Question]) -> Iterator[None]:
    """While papers of these questions are made: a formula that cannot be set is the mistake of its question."""
    try:
        yield
    except MathError as error:
        asked = list(questions)
        found = [mistake for question in asked for mistake in proof(question)]
        unplaced = Mistake(asked[0].source.path if len(asked) == 1 else "", 0, 0, str(error), error.hint)
        raise Mistaken(found or [unplaced]) from None
