"""Hostile text in every field of every report: no format lets any of it act. The fields are found by reflection.

`test_browser.py` opens the pages of the same reports in a browser.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from slmdecide.ci.comments import marker
from slmdecide.ci.fitting import MOST_COMMENT_BYTES, fitted
from slmdecide.ci.workflow import annotation
from slmdecide.report.break_even import replication_csv
from slmdecide.report.break_even import to_csv as break_even_csv
from slmdecide.report.cascade_chain import to_csv as chain_csv
from slmdecide.report.diff import as_sections as diff_sections
from slmdecide.report.document import to_json
from slmdecide.report.escape import columns
from slmdecide.report.html import write as write_page
from slmdecide.report.markdown import MOST_BYTES, amount
from slmdecide.report.markdown import write as write_markdown
from slmdecide.report.pages import page_of, view_of
from slmdecide.report.policies import as_sections as policy_sections
from slmdecide.report.saved import Decisions
from slmdecide.report.text import write as write_text
from tests.example_assessments import HOSTILE
from tests.hostile_records import document_of_record, every_record, text_paths, with_text
from tests.test_html import check as check_page
from tests.test_report_markdown import check as check_markdown
from tests.test_report_markdown import shape

HARMLESS = "harmless words"
HUGE = "x" * 1_000_000
TEXTS = {
    "everything": HOSTILE,
    "terminal": "\x1b]0;title\x07\x1b[2J\x1b[31m\x9b1m\r\b\x7f\x00",
    "rich": "[bold red]x[/] [link=https://evil.example]y[/link] [/] :smiley:",
    "direction": "\u202eabc\u202c \u2066x\u2069 \u200f\u061c\u200e",
    "html": "</script></title><script>alert(1)</script><img src=x onerror=alert(1)><!--",
    "template": "{{ 7*7 }} {% include 'x' %} ${7*7} <%= 7 %>",
    "markdown": "| a | b |\n|---|---|\n```\n# h\n[x](javascript:alert(1)) ![i](https://evil.example/i.png)",
    "mentions": "@team @org/team #1 GH-2 org/repo#3 https://evil.example www.evil.example me@evil.example",
    "mermaid": '"] bar [1] %% #quot; \n```\nclick a href "javascript:alert(1)"',
    "spreadsheet": '=HYPERLINK("https://evil.example")',
}
FIELDS = [(name, path) for name, record in every_record().items() if name not in ("Assessment", "portfolio") for path in text_paths(record)]
"""A pipeline has every field that another decision has."""


def rendered(record: Any) -> dict[str, str]:
    """The report in the formats that are quick to make."""
    return {"text": write_text(view_of(record), width=80), "markdown": write_markdown(view_of(record, amount(full=True)))}


def check_text(report: str) -> None:
    """Fail if a report for a terminal holds a character that acts, or a line that is too wide."""
    assert all(line.isprintable() and columns(line) <= 80 for line in report.split("\n"))
    assert not re.search("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0f\U000e0000-\U000e007f]", report)


def test_the_fields_are_found() -> None:
    """Reflection finds the fields that hold words, in every kind of report, and those of records in records."""
    assert len(FIELDS) > 150
    found = {path for _, path in FIELDS}
    assert {"assessments.task.name", "assessments.options.quality.cases.name", "verdict.why", "data keys", "models.errors keys"} <= found
    assert {"assessments.stages.options.vetoes.reason", "read.columns.column", "frontier.models", "document values values"} <= found
    assert not any("schema_version" in path or path.endswith((".mode", "verdict.family", "verdict.status")) for path in found)


JOINING = (".option_id", "options.id", "cells.model", "left_out.months keys")
"""Fields by which one part of a report finds another: with another text in one of them alone, the parts do not find each other."""


@cache
def shape_of_plain(name: str) -> list[tuple[str, int]]:
    """The structure of a report without hostile words."""
    return shape(rendered(every_record()[name])["markdown"])


@pytest.mark.parametrize(("name", "path"), [(name, path) for name, path in FIELDS if not path.endswith(JOINING)])
def test_one_hostile_field(name: str, path: str) -> None:
    """A hostile text in this one field leaves the report as it is but for words."""
    told = rendered(with_text(every_record()[name], HOSTILE, path))
    check_text(told["text"])
    check_markdown(told["markdown"])
    assert shape(told["markdown"]) == shape_of_plain(name)


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("name", every_record())
def test_every_field_hostile(name: str, kind: str) -> None:
    """The same text in every field at once, for every kind of attack, in text, Markdown and JSON."""
    record = with_text(every_record()[name], TEXTS[kind])
    told = rendered(record)
    check_text(told["text"])
    check_markdown(told["markdown"])
    if not isinstance(record, Decisions):
        text = to_json(document_of_record(record))
        assert text.replace("\n", "").isprintable()
        assert json.loads(text)


@pytest.mark.parametrize("name", every_record())
def test_hostile_pages(name: str) -> None:
    """A page with every attack in every field has the elements that harmless words give it, and their attributes."""
    harmless = check_page(write_page(page_of(with_text(every_record()[name], HARMLESS)), library=""))
    hostile = check_page(write_page(page_of(with_text(every_record()[name], " ".join([TEXTS["html"], *TEXTS.values()]))), library=""))
    assert hostile.elements == harmless.elements
    assert hostile.attributes == harmless.attributes
    assert len(hostile.scripts) == len(harmless.scripts)


@pytest.mark.parametrize("name", every_record())
def test_endless_text(name: str) -> None:
    """A million characters in every field leave every format of a size that can be read and posted."""
    record = with_text(every_record()[name], HUGE)
    told = rendered(record)
    check_text(told["text"])
    assert len(told["text"]) < 200_000
    assert len(told["markdown"].encode()) <= MOST_BYTES
    page = write_page(page_of(record), library="")
    assert len(page) < 1_500_000


def in_ci(text: str) -> str:
    """The Markdown of a summary and a comment: policies that tripped, what is different, then the report."""
    changes = with_text(every_record()["Diff"], text)
    view = view_of(with_text(every_record()["Assessment"], text), amount(full=False))
    sections = (*policy_sections(changes.policies), *diff_sections(changes), *view.sections)
    return write_markdown(view._replace(sections=sections))


@pytest.mark.parametrize("text", [*TEXTS.values(), HUGE], ids=[*TEXTS, "endless"])
def test_what_ci_writes(text: str) -> None:
    """An annotation is one command whose every part is data; a comment begins with its mark, fits, and is built as harmless words are."""
    (line,) = annotation("error", text, file=text, line=3, title=text).split("\n")
    assert re.fullmatch(r"::error file=[^:,]*,line=3,title=[^:,]*::.*", line)
    assert line.isprintable()
    assert len(line) < 40_000
    page = in_ci(text)
    check_markdown(page)
    if text != HUGE:  # beyond the size that may be posted details are cut
        assert shape(page) == shape(in_ci(HARMLESS))
    comment = fitted(f"{marker(text)}\n{page}", MOST_COMMENT_BYTES)
    assert len(comment.encode()) <= MOST_COMMENT_BYTES
    first, rest = comment.split("\n", 1)
    assert re.fullmatch(r"<!-- slmdecide: [^<>]* -->", first)
    assert "-->" not in rest.replace(" --> ", "")  # an arrow of a chart
    check_markdown(rest)


def test_a_spreadsheet_runs_no_cell() -> None:
    """A name or a reason that looks like a formula is text in CSV."""
    for text in (TEXTS["spreadsheet"], "+1", "-1", "@SUM(1)", " =1", "\t=1", "\n=1"):
        opponents = csv.reader(io.StringIO(break_even_csv(replace(with_text(every_record()["BreakEvenReport"], text), sweep=()))))
        cells = csv.reader(io.StringIO(replication_csv(with_text(every_record()["Replication"], text))))
        chains = csv.reader(io.StringIO(chain_csv(with_text(every_record()["ChainReport"], text))))
        told = [cell for row in (*opponents, *cells) for cell in row] + [row[0] for row in chains]
        assert any(text.strip() in cell for cell in told)
        assert not [cell for cell in told if cell.lstrip()[:1] in ("=", "+", "-", "@")]


def test_rich_reads_no_markup(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal with colour the words are the same: nothing in them is markup, an emoji or a link."""
    from slmdecide.cli.terminal import print_styled  # noqa: PLC0415  (imports rich)
    from slmdecide.report.text import lines  # noqa: PLC0415

    record = with_text(every_record()["Assessment"], TEXTS["rich"])
    found = lines(view_of(record), width=80)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    print_styled(found)
    shown = capsys.readouterr().out
    assert "\x1b[1m" in shown
    assert "\x1b]8" not in shown
    assert re.sub(r"\x1b\[[\d;]*m", "", shown) == "\n".join(line.text for line in found) + "\n"
    assert "[bold red]x[/]" in shown
    assert ":smiley:" in shown
