"""Serve a bank until interrupted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from torchexam.web.app import application
from torchexam.web.jobs import Jobs
from torchexam.web.settings import Settings

MOST_CONNECTIONS = 500
SLOWEST_HEAD = 10.0  # seconds that a connection may take to say what it asks for
SLOWEST_READER = 60.0  # seconds that it may then take to read what is left


def serve(settings: Settings, started: Callable[[], None] = lambda: None) -> None:
    """Serve; `started` is called when the address can be opened. Raises OSError when the port is taken."""
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    jobs = Jobs(settings)
    config = uvicorn.Config(
        application(settings, jobs), host=settings.host, port=settings.port, access_log=False, log_config=None,
        server_header=False, date_header=False, limit_concurrency=MOST_CONNECTIONS, timeout_keep_alive=10,
        timeout_graceful_shutdown=3, h11_max_incomplete_event_size=32_000, http=_Protocol, ws="none",
        proxy_headers=False,
    )  # fmt: skip
    _Server(config, jobs, started).run()


class _Server(uvicorn.Server):
    """A server that tells when it is there, and stops its build before it waits for those who watch it."""

    def __init__(self, config: uvicorn.Config, jobs: Jobs, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._jobs = jobs
        self._tell = started

    async def startup(self, sockets: list | None = None) -> None:  # type: ignore[type-arg] # as in uvicorn
        await super().startup(sockets)
        if self.started:
            self._tell()

    async def shutdown(self, sockets: list | None = None) -> None:  # type: ignore[type-arg] # as in uvicorn
        try:
            await self._jobs.close()
        finally:
            await super().shutdown(sockets)


class _Protocol(H11Protocol):
    """A connection that is closed when it holds a place and asks for nothing."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._stop_waiting()  # until the next one begins to come; before that, keep-alive has a limit of its own

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()

    def _wait(self) -> None:
        """Wait for the rest of a request, however many pieces it comes in; not while one is answered."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._patience is None:
            self._patience = self.loop.call_later(SLOWEST_HEAD, self._give_up)

    def _give_up(self) -> None:
        self.transport.close()  # once what was written has left
        self.loop.call_later(SLOWEST_READER, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
