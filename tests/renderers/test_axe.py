"""What axe-core, the usual judge of web pages, says of our pages: nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sample

from renderers.document import Document
from renderers.html import render

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.mark.parametrize("large", [False, True], ids=["usual", "large"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("document", [sample.exam(), sample.key()], ids=["exam", "key"])
def test_axe_finds_nothing(browser: Any, tmp_path: Path, document: Document, scheme: str, large: bool) -> None:
    file = tmp_path / "paper.html"
    file.write_bytes(render(document, large=large))
    page = browser.new_page(viewport={"width": 360, "height": 800}, color_scheme=scheme)
    page.goto(file.as_uri())
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
    page.close()
    assert [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]] == []


def test_the_tab_key_goes_through_the_controls_in_the_order_of_the_parts(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "paper.html"
    file.write_bytes(render(sample.exam()))
    page = browser.new_page()
    page.goto(file.as_uri())
    reached: list[str] = []
    for _ in range(200):
        page.keyboard.press("Tab")
        if not (name := page.evaluate("document.activeElement.closest('.part')?.getAttribute('aria-labelledby')")):
            if reached and page.evaluate("document.activeElement === document.body"):
                break
            continue
        if name not in reached:
            reached.append(name)
    page.close()
    assert reached == [f"part-{part.number}" for section in sample.exam().sections for part in section.parts]
