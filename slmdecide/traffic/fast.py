"""Plain chat-completion logs, read by the engine itself: one call a line with `request` and `response`, texts as texts.

The same calls as `formats.chat_call` makes of them, some thirty times faster. A row that is anything else does not fit, and
is then read row by row.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from slmdecide.errors import SlmdecideError
from slmdecide.traffic.files import CutOffError, holds_lines, rows
from slmdecide.traffic.formats import KEYS, NO_TASK
from slmdecide.traffic.lines import REFUSED, TIMES
from slmdecide.traffic.values import UNITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import ibis.expr.types as ir

_LOOKED_AT = 20
"""Rows of a file that must look plain."""
_MOST = 1e300
"""A larger number is infinite, or no measure of anything."""
_ROLES = ("system", "developer", "user", "assistant", "tool", "function")


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
    return isinstance(row["request"].get("messages"), list) and not any(row.get(name) is not None for name in REFUSED)


def plain_calls(lines: ir.Table) -> ir.Table:
    """The canonical calls, with `file` and `fits`: whether the row is a plain one."""
    import ibis  # noqa: PLC0415  (heavy)

    request, response, none = lines.request, lines.response, ibis.null("string")
    usage, message, said = response.usage, response.choices[0].message, _said(request.messages)
    stamp = ibis.coalesce(*(lines[name] for name in TIMES))
    time_s = ibis.ifelse(stamp.isnull(), _seconds(response.created), _stamped(stamp))
    refused = ibis.or_(
        *(lines[name].notnull() for name in REFUSED),
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
        file=lines.file,
        fits=fits,
        **{name: lines[name] for name in ("number", "line") if name in lines.columns},
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
    short = alone | pair
    of_system = messages.filter(lambda one: one.role.isin(["system", "developer"])).map(lambda one: one.content.fill_null(""))
    users = messages.filter(lambda one: one.role == "user")
    prompt = ibis.ifelse(asked, last.content, users[users.length() - 1].content)
    lengths = messages.map(lambda one: ibis.ifelse(one.role.notin(["system", "developer"]), one.content.length().fill_null(0), 0))
    odd = messages.filter(lambda one: one.role.fill_null("").notin(_ROLES) | _parts(one.content))
    return _Said(
        fits=(n > 0) & ~_parts(last.content) & ibis.ifelse(short, True, odd.length() == 0),
        system=ibis.cases((alone, ibis.null("string")), (pair, first.content), else_=of_system.join("\n")).nullif(""),
        prompt=prompt,
        history_characters=ibis.ifelse(short, 0, lengths.sums() - prompt.length().fill_null(0)),
        turns=ibis.ifelse(short, 0, messages.filter(lambda one: one.role == "assistant").length()),
    )


def _parts(content: Any) -> Any:  # noqa: ANN401  (expressions)
    """Whether a content is a list of parts, as its text begins; a list of anything is left to the reading row by row."""
    import ibis  # noqa: PLC0415  (heavy)

    # Few begin so; only of them is more looked at, which a plain `and` would do of all.
    return ibis.ifelse(content.startswith("["), content.left(2).isin(["[{", '["', "[]"]), False)


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
    # A list, since the tests of each name would make the query twice as long, and so its planning.
    return ibis.array([_word(one.strip()) for one in names]).filter(lambda one: ~one.re_search(pattern))[0]


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
