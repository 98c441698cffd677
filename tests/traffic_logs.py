"""The same calls, written as each log format writes them."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

START = 1_790_000_000
_HOURS = 6
SORTS = "You sort messages of customers. Answer with the name of the queue only."
EXTRACTS = "Extract the order and the city from the message. Return JSON."
_PLACES = ("Bern", "Oslo", "Lyon", "Graz", "Turin")
_VERBS = ("lost", "cannot find", "want to return", "did not get", "broke", "love")
_THINGS = ("card", "parcel", "invoice", "phone", "lamp", "chair", "ticket")


def calls(n: int = 120) -> list[dict[str, Any]]:
    """Calls of three tasks in turn: a sorter with three queues, an extractor, and translations without a system prompt."""
    found = []
    for k in range(n):
        text = f"I {_VERBS[k % 6]} my {_THINGS[k % 7]} near {_PLACES[k % 5]} when it was number {k}"
        kind = k % 3
        system = (SORTS, EXTRACTS, None)[kind]
        user = text if kind < 2 else f"Translate the following message into French: {text}"
        answer = (
            ("billing", "returns", "other")[k // 3 % 3],
            json.dumps({"order": k, "city": _PLACES[k % 5]}),
            f"Voici le texte {k} traduit",
        )[kind]
        found.append(
            {
                "k": k, "system": system, "user": user, "answer": answer, "start": START + k * _HOURS * 3600, "model": "gpt-4o",
                "read": 100 + k, "wrote": 10 + k % 3, "cached": 40 if kind == 0 else 0, "cost": (100 + k) * 2e-6,
            }
        )  # fmt: skip
    return found


def messages(call: dict[str, Any]) -> list[dict[str, Any]]:
    """The prompt as messages."""
    sent = [{"role": "system", "content": call["system"]}] if call["system"] else []
    return [*sent, {"role": "user", "content": call["user"]}]


def _usage(call: dict[str, Any]) -> dict[str, Any]:
    return {
        "prompt_tokens": call["read"],
        "completion_tokens": call["wrote"],
        "prompt_tokens_details": {"cached_tokens": call["cached"]},
    }


def completion(call: dict[str, Any]) -> dict[str, Any]:
    """The chat completion that came back."""
    choice = {"index": 0, "message": {"role": "assistant", "content": call["answer"]}, "finish_reason": "stop"}
    head = {"id": f"chatcmpl-{call['k']}", "object": "chat.completion", "created": call["start"], "model": call["model"]}
    return {**head, "choices": [choice], "usage": _usage(call)}


def chat_log(call: dict[str, Any]) -> dict[str, Any]:
    """A line of a chat-completion log."""
    return {"request": {"model": call["model"], "messages": messages(call), "temperature": 0}, "response": completion(call)}


def batch_input(call: dict[str, Any]) -> dict[str, Any]:
    """A line of a batch's input."""
    body = {"model": call["model"], "messages": messages(call), "temperature": 0}
    return {"custom_id": f"request-{call['k']}", "method": "POST", "url": "/v1/chat/completions", "body": body}


def batch_output(call: dict[str, Any]) -> dict[str, Any]:
    """A line of a batch's output."""
    response = {"status_code": 200, "request_id": f"r{call['k']}", "body": completion(call)}
    return {"id": f"batch_{call['k']}", "custom_id": f"request-{call['k']}", "response": response, "error": None}


def spend_log(call: dict[str, Any]) -> dict[str, Any]:
    """A row of LiteLLM_SpendLogs."""
    return {
        "request_id": f"req-{call['k']}", "call_type": "acompletion", "spend": call["cost"], "model": call["model"],
        "prompt_tokens": call["read"], "completion_tokens": call["wrote"], "startTime": _iso(call["start"]),
        "endTime": _iso(call["start"] + 2), "completionStartTime": _iso(call["start"] + 1), "custom_llm_provider": "openai", "cache_hit": "False",  # noqa: E501  (a record as its tool writes it)
        "request_tags": '["User-Agent: curl"]', "messages": json.dumps(messages(call)), "response": json.dumps(completion(call)),
        "status": "success", "metadata": "{}",
    }  # fmt: skip


def logging_payload(call: dict[str, Any]) -> dict[str, Any]:
    """LiteLLM's StandardLoggingPayload."""
    return {
        "id": f"p-{call['k']}", "trace_id": f"t-{call['k']}", "call_type": "completion", "response_cost": call["cost"],
        "status": "success",
        "prompt_tokens": call["read"], "completion_tokens": call["wrote"], "startTime": float(call["start"]),
        "endTime": call["start"] + 2.0, "completionStartTime": call["start"] + 1.0, "model": call["model"], "custom_llm_provider": "openai", "cache_hit": False,  # noqa: E501  (a record as its tool writes it)
        "messages": messages(call), "response": completion(call), "model_parameters": {"temperature": 0}, "request_tags": [], "metadata": {},  # noqa: E501  (a record as its tool writes it)
    }  # fmt: skip


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"doubleValue": value}


def span(name: str, identifier: str, parent: str | None, call: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """A span as OTLP JSON has it."""
    return {
        "traceId": f"{call['k']:032x}", "spanId": identifier, **({"parentSpanId": parent} if parent else {}), "name": name,
        "startTimeUnixNano": str(call["start"] * 10**9), "endTimeUnixNano": str((call["start"] + 2) * 10**9),
        "attributes": [{"key": key, "value": _value(value)} for key, value in attributes.items()], "status": {},
    }  # fmt: skip


def exported(*spans: dict[str, Any]) -> dict[str, Any]:
    """An export request."""
    return {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"scope": {"name": "test"}, "spans": list(spans)}]}]}


def otel(call: dict[str, Any]) -> dict[str, Any]:
    """An agent's span with the model call below a wrapper and an HTTP span: three spans with usage, of which one is the call."""
    usage = {"gen_ai.usage.input_tokens": call["read"], "gen_ai.usage.output_tokens": call["wrote"]}
    parts = [
        {"role": one["role"], "parts": [{"type": "text", "content": one["content"]}]} for one in messages(call) if one["role"] != "system"
    ]
    said = {"gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": call["answer"]}]}])}
    instructions = {"gen_ai.system_instructions": json.dumps([{"type": "text", "content": call["system"]}])} if call["system"] else {}
    chat = {
        "gen_ai.operation.name": "chat", "gen_ai.request.model": call["model"], "gen_ai.provider.name": "openai",
        "gen_ai.usage.cache_read.input_tokens": call["cached"], "gen_ai.input.messages": json.dumps(parts), **instructions, **said, **usage,
    }  # fmt: skip
    k = call["k"]
    return exported(
        span("invoke_agent", f"a{k:015x}", None, call, {"gen_ai.operation.name": "invoke_agent", **usage}),
        span("chat wrapper", f"b{k:015x}", f"a{k:015x}", call, chat),
        span("POST", f"c{k:015x}", f"b{k:015x}", call, {"http.request.method": "POST"}),
        span("chat gpt-4o", f"d{k:015x}", f"c{k:015x}", call, chat),
    )


def old_otel(call: dict[str, Any]) -> dict[str, Any]:
    """One call under the attribute names of earlier versions."""
    numbered = {}
    for position, one in enumerate(messages(call)):
        numbered |= {f"gen_ai.prompt.{position}.role": one["role"], f"gen_ai.prompt.{position}.content": one["content"]}
    attributes = {
        "gen_ai.system": "openai", "llm.request.type": "chat", "gen_ai.request.model": call["model"], **numbered,
        "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": call["answer"],
        "gen_ai.usage.prompt_tokens": call["read"], "gen_ai.usage.completion_tokens": call["wrote"],
        "gen_ai.usage.cache_read_input_tokens": call["cached"],
    }  # fmt: skip
    return exported(span("openai.chat", f"e{call['k']:015x}", None, call, attributes))


def langfuse(call: dict[str, Any]) -> dict[str, Any]:
    """A generation of Langfuse's observations; cached tokens stand beside the others."""
    usage = {"input": call["read"] - call["cached"], "input_cached_tokens": call["cached"], "output": call["wrote"]}
    return {
        "id": f"o-{call['k']}", "trace_id": f"lt-{call['k']}", "type": "GENERATION", "name": "OpenAI-generation",
        "provided_model_name": call["model"], "start_time": _iso(call["start"]), "end_time": _iso(call["start"] + 2), "latency": 2.0,
        "usage_details": json.dumps(usage), "total_cost": call["cost"], "input": json.dumps(messages(call)),
        "output": json.dumps({"role": "assistant", "content": call["answer"]}),
        "model_parameters": '{"temperature": 0}', "level": "DEFAULT",
    }  # fmt: skip


def table(call: dict[str, Any]) -> dict[str, Any]:
    """A row of somebody's own table."""
    return {
        "when": _iso(call["start"]), "llm": call["model"], "sys": call["system"], "q": call["user"], "a": call["answer"],
        "tin": call["read"], "tout": call["wrote"], "tc": call["cached"], "usd": call["cost"],
    }  # fmt: skip


MAP = (
    "time=when",
    "model=llm",
    "system=sys",
    "prompt=q",
    "answer=a",
    "input_tokens=tin",
    "output_tokens=tout",
    "cached_tokens=tc",
    "cost_usd=usd",
)


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    """A JSON-lines file."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    """A CSV file."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    """A Parquet file."""
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path
