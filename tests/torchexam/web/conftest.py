"""A service that the tests of a module share, and a browser that was let in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import sync_playwright
from service_of_tests import Service, free_port, new_course

CHROMIUM = "/usr/bin/chromium"  # Debian's package, which `make test` installs


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that the tests of a module share."""
    running = Service(new_course(tmp_path_factory.mktemp("service") / "course"), free_port()).start()
    yield running
    running.stop()
    said = (running.course / "stderr.txt").read_text()
    assert "Traceback" not in said, said


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window; a test that needs it fails where it is missing."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, service: Service) -> Iterator[Any]:
    """A page that was let in; what goes wrong in its scripts, or against its policy, fails the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    opened.on(
        "request",
        lambda asked: wrong.append(asked.url) if not asked.url.startswith((service.url, "data:", "blob:")) else None,
    )
    opened.goto(service.start_address)
    opened.wait_for_url(f"{service.url}/")
    yield opened
    context.close()
    assert wrong == []
