"""Logs that nobody planned for: names, numbers, times and tables as they come, with totals that stay right."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import traffic_logs as logs
from tests.running import run
from tests.test_traffic_formats import document

CALLS = logs.calls(60)
INPUT = sum(call["read"] for call in CALLS)


def good(path: Path, **changed: Any) -> Path:
    """A sound chat log."""
    return logs.write_lines(path, [logs.chat_log({**call, **changed}) for call in CALLS])


@pytest.mark.parametrize(
    "name", ["log[1].jsonl", "a b.jsonl", "é😀.jsonl", "quo'te.jsonl", "star*.jsonl", "{x}.jsonl", "%s.jsonl", "-dash.jsonl", "no-ending"]
)
def test_a_file_may_have_any_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that looks like a pattern, named from the folder it lies in."""
    good(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    found = document(f"./{name}")
    assert (found["calls"], found["tokens"]["input"]) == (60, INPUT)
    assert [Path(one["file"]).name for one in found["files"]] == [name]
    assert found["formats"] == {"chat_log": 60}


def test_a_log_named_from_its_folder_and_one_named_in_full_are_read_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a bad line in the middle of both."""
    path = good(tmp_path / "l.jsonl")
    rows = path.read_text().splitlines()
    path.write_text("\n".join([*rows[:40], "not json", *rows[40:]]) + "\n")
    monkeypatch.chdir(tmp_path)
    short, long = document("l.jsonl"), document(path)
    for found in (short, long):
        assert (found["calls"], found["tokens"]["input"], found["skipped"]["bad_lines"]) == (60, INPUT, 1)
    assert short["groups"] == long["groups"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_table_may_be_set_apart_by_other_signs(separator: str, tmp_path: Path) -> None:
    """As spreadsheets of other countries write it, with a byte-order mark."""
    rows = [logs.table(call) for call in CALLS]
    with (tmp_path / "t.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0], delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
    found = document(tmp_path / "t.csv", *(word for one in logs.MAP for word in ("--map", one)))
    assert (found["calls"], found["tokens"]["input"]) == (60, INPUT)
    assert len(found["groups"]) == 3


@pytest.mark.parametrize("tokens", [1e300, 1e13, -3, "twelve", None, [1], {"n": 1}])
def test_a_number_that_cannot_be_one_is_not_known(tokens: Any, tmp_path: Path) -> None:
    """It spoils no total; the call counts as unpriced, and the profiles stay valid."""
    rows = [logs.chat_log(call) for call in CALLS]
    rows[7]["response"]["usage"] = {"prompt_tokens": tokens, "completion_tokens": tokens}
    found = document(logs.write_lines(tmp_path / "l.jsonl", rows), "--write-profiles", tmp_path / "p")
    assert found["tokens"]["input"] == INPUT - CALLS[7]["read"]
    assert (found["calls"], found["priced_calls"]) == (60, 59)
    assert found["unpriced_models"] == {"(no token counts)": 1}
    assert run("validate", *(tmp_path / "p").iterdir()).code == 0


@pytest.mark.parametrize(
    ("start", "says"),
    [(0, "covers less than an hour"), (1_790_000_000, "covers less than an hour"), (None, "some of its times may be wrong")],
)
def test_times_that_say_nothing_are_told(start: int | None, says: str, tmp_path: Path) -> None:
    """All the same, or so far apart that some are wrong."""
    calls = [{**call, "start": start if start is not None else (1, 4_102_444_800)[call["k"] % 2]} for call in CALLS]
    found = document(logs.write_lines(tmp_path / "l.jsonl", [logs.chat_log(call) for call in calls]))
    assert says in found["period"]["explanation"]
    assert found["period"]["uncertainty_share"] >= 0.5
    given = document(tmp_path / "l.jsonl", "--days", "10")
    assert given["period"]["days"] == 10


KEYS = ("=cmd|x!A1", "\x1b]0;x\x07", "a" * 400, "名前", "../..", "- x: y", "null", '"', "|", "# h", "{}", "yes")


def test_a_task_s_name_may_be_anything(tmp_path: Path) -> None:
    """It is a value of YAML, a file's name and a cell of a table, and nothing else."""
    rows = [{**logs.chat_log(call), "task": KEYS[call["k"] % 12]} for call in CALLS]
    path = logs.write_lines(tmp_path / "l.jsonl", rows)
    found = document(path, "--write-profiles", tmp_path / "p", "--examples", tmp_path / "e")
    assert sum(group["calls"] for group in found["groups"]) == 60
    for group in found["groups"]:
        file = Path(group["profile_file"])
        assert file.parent == tmp_path / "p"
        assert yaml.safe_load(file.read_text(encoding="utf-8")) == group["profile"]
        assert run("validate", file).code == 0
    for form in ("text", "markdown", "html"):
        shown = run("traffic", path, "--format", form)
        assert shown.code == 0
        assert "\x1b" not in shown.out
        assert "\x07" not in shown.out


def test_one_call_is_a_log(tmp_path: Path) -> None:
    """Its report says that it is a guess."""
    path = logs.write_lines(tmp_path / "l.jsonl", [logs.chat_log(CALLS[0])])
    ran = run("traffic", path)
    assert ran.code == 0, ran.err
    assert ran.out.startswith("1 call in 1 group:")
    assert "few answers: 1" in ran.out


def test_failed_calls_are_counted_and_say_nothing_of_the_task(tmp_path: Path) -> None:
    """What came back is a message about the failure, not an answer."""
    rows = [logs.chat_log(call) for call in CALLS]
    for row in rows[:6]:
        row["response"] = {"error": {"message": "rate limit reached", "code": 429}}
    found = document(logs.write_lines(tmp_path / "l.jsonl", rows))
    assert (found["calls"], found["errors"], found["priced_calls"]) == (60, 6, 54)
    assert {group["nature"] for group in found["groups"]} == {"classification", "extraction", "translation"}
    failed = logs.write_lines(tmp_path / "f.jsonl", rows[:6])
    alone = document(failed)
    assert (alone["calls"], alone["errors"], alone["spend_usd"]) == (6, 6, None)
    assert {group["nature"] for group in alone["groups"]} == {"other"}


def test_prompts_of_images_are_calls_without_text(tmp_path: Path) -> None:
    """They are counted and priced; what they show is not looked at."""
    rows = [logs.chat_log({**call, "system": None}) for call in CALLS]
    for row in rows:
        row["request"]["messages"][-1]["content"] = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    found = document(logs.write_lines(tmp_path / "l.jsonl", rows))
    assert (found["calls"], found["tokens"]["input"], found["priced_calls"]) == (60, INPUT, 60)


def test_a_whole_export_on_one_line_is_read(tmp_path: Path) -> None:
    """OTLP JSON holds many spans in one object; a list of logs may stand on one line too."""
    spans = [span for call in CALLS for span in logs.old_otel(call)["resourceSpans"][0]["scopeSpans"][0]["spans"]]
    (tmp_path / "trace.json").write_text(json.dumps(logs.exported(*spans)))
    found = document(tmp_path / "trace.json")
    assert (found["calls"], found["tokens"]["input"]) == (60, INPUT)
    (tmp_path / "list.json").write_text(json.dumps([logs.chat_log(call) for call in CALLS]))
    assert document(tmp_path / "list.json")["tokens"]["input"] == INPUT
    (tmp_path / "pretty.json").write_text(json.dumps([logs.chat_log(call) for call in CALLS], indent=2))
    assert document(tmp_path / "pretty.json")["tokens"]["input"] == INPUT


def test_folders_that_hold_each_other_end(tmp_path: Path) -> None:
    """A link to a folder above is not followed for ever, and no file is read twice."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    good(tmp_path / "a" / "b" / "l.jsonl")
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a")
    assert document(tmp_path / "a")["calls"] == 60
    assert document(tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "l.jsonl")["calls"] == 60
