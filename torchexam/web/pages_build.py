"""The pages of builds: order one, watch it, fetch what it made."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from torchexam.web import build_folders
from torchexam.web.api_builds import Name, build_of, builds, described
from torchexam.web.pages import page
from torchexam.web.parameters import shelf
from torchexam.web.problems import Problem

router = APIRouter()
STATES = {"waiting": "none", "running": "none", "finished": "good", "failed": "bad", "cancelled": "none"}


@router.get("/builds")
async def all_builds(request: Request, exam: str = "") -> Response:
    """The form for a new build, and all builds."""
    seen = await shelf(request).look()
    known = [facts for _, facts in sorted(seen.exam_facts.items())]
    rows = [described(build) for build in builds(request)]
    return page(request, "builds.html.j2", exams=known, chosen=exam, builds=rows, states=STATES)


@router.get("/builds/{name}")
async def one_build(request: Request, name: Name) -> Response:
    """How far a build is, and its files when it is finished."""
    build = build_of(request, name)
    manifest: dict[str, Any] | None = None
    if build.is_finished:
        try:
            manifest = await run_in_threadpool(build_folders.manifest, build)
        except Problem as problem:
            if problem.status != 409:
                raise
    return page(
        request, "build.html.j2", build=described(build), manifest=manifest, states=STATES,
        listed=frozenset(manifest["files"]) if manifest else frozenset(), files=f"/api/v1/builds/{name}/files",
        students=bool(manifest and any(copy.get("student") for copy in manifest["copies"])),
    )  # fmt: skip
