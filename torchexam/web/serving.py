"""Serve a bank until interrupted."""

from __future__ import annotations

import logging
from collections.abc import Callable

import uvicorn

from torchexam.web.app import application
from torchexam.web.settings import Settings

MOST_CONNECTIONS = 500


def serve(settings: Settings, started: Callable[[], None] = lambda: None) -> None:
    """Serve; `started` is called when the address can be opened. Raises OSError when the port is taken."""
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    config = uvicorn.Config(
        application(settings), host=settings.host, port=settings.port, access_log=False, log_config=None,
        server_header=False, date_header=False, limit_concurrency=MOST_CONNECTIONS, timeout_keep_alive=10,
        timeout_graceful_shutdown=3, h11_max_incomplete_event_size=32_000, ws="none", proxy_headers=False,
    )  # fmt: skip
    _Server(config, started).run()


class _Server(uvicorn.Server):
    """A server that tells when it is there."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list | None = None) -> None:  # type: ignore[type-arg] # as in uvicorn
        await super().startup(sockets)
        if self.started:
            self._tell()
