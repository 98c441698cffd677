"""What does one value of a log mean: a number, a time, a text, the messages of a prompt? Never an exception.

Called for every cell of every row, so the usual kinds of values come first, and by their exact type.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from slmdecide.traffic.jsons import loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_CHARACTERS = 20_000
"""Of one text; what is longer keeps both ends, so that a table of calls stays small."""
_LONGEST_WORD = 500
_MESSAGE_KEYS = frozenset(("role", "choices", "parts", "tool_calls", "completion"))
UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""Epoch numbers from the first on are in ns, µs, ms, the second to one second; in seconds they would lie thousands of years ahead."""
_SYSTEM = ("system", "developer")
_ASKING = ("user", "human")
_ANSWERING = ("assistant", "model", "ai")
_ISO_FRACTION = re.compile(r"(\.\d{6})\d+")
_LARGEST_WHOLE = 2**1000
"""Larger whole numbers may be none that a float can hold."""


class Conversation(NamedTuple):
    """The messages of one prompt."""

    system: str | None
    prompt: str | None
    history_characters: int
    turns: int


class Answer(NamedTuple):
    """What came back."""

    text: str | None
    tool_calls: int
    tools: str | None = None
    """The calls of functions as JSON, as they were logged."""


_NO_PROMPT = Conversation(None, None, 0, 0)
_NO_ANSWER = Answer(None, 0)


def number(value: Any) -> float | None:  # noqa: ANN401  (a cell of a log)
    """The number, at least 0; None for anything else."""
    kind = type(value)
    if kind is float:
        return value if 0 <= value < inf else None
    if value is None or kind is bool:
        return None
    if kind is int and 0 <= value <= _LARGEST_WHOLE:
        return float(value)
    if not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if isfinite(found) and found >= 0 else None


def first(*values: Any) -> Any:  # noqa: ANN401  (cells of a log)
    """The first value that is there."""
    for value in values:
        if value is not None:
            return value
    return None


def either(row: Mapping[str, Any], *keys: str) -> Any:  # noqa: ANN401  (a cell of a log)
    """The first of these cells that is there."""
    for key in keys:
        value = row.get(key)
        if value is not None:
            return value
    return None


def word(value: Any) -> str | None:  # noqa: ANN401  (a cell of a log)
    """The text, if it is one and not empty; numbers as text."""
    if value is None:
        return None
    if isinstance(value, str):
        return storable(value.strip()[:_LONGEST_WORD]) or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return f"{value:g}"
    except OverflowError:
        return None


def time_s(value: Any) -> float | None:  # noqa: ANN401  (a cell of a log)
    """Seconds since 1970 of an ISO time or of an epoch number in s, ms, µs or ns. Without a zone it is UTC."""
    if value is None:
        return None
    if isinstance(value, str):
        # No number is an ISO time with a dash after the year.
        stamp = _iso_s(value) if value[4:5] == "-" else None
        if stamp is not None:
            return stamp
    elif isinstance(value, datetime):
        return _stamp(value)
    found = number(value)
    if found is None:
        return _iso_s(_ISO_FRACTION.sub(r"\1", value.strip().removesuffix(" UTC"))) if isinstance(value, str) else None
    return next((found / factor for least, factor in UNITS if found >= least), found)


def _iso_s(text: str) -> float | None:
    try:
        return _stamp(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _stamp(moment: datetime) -> float:
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def elapsed_ms(start: float | None, end: float | None) -> float | None:
    """From one time to the other; None if that is unknown or backwards."""
    return (end - start) * 1000 if start is not None and end is not None and end >= start else None


def decoded(value: Any) -> Any:  # noqa: ANN401  (JSON)
    """What a text holds if it is JSON of an object or a list; otherwise the value itself."""
    return _decoded(value, ("{", "["))


def _decoded(value: Any, opening: tuple[str, ...]) -> Any:  # noqa: ANN401  (JSON)
    if isinstance(value, str) and (value.startswith(opening) or (value[:1].isspace() and value.lstrip().startswith(opening))):
        try:
            return loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def mapping(value: Any) -> Mapping[str, Any]:  # noqa: ANN401  (JSON)
    """The object, also where it is written as text; an empty one for anything else."""
    if value is None:
        return {}
    found = _decoded(value, ("{",))
    return found if isinstance(found, dict) else {}


def items(value: Any) -> list[Any]:  # noqa: ANN401  (JSON)
    """The list, also where it is written as text; an empty one for anything else."""
    if value is None:
        return []
    found = _decoded(value, ("[",))
    return found if isinstance(found, list) else []


def text_of(content: Any) -> str | None:  # noqa: ANN401  (JSON)
    """The text of a message's content: a string, or parts of which the texts count."""
    if content is None:
        return None
    if isinstance(content, str):
        return _bounded(content)
    if isinstance(content, list):
        parts = [found for one in content if (found := _part_text(one)) is not None]
        return _bounded("\n".join(parts)) if parts else None
    if isinstance(content, dict):
        return _part_text(content)
    return str(content)


def _part_text(part: Any) -> str | None:  # noqa: ANN401  (JSON)
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or part.get("type") in _NO_TEXT:
        return None
    found = either(part, "text", "content", "response")
    return found if isinstance(found, str) else None


def storable(text: str) -> str:
    """The text without what no table can store: zero bytes, halves of surrogate pairs."""
    text = text.replace("\x00", "") if "\x00" in text else text
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text


def _bounded(text: str) -> str:
    text = storable(text)
    if len(text) <= MOST_CHARACTERS:
        return text
    half = MOST_CHARACTERS // 2
    return f"{text[:half]} … {text[-half:]}"


def conversation(messages: Iterable[Any], instructions: Any = None) -> Conversation:  # noqa: ANN401  (JSON)
    """System prompt, last message of the user, and how much lies between."""
    system = [found] if (found := text_of(instructions)) else []
    user: str | None = None
    history = turns = 0
    for one in messages:
        if not isinstance(one, dict):
            continue
        role = one.get("role")
        if role not in _ROLES:
            role = str(first(role, one.get("type"), "user")).lower()
        content = one.get("content")
        text = text_of(content if content is not None else either(one, "parts", "text")) or ""
        if role in _ASKING:
            history += len(user) if user is not None else 0
            user = text
        elif role in _SYSTEM:
            system.append(text)
        else:
            turns += role in _ANSWERING
            history += len(text)
    return Conversation("\n".join(system) or None, user, history, turns)


def prompt_of(value: Any, instructions: Any = None) -> Conversation:  # noqa: ANN401  (JSON)
    """The prompt, whether a list of messages, an object that holds one, or a text."""
    found = decoded(value)
    if isinstance(found, dict):
        instructions = first(instructions, found.get("system"), found.get("instructions"))
        inner = either(found, "messages", "input", "prompt", "contents")
        if inner is None and found.keys() <= {"messages", "system"}:
            return Conversation(text_of(instructions), None, 0, 0)
        found = decoded(inner) if inner is not None else [found] if "content" in found else found
    return _prompt(found, instructions)


def prompt_in(messages: Any, instructions: Any) -> Conversation:  # noqa: ANN401  (JSON)
    """The prompt of messages, or of a text, with a system prompt that stands beside them."""
    if messages is None:
        return _NO_PROMPT if instructions is None else Conversation(text_of(instructions), None, 0, 0)
    return _prompt(decoded(messages), instructions)


def _prompt(found: Any, instructions: Any) -> Conversation:  # noqa: ANN401  (JSON)
    if isinstance(found, list) and found and (isinstance(found[0], dict) or any(isinstance(one, dict) for one in found)):
        return conversation(found, instructions)
    if isinstance(found, dict):
        return Conversation(text_of(instructions), _bounded(json.dumps(found, ensure_ascii=False)), 0, 0)
    return Conversation(text_of(instructions), text_of(found), 0, 0)


_CALLS = ("tool_call", "tool_use", "function_call")
"""Types of a part that calls a function."""
_NO_TEXT = (*_CALLS, "image_url", "input_audio", "thinking", "reasoning")
_ROLES = ("user", "assistant", "system")
"""As nearly all logs write them."""


def _of_items(found: list[Any]) -> Any:  # noqa: ANN401  (JSON)
    """The last message of a list; of the parts of one answer (OpenAI's Responses, Anthropic's blocks) a message that holds them all."""
    last = found[-1] if found else None
    typed = [one for one in found if isinstance(one, dict) and isinstance(one.get("type"), str) and "parts" not in one]
    if len(typed) < len(found) or not typed:
        return last
    parts: list[Any] = []
    for one in typed:
        if one["type"] == "message":
            content = one.get("content")
            parts += content if isinstance(content, list) else [{"type": "text", "text": content}]
        elif one["type"] in _CALLS or "text" in one:
            parts.append(one)
    return {"role": "assistant", "content": parts} if parts else last


def answer_of(value: Any) -> Answer:  # noqa: ANN401  (JSON)
    """The answer: a completion, its choices, a message, a list of messages or a text."""
    if value is None:
        return _NO_ANSWER
    found = decoded(value)
    if isinstance(value, str) and isinstance(found, dict) and _MESSAGE_KEYS.isdisjoint(found):
        # An answer that is JSON itself.
        return Answer(_bounded(value), 0)
    if isinstance(found, list):
        found = _of_items(found)
    if isinstance(found, dict):
        if choices := items(found.get("choices")):
            found = mapping(choices[0])
            found = first(found.get("message"), found)
        if isinstance(found, dict):
            return _of_message(found)
    return Answer(text_of(found), 0)


def _of_message(found: dict[str, Any]) -> Answer:
    called = [part for part in items(either(found, "parts", "content")) if isinstance(part, dict) and part.get("type") in _CALLS]
    if found.get("tool_calls") is not None:
        called += items(found["tool_calls"])
    if found.get("function_call") is not None:
        called.append(found["function_call"])
    text = text_of(either(found, "content", "parts", "text", "completion"))
    if text is None and not called and not _TEXT_KEYS & found.keys():
        text = _bounded(json.dumps(found, ensure_ascii=False))
    return Answer(text, len(called), _bounded(json.dumps(called, ensure_ascii=False)) if called else None)


_TEXT_KEYS = frozenset(("content", "parts", "text", "role"))
