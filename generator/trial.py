"""Try a question out: the mistakes that only running PyTorch shows, kept until the question or the library changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from generator import formulas, forward, plugins, prose, store
from generator.answers import NotUsed, Response
from generator.answers.options import OptionsAnswer
from generator.formulas import FormulaError
from generator.forward import DoesNotFit
from generator.mistakes import Mistake, Mistaken
from generator.question import Part, Question, all_prose
from generator.streams import Stream
from generator.text import KeyPath
from generator.variant import Variant, broken, of_values

MOST_RUNS = 2_000  # of one network; a run takes a millisecond
MOST_STEPS = 20_000  # of all runs of one network; a layer takes a tenth of a millisecond
DRAWS = 40  # whole variants, spread over the space


def out(question: Question) -> tuple[Mistake, ...]:
    """Turn a question into the mistakes that running it shows."""
    if (mistakes := kept(question)) is not None:
        return mistakes
    found = tuple(sorted(_all(question)))
    fields = [[m.line, m.column, m.message, m.hint, m.excerpt, m.width] for m in found]
    store.keep("trials", _key(question), fields)
    return found


def kept(question: Question) -> tuple[Mistake, ...] | None:
    """The mistakes that were found before, or None when the question must be run."""
    return _unpacked(store.read("trials", _key(question)), question.source.path)


def _key(question: Question) -> str:
    return store.digest(question.id, question.sha256, own_code(), version("torch"))


def _unpacked(kept: Any, path: str) -> tuple[Mistake, ...] | None:
    """What was kept, or None when it was kept by something else."""
    if not isinstance(kept, list) or not all(isinstance(one, list) and [*map(type, one)] == _TYPES for one in kept):
        return None
    return tuple(Mistake(path, *one) for one in kept)


_TYPES = [int, int, str, str, str, int]


@lru_cache
def own_code() -> str:
    """The hash of this room's code and of what packages add: with other code, what was tried must be tried again."""
    whole = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.suffix in (".py", ".txt"):  # names of people among them
            whole.update(path.read_bytes())
    whole.update(plugins.stamp().encode())
    return whole.hexdigest()


def _all(question: Question) -> Iterator[Mistake]:
    mistakes = [*_networks(question), *_formulas(question)]
    yield from mistakes
    if not mistakes:
        first = {(mistake.line, mistake.column): mistake for mistake in reversed(list(_variants(question)))}
        yield from first.values()
        yield from _examples(question)


def _networks(question: Question) -> Iterator[Mistake]:
    """Run the network with every distinct draw of its numbers; report the first that breaks at each layer."""
    if question.network is None:
        return
    names = question.network.names
    first: dict[str, tuple[Exception, dict[str, Any]]] = {}
    count: dict[str, int] = {}
    tried = 0
    most = max(100, min(MOST_RUNS, MOST_STEPS // len(question.network.layers)))
    for values in question.space.over(names, most):
        tried += 1
        try:
            forward.run(question.network.draw(values))
        except (DoesNotFit, FormulaError) as error:
            at = error.layer if isinstance(error, DoesNotFit) else ""
            first.setdefault(at, (error, values))
            count[at] = count.get(at, 0) + 1
    for at, (refusal, values) in first.items():
        often = f"; {count[at]} of {tried} draws fail here" if tried > 1 else ""
        yield broken(question, ("network",), refusal, values, often)


def _formulas(question: Question) -> Iterator[Mistake]:
    """Evaluate every formula that stands in prose over all draws of its names."""
    for path, text, findings in all_prose(question.spec, question.parts):
        asked = path[-1] in ASKED  # a rubric or an explanation may round
        for hole, formula in prose.holes(text):
            if not findings and (asked or not formula.isidentifier()) and formula != prose.NETWORK:
                yield from _first_failure(question, path, hole, formula, asked)


ASKED = ("stem", "lead", "prompt")  # the prose that answers are computed from


def _first_failure(question: Question, path: KeyPath, hole: str, formula: str, asked: bool) -> Iterator[Mistake]:
    read = formulas.read(formula)
    for values in question.space.over(read.names, MOST_RUNS):
        try:
            value = read.value(values)
            printed = formulas.shown(value)
        except FormulaError as error:
            yield broken(question, path, FormulaError(str(error), hole, error.hint), values)
            return
        if asked and formulas.rounds(value):
            said = f"'{formula}' would be printed as {printed}, and answers are computed from more digits"
            hint = "round it where it is computed, or say how exact it is meant: digits(…, 3)"
            yield broken(question, path, FormulaError(said, hole, hint), values)
            return


def _variants(question: Question) -> Iterator[Mistake]:
    """Compute whole variants, and let each answer judge the responses that it makes for itself."""
    unused: list[tuple[NotUsed, dict[str, Any]]] = []
    tried = min(DRAWS, question.space.size)
    for number in range(tried):
        values = question.space.draw("trial", question.id, number)
        try:
            variant = of_values(question, values, Stream("trial", question.id, number), {}, number)
        except Mistaken as error:
            yield from error.mistakes
        except NotUsed as reason:
            unused.append((reason, values))
        else:
            yield from judged(question, variant)
    if len(unused) > tried // 2:
        first, values = unused[0]
        message = f"{len(unused)} of {tried} draws cannot be used: {first}"
        yield broken(question, ("parts",), FormulaError(message, hint="tie parameters with 'require'"), values)


def judged(question: Question, variant: Variant) -> Iterator[Mistake]:
    """The responses that answers make for themselves, and do not mark as they should."""
    for place, part in enumerate(variant.parts):
        given = part.answer.responses()
        faults = []
        if part.answer.mark(given.right).share != 1:
            faults.append(f"its own answer is not marked right: {_said(given.right)}")
        if given.wrong is not None and part.answer.mark(given.wrong).share == 1:
            faults.append(f"a wrong answer is marked right: {_said(given.wrong)}")
        if given.unreadable is not None and part.answer.mark(given.unreadable).readable:
            faults.append(f"an unreadable answer is not noticed: {_said(given.unreadable)}")
        for fault in faults:
            yield broken(question, ("parts", place, "answer"), ValueError(f"part {part.id}: {fault}"), variant.values)


def _said(response: Response) -> str:
    text = response if isinstance(response, str) else ", ".join(f"{name} {cell}" for name, cell in response.items())
    return text.replace("\n", " | ")[:120]


def _examples(question: Question) -> Iterator[Mistake]:
    for place, part in enumerate(question.parts):
        if part.spec.example:
            yield from _example(question, place, part)


def _example(question: Question, place: int, part: Part) -> Iterator[Mistake]:
    """PyTorch must come to the answer that was worked by hand."""
    example, at = part.spec.example, ("parts", place, "example")
    assert example
    drawn = question.space.draw("trial", question.id, 0)
    base = {name: value for name, value in drawn.items() if name in _chosen(question)} | dict(example.with_)
    try:
        values = question.space.complete(base)
        for index, text in enumerate(question.spec.require):
            if not formulas.read(text).value(values):
                yield question.source.mistake(
                    (*at, "with"), f"the example does not meet the condition {question.spec.require[index]}"
                )
                return
        variant = of_values(question, values, Stream("example", question.id), {})
    except FormulaError as error:
        yield question.source.mistake((*at, "with"), str(error), error.hint)
        return
    except NotUsed as reason:
        yield question.source.mistake((*at, "with"), f"the example cannot be used: {reason}")
        return
    except Mistaken as error:
        first = error.mistakes[0]
        yield question.source.mistake((*at, "with"), f"the example cannot be computed: {first.message}", first.hint)
        return
    answer = variant.parts[place].answer
    mark = answer.mark(answer.letter(example.answer) if isinstance(answer, OptionsAnswer) else _written(example.answer))
    if mark.share != 1:
        says = "; ".join(mark.remarks) or "it is another"
        start = "PyTorch does not come to this answer" if mark.readable else "the answer of the example is not readable"
        yield question.source.mistake((*at, "answer"), f"{start}: {says}")


def _chosen(question: Question) -> set[str]:
    return {name for name, spec in question.spec.parameters.items() if spec.compute is None}


def _written(answer: Any) -> Response:
    """An example's answer as a student would write it."""
    match answer:
        case dict():
            return {str(name): str(cell) for name, cell in answer.items()}
        case list():
            return ", ".join(map(str, answer))
    return str(answer)
