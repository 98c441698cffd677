"""Plain chat-completion logs, read by the engine itself: one call a line with `request` and `response`, texts as texts.

The same calls as `formats.chat_call` makes of them, some thirty times faster. A row that is anything else does not fit, and
its file is then read row by row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slmdecide.errors import SlmdecideError
from slmdecide.traffic.files import CutOffError, rows
from slmdecide.traffic.formats import KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import ibis.expr.types as ir

_LOOKED_AT = 20
"""Rows of a file that must look plain."""
_MOST_CHARACTERS = 20_000
"""Of a text; a longer one is shortened when it is read row by row."""
_MESSAGES = "STRUCT(role VARCHAR, content JSON)[]"
_REQUEST = f"STRUCT(model VARCHAR, messages {_MESSAGES}, temperature DOUBLE, metadata JSON, prompt JSON, input JSON, instructions JSON)"
_USAGE = (
    "STRUCT(prompt_tokens DOUBLE, completion_tokens DOUBLE, input_tokens JSON, output_tokens JSON, cost DOUBLE,"
    " prompt_tokens_details STRUCT(cached_tokens DOUBLE), completion_tokens_details STRUCT(reasoning_tokens DOUBLE))"
)
_CHOICES = "STRUCT(message STRUCT(role VARCHAR, content JSON, tool_calls JSON, function_call JSON, parts JSON))[]"
_RESPONSE = f"STRUCT(id VARCHAR, created DOUBLE, model VARCHAR, choices {_CHOICES}, usage {_USAGE}, error JSON, output JSON)"
_NUMBERS = ("latency_ms", "ttft_ms")
_REFUSED = ("metadata", "error", "usage", "timestamp", "created_at", "time", "duration_ms", "cost", "cost_usd", "session_id", *KEYS)
"""Fields of a row that are left to the reading row by row, for all that they may hold."""
COLUMNS: Mapping[str, str] = {
    "request": _REQUEST,
    "response": _RESPONSE,
    "trace_id": "VARCHAR",
    "conversation_id": "JSON",
    "provider": "VARCHAR",
    **dict.fromkeys(_NUMBERS, "DOUBLE"),
    **dict.fromkeys(_REFUSED, "JSON"),
}
"""What the engine reads of a line; it skips the rest."""


def looks_plain(path: Path) -> bool:
    """Whether the first rows of a file are of this kind, and the file is no compressed one."""
    if path.suffix.lower() not in (".jsonl", ".json", ".ndjson", ".log"):
        return False
    try:
        for position, row in enumerate(rows(path)):
            if position >= _LOOKED_AT:
                return True
            value = row.value
            if value is None or not isinstance(value.get("request"), dict) or not isinstance(value.get("response"), dict):
                return False
            if not isinstance(value["request"].get("messages"), list) or any(value.get(name) is not None for name in _REFUSED):
                return False
    except (CutOffError, SlmdecideError):
        return False
    return True


def read(connection: Any, paths: Sequence[Path]) -> ir.Table:  # noqa: ANN401  (an Ibis connection)
    """The lines of the files, with `filename`; what cannot be read is a row of NULLs."""
    return connection.read_json(
        [str(path) for path in paths],
        columns=dict(COLUMNS),
        format="newline_delimited",
        ignore_errors=True,
        filename=True,
    )


def plain_calls(lines: ir.Table) -> ir.Table:
    """The canonical calls, with `file` and `fits`: whether the row is a plain one."""
    import ibis  # noqa: PLC0415  (heavy)

    request, response = lines.request, lines.response
    usage, message = response.usage, response.choices[0].message
    messages = request.messages
    texts = messages.map(lambda one: one.content.str.fill_null(""))
    system = messages.filter(lambda one: one.role.isin(["system", "developer"])).map(lambda one: one.content.str.fill_null(""))
    users = messages.filter(lambda one: one.role == "user").map(lambda one: one.content.str.fill_null(""))
    system_text, prompt = system.join("\n").nullif(""), ibis.ifelse(users.length() > 0, users[users.length() - 1], ibis.null("string"))
    lengths = texts.map(lambda one: one.length())
    whole = lengths.sums().fill_null(0)
    of_system = system.map(lambda one: one.length()).sums().fill_null(0)
    odd = messages.filter(
        lambda one: one.content.str.isnull() | one.role.isnull() | one.role.notin(["system", "developer", "user", "assistant", "tool"])
    )
    answer = message.content.str
    refused = ibis.or_(
        *(lines[name].notnull() for name in _REFUSED),
        *(request[name].notnull() for name in ("metadata", "prompt", "input", "instructions")),
    )
    fits = (
        messages.notnull()
        & (messages.length() > 0)
        & (odd.length() == 0)
        & (lengths.maxs().fill_null(0) <= _MOST_CHARACTERS)
        & response.choices.notnull()
        & message.notnull()
        & (answer.notnull() | message.tool_calls.notnull())
        & (answer.fill_null("").length() <= _MOST_CHARACTERS)
        & message.parts.isnull()
        & response.error.isnull()
        & response.output.isnull()
        & usage.input_tokens.isnull()
        & usage.output_tokens.isnull()
        & lines.conversation_id.isnull()
        & ~refused
    ).fill_null(False)
    tools = message.tool_calls.array.length().fill_null(0) + message.function_call.notnull().cast("int64")
    return lines.select(
        part=ibis.literal("call"),
        id=response.id.strip(),
        parent_id=ibis.null("string"),
        trace_id=lines.trace_id.strip(),
        time_s=response.created,
        model=ibis.coalesce(response.model, request.model).strip(),
        provider=lines.provider.strip(),
        input_tokens=_at_least_0(usage.prompt_tokens),
        output_tokens=_at_least_0(usage.completion_tokens),
        cached_tokens=_at_least_0(usage.prompt_tokens_details.cached_tokens),
        reasoning_tokens=_at_least_0(usage.completion_tokens_details.reasoning_tokens),
        cost_usd=_at_least_0(usage.cost),
        latency_ms=_at_least_0(lines.latency_ms),
        ttft_ms=_at_least_0(lines.ttft_ms),
        temperature=_at_least_0(request.temperature),
        system=system_text,
        prompt=prompt,
        history_characters=whole - of_system - prompt.fill_null("").length(),
        turns=messages.filter(lambda one: one.role == "assistant").length(),
        answer=answer,
        tool_calls=tools,
        task_key=ibis.null("string"),
        status=ibis.literal("ok"),
        file=lines.filename,
        fits=fits,
    )


def _at_least_0(value: ir.FloatingValue) -> Any:  # noqa: ANN401  (a number, or NULL)
    import ibis  # noqa: PLC0415  (heavy)

    return ibis.ifelse(value >= 0, value, ibis.null("float64"))
