"""Logs as the real tools write them: LiteLLM's own records, and the documented schemas of Langfuse, OpenAI and OpenTelemetry."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from slmdecide.records.traffic import Call
from slmdecide.traffic.formats import batch_half, chat_call, detect, langfuse_call, litellm_call
from slmdecide.traffic.otel import spans
from tests import traffic_logs as logs
from tests.running import run
from tests.test_traffic_formats import document

_LITELLM = """
import json, os, sys, time
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm
from litellm.integrations.custom_logger import CustomLogger

class Log(CustomLogger):
    def log_success_event(self, kwargs, response_obj, start_time, end_time):
        rows.append(kwargs["standard_logging_object"])
    log_failure_event = log_success_event

rows = []
litellm.callbacks = [Log()]
litellm.suppress_debug_info = True
def ask(text, **more):
    messages = [{"role": "system", "content": "Sort the messages of customers."}, {"role": "user", "content": text}]
    return litellm.completion(model=more.pop("model", "gpt-4o-mini"), messages=messages, temperature=0, **more)
for k in range(6):
    ask(f"hello {k}", mock_response="billing", metadata={"tags": ["User-Agent: x", "triage"]})
list(ask("stream", mock_response="a b c d", stream=True))
ask("weather", mock_tool_calls=[{"id": "c", "type": "function", "function": {"name": "weather", "arguments": "{}"}}])
ask("unknown", model="openai/nobody-knows-7b", mock_response="x")
try:
    ask("boom", mock_response="litellm.RateLimitError")
except litellm.RateLimitError:
    pass
litellm.embedding(model="text-embedding-3-small", input=["x"], mock_response=[0.1])
for _ in range(100):
    if len(rows) >= 11:
        break
    time.sleep(0.1)
with open(sys.argv[1], "w") as stream:
    for row in rows:
        stream.write(json.dumps(row, default=str) + "\\n")
"""
"""Asks litellm itself, without a network, and keeps what it hands to its loggers."""


@pytest.fixture(scope="module")
def payloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven StandardLoggingPayloads that the installed litellm made."""
    path = tmp_path_factory.mktemp("litellm") / "payloads.jsonl"
    subprocess.run([sys.executable, "-c", _LITELLM, str(path)], check=True, capture_output=True, timeout=300)
    return path


def test_records_that_litellm_itself_made_are_read(payloads: Path) -> None:
    """Its counts, costs, tags, tool calls, failures and times are those of the record; the embedding is no call of a chat model."""
    rows = [json.loads(line) for line in payloads.read_text().splitlines()]
    assert len(rows) == 11
    assert {detect(row) for row in rows} == {"litellm"}
    calls = [call for row in rows if (call := litellm_call(row)) is not None]
    assert len(calls) == 10
    first = next(call for call in calls if call.prompt == "hello 0")
    row = next(row for row in rows if row["id"] == first.id)
    assert (first.system, first.answer, first.task_key) == ("Sort the messages of customers.", "billing", "triage")
    assert (first.input_tokens, first.output_tokens) == (row["prompt_tokens"], row["completion_tokens"])
    assert first.cost_usd == row["response_cost"] > 0
    assert first.temperature == 0
    by_prompt = {call.prompt: call for call in calls}
    assert by_prompt["weather"].tool_calls == 1
    assert "weather" in (by_prompt["weather"].tool_text or "")
    assert by_prompt["unknown"].cost_usd is None, "0 for a model without a price is unpriced"
    assert by_prompt["boom"].status == "error"
    assert (by_prompt["stream"].ttft_ms or 0) > 0


def test_a_log_of_litellm_s_records_gives_its_own_cost(payloads: Path) -> None:
    """The spend is the sum that litellm wrote; what it could not price is named."""
    rows = [json.loads(line) for line in payloads.read_text().splitlines() if '"embedding"' not in line]
    found = document(payloads)
    assert found["spend_usd"] == pytest.approx(sum(row["response_cost"] for row in rows), abs=1e-12)
    assert (found["calls"], found["priced_calls"], found["errors"]) == (10, 9, 1)
    assert found["unpriced_models"] == {"nobody-knows-7b": 1}
    assert found["skipped"]["not_model_calls"] == 1


# Langfuse: content/docs/api-and-data-platform/features/blob-storage-export-fields, July 2026.
EXPORTED: dict[str, Any] = {
    "id": "o1", "trace_id": "t1", "project_id": "p", "environment": "default", "type": "GENERATION", "parent_observation_id": "",
    "start_time": "2026-05-29 13:46:19.963000", "end_time": "2026-05-29 13:46:21.463000", "name": "triage", "metadata": {},
    "level": "DEFAULT", "status_message": "", "version": "", "input": '[{"role": "user", "content": "Hi"}]', "output": "Hello",
    "provided_model_name": "gpt-4o", "model_parameters": '{"temperature":0.7}',
    "usage_details": {"input": 60, "input_cached_tokens": 40, "output": 9, "output_reasoning_tokens": 3, "total": 112},
    "cost_details": {"input": 0.0001, "output": 0.0002}, "completion_start_time": "2026-05-29 13:46:20.063000", "prompt_name": "",
    "prompt_version": None, "total_cost": 0.0003, "latency": 1.5, "time_to_first_token": 0.1, "model_id": "", "tool_calls": [],
    "tool_call_names": [], "tool_definitions": {},
}  # fmt: skip
"""One row of `observations_v2` as JSON lines have it."""


def langfuse(**changed: Any) -> Call:
    """The call of such a row."""
    row = {**EXPORTED, **changed}
    assert detect(row) == "langfuse"
    found = langfuse_call(row)
    assert found is not None
    return found


def test_an_exported_observation_of_langfuse_is_read_field_by_field() -> None:
    """Timestamps without a zone are UTC; times come from the two timestamps; an empty text is none."""
    call = langfuse()
    assert (call.id, call.trace_id, call.parent_id, call.model, call.task_key) == ("o1", "t1", None, "gpt-4o", "triage")
    assert (call.prompt, call.answer, call.temperature, call.cost_usd, call.status) == ("Hi", "Hello", 0.7, 0.0003, "ok")
    assert call.latency_ms == pytest.approx(1500, abs=0.01)
    assert call.ttft_ms == pytest.approx(100, abs=0.01)
    assert call.time_s == pytest.approx(1780062379.963, abs=0.001)


def test_an_export_from_the_page_of_langfuse_has_other_names() -> None:
    """The same observation in camel case, with objects where the other export has texts."""
    names = {
        "trace_id": "traceId", "start_time": "startTime", "end_time": "endTime", "completion_start_time": "completionStartTime",
        "usage_details": "usageDetails", "cost_details": "costDetails", "total_cost": "totalCost", "prompt_name": "promptName",
        "provided_model_name": "model", "model_parameters": "modelParameters", "parent_observation_id": "parentObservationId",
    }  # fmt: skip
    row = {names.get(key, key): value for key, value in EXPORTED.items()}
    row |= {"modelParameters": {"temperature": 0.7}, "input": [{"role": "user", "content": "Hi"}], "startTime": "2026-05-29T13:46:19.963Z"}
    row |= {"endTime": "2026-05-29T13:46:21.463Z", "completionStartTime": "2026-05-29T13:46:20.063Z", "parentObservationId": None}
    assert detect(row) == "langfuse"
    assert langfuse_call(row) == langfuse()


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"input": 60, "input_cached_tokens": 40, "output": 9, "output_reasoning_tokens": 3, "total": 112}, (100, 12, 40, 3)),
        ({"input": 100, "input_cached_tokens": 40, "output": 12, "total": 112}, (100, 12, 40, None)),
        ({"input": 5, "cache_read_input_tokens": 80, "cache_creation_input_tokens": 15, "output": 7}, (100, 7, 80, None)),
        ({"input": 60, "input_audio_tokens": 40, "output": 9}, (100, 9, None, None)),
        ({"prompt_tokens": 20, "completion_tokens": 4}, (20, 4, None, None)),
        ({"total": 30}, (None, None, None, None)),
        ({}, (None, None, None, None)),
    ],
    ids=["apart", "inside", "anthropic", "audio", "openai-names", "only-total", "none"],
)
def test_token_counts_of_langfuse_are_added_up_once(usage: dict[str, int], expected: tuple[float | None, ...]) -> None:
    """Cached and reasoning tokens are added to the rest, unless input and output alone are the total already."""
    call = langfuse(usage_details=usage)
    assert (call.input_tokens, call.output_tokens, call.cached_tokens, call.reasoning_tokens) == expected


@pytest.mark.parametrize("kind", ["SPAN", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "EMBEDDING", "GUARDRAIL"])
def test_observations_of_other_types_are_no_calls(kind: str) -> None:
    """They are recognised, also without the columns of models, and left out."""
    row = {key: EXPORTED[key] for key in ("id", "trace_id", "start_time", "input", "output")} | {"type": kind}
    assert detect(row) == "langfuse"
    assert langfuse_call(row) is None


def test_tool_calls_of_langfuse_stand_in_a_column_of_their_own() -> None:
    """Each is JSON in a text."""
    call = langfuse(output="", tool_calls=['{"name": "weather", "arguments": "{}"}'], tool_call_names=["weather"])
    assert call.tool_calls == 1
    assert json.loads(call.tool_text or "")[0]["name"] == "weather"


def test_parquet_of_langfuse_has_maps_and_typed_times(tmp_path: Path) -> None:
    """Its Parquet export types what its JSON writes as text; the calls are the same."""
    rows = [logs.langfuse(call) for call in logs.calls(30)]
    plain = document(logs.write_lines(tmp_path / "o.jsonl", rows))
    table = pa.table(
        {
            **{key: [row[key] for row in rows] for key in rows[0] if key not in ("usage_details", "start_time", "end_time")},
            "usage_details": pa.array([list(json.loads(row["usage_details"]).items()) for row in rows], pa.map_(pa.string(), pa.uint64())),
            **{key: pa.array([row[key][:19] for row in rows]).cast(pa.timestamp("us")) for key in ("start_time", "end_time")},
        }
    )
    pq.write_table(table, tmp_path / "o.parquet")
    typed = document(tmp_path / "o.parquet")
    for key in ("calls", "tokens", "spend_usd", "period"):
        assert typed[key] == plain[key]
    assert [group["nature"] for group in typed["groups"]] == [group["nature"] for group in plain["groups"]]


# OpenAI: Batch API and Responses API reference, 2026.
def test_a_batch_of_the_responses_api_is_read() -> None:
    """Its input may be a text, its output is a list of items."""
    asked = batch_half(
        {"custom_id": "a", "method": "POST", "url": "/v1/responses", "body": {"model": "gpt-5", "instructions": "Sort.", "input": "Hi"}}
    )
    items = [
        {"type": "reasoning", "id": "r", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "billing"}]},
        {"type": "function_call", "name": "move", "arguments": '{"to": "billing"}', "call_id": "c"},
    ]
    usage = {
        "input_tokens": 20, "input_tokens_details": {"cached_tokens": 8}, "output_tokens": 30,
        "output_tokens_details": {"reasoning_tokens": 25},
    }  # fmt: skip
    said = batch_half(
        {
            "id": "b",
            "custom_id": "a",
            "error": None,
            "response": {"status_code": 200, "body": {"model": "gpt-5", "output": items, "usage": usage}},
        }
    )
    assert asked is not None
    assert said is not None
    assert (asked.system, asked.prompt, asked.part) == ("Sort.", "Hi", "batch_input")
    assert (said.answer, said.tool_calls, said.part) == ("billing", 1, "batch_output")
    assert (said.input_tokens, said.cached_tokens, said.output_tokens, said.reasoning_tokens) == (20, 8, 30, 25)


def test_a_batch_request_may_have_no_method_and_an_answer_may_have_failed() -> None:
    """Some vendors' input has only `custom_id` and `body`; a line of the error file is a failed call."""
    asked = batch_half({"custom_id": "a", "body": {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}})
    failed = batch_half(
        {"id": "b", "custom_id": "a", "response": {"status_code": 429, "body": {"error": {"message": "no"}}}, "error": None}
    )
    assert asked is not None
    assert failed is not None
    assert (asked.prompt, failed.status) == ("Hi", "error")


def test_calls_of_a_batch_cost_what_a_batch_costs_and_can_wait(tmp_path: Path) -> None:
    """By the snapshot's batch prices, half of the others for gpt-4o; the profile says that all of them can wait."""
    single = document(logs.write_lines(tmp_path / "l.jsonl", [{**logs.chat_log(call)} for call in _uncached()]))
    (tmp_path / "b").mkdir()
    logs.write_lines(tmp_path / "b" / "in.jsonl", [logs.batch_input(call) for call in _uncached()])
    logs.write_lines(tmp_path / "b" / "out.jsonl", [logs.batch_output(call) for call in _uncached()])
    batch = document(tmp_path / "b")
    assert batch["spend_usd"] == pytest.approx(single["spend_usd"] / 2)
    assert {group["profile"]["volume"].get("batchable_share") for group in batch["groups"]} == {1}
    assert {group["profile"]["volume"].get("batchable_share") for group in single["groups"]} == {None}


def _uncached() -> list[dict[str, Any]]:
    return [{**call, "cached": 0} for call in logs.calls(60)]


def test_blocks_of_an_anthropic_answer_are_read() -> None:
    """Text and tool use are blocks of one answer; thinking is no part of it."""
    blocks = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "Let me see."},
        {"type": "tool_use", "name": "f", "input": {}},
    ]
    call = chat_call({"request": {"messages": [{"role": "user", "content": "Hi"}]}, "response": {"output": blocks}})
    assert call is not None
    assert (call.answer, call.tool_calls) == ("Let me see.", 1)


# OpenTelemetry: docs/gen-ai of the semantic conventions, with the names before and after 1.28 and 1.37.
def otel_call(attributes: dict[str, Any], events: list[dict[str, Any]] = []) -> Call:  # noqa: B006  (never changed)
    """The call of one span."""
    call = {"k": 1, "start": 1_790_000_000}
    row = logs.exported({**logs.span("chat", "a" * 16, None, call, attributes), "events": events})
    assert detect(row) == "opentelemetry"
    return next(iter(spans(row)))


def event(name: str, **attributes: str) -> dict[str, Any]:
    """An event of a span."""
    return {"name": name, "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]}


@pytest.mark.parametrize(
    ("attributes", "events"),
    [
        (
            {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
             "gen_ai.usage.input_tokens": 20, "gen_ai.usage.output_tokens": 5, "gen_ai.usage.cache_read.input_tokens": 4,
             "gen_ai.system_instructions": json.dumps([{"type": "text", "content": "Sort."}]),
             "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]),
             "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "billing"}]}])},
            [],
        ),
        (
            {"llm.request.type": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.prompt_tokens": 20,
             "gen_ai.usage.completion_tokens": 5, "gen_ai.usage.cache_read_input_tokens": 4, "gen_ai.prompt.0.role": "system",
             "gen_ai.prompt.0.content": "Sort.", "gen_ai.prompt.1.role": "user", "gen_ai.prompt.1.content": "Hi",
             "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": "billing"},
            [],
        ),
        (
            {"gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.response.model": "gpt-4o", "gen_ai.usage.input_tokens": 20,
             "gen_ai.usage.output_tokens": 5, "gen_ai.usage.cache_read.input_tokens": 4},
            [
                event("gen_ai.system.message", content="Sort."),
                event("gen_ai.user.message", content="Hi"),
                event("gen_ai.choice", message=json.dumps({"role": "assistant", "content": "billing"})),
            ],
        ),
        (
            {"gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.prompt_tokens": 20,
             "gen_ai.usage.completion_tokens": 5, "gen_ai.usage.cache_read_input_tokens": 4},
            [
                event("gen_ai.content.prompt", **{"gen_ai.prompt": json.dumps([{"role": "system", "content": "Sort."}, {"role": "user", "content": "Hi"}])}),  # noqa: E501
                event("gen_ai.content.completion", **{"gen_ai.completion": json.dumps([{"role": "assistant", "content": "billing"}])}),
            ],
        ),
    ],
    ids=["now", "numbered", "message-events", "content-events"],
)  # fmt: skip
def test_spans_of_every_version_give_the_same_call(attributes: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """Texts stand in attributes, in numbered attributes or in events, under old and new names."""
    call = otel_call(attributes, events)
    assert (call.model, call.provider, call.system, call.prompt, call.answer) == ("gpt-4o", "openai", "Sort.", "Hi", "billing")
    assert (call.input_tokens, call.output_tokens, call.cached_tokens) == (20, 5, 4)
    assert call.latency_ms == pytest.approx(2000)


def test_spans_of_embeddings_and_tools_are_no_calls() -> None:
    """Only chat, completion and generate_content are."""
    for operation in ("embeddings", "execute_tool", "invoke_agent", "create_agent"):
        found = otel_call({"gen_ai.operation.name": operation, "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 3})
        assert found.part == "span"


def test_the_columns_of_litellm_s_table_are_those_that_are_read() -> None:
    """The schema in the installed litellm has every column of our row of it."""
    spec = importlib.util.find_spec("litellm")
    assert spec is not None
    assert spec.origin is not None
    schema = (Path(spec.origin).parent / "proxy" / "schema.prisma").read_text(encoding="utf-8")
    table = schema.partition("model LiteLLM_SpendLogs {")[2].partition("\n}")[0]
    columns = {line.split()[0] for line in table.splitlines() if line.strip() and not line.strip().startswith(("@", "//"))}
    assert logs.spend_log(logs.calls(1)[0]).keys() <= columns


def test_a_mapped_column_that_no_row_has_is_refused(tmp_path: Path) -> None:
    """Exit code 2 with the column that was meant; a model that is no column is the model of all rows."""
    path = tmp_path / "l.csv"
    path.write_text("ContextTokens,GeneratedTokens\n10,5\n12,6\n", encoding="utf-8")
    rest = ("--map", "output_tokens=GeneratedTokens", "--map", "model=gpt-4o", "--format", "json")
    wrong = run("traffic", path, "--map", "input_tokens=ContextToken", *rest)
    assert wrong.code == 2
    assert "'ContextToken'; did you mean 'ContextTokens'?" in json.loads(wrong.out)["error"]["message"]
    right = run("traffic", path, "--map", "input_tokens=ContextTokens", *rest)
    assert json.loads(right.out)["tokens"]["input"] == 22


def test_a_cost_that_no_call_has_is_not_known(tmp_path: Path) -> None:
    """A slip of the log neither ends the run nor becomes the bill; the call is priced by the snapshot."""
    rows = [{**logs.chat_log(call), "cost_usd": 5e10 if call["k"] == 3 else 0.25} for call in logs.calls(30)]
    ran = run("traffic", logs.write_lines(tmp_path / "l.jsonl", rows), "--format", "json")
    assert ran.code == 0, ran.err
    assert 29 * 0.25 <= json.loads(ran.out)["spend_usd"] < 30 * 0.25
