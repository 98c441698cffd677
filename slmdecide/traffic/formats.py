"""Which log format does a row have, and which call is it? One function a format; a row that is no model call gives None.

Field names: OpenAI's chat completion and batch objects; LiteLLM's SpendLogs (schema.prisma) and StandardLoggingPayload;
Langfuse's observations export. OpenTelemetry has its own module, since one of its rows holds many spans.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from slmdecide.records.traffic import BATCH, Call, LogFormat, Part
from slmdecide.traffic.cells import Cells, call_of
from slmdecide.traffic.values import (
    answer_of,
    decoded,
    either,
    elapsed_ms,
    first,
    items,
    mapping,
    number,
    prompt_in,
    prompt_of,
    time_s,
    word,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Mapping

    Row = Mapping[str, Any]

CHAT_TYPES = ("completion", "acompletion", "text_completion", "atext_completion", "responses", "aresponses", "anthropic_messages")
_LANGFUSE = frozenset(("provided_model_name", "usage_details", "usageDetails", "providedModelName"))
_BEGUN = frozenset(("input", "startTime", "start_time"))
_ASKED = frozenset(("messages", "prompt", "input"))
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
    if not _LANGFUSE.isdisjoint(row):
        return "langfuse"
    if row.get("type") in _OBSERVATION_TYPES and not _BEGUN.isdisjoint(row):
        return "langfuse"
    request = row.get("request")
    if isinstance(request, dict) and not _ASKED.isdisjoint(request):
        return "chat_log"
    if isinstance(row.get("messages"), list) or row.get("object") in ("chat.completion", "text_completion"):
        return "chat_log"
    return None


def chat_call(row: Row) -> Call | None:
    """The call of a chat-completion log: `request` and `response`, or their fields side by side; None for an embedding and the like."""
    cells = chat_cells(row)
    return None if cells is None else call_of(cells)


def chat_cells(row: Row) -> Cells | None:
    """The cells of `chat_call`."""
    request, response = mapping(row.get("request")), mapping(row.get("response"))
    if _writes_nothing(response):
        return None
    key = task_key(row, mapping(row.get("metadata")), mapping(request.get("metadata")))
    return _completion(row, request or row, response or row, key)


def _writes_nothing(reply: Row) -> bool:
    """Whether a reply is of an endpoint that writes no text: embeddings, moderation, images and ranking."""
    return ("data" in reply or "results" in reply) and either(reply, "choices", "output", "error") is None


def _completion(
    row: Row,
    body: Row,
    reply: Row,
    task_key: str | None,
    *,
    part: Part = "call",
    id: str | None = None,  # noqa: A002  (the field's name)
    provider: str | None = None,
    status: str | None = None,
) -> Cells:
    usage = mapping(first(reply.get("usage"), row.get("usage")))
    said = prompt_in(either(body, "messages", "prompt", "input"), body.get("instructions"))
    error = first(reply.get("error"), row.get("error"))
    said_back = first(reply.get("output"), reply) if reply is not row or "choices" in row else either(row, "response", "output")
    # What a failed call brought back is a message about the failure, unless there are choices too.
    answer = answer_of(None if error and "choices" not in reply and reply.get("output") is None else said_back)
    return (
        part,
        id if id is not None else word(first(reply.get("id"), row.get("id"))),
        None,  # parent_id
        word(either(row, "trace_id", "session_id", "conversation_id")),
        time_s(first(either(row, "timestamp", "created_at", "time"), either(reply, "created", "created_at"))),
        word(first(reply.get("model"), body.get("model"))),
        provider if provider is not None else word(row.get("provider")),
        number(either(usage, "prompt_tokens", "input_tokens")),
        number(either(usage, "completion_tokens", "output_tokens")),
        number(mapping(either(usage, "prompt_tokens_details", "input_tokens_details")).get("cached_tokens")),
        number(mapping(either(usage, "completion_tokens_details", "output_tokens_details")).get("reasoning_tokens")),
        number(first(either(row, "cost_usd", "cost"), usage.get("cost"))),
        number(either(row, "latency_ms", "duration_ms")),
        number(row.get("ttft_ms")),
        number(body.get("temperature")),
        said.system,
        said.prompt,
        said.history_characters,
        said.turns,
        answer.text,
        answer.tool_calls,
        answer.tools,
        task_key,
        status if status is not None else "error" if error else "ok",
    )


def batch_half(row: Row) -> Call | None:
    """A line of a batch: the half that asks, or the half that answers."""
    cells = batch_cells(row)
    return None if cells is None else call_of(cells)


def batch_cells(row: Row) -> Cells | None:
    """The cells of `batch_half`."""
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
    if _writes_nothing(reply):
        return None
    failed = row.get("error") is not None or (code is not None and code >= 400)  # noqa: PLR2004  (HTTP)
    return _completion({}, {}, reply, None, id=key, part="batch_output", status="error" if failed else "ok")


def litellm_call(row: Row) -> Call | None:
    """The call of a row of LiteLLM_SpendLogs, or of a StandardLoggingPayload."""
    cells = litellm_cells(row)
    return None if cells is None else call_of(cells)


def litellm_cells(row: Row) -> Cells | None:
    """The cells of `litellm_call`."""
    kind = word(row.get("call_type"))
    if kind is not None and kind.split(".")[-1] not in CHAT_TYPES:
        return None
    asked = decoded(row.get("messages")) or decoded(row.get("proxy_server_request")) or None
    response = decoded(row.get("response"))
    metadata = mapping(row.get("metadata"))
    usage = mapping(mapping(response).get("usage")) or mapping(metadata.get("usage_object"))
    start, end = time_s(row.get("startTime")), time_s(row.get("endTime"))
    begun = time_s(row.get("completionStartTime"))
    hit = str(row.get("cache_hit")).lower() == "true"
    cost = number(either(row, "spend", "response_cost"))
    read, wrote = number(row.get("prompt_tokens")), number(row.get("completion_tokens"))
    said, answer = prompt_of(asked), answer_of(response or None)
    parameters = mapping(either(row, "model_parameters", "proxy_server_request"))
    took = number(row.get("request_duration_ms"))
    return (
        "call",
        word(either(row, "request_id", "id", "litellm_call_id")),
        None,  # parent_id
        word(either(row, "trace_id", "session_id")),
        start,
        word(either(row, "model", "model_group")),
        word(row.get("custom_llm_provider")),
        read,
        wrote,
        number(mapping(usage.get("prompt_tokens_details")).get("cached_tokens")),
        number(mapping(usage.get("completion_tokens_details")).get("reasoning_tokens")),
        # LiteLLM writes 0 for a model whose price it does not know.
        None if cost == 0 and not hit and ((read or 0) + (wrote or 0)) > 0 else cost,
        took if took is not None else elapsed_ms(start, end),
        elapsed_ms(start, begun) if begun != end else None,
        number(parameters.get("temperature")),
        said.system,
        said.prompt,
        said.history_characters,
        said.turns,
        answer.text,
        answer.tool_calls,
        answer.tools,
        _tag(row.get("request_tags"))
        or task_key(metadata, mapping(metadata.get("requester_metadata")))
        or _a_task(word(row.get("agent_id"))),
        "error" if str(row.get("status")).lower() in ("failure", "error", "failed") else "ok",
    )


def langfuse_call(row: Row) -> Call | None:
    """The call of an observation of Langfuse; None for its spans and events."""
    cells = langfuse_cells(row)
    return None if cells is None else call_of(cells)


def langfuse_cells(row: Row) -> Cells | None:
    """The cells of `langfuse_call`."""
    kind = str(first(row.get("type"), "GENERATION")).upper()
    if kind not in _GENERATION_TYPES:
        return None
    tokens = _langfuse_tokens(mapping(either(row, "usage_details", "usageDetails", "usage")))
    start, end = time_s(either(row, "start_time", "startTime")), time_s(either(row, "end_time", "endTime"))
    begun = time_s(either(row, "completion_start_time", "completionStartTime"))
    said, answer = prompt_of(row.get("input")), answer_of(row.get("output"))
    parameters = mapping(either(row, "model_parameters", "modelParameters"))
    cost = either(row, "total_cost", "totalCost")
    if cost is None:
        cost = first(mapping(either(row, "cost_details", "costDetails")).get("total"), row.get("calculatedTotalCost"))
    called = items(either(row, "tool_calls", "toolCalls"))
    return (
        "call",
        word(row.get("id")),
        word(either(row, "parent_observation_id", "parentObservationId")),
        word(either(row, "trace_id", "traceId")),
        start,
        word(either(row, "provided_model_name", "providedModelName", "model")),
        None,  # provider
        tokens.read,
        tokens.wrote,
        tokens.cached,
        tokens.thought,
        number(cost),
        # `latency` and `time_to_first_token` changed from ms to s in 2026; the two times say the same without doubt.
        elapsed_ms(start, end),
        elapsed_ms(start, begun),
        number(parameters.get("temperature")),
        said.system,
        said.prompt,
        said.history_characters,
        said.turns,
        answer.text,
        answer.tool_calls or len(items(either(row, "tool_calls", "toolCalls", "tool_call_names"))),
        answer.tools if answer.tools is not None else _tool_text(called),
        _a_task(word(either(row, "prompt_name", "promptName"))) or _a_task(word(row.get("name"))),
        "error" if str(row.get("level")).upper() == "ERROR" else "ok",
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
    cached, thought = either(counts, *_CACHED), either(counts, *_THOUGHT)
    read, wrote = either(counts, "input", "prompt_tokens"), either(counts, "output", "completion_tokens")
    total = counts.get("total")
    inside = total is not None and read is not None and total == read + (wrote or 0.0)
    if not inside:
        read = _with_parts(read, counts, "input_", _READ_BESIDE)
        wrote = _with_parts(wrote, counts, "output_", ())
    return _Tokens(read, wrote, cached, thought)


def _with_parts(whole: float | None, counts: Mapping[str, float], side: str, beside: tuple[str, ...]) -> float | None:
    parts = [value for key, value in counts.items() if key.startswith(side) or key in beside]
    return (whole or 0.0) + sum(parts) if whole is not None or parts else None


def _tool_text(calls: list[Any]) -> str | None:
    """The calls of functions as JSON; Langfuse writes each as text."""
    return json.dumps([decoded(one) for one in calls], ensure_ascii=False) if calls else None


def task_key(*where: Row) -> str | None:
    """The name that a log has for the task, from the first of its places that has one."""
    for place in where:
        if place and not _KEY_NAMES.isdisjoint(place):
            for key in KEYS:
                name = place.get(key)
                if name is not None and (found := _a_task(word(name))) is not None:
                    return found
    return None


_KEY_NAMES = frozenset(KEYS)


def _a_task(name: str | None) -> str | None:
    return None if name is None or NO_TASK.fullmatch(name) else name


def _tag(tags: Any) -> str | None:  # noqa: ANN401  (JSON)
    for one in items(tags):
        if (found := _a_task(word(one))) is not None and not found.startswith("User-Agent"):
            return found
    return None
