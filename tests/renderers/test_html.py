"""The paper as a page for browsers."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sample

from renderers.document import Document
from renderers.html import render


def opened(browser: Any, tmp_path: Path, document: Document, width: int = 360, **more: Any) -> tuple[Any, list[str]]:
    """The document in a browser, and the addresses that it asked for beside its own."""
    file = tmp_path / "paper.html"
    file.write_bytes(render(document))
    page = browser.new_page(viewport={"width": width, "height": 800}, **more)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(file.as_uri())
    return page, [url for url in requests if url != file.as_uri() and not url.startswith("data:")]


@pytest.mark.parametrize("document", [sample.exam(), sample.key()], ids=["exam", "key"])
@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_scrolls_sideways_and_nothing_is_fetched(
    browser: Any, tmp_path: Path, document: Document, width: int
) -> None:
    page, requests = opened(browser, tmp_path, document, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert requests == []
    page.close()


def test_every_control_has_a_name_that_tells_its_part(browser: Any, tmp_path: Path) -> None:
    page, _ = opened(browser, tmp_path, sample.exam())
    for number, roles in {
        "1.1": ["textbox"],
        "4.4": ["textbox"] * 2,
        "7.1": ["textbox"] * 6,
        "7.2": ["textbox"],
    }.items():
        inside = page.get_by_role("region", name=re.compile(rf"^{re.escape(number)} ")).get_by_role("textbox")
        assert inside.count() == len(roles)
        for control in inside.all():
            assert control.evaluate("e => e.labels.length > 0 || e.hasAttribute('aria-labelledby')")
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('input, textarea')].filter(control => {
            const names = (control.getAttribute('aria-labelledby') ?? '').split(' ').filter(Boolean)
            const found = names.map(id => document.getElementById(id)?.textContent.trim())
            return names.length ? !found.every(Boolean) : control.labels.length == 0
        }).map(control => control.id)"""
    )
    assert unnamed == []
    assert page.get_by_role("textbox", name="7.1 (6 points) after layer a Size of its output").count() == 1
    assert page.get_by_role("textbox", name="Student ID").count() == 1
    page.close()


def test_one_choice_is_a_radio_group_and_several_are_checkboxes(browser: Any, tmp_path: Path) -> None:
    page, _ = opened(browser, tmp_path, sample.exam())
    assert page.get_by_role("group", name="Choose one for 4.5").get_by_role("radio").count() == 4
    assert page.get_by_role("group", name="Tick every one that holds for 5.1").get_by_role("checkbox").count() == 3
    page.get_by_text("The loss is zero at the first step.").click()
    assert page.get_by_role("checkbox", name="B The loss is zero at the first step.").is_checked()
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("document", [sample.exam(), sample.key()], ids=["exam", "key"])
def test_letters_stand_out_from_their_ground(browser: Any, tmp_path: Path, scheme: str, document: Document) -> None:
    page, _ = opened(browser, tmp_path, document, color_scheme=scheme)
    ratios = page.evaluate(
        """() => {
            const parse = text => text.match(/[\\d.]+/g).map(Number)
            const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
                .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
                .reduce((sum, v, n) => sum + v * [.2126, .7152, .0722][n], 0)
            const ground = element => {
                for (let e = element; e; e = e.parentElement) {
                    const color = parse(getComputedStyle(e).backgroundColor)
                    if (color.length == 3 || color[3] > 0) return color
                }
                return [255, 255, 255]
            }
            return [...document.querySelectorAll('p, h1, h2, h3, h4, label, legend, td, th, code, a, span, li, dt, dd')]
                .filter(e => e.textContent.trim()).map(e => {
                    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x)
                    return (a + .05) / (b + .05)
                })
        }"""
    )
    assert min(ratios) >= 4.5
    page.close()


def test_headings_go_down_one_level_at_a_time(browser: Any, tmp_path: Path) -> None:
    page, _ = opened(browser, tmp_path, sample.key())
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    page.close()


def test_wide_things_scroll_in_their_own_box(browser: Any, tmp_path: Path) -> None:
    page, _ = opened(browser, tmp_path, sample.exam())
    assert page.evaluate("[...document.querySelectorAll('pre')].some(pre => pre.scrollWidth > pre.clientWidth)")
    page.close()


def test_the_page_says_its_language_and_title() -> None:
    text = render(sample.exam()).decode()
    assert '<html lang="en">' in text
    assert "<title>Midterm Exam – KTV</title>" in text
    assert 'name="viewport"' in text


def test_formulas_are_mathml() -> None:
    assert render(sample.exam()).decode().count("<math") > 20


def test_anchors_come_from_numbers_only() -> None:
    ids = re.findall(r'\bid="([^"]*)"', render(sample.exam()).decode())
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"paper|owner-\d+|[a-z-]+-\d+(\.\d+)?(-\w+)?", name) for name in ids)


def test_the_same_document_gives_the_same_bytes() -> None:
    assert render(sample.key()) == render(sample.key())


def test_what_a_question_says_cannot_become_markup() -> None:
    text = render(sample.exam(longer=" <img src=x onerror=alert(1)>")).decode()
    assert "<img src=x" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_large_letters_on_demand() -> None:
    assert '<html lang="en" class="large">' in render(sample.exam(), large=True).decode()
