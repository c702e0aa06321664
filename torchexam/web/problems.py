"""Turn what went wrong into an answer: problem+json for programs, a page for people, with the same mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from generator.mistakes import Mistake

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "this request cannot be read",
    401: "a token is needed",
    403: "this is not for everybody",
    404: "there is no such thing",
    405: "this cannot be done here",
    408: "this request took too long to arrive",
    409: "somebody else was here in the meantime",
    413: "this is too large",
    415: "this is no kind of request that is understood here",
    422: "there are mistakes",
    500: "this is a bug in torchexam",
    503: "too much is asked at the moment",
    504: "this took too long",
}


class Problem(Exception):
    """A request that cannot be done, and why."""

    def __init__(self, status: int, detail: str = "", mistakes: Sequence[Mistake] = (), **more: Any) -> None:
        super().__init__(detail or TITLES[status])
        self.status = status
        self.detail = detail
        self.mistakes = tuple(mistakes)
        self.more = more

    def as_json(self) -> dict[str, Any]:
        """The problem as RFC 9457 has it, and the mistakes as `check --json` has them."""
        body: dict[str, Any] = {"type": "about:blank", "title": TITLES[self.status], "status": self.status}
        if self.detail:
            body["detail"] = self.detail
        if self.mistakes or self.status == 422:
            body["mistakes"] = [told(mistake) for mistake in self.mistakes[:MOST_TOLD]]
        return body | self.more


LONGEST_LINE, LONGEST_WORDS, MOST_TOLD = 500, 2_000, 100  # letters of an excerpt and of what is said; mistakes


def told(mistake: Mistake) -> dict[str, Any]:
    """A mistake with its excerpt, for a page that underlines it, however long the line is that it stands in."""
    excerpt = mistake.excerpt if len(mistake.excerpt) <= LONGEST_LINE else ""
    said = {"message": mistake.message[:LONGEST_WORDS], "hint": mistake.hint[:LONGEST_WORDS]}
    return asdict(mistake) | said | {"excerpt": excerpt}


def answer(request: Request, problem: Problem) -> Response:
    """The problem in the form that the request asks for."""
    headers = {"Retry-After": "2"} if problem.status == 503 else None
    if wants_page(request):
        from torchexam.web.pages import page

        title, status = TITLES[problem.status], problem.status
        return page(request, "problem.html.j2", status=status, title=title, problem=problem)
    return JSONResponse(problem.as_json(), problem.status, headers, MEDIA_TYPE)


def wants_page(request: Request) -> bool:
    """Whether a person is waiting for a page, and not a program for data."""
    is_page = "text/html" in request.headers.get("accept", "") and "hx-request" not in request.headers
    return is_page and not request.url.path.startswith("/api/")
