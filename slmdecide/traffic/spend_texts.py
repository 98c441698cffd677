"""What stands in the prompt, in the answer and in the names of a row of LiteLLM's table: expressions for the database itself.

Each says what it found, and whether it is sure of that: `fits`. What it found where it is not is not used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from slmdecide.traffic.formats import KEYS, NO_TASK
from slmdecide.traffic.postgres_json import (
    all_of,
    are_kinds,
    at,
    bounded,
    function,
    holds,
    is_kind,
    is_none,
    lowered,
    nth,
    size,
    stripped,
    text_at,
    word,
    word_at,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

_LOOKED_AT = 200
"""Characters of a text in which its first one that is no space is sought."""
_TOOLS = ("tool_", "function_call", "\\u")
"""One of these stands in an answer that is a list of calls of functions, written as text."""


def _either(place: str, *values: str) -> str:
    """A condition of a path: what stands at the place is one of the values."""
    return " || ".join(f'{place} == "{one}"' for one in values)


_SYSTEM = _either("@.role", "system", "developer")
_USER = _either("@.role", "user", "human")
_MODEL = _either("@.role", "assistant", "model", "ai")
_ROLE = f"{_SYSTEM} || {_USER} || {_MODEL} || {_either('@.role', 'tool', 'function')}"
_TEXT = _either("@.type", "text", "input_text")
_NO_OBJECT = '$[*].type() ? (@ != "object")'
_ODD_PART = f'@.type.type() != "string" || !(({_TEXT}) && @.text.type() == "string" || @.type == "image_url")'
_ODD_PARTS = f'@.content.type() == "array" && (exists(@.content[*].type() ? (@ != "object")) || exists(@.content[*] ? ({_ODD_PART})))'
_ODD_CONTENT = f'@.content.type() != "string" && @.content.type() != "null" && @.content.type() != "array" || {_ODD_PARTS}'
_TEXT_ELSEWHERE = "(!exists(@.content) || @.content == null) && (exists(@.parts) || exists(@.text))"
_ODD_MESSAGE = f'$[*] ? (@.role.type() != "string" || !({_ROLE}) || ({_ODD_CONTENT}) || ({_TEXT_ELSEWHERE}))'
"""A message that may mean something else."""
NAMED = f"$ ? ({' || '.join(f'exists(@.{key})' for key in KEYS)})"
"""An object that may name a task."""
_NUMBERED = f'$.keyvalue() ? ((({_either("@.key", *KEYS)}) && @.value.type() == "number")).key'
TAGGED = '$[*] ? (@.type() != "string" || !(@ starts with "User-Agent"))'
"""Tags that may name a task."""
_NUMBERS = '$.** ? (@.type() == "number")'
_WHOLE_NUMBERS = r"^\[[-0-9, ]*\]$"


class Said(NamedTuple):
    """The parts of a prompt, as expressions."""

    fits: Any
    system: Any
    prompt: Any
    history_characters: Any
    turns: Any


def said_in(rows: ir.Table) -> Said:
    """What stands in the messages. Most are a user's, or a system's and a user's: only of the others is every message looked at."""
    import ibis  # noqa: PLC0415  (heavy)

    said, listed, first, last = rows.said, rows.listed, rows.first, rows.last
    # NULL in what follows means that it is not so.
    asked = text_at(last, "role") == "user"
    alone, pair = (rows.n == 1) & asked, (rows.n == 2) & asked & (text_at(first, "role") == "system")  # noqa: PLR2004  (two messages)
    as_usual = (alone | pair).fill_null(False) & is_kind(at(first, "content"), "string") & is_kind(at(last, "content"), "string")
    of_system = all_of(said, f"$[*] ? ({_SYSTEM})").array.map(_content).join("\n")
    users = all_of(said, f"$[*] ? ({_USER})")
    last_of_user = ibis.ifelse(size(users) > 0, _content(nth(users, -1)), rows.none)
    others = all_of(said, f"$[*] ? (!({_SYSTEM}))").array.map(lambda one: _content(one).length()).sums()
    spoken = ibis.cases((alone, rows.none), (pair, _content(first)), else_=of_system)
    instructed = bounded(rows.instructed)
    joined = function("concat_ws", "string", "string", "string", "string")("\n", instructed.nullif(""), spoken)
    text_fits = rows.asked.isnull() | (rows.said_text.notnull() & ~_begins(rows.said_text, "{", "["))
    each_fits = (rows.n > 0) & ~holds(said, _NO_OBJECT) & ~holds(said, _ODD_MESSAGE)
    fits = (
        are_kinds("object", "array", "null", values=(rows.messages, rows.proxy_server_request))
        & (rows.instructions.isnull() | rows.instructed.notnull())
        & ibis.cases((~listed, text_fits), (as_usual, True), else_=each_fits)
    )
    short = ~listed | as_usual
    return Said(
        fits=fits,
        system=ibis.cases((~listed, instructed), (rows.instructions.isnull(), spoken.nullif("")), else_=joined.nullif("")),
        prompt=ibis.cases((~listed, bounded(rows.said_text)), (asked, _content(last)), else_=last_of_user),
        history_characters=ibis.ifelse(short, 0, others.fill_null(0) - last_of_user.length().fill_null(0)),
        turns=ibis.ifelse(short, 0, size(all_of(said, f"$[*] ? ({_MODEL})"))),
    )


def _content(message: Any) -> Any:  # noqa: ANN401  (expressions)
    """The text of a message: its content, or the texts among its parts."""
    import ibis  # noqa: PLC0415  (heavy)

    parts = all_of(message, f"$.content[*] ? ({_TEXT})").array.map(lambda one: text_at(one, "text")).join("\n")
    text = ibis.ifelse(is_kind(at(message, "content"), "array"), parts, text_at(message, "content"))
    return bounded(text.fill_null(""))


def _begins(text: Any, *signs: str) -> Any:  # noqa: ANN401  (expressions)
    """Whether the first character that is no space is one of these, or is too far away to be looked for."""
    begin = stripped(text.left(_LOOKED_AT)).left(1)
    return begin.isin(signs) | ((begin == "") & (text.length() > _LOOKED_AT))


class Answer(NamedTuple):
    """What came back, as expressions."""

    fits: Any
    text: Any
    tool_calls: Any
    tool_text: Any


def answer_in(rows: ir.Table) -> Answer:
    """What stands in the message that came back."""
    import ibis  # noqa: PLC0415  (heavy)

    message, text, calls = rows.message, text_at(rows.message, "content"), rows.calls_of_tools
    has_one = ~is_none(rows.call_of_function)
    one = function("jsonb_build_array", "jsonb", "jsonb")(rows.call_of_function)
    n_calls = size(calls)
    tools = n_calls + has_one.cast("int32")
    listed = ibis.cases((n_calls > 0, calls), (has_one, one), else_=ibis.null("jsonb"))
    plain_text = ~ibis.or_(*(text.contains(sign) for sign in _TOOLS)) | ~_begins(text, "[")
    no_text = ibis.and_(*(is_none(one) for one in (rows.content, at(message, "text"), at(message, "completion"))))
    read = (
        is_kind(message, "object")
        & is_none(at(message, "parts"))
        & ((is_kind(rows.content, "string") & plain_text) | no_text)
        & are_kinds("array", "null", values=(calls,))
        & ~((n_calls > 0) & has_one)
        & ((tools > 0) | holds(message, "$ ? (exists(@.content) || exists(@.role))"))
        # Other numbers may be written in another way.
        & ((tools == 0) | all_of(listed, _NUMBERS).cast("string").re_search(_WHOLE_NUMBERS))
    )
    fits = are_kinds("object", "null", "array", values=(rows.response,)) & (~rows.replied | read)
    return Answer(fits, bounded(text), tools, bounded(listed.cast("string")))


class Task(NamedTuple):
    """The name of a task, as expressions."""

    fits: Any
    name: Any


def task_in(rows: ir.Table) -> Task:
    """The first name of a task among the tags, in the metadata and in those of the caller; else the agent's."""
    import ibis  # noqa: PLC0415  (heavy)

    tags = rows.request_tags
    places = ((rows.metadata, rows.named), (rows.caller, rows.caller_named))
    fits = (
        are_kinds("array", "null", values=(tags,))
        & (~rows.tagged | ~holds(tags, '$[*].type() ? (@ != "string")'))
        & are_kinds("object", "null", values=(rows.metadata, rows.caller))
        & ~ibis.or_(*(named & holds(place, _NUMBERED) for place, named in places))
    )
    words = all_of(tags, TAGGED).array.map(lambda one: _a_task(word(one.str)))
    of_tags = words.filter(lambda one: one.notnull() & ~one.startswith("User-Agent"))[0]
    of_places = (
        ibis.ifelse(named, ibis.coalesce(*(_a_task(word(word_at(place, key))) for key in KEYS)), rows.none) for place, named in places
    )
    return Task(fits, ibis.coalesce(ibis.ifelse(rows.tagged, of_tags, rows.none), *of_places, _a_task(word(rows.raw_agent_id))))


def _a_task(name: Any) -> Any:  # noqa: ANN401  (expressions)
    """The name, unless it is one that libraries and environments give."""
    import ibis  # noqa: PLC0415  (heavy)

    pattern = f"^(?:{NO_TASK.pattern.removeprefix('(?i)')})$"
    return ibis.ifelse(lowered(name).re_search(pattern), ibis.null("string"), name)
