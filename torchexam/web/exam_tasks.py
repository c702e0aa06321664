"""What workers do with exam files: read them, lay them out, and make the changes that the composer asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator import exam as exam_room
from generator import text as text_room
from generator.bank import Bank, shown_path
from generator.exam import ExamPlan
from generator.mistakes import Mistake, Mistaken
from generator.spec import ExamSpec, SectionSpec, validate
from generator.text import Source
from torchexam.web import editing, tasks
from torchexam.web.tasks import Asked

EXAM_KEYS = tuple(ExamSpec.model_fields)
SECTION_KEYS = tuple(SectionSpec.model_fields)
COVER_KEYS = ("fields", "instructions")


@dataclass(frozen=True)
class BankFiles:
    """Where the questions and exams of the bank are."""

    root: str
    questions: tuple[tuple[str, str], ...]
    exams: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, root: Path, questions: Mapping[str, Path], exams: Mapping[str, Path]) -> BankFiles:
        """From files by their ids."""
        return cls(str(root), *(tuple((name, str(path)) for name, path in some.items()) for some in (questions, exams)))


def bank_for(source: Source, files: BankFiles) -> Bank:
    """The part of the bank that an exam file names; all of it where it picks by topic, or names what is not there."""
    paths = dict(files.questions)
    names = _named(source.data)
    if names is None or not names <= set(paths):
        names = set(paths)
    questions, mistakes = {}, list[Mistake]()
    for name in sorted(names):
        try:
            questions[name] = tasks.question_of(Asked(paths[name], shown_path(Path(paths[name]))))
        except Mistaken as error:
            mistakes += error.mistakes
    exams = {name: Path(path) for name, path in files.exams}
    return Bank(Path(files.root), questions, exams, tuple(mistakes))


def _named(data: Any) -> set[str] | None:
    """The questions that an exam names, or None when it picks."""
    names: set[str] = set()
    sections = data.get("sections") if isinstance(data, dict) else None
    for section in sections if isinstance(sections, list) else []:
        if not isinstance(section, dict) or "pick" in section:
            return None
        for entry in section.get("questions") or ():
            names.add(str(entry.get("question") if isinstance(entry, dict) else entry))
    return names


def facts(path: str, files: BankFiles) -> dict[str, Any]:
    """What lists show of an exam, and its mistakes."""
    shown = shown_path(Path(path))
    try:
        source = text_room.read(Path(path), shown)
        plan = exam_room.of(source, Path(path), bank_for(source, files))
    except Mistaken as error:
        own = tuple(mistake for mistake in error.mistakes if mistake.path == shown)
        return {"id": Path(path).stem, "title": Path(path).stem, "mistakes": own}
    spec = plan.spec
    return {
        "id": plan.id,
        "title": spec.title,
        "course": spec.course,
        "date": spec.date,
        "minutes": spec.minutes,
        "points": plan.points,
        "sections": len(plan.sections),
        "parts": sum(len(used.parts) for section in plan.sections for used in section.candidates[: section.count]),
        "mistakes": (),
    }


def outlined(text: str, path: str, files: BankFiles) -> dict[str, Any]:
    """What an exam file says, as far as it can be read, and its mistakes."""
    shown = shown_path(Path(path))
    try:
        source = text_room.parse(text, shown)
    except Mistaken as error:
        return {"spec": None, "mistakes": sorted(set(error.mistakes))}
    spec, mistakes = validate(ExamSpec, source)
    if spec is None:  # a section without questions is what one begins with
        return {"spec": _lenient(source.data), "mistakes": sorted(set(mistakes))}
    try:
        exam_room.of(source, Path(path), bank_for(source, files))
    except Mistaken as error:
        mistakes += error.mistakes
    return {"spec": spec.model_dump(by_alias=True), "mistakes": sorted(set(mistakes))}


def _lenient(data: Any) -> dict[str, Any] | None:
    """The data of a file whose only mistakes are empty lists, completed; else nothing."""
    if not isinstance(data, dict) or not isinstance(data.get("sections", []), list):
        return None
    filled = {**data, "sections": [_filled(section) for section in data.get("sections", [])] or [{"questions": ["x"]}]}
    spec, _ = validate(ExamSpec, Source("text", "", filled))
    if spec is None:
        return None
    dumped = spec.model_dump(by_alias=True)
    for place, section in enumerate(data.get("sections", [])):
        if isinstance(section, dict) and section.get("questions") == []:
            dumped["sections"][place]["questions"] = []
    return dumped if data.get("sections") else {**dumped, "sections": []}


def _filled(section: Any) -> Any:
    return {**section, "questions": ["x"]} if isinstance(section, dict) and section.get("questions") == [] else section


# ---- laying out ----


def plan_of(text: str, path: str, files: BankFiles) -> ExamPlan:
    """The exam of a text; raises Mistaken."""
    source = text_room.parse(text, shown_path(Path(path)))
    return exam_room.of(source, Path(path), bank_for(source, files))


def paper(text: str, path: str, files: BankFiles, seed: str, stylesheet: str, large: bool) -> bytes:
    """One copy as students see it, as HTML; raises Mistaken."""
    from renderers import html

    return html.render(_document(text, path, files, seed), large=large, stylesheet=stylesheet)


def pages(text: str, path: str, files: BankFiles, seed: str, large: bool) -> bytes:
    """One copy as students see it, as PDF; raises Mistaken."""
    from renderers import pages as layout
    from renderers import pdf

    document = _document(text, path, files, seed)
    style = pdf.Style(paper=plan_of(text, path, files).spec.paper, large=large)
    return pdf.render(document, style, layout.plan([pdf.measure(document, style)])).data


def _document(text: str, path: str, files: BankFiles, seed: str) -> Any:
    from renderers.compose import compose
    from renderers.proof import proofread

    plan = plan_of(text, path, files)
    with proofread(plan.questions.values()):
        return compose(exam_room.assemble(plan, seed, 0, 1), "students")


def conventions(path: str) -> dict[str, str]:
    """The conventions that an exam file sets; raises Mistaken."""
    spec, mistakes = validate(ExamSpec, text_room.read(Path(path), shown_path(Path(path))))
    if spec is None:
        raise Mistaken(mistakes)
    return dict(spec.conventions)


# ---- changes ----


def changed(text: str, steps: Sequence[Mapping[str, Any]]) -> str:
    """Make the composer's changes, one after the other; raises Mistaken."""
    for step in steps:
        try:
            text = _step(text, step)
        except (KeyError, IndexError, TypeError):
            raise Mistaken([Mistake("text", 0, 0, "this change does not belong to the text as it is now")]) from None
    return text


def _step(text: str, step: Mapping[str, Any]) -> str:
    match step["do"]:
        case "set":
            return _set(text, tuple(step["path"]), step["value"])
        case "add_section":
            section = {"title": step["title"]} if step.get("title") else {}
            return _into(text, ("sections",), 10**6, {**section, "questions": list(step.get("questions", []))})
        case "remove_section":
            return editing.remove(text, ("sections",), step["section"])
        case "move_section":
            return editing.move(text, ("sections",), step["section"], ("sections",), step["to"])
        case "add":
            return _into(text, ("sections", step["section"], "questions"), step.get("at", 10**6), step["question"])
        case "remove":
            return editing.remove(text, ("sections", step["section"], "questions"), step["at"])
        case "move":
            into = ("sections", step["to_section"], "questions")
            return editing.move(text, ("sections", step["section"], "questions"), step["at"], into, step["to"])
        case "use":
            return _use(text, step)
    raise KeyError(step["do"])


def _set(text: str, path: tuple[Any, ...], value: Any) -> str:
    """Set a key of the exam, of its cover or of a section; without a value the key goes."""
    order = COVER_KEYS if path[0] == "cover" else SECTION_KEYS if len(path) == 3 else EXAM_KEYS
    if value not in (None, ""):
        return editing.put(text, path, value, order if path[0] != "cover" or _has(text, "cover") else EXAM_KEYS)
    if path[0] == "cover" and _has(text, "cover") and len(text_room.parse(text, "text").data["cover"]) == 1:
        return editing.drop(text, ("cover",))
    return editing.drop(text, path)


def _has(text: str, key: str) -> bool:
    return bool(text_room.parse(text, "text").data.get(key))


def _into(text: str, path: tuple[Any, ...], at: int, value: Any) -> str:
    """Put an item into a list, which may not be there yet, or be empty."""
    source = text_room.parse(text, "text")
    if not isinstance(source.data, dict):
        raise TypeError("this is no exam")
    if source.values.get(path) is None or not editing.at(source.data, path):
        if path == ("sections",):
            return _first_section(text, value)
        return editing.put(text, path, [value], SECTION_KEYS)
    return editing.insert(text, path, at, value)


def _first_section(text: str, section: Mapping[str, Any]) -> str:
    """Begin the list of sections; it is written a line each, as people do."""
    bare = editing.drop(text, ("sections",))
    return bare.rstrip("\n") + "\nsections:\n" + editing.item(section, editing.INDENT)


def _use(text: str, step: Mapping[str, Any]) -> str:
    """Say which parts of a question come, and what points they give."""
    path = ("sections", step["section"], "questions", step["at"])
    entry = editing.at(text_room.parse(text, "text").data, path)
    name = entry["question"] if isinstance(entry, dict) else entry
    parts, points = list(step.get("parts") or ()), dict(step.get("points") or {})
    chosen = {"question": name} | ({"parts": parts} if parts else {}) | ({"points": points} if points else {})
    return editing.put(text, path, chosen if len(chosen) > 1 else name)
