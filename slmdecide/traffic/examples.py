"""Which sampled calls of a group are examples to measure with, and how `slmdecide probe` wants them. Pure.

The expected answer is what today's model said: good enough to see whether a small model says the same, no proof that it is right.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from slmdecide.traffic.features import label_of
from slmdecide.traffic.values import decoded, items, mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from slmdecide.traffic.engine import Example
    from slmdecide.traffic.natures import Told

_FENCED = re.compile(r"(?s)\s*```(?:json)?\s*(.*?)\s*```\s*")
_DEEPEST = 50
_DIGEST_BYTES = 16
_MOST_SYSTEMS = 20
"""System prompts of a group that are looked at: masked they may be one."""
_DIVIDER = re.compile(r"^---[ \t]*$", re.MULTILINE)


class ForProbe(NamedTuple):
    """What is written for one group."""

    lines: tuple[str, ...]
    """JSON objects with input and expected."""
    prompt: str | None
    """The system prompt that all of them were asked with, as `probe --prompt` reads it.

    None where they differ, or where `probe` could not read the label in today's answers, so that it has to ask in its own words.
    """
    left_out: int
    """Calls that were met and are no examples: with earlier turns, without a prompt, or with an answer that is no label."""


def in_drawn_order(examples: Iterable[Example]) -> list[Example]:
    """The examples in a random order that depends on their texts alone, so that every format and engine gives the same first ones."""
    return sorted(examples, key=_draw)


def _draw(one: Example) -> bytes:
    texts = "\x01".join(text or "" for text in (one.key, one.system, one.prompt, one.answer))
    return hashlib.blake2b(f"{texts}\x01{one.turns}".encode(), digest_size=_DIGEST_BYTES).digest()


def for_probe(
    examples: Iterable[Example],
    told: Told,
    labels: frozenset[str],
    mask: Callable[[str], str],
    most: int,
    reads: Callable[[str], str | None] | None = None,
) -> ForProbe:
    """At most so many examples of one group.

    `labels`: its closed set, in the engine's spelling; `reads`: how `probe` would read a label in an answer.
    """
    rows: dict[str, None] = {}
    systems: set[str] = set()
    left_out = 0
    readable = True
    for one in in_drawn_order(examples):
        if len(rows) >= most:
            break
        expected = _expected(one, told, labels)
        if expected is None or one.turns or not (one.prompt or "").strip():
            left_out += 1
            continue
        readable = readable and (reads is None or reads(one.answer or "") == expected)
        systems.add(one.system or "")
        row = {"input": mask(one.prompt or ""), "expected": expected if told.n_labels is not None else _masked(expected, mask)}
        rows[json.dumps(row, ensure_ascii=False)] = None
    return ForProbe(
        tuple(sorted(rows)), _prompt({mask(one) for one in systems}) if readable and len(systems) <= _MOST_SYSTEMS else None, left_out
    )


def _expected(one: Example, told: Told, labels: frozenset[str]) -> str | None:
    if told.nature == "function_calling":
        return call_of(one.tools) if one.tools is not None else None
    if not (one.answer or "").strip():
        return None
    answer = one.answer or ""
    if told.n_labels is None:
        fenced = _FENCED.fullmatch(answer)
        return fenced[1] if told.nature == "extraction" and fenced is not None else answer
    label = label_of(answer) if told.label_field is None else _in_field(answer, told.label_field)
    return label if label in labels else None


def _in_field(answer: str, field: str) -> str | None:
    """The label in that field of a JSON answer, in lower case."""
    fenced = _FENCED.fullmatch(answer)
    found = mapping(fenced[1] if fenced is not None else answer.strip()).get(field)
    return found.strip().lower() if isinstance(found, str) else None


def _masked(answer: str, mask: Callable[[str], str]) -> str:
    """The answer masked; where it is JSON, text by text, so that it stays JSON."""
    found = decoded(answer)
    return mask(answer) if isinstance(found, str) else json.dumps(_inside(found, mask), ensure_ascii=False)


def _inside(value: Any, mask: Callable[[str], str], depth: int = 0) -> Any:  # noqa: ANN401  (JSON)
    if depth > _DEEPEST:
        return mask(json.dumps(value))
    if isinstance(value, dict):
        return {key: _inside(one, mask, depth + 1) for key, one in value.items()}
    if isinstance(value, list):
        return [_inside(one, mask, depth + 1) for one in value]
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, int) and not isinstance(value, bool):
        # A card or an account may be written as a number.
        hidden = mask(str(value))
        return value if hidden == str(value) else hidden
    return value


def call_of(tools: str) -> str | None:
    """The first call of a function, as a JSON object of its name and arguments; None if there is none to be read."""
    found = decoded(tools)
    first: Any = found if isinstance(found, dict) else next(iter(items(found)), None)
    inner = mapping(first)
    inner = mapping(inner.get("function")) or inner
    name = inner.get("name")
    if not isinstance(name, str):
        return None
    arguments = decoded(next((inner[key] for key in ("arguments", "input", "args") if inner.get(key) is not None), {}))
    return json.dumps({"function": name, "arguments": arguments}, ensure_ascii=False, sort_keys=True)


def _prompt(systems: set[str]) -> str | None:
    """The wording for `probe`: the system prompt, a line of three dashes, and the place of the input."""
    if len(systems) != 1:
        return None
    system = systems.pop()
    if _DIVIDER.search(system):
        return None
    return f"{system.strip()}\n---\n{{input}}\n" if system.strip() else "{input}\n"
