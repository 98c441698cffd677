"""The calls of the labelled mixture as each log format writes them; every call has the id `chatcmpl-K` in all of them."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from traffic_calls import answer_of, chat_row, prompt_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from traffic_calls import Labelled

    Row = dict[str, Any]

_ROWS_AT_ONCE = 10_000


def observation(call: Labelled, k: int, n: int) -> Row:
    """The call as Langfuse exports it."""
    row = chat_row(call, k, n)
    usage, created = row["response"]["usage"], row["response"]["created"]
    return {
        "id": f"chatcmpl-{k}", "type": "GENERATION", "name": "generation", "provided_model_name": call.model,
        "start_time": created, "end_time": created + 1, "input": json.dumps(prompt_of(call)), "output": json.dumps(answer_of(call)),
        "usage_details": {"input": usage["prompt_tokens"], "output": usage["completion_tokens"]},
        "model_parameters": json.dumps({"temperature": call.temperature}),
    }  # fmt: skip


def spend_log(call: Labelled, k: int, n: int) -> Row:
    """The call as a row of LiteLLM_SpendLogs."""
    row = chat_row(call, k, n)
    response = row["response"]
    return {
        "request_id": f"chatcmpl-{k}", "call_type": "acompletion", "spend": 0.0, "model": call.model, "cache_hit": "False",
        "prompt_tokens": response["usage"]["prompt_tokens"], "completion_tokens": response["usage"]["completion_tokens"],
        "startTime": _iso(response["created"]), "endTime": _iso(response["created"] + 1), "status": "success",
        "messages": prompt_of(call), "response": response, "proxy_server_request": {"temperature": call.temperature},
    }  # fmt: skip


def span(call: Labelled, k: int, n: int) -> Row:
    """The call as an OpenTelemetry GenAI span in OTLP JSON."""
    row = chat_row(call, k, n)
    usage, start = row["response"]["usage"], row["response"]["created"] * 10**9
    said = [{"type": "text", "content": call.answer}] if call.tool is None else [{"type": "tool_call", **call.tool}]
    asked = [{"role": one["role"], "parts": [{"type": "text", "content": one["content"]}]} for one in prompt_of(call)]
    texts = {
        "gen_ai.operation.name": "chat", "gen_ai.request.model": call.model,
        "gen_ai.input.messages": json.dumps([one for one in asked if one["role"] != "system"]),
        "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": said}]),
        **({"gen_ai.system_instructions": json.dumps([{"type": "text", "content": call.system}])} if call.system is not None else {}),
    }  # fmt: skip
    numbers = {"gen_ai.usage.input_tokens": usage["prompt_tokens"], "gen_ai.usage.output_tokens": usage["completion_tokens"]}
    attributes = [
        *({"key": key, "value": {"stringValue": value}} for key, value in texts.items()),
        *({"key": key, "value": {"intValue": str(value)}} for key, value in numbers.items()),
        {"key": "gen_ai.request.temperature", "value": {"doubleValue": call.temperature}},
    ]
    its = {
        "traceId": f"{k:032x}",
        "spanId": f"chatcmpl-{k}",
        "name": "chat",
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + 10**9),
    }
    return {"resourceSpans": [{"scopeSpans": [{"spans": [{**its, "attributes": attributes}]}]}]}


def table_row(call: Labelled, k: int, n: int) -> Row:
    """The call as a row of a plain table whose columns speak for themselves."""
    row = chat_row(call, k, n)
    usage = row["response"]["usage"]
    return {
        "id": f"chatcmpl-{k}", "time": row["response"]["created"], "model": call.model, "temperature": call.temperature,
        "input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"],
        "prompt": json.dumps(prompt_of(call)), "answer": json.dumps(answer_of(call)),
    }  # fmt: skip


def _asked(call: Labelled, k: int, n: int) -> Row:
    return {"custom_id": f"chatcmpl-{k}", "method": "POST", "url": "/v1/chat/completions", "body": chat_row(call, k, n)["request"]}


def _said(call: Labelled, k: int, n: int) -> Row:
    response = {"status_code": 200, "request_id": f"r{k}", "body": chat_row(call, k, n)["response"]}
    return {"id": f"batch_{k}", "custom_id": f"chatcmpl-{k}", "response": response, "error": None}


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def _lines(writer: Callable[[Labelled, int, int], Row], path: Path, made: Sequence[Labelled]) -> Path:
    with path.open("w", encoding="utf-8") as stream:
        for k, call in enumerate(made):
            stream.write(json.dumps(writer(call, k, len(made))) + "\n")
    return path


def _csv(folder: Path, made: Sequence[Labelled]) -> list[Path]:
    path = folder / "table.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.DictWriter(stream, table_row(made[0], 0, 1))
        rows.writeheader()
        rows.writerows(table_row(call, k, len(made)) for k, call in enumerate(made))
    return [path]


def _parquet(folder: Path, made: Sequence[Labelled]) -> list[Path]:
    path = folder / "table.parquet"
    parts = range(0, len(made), _ROWS_AT_ONCE)
    tables = [
        pa.Table.from_pylist([table_row(call, k, len(made)) for k, call in enumerate(made[start : start + _ROWS_AT_ONCE], start)])
        for start in parts
    ]
    pq.write_table(pa.concat_tables(tables), path)
    return [path]


WRITERS: dict[str, Callable[[Path, Sequence[Labelled]], list[Path]]] = {
    "chat log": lambda folder, made: [_lines(chat_row, folder / "chat.jsonl", made)],
    "batch": lambda folder, made: [_lines(_asked, folder / "in.jsonl", made), _lines(_said, folder / "out.jsonl", made)],
    "LiteLLM": lambda folder, made: [_lines(spend_log, folder / "spend.jsonl", made)],
    "OpenTelemetry": lambda folder, made: [_lines(span, folder / "spans.jsonl", made)],
    "Langfuse": lambda folder, made: [_lines(observation, folder / "langfuse.jsonl", made)],
    "CSV": _csv,
    "Parquet": _parquet,
}
"""Each writes the calls into a folder and names the files."""
