"""Turn an exam into a frozen pool of variants, the file of one back into the pool, and a pool into what changed since.

The file stands next to the exam, `<exam>.pool.json`: for each question the seed's first variants with their values,
the answer of each part, and the hash of what students read. A line holds a variant. It knows no clock and no path, so
the same seed freezes to the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr

from generator import variant
from generator.answers import NotUsed
from generator.bank import shown_path
from generator.formulas import FormulaError
from generator.mistakes import Mistake, Mistaken
from generator.question import Question
from generator.reference import same, tidy
from generator.spec import Model, Name, validate
from generator.streams import Stream
from generator.text import KeyPath, Source, parse
from generator.variant import PartVariant, Variant

FORMAT = 1


class FrozenPart(Model):
    """A part of a frozen variant: its answer, and the hash of what a student reads."""

    answer: Any
    paper: str


class FrozenVariant(Model):
    """A frozen variant: its number, the place where the seed dealt it, and its values."""

    number: Annotated[int, Field(ge=0)]
    place: Annotated[int, Field(ge=0)]
    values: dict[str, Any]
    parts: dict[Name, FrozenPart]


class FrozenQuestion(Model):
    """A question as it was, and its variants."""

    sha256: str
    variants: Annotated[list[FrozenVariant], Field(min_length=1)]


class Pool(Model):
    """The variants that an exam deals, and the versions that computed their answers."""

    format: Literal[1]
    exam: str
    seed: str
    versions: dict[str, str]
    questions: Annotated[dict[str, FrozenQuestion], Field(min_length=1)]

    _exam_file: str = PrivateAttr("")  # the path of the exam file, when the pool was read from beside it

    @property
    def size(self) -> int:
        """How many variants each question has."""
        return min(len(question.variants) for question in self.questions.values())

    @property
    def again(self) -> str:
        """What to do when it does not hold any more: the same seed leaves what did not change as it is."""
        exam = self._exam_file or self.exam
        see, do = shlex.join(["torchexam", "verify", exam]), freezing(exam, self.size, self.seed, replace=True)
        return f"see all that changed with: {see}\nfreeze it again with: {do}"


def path_of(exam: Path) -> Path:
    """Where the pool of an exam file stands."""
    return exam.with_name(f"{exam.stem}.pool.json")


def freezing(exam: str, size: int, seed: str, *, replace: bool) -> str:
    """The command that freezes this pool."""
    seeded = [f"--seed={seed}"] if seed.startswith("-") else ["--seed", seed]
    return shlex.join(["torchexam", "freeze", exam, "--pool", str(size), *seeded, *["--replace"] * replace])


# ---- freezing ----


def freeze(question: Question, seed: str, size: int, conventions: Mapping[str, str]) -> FrozenQuestion:
    """Turn a question into the first variants of a seed, those that a build with it deals; raises Mistaken."""
    variants = [_frozen(question, seed, number, conventions) for number in range(size)]
    return FrozenQuestion(sha256=question.sha256, variants=variants)


def _frozen(question: Question, seed: str, number: int, conventions: Mapping[str, str]) -> FrozenVariant:
    drawn = variant.vary(question, seed, number, conventions)
    place = variant.place_of(question, seed, number, tuple(sorted(conventions.items())))
    parts = {
        part.id: FrozenPart(answer=_plain(part.answer.recorded), paper=_paper(drawn, part)) for part in drawn.parts
    }
    return FrozenVariant(number=number, place=place, values=_plain(dict(drawn.values)), parts=parts)


def _plain(value: Any) -> Any:
    """A value as it comes back from a file."""
    return json.loads(json.dumps(value))


def _paper(drawn: Variant, part: PartVariant) -> str:
    """The hash of what a student reads of a part."""
    answer = part.answer
    fields = ("note", "options", "labels", "header", "given", "unit", "lines")
    beside = [str(getattr(answer, name, "")) for name in fields]
    read = [drawn.title, drawn.stem, part.lead, part.prompt, *beside]
    images = [hashlib.sha256(file.data).hexdigest() for _, file in sorted(drawn.images.items())]
    return hashlib.sha256(json.dumps([*read, *images]).encode()).hexdigest()[:16]


def written(pool: Pool) -> bytes:
    """The pool as the bytes of its file: JSON with a line for each variant."""
    data = pool.model_dump()
    head = [f" {_json(name)}: {_json(data[name])}," for name in ("format", "exam", "seed", "versions")]
    blocks = []
    for name, question in data["questions"].items():
        lines = ",\n".join(f"   {_json(each)}" for each in question["variants"])
        blocks.append(f'  {_json(name)}: {{"sha256": {_json(question["sha256"])}, "variants": [\n{lines}\n  ]}}')
    whole = "\n".join(["{", *head, ' "questions": {', ",\n".join(blocks), " }", "}", ""])
    return whole.encode("utf-8", "backslashreplace")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# ---- reading ----

FREEZE = "move it away, and make one for this exam with: torchexam freeze"


def read(path: Path, exam: str) -> Pool | None:
    """The frozen pool of an exam, or None where none stands; raises Mistaken when the file is no pool of this exam."""
    if not path.exists():
        return None
    shown = shown_path(path)
    written_ = _text(path, shown)
    pool, mistakes = validate(Pool, Source(shown, "", _data(written_, shown)))
    if pool is not None and pool.exam == exam:
        beside = shown_path(path.with_name(f"{exam}.yaml"))
        pool._exam_file = f"./{beside}" if beside.startswith("-") else beside
        return pool
    try:
        source = parse(written_, shown)  # slow, but it knows lines
    except Mistaken:
        source = Source(shown, "", {})
    if pool is not None:
        mistakes = [source.mistake(("exam",), f"this pool belongs to the exam '{pool.exam}'", FREEZE)]
    elif source.data == _data(written_, shown):
        mistakes = validate(Pool, source)[1]
    raise Mistaken(mistakes)


def _text(path: Path, shown: str) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise Mistaken([Mistake(shown, 0, 0, f"cannot be read: {(error.strerror or str(error)).lower()}")]) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Mistaken([Mistake(shown, line, 1, "this pool is not UTF-8", FREEZE)]) from None


def _data(written_: str, shown: str) -> Any:
    try:
        return json.loads(written_)
    except json.JSONDecodeError as error:
        line = "".join(written_.splitlines()[error.lineno - 1 : error.lineno])
        message = f"this pool is no JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise Mistaken([Mistake(shown, error.lineno, error.colno, message, FREEZE, line)]) from None
    except (RecursionError, ValueError):
        raise Mistaken([Mistake(shown, 1, 1, "this pool cannot be read", FREEZE)]) from None


# ---- dealing, and what changed since ----


@dataclass(frozen=True)
class Change:
    """What a frozen variant is not any more: its key, what its paper says, or a draw of the question at all."""

    question: str
    part: str  # empty where it is about all parts
    variant: int
    what: Literal["key", "paper", "draw"]
    old: Any = None
    new: Any = None

    @property
    def told(self) -> str:
        """Both keys, or why there is only the old one."""
        return str(self.new) if self.what == "draw" else f"{_short(self.old)}, now {_short(self.new)}"


def _short(answer: Any) -> str:
    """A key on one line."""
    match answer:
        case dict():
            told = "; ".join(f"{name} {cell}" for name, cell in answer.items())
        case list():
            told = ", ".join(map(str, answer))
        case _:
            told = " ".join(str(answer).split())
    return told if len(told) <= 100 else told[:99] + "…"


def deal(pool: Pool, question: Question, number: int, conventions: Mapping[str, str]) -> Variant:
    """A variant of the pool, computed again; raises Mistaken when it is not what was frozen."""
    if question.id not in pool.questions:
        message = "this question is not in the exam's frozen pool"
        raise Mistaken([question.source.mistake((), message, pool.again)])
    frozen = pool.questions[question.id].variants[number]
    drawn, changes = _again(frozen, question, pool.seed, conventions)
    if changes or drawn is None:
        raise Mistaken([mistake(question, change, pool) for change in changes])
    return drawn


_SAYS = {
    "key": "variant {} of the frozen pool has another key now",
    "paper": "variant {} of the frozen pool has another text now, with the same key",
    "draw": "variant {} of the frozen pool is no draw of this question any more",
}


def mistake(question: Question, change: Change, pool: Pool) -> Mistake:
    """A change as a mistake of the question, at the part that it is about."""
    places = {part.spec.id: place for place, part in enumerate(question.parts)}
    at: KeyPath = ("parts", places[change.part]) if change.part in places else ()
    key = (*at, "answer") if change.what == "key" else (*at, "prompt") if at else ()
    start = f"part {change.part}: " if change.part else ""
    message = start + _SAYS[change.what].format(change.variant)
    return question.source.mistake(key, message, f"{change.told}\n{pool.again}")


def changes(pool: Pool, question: Question, conventions: Mapping[str, str]) -> Iterator[Change]:
    """What the frozen variants of a question are not any more, with the bank and PyTorch as they are now."""
    for frozen in pool.questions[question.id].variants:
        yield from _again(frozen, question, pool.seed, conventions)[1]


def _again(
    frozen: FrozenVariant, question: Question, seed: str, conventions: Mapping[str, str]
) -> tuple[Variant | None, list[Change]]:
    """A frozen variant computed again, and in what it differs."""
    try:
        values = _values(frozen, question, seed)
        stream = Stream(seed, question.id, frozen.place, "options")
        drawn = variant.of_values(question, values, stream, conventions, frozen.number)
    except Mistaken as error:
        return None, [Change(question.id, "", frozen.number, "draw", None, error.mistakes[0].message)]
    except (NotUsed, FormulaError, _NoDraw) as error:
        return None, [Change(question.id, "", frozen.number, "draw", None, str(error))]
    return drawn, list(_differences(frozen, drawn))


class _NoDraw(ValueError):
    """Values that are no draw of the question."""


def _values(frozen: FrozenVariant, question: Question, seed: str) -> Mapping[str, Any]:
    """The drawn values, with what is computed from them computed again; raises _NoDraw and FormulaError."""
    drawn = question.space.draw(seed, question.id, frozen.place)
    if _plain(drawn) == frozen.values:
        return drawn
    chosen = [name for name, spec in question.spec.parameters.items() if spec.compute is None]
    if new := [name for name in chosen if name not in frozen.values]:
        raise _NoDraw(f"it has no value for {', '.join(new)}")
    values = {name: frozen.values[name] for name in chosen}
    if not question.space.allows(values):
        raise _NoDraw("the question does not allow these values")
    return question.space.complete(values)


def _differences(frozen: FrozenVariant, drawn: Variant) -> Iterator[Change]:
    question = drawn.question.id
    now = {part.id: part for part in drawn.parts}
    for name in [*now, *(name for name in frozen.parts if name not in now)]:
        if name not in frozen.parts or name not in now:
            says = "the part is new" if name in now else "the part is gone"
            yield Change(question, name, frozen.number, "draw", None, says)
            continue
        old, new = frozen.parts[name].answer, _plain(now[name].answer.recorded)
        if not same(tidy(old), tidy(new)):
            yield Change(question, name, frozen.number, "key", old, new)
        elif frozen.parts[name].paper != _paper(drawn, now[name]):
            yield Change(question, name, frozen.number, "paper", old, new)
