"""The page of the bank: questions by topic, filters, and mistakes that come and go with the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from generator import answers
from generator.bank import EXAMS, shown_path
from generator.mistakes import Mistake
from torchexam.web.pages import page
from torchexam.web.parameters import shelf
from torchexam.web.shelf import Shelved

router = APIRouter()
KEYS = ("find", "topic", "kind", "difficulty", "minutes", "state")
STATES = {"verified": "verified", "failed": "with failures", "none": "not yet"}


@router.get("/")
async def bank(request: Request) -> Response:
    """All questions, or those that are wanted."""
    seen = await shelf(request).look()
    wanted = {key: request.query_params.get(key, "")[:200] for key in KEYS}
    rows = sorted((row for row in seen.questions.values() if _is(row, wanted)), key=lambda row: str(row["title"]))
    settings = request.app.state.settings
    folders = sorted({path.parent.name for path in seen.paths.values() if path.parent.parent == settings.bank})
    return page(
        request, "bank.html.j2", folder=shown_path(settings.bank), groups=list(_grouped(rows)), count=len(rows),
        parts=sum(len(row["parts"]) for row in rows), untried=seen.untried, wanted=wanted, selects=_selects(seen),
        folders=folders, **_mistakes(seen),
    )  # fmt: skip


@router.get("/bank/mistakes")
async def mistakes(request: Request, stamp: str = "") -> Response:
    """The mistakes of the bank, where there is something new."""
    seen = await shelf(request).look()
    if stamp == seen.stamp:
        return Response(status_code=204)
    response = page(request, "bank_mistakes.html.j2", **_mistakes(seen))
    response.headers["HX-Trigger"] = "bank-changed"
    return response


def _mistakes(seen: Shelved) -> dict[str, Any]:
    linked = [(mistake, link_of(mistake)) for mistake in seen.mistakes]
    return {"stamp": seen.stamp, "mistakes": seen.mistakes, "mistakes_linked": linked}


def link_of(mistake: Mistake) -> str:
    """The page on which a mistake is mended."""
    path = Path(mistake.path)
    if path.suffix not in (".yaml", ".yml"):
        return ""
    place = "exams" if path.parent.name == EXAMS else "questions"
    return f"/{place}/{path.stem}?show=yaml&line={mistake.line}&column={mistake.column}"


def _is(row: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    """Whether a question is wanted."""
    verified = row["verified"]
    state = "none" if verified is None else "failed" if verified["failures"] else "verified"
    most = wanted["minutes"]
    return (
        wanted["topic"] in ("", *row["topics"])
        and all(word in row["words"] for word in wanted["find"].lower().split())
        and wanted["kind"] in ("", *(part["kind"] for part in row["parts"]))
        and wanted["difficulty"] in ("", row["difficulty"])
        and wanted["state"] in ("", state)
        and (not most.isdecimal() or (row["minutes"] is not None and row["minutes"] <= int(most)))
    )


def _grouped(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Questions by the folder that they are in, which is their topic."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["folder"], []).append(row)
    for folder in sorted(groups):
        yield ("the bank itself" if folder == "." else folder), groups[folder]


def _selects(seen: Shelved) -> list[tuple[str, str, list[tuple[str, str]]]]:
    kinds = {part["kind"] for row in seen.questions.values() for part in row["parts"]}
    return [
        ("topic", "Topic", [(topic, f"{topic} ({count})") for topic, count in seen.topics.items()]),
        ("kind", "Answer", [(kind, kind) for kind in answers.names() if kind in kinds]),
        ("difficulty", "Difficulty", [(word, word) for word in ("easy", "medium", "hard")]),
        ("minutes", "Minutes", [(most, f"up to {most}") for most in ("5", "10", "15", "20")]),
        ("state", "Verified", list(STATES.items())),
    ]
