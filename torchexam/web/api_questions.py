"""The API's questions: list, read, draw, check, verify, save."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from generator.bank import shown_path
from torchexam.web import exam_tasks, files, tasks
from torchexam.web.models import (
    CheckIn,
    DraftIn,
    DraftOut,
    Draws,
    FileIn,
    FileOut,
    Id,
    Mistakes,
    NewQuestion,
    QuestionRow,
    Questions,
    Saved,
    VariantOut,
    VerifyIn,
    VerifyOut,
)
from torchexam.web.pages import paper, paper_styles, sheet
from torchexam.web.parameters import LONG, READ, RUN, Draft, Draw, Large, Number, Seed, asked_of, crew, shelf
from torchexam.web.problems import Problem, told
from torchexam.web.tasks import Asked, Shown

router = APIRouter(tags=["questions"])


@router.get("/questions", response_model=Questions)
async def list_questions(request: Request, topic: str = "", find: str = "") -> dict[str, Any]:
    """The questions of the bank that have the topic, and the text in their id, title or prose."""
    seen = await shelf(request).look()
    rows = [
        row for row in seen.questions.values()
        if topic in ("", *row["topics"]) and find.lower() in row["words"]
    ]  # fmt: skip
    return {"questions": [_seen_by(request, row) for row in sorted(rows, key=lambda row: str(row["id"]))]}


@router.get("/questions/{name}", response_model=QuestionRow)
async def read_question(request: Request, name: Id) -> dict[str, Any]:
    """One question, without what it says."""
    seen = await shelf(request).look()
    if name not in seen.questions:
        path = await shelf(request).path(name)
        await crew(request).do(tasks.facts, Asked(str(path), shown_path(path)), kind="read")  # says what is wrong
        raise Problem(404)
    return _seen_by(request, seen.questions[name])


def _seen_by(request: Request, row: dict[str, Any]) -> dict[str, Any]:
    return row if request.state.role == "instructor" else {**row, "verified": None}


@router.get("/questions/{name}/variant", response_model=VariantOut, response_model_exclude_unset=True)
async def draw_variant(
    request: Request, name: Id, seed: Seed = "1", number: Number = 0, draw: Draw = None, key: bool = False
) -> dict[str, Any]:
    """Draw a variant: what students read, and for instructors the values, with `key=true` the answers."""
    is_instructor = request.state.role == "instructor"
    if key and not is_instructor:
        raise Problem(403, "answers are for instructors")
    asked = await asked_of(request, name, seed, number, draw)
    found: dict[str, Any] = await crew(request).do(tasks.drawn, asked, key, is_instructor)
    return found


@router.get("/questions/{name}/paper", response_class=HTMLResponse)
async def draw_paper(
    request: Request, name: Id, seed: Seed = "1", number: Number = 0, draw: Draw = None, large: Large = False,
    draft: Draft = "",
) -> Response:  # fmt: skip
    """A variant as students see it, as a page."""
    if draft and request.state.role != "instructor":
        raise Problem(403, "drafts are for instructors")
    return await _page(request, "paper", large, await asked_of(request, name, seed, number, draw, draft))


@router.get("/questions/{name}/key", response_class=HTMLResponse)
async def draw_key(
    request: Request, name: Id, seed: Seed = "1", number: Number = 0, draw: Draw = None, large: Large = False,
    draft: Draft = "",
) -> Response:  # fmt: skip
    """The variant's key, as a page; the figures of experiments are a page of their own."""
    return await _page(request, "key", large, await asked_of(request, name, seed, number, draw, draft))


@router.get("/questions/{name}/evidence", response_class=HTMLResponse)
async def draw_evidence(
    request: Request, name: Id, seed: Seed = "1", number: Number = 0, draw: Draw = None, large: Large = False,
    draft: Draft = "",
) -> Response:  # fmt: skip
    """What experiments show for the variant: figures and plots, as a page."""
    asked = await asked_of(request, name, seed, number, draw, draft)
    return await _page(request, "evidence", large, asked, seconds=RUN)


async def _page(request: Request, shown: Shown, large: bool, asked: Asked, seconds: float = 10.0) -> Response:
    address = paper_styles(sheet(large))[0]
    return paper(await crew(request).do(tasks.page, asked, shown, address, large, seconds=seconds))


@router.get("/questions/{name}/draws", response_model=Draws)
async def list_draws(
    request: Request, name: Id, start: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    count: Annotated[int, Query(ge=1, le=200)] = 50, draft: Draft = "",
) -> dict[str, Any]:  # fmt: skip
    """The allowed draws of a question, in order."""
    asked = await asked_of(request, name, draft=draft)
    found: dict[str, Any] = await crew(request).do(tasks.draws, asked, start, count, kind="read")
    return found


@router.post("/questions/{name}/verify", response_model=VerifyOut)
async def verify_question(request: Request, name: Id, body: VerifyIn) -> dict[str, Any]:
    """Verify a question: every answer computed twice, responses judged, evidence shown, the longest laid out."""
    path = await shelf(request).path(name)
    found: dict[str, Any] = await crew(request).do(tasks.verified, str(path), body.draws, seconds=LONG)
    shelf(request).reread(path)
    return found


@router.get("/mistakes", response_model=Mistakes)
async def list_mistakes(request: Request) -> dict[str, Any]:
    """Every mistake of the bank."""
    return {"mistakes": [told(mistake) for mistake in (await shelf(request).look()).mistakes]}


@router.post("/check", response_model=Mistakes)
async def check(request: Request, body: CheckIn) -> dict[str, Any]:
    """Every mistake of a question or an exam, as its file is or would be with another text; or of the bank."""
    if body.question and body.exam:
        raise Problem(422, "either question or exam, not both")
    if body.exam:
        return {"mistakes": [told(mistake) for mistake in await exam_mistakes(request, body.exam, body.text)]}
    if not body.question:
        return await list_mistakes(request)
    path = await shelf(request).path(body.question)
    asked = Asked(str(path), shown_path(path), body.text)
    found = await crew(request).do(tasks.read_only, asked, kind="read", seconds=READ)
    if not found and body.run:
        found = await crew(request).do(tasks.tried, asked, seconds=RUN)
    return {"mistakes": [told(mistake) for mistake in found]}


@router.post("/drafts", response_model=DraftOut)
async def keep_draft(request: Request, body: DraftIn) -> dict[str, str]:
    """Keep a text that was not saved, so that `draft=` shows what it would print."""
    return {"draft": request.app.state.drafts.keep(body.text)}


@router.get("/questions/{name}/file", response_model=FileOut)
async def read_file(request: Request, name: Id) -> dict[str, Any]:
    """The YAML of a question."""
    path = await shelf(request).path(name)
    text, version = files.read(path)
    return {"path": shown_path(path), "text": text, "version": version}


@router.put("/questions/{name}/file", response_model=Saved)
async def save_file(request: Request, name: Id, body: FileIn) -> dict[str, Any]:
    """Save the YAML of a question, unless somebody saved another one since it was read."""
    path = await shelf(request).path(name)
    if not body.version:
        raise Problem(409, f"there is a file {path.name} already")
    version = files.save(path, body.text, body.version)
    return await _saved(request, path, version)


@router.post("/questions", response_model=Saved, status_code=201)
async def new_question(request: Request, body: NewQuestion) -> dict[str, Any]:
    """Make a new question file; its mistakes do not keep it from being saved."""
    seen = await shelf(request).look(afresh=True)
    name = files.named(body.id, "id")
    if name.lower() in {known.lower() for known in seen.paths}:
        raise Problem(409, f"the bank has a question '{name}' already")
    root = request.app.state.settings.bank
    folder = folder_of(root, body.folder)
    return await _saved(request, folder / f"{name}.yaml", files.save(folder / f"{name}.yaml", body.text, ""))


def folder_of(root: Path, name: str) -> Path:
    """A folder right below the bank, which may be a new one; raises Problem."""
    if not name:
        return root
    files.named(name, "folder")
    folder = root / name
    if folder.exists() or folder.is_symlink():
        files.within(root, name)  # through no link
    return folder


async def _saved(request: Request, path: Path, version: str) -> dict[str, Any]:
    shelf(request).forget()
    found = await crew(request).do(tasks.read_only, Asked(str(path), shown_path(path)), kind="read")
    return {"version": version, "mistakes": [told(mistake) for mistake in found]}


async def exam_mistakes(request: Request, name: str, text: str | None) -> list[Any]:
    """Every mistake of an exam file, as it is or would be; raises Problem."""
    seen = await shelf(request).look()
    path = await shelf(request).exam(name)
    bank = exam_tasks.BankFiles.of(shelf(request).root, seen.paths, seen.exams)
    written = files.read(path)[0] if text is None else text
    found = await crew(request).do(exam_tasks.outlined, written, str(path), bank, kind="read")
    return list(found["mistakes"])
