"""The API's exams: list, read, lay out, change, save."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from generator.bank import EXAMS, shown_path
from torchexam.web import exam_tasks, files
from torchexam.web.exam_tasks import BankFiles
from torchexam.web.models import ChangesIn, ChangesOut, ExamRow, Exams, FileIn, FileOut, Id, NewExam, Saved
from torchexam.web.pages import paper, paper_styles, sheet
from torchexam.web.parameters import Draft, Large, Seed, crew, shelf
from torchexam.web.problems import Problem, told
from torchexam.web.shelf import Shelved

router = APIRouter(tags=["exams"])
PREVIEW = "preview"  # the seed of the copy that is shown while an exam is composed


@router.get("/exams", response_model=Exams)
async def list_exams(request: Request) -> dict[str, Any]:
    """The exams of the bank."""
    seen = await shelf(request).look()
    return {"exams": [_row(facts) for _, facts in sorted(seen.exam_facts.items())]}


@router.get("/exams/{name}", response_model=ExamRow)
async def read_exam(request: Request, name: Id) -> dict[str, Any]:
    """One exam, with the mistakes of its file."""
    await shelf(request).exam(name)
    return _row((await shelf(request).look()).exam_facts[name])


def _row(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {**facts, "mistakes": [told(mistake) for mistake in facts["mistakes"]]}


@router.get("/exams/{name}/paper", response_class=HTMLResponse)
async def draw_exam(
    request: Request, name: Id, seed: Seed = PREVIEW, large: Large = False, draft: Draft = ""
) -> Response:
    """One copy as students see it, as a page."""
    text, path, bank = await written(request, name, draft)
    address = paper_styles(sheet(large))[0]
    return paper(await crew(request).do(exam_tasks.paper, text, path, bank, seed, address, large, seconds=30.0))


@router.get("/exams/{name}/pages.pdf", response_class=Response, responses={200: {"content": {"application/pdf": {}}}})
async def print_exam(
    request: Request, name: Id, seed: Seed = PREVIEW, large: Large = False, draft: Draft = ""
) -> Response:
    """One copy as it is printed."""
    text, path, bank = await written(request, name, draft)
    data = await crew(request).do(exam_tasks.pages, text, path, bank, seed, large, seconds=30.0)
    return Response(data, media_type="application/pdf")


@router.get("/exams/{name}/file", response_model=FileOut)
async def read_exam_file(request: Request, name: Id) -> dict[str, Any]:
    """The YAML of an exam."""
    path = await shelf(request).exam(name)
    text, version = files.read(path)
    return {"path": shown_path(path), "text": text, "version": version}


@router.put("/exams/{name}/file", response_model=Saved)
async def save_exam_file(request: Request, name: Id, body: FileIn) -> dict[str, Any]:
    """Save the YAML of an exam, unless somebody saved another one since it was read."""
    path = await shelf(request).exam(name)
    if not body.version:
        raise Problem(409, f"there is a file {path.name} already")
    version = files.save(path, body.text, body.version)
    return await _saved(request, name, body.text, version)


@router.post("/exams", response_model=Saved, status_code=201)
async def new_exam(request: Request, body: NewExam) -> dict[str, Any]:
    """Make a new exam file."""
    seen = await shelf(request).look(afresh=True)
    name = files.named(body.id, "id")
    if name.lower() in {known.lower() for known in seen.exams}:
        raise Problem(409, f"the bank has an exam '{name}' already")
    folder = request.app.state.settings.bank / EXAMS
    if folder.exists() or folder.is_symlink():
        files.within(request.app.state.settings.bank, EXAMS)
    version = files.save(folder / f"{name}.yaml", body.text, "")
    return await _saved(request, name, body.text, version)


async def _saved(request: Request, name: str, text: str, version: str) -> dict[str, Any]:
    shelf(request).forget()
    path = await shelf(request).exam(name)
    found = await outlined(request, text, str(path))
    return {"version": version, "mistakes": [told(mistake) for mistake in found["mistakes"]]}


@router.post("/exams/{name}/changes", response_model=ChangesOut)
async def change_exam(request: Request, name: Id, body: ChangesIn) -> dict[str, Any]:
    """Change the text of an exam file step by step, keeping its comments; nothing is saved."""
    path = await shelf(request).exam(name)
    text = body.text
    if body.steps:
        text = await crew(request).do(exam_tasks.changed, text, body.steps, kind="read")
    found = await outlined(request, text, str(path))
    seen = await shelf(request).look()
    return {
        "text": text,
        "draft": request.app.state.drafts.keep(text),
        "outline": outline(found["spec"], seen),
        "mistakes": [told(mistake) for mistake in found["mistakes"]],
    }


# ---- what handlers share ----


async def bank_files(request: Request) -> BankFiles:
    """Where the files of the bank are."""
    seen = await shelf(request).look()
    return BankFiles.of(shelf(request).root, seen.paths, seen.exams)


async def written(request: Request, name: str, draft: str) -> tuple[str, str, BankFiles]:
    """The text of an exam file, or of a draft of it; its path; and the bank."""
    path = await shelf(request).exam(name)
    text = request.app.state.drafts.find(draft)
    return files.read(path)[0] if text is None else text, str(path), await bank_files(request)


async def outlined(request: Request, text: str, path: str) -> dict[str, Any]:
    """What the text of an exam file says, and its mistakes."""
    bank = await bank_files(request)
    found: dict[str, Any] = await crew(request).do(exam_tasks.outlined, text, path, bank, kind="read")
    return found


def outline(spec: Mapping[str, Any] | None, seen: Shelved) -> dict[str, Any] | None:
    """An exam as the composer shows it: sections and questions with points and minutes, and their totals."""
    if spec is None:
        return None
    sections = [_section(section, seen) for section in spec["sections"]]
    head = {key: spec[key] for key in ("title", "course", "date", "minutes", "paper", "shuffle", "cover")}
    return {
        **head,
        "sections": sections,
        "points": sum(section["points"] for section in sections),
        "estimate": sum(section["minutes"] for section in sections),
        "unknown_minutes": sum(section["unknown_minutes"] for section in sections),
    }


def _section(section: Mapping[str, Any], seen: Shelved) -> dict[str, Any]:
    if section["pick"] is not None:
        return _picked(section, seen)
    entries = [_entry(entry, seen) for entry in section["questions"] or ()]
    first = entries[0]["title"] if entries else ""
    return {
        "title": section["title"],
        "heading": section["title"] or first,
        "shuffle": section["shuffle"],
        "pick": None,
        "questions": entries,
        "points": sum(entry["points"] for entry in entries),
        "minutes": sum(entry["minutes"] or 0 for entry in entries),
        "unknown_minutes": sum(entry["minutes"] is None for entry in entries),
    }


def _picked(section: Mapping[str, Any], seen: Shelved) -> dict[str, Any]:
    wanted = set(section["pick"]["topics"])
    fitting = [row for row in seen.questions.values() if wanted <= set(row["topics"])]
    count = section["pick"]["count"]
    minutes = [row["minutes"] for row in fitting if row["minutes"] is not None]
    return {
        "title": section["title"],
        "heading": section["title"] or f"Drawn from {', '.join(section['pick']['topics'])}",
        "shuffle": section["shuffle"],
        "pick": {**section["pick"], "fitting": len(fitting)},
        "questions": [],
        "points": count * fitting[0]["points"] if fitting else 0,
        "minutes": count * sum(minutes) / len(minutes) if minutes else 0,
        "unknown_minutes": 0 if minutes else count,
    }


def _entry(entry: Any, seen: Shelved) -> dict[str, Any]:
    """A question as the exam uses it."""
    used = entry if isinstance(entry, dict) else {"question": entry}
    name = str(used.get("question", ""))
    facts = seen.questions.get(name)
    if facts is None:
        return {"id": name, "title": name, "known": False, "points": 0, "minutes": None, "parts": []}
    chosen = used.get("parts") or [part["id"] for part in facts["parts"]]
    points = used.get("points") or {}
    parts = [
        {**part, "used": part["id"] in chosen, "gives": points.get(part["id"], part["points"])}
        for part in facts["parts"]
    ]
    given = sum(part["points"] for part in parts if part["used"])
    share = given / facts["points"] if facts["points"] else 1
    return {
        "id": name,
        "title": facts["title"],
        "known": True,
        "points": sum(part["gives"] for part in parts if part["used"]),
        "minutes": None if facts["minutes"] is None else facts["minutes"] * share,
        "parts": parts,
    }
