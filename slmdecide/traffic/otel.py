"""Which calls are in a line of OTLP JSON? GenAI semantic conventions, attribute names of all versions since 1.27.

Every span comes out: calls of models as calls, all others as spans, since the calls that only wrap others are found by
what lies below them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from slmdecide.records.traffic import Call
from slmdecide.traffic.cells import COLUMNS, Cells, call_of
from slmdecide.traffic.values import (
    Answer,
    Conversation,
    answer_of,
    conversation,
    decoded,
    either,
    elapsed_ms,
    first,
    items,
    mapping,
    number,
    prompt_in,
    text_of,
    time_s,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Row = Mapping[str, Any]

_MODEL_OPERATIONS = ("chat", "text_completion", "generate_content", "completion")
_NUMBERED = re.compile(r"gen_ai\.(prompt|completion)\.(\d+)\.(role|content)")
_PROMPT_EVENTS = {"gen_ai.system.message": "system", "gen_ai.user.message": "user", "gen_ai.assistant.message": "assistant"}
_DEEPEST = 20
_PLAIN = ("stringValue", "doubleValue", "boolValue", "bytesValue")
_FAILED = (2, "STATUS_CODE_ERROR", "ERROR")
_IDS = 4
_NO_CALL: Any = tuple(getattr(Call(), name) for name in COLUMNS[_IDS:])
"""The cells of a span after its ids."""


def spans(row: Row) -> Iterator[Call]:
    """Every span of an export request."""
    return map(call_of, span_cells(row))


def span_cells(row: Row) -> Iterator[Cells]:
    """The cells of `spans`."""
    for resource in items(either(row, "resourceSpans", "resource_spans")):
        for scope in items(either(mapping(resource), "scopeSpans", "scope_spans", "instrumentationLibrarySpans")):
            for span in items(mapping(scope).get("spans")):
                if isinstance(span, dict):
                    yield _cells(span)


def value_of(wrapped: Any, depth: int = 0) -> Any:  # noqa: ANN401  (JSON)
    """The plain value of OTLP's `AnyValue`; int64 stand in JSON as text."""
    if not isinstance(wrapped, dict) or depth > _DEEPEST:
        return wrapped
    kind, value = next(iter(wrapped.items()), (None, None))
    if kind in _PLAIN:
        return value
    if kind == "intValue":
        return number(value)
    if kind == "arrayValue":
        return [value_of(one, depth + 1) for one in items(mapping(value).get("values"))]
    if kind == "kvlistValue":
        return {str(mapping(one).get("key")): value_of(mapping(one).get("value"), depth + 1) for one in items(mapping(value).get("values"))}
    return wrapped


def _attributes(holder: Row) -> dict[str, Any]:
    found = holder.get("attributes")
    if isinstance(found, dict):
        return found
    return {str(one.get("key")): value_of(one.get("value")) for one in items(found) if isinstance(one, dict)}


def _cells(span: Row) -> Cells:
    said = _attributes(span)
    identifier, parent = word(either(span, "spanId", "span_id")), word(either(span, "parentSpanId", "parent_span_id"))
    trace = word(either(span, "traceId", "trace_id"))
    if not _is_model_call(said):
        return ("span", identifier, parent, trace, *_NO_CALL)
    events = [mapping(one) for one in items(span.get("events"))]
    asked, answer = _asked(said, events), _answered(said, events)
    start, end = time_s(either(span, "startTimeUnixNano", "start_time")), time_s(either(span, "endTimeUnixNano", "end_time"))
    first_chunk_s = number(either(said, "gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token"))
    return (
        "call",
        identifier,
        parent,
        trace,
        start,
        word(either(said, "gen_ai.response.model", "gen_ai.request.model")),
        word(either(said, "gen_ai.provider.name", "gen_ai.system")),
        number(either(said, "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens")),
        number(either(said, "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens")),
        number(either(said, "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens")),
        number(either(said, "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens")),
        number(either(said, "gen_ai.usage.cost.amount", "gen_ai.usage.cost")),
        elapsed_ms(start, end),
        first_chunk_s * 1000 if first_chunk_s is not None else None,
        number(said.get("gen_ai.request.temperature")),
        asked.system,
        asked.prompt,
        asked.history_characters,
        asked.turns,
        answer.text,
        answer.tool_calls,
        answer.tools,
        word(either(said, "gen_ai.agent.name", "gen_ai.prompt.name", "gen_ai.workflow.name")),
        "error" if mapping(span.get("status")).get("code") in _FAILED or "error.type" in said else "ok",
    )


def _is_model_call(said: Row) -> bool:
    operation = said.get("gen_ai.operation.name")
    if operation is not None:
        return operation in _MODEL_OPERATIONS
    kind = said.get("llm.request.type")
    if kind is not None:
        return kind in ("chat", "completion")
    return ("gen_ai.request.model" in said or "gen_ai.response.model" in said) and any(key.startswith("gen_ai.usage.") for key in said)


def _asked(said: Row, events: list[Row]) -> Conversation:
    instructions = decoded(either(said, "gen_ai.system_instructions", "gen_ai.request.system_instructions"))
    whole = either(said, "gen_ai.input.messages", "gen_ai.prompt")
    if whole is None:
        whole = first(*_of_events(events, "gen_ai.content.prompt", "gen_ai.prompt"))
    if whole is not None:
        return prompt_in(whole, instructions)
    numbered = _numbered(said, "prompt")
    if numbered:
        return conversation(numbered, instructions)
    found = []
    for event in events:
        role = _PROMPT_EVENTS.get(str(event.get("name")))
        if role is not None:
            found.append({"role": role, "content": text_of(_attributes(event).get("content"))})
    details = _of_events(events, "gen_ai.client.inference.operation.details", "gen_ai.input.messages")
    return prompt_in(details[0], instructions) if details else conversation(found, instructions)


def _answered(said: Row, events: list[Row]) -> Answer:
    whole = either(said, "gen_ai.output.messages", "gen_ai.completion")
    if whole is None:
        whole = first(
            *_of_events(events, "gen_ai.content.completion", "gen_ai.completion"),
            *_of_events(events, "gen_ai.client.inference.operation.details", "gen_ai.output.messages"),
        )
    if whole is not None:
        return answer_of(whole)
    numbered = _numbered(said, "completion")
    if numbered:
        tools = sum(key.startswith("gen_ai.completion.0.tool_calls.") and key.endswith(".name") for key in said)
        return answer_of(numbered[0])._replace(tool_calls=tools)
    choices = [_attributes(event) for event in events if event.get("name") == "gen_ai.choice"]
    return answer_of(mapping(choices[0].get("message")) or choices[0]) if choices else answer_of(None)


def _of_events(events: list[Row], name: str, key: str) -> list[Any]:
    return [found for event in events if event.get("name") == name and (found := _attributes(event).get(key)) is not None]


def _numbered(said: Row, kind: str) -> list[dict[str, Any]]:
    """The messages of `gen_ai.prompt.0.role`, `gen_ai.prompt.0.content` and so on."""
    found: dict[int, dict[str, Any]] = {}
    start = f"gen_ai.{kind}."
    for key, value in said.items():
        if key.startswith(start) and (match := _NUMBERED.fullmatch(key)) is not None:
            found.setdefault(int(match[2]), {})[match[3]] = items(value) or value
    return [found[position] for position in sorted(found)]
