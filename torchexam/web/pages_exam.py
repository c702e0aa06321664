"""The pages of exams: the list, and the composer with its live preview."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from generator.bank import shown_path
from generator.mistakes import Mistaken
from torchexam.web import exam_tasks, files
from torchexam.web.api_exams import PREVIEW, outline, outlined, written
from torchexam.web.models import ChangesIn, Id
from torchexam.web.pages import page, paper, paper_styles, rendered, sheet
from torchexam.web.pages_question import framed
from torchexam.web.parameters import Draft, Large, Seed, crew, shelf
from torchexam.web.problems import Problem, told

router = APIRouter()
FOUND = 40  # questions that the search shows


@router.get("/exams")
async def exams(request: Request) -> Response:
    """All exams."""
    seen = await shelf(request).look()
    rows = [_NOTHING | facts for _, facts in sorted(seen.exam_facts.items())]
    return page(request, "exams.html.j2", exams=rows)


_NOTHING: dict[str, Any] = {"course": "", "date": "", "sections": 0, "parts": 0, "points": 0, "minutes": None}


@router.get("/exams/{name}")
async def exam(request: Request, name: Id) -> Response:
    """The composer."""
    path = await shelf(request).exam(name)
    text, version = files.read(path)
    seen = await shelf(request).look()
    found = await outlined(request, text, str(path))
    shown = outline(found["spec"], seen)
    return page(
        request, "exam.html.j2", name=name, title=shown["title"] if shown else name, topics=seen.topics,
        outline=shown, mistakes=found["mistakes"], open_cover=False,
        file={"kind": "exam", "path": shown_path(path), "text": text, "version": version},
    )  # fmt: skip


@router.post("/exams/{name}/compose")
async def compose(request: Request, name: Id, body: ChangesIn) -> Response:
    """Make changes, and show what the exam is then; nothing is saved."""
    path = await shelf(request).exam(name)
    text = body.text
    if body.steps:
        text = await crew(request).do(exam_tasks.changed, text, body.steps, kind="read")
    found = await outlined(request, text, str(path))
    shown = outline(found["spec"], await shelf(request).look())
    html = rendered(request, "exam_outline.html.j2", outline=shown, mistakes=found["mistakes"], open_cover=False)
    mistakes = [told(mistake) for mistake in found["mistakes"]]
    draft = request.app.state.drafts.keep(text)
    return JSONResponse({"text": text, "draft": draft, "html": html, "mistakes": mistakes})


@router.get("/exams/{name}/finder")
async def finder(request: Request, find: str = "", topic: str = "") -> Response:
    """Questions to add."""
    seen = await shelf(request).look()
    words = find[:200].lower().split()
    rows = [
        row for row in seen.questions.values()
        if topic in ("", *row["topics"]) and all(word in row["words"] for word in words)
    ]  # fmt: skip
    rows.sort(key=lambda row: str(row["title"]))
    return page(request, "exam_finder.html.j2", rows=rows[:FOUND], count=len(rows))


@router.get("/exams/{name}/paper")
async def preview(
    request: Request, name: Id, seed: Seed = PREVIEW, large: Large = False, draft: Draft = ""
) -> Response:
    """What the preview shows: one copy, or what is wrong with it."""
    try:
        text, path, bank = await written(request, name, draft)
        address = paper_styles(sheet(large))[0]
        return paper(await crew(request).do(exam_tasks.paper, text, path, bank, seed, address, large, seconds=30.0))
    except (Problem, Mistaken) as error:
        return framed(request, error)


@router.get("/exams/{name}/pages.pdf")
async def pages(request: Request, name: Id, seed: Seed = PREVIEW, draft: Draft = "") -> Response:
    """One copy as it is printed."""
    text, path, bank = await written(request, name, draft)
    data = await crew(request).do(exam_tasks.pages, text, path, bank, seed, False, seconds=30.0)
    return Response(data, media_type="application/pdf")
