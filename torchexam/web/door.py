"""How one comes in: the address with the start-up token, the form for a configured one; and our own files."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response

from renderers import fonts
from torchexam.web.files import within
from torchexam.web.guard import cookie_name, pass_of, same
from torchexam.web.pages import PAPER_STYLES, STATIC, page, paper_styles
from torchexam.web.problems import Problem
from torchexam.web.settings import Settings

router = APIRouter()
KEPT = "public, max-age=31536000, immutable"  # its address changes with the file
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


@router.get("/start")
async def start(request: Request, token: str = "") -> Response:
    """Turn the token of the address into a cookie."""
    settings: Settings = request.app.state.settings
    if not same(token, settings.instructor):
        raise Problem(401, "this address is from an earlier start; open the one that `torchexam serve` printed last")
    # a page of our own goes on: a redirect would not carry a strict cookie when a link elsewhere led here
    response = HTMLResponse('<!doctype html><title>torchexam</title><a href="/">Go on</a>', headers={"Refresh": "0;/"})
    return _with_cookie(response, settings, token)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Turn a token from the form into a cookie."""
    settings: Settings = request.app.state.settings
    given = parse_qs((await request.body()).decode("utf-8", "replace")).get("token", [""])[0].strip()
    if not same(given, settings.instructor):
        await asyncio.sleep(0.5)
        return page(request, "sign_in.html.j2", 401, wrong=True)
    return _with_cookie(RedirectResponse("/", 303), settings, given)


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Forget the cookie."""
    settings: Settings = request.app.state.settings
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(cookie_name(settings), path="/", secure=settings.url.startswith("https:"), httponly=True)
    return response


@router.get("/sign-in")
async def ask(request: Request) -> Response:
    """The form for a configured token."""
    return page(request, "sign_in.html.j2", wrong=False)


def _with_cookie(response: Response, settings: Settings, token: str) -> Response:
    secure = settings.url.startswith("https:")
    response.set_cookie(
        cookie_name(settings), pass_of(token), path="/", httponly=True, samesite="strict", secure=secure
    )
    return response


@router.get("/healthy")
async def healthy() -> Response:
    """What a proxy asks to know whether we run."""
    return PlainTextResponse("fine")


@router.get("/favicon.ico")
async def icon() -> Response:
    """The icon that browsers ask for."""
    return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")


@router.get("/static/{name}")
async def static_file(name: str) -> Response:
    """A file of ours."""
    if name in PAPER_STYLES:
        data = paper_styles(name)[1]
        return Response(data, media_type="text/css", headers={"Cache-Control": KEPT})
    path = within(fonts.FOLDER if name.endswith(".woff2") else STATIC, name)
    kind = TYPES.get(path.suffix, "application/octet-stream")
    return FileResponse(path, media_type=kind, headers={"Cache-Control": KEPT})
