"""The report on call logs as a reader sees it: text, Markdown and a page, from the command and from its saved JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slmdecide.records.traffic_report import FamilyShare, TrafficReport
from slmdecide.report.document import read_record
from slmdecide.report.text import write
from slmdecide.report.traffic import build
from tests import traffic_logs as logs
from tests.running import run
from tests.test_traffic_features import agent, said, sorter

Golden = Callable[[str, str], None]


@pytest.fixture
def fixed_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small log that holds a bit of everything: an agent's traces, a sorter, summaries, an unpriced model, errors, bad lines."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    rows: list[dict[str, Any]] = agent(40)
    for call in sorter(60):
        row = logs.chat_log({**call, "system": "You rate reviews of customers. Answer with good, bad or neither.", "k": 5000 + call["k"]})
        row["response"]["choices"][0]["message"]["content"] = ("good", "bad", "neither")[call["k"] % 3]
        rows.append({**row, "latency_ms": 400 + call["k"], "ttft_ms": 90 + call["k"]})
    for k in range(50):
        call = {
            **logs.calls(1)[0],
            "k": 6000 + k,
            "system": None,
            "start": logs.START + k * 7200,
            "model": "gpt-4o" if k % 20 else "house-9",
        }
        prompt = said(7000 + (k if k % 4 else 0))
        rows.append(logs.chat_log({**call, "user": f"Summarize the call below in two sentences.\n\n{prompt}", "answer": said(8000 + k)}))
    failed = logs.chat_log({**logs.calls(1)[0], "k": 9999, "start": logs.START + 9})
    failed["response"] = {"error": {"message": "rate limit"}}
    logs.write_lines(tmp_path / "l.jsonl", [*rows, failed])
    with (tmp_path / "l.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('not json\n{"unknown": 1}\n')
    (tmp_path / "m.bin").write_bytes(b"\x00" * 50)
    return "*.jsonl"


def steady(shown: str) -> str:
    """The report without the hash of the data sets, which any change of theirs changes."""
    return re.sub(r"\b[0-9a-f]{64}\b", "0" * 64, shown)


def saved(fixed_log: str) -> Path:
    """The report as JSON."""
    path = Path("saved-traffic.json")
    ran = run("traffic", fixed_log, "m.bin", "--days", "0.001", "--format", "json", "--output", path)
    assert ran.code == 0, ran.err
    return path


def test_the_text_report_at_80_columns(fixed_log: str, golden: Golden) -> None:
    """What a reader on a terminal sees."""
    ran = run("report", saved(fixed_log))
    assert ran.code == 0, ran.err
    assert max(map(len, ran.out.splitlines())) <= 80
    golden(steady(ran.out), ".txt")


def test_the_markdown_report(fixed_log: str, golden: Golden) -> None:
    """What stands in a pull request or a wiki."""
    ran = run("report", saved(fixed_log), "--format", "markdown")
    assert ran.code == 0, ran.err
    golden(steady(ran.out), ".md")


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_saved_report_is_shown_as_the_command_shows_it(form: str, fixed_log: str) -> None:
    """Byte for byte, on another day too."""
    shown = run("traffic", fixed_log, "m.bin", "--days", "0.001", "--format", form)
    assert shown.code == 0, shown.err
    assert run("report", saved(fixed_log), "--format", form).out == shown.out
    assert "Summarize" not in shown.out


def test_every_number_of_the_groups_adds_up(fixed_log: str) -> None:
    """Calls, tokens and spend of groups and long tail are those of the log; shares sum to 1."""
    found = json.loads(saved(fixed_log).read_text(encoding="utf-8"))
    assert sum(group["calls"] for group in found["groups"]) + found["skipped"]["long_tail_calls"] == found["calls"]
    for key in ("calls", "tokens", "spend"):
        assert sum(share[key] for share in found["shares"].values()) == pytest.approx(1)
    assert found["could_move"]["calls"] <= sum(
        share["calls"] for family, share in found["shares"].items() if family in ("small", "fine_tuned_small", "cascade")
    )
    assert found["errors"] == 1
    assert found["skipped"]["bad_lines"] == 2
    assert found["priced_calls"] < found["calls"]
    assert "house-9" in found["unpriced_models"]


def test_a_report_without_what_a_group_may_lack_is_shown(fixed_log: str) -> None:
    """Keys for what most groups have not may be missing."""
    document = json.loads(saved(fixed_log).read_text(encoding="utf-8"))
    for group in document["groups"]:
        for key in ("held_back", "other_large", "examples", "examples_file", "texts"):
            group.pop(key)
    report = read_record(TrafficReport, document, "saved")
    assert "calls in" in write(build(report))


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (FamilyShare(calls=0.0, tokens=0.0, spend=0.0), "none could move to a small model"),
        (FamilyShare(calls=0.001, tokens=0.2, spend=None), "<1 % of the calls could move to a small model"),
        (FamilyShare(calls=1.0, tokens=1.0, spend=1.0), "100 % of the calls and 100 % of the spend could move to a small model"),
    ],
)
def test_the_title_says_what_could_move(share: FamilyShare, expected: str, fixed_log: str) -> None:
    """Never rounded to all or to none."""
    report = read_record(TrafficReport, json.loads(saved(fixed_log).read_text(encoding="utf-8")), "saved")
    assert build(replace(report, could_move=share)).title.endswith(expected)
