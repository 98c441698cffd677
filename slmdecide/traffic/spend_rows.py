"""LiteLLM's table, read by the database itself: its rows as calls.

The same calls as `formats.litellm_call` makes of them, but none of their texts leaves the database. A row that holds anything
else than is read here for sure, such as a message of several parts, does not fit, and is then read row by row.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from slmdecide.traffic.formats import CHAT_TYPES
from slmdecide.traffic.postgres_json import (
    are_kinds,
    as_text,
    at,
    function,
    holds,
    is_filled,
    is_kind,
    is_none,
    is_number_or_none,
    lowered,
    nth,
    number_at,
    seconds,
    size,
    whole,
    word,
)
from slmdecide.traffic.spend_texts import NAMED, TAGGED, answer_in, said_in, task_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import ibis.expr.types as ir

    Fence = Callable[[str, ir.Table], ir.Table]
    """Names a table whose columns are then computed once for each row, however often they are asked for."""

TYPES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("request_id", "call_type", "model", "model_group", "custom_llm_provider", "cache_hit", "session_id"), ("text",)),
    **dict.fromkeys(("status", "agent_id", "litellm_call_id"), ("text",)),
    **dict.fromkeys(("spend", "prompt_tokens", "completion_tokens", "request_duration_ms"), ("integer", "bigint", "double precision")),
    **dict.fromkeys(("startTime", "endTime", "completionStartTime"), ("timestamp without time zone", "timestamp with time zone")),
    **dict.fromkeys(("messages", "proxy_server_request", "response", "metadata", "request_tags"), ("jsonb",)),
}
"""Columns that are read, with the types that each may have, as the database names them."""
NEEDED = ("request_id", "call_type", "spend", "startTime")
"""Of these the least that LiteLLM's table has."""
STRANGE = ("id", "trace_id", "response_cost", "model_parameters")
"""Columns that it has not, and that would be read too where there are any."""
_JSON = ("messages", "proxy_server_request", "response", "metadata", "request_tags")
_PROMPTS = ("messages", "input", "prompt")
"""Where a request holds its prompt; the first that is there counts."""
_FAILED = ("failure", "error", "failed")
_MOST = sys.float_info.max
"""What is larger is infinite, or no number."""


def spend_calls(rows: ir.Table, fence: Fence, below: str | None = None) -> ir.Table:
    """The canonical calls, with `model_call`: whether the row is a call of a chat model, and `fits`: whether it is read for sure.

    `rows` has the columns of `TYPES` under names that begin with `raw_`, and perhaps others, which stay. `below`: only rows whose
    draw lies below this word, and those that have no id.
    """
    if below is not None:
        its = _id(rows)
        rows = rows.filter(its.isnull() | (its.hexdigest("md5") < below))
    unpacked = fence("unpacked", rows.mutate(**{name: whole(rows[f"raw_{name}"]) for name in _JSON}))
    found = fence("found", unpacked.mutate(**_found(unpacked)))
    parts = fence("parts", found.mutate(**_parts(found)))
    pieces = fence("pieces", parts.mutate(**_pieces(parts)))
    return fence("calls", pieces.select(*(name for name in rows.columns), **_call(pieces)))


def _id(rows: ir.Table) -> Any:  # noqa: ANN401  (a word)
    import ibis  # noqa: PLC0415  (heavy)

    return word(ibis.coalesce(rows.raw_request_id, rows.raw_litellm_call_id))


def _found(rows: ir.Table) -> dict[str, Any]:
    """What was asked, whether there is a reply, and what these and the metadata hold on their highest level."""
    import ibis  # noqa: PLC0415  (heavy)

    messages, body, none = rows.messages, rows.proxy_server_request, ibis.null("jsonb")
    return {
        "asked": ibis.cases((is_filled(messages), messages), (is_filled(body), body), else_=none),
        "replied": is_filled(rows.response),
        "choices": at(rows.response, "choices"),
        "usage_of_reply": at(rows.response, "usage"),
        "usage_of_metadata": at(rows.metadata, "usage_object"),
        "caller": at(rows.metadata, "requester_metadata"),
        "named": holds(rows.metadata, NAMED),
        "tagged": is_kind(rows.request_tags, "array") & holds(rows.request_tags, TAGGED),
    }


def _parts(rows: ir.Table) -> dict[str, Any]:
    """The messages or the text of the prompt, the message of the answer, the usage."""
    import ibis  # noqa: PLC0415  (heavy)

    asked, none = rows.asked, ibis.null("jsonb")
    body = is_kind(asked, "object")
    inside = ibis.cases(*((~is_none(at(asked, name)), at(asked, name)) for name in _PROMPTS), else_=none)
    system, instructions = at(asked, "system"), at(asked, "instructions")
    choice = nth(rows.choices, 0)
    return {
        "said": ibis.cases((is_kind(asked, "array"), asked), (body, inside), else_=none),
        "instructions": ibis.cases((body & ~is_none(system), system), (body & ~is_none(instructions), instructions), else_=none),
        "message": ibis.ifelse(is_kind(rows.choices, "array") & is_kind(choice, "object"), at(choice, "message"), none),
        "usage": ibis.ifelse(is_filled(rows.usage_of_reply), rows.usage_of_reply, rows.usage_of_metadata),
        "caller_named": holds(rows.caller, NAMED),
    }


def _pieces(rows: ir.Table) -> dict[str, Any]:
    """What is looked at more than once."""
    import ibis  # noqa: PLC0415  (heavy)

    said = rows.said
    return {
        "listed": is_kind(said, "array"),
        "n": size(said),
        "said_text": as_text(said),
        "instructed": as_text(rows.instructions),
        "first": nth(said, 0),
        "last": nth(said, -1),
        "content": at(rows.message, "content"),
        "calls_of_tools": at(rows.message, "tool_calls"),
        "call_of_function": at(rows.message, "function_call"),
        "read_details": at(rows.usage, "prompt_tokens_details"),
        "wrote_details": at(rows.usage, "completion_tokens_details"),
        "read": _at_least_0(rows.raw_prompt_tokens),
        "wrote": _at_least_0(rows.raw_completion_tokens),
        "cost": _at_least_0(rows.raw_spend),
        "took": _at_least_0(rows.raw_request_duration_ms),
        "start": seconds(rows.raw_startTime),
        "end": seconds(rows.raw_endTime),
        "begun": seconds(rows.raw_completionStartTime),
        "kind": word(rows.raw_call_type),
        "none": ibis.null("string"),
    }


def _call(rows: ir.Table) -> dict[str, Any]:
    import ibis  # noqa: PLC0415  (heavy)

    said, answer, task = said_in(rows), answer_in(rows), task_in(rows)
    hit = (lowered(rows.raw_cache_hit) == "true").fill_null(False)
    free = (rows.cost == 0) & ~hit & (rows.read.fill_null(0) + rows.wrote.fill_null(0) > 0)
    turned = function("reverse", "string", "string")
    ending = turned(function("split_part", "string", "string", "string", "int32")(turned(rows.kind), ".", 1))
    fits = (
        said.fits
        & answer.fits
        & task.fits
        & are_kinds("object", "null", values=(rows.usage_of_reply, rows.usage_of_metadata, rows.read_details, rows.wrote_details))
        & is_number_or_none(rows.read_details, "cached_tokens")
        & is_number_or_none(rows.wrote_details, "reasoning_tokens")
        & is_number_or_none(rows.proxy_server_request, "temperature")
    )
    return {
        "part": ibis.literal("call"),
        "id": _id(rows),
        "parent_id": ibis.null("string"),
        "trace_id": word(rows.raw_session_id),
        "time_s": rows.start,
        "model": word(ibis.coalesce(rows.raw_model, rows.raw_model_group)),
        "provider": word(rows.raw_custom_llm_provider),
        "input_tokens": rows.read,
        "output_tokens": rows.wrote,
        "cached_tokens": number_at(rows.read_details, "cached_tokens"),
        "reasoning_tokens": number_at(rows.wrote_details, "reasoning_tokens"),
        # LiteLLM writes 0 for a model whose price it does not know.
        "cost_usd": ibis.ifelse(free.fill_null(False), ibis.null("float64"), rows.cost),
        "latency_ms": rows.took.fill_null(_elapsed_ms(rows.start, rows.end)),
        "ttft_ms": ibis.ifelse((rows.begun == rows.end).fill_null(False), ibis.null("float64"), _elapsed_ms(rows.start, rows.begun)),
        "temperature": number_at(rows.proxy_server_request, "temperature"),
        "system": said.system,
        "prompt": said.prompt,
        "history_characters": said.history_characters.cast("int64"),
        "turns": said.turns.cast("int64"),
        "answer": answer.text,
        "tool_calls": answer.tool_calls.cast("int64"),
        "tool_text": answer.tool_text,
        "task_key": task.name,
        "status": ibis.ifelse(lowered(rows.raw_status).isin(_FAILED).fill_null(False), "error", "ok"),
        "model_call": rows.kind.isnull() | ending.isin(CHAT_TYPES),
        "fits": fits.fill_null(False),
    }


def _at_least_0(value: Any) -> Any:  # noqa: ANN401  (expressions)
    import ibis  # noqa: PLC0415  (heavy)

    found = value.cast("float64")
    return ibis.ifelse(found.between(0, _MOST), found, ibis.null("float64"))


def _elapsed_ms(start: Any, end: Any) -> Any:  # noqa: ANN401  (expressions)
    import ibis  # noqa: PLC0415  (heavy)

    return ibis.ifelse(end >= start, (end - start) * 1000, ibis.null("float64"))
