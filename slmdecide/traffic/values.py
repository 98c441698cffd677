"""What does one value of a log mean: a number, a time, a text, the messages of a prompt? Never an exception."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_CHARACTERS = 20_000
"""Of one text; what is longer keeps both ends, so that a table of calls stays small."""
_LONGEST_WORD = 500
_MESSAGE_KEYS = frozenset(("role", "choices", "parts", "tool_calls", "completion"))
UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""Epoch numbers from the first on are in ns, µs, ms, the second to one second; in seconds they would lie thousands of years ahead."""
_SYSTEM = ("system", "developer")
_ANSWERING = ("assistant", "model", "ai")
_ISO_FRACTION = re.compile(r"(\.\d{6})\d+")


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


def number(value: Any) -> float | None:  # noqa: ANN401  (a cell of a log)
    """The number, at least 0; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if isfinite(found) and found >= 0 else None


def first(*values: Any) -> Any:  # noqa: ANN401  (cells of a log)
    """The first value that is there."""
    return next((value for value in values if value is not None), None)


def word(value: Any) -> str | None:  # noqa: ANN401  (a cell of a log)
    """The text, if it is one and not empty; numbers as text."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return f"{value:g}"
    return (storable(value.strip()[:_LONGEST_WORD]) or None) if isinstance(value, str) else None


def time_s(value: Any) -> float | None:  # noqa: ANN401  (a cell of a log)
    """Seconds since 1970 of an ISO time or of an epoch number in s, ms, µs or ns. Without a zone it is UTC."""
    if isinstance(value, datetime):
        return (value if value.tzinfo is not None else value.replace(tzinfo=UTC)).timestamp()
    found = number(value)
    if found is not None:
        for least, factor in UNITS:
            if found >= least:
                return found / factor
        return found
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(_ISO_FRACTION.sub(r"\1", value.strip().removesuffix(" UTC")))
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def decoded(value: Any) -> Any:  # noqa: ANN401  (JSON)
    """What a text holds if it is JSON of an object or a list; otherwise the value itself."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def mapping(value: Any) -> Mapping[str, Any]:  # noqa: ANN401  (JSON)
    """The object, also where it is written as text; an empty one for anything else."""
    found = decoded(value)
    return found if isinstance(found, dict) else {}


def items(value: Any) -> list[Any]:  # noqa: ANN401  (JSON)
    """The list, also where it is written as text; an empty one for anything else."""
    found = decoded(value)
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
    if not isinstance(part, dict) or part.get("type") in (*_CALLS, "image_url", "input_audio", "thinking", "reasoning"):
        return None
    found = first(part.get("text"), part.get("content"), part.get("response"))
    return found if isinstance(found, str) else None


def storable(text: str) -> str:
    """The text without what no table can store: zero bytes, halves of surrogate pairs."""
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _bounded(text: str) -> str:
    half = MOST_CHARACTERS // 2
    text = storable(text)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:half]} … {text[-half:]}"


def conversation(messages: Iterable[Any], instructions: Any = None) -> Conversation:  # noqa: ANN401  (JSON)
    """System prompt, last message of the user, and how much lies between."""
    system = [found] if (found := text_of(instructions)) else []
    users: list[str] = []
    history = turns = 0
    for one in messages:
        if not isinstance(one, dict):
            continue
        role = str(first(one.get("role"), one.get("type"), "user")).lower()
        text = text_of(first(one.get("content"), one.get("parts"), one.get("text"))) or ""
        if role in _SYSTEM:
            system.append(text)
        elif role in ("user", "human"):
            users.append(text)
        else:
            turns += role in _ANSWERING
            history += len(text)
    history += sum(map(len, users[:-1]))
    return Conversation("\n".join(system) or None, users[-1] if users else None, history, turns)


def prompt_of(value: Any, instructions: Any = None) -> Conversation:  # noqa: ANN401  (JSON)
    """The prompt, whether a list of messages, an object that holds one, or a text."""
    found = decoded(value)
    if isinstance(found, dict):
        instructions = first(instructions, found.get("system"), found.get("instructions"))
        inner = first(found.get("messages"), found.get("input"), found.get("prompt"), found.get("contents"))
        if inner is None and found.keys() <= {"messages", "system"}:
            return Conversation(text_of(instructions), None, 0, 0)
        found = decoded(inner) if inner is not None else [found] if "content" in found else found
    if isinstance(found, list) and any(isinstance(one, dict) for one in found):
        return conversation(found, instructions)
    if isinstance(found, dict):
        return Conversation(text_of(instructions), _bounded(json.dumps(found, ensure_ascii=False)), 0, 0)
    return Conversation(text_of(instructions), text_of(found), 0, 0)


_CALLS = ("tool_call", "tool_use", "function_call")
"""Types of a part that calls a function."""


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
    found = decoded(value)
    if isinstance(value, str) and isinstance(found, dict) and not _MESSAGE_KEYS & found.keys():
        # An answer that is JSON itself.
        return Answer(_bounded(value), 0)
    if isinstance(found, list):
        found = _of_items(found)
    if isinstance(found, dict):
        if choices := items(found.get("choices")):
            found = mapping(choices[0])
            found = first(found.get("message"), found)
        if isinstance(found, dict):
            parts = [part for part in items(first(found.get("parts"), found.get("content"))) if isinstance(part, dict)]
            called = [part for part in parts if part.get("type") in _CALLS]
            called += items(found.get("tool_calls")) + ([found["function_call"]] if found.get("function_call") is not None else [])
            tools = len(called)
            text = text_of(first(found.get("content"), found.get("parts"), found.get("text"), found.get("completion")))
            if text is None and not tools and not {"content", "parts", "text", "role"} & found.keys():
                text = _bounded(json.dumps(found, ensure_ascii=False))
            return Answer(text, tools, _bounded(json.dumps(called, ensure_ascii=False)) if called else None)
    return Answer(text_of(found), 0)
