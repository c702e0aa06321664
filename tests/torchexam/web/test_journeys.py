"""What an instructor does who never touches a terminal, in a real browser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import expect
from service_of_tests import Service

AXE = (Path(__file__).parents[2] / "renderers" / "axe" / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BEFORE = "MaxPool2d(kernel_size=2)"


@pytest.fixture(autouse=True)
def quick() -> None:
    expect.set_options(timeout=15_000)


def yaml_of(service: Service, name: str) -> Path:
    (file,) = (service.course / "bank").rglob(f"{name}.yaml")
    return file


def paper(page: Any, frame: str = "paper") -> Any:
    return page.frame_locator(f"#{frame}").locator("body")


def in_editor(page: Any, old: str, new: str) -> None:
    """Type something else in the editor, as with find and replace."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+f")
    page.locator(".cm-search [name=search]").fill(old)
    page.locator(".cm-search input[name=replace]").fill(new)
    page.locator(".cm-search [name=replaceAll]").click()
    page.keyboard.press("Escape")


def test_browse_and_filter(page: Any, service: Service) -> None:
    rows = page.locator("#questions tbody tr:not(.group)")
    expect(rows).to_have_count(4)
    page.get_by_label("Search").fill("gray-scale strokes")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile("find=gray-scale%20strokes"))
    page.get_by_label("Search").fill("")
    page.get_by_label("Topic").select_option("optimizers")
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="A learning rate").click()
    expect(page.locator("h1")).to_have_text("A learning rate")


def test_look_at_variants_beside_their_key(page: Any, service: Service) -> None:
    page.goto(f"{service.url}/questions/count_parameters")
    expect(paper(page)).to_contain_text("How many numbers does the whole network learn?")
    expect(paper(page, "key")).to_contain_text("What leads to other answers")
    first = paper(page).inner_text()
    assert "Answer\n" not in first
    page.get_by_role("button", name="Another variant").click()
    expect(page.locator("#number")).to_have_value("1")
    expect(paper(page)).not_to_have_text(first)
    expect(page.locator("#facts")).to_contain_text("bias")
    page.get_by_label("Seed").fill("another")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{service.url}/questions/count_parameters?seed=another&number=1")
    page.locator("#draws").scroll_into_view_if_needed()
    page.locator("[data-draw='3']").click()
    expect(page.locator("#drawn-as")).to_contain_text("Draw 3")
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("#verified-says")).to_contain_text("Verified: 30 of 30 draws")


def test_edit_with_a_mistake_and_mend_it(page: Any, service: Service) -> None:
    file = yaml_of(service, "count_parameters")
    before = file.read_text("utf-8")
    bank = page.context.new_page()
    bank.goto(service.url)
    page.goto(f"{service.url}/questions/count_parameters?show=yaml")
    in_editor(page, BEFORE, "MaxPool2d(kernal_size=2)")
    expect(page.locator(".cm-lintRange-error")).to_have_text("kernal_size")
    expect(page.locator("#file-mistakes")).to_contain_text("did you mean 'kernel_size'?")
    assert file.read_text("utf-8") == before, "nothing is saved before it is asked for"
    page.get_by_role("button", name="Save").click()
    expect(bank.locator("#mistakes")).to_contain_text("MaxPool2d has no argument 'kernal_size'")
    bank.locator("#mistakes").get_by_role("link").first.click()
    expect(bank.locator(".cm-activeLine")).to_contain_text("kernal_size")
    in_editor(page, "kernal_size", "kernel_size")
    expect(page.locator(".cm-lintRange-error")).to_have_count(0)
    page.keyboard.press("Control+s")
    expect(page.locator("#file-state")).to_have_text("saved")
    assert file.read_text("utf-8") == before
    bank.goto(service.url)
    expect(bank.locator("#mistakes .mistake")).to_have_count(0)


def test_what_is_not_saved_is_shown_and_what_only_running_shows_is_underlined(page: Any, service: Service) -> None:
    page.goto(f"{service.url}/questions/count_parameters?show=yaml")
    expect(paper(page)).to_contain_text("network learn")
    in_editor(page, "How many numbers does the whole network learn?", "How many weights and biases are there?")
    expect(paper(page)).to_contain_text("How many weights and biases are there?")
    in_editor(page, "maps * half * half", "maps * 3")
    expect(page.locator("#file-mistakes")).to_contain_text("layer e cannot take")
    expect(page.locator(".cm-lintRange-error")).not_to_have_count(0)


def test_nothing_is_saved_over_somebody_elses_work(page: Any, service: Service) -> None:
    file = yaml_of(service, "learning_rate")
    before = file.read_text("utf-8")
    page.goto(f"{service.url}/questions/learning_rate?show=yaml")
    expect(page.locator(".cm-content")).to_be_visible()
    file.write_text(before + "# theirs\n", "utf-8")
    in_editor(page, "A learning rate", "Learning rates")
    page.get_by_role("button", name="Save").click()
    conflict = page.locator("#conflict")
    expect(conflict).to_contain_text("changed on the disk since you opened it")
    expect(conflict.locator("#theirs")).to_contain_text("# theirs")
    expect(conflict.locator("#yours")).to_contain_text("Learning rates")
    assert file.read_text("utf-8") == before + "# theirs\n"
    page.get_by_role("button", name="Save mine in its place").click()
    expect(conflict).to_be_hidden()
    assert file.read_text("utf-8") == before.replace("A learning rate", "Learning rates")
    file.write_text(before, "utf-8")


def find(page: Any, words: str, title: str) -> None:
    """Search in the composer for what one question alone says."""
    page.get_by_label("Search").fill(words)
    expect(page.locator("#found .one")).to_have_count(1)
    expect(page.locator("#found .one")).to_contain_text(title)


def test_compose_an_exam_by_keyboard_and_by_drag(page: Any, service: Service) -> None:
    page.goto(f"{service.url}/exams")
    page.get_by_text("New exam").click()
    page.get_by_label("Id").fill("spring")
    page.get_by_label("Title").fill("Spring: exam")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{service.url}/exams/spring")
    find(page, "stroke", "From a digit classifier")
    page.get_by_role("button", name="Add From a digit classifier to segmentation").press("Enter")
    find(page, "learning rate", "A learning rate")
    page.get_by_role("button", name="Add A learning rate").press("Enter")
    expect(page.locator("#totals")).to_contain_text("17 points")
    expect(page.frame_locator("#preview").locator("body")).to_contain_text("A learning rate")

    page.locator("#up-learning_rate").press("Enter")  # across the border of its section
    expect(page.locator(".section").first).to_contain_text("A learning rate")
    expect(page.locator("#up-learning_rate")).to_be_focused()
    page.get_by_role("button", name="Remove section 2").press("Enter")
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator(".section")).to_have_count(2)

    find(page, "counting", "Counting what a network learns")
    grip = page.locator("[data-question=count_parameters]")
    grip.drag_to(page.locator(".section").nth(1).locator(".used"))
    expect(page.locator("#totals")).to_contain_text("22 points")
    page.get_by_text("2 of 2 parts").last.click()
    page.get_by_label("Points of parameters").fill("5")
    page.keyboard.press("Tab")
    expect(page.locator("#totals")).to_contain_text("24 points")
    page.locator("#cover summary").click()
    page.get_by_label("Instructions (Markdown)").fill("- Be quick.\n- Be right.")
    page.get_by_label("Minutes").fill("20")
    page.keyboard.press("Tab")
    expect(page.locator("#totals")).to_contain_text("more than the 20 minutes")
    expect(page.frame_locator("#preview").locator("body")).to_contain_text("Be right.")
    page.keyboard.press("Control+s")
    expect(page.locator("#compose-state")).to_have_text("saved")
    written = yaml_of(service, "spring").read_text("utf-8")
    assert "instructions: |\n    - Be quick.\n    - Be right.\n" in written
    assert "{question: count_parameters, points: {parameters: 5}}" in written
    command = [sys.executable, "-m", "torchexam", "check", "bank/exams/spring.yaml"]
    assert subprocess.run(command, cwd=service.course, capture_output=True).returncode == 0


def test_the_composer_leaves_comments_alone(page: Any, service: Service) -> None:
    file = yaml_of(service, "quiz")
    before = file.read_text("utf-8")
    file.write_text(before.replace("sections:\n", "# two of them\nsections:\n  # first of all\n"), "utf-8")
    page.goto(f"{service.url}/exams/quiz")
    page.get_by_role("button", name="Move section 1 down").press("Enter")
    expect(page.locator(".section h2").first).to_contain_text("A learning rate")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator("#compose-state")).to_have_text("saved")
    moved = "  - questions: [learning_rate]\n  # first of all\n  - questions: [count_parameters]\n"
    assert file.read_text("utf-8").endswith("# two of them\nsections:\n" + moved)
    file.write_text(before, "utf-8")


def test_build_copies_and_fetch_them(page: Any, service: Service, tmp_path: Path) -> None:
    page.goto(f"{service.url}/builds?exam=quiz")
    page.get_by_label("Copies", exact=True).fill("5")
    page.get_by_text("Seed, variants, order, folder").click()
    page.get_by_label("Seed").fill("journey")
    page.get_by_role("button", name="Build", exact=True).click()
    page.wait_for_url(f"{service.url}/builds/quiz")
    expect(page.locator("#build-state")).to_have_text("finished", timeout=60_000)
    expect(page.get_by_role("heading", name="5 copies")).to_be_visible()
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Everything (ZIP)").click()
    fetched.value.save_as(tmp_path / "all.zip")
    assert (tmp_path / "all.zip").stat().st_size > 100_000

    link = page.get_by_role("link", name="PDF of the paper").first.get_attribute("href")
    data = service.get(link)
    assert data.headers["content-type"] == "application/pdf"
    with pypdfium2.PdfDocument(data.body) as document:
        assert "Counting what a network learns" in "".join(p.get_textpage().get_text_range() for p in document)
    manifest = json.loads((service.course / "output" / "quiz" / "manifest.json").read_text("utf-8"))
    assert manifest["secret"] == "journey"
    page.get_by_role("link", name="Report").click()
    expect(page.locator("h1")).to_contain_text("Report: Quiz 1")
    page.go_back()
    page.get_by_label("Part").select_option("1.2")
    answer = next(part["answer"] for part in manifest["copies"][0]["parts"] if part["number"] == "1.2")
    page.get_by_label("Copy").select_option(manifest["copies"][0]["code"])
    page.get_by_role("textbox", name="Response").fill(str(answer))
    page.get_by_role("button", name="Grade").click()
    expect(page.locator("#graded")).to_contain_text("3 of 3 points")


# ---- for everybody ----

PAGES = [
    "/",
    "/questions/count_parameters?show=yaml",
    "/exams",
    "/exams/quiz",
    "/builds",
    "/builds/quiz",
    "/sign-in",
    "/nothing",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1400])
def test_axe_finds_nothing(page: Any, service: Service, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})
    found = []
    for address in PAGES:
        page.goto(service.url + address)
        page.wait_for_load_state("load")
        if "questions" in address or "exams/" in address:
            page.locator(".cm-content").wait_for(state="attached")
            page.wait_for_timeout(300)
        for opened in page.locator("details").all():
            opened.evaluate("one => { one.open = true }")
        page.evaluate(AXE)
        run = "rules => axe.run(document, {runOnly: rules, iframes: false, resultTypes: ['violations']})"
        violations = page.evaluate(run, RULES)["violations"]
        found += [(address, rule["id"], node["html"][:200]) for rule in violations for node in rule["nodes"]]
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if overflow > 0:
            found.append((address, "overflow", str(overflow)))
    assert found == [], "\n".join(map(str, found))


def test_the_tab_key_reaches_every_control_and_leaves_the_editor(page: Any, service: Service) -> None:
    page.goto(f"{service.url}/questions/count_parameters?show=yaml")
    page.locator(".cm-content").wait_for()
    page.locator(".cm-content").focus()
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('.cm-editor')")
    page.goto(f"{service.url}/exams/quiz")
    page.locator("#found button").first.wait_for()
    wanted = page.evaluate(
        "[...document.querySelectorAll('main button:not(:disabled)')].filter(b => b.offsetParent).length"
    )
    page.locator(".skip").focus()
    reached = set()
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        tag = "[document.activeElement.tagName, document.activeElement.getAttribute('aria-label') || "
        name = page.evaluate(tag + "document.activeElement.textContent.trim(), document.activeElement.id].join('|')")
        if name.startswith("BUTTON"):
            reached.add(name)
    assert len(reached) == wanted
