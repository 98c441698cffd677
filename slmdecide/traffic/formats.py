"""Which log format does a row have, and which call is it? One function a format; a row that is no model call gives None.

Field names: OpenAI's chat completion and batch objects; LiteLLM's SpendLogs (schema.prisma) and StandardLoggingPayload;
Langfuse's observations export. OpenTelemetry has its own module, since one of its rows holds many spans.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from slmdecide.records.traffic import BATCH, Call, LogFormat
from slmdecide.traffic.values import answer_of, decoded, first, items, mapping, number, prompt_of, time_s, word

if TYPE_CHECKING:
    from collections.abc import Mapping

    Row = Mapping[str, Any]

_CHAT_TYPES = ("completion", "acompletion", "text_completion", "atext_completion", "responses", "aresponses", "anthropic_messages")
KEYS = ("task", "workload_id", "task_id", "task_name", "use_case", "feature", "prompt_name", "agent", "agent_name")
NO_TASK = re.compile(
    r"(?i)(azure|chat|open ?ai|litellm|generation|completion|llm|model|default|production|prod|staging|dev|test|call|acompletion"
    r"|chatopenai|azurechatopenai|chatanthropic|request|client)([-_. ]?(chat|openai|generation|completion|call|acompletion))*",
)
"""Names that libraries and environments give, not tasks."""
_GENERATION_TYPES = ("GENERATION",)
_CACHED = ("input_cached_tokens", "cache_read_input_tokens", "input_cache_read")
_THOUGHT = ("output_reasoning_tokens", "output_reasoning", "reasoning_tokens")
_READ_BESIDE = ("cache_read_input_tokens", "cache_creation_input_tokens")
"""Keys of Langfuse's usage; Anthropic's prompt tokens that were read from or written to the cache do not begin with `input`."""
_OBSERVATION_TYPES = (
    *_GENERATION_TYPES, "SPAN", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "EMBEDDING", "GUARDRAIL",
)  # fmt: skip
"""Of Langfuse; all but the first are no calls of a model, or wrap some."""


def detect(row: Row) -> LogFormat | None:  # noqa: PLR0911  (one return a format)
    """The format of a row; None if it has none of them."""
    if "resourceSpans" in row or "resource_spans" in row:
        return "opentelemetry"
    if "custom_id" in row and ("body" in row or "response" in row):
        return "openai_batch"
    if ("startTime" in row or "start_time" in row) and ("spend" in row or ("response_cost" in row and "call_type" in row)):
        return "litellm"
    if "call_type" in row and ("response_cost" in row or "spend" in row):
        return "litellm"
    if {"provided_model_name", "usage_details", "usageDetails", "providedModelName"} & row.keys():
        return "langfuse"
    if row.get("type") in _OBSERVATION_TYPES and {"input", "startTime", "start_time"} & row.keys():
        return "langfuse"
    request = row.get("request")
    if isinstance(request, dict) and {"messages", "prompt", "input"} & request.keys():
        return "chat_log"
    if isinstance(row.get("messages"), list) or row.get("object") in ("chat.completion", "text_completion"):
        return "chat_log"
    return None


def chat_call(row: Row) -> Call | None:
    """The call of a chat-completion log: `request` and `response`, or their fields side by side."""
    request, response = mapping(row.get("request")), mapping(row.get("response"))
    body, reply = request or row, response or row
    return _completion(row, body, reply, task_key=task_key(row, mapping(row.get("metadata")), mapping(request.get("metadata"))))


def _completion(row: Row, body: Row, reply: Row, task_key: str | None, **more: Any) -> Call:  # noqa: ANN401  (fields of Call)
    usage = mapping(first(reply.get("usage"), row.get("usage")))
    said = prompt_of({"messages": first(body.get("messages"), body.get("prompt"), body.get("input")), "system": body.get("instructions")})
    error = first(reply.get("error"), row.get("error"))
    said_back = first(reply.get("output"), reply) if reply is not row or "choices" in row else first(row.get("response"), row.get("output"))
    # What a failed call brought back is a message about the failure, unless there are choices too.
    answer = answer_of(None if error and "choices" not in reply and reply.get("output") is None else said_back)
    read = number(first(usage.get("prompt_tokens"), usage.get("input_tokens")))
    cached = mapping(first(usage.get("prompt_tokens_details"), usage.get("input_tokens_details"))).get("cached_tokens")
    thought = mapping(first(usage.get("completion_tokens_details"), usage.get("output_tokens_details"))).get("reasoning_tokens")
    fields: dict[str, Any] = {
        "id": word(first(reply.get("id"), row.get("id"))),
        "trace_id": word(first(row.get("trace_id"), row.get("session_id"), row.get("conversation_id"))),
        "time_s": time_s(first(row.get("timestamp"), row.get("created_at"), row.get("time"), reply.get("created"))),
        "model": word(first(reply.get("model"), body.get("model"))),
        "provider": word(row.get("provider")),
        "input_tokens": read,
        "output_tokens": number(first(usage.get("completion_tokens"), usage.get("output_tokens"))),
        "cached_tokens": number(cached),
        "reasoning_tokens": number(thought),
        "cost_usd": number(first(row.get("cost_usd"), row.get("cost"), usage.get("cost"))),
        "latency_ms": number(first(row.get("latency_ms"), row.get("duration_ms"))),
        "ttft_ms": number(row.get("ttft_ms")),
        "temperature": number(body.get("temperature")),
        "system": said.system,
        "prompt": said.prompt,
        "history_characters": said.history_characters,
        "turns": said.turns,
        "answer": answer.text,
        "tool_calls": answer.tool_calls,
        "tool_text": answer.tools,
        "task_key": task_key,
        "status": "error" if error else "ok",
    }
    return Call(**{**fields, **more})


def batch_half(row: Row) -> Call | None:
    """A line of a batch: the half that asks, or the half that answers."""
    key = word(row.get("custom_id"))
    if key is None:
        return None
    body = mapping(row.get("body"))
    if body:
        if "embeddings" in str(row.get("url")):
            return None
        return _completion({}, body, {}, task_key(mapping(body.get("metadata"))), id=key, part="batch_input", provider=BATCH)
    response = mapping(row.get("response"))
    reply = mapping(response.get("body"))
    code = number(response.get("status_code"))
    failed = row.get("error") is not None or (code is not None and code >= 400)  # noqa: PLR2004  (HTTP)
    return _completion({}, {}, reply, None, id=key, part="batch_output", status="error" if failed else "ok")


def litellm_call(row: Row) -> Call | None:
    """The call of a row of LiteLLM_SpendLogs, or of a StandardLoggingPayload."""
    kind = word(row.get("call_type"))
    if kind is not None and kind.split(".")[-1] not in _CHAT_TYPES:
        return None
    asked = first(*(value for value in (decoded(row.get("messages")), decoded(row.get("proxy_server_request"))) if value))
    response = decoded(row.get("response"))
    usage = mapping(mapping(response).get("usage")) or mapping(mapping(row.get("metadata")).get("usage_object"))
    start, end = time_s(row.get("startTime")), time_s(row.get("endTime"))
    begun = time_s(row.get("completionStartTime"))
    hit = str(row.get("cache_hit")).lower() == "true"
    cost = number(first(row.get("spend"), row.get("response_cost")))
    read, wrote = number(row.get("prompt_tokens")), number(row.get("completion_tokens"))
    said, answer = prompt_of(asked), answer_of(response or None)
    metadata = mapping(row.get("metadata"))
    parameters = mapping(first(row.get("model_parameters"), row.get("proxy_server_request")))
    took = number(row.get("request_duration_ms"))
    return Call(
        id=word(first(row.get("request_id"), row.get("id"), row.get("litellm_call_id"))),
        trace_id=word(first(row.get("trace_id"), row.get("session_id"))),
        time_s=start,
        model=word(first(row.get("model"), row.get("model_group"))),
        provider=word(row.get("custom_llm_provider")),
        input_tokens=read,
        output_tokens=wrote,
        cached_tokens=number(mapping(usage.get("prompt_tokens_details")).get("cached_tokens")),
        reasoning_tokens=number(mapping(usage.get("completion_tokens_details")).get("reasoning_tokens")),
        # LiteLLM writes 0 for a model whose price it does not know.
        cost_usd=None if cost == 0 and not hit and ((read or 0) + (wrote or 0)) > 0 else cost,
        latency_ms=took if took is not None else _elapsed_ms(start, end),
        ttft_ms=_elapsed_ms(start, begun) if begun != end else None,
        temperature=number(parameters.get("temperature")),
        system=said.system,
        prompt=said.prompt,
        history_characters=said.history_characters,
        turns=said.turns,
        answer=answer.text,
        tool_calls=answer.tool_calls,
        tool_text=answer.tools,
        task_key=_tag(row.get("request_tags"))
        or task_key(metadata, mapping(metadata.get("requester_metadata")), {"agent": row.get("agent_id")}),
        status="error" if str(row.get("status")).lower() in ("failure", "error", "failed") else "ok",
    )


def langfuse_call(row: Row) -> Call | None:
    """The call of an observation of Langfuse; None for its spans and events."""
    kind = str(first(row.get("type"), "GENERATION")).upper()
    if kind not in _GENERATION_TYPES:
        return None
    usage = mapping(first(row.get("usage_details"), row.get("usageDetails"), row.get("usage")))
    start, end = time_s(first(row.get("start_time"), row.get("startTime"))), time_s(first(row.get("end_time"), row.get("endTime")))
    begun = time_s(first(row.get("completion_start_time"), row.get("completionStartTime")))
    said, answer = prompt_of(row.get("input")), answer_of(row.get("output"))
    parameters = mapping(first(row.get("model_parameters"), row.get("modelParameters")))
    tokens = _langfuse_tokens(usage)
    details = mapping(first(row.get("cost_details"), row.get("costDetails")))
    level = str(row.get("level")).upper()
    return Call(
        id=word(row.get("id")),
        parent_id=word(first(row.get("parent_observation_id"), row.get("parentObservationId"))),
        trace_id=word(first(row.get("trace_id"), row.get("traceId"))),
        time_s=start,
        model=word(first(row.get("provided_model_name"), row.get("providedModelName"), row.get("model"))),
        input_tokens=tokens.read,
        output_tokens=tokens.wrote,
        cached_tokens=tokens.cached,
        reasoning_tokens=tokens.thought,
        cost_usd=number(first(row.get("total_cost"), row.get("totalCost"), details.get("total"), row.get("calculatedTotalCost"))),
        # `latency` and `time_to_first_token` changed from ms to s in 2026; the two times say the same without doubt.
        latency_ms=_elapsed_ms(start, end),
        ttft_ms=_elapsed_ms(start, begun),
        temperature=number(parameters.get("temperature")),
        system=said.system,
        prompt=said.prompt,
        history_characters=said.history_characters,
        turns=said.turns,
        answer=answer.text,
        tool_calls=answer.tool_calls or len(items(first(row.get("tool_calls"), row.get("toolCalls"), row.get("tool_call_names")))),
        tool_text=first(answer.tools, _tool_text(items(first(row.get("tool_calls"), row.get("toolCalls"))))),
        task_key=_a_task(word(first(row.get("prompt_name"), row.get("promptName")))) or _a_task(word(row.get("name"))),
        status="error" if level == "ERROR" else "ok",
    )


class _Tokens(NamedTuple):
    read: float | None
    """Cached ones included."""
    wrote: float | None
    """Reasoning included."""
    cached: float | None
    thought: float | None


def _langfuse_tokens(usage: Row) -> _Tokens:
    """The counts of an observation. Cached and reasoning tokens stand apart from the rest, unless input and output alone are the total."""
    counts = {key: value for key, raw in usage.items() if (value := number(raw)) is not None}
    cached = first(*(counts.get(key) for key in _CACHED))
    thought = first(*(counts.get(key) for key in _THOUGHT))
    read, wrote = first(counts.get("input"), counts.get("prompt_tokens")), first(counts.get("output"), counts.get("completion_tokens"))
    total = counts.get("total")
    inside = total is not None and read is not None and total == read + (wrote or 0.0)
    if not inside:
        read = _with_parts(read, counts, "input", _READ_BESIDE)
        wrote = _with_parts(wrote, counts, "output", ())
    return _Tokens(read, wrote, cached, thought)


def _with_parts(whole: float | None, counts: Mapping[str, float], side: str, beside: tuple[str, ...]) -> float | None:
    parts = [value for key, value in counts.items() if key.startswith(f"{side}_") or key in beside]
    return (whole or 0.0) + sum(parts) if whole is not None or parts else None


def _tool_text(calls: list[Any]) -> str | None:
    """The calls of functions as JSON; Langfuse writes each as text."""
    return json.dumps([decoded(one) for one in calls], ensure_ascii=False) if calls else None


def task_key(*where: Row) -> str | None:
    """The name that a log has for the task, from the first of its places that has one."""
    return next((found for place in where for key in KEYS if (found := _a_task(word(place.get(key)))) is not None), None)


def _a_task(name: str | None) -> str | None:
    return None if name is None or NO_TASK.fullmatch(name) else name


def _tag(tags: Any) -> str | None:  # noqa: ANN401  (JSON)
    named = [found for one in items(tags) if (found := _a_task(word(one))) is not None and not found.startswith("User-Agent")]
    return named[0] if named else None


def _elapsed_ms(start: float | None, end: float | None) -> float | None:
    return (end - start) * 1000 if start is not None and end is not None and end >= start else None
