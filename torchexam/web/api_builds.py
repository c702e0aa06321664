"""The API's builds: start, watch, cancel, fetch, and grade a response against a copy's key."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Path as InPath
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response, StreamingResponse

from generator.bank import shown_path
from torchexam.web import build_folders, exam_tasks, files, tasks
from torchexam.web.build_folders import BuildFolder
from torchexam.web.jobs import Job, Jobs
from torchexam.web.models import BuildIn, BuildOut, Builds, GradeIn, GradeOut
from torchexam.web.pages import paper
from torchexam.web.parameters import crew, shelf
from torchexam.web.problems import Problem
from torchexam.web.settings import Settings
from torchexam.web.tasks import Asked

router = APIRouter(tags=["builds"])
Name = Annotated[str, InPath(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,161}$", examples=["cs682-midterm"])]
SPOOLED = 50_000_000  # bytes of an archive that stay in memory
TYPES = {".pdf": "application/pdf", ".csv": "text/csv; charset=utf-8", ".json": "application/json"}


@router.get("/builds", response_model=Builds)
async def list_builds(request: Request) -> dict[str, Any]:
    """Every build of the output folder, the latest first."""
    return {"builds": [described(build) for build in builds(request)]}


@router.post("/builds", response_model=BuildOut, status_code=202)
async def start_build(request: Request, response: Response, body: BuildIn) -> dict[str, Any]:
    """Start a build, the same as `torchexam build`; it goes on after a restart of the service."""
    await shelf(request).exam(body.exam)
    settings: Settings = request.app.state.settings
    steps = [body.folder, body.exam] if body.folder else [body.exam]
    for below in (steps[:1], steps):
        path = settings.output.joinpath(*below)
        if path.exists() or path.is_symlink():
            files.within(settings.output, *below)  # through no link
    name = ".".join(steps)
    order: dict[str, Any] = {
        "exam": body.exam,
        "bank": str(settings.bank),
        "copies": body.copies,
        "roster": None,
        "spare": body.spare,
        "seed": body.seed,
        "pool": body.pool,
        "unique": body.unique,
        "by_seat": body.by_seat,
        "to": [form for form in ("pdf", "html") if form in body.to],
        "output": str(settings.output / body.folder) if body.folder else str(settings.output),
        "large": body.large,
        "paper": body.paper,
        "jobs": settings.jobs,
        "replace_other": body.replace,
    }
    job = await jobs(request).start(Job(name, body.exam, order), body.roster)
    response.headers["Location"] = f"/api/v1/builds/{name}"
    return described(BuildFolder(name, Path(order["output"]) / body.exam, job))


@router.get("/builds/{name}", response_model=BuildOut)
async def read_build(request: Request, name: Name) -> dict[str, Any]:
    """How far a build is."""
    return described(build_of(request, name))


@router.get(
    "/builds/{name}/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}}
)
async def watch_build(request: Request, name: Name) -> Response:
    """Server-sent events: the build whenever there is something new of it, until it has ended."""
    build = build_of(request, name)

    async def events() -> AsyncIterator[str]:
        if build.job is None:
            yield _event(build)
            return
        async for _ in jobs(request).watch(build.job):
            yield _event(build)

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _event(build: BuildFolder) -> str:
    return f"data: {json.dumps(described(build))}\n\n"


@router.post("/builds/{name}/cancel", response_model=BuildOut)
async def cancel_build(request: Request, name: Name) -> dict[str, Any]:
    """Stop a build; what was written stays, and the build can go on from there."""
    build = build_of(request, name)
    await jobs(request).cancel(_job(build))
    return described(build)


@router.post("/builds/{name}/resume", response_model=BuildOut)
async def resume_build(request: Request, name: Name) -> dict[str, Any]:
    """Go on with a build that was cancelled, or that failed."""
    build = build_of(request, name)
    await jobs(request).resume(_job(build))
    return described(build)


@router.get("/builds/{name}/manifest")
async def read_manifest(request: Request, name: Name) -> dict[str, Any]:
    """All that is needed to grade and to build again, the answers and the secret seed among it."""
    return build_folders.manifest(build_of(request, name))


@router.get(
    "/builds/{name}/archive.zip",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {}}}},
)
async def fetch_archive(request: Request, name: Name) -> Response:
    """The whole build in one file."""
    build = build_of(request, name)
    file = tempfile.SpooledTemporaryFile(SPOOLED)  # noqa: SIM115 # it is closed when it was sent
    await run_in_threadpool(build_folders.archive, build, output(request), file)
    file.seek(0)

    async def data() -> AsyncIterator[bytes]:
        with file:
            while piece := await run_in_threadpool(file.read, 1_000_000):
                yield piece

    headers = {"Content-Disposition": f'attachment; filename="{build.id}.zip"'}
    return StreamingResponse(data(), media_type="application/zip", headers=headers)


@router.get(
    "/builds/{name}/files/{file:path}",
    response_class=FileResponse,
    responses={200: {"content": {"application/pdf": {}, "text/html": {}, "text/csv": {}}}},
)
async def fetch_file(request: Request, name: Name, file: str) -> Response:
    """One file of a finished build."""
    path = build_folders.file_of(build_of(request, name), output(request), file)
    if path.suffix == ".html":
        return paper(await run_in_threadpool(path.read_bytes))
    kind = TYPES.get(path.suffix, "application/octet-stream")
    way = "inline" if path.suffix == ".pdf" else "attachment"
    return FileResponse(path, media_type=kind, filename=path.name, content_disposition_type=way)


@router.post("/builds/{name}/grade", response_model=GradeOut)
async def grade(request: Request, name: Name, body: GradeIn) -> dict[str, Any]:
    """What a response to a part of a copy earns, by the key of that copy."""
    manifest = build_folders.manifest(build_of(request, name))
    part = _part(manifest, body.copy_, body.part)
    exam = await shelf(request).exam(str(manifest["exam"]))
    conventions = await crew(request).do(exam_tasks.conventions, str(exam), kind="read")
    question = await shelf(request).path(str(part["question"]))
    seed = str((manifest.get("frozen") or {}).get("seed") or manifest["secret"])
    asked = Asked(str(question), shown_path(question), None, seed, part["variant"])
    mark = await crew(request).do(tasks.marked, asked, conventions, part["part"], part["answer"], body.response)
    return {**mark, "points": part["points"], "earned": mark["share"] * part["points"]}


def _part(manifest: dict[str, Any], code: str, number: str) -> dict[str, Any]:
    """A part of a copy in a manifest; raises Problem."""
    copy = next((one for one in manifest["copies"] if one["code"] == code.upper()), None)
    if copy is None:
        raise Problem(404, f"the build has no copy {code}")
    found: dict[str, Any] | None = next((one for one in copy["parts"] if one["number"] == number), None)
    if found is None:
        raise Problem(404, f"copy {code} has no part {number}")
    return found


# ---- what handlers share ----


def jobs(request: Request) -> Jobs:
    """The builds that were asked for."""
    found: Jobs = request.app.state.jobs
    return found


def output(request: Request) -> Path:
    """The folder in which builds are."""
    settings: Settings = request.app.state.settings
    return settings.output


def builds(request: Request) -> list[BuildFolder]:
    """Every build."""
    return build_folders.all_builds(output(request), jobs(request))


def build_of(request: Request, name: str) -> BuildFolder:
    """The build of this name; raises Problem."""
    return build_folders.find(output(request), jobs(request), name)


def _job(build: BuildFolder) -> Job:
    if build.job is None:
        raise Problem(409, f"the build {build.id} was not started here")
    return build.job


def described(build: BuildFolder) -> dict[str, Any]:
    """A build as the API and the pages tell it."""
    job = build.job
    return {
        "id": build.id,
        "exam": job.exam if job else build_folders.pieces(build.id)[-1],
        "state": job.state if job else "finished",
        "progress": job.progress if job else None,
        "copies": job.order.get("copies") if job and not job.order.get("roster") else None,
        "folder": str(build.path),
        "mistakes": job.mistakes if job else [],
        "finished": build.is_finished,
    }
