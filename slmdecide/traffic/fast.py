"""Plain chat-completion logs, read by the engine itself: one call a line with `request` and `response`, texts as texts.

The same calls as `formats.chat_call` makes of them, some thirty times faster. A row that is anything else does not fit, and
is then read row by row.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from slmdecide.errors import SlmdecideError
from slmdecide.traffic.files import CutOffError, holds_lines, rows
from slmdecide.traffic.formats import KEYS, NO_TASK
from slmdecide.traffic.values import UNITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import ibis.expr.types as ir

_LOOKED_AT = 20
"""Rows of a file that must look plain."""
_MOST = 1e300
"""A larger number is infinite, or no measure of anything."""
_HASHES = 2**64
"""Values of the engine's hash."""
_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_NUMBERS = ("latency_ms", "duration_ms", "ttft_ms", "cost_usd", "cost")
_TIMES = ("timestamp", "created_at", "time")
"""Of a row; the first that is there counts."""
_REFUSED = ("error", "usage")
"""Fields of a row that are left to the reading row by row, for all that they may hold."""
_FIELDS: Mapping[str, Any] = {
    "request": {
        "model": "VARCHAR",
        "messages": [{"role": "VARCHAR", "content": "VARCHAR"}],
        "temperature": "DOUBLE",
        **dict.fromkeys(("metadata", "prompt", "input", "instructions"), "JSON"),
    },
    "response": {
        "id": "VARCHAR",
        "created": "DOUBLE",
        "model": "VARCHAR",
        "choices": [{"message": {"content": "VARCHAR", "tool_calls": "JSON", "function_call": "JSON", "parts": "JSON"}}],
        "usage": {
            **dict.fromkeys(("prompt_tokens", "completion_tokens", "cost"), "DOUBLE"),
            **dict.fromkeys(("input_tokens", "output_tokens"), "JSON"),
            "prompt_tokens_details": {"cached_tokens": "DOUBLE"},
            "completion_tokens_details": {"reasoning_tokens": "DOUBLE"},
        },
        **dict.fromkeys(("error", "output"), "JSON"),
    },
    "metadata": "JSON",
    **dict.fromkeys(("trace_id", "session_id", "conversation_id", "provider", *_TIMES, *KEYS), "VARCHAR"),
    **dict.fromkeys(_NUMBERS, "DOUBLE"),
    **dict.fromkeys(_REFUSED, "JSON"),
}
"""What the engine reads of a line, as types of DuckDB; it skips the rest."""
_PARSED = f"from_json(line, '{json.dumps(_FIELDS)}')"


def looks_plain(path: Path) -> bool:
    """Whether the first rows of a file are of this kind, and the file is no compressed one."""
    # The engine would take a name with such a character for a pattern.
    if path.suffix.lower() not in (".jsonl", ".json", ".ndjson", ".log") or any(one in str(path.absolute()) for one in "*?[{"):
        return False
    try:
        return holds_lines(path) and all(_is_plain(row.value) for row in islice(rows(path), _LOOKED_AT))
    except (CutOffError, SlmdecideError, OSError):
        return False


def _is_plain(row: Mapping[str, Any] | None) -> bool:
    if row is None or not isinstance(row.get("request"), dict) or not isinstance(row.get("response"), dict):
        return False
    return isinstance(row["request"].get("messages"), list) and not any(row.get(name) is not None for name in _REFUSED)


def read(connection: Any, paths: Sequence[Path]) -> ir.Table:  # noqa: ANN401  (an Ibis connection)
    """The lines of the files, with `filename`; what cannot be read is a row of NULLs."""
    return connection.read_json(
        [str(path.absolute()) for path in paths],
        columns={name: _type(field) for name, field in _FIELDS.items()},
        format="newline_delimited",
        ignore_errors=True,
        filename=True,
    )


def read_share(connection: Any, paths: Sequence[Path], share: float) -> ir.Table:  # noqa: ANN401  (an Ibis connection)
    """A share of the lines, by what stands in them, with `filename` and `draw`. Most lines are not even parsed, so it is quick."""
    files = ", ".join(_quoted(str(path.absolute())) for path in paths)
    lines = f"read_json_objects([{files}], format='newline_delimited', ignore_errors=true, filename=true)"
    # A line that cannot be read is NULL.
    chosen = f"json IS NULL OR hash(json) < {int(share * _HASHES)}" if share < 1 else "true"
    parsed = f"SELECT {_PARSED} AS fields, filename, line FROM (SELECT json AS line, filename FROM {lines} WHERE {chosen})"  # noqa: S608  (quoted)
    view = "CREATE OR REPLACE TEMP VIEW chosen_lines AS SELECT fields.*, filename, md5(line) AS draw FROM"
    connection.raw_sql(f"{view} ({parsed})")
    return connection.table("chosen_lines")


def read_lines(connection: Any, lines: Any) -> ir.Table:  # noqa: ANN401  (an Ibis connection; Arrow's batches of `number` and `line`)
    """Lines of one file, each with its `number` and its `line`, parsed like those that the engine reads itself."""
    connection.con.register("numbered_lines", lines)
    parsed = f"SELECT CASE WHEN json_valid(line) THEN {_PARSED} END AS fields, number, line FROM numbered_lines"  # noqa: S608  (no input)
    view = "CREATE OR REPLACE TEMP VIEW parsed_lines AS SELECT fields.*, NULL AS filename, number, line FROM"
    connection.raw_sql(f"{view} ({parsed})")
    return connection.table("parsed_lines")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _type(field: Any) -> str:  # noqa: ANN401  (a name, a list of one field, or fields by name)
    """A field as a type of DuckDB."""
    if isinstance(field, str):
        return field
    if isinstance(field, list):
        return f"{_type(field[0])}[]"
    return f"STRUCT({', '.join(f'{name} {_type(inner)}' for name, inner in field.items())})"


def plain_calls(lines: ir.Table) -> ir.Table:
    """The canonical calls, with `file` and `fits`: whether the row is a plain one."""
    import ibis  # noqa: PLC0415  (heavy)

    request, response, none = lines.request, lines.response, ibis.null("string")
    usage, message, said = response.usage, response.choices[0].message, _said(request.messages)
    stamp = ibis.coalesce(*(lines[name] for name in _TIMES))
    time_s = ibis.ifelse(stamp.isnull(), _seconds(response.created), _stamped(stamp))
    refused = ibis.or_(
        *(lines[name].notnull() for name in _REFUSED),
        *(request[name].notnull() for name in ("prompt", "input", "instructions")),
        *(place.cast("string").startswith('"') for place in (lines.metadata, request.metadata)),
    )
    fits = (
        said.fits
        & message.notnull()
        & (message.content.notnull() | message.tool_calls.notnull())
        & message.parts.isnull()
        & response.error.isnull()
        & response.output.isnull()
        & usage.input_tokens.isnull()
        & usage.output_tokens.isnull()
        & ~refused.fill_null(False)
        & (stamp.isnull() | time_s.notnull())
    ).fill_null(False)
    tools = ibis.ifelse(
        message.tool_calls.notnull() | message.function_call.notnull(),
        message.tool_calls.array.length().fill_null(0) + message.function_call.notnull().cast("int64"),
        0,
    )
    return lines.select(
        part=ibis.literal("call"),
        id=_word(response.id),
        parent_id=none,
        trace_id=_word(ibis.coalesce(lines.trace_id, lines.session_id, lines.conversation_id)),
        time_s=time_s,
        model=_word(ibis.coalesce(response.model, request.model)),
        provider=_word(lines.provider),
        input_tokens=_at_least_0(usage.prompt_tokens),
        output_tokens=_at_least_0(usage.completion_tokens),
        cached_tokens=_at_least_0(usage.prompt_tokens_details.cached_tokens),
        reasoning_tokens=_at_least_0(usage.completion_tokens_details.reasoning_tokens),
        cost_usd=_at_least_0(ibis.coalesce(lines.cost_usd, lines.cost, usage.cost)),
        latency_ms=_at_least_0(ibis.coalesce(lines.latency_ms, lines.duration_ms)),
        ttft_ms=_at_least_0(lines.ttft_ms),
        temperature=_at_least_0(request.temperature),
        system=said.system,
        prompt=said.prompt,
        history_characters=said.history_characters,
        turns=said.turns,
        answer=message.content,
        tool_calls=tools,
        tool_text=ibis.ifelse(tools > 0, ibis.coalesce(message.tool_calls.cast("string"), message.function_call.cast("string")), none),
        task_key=_task_key(lines),
        status=ibis.literal("ok"),
        file=lines.filename,
        fits=fits,
        **{name: lines[name] for name in ("draw", "number", "line") if name in lines.columns},
    )


class _Said(NamedTuple):
    """The parts of a list of messages, as expressions."""

    fits: Any
    system: Any
    prompt: Any
    history_characters: Any
    turns: Any


def _said(messages: Any) -> _Said:  # noqa: ANN401  (an expression)
    """What stands in the messages. Most are a user's, or a system's and a user's: only of the others is every message looked at."""
    import ibis  # noqa: PLC0415  (heavy)

    n, first, last = messages.length(), messages[0], messages[messages.length() - 1]
    asked = (last.role == "user").fill_null(False)
    alone, pair = asked & (n == 1), asked & (n == 2) & (first.role == "system").fill_null(False)  # noqa: PLR2004  (two messages)
    of_system = messages.filter(lambda one: one.role.isin(["system", "developer"])).map(lambda one: one.content.fill_null(""))
    users = messages.filter(lambda one: one.role == "user")
    others = messages.filter(lambda one: one.role.notin(["system", "developer"])).map(lambda one: one.content.fill_null(""))
    last_of_user = users[users.length() - 1].content
    odd = messages.filter(lambda one: one.role.fill_null("").notin(_ROLES) | _parts(one.content))
    short = alone | pair
    return _Said(
        fits=(n > 0) & ~_parts(last.content) & (short | (odd.length() == 0)),
        system=ibis.cases((alone, ibis.null("string")), (pair, first.content), else_=of_system.join("\n")).nullif(""),
        prompt=ibis.ifelse(asked, last.content, last_of_user),
        history_characters=ibis.ifelse(short, 0, others.join("").length() - last_of_user.length().fill_null(0)),
        turns=ibis.ifelse(short, 0, messages.filter(lambda one: one.role == "assistant").length()),
    )


def _parts(content: Any) -> Any:  # noqa: ANN401  (expressions)
    """Whether a content is a list of parts, as its text begins; a list of anything is left to the reading row by row."""
    return (content.startswith("[") & content.left(2).isin(["[{", '["', "[]"])).fill_null(False)


def _task_key(lines: ir.Table) -> Any:  # noqa: ANN401  (a string, or NULL)
    import ibis  # noqa: PLC0415  (heavy)

    named = ibis.or_(*(lines[key].notnull() for key in KEYS), lines.metadata.notnull(), lines.request.metadata.notnull())
    of_metadata = (place[key].str for place in (lines.metadata, lines.request.metadata) for key in KEYS)
    # Most rows name no task, and of those nothing more is asked.
    return ibis.ifelse(named, _first_task((*(lines[key] for key in KEYS), *of_metadata)), ibis.null("string"))


def _word(value: ir.StringValue) -> ir.StringValue:
    return value.nullif("")


def _first_task(names: Iterable[ir.StringValue]) -> Any:  # noqa: ANN401  (a string, or NULL)
    """The first name that is one of a task."""
    import ibis  # noqa: PLC0415  (heavy)

    pattern = f"^(?:{NO_TASK.pattern})$"
    words = [_word(one.strip()) for one in names]
    return ibis.coalesce(*(ibis.ifelse(one.re_search(pattern), ibis.null("string"), one) for one in words))


def _seconds(value: ir.FloatingValue) -> Any:  # noqa: ANN401  (a number, or NULL)
    """Seconds since 1970 of an epoch number in s, ms, µs or ns."""
    import ibis  # noqa: PLC0415  (heavy)

    known = _at_least_0(value)
    return ibis.ifelse(value < UNITS[-1][0], known, ibis.cases(*((value >= least, known / factor) for least, factor in UNITS), else_=known))


def _stamped(text: ir.StringValue) -> Any:  # noqa: ANN401  (a number, or NULL)
    """Seconds since 1970 of a number or an ISO time, without a zone of UTC."""
    import ibis  # noqa: PLC0415  (heavy)

    @ibis.udf.scalar.builtin(name="epoch", signature=(("timestamp('UTC')",), "float64"))  # type: ignore[untyped-decorator]  # Ibis ships no types
    def epoch(moment: object) -> float:  # type: ignore[empty-body]  # the engine has the body
        """DuckDB's own."""

    return ibis.coalesce(_seconds(text.try_cast("float64")), epoch(text.try_cast("timestamp('UTC')")))


def _at_least_0(value: ir.FloatingValue) -> Any:  # noqa: ANN401  (a number, or NULL)
    import ibis  # noqa: PLC0415  (heavy)

    return ibis.ifelse(value.between(0, _MOST), value, ibis.null("float64"))
