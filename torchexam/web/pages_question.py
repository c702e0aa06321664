"""The page of a question: a drawn variant beside its key, what leads to other answers, all draws, and the YAML."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from generator.bank import shown_path
from generator.mistakes import Mistaken
from torchexam.web import files, tasks
from torchexam.web.guard import PAPER
from torchexam.web.models import Id
from torchexam.web.pages import page, paper, paper_styles
from torchexam.web.parameters import LONG, RUN, Draft, Draw, Number, Seed, asked_of, crew, shelf
from torchexam.web.problems import TITLES, Problem

router = APIRouter()
ROWS = 25  # draws on a page


@router.get("/questions/{name}")
async def question(
    request: Request, name: Id, seed: str = "1", number: Number = 0, line: int = 0, column: int = 0
) -> Response:
    """The page; papers come into its frames."""
    path = await shelf(request).path(name)
    row = (await shelf(request).look()).questions.get(name)
    text, version = files.read(path)
    return page(
        request, "question.html.j2", name=name, row=row, seed=seed[:200], number=number, line=line, column=column,
        has_evidence="evidence:" in text,
        file={"kind": "question", "path": shown_path(path), "text": text, "version": version},
    )  # fmt: skip


@router.get("/questions/{name}/facts")
async def facts(
    request: Request, name: Id, seed: Seed = "1", number: Number = 0, draw: Draw = None, draft: Draft = ""
) -> Response:
    """Drawn values, and where misconceptions lead for them."""
    try:
        asked = await asked_of(request, name, seed, number, draw, draft)
        drawn: dict[str, Any] = await crew(request).do(tasks.drawn, asked, True, True)
    except (Problem, Mistaken):
        return Response("")  # the frames say what is wrong
    slips = [(part["id"], _short(part["answer"]), slip) for part in drawn["parts"] for slip in part["misconceptions"]]
    values = {name: _short(value) for name, value in drawn["values"].items()}
    return page(request, "question_facts.html.j2", values=values, slips=slips)


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 200 else text[:199] + "…"


@router.get("/questions/{name}/draws")
async def draws(request: Request, name: Id, start: int = 0) -> Response:
    """Some of the allowed draws as a table."""
    asked = await asked_of(request, name)
    try:
        found = await crew(request).do(tasks.draws, asked, max(0, start), ROWS, kind="read")
    except (Problem, Mistaken):
        found = {"size": 0, "start": 0, "draws": []}
    for row in found["draws"]:
        row["values"] = {key: _short(value) for key, value in row["values"].items()}
    return page(request, "question_draws.html.j2", name=name, found=found, start=max(0, start), count=ROWS)


@router.post("/questions/{name}/verified")
async def verify(request: Request, name: Id) -> Response:
    """Verify the question, and say what came of it."""
    path = await shelf(request).path(name)
    found = await crew(request).do(tasks.verified, str(path), 50, seconds=LONG)
    shelf(request).reread(path)
    (seen,) = found["questions"] or [{"verified": 0, "allowed": 0}]
    return page(
        request, "verified.html.j2", mistakes=found["mistakes"], draws=seen["verified"], allowed=seen["allowed"]
    )


@router.get("/questions/{name}/{shown}")
async def frame(
    request: Request, name: Id, shown: Literal["paper", "key", "evidence"], seed: Seed = "1", number: Number = 0,
    draw: Draw = None, draft: Draft = "",
) -> Response:  # fmt: skip
    """What a frame of the page shows: a paper, or what is wrong with it."""
    try:
        asked = await asked_of(request, name, seed, number, draw, draft)
        seconds = RUN if shown == "evidence" else 10.0
        return paper(
            await crew(request).do(
                tasks.page, asked, shown, paper_styles("paper-framed.css")[0], False, seconds=seconds
            )
        )
    except (Problem, Mistaken) as error:
        return framed(request, error)


def framed(request: Request, error: Problem | Mistaken) -> Response:
    """What is wrong, as a page for a frame."""
    problem = error if isinstance(error, Problem) else Problem(422, mistakes=sorted(set(error.mistakes)))
    title = TITLES[problem.status]
    response = page(request, "frame_problem.html.j2", problem.status, problem=problem, title=title)
    response.headers[PAPER] = "1"
    return response
