"""Every log format gives the same calls, groups and sums."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from slmdecide.traffic.table import FIELDS
from tests import traffic_logs as logs
from tests.running import run


def document(*arguments: object) -> dict[str, Any]:
    """The JSON of the command, which must have gone well."""
    ran = run("traffic", *arguments, "--format", "json")
    assert ran.code == 0, ran.err + ran.out
    found: dict[str, Any] = json.loads(ran.out)
    return found


def lines_of(writer: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Path], list[object]]:
    """A log that has one line a call."""
    return lambda folder: [logs.write_lines(folder / "log.jsonl", [writer(call) for call in logs.calls()])]


def batch(folder: Path) -> list[object]:
    """Input and output of a batch, the output in another order."""
    logs.write_lines(folder / "in.jsonl", [logs.batch_input(call) for call in logs.calls()])
    logs.write_lines(folder / "out.jsonl", [logs.batch_output(call) for call in reversed(logs.calls())])
    return [folder]


def mapped(write: Callable[[Path, list[dict[str, Any]]], Path], name: str) -> Callable[[Path], list[object]]:
    """A plain table with --map."""
    options = [word for one in logs.MAP for word in ("--map", one)]
    return lambda folder: [write(folder / name, [logs.table(call) for call in logs.calls()]), *options]


FORMATS: dict[str, tuple[str, Callable[[Path], list[object]]]] = {
    "chat_log": ("chat_log", lines_of(logs.chat_log)),
    "batch": ("openai_batch", batch),
    "spend_log": ("litellm", lines_of(logs.spend_log)),
    "logging_payload": ("litellm", lines_of(logs.logging_payload)),
    "otel": ("opentelemetry", lines_of(logs.otel)),
    "old_otel": ("opentelemetry", lines_of(logs.old_otel)),
    "langfuse_jsonl": ("langfuse", lines_of(logs.langfuse)),
    "langfuse_csv": ("langfuse", lambda folder: [logs.write_csv(folder / "o.csv", [logs.langfuse(call) for call in logs.calls()])]),
    "langfuse_parquet": ("langfuse", lambda folder: [logs.write_parquet(folder / "o.parquet", [logs.langfuse(c) for c in logs.calls()])]),
    "table_csv": ("table", mapped(logs.write_csv, "t.csv")),
    "table_jsonl": ("table", mapped(logs.write_lines, "t.jsonl")),
    "table_parquet": ("table", mapped(logs.write_parquet, "t.parquet")),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_calls(name: str, tmp_path: Path) -> None:
    """Calls, tokens, groups, natures and label counts are those that were written, whatever the format."""
    kind, write = FORMATS[name]
    found = document(*write(tmp_path))
    assert set(found["formats"]) == {kind}
    assert found["calls"] == 120
    calls = logs.calls()
    assert found["tokens"]["input"] == sum(call["read"] for call in calls)
    assert found["tokens"]["output"] == sum(call["wrote"] for call in calls)
    assert found["tokens"]["cached"] == sum(call["cached"] for call in calls)
    assert found["priced_coverage"] == 1
    assert sorted((group["nature"], group["labels"], group["calls"]) for group in found["groups"]) == [
        ("classification", 3, 40),
        ("extraction", None, 40),
        ("translation", None, 40),
    ]
    assert found["skipped"]["bad_lines"] == 0


@pytest.mark.parametrize("name", ["spend_log", "logging_payload", "langfuse_jsonl", "table_csv"])
def test_the_log_s_own_costs_are_kept(name: str, tmp_path: Path) -> None:
    """Where the log has costs, their sum is the spend."""
    found = document(*FORMATS[name][1](tmp_path))
    assert found["spend_usd"] == pytest.approx(sum(call["cost"] for call in logs.calls()), abs=1e-9)


def test_calls_that_only_wrap_others_are_not_counted_twice(tmp_path: Path) -> None:
    """Of an agent's span, a wrapper and the model call below an HTTP span, only the last is a call; it is said."""
    found = document(*FORMATS["otel"][1](tmp_path))
    assert found["skipped"]["not_leaf_calls"] == 120
    assert found["skipped"]["not_model_calls"] == 240


def test_a_zero_cost_of_litellm_is_unpriced_and_a_cache_hit_is_free(tmp_path: Path) -> None:
    """LiteLLM writes 0 where it knows no price: such a call is priced by its tokens; what came from the cache cost nothing."""
    calls = logs.calls(30)
    rows = [
        {**logs.spend_log(call), "spend": 0.0, "cache_hit": "True" if call["k"] % 2 else "False", "model": "no-such-model"}
        for call in calls
    ]
    found = document(logs.write_lines(tmp_path / "l.jsonl", rows))
    assert found["priced_calls"] == 15
    assert found["spend_usd"] == 0


def test_batch_answers_without_their_questions_are_told(tmp_path: Path) -> None:
    """An output without its input is no call; it is counted."""
    logs.write_lines(tmp_path / "in.jsonl", [logs.batch_input(call) for call in logs.calls(20)])
    logs.write_lines(tmp_path / "out.jsonl", [logs.batch_output(call) for call in logs.calls(30)])
    found = document(tmp_path)
    assert (found["calls"], found["skipped"]["batch_outputs_without_input"]) == (20, 10)


def test_task_keys_come_before_templates(tmp_path: Path) -> None:
    """Where the log names its tasks, the groups are these."""
    rows = [{**logs.chat_log(call), "workload_id": f"work-{call['k'] % 4}"} for call in logs.calls()]
    found = document(logs.write_lines(tmp_path / "l.jsonl", rows))
    assert sorted(group["name"] for group in found["groups"]) == ["work-0", "work-1", "work-2", "work-3"]


@pytest.mark.parametrize(
    "reply",
    [
        {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}], "model": "text-embedding-3-small"},
        {"id": "modr-1", "model": "omni-moderation-latest", "results": [{"flagged": False}]},
        {"created": 1_790_000_000, "data": [{"b64_json": "AAAA"}]},
    ],
)
def test_what_writes_no_text_is_no_call(reply: dict[str, Any], tmp_path: Path) -> None:
    """Embeddings, moderation and images in a chat log or a batch are counted beside the calls."""
    asked = {"model": "m", "input": ["a text"], "messages": None}
    logs.write_lines(tmp_path / "chat.jsonl", [*map(logs.chat_log, logs.calls(40)), *[{"request": asked, "response": reply}] * 7])
    outputs = [{"custom_id": f"e{k}", "response": {"status_code": 200, "body": reply}} for k in range(5)]
    batch = [half(call) for call in logs.calls(20) for half in (logs.batch_input, logs.batch_output)]
    logs.write_lines(tmp_path / "batch.jsonl", [*batch, *outputs])
    found = document(tmp_path)
    assert found["calls"] == 60
    assert (found["skipped"]["not_model_calls"], found["skipped"]["batch_outputs_without_input"]) == (12, 0)


def test_times_of_the_responses_api_are_read(tmp_path: Path) -> None:
    """It calls `created_at` what chat completions call `created`."""
    said = [{"type": "message", "content": [{"type": "output_text", "text": "billing"}]}]
    rows = [
        {"request": {"model": "gpt-4o", "input": f"Where is parcel {k}?"}, "response": {"created_at": 1_790_000_000 + k, "output": said}}
        for k in range(60)
    ]
    found = document(logs.write_lines(tmp_path / "r.jsonl", rows))
    assert (found["period"]["from_s"], found["period"]["to_s"]) == (1_790_000_000, 1_790_000_059)


def test_columns_that_speak_for_themselves_are_read_beside_mapped_ones(tmp_path: Path) -> None:
    """One column is mapped, the others have names that are known, in whatever case; a name with a dot may be a column of its own."""
    rows = [
        {"TIMESTAMP": f"2026-11-16 18:17:{k:02d}", "usage.read": 100 + k, "Completion_Tokens": 10, "model": "gpt-4o"} for k in range(60)
    ]
    found = document(logs.write_csv(tmp_path / "t.csv", rows), "--map", "input_tokens=usage.read")
    assert (found["tokens"]["input"], found["tokens"]["output"]) == (sum(row["usage.read"] for row in rows), 600)
    assert found["period"]["to_s"] - found["period"]["from_s"] == 59
    assert found["spend_usd"] == pytest.approx((found["tokens"]["input"] * 2.5 + 600 * 10) / 1e6, abs=1e-9)


def test_a_mapped_column_is_read_as_nothing_else(tmp_path: Path) -> None:
    """A column whose name would speak for another field is that of the field it is mapped to."""
    rows = [{"input": 100, "output": 10, "question": f"Where is parcel {k}?", "model": "gpt-4o"} for k in range(60)]
    path = logs.write_csv(tmp_path / "t.csv", rows)
    found = document(path, "--map", "input_tokens=input", "--map", "output_tokens=output", "--show-text")
    assert (found["tokens"]["input"], found["tokens"]["output"]) == (6000, 600)
    assert "Where is parcel" in json.dumps(found)


def test_a_column_that_begins_later_is_read(tmp_path: Path) -> None:
    """Rows of a table need not have the same columns."""
    rows: list[dict[str, Any]] = [{"prompt_tokens": 100, "completion_tokens": 10, "model": "gpt-4o"} for _ in range(60)]
    for row in rows[30:]:
        row["cost_usd"] = 0.25
    found = document(logs.write_lines(tmp_path / "t.jsonl", rows))
    assert found["spend_usd"] == pytest.approx(30 * 0.25 + 30 * (100 * 2.5 + 10 * 10) / 1e6, abs=1e-9)


def test_a_model_that_is_no_column_is_the_model_of_all_rows(tmp_path: Path) -> None:
    """Beside columns whose names speak for themselves, as in Azure's public traces; calls are priced by it, to the cent."""
    rows = [{"TIMESTAMP": f"2023-11-16 18:17:{k % 60:02d}.9799600", "ContextTokens": 4808 + k, "GeneratedTokens": 10} for k in range(100)]
    found = document(logs.write_csv(tmp_path / "trace.csv", rows), "--map", "model=gpt-4o-mini")
    read, wrote = sum(row["ContextTokens"] for row in rows), 1000
    assert (found["tokens"]["input"], found["tokens"]["output"]) == (read, wrote)
    assert found["spend_usd"] == pytest.approx((read * 0.15 + wrote * 0.60) / 1e6, abs=1e-9)


def test_the_document_names_the_columns_that_speak_for_themselves() -> None:
    """docs/traffic.md lists each field of `--map` with its names."""
    text = (Path(__file__).parents[1] / "docs" / "traffic.md").read_text(encoding="utf-8")
    assert [name for field, names in FIELDS.items() for name in (field, *names) if f"`{name}`" not in text] == []
