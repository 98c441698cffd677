"""The Markdown report: golden pages, its size, and that text from outside stays text. A CommonMark parser reads it back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from markdown_it import MarkdownIt

from slmdecide.records.assessment import Assessment
from slmdecide.report import escape
from slmdecide.report.markdown import MOST_BYTES, markdown, portfolio_markdown
from tests.example_assessments import EXAMPLES, HOSTILE, INFEASIBLE, SMALL, TINY, instances, with_strings

if TYPE_CHECKING:
    from markdown_it.token import Token

Golden = Callable[[str, str], None]
GITHUB_LIMIT = 65_536
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
LONG = "a" * 100_000
OWN_HTML = re.compile(r"<details>\n<summary>[^<>]*</summary>\n|</details>\n")
ALLOWED = {
    "heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "html_block", "text", "softbreak", "code_inline",
    "strong_open", "strong_close", "bullet_list_open", "bullet_list_close", "ordered_list_open", "ordered_list_close", "list_item_open",
    "list_item_close", "table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close", "tr_open", "tr_close",
    "th_open", "th_close", "td_open", "td_close", "fence",
}  # fmt: skip
"""What our own Markdown is made of: no link, image, emphasis, quotation, rule or inline HTML, and no code block but a chart."""
WORDS = r"(?:[^\W_]|[ .,_/()+-])*"
CHART = re.compile(
    rf'xychart-beta horizontal\n    title "{WORDS}"\n    x-axis \["\d+ {WORDS}"(?:, "\d+ {WORDS}")*\]\n    bar \[[\d.e+, -]+\]\n',
)
"""Our charts: names of letters, digits and harmless marks, and numbers."""


def tokens(page: str) -> list[Token]:
    """All parts of a page, those inside lines too."""
    return [one for block in PARSER.parse(page) for one in (block, *(block.children or []))]


def shape(page: str) -> list[tuple[str, int]]:
    """The parts of a page without their words: kind and depth."""
    return [(one.type, one.level) for one in tokens(page) if one.type not in ("text", "softbreak")]


def check(page: str) -> None:
    """Fail if a page holds anything but our own structure, or a character that acts."""
    assert page.replace("\n", "").isprintable()
    parts = tokens(page)
    assert {one.type for one in parts} <= ALLOWED
    assert all(OWN_HTML.fullmatch(one.content) for one in parts if one.type == "html_block")
    assert all(one.info == "mermaid" and CHART.fullmatch(one.content) for one in parts if one.type == "fence")
    # What GitHub links after Markdown is done: mentions, references, addresses. Code is spared.
    seen = [one.content.replace("&#8203;", "\u200b") for one in parts if one.type == "text"]
    seen += [unescape(one.content) for one in parts if one.type == "html_block"]
    assert not [one for one in seen if re.search(r"@(?!\u200b)|#\d|:[/][/]|www\.|GH-\d", one, flags=re.IGNORECASE)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_page(name: str, golden: Golden) -> None:
    """The report of each kind of verdict."""
    page = markdown(EXAMPLES[name])
    check(page)
    golden(page, ".md")


def test_hostile_page(golden: Golden) -> None:
    """Markup, links and mentions are escaped."""
    golden(markdown(with_strings(TINY, HOSTILE)), ".md")


def test_portfolio(golden: Golden) -> None:
    """Several tasks: a table, a total that is unknown where a task's cost is, and what is open."""
    page = portfolio_markdown(list(EXAMPLES.values()))
    check(page)
    golden(page, ".md")


@pytest.mark.parametrize("name", EXAMPLES)
def test_hostile_text_stays_text(name: str) -> None:
    """Whatever stands in an assessment, the page has the structure that harmless words give it."""
    hostile, harmless = with_strings(EXAMPLES[name], HOSTILE), with_strings(EXAMPLES[name], "x " * 300)
    for render in (markdown, lambda one: markdown(one, full=True), lambda one: portfolio_markdown([one])):
        check(render(hostile))
        assert shape(render(hostile)) == shape(render(harmless))


LINES = [
    "# Head", "#", "###### six", "- item", "+ item", "* item", "-", "1. one", "12) twelve", "> quote", "---", "===", "- - -",
    "***", "___", "```sh", "~~~", "    code", "\tcode", "| a | b |", "|---|", "[x]: https://e.example", "[^1]: note", "<details>",
    "</details>", "<!-- c -->", "[ ] task", "**b**", "__b__", "_i_", "*i*", "~~s~~", "`c`", "``c``", "[l](u)", "![i](u)",
    "<https://e.example>", "https://e.example", "http://a.b", "www.e.example", "WWW.e.example", "me@e.example", "@octocat",
    "@org/team", "#1", "org/repo#1", "GH-1", "gh-2", "&lt;b&gt;", "&#64;me", "\\", "\\*", "a\\", "$x$", "$$x$$", "a$b$", "a b",
    ": x", "a  \nb", "a\\\nb", "\x00", "\u2028# Head", "x\r\n\r\n# Head", "&commat;me", "mailto:a@b.c", "!@me", "!\\[i](u)", "|",
    "\\|", "a|b", "snake_case_name", "_x", "x_", "2026. A year", "-5 points", "+5", "=5", "#tag",
]  # fmt: skip


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize(
    "place", ["{}\n", "words {} words\n", "paragraph\n{}\n", "- {}\n", "1. {}\n   {}\n", "| h |\n| --- |\n| {} |\n", "## {}\n"]
)
def test_escaped_text_shows_itself_everywhere(line: str, place: str) -> None:
    """In a paragraph, list, table or heading the reader sees the words as they are, and nothing but the words."""
    page = place.format(*[escape.markdown(line)] * place.count("{}"))
    check(page)
    harmless = place.format(*["x"] * place.count("{}"))
    assert [one for one in shape(page) if one[0] != "text"] == [one for one in shape(harmless) if one[0] != "text"]
    plain = " ".join(escape.terminal(line).split())
    seen = "".join(one.content for one in tokens(page) if one.type == "text").replace("\u200b", "")
    assert plain in seen


def test_amounts_stay_readable() -> None:
    """Our own amounts and identifiers are not full of backslashes."""
    told = "$1,530 ($1,150–1,920) a month; volume.requests_per_month is 3,000,000, 82 % (53–95 %) -0.2"
    assert escape.markdown(told) == told


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ls -l", "`ls -l`"), ("a `b` c", "``a `b` c``"), ("`x`", "`` `x` ``"), ("a ``b", "```a ``b```"), ("a\nb", "`a b`"), (" ", "")],
)
def test_code_spans(text: str, expected: str) -> None:
    """A command is shown as it is, whatever backticks it holds."""
    assert escape.markdown_code(text) == expected


def test_html_titles() -> None:
    """A title inside HTML opens no element and mentions nobody."""
    told = escape.html("<b>\"R&D\"</b> '@me' #1 https://e.example www.e.example\x1b")
    assert told == (
        "&lt;b&gt;&quot;R&amp;D&quot;&lt;/b&gt; &#39;@&#8203;me&#39; #&#8203;1 https:&#8203;//e.example www&#8203;.e.example\\u001b"
    )


def test_the_answer_comes_first_and_details_are_folded() -> None:
    """Verdict, reasons, one table of options and the next steps are open; everything else is folded."""
    page = markdown(SMALL)
    assert page.startswith("## support triage: fine-tuned small model\n\nA fine-tuned small model will probably do:")
    head, _, details = page.partition("<details>")
    assert re.findall(r"^### (.*)$", head, flags=re.MULTILINE) == ["Why", "Options", "Next steps"]
    assert len(re.findall(r"^\| ---", head, flags=re.MULTILINE)) == 1
    assert "### " not in details
    folded = re.findall(r"<summary>(.*)</summary>", page)
    assert folded == [
        "Ruled out", "Bill of the chosen option", "Criteria", "What would change the answer", "Break-even of GPUs of your own",
        "Assumptions (5)", "Evidence (2)",
    ]  # fmt: skip


def test_one_sentence_per_line() -> None:
    """What we write ourselves breaks lines at sentences, so that a change touches one line."""
    page = markdown(SMALL)
    assert "\nHow sure: the likelihood rests on" in page
    assert "(53 % to 95 %).\n" in page


def with_options(number: int, words: str = "an option") -> Assessment:
    """An assessment with this many options, half of them ruled out."""
    options = tuple(replace(SMALL.options[n % 14], id=f"{words} {n}", model=f"{words} {n}") for n in range(number))
    return replace(SMALL, options=(*SMALL.options, *options))


@pytest.mark.parametrize("words", ["an option", "漢字" * 40, "@" * 200, "\U000e0041" * 200], ids=["plain", "wide", "mentions", "tags"])
def test_never_too_long_to_post(words: str) -> None:
    """With 3,000 options the page stays under the limit, and says what it left out."""
    one = with_options(3000, words)
    short, full = markdown(one), markdown(one, full=True)
    for page in (short, full):
        check(page)
        assert len(page.encode()) <= MOST_BYTES < GITHUB_LIMIT
    assert "more options within the constraints; the JSON report has all." in short
    assert "**Shortened to stay under the size limit of a comment:**" in full
    assert "more do not fit here." in full
    assert full.endswith("85be9294792c387aab859073c54b3a820583d16667232698eb8db614425cf605.\n")


def test_long_strings_are_cut() -> None:
    """Strings of 100,000 characters everywhere do not make a page too long."""
    for text in (LONG, "@" * 100_000, "\U000e0041" * 100_000):
        for one in EXAMPLES.values():
            hostile = with_strings(one, text)
            for page in (markdown(hostile), markdown(hostile, full=True), portfolio_markdown([hostile] * 50)):
                assert len(page.encode()) <= MOST_BYTES


def test_details_are_cut_from_the_end() -> None:
    """The less room there is, the more of the end is left out; the answer, the reasons and the options stay."""
    whole = markdown(SMALL)
    assert "Shortened" not in whole
    page = markdown(SMALL, most_bytes=6000)
    check(page)
    assert len(page.encode()) <= 6000
    assert "### Options" in page
    assert "Evidence (2)" in re.search(r"\*\*Shortened.*", page)[0]  # type: ignore[index]  # None fails the test
    assert "<summary>Evidence" not in page
    rows = [line for line in whole.splitlines() if line.startswith("|")]
    assert all(line in rows for line in page.splitlines() if line.startswith("|"))


def test_a_portfolio_of_hundreds_fits() -> None:
    """The table of many tasks is cut after its total was told."""
    page = portfolio_markdown([SMALL, INFEASIBLE] * 1000)
    check(page)
    assert len(page.encode()) <= MOST_BYTES
    assert page.startswith("## 2,000 tasks: 1,000 fine-tuned small models, 1,000 infeasible\n")
    assert "The other 1,000: $1.53M" in page
    assert "more do not fit here." in page


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(instances(Assessment))
def test_any_assessment_can_be_shown(one: Assessment) -> None:
    """Whatever an assessment holds, the page is our own structure around words."""
    for page in (markdown(one), markdown(one, full=True), portfolio_markdown([one, one])):
        check(page)
        assert len(page.encode()) <= MOST_BYTES
