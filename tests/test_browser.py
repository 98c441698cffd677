"""Pages in a real browser: drawn without a request, an error or a barrier, and controls that show what Python computes.

`.ci/browser` installs Chromium, Playwright, and what judges the pages: axe-core, markdownlint, Mermaid, and a validator of GitHub's files.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from slmdecide.cli.chart_library import chart_library
from slmdecide.money.what_if import Part, Settings, cost_together, too_few_labels
from slmdecide.numbers import usd, usd_band
from slmdecide.report.document import assessments_from_document, to_document
from slmdecide.report.html import write
from slmdecide.report.markdown import markdown, portfolio_markdown
from slmdecide.report.markdown import write as write_markdown
from slmdecide.report.pages import page_of, view_of
from slmdecide.report.saved import read_saved
from slmdecide.report.what_if import WhatIf
from tests.example_assessments import EXAMPLES, HOSTILE, with_strings
from tests.hostile_records import every_record, with_text
from tests.running import run
from tests.saved_reports import KINDS, PROMPTED_SMALL, document_of
from tests.test_hostile import in_ci
from tests.test_html import asked, drawn_settings, parts_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
ROOT = Path(__file__).parents[1]
TOOLS = ROOT / ".browser" / "node_modules"
MISSING = "{} is not installed; .ci/browser installs it"
ACCESSIBLE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE = {"width": 320, "height": 640}
A4 = {"width": 700, "height": 1000}
"""The part of a page of paper that is printed on, in pixels of CSS."""
WIDE = {"width": 1100, "height": 900}
FIGURES = """[...document.querySelectorAll('[data-row]')].map(
  (row) => [...row.querySelectorAll('[data-figure]')].map((one) => one.textContent)
)"""
ELEMENTS = "[...document.body.querySelectorAll('*:not(svg *)')].map((one) => one.tagName).sort()"
HOSTILE_MARKUP = (
    "</script></title></style><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>"
    "\"onmouseover=alert(4) x='{{7*7}}${alert(5)}<a href=javascript:alert(6)>x</a><iframe srcdoc=x></iframe>"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    # These tests run only where they are asked for: what they need and do not find is a failure, not a reason to skip.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (in no other test)

    program = next((found for name in BROWSERS if (found := shutil.which(name)) is not None), None)
    assert program is not None, MISSING.format("Chromium")
    with sync_playwright() as running:
        started = running.chromium.launch(executable_path=program, args=list(QUIET))
        yield started
        started.close()


@pytest.fixture(scope="module")
def library() -> str:
    """The script that draws charts."""
    return chart_library()


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder of installed npm packages."""
    for name in ("axe-core", "markdownlint-cli2", "mermaid", "@action-validator/cli"):
        assert (TOOLS / name).is_dir(), MISSING.format(name)
    return TOOLS


class Opened:
    """A page in a browser, with all that went wrong in it."""

    def __init__(self, context: BrowserContext, path: Path) -> None:
        self.wrong: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", lambda said: self._said(said.type, said.text))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("dialog", self._dialog)
        self.page.on("popup", lambda _: self.wrong.append("popup"))
        self.page.on("request", lambda asked: self._asked(asked.url, path))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-drawn]", timeout=30_000)

    def _said(self, kind: str, text: str) -> None:
        if not text.startswith("The specified value"):  # the browser's own word on what a test puts into a field
            self.wrong.append(f"{kind}: {text}")

    def _dialog(self, dialog: Any) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _asked(self, address: str, path: Path) -> None:
        if address.partition("#")[0] != path.as_uri() and not address.startswith("data:"):
            self.wrong.append(f"request: {address[:200]}")


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Opens an HTML text as a page of its own; at the end of the test nothing may have gone wrong in it."""
    every: list[tuple[BrowserContext, Opened]] = []

    def show(text: str, **options: Any) -> Opened:
        path = tmp_path / f"page{len(every)}.html"
        path.write_text(text, encoding="utf-8")
        context = browser.new_context(**{"viewport": WIDE, "offline": False, **options})
        found = Opened(context, path)
        every.append((context, found))
        return found

    yield show
    for context, found in every:
        context.close()
        assert found.wrong == []


def html_of(kind: str, library: str) -> str:
    """The page of one kind of report."""
    return write(page_of(read_saved(document_of(kind), "saved.json")), library=library)


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_is_drawn(kind: str, opened: Callable[..., Opened], library: str) -> None:
    """Every chart is drawn with whole labels, nothing is asked for or goes wrong; on a phone and on paper nothing is too wide."""
    text = html_of(kind, library)
    for viewport in (WIDE, PHONE, A4):
        page = opened(text, viewport=viewport).page
        if viewport is A4:
            page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
            page.emulate_media(media="print")
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        charts = page.evaluate("[...document.querySelectorAll('.chart')].map((one) => one.querySelectorAll('svg path, svg line').length)")
        assert all(parts > 3 for parts in charts)
        drawn = page.evaluate("[...document.querySelectorAll('.chart svg text')].map((one) => one.textContent)")
        assert [one for one in drawn if one.endswith("…")] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_is_accessible(kind: str, opened: Callable[..., Opened], library: str, tools: Path) -> None:
    """axe-core finds no barrier of level A or AA, in light and on a phone in the dark."""
    text = html_of(kind, library)
    axe = (tools / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    for scheme, viewport in (("light", WIDE), ("dark", PHONE)):
        # The page's own policy lets no foreign script run: the judge needs a page that is open to it.
        judged = opened(text, color_scheme=scheme, viewport=viewport, bypass_csp=True).page
        judged.evaluate(axe)
        result = judged.evaluate("(tags) => axe.run(document, {runOnly: tags})", ACCESSIBLE)
        told = [(one["id"], one["nodes"][0]["html"][:200], one["nodes"][0]["failureSummary"]) for one in result["violations"]]
        assert told == []


def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds. The page's policy lets no tool evaluate text in it, so that it is asked from outside."""
    for _ in range(100):
        if holds():
            return
        time.sleep(0.1)
    pytest.fail("it did not come to hold within ten seconds")


def set_controls(page: Page, settings: Settings, found: WhatIf) -> Settings:
    """Type the settings into the controls, as far as they take them; what was typed."""
    assert found.requests_per_month is not None
    typed = {
        "volume": settings.volume_factor * found.requests_per_month,
        "api-price": settings.api_price_factor * 100,
        "utilization": settings.utilization * 100 if settings.utilization is not None else None,
        "labelled": settings.labelled_examples,
    }
    for name, value in typed.items():
        assessed = page.evaluate("(id) => document.getElementById(id).defaultValue", name)
        page.evaluate(
            "([id, value]) => { const one = document.getElementById(id); one.value = value; one.dispatchEvent(new Event('input')); }",
            [name, assessed if value is None else repr(value)],
        )
    return settings._replace(
        volume_factor=float(repr(typed["volume"])) / found.requests_per_month,
        api_price_factor=float(repr(typed["api-price"])) / 100,
        utilization=float(repr(typed["utilization"])) / 100 if typed["utilization"] is not None else None,
    )


def test_controls_show_what_python_computes(opened: Callable[..., Opened], library: str) -> None:
    """On 50 settings every figure of the table is, to the letter, what Python makes of the same numbers."""
    (one,) = assessments_from_document(document_of("priced decision"))
    found = asked("priced decision")
    rows = parts_of(found, one)
    page = opened(html_of("priced decision", library)).page
    before = page.inner_text("[data-row='0'] [data-figure='total']")
    shown_before = page.inner_text("#what-if-answer")
    changed = 0
    for settings in drawn_settings(50):
        at = set_controls(page, settings, found)
        shown = page.evaluate(FIGURES)
        for parts, (monthly, once, total, note) in zip(rows, shown, strict=True):
            cost = cost_together(parts, at)
            assert (monthly, once, total) == (usd_band(cost.monthly), usd(cost.once), usd_band(cost.total))
            assert ("too few labels" in note) == any(too_few_labels(part, at) for part in parts)
        changed += shown[0][2] != before
    assert changed > 40
    until(lambda: page.inner_text("#what-if-answer") != shown_before)
    page.click("#what-if-reset")
    assert page.inner_text("[data-row='0'] [data-figure='total']") == before
    assert page.inner_text("#what-if-answer") == shown_before


def test_controls_move_the_chart_and_its_table(opened: Callable[..., Opened], library: str) -> None:
    """A slider changes its field, the lines that are drawn, the numbers beside the chart and the break-even volumes."""
    page = opened(html_of("priced decision", library)).page

    def drawn() -> list[str]:
        found: list[str] = page.evaluate("[...document.querySelectorAll('#chart-volume svg path')].map((one) => one.getAttribute('d'))")
        return found

    lines, table, volumes = drawn(), page.text_content("#chart-volume-rows"), page.inner_text("#what-if-break-even")
    page.focus("#api-price-slider")
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    assert page.input_value("#api-price") == "130"
    assert page.inner_text("#what-if-break-even") != volumes
    assert page.text_content("#chart-volume-rows") != table
    until(lambda: drawn() != lines)
    # A point for each volume from which an option is cheaper, and one for the first line at the volume that is set.
    volumes_told = page.locator("#what-if-break-even li", has_text="requests a month").count()
    assert volumes_told
    until(lambda: page.locator("#chart-volume .mark-symbol path").count() == volumes_told + 1)


def test_likely_and_chosen_options_are_told_apart(opened: Callable[..., Opened], library: str) -> None:
    """Of the options that are drawn, those less likely to be good enough than is asked for are hollow: as many as the table says."""
    (one,) = assessments_from_document(document_of("priced decision"))
    page = opened(html_of("priced decision", library)).page
    fills = page.evaluate("[...document.querySelectorAll('#chart-options .mark-symbol path')].map((one) => one.getAttribute('fill'))")
    drawn = [each for each in one.options if each.total_usd_per_month is not None and each.feasible]
    assert one.verdict.level is not None
    unlikely = [each for each in drawn if (each.quality.p_good_enough or 0.0) < one.verdict.level]
    assert fills.count("var(--c1)") == 1
    assert 0 < fills.count("var(--paper)") <= len(unlikely)
    assert len(fills) == 12


@pytest.mark.parametrize("value", ["", "-5", "0", "1e400", "abc", "1000000000000000000000"])
def test_impossible_values_are_marked(value: str, opened: Callable[..., Opened], library: str) -> None:
    """What cannot be is said to be so, and the assessed value is taken; an enormous volume is billed."""
    page = opened(html_of("priced decision", library)).page
    before = page.inner_text("[data-row='0'] [data-figure='total']")
    page.evaluate(
        "(value) => { const one = document.getElementById('volume'); one.value = value; one.dispatchEvent(new Event('input')); }", value
    )
    impossible = value != "1000000000000000000000"
    assert (page.get_attribute("#volume", "aria-invalid") == "true") == impossible
    assert page.is_visible("#volume-wrong") == impossible
    assert (page.inner_text("[data-row='0'] [data-figure='total']") == before) == impossible


def test_several_tasks_are_billed_together(opened: Callable[..., Opened], library: str) -> None:
    """In a portfolio the controls are factors, and the sum follows them."""
    page = opened(html_of("priced portfolio", library)).page
    last = page.locator("[data-row]").last
    before = last.inner_text()
    page.fill("#volume", "10")
    assert last.inner_text() != before
    until(lambda: page.inner_text("#what-if-answer").startswith("At 10 times the volume"))


def test_the_keyboard_reaches_everything(opened: Callable[..., Opened], library: str) -> None:
    """The first stop skips to the answer, every control is one, and each shows where one is."""
    page = opened(html_of("priced decision", library)).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the answer"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
    reached = set()
    for _ in range(120):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
        assert page.evaluate("document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle !== 'none'")
    assert {"volume", "volume-slider", "api-price", "utilization", "labelled", "what-if-reset"} <= reached


def test_tables_stop_the_keyboard_where_they_scroll(opened: Callable[..., Opened], library: str) -> None:
    """A table that is wider than its place can be reached and scrolled by keyboard; one that is seen whole is passed by."""
    counts = """[...document.querySelectorAll('.scroll')].filter((one) => one.checkVisibility())
      .map((one) => [one.scrollWidth > one.clientWidth, one.tabIndex === 0])"""
    for viewport, scrolls in ((WIDE, False), (PHONE, True)):
        page = opened(html_of("priced decision", library), viewport=viewport).page
        until(lambda page=page: all(wider == stop for wider, stop in page.evaluate(counts)))  # type: ignore[misc]  # mypy cannot tell a lambda with defaults
        assert any(wider for wider, _ in page.evaluate(counts)) == scrolls


def test_paper_shows_everything(opened: Callable[..., Opened], library: str) -> None:
    """Before printing what is folded opens, and closes again afterwards; paper is white in a dark room too."""
    page = opened(html_of("priced decision", library), color_scheme="dark").page
    folded = page.locator("details:not([open])").count()
    assert folded
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() == folded


def test_without_scripts_the_words_are_there(browser: Browser, library: str, tmp_path: Path) -> None:
    """A reader without scripts sees the costs as assessed, and is told what is missing."""
    path = tmp_path / "page.html"
    path.write_text(html_of("priced decision", library), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator("noscript").first.inner_text().startswith("The controls need scripts")
    assert page.locator("[data-row='0'] [data-figure='total']").inner_text().startswith("$")
    context.close()


@pytest.mark.parametrize("text", [HOSTILE, HOSTILE_MARKUP], ids=["every", "markup"])
@pytest.mark.parametrize("name", [*every_record(), "priced"])
def test_hostile_text_does_nothing(name: str, text: str, opened: Callable[..., Opened], library: str) -> None:
    """With hostile text in every field of a report no dialog opens, nothing is asked for, and no element is there that was not before."""
    made = every_record()[name] if name != "priced" else read_saved(document_of("priced decision"), "saved.json")
    hostile = opened(write(page_of(with_text(made, text)), library=library)).page
    harmless = opened(write(page_of(with_text(made, "harmless")), library=library)).page
    assert hostile.evaluate(ELEMENTS) == harmless.evaluate(ELEMENTS)
    hostile.evaluate("document.querySelectorAll('*').forEach((one) => one.dispatchEvent(new MouseEvent('mouseover', {bubbles: true})))")
    assert hostile.locator("script").count() == harmless.locator("script").count()
    assert hostile.inner_text("body").replace("\n", "").replace("\t", "").isprintable()


# What judges Markdown


def test_markdown_passes_a_linter(tools: Path, tmp_path: Path) -> None:
    """Every page passes markdownlint; only long lines, `<details>` and the missing first-level heading of a comment are allowed."""
    pages = {name: markdown(one) for name, one in EXAMPLES.items()}
    pages |= {f"hostile {name}": markdown(with_strings(one, HOSTILE)) for name, one in EXAMPLES.items()}
    pages |= {f"full {name}": markdown(one, full=True) for name, one in {**EXAMPLES, "prompted": PROMPTED_SMALL}.items()}
    pages |= {"portfolio": portfolio_markdown(list(EXAMPLES.values()))}
    pages |= {f"ci {place}": in_ci(text) for place, text in enumerate(("harmless words", HOSTILE, "x " * 9000))}
    cut = {f"cut {most}": markdown(PROMPTED_SMALL, full=True, most_bytes=most) for most in range(3500, 7500, 400)}
    assert all("Shortened" in page for page in cut.values())
    pages |= cut
    pages |= {kind: write_markdown(view_of(read_saved(document_of(kind), "saved.json"))) for kind in KINDS}
    for name, text in pages.items():
        (tmp_path / f"{re.sub('[^a-z0-9]+', '-', name.lower())}.md").write_text(text, encoding="utf-8")
    rules = {"MD013": False, "MD033": {"allowed_elements": ["details", "summary"]}, "MD041": False}
    (tmp_path / ".markdownlint.json").write_text(json.dumps(rules), encoding="utf-8")
    program = tools / "markdownlint-cli2" / "markdownlint-cli2-bin.mjs"
    done = subprocess.run(["node", str(program), "*.md"], cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ})
    assert done.returncode == 0, done.stderr
    assert f"Linting: {len(pages)} file(s)" in done.stdout


def test_mermaid_draws_our_charts(browser: Browser, tools: Path, tmp_path: Path) -> None:
    """The charts in Markdown are read by Mermaid itself, whatever the options are called."""
    pages = [markdown(one) for one in EXAMPLES.values()] + [markdown(with_strings(one, HOSTILE)) for one in EXAMPLES.values()]
    pages.append(run("report", "-", "--format", "markdown", stdin=json.dumps(to_document(PROMPTED_SMALL)).encode()).out)
    charts = [chart for page in pages for chart in re.findall(r"```mermaid\n(.*?)```", page, flags=re.DOTALL)]
    assert len(charts) > 6
    shown = browser.new_page()
    path = tmp_path / "empty.html"
    path.write_text("<!doctype html><title>empty</title>", encoding="utf-8")
    shown.goto(path.as_uri())
    shown.add_script_tag(path=str(tools / "mermaid" / "dist" / "mermaid.min.js"))
    for chart in charts:
        drawn = shown.evaluate("async (text) => (await mermaid.render('chart', text)).svg", chart)
        assert drawn.count("<rect") >= chart.count('"') // 2 - 1
    shown.close()


@pytest.mark.parametrize("change", [None, ("using: composite", "using: compost"), ("shell: bash", "shel: bash")])
def test_the_action_is_what_github_reads(change: tuple[str, str] | None, tools: Path, tmp_path: Path) -> None:
    """The action and our workflow follow GitHub's schemas; a misspelt word in them would be seen."""
    program = tools / "@action-validator" / "cli" / "cli.mjs"
    files = [Path("action.yml"), Path(".github", "workflows", "slmdecide.yml")]
    for file in files if change is None else files[:1]:
        text = (ROOT / file).read_text(encoding="utf-8")
        copy = tmp_path / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text.replace(*change) if change is not None else text, encoding="utf-8")
        done = subprocess.run(["node", str(program), str(file)], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) == (change is None), done.stdout + done.stderr


def test_examples_of_this_file_are_whole() -> None:
    """The priced example has a choice and saved numbers, so that its page has controls."""
    assert isinstance(asked("prompted"), WhatIf)
    assert parts_of(asked("prompted"), replace(PROMPTED_SMALL))[0][0].__class__ is Part
