"""Let in who may come in: host, origin, token, role and size of every request, and headers of every answer."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Literal

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from torchexam.web.problems import Problem, answer
from torchexam.web.settings import Settings

Role = Literal["instructor", "student"]

LARGEST_BODY = 4_000_000  # bytes; a file of the bank has one million, and JSON writes some letters longer
SLOWEST_BODY = 20.0  # seconds
LONGEST_ADDRESS = 4_000
MOST_OF_STUDENTS = 100  # requests at once, so that they leave the instructor room in the queue of the workers
SAFE = ("GET", "HEAD")
PAPER = "x-torchexam-paper"  # marks an answer that is a paper, whose styles may stand within

_ANYBODY = re.compile(r"/static/[\w.-]+|/start|/sign-in|/favicon\.ico|/healthy")
# all that the student-facing token opens; what is not named here stays closed to it
_STUDENTS = re.compile(r"/api/v1/openapi\.json|/api/v1/questions(/[A-Za-z0-9_-]+(/variant|/paper)?)?|/static/[\w.-]+")


class Guard:
    """Stands before the application; everything that is refused is refused here."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.tokens: dict[Role, str] = {"instructor": settings.instructor}
        if settings.student:
            self.tokens["student"] = settings.student
        self.students = 0  # requests that are being answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with what is wrong."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        state = scope.setdefault("state", {})
        state["nonce"] = secrets.token_urlsafe(16)
        request = Request(scope, receive)
        sender = _with_headers(send, state["nonce"], self.settings, request.url.path)
        try:
            state["role"] = self.role(request)
            self.judge(request, state["role"])
        except Problem as problem:
            await answer(request, problem)(scope, receive, sender)
            return
        if state["role"] != "student":
            await self._pass_on(request, scope, receive, sender)
        elif self.students >= MOST_OF_STUDENTS:
            await answer(request, Problem(503, "many papers are being read; try again in a moment"))(
                scope, receive, sender
            )
        else:
            self.students += 1
            try:
                await self._pass_on(request, scope, receive, sender)
            finally:
                self.students -= 1

    async def _pass_on(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(receive)
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            if body.problem is None or begun:  # else what the application makes of half a request is of no interest
                begun = True
                await send(message)

        problem: Problem | None = None
        try:
            await self.app(scope, body, sending)
        except asyncio.CancelledError:  # the service ends, and this took longer than it waits
            problem = Problem(503, "the service is being ended")
        if not begun and (problem := body.problem or problem):
            await answer(request, problem)(scope, receive, send)

    def role(self, request: Request) -> Role | None:
        """Who is asking."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return next((role for role, token in self.tokens.items() if same(given.strip(), token)), None)
        cookie = _cookies(request).get(cookie_name(self.settings), "")
        return next((role for role, token in self.tokens.items() if cookie and same(cookie, pass_of(token))), None)

    def judge(self, request: Request, role: Role | None) -> None:
        """Raise Problem for what may not be done."""
        path, headers = str(request.scope["path"]), request.headers
        if len(path) + len(request.url.query) > LONGEST_ADDRESS:
            raise Problem(400, "the address is too long")
        if "\x00" in path or "\\" in path or ".." in path.split("/"):
            raise Problem(404)
        origins = self.settings.addresses
        if headers.get("host", "").lower() not in {origin.partition("//")[2] for origin in origins}:
            raise Problem(403, "this service is not known under that name; open the address that it printed")
        if (origin := headers.get("origin")) is not None and origin not in origins:
            raise Problem(403, "this request comes from another page")
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not _opens_page(request):
            raise Problem(403, "this request comes from another page")
        by_token = headers.get("authorization", "").lower().startswith("bearer ")
        if request.method not in SAFE and not by_token and headers.get("origin") is None:
            raise Problem(403, "a change needs the header Origin, as browsers send it")
        if int(length) > LARGEST_BODY if (length := headers.get("content-length", "0")).isdecimal() else True:
            raise Problem(413, f"a request may have {LARGEST_BODY:,} bytes")
        if _ANYBODY.fullmatch(path):
            return
        if role is None:
            raise Problem(401, "open the address that `torchexam serve` printed, or sign in with your token")
        if role == "student" and not (request.method in SAFE and _STUDENTS.fullmatch(path)):
            raise Problem(403, "this token is for reading papers")


def _opens_page(request: Request) -> bool:
    """Whether a link elsewhere was followed, which shows a page and changes nothing."""
    return request.method == "GET" and request.headers.get("sec-fetch-mode") == "navigate"


def same(given: str, token: str) -> bool:
    """Whether two secrets are the same, without telling by the time it takes how much of them is."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


def pass_of(token: str) -> str:
    """What the cookie holds in place of the token."""
    return hmac.new(token.encode(), b"torchexam cookie", hashlib.sha256).hexdigest()


def cookie_name(settings: Settings) -> str:
    """The cookie's name; cookies of one host do not tell ports apart."""
    return "__Host-torchexam" if settings.url.startswith("https:") else f"torchexam_{settings.port}"


def _cookies(request: Request) -> Mapping[str, str]:
    jar = SimpleCookie()
    try:
        jar.load(request.headers.get("cookie", "")[:8_000])
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


class _Body:
    """What a request brings, as long as it is neither too large nor too slow."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self.size = 0
        self.whole = False
        self.until = 0.0
        self.problem: Problem | None = None

    async def __call__(self) -> Message:
        if self.whole:
            return await self.receive()  # the client has gone
        now = asyncio.get_running_loop().time()
        self.until = self.until or now + SLOWEST_BODY
        try:
            message = await asyncio.wait_for(self.receive(), max(0.01, self.until - now))
        except TimeoutError:
            self.problem = Problem(408)
            raise self.problem from None
        self.size += len(message.get("body", b""))
        self.whole = not message.get("more_body", False)
        if self.size > LARGEST_BODY:
            self.problem = Problem(413, f"a request may have {LARGEST_BODY:,} bytes")
            raise self.problem
        return message


def _with_headers(send: Send, nonce: str, settings: Settings, path: str) -> Send:
    """Add to every answer what keeps a browser careful."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            is_paper = headers.get(PAPER) is not None
            if is_paper:
                del headers[PAPER]
            is_pdf = headers.get("content-type") == "application/pdf"
            headers["Content-Security-Policy"] = _PDF if is_pdf else _PAPER if is_paper else _policy(nonce)
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Referrer-Policy"] = "same-origin"
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            headers["Cross-Origin-Resource-Policy"] = "same-origin"
            headers["X-Frame-Options"] = "SAMEORIGIN" if is_paper or is_pdf else "DENY"
            if settings.url.startswith("https:"):
                headers["Strict-Transport-Security"] = "max-age=31536000"
            if not path.startswith("/static/"):
                headers["Cache-Control"] = "no-store"
        await send(message)

    return sending


def _policy(nonce: str) -> str:
    """Scripts are files of ours; the editor's style element has a nonce."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
        "font-src 'self' data:; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


# a paper runs nothing, sends nothing and asks for nothing but its styles
_PAPER = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data:; font-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin allow-popups"
)
# browsers show a PDF by a page of their own, which has styles within
_PDF = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
