"""What workers do with questions: read, draw, lay out, judge responses. Plain data in, plain data out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from generator import question as question_room
from generator import text as text_room
from generator.mistakes import Mistake, Mistaken
from generator.question import IMAGE_TYPES, Question

MOST_REMEMBERED = 2_000  # questions that a worker keeps in mind
Shown = Literal["paper", "key", "evidence"]


@dataclass(frozen=True)
class Asked:
    """A question file, perhaps with a text that was not saved, and which of its draws."""

    path: str
    shown: str  # the path in messages
    text: str | None = None
    seed: str = "1"
    number: int = 0
    draw: int | None = None


# ---- reading ----

_read: dict[str, tuple[object, Question | tuple[Mistake, ...]]] = {}


def question_of(asked: Asked) -> Question:
    """The question of a file, or of a text that may take its place; raises Mistaken."""
    path = Path(asked.path)
    if asked.text is not None:
        return question_room.of(text_room.parse(asked.text, asked.shown), path)
    stamp = _stamp(path)
    if asked.path not in _read or _read[asked.path][0] != stamp:
        if len(_read) > MOST_REMEMBERED:
            _read.clear()
        try:
            _read[asked.path] = stamp, question_room.load(path, asked.shown)
        except Mistaken as error:
            _read[asked.path] = stamp, error.mistakes
    found = _read[asked.path][1]
    if isinstance(found, tuple):
        raise Mistaken(found)
    return found


def _stamp(path: Path) -> object:
    """What changes when the file does, or a picture beside it."""
    try:
        pictures = [file for file in path.parent.iterdir() if file.suffix.lower() in IMAGE_TYPES]
        return [(file.name, (state := file.stat()).st_mtime_ns, state.st_size) for file in (path, *sorted(pictures))]
    except OSError:
        return object()


def facts(asked: Asked) -> dict[str, Any]:
    """What lists show of a question, and its mistakes as far as they are known without running it."""
    from torchexam import checks, verification

    question = question_of(asked)
    spec = question.spec
    tried = checks.kept(question)
    verified = verification.kept(question)
    prose = (f"{part.spec.lead or ''} {part.spec.prompt}" for part in question.parts)
    return {
        "id": question.id,
        "title": spec.title,
        "topics": list(spec.topics),
        "points": question.points,
        "minutes": spec.minutes,
        "difficulty": spec.difficulty,
        "variants": question.space.size,
        "parts": [{"id": part.spec.id, "points": part.spec.points, "kind": part.kind} for part in question.parts],
        "sha256": question.sha256,
        "words": " ".join([question.id, spec.title, spec.stem or "", *prose]).lower(),
        "mistakes": tried or (),
        "tried": tried is not None,
        "verified": None if verified is None else {"draws": verified.draws, "failures": len(verified.failures)},
    }


def tried(asked: Asked) -> tuple[Mistake, ...]:
    """Every mistake of a question, those that only running it shows among them."""
    from torchexam import checks

    try:
        return checks.tried([question_of(asked)], _unwatched)
    except Mistaken as error:
        return tuple(sorted(set(error.mistakes)))


def _unwatched(found: Iterable[Any], _count: int) -> Iterable[Any]:
    return found


def read_only(asked: Asked) -> tuple[Mistake, ...]:
    """The mistakes of a question that can be seen without running it."""
    try:
        question_of(asked)
    except Mistaken as error:
        return tuple(sorted(set(error.mistakes)))
    return ()


def verified(path: str, draws: int) -> dict[str, Any]:
    """What `verify --json` says of a question."""
    from torchexam import account, verification

    found = verification.verify(path, draws=draws)
    return {**account.as_json(found), "mistakes": [asdict(mistake) for mistake in found.mistakes]}


# ---- drawing ----


def variant_of(asked: Asked) -> Any:
    """Draw; raises Mistaken."""
    from generator import variant as variant_room
    from generator.answers import NotUsed

    question = question_of(asked)
    if asked.draw is None:
        return variant_room.vary(question, asked.seed, asked.number)
    if asked.draw >= question.space.size:
        message = f"{question.id} has the draws 0 to {question.space.size - 1:,}"
        raise Mistaken([Mistake(f"draw {asked.draw}", 0, 0, message)])
    try:
        return variant_room.at(question, asked.draw)
    except NotUsed as reason:
        raise Mistaken([Mistake(f"draw {asked.draw}", 0, 0, f"this draw is not used: {reason}")]) from None


def page(asked: Asked, shown: Shown, stylesheet: str, large: bool) -> bytes:
    """The paper of a variant, its key without evidence, or its evidence alone, as HTML; raises Mistaken."""
    from renderers import html
    from renderers.compose import compose_question
    from renderers.document import Evidence
    from renderers.proof import proofread

    variant = variant_of(asked)
    if shown == "key":  # experiments take their time, so what they show is asked for apart
        quiet = [replace(part, part=replace(part.part, evidence=())) for part in variant.parts]
        variant = replace(variant, parts=tuple(quiet))
    with proofread([variant.question]):
        document = compose_question(variant, "students" if shown == "paper" else "graders")
        if shown == "evidence":
            sections = []
            for section in document.sections:
                bare = [replace(part, lead=(), prompt=(), solution=_only(part, Evidence))
                        for part in section.parts]  # fmt: skip
                sections.append(replace(section, stem=(), parts=tuple(part for part in bare if part.solution)))
            document = replace(document, sections=tuple(sections))
        return html.render(document, large=large, stylesheet=stylesheet)


def _only(part: Any, kind: type) -> tuple[Any, ...]:
    return tuple(block for block in part.solution if isinstance(block, kind))


# what a student reads of an answer, whatever its kind
LISTING = "```listing"
ON_PAPER = ("note", "options", "labels", "header", "given", "unit", "lines")


def drawn(asked: Asked, with_key: bool, with_values: bool) -> dict[str, Any]:
    """A variant as data: what students read, and with the key the values and the answers; raises Mistaken."""
    variant = variant_of(asked)
    texts = [variant.stem, *(text for part in variant.parts for text in (part.lead, part.prompt))]
    printed = with_values or any(LISTING in text for text in texts)  # what no student reads is none of theirs
    layers = variant.network.layers if variant.network and printed else ()
    data: dict[str, Any] = {
        "question": variant.question.id,
        "title": variant.title,
        "number": variant.number,
        "stem": variant.stem,
        "network": [{"name": layer.name, "call": layer.call} for layer in layers],
        "parts": [_part(number, part, with_key) for number, part in enumerate(variant.parts, 1)],
    }
    if with_values:  # computed values may be what is asked for
        data["values"] = plain(dict(variant.values))
    return data


def _part(number: int, part: Any, with_key: bool) -> dict[str, Any]:
    space = {name: plain(value) for name in ON_PAPER if (value := getattr(part.answer, name, None)) not in (None, "")}
    data = {
        "number": f"1.{number}",
        "id": part.id,
        "kind": part.kind,
        "points": part.points,
        "lead": part.lead,
        "prompt": part.prompt,
        "space": space,
    }
    if not with_key:
        return data
    rubric = [{"points": item.points, "for": item.what} for item in getattr(part.answer, "rubric", ())]
    return data | {
        "answer": plain(part.answer.recorded),
        "worked": str(getattr(part.answer, "worked", "")),
        "explanation": part.explanation,
        "rubric": rubric,
        "misconceptions": list(_slips(part.answer)),
    }


def _slips(answer: Any) -> Iterator[dict[str, str]]:
    """Wrong answers with the misconception that leads to each."""
    from generator.answers.number import NumberAnswer
    from generator.answers.options import OptionsAnswer
    from generator.answers.shape import ShapeAnswer
    from generator.formulas import FormulaError

    if isinstance(answer, OptionsAnswer):
        yield from ({"answer": letter, "says": says} for letter, says in answer.why)
    if isinstance(answer, NumberAnswer | ShapeAnswer):
        for slip in answer.slips:
            try:
                yield {"answer": answer.said(slip.value), "says": slip.says}
            except FormulaError:
                continue  # one that cannot be written as exactly as the answer


def draws(asked: Asked, start: int, count: int) -> dict[str, Any]:
    """Some of the allowed draws, in order."""
    from generator.formulas import FormulaError
    from generator.streams import Stream

    question = question_of(asked)
    space = question.space
    rows = []
    for place in range(start, min(start + count, space.size)):
        try:
            values = space.at(place, Stream("at", question.id, place, "names"))
        except FormulaError as error:
            raise Mistaken([Mistake(asked.shown, 1, 1, f"draw {place}: {error}", error.hint)]) from None
        rows.append({"draw": place, "values": plain(values)})
    return {"size": space.size, "start": start, "draws": rows}


def marked(asked: Asked, conventions: Mapping[str, str], part: str, recorded: Any, response: Any) -> dict[str, Any]:
    """What a response to a part of a printed variant earns; raises Mistaken when the variant has another key by now."""
    from generator import variant as variant_room

    question = question_of(asked)
    variant = variant_room.vary(question, asked.seed, asked.number, conventions)
    found = next((one for one in variant.parts if one.id == part), None)
    if found is None or plain(found.answer.recorded) != recorded:
        message = f"part {part}: this copy was printed with another key than the bank gives now"
        hint = "grade with the bank, and the versions, that the manifest names"
        raise Mistaken([Mistake(asked.shown, 0, 0, message, hint)])
    mark = found.answer.mark(response)
    return {"share": mark.share, "readable": mark.readable, "remarks": list(mark.remarks)}


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    match value:
        case bool() | int() | float() | str() | None:
            return value
        case dict():
            return {str(name): plain(one) for name, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
    return str(value)


WARM_UP = """
title: t
topics: [t]
parameters: {n: {choose: [8]}}
network: {input: [1, n, n], layers: {a: "Conv2d(1, 2, 3)"}}
stem: "$x^2$ <<network>>"
parts: [{id: p, points: 1, prompt: p, answer: {table: output_shape, layers: [a]}}]
"""


def warm_up() -> None:
    """Import what drawing needs, start the formula engine, and draw and lay out for a first time."""
    from renderers import pdf  # noqa: F401
    from torchexam import checks, verification  # noqa: F401

    for shown in get_args(Shown):
        page(Asked("t.yaml", "t.yaml", WARM_UP), shown, "", large=False)
