"""What handlers share: the parameters of addresses, and the bank and the workers behind a request."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request

from generator.bank import shown_path
from torchexam.web.crew import Crew
from torchexam.web.shelf import Shelf
from torchexam.web.tasks import Asked

LONG = 300.0  # seconds for a verification
READ = 5.0  # seconds for reading a text
RUN = 60.0  # seconds for running a question with its draws

Seed = Annotated[str, Query(min_length=1, max_length=200, description="another seed draws other numbers")]
Number = Annotated[int, Query(ge=0, le=10**6, description="the number of the variant of this seed")]
Draw = Annotated[int | None, Query(ge=0, lt=2**63, description="the draw with this number; goes before the seed")]
Draft = Annotated[str, Query(pattern=r"^([0-9a-f]{32})?$", description="a text that was not saved")]
Large = Annotated[bool, Query(description="large print")]


def shelf(request: Request) -> Shelf:
    """The bank as it was last seen."""
    found: Shelf = request.app.state.shelf
    return found


def crew(request: Request) -> Crew:
    """The workers."""
    found: Crew = request.app.state.crew
    return found


async def asked_of(
    request: Request, name: str, seed: str = "1", number: int = 0, draw: int | None = None, draft: str = ""
) -> Asked:
    """What a worker is to draw; raises Problem."""
    path = await shelf(request).path(name)
    text = request.app.state.drafts.find(draft)
    return Asked(str(path), shown_path(path), text, seed, number, draw)
