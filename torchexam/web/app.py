"""Turn settings into the application: the guard, the API, the pages, and what they share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from generator.mistakes import Mistake, Mistaken
from torchexam import __version__
from torchexam.web import (
    api_builds,
    api_exams,
    api_questions,
    door,
    pages_bank,
    pages_build,
    pages_exam,
    pages_question,
)
from torchexam.web.crew import Crew
from torchexam.web.drafts import Drafts
from torchexam.web.guard import Guard
from torchexam.web.jobs import Jobs
from torchexam.web.models import PROBLEMS
from torchexam.web.problems import Problem, answer
from torchexam.web.settings import Settings
from torchexam.web.shelf import Shelf

ABOUT = """
Questions, variants, exams and builds of a bank folder. Send `Authorization: Bearer TOKEN`.
Errors are `application/problem+json`; where files have mistakes, `mistakes` holds the same as `torchexam check --json`.
"""


def application(settings: Settings, jobs: Jobs) -> Guard:
    """The application; its jobs and workers start and end with it."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        crew = Crew(settings.workers)
        app.state.settings = settings
        app.state.crew = crew
        app.state.shelf = Shelf(settings.bank, crew)
        app.state.drafts = Drafts()
        app.state.jobs = jobs
        await jobs.open()
        reading = asyncio.create_task(app.state.shelf.look())  # so that the first page need not wait for it
        try:
            yield
        finally:
            reading.cancel()
            app.state.shelf.close()
            await jobs.close()
            crew.stop()

    app = FastAPI(
        title="torchexam", version=__version__, description=ABOUT, openapi_url="/api/v1/openapi.json",
        docs_url=None, redoc_url=None, lifespan=life, responses=PROBLEMS, separate_input_output_schemas=False,
    )  # fmt: skip
    for room in (api_questions, api_exams, api_builds):
        app.include_router(room.router, prefix="/api/v1")
    for room in (door, pages_bank, pages_question, pages_exam, pages_build):
        app.include_router(room.router, include_in_schema=False)
    _answer_errors(app)
    return Guard(app, settings)


def _answer_errors(app: FastAPI) -> None:
    @app.exception_handler(Problem)
    async def of_problem(request: Request, error: Problem) -> Response:
        return answer(request, error)

    @app.exception_handler(Mistaken)
    async def of_mistakes(request: Request, error: Mistaken) -> Response:
        mistakes = sorted(set(error.mistakes))
        if request.scope["state"].get("role") != "instructor":  # an excerpt may hold an answer
            return answer(request, Problem(422, "this question has mistakes"))
        return answer(request, Problem(422, mistakes=mistakes))

    @app.exception_handler(RequestValidationError)
    async def of_request(request: Request, error: RequestValidationError) -> Response:
        mistakes = [_of_field(detail) for detail in error.errors()]
        return answer(request, Problem(422, "the request is not what is expected here", mistakes))

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: HTTPException) -> Response:
        problem = answer(request, Problem(error.status_code))
        problem.headers.update(error.headers or {})
        return problem

    @app.exception_handler(500)
    async def of_bug(request: Request, error: Exception) -> Response:
        try:
            return answer(request, Problem(500, "the terminal in which the service runs shows what happened"))
        except Exception:
            return PlainTextResponse("this is a bug in torchexam", 500)


def _of_field(detail: Any) -> Mistake:
    """A wrong field of a request, at its path in the body."""
    where = ".".join(str(step) for step in detail["loc"])
    return Mistake(where, 0, 0, str(detail["msg"]).lower())
