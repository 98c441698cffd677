"""Which calls are in a line of OTLP JSON? GenAI semantic conventions, attribute names of all versions since 1.27.

Every span comes out: calls of models as calls, all others as spans, since the calls that only wrap others are found by
what lies below them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from slmdecide.records.traffic import Call
from slmdecide.traffic.values import answer_of, conversation, decoded, first, items, mapping, number, prompt_of, text_of, time_s, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Row = Mapping[str, Any]

_MODEL_OPERATIONS = ("chat", "text_completion", "generate_content", "completion")
_NUMBERED = re.compile(r"gen_ai\.(prompt|completion)\.(\d+)\.(role|content)")
_PROMPT_EVENTS = {"gen_ai.system.message": "system", "gen_ai.user.message": "user", "gen_ai.assistant.message": "assistant"}
_DEEPEST = 20


def spans(row: Row) -> Iterator[Call]:
    """Every span of an export request."""
    for resource in items(first(row.get("resourceSpans"), row.get("resource_spans"))):
        holder = mapping(resource)
        for scope in items(first(holder.get("scopeSpans"), holder.get("scope_spans"), holder.get("instrumentationLibrarySpans"))):
            for span in items(mapping(scope).get("spans")):
                if isinstance(span, dict):
                    yield _call(span)


def value_of(wrapped: Any, depth: int = 0) -> Any:  # noqa: ANN401  (JSON)
    """The plain value of OTLP's `AnyValue`; int64 stand in JSON as text."""
    if not isinstance(wrapped, dict) or depth > _DEEPEST:
        return wrapped
    kind, value = next(iter(wrapped.items()), (None, None))
    if kind == "intValue":
        return number(value)
    if kind == "arrayValue":
        return [value_of(one, depth + 1) for one in items(mapping(value).get("values"))]
    if kind == "kvlistValue":
        return {str(mapping(one).get("key")): value_of(mapping(one).get("value"), depth + 1) for one in items(mapping(value).get("values"))}
    return value if kind in ("stringValue", "doubleValue", "boolValue", "bytesValue") else wrapped


def _attributes(holder: Row) -> dict[str, Any]:
    found = holder.get("attributes")
    if isinstance(found, dict):
        return found
    return {str(one.get("key")): value_of(one.get("value")) for one in items(found) if isinstance(one, dict)}


def _call(span: Row) -> Call:
    said = _attributes(span)
    ids: dict[str, Any] = {
        "id": word(first(span.get("spanId"), span.get("span_id"))),
        "parent_id": word(first(span.get("parentSpanId"), span.get("parent_span_id"))),
        "trace_id": word(first(span.get("traceId"), span.get("trace_id"))),
    }
    if not _is_model_call(said):
        return Call(part="span", **ids)
    usage = "gen_ai.usage."
    events = [mapping(one) for one in items(span.get("events"))]
    asked, answer = _asked(said, events), _answered(said, events)
    start, end = (
        time_s(first(span.get("startTimeUnixNano"), span.get("start_time"))),
        time_s(first(span.get("endTimeUnixNano"), span.get("end_time"))),
    )
    first_chunk_s = number(first(said.get("gen_ai.response.time_to_first_chunk"), said.get("gen_ai.server.time_to_first_token")))
    status = mapping(span.get("status")).get("code")
    return Call(
        **ids,
        time_s=start,
        model=word(first(said.get("gen_ai.response.model"), said.get("gen_ai.request.model"))),
        provider=word(first(said.get("gen_ai.provider.name"), said.get("gen_ai.system"))),
        input_tokens=number(
            first(said.get(f"{usage}input_tokens"), said.get(f"{usage}prompt_tokens"), said.get("llm.usage.prompt_tokens"))
        ),
        output_tokens=number(
            first(said.get(f"{usage}output_tokens"), said.get(f"{usage}completion_tokens"), said.get("llm.usage.completion_tokens"))
        ),
        cached_tokens=number(first(said.get(f"{usage}cache_read.input_tokens"), said.get(f"{usage}cache_read_input_tokens"))),
        reasoning_tokens=number(first(said.get(f"{usage}reasoning.output_tokens"), said.get(f"{usage}reasoning_tokens"))),
        cost_usd=number(first(said.get(f"{usage}cost.amount"), said.get(f"{usage}cost"))),
        latency_ms=(end - start) * 1000 if start is not None and end is not None and end >= start else None,
        ttft_ms=first_chunk_s * 1000 if first_chunk_s is not None else None,
        temperature=number(said.get("gen_ai.request.temperature")),
        system=asked.system,
        prompt=asked.prompt,
        history_characters=asked.history_characters,
        turns=asked.turns,
        answer=answer.text,
        tool_calls=answer.tool_calls,
        tool_text=answer.tools,
        task_key=word(first(said.get("gen_ai.agent.name"), said.get("gen_ai.prompt.name"), said.get("gen_ai.workflow.name"))),
        status="error" if status in (2, "STATUS_CODE_ERROR", "ERROR") or "error.type" in said else "ok",
    )


def _is_model_call(said: Row) -> bool:
    operation = said.get("gen_ai.operation.name")
    if operation is not None:
        return operation in _MODEL_OPERATIONS
    kind = said.get("llm.request.type")
    if kind is not None:
        return kind in ("chat", "completion")
    return ("gen_ai.request.model" in said or "gen_ai.response.model" in said) and any(key.startswith("gen_ai.usage.") for key in said)


def _asked(said: Row, events: list[Row]) -> Any:  # noqa: ANN401  (a Conversation)
    instructions = decoded(first(said.get("gen_ai.system_instructions"), said.get("gen_ai.request.system_instructions")))
    whole = first(
        said.get("gen_ai.input.messages"), said.get("gen_ai.prompt"), *_of_events(events, "gen_ai.content.prompt", "gen_ai.prompt")
    )
    if whole is not None:
        return prompt_of({"messages": decoded(whole), "system": instructions})
    numbered = _numbered(said, "prompt")
    if numbered:
        return conversation(numbered, instructions)
    found = []
    for event in events:
        role = _PROMPT_EVENTS.get(str(event.get("name")))
        if role is not None:
            found.append({"role": role, "content": text_of(_attributes(event).get("content"))})
    details = _of_events(events, "gen_ai.client.inference.operation.details", "gen_ai.input.messages")
    return prompt_of({"messages": decoded(details[0]), "system": instructions}) if details else conversation(found, instructions)


def _answered(said: Row, events: list[Row]) -> Any:  # noqa: ANN401  (an Answer)
    whole = first(
        said.get("gen_ai.output.messages"),
        said.get("gen_ai.completion"),
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
    for key, value in said.items():
        match = _NUMBERED.fullmatch(key)
        if match is not None and match[1] == kind:
            found.setdefault(int(match[2]), {})[match[3]] = items(value) or value
    return [found[position] for position in sorted(found)]
