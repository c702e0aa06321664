"""Let WeasyPrint read the fonts of this folder, and nothing else from anywhere."""

from __future__ import annotations

from typing import Any

from weasyprint.urls import URLFetcher, URLFetcherResponse

from renderers import fonts


class FontFetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no type hints
    """Fetches `font:<file>` from this folder and `data:` from itself; the url_fetcher of HTML *and of every CSS*."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols={"data"})

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """Turn an address into a response; raises ValueError for any other address."""
        if url.startswith("font:"):
            return URLFetcherResponse(url, fonts.read(url.removeprefix("font:")), {"Content-Type": "font/ttf"})
        return super().fetch(url, headers)
