"""The text of a new task profile: every field with what it means, its unit, and what is assumed when it is left out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slmdecide.records.assessment import AssumptionMade
    from slmdecide.records.catalog import Catalog

SCHEMA_FILE = "task.schema.json"
MODELINE = f"# yaml-language-server: $schema={SCHEMA_FILE}"
"""Editors look for the file beside the profile; `init` puts it there, so the line holds on every machine and offline."""

_HEAD = f"""\
{MODELINE}
# A task profile. `slmdecide validate` checks it, `slmdecide assess` decides.
# Name, nature and the three volumes are needed. Everything else may stay as it is: a line that starts with # is what is
# assumed, or an example where nothing is assumed. To say something else, take the # away, also from the section's line.
# Numbers may carry a unit: 3M, 5e9, 20%, 300ms, 2s, $0.5, 16GiB.
"""
_PLACEHOLDERS = {
    "name": "My task",
    "nature": "classification",
    "volume.requests_per_month": "100k",
    "volume.input_tokens": "500",
    "volume.output_tokens": "50",
}
_EXAMPLES = {
    "description": "Tickets of the help desk go to the right team.",
    "task.labels": "[billing, technical, other]",
    "task.n_labels": "3",
    "latency.p95_ms": "2s",
    "latency.ttft_ms": "500ms",
    "privacy.residency": "[eu]",
    "privacy.inside_endpoints": "[llm.internal:8000]",
    "privacy.device": "laptop",
    "privacy.device_memory": "8GiB",
    "quality.floor": "0.9",
    "data.examples_file": "examples.jsonl",
    "hosting.throughput": "[{model: llama-3.1-8b, gpu: l4, requests_per_second: 12, source: our benchmark of May}]",
    "decision.start_within_weeks": "8",
    "decision.weights": "{latency: 2}",
    "decision.price_factors": "{gpt-4o: 0.5}",
    "candidates": "[llama-3.1-8b, gpt-4o-mini, gpt-4o]",
    "today": "gpt-4o",
    "measured": """
- model: llama-3.1-8b
  against: large_model
  n: 340
  estimate: -0.004
  low: -0.018
  high: 0.01
  source: our probe of May""",
    "cascade": "{small: llama-3.1-8b, large: gpt-4o, confidence: margin, threshold: 0.62, escalation_share: 0.2}",
    "stages": """
- name: route
  nature: routing
  volume: {input_tokens: 300, output_tokens: 5}
- name: answer
  nature: rag_answer
  volume: {input_tokens: 4000, output_tokens: 300}""",
}
"""Fields for which nothing is assumed: a value that could stand there."""
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./+-]*(?: [A-Za-z0-9_./+-]+)*|[0-9][A-Za-z0-9.,_%]*")
_NOT_TEXT = re.compile(r"(?:true|false|null|yes|no|on|off|[0-9._,eE+-]+)", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")
"""What Python makes of bytes that are not UTF-8."""
_SAID_ON_TOP = re.compile(r" Written as a (?:whole )?number such as .*")
_COMMENT_WIDTH = 110


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """The text of a profile, or why the answers make none."""

    text: str
    mistakes: Mapping[str, str]
    """Problem by field."""


def template(answers: Mapping[str, str], catalog: Catalog) -> Template:
    """A commented profile with the answers filled in; answers are what a user wrote, by field."""
    from slmdecide.core.resolve import resolve  # noqa: PLC0415  (--help needs none of this)
    from slmdecide.readers.mistakes import FileError  # noqa: PLC0415
    from slmdecide.readers.profile import parse_profile  # noqa: PLC0415
    from slmdecide.readers.schema import profile_schema  # noqa: PLC0415

    foreign = {field: "is not UTF-8 text" for field, word in answers.items() if _SURROGATE.search(word)}
    if foreign:
        return Template(text="", mistakes=foreign)
    given = {field: _written(word, text=not field.startswith(("volume.", "data."))) for field, word in {**_PLACEHOLDERS, **answers}.items()}
    try:
        profile = parse_profile(_bare(given), "answers", catalog)
    except FileError as error:
        return Template(text="", mistakes={str(one.field): one.problem for one in error.mistakes})
    _, assumed = resolve(profile, catalog.natures[profile.nature])
    lines = _fields(profile_schema(catalog), given, {one.field: one for one in assumed}, set(answers))
    return Template(text=_HEAD + "\n".join(lines) + "\n", mistakes={})


def _bare(given: Mapping[str, str]) -> str:
    """A profile of the given fields alone."""
    sections: dict[str, list[str]] = {}
    for field, value in given.items():
        section, _, name = field.rpartition(".")
        sections.setdefault(section, []).append(f"{'  ' if section else ''}{name}: {value}")
    return "\n".join(line for section, lines in sections.items() for line in ([f"{section}:"] if section else []) + lines) + "\n"


def _written(word: str, *, text: bool) -> str:
    """The word as YAML: bare where it can only be read as itself, in double quotes elsewhere."""
    if _PLAIN.fullmatch(word) and not (text and _NOT_TEXT.fullmatch(word)):
        return word
    quoted = json.dumps(word, ensure_ascii=False)
    return "".join(one if one.isprintable() else _escape(one) for one in quoted)


def _escape(one: str) -> str:
    return f"\\u{ord(one):04x}" if ord(one) <= 0xFFFF else f"\\U{ord(one):08x}"  # noqa: PLR2004


def _fields(schema: dict[str, Any], given: Mapping[str, str], assumed: Mapping[str, AssumptionMade], answered: set[str]) -> Iterator[str]:
    for name, said in schema["properties"].items():
        yield ""
        if "$ref" not in said:
            yield from _comment(said, "")
            yield from _line(name, name, said, given, assumed, answered, "")
            continue
        inner = schema["$defs"][said["$ref"].rpartition("/")[2]]["properties"]
        yield from _comment(said, "")
        yield f"{name}:" if any(one.startswith(f"{name}.") for one in given) else f"#{name}:"
        for field, text in inner.items():
            yield from _comment(text, "  ")
            yield from _line(f"{name}.{field}", field, text, given, assumed, answered, "  ")


def _comment(said: dict[str, Any], indent: str) -> Iterator[str]:
    import textwrap  # noqa: PLC0415

    allowed = [str(word) for word in said.get("enum", ()) if word is not None]
    first, *listed = _SAID_ON_TOP.sub("", said["description"]).splitlines()
    choice = f" One of: {', '.join(allowed)}." if allowed and not listed else ""
    yield from textwrap.wrap(first + choice, _COMMENT_WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")
    yield from (f"{indent}# {line}" for line in listed)


def _line(
    path: str,
    name: str,
    said: dict[str, Any],
    given: Mapping[str, str],
    assumed: Mapping[str, AssumptionMade],
    answered: set[str],
    indent: str,
) -> Iterator[str]:
    if path in given:
        yield f"{indent}{name}: {given[path]}" + ("" if path in answered else "  # an example: say yours")
        return
    if path in assumed:
        value = _assumed(assumed[path].value, is_list="array" in said.get("type", ()))
        yield f"#{indent}{name}: {value}  # assumed: {assumed[path].reason}"
        return
    first, *rest = _EXAMPLES[path].split("\n")
    yield f"#{indent}{name}: {first}".rstrip() + "  # an example: nothing is assumed"
    yield from (f"#{indent}  {line}" for line in rest)


def _assumed(value: object, *, is_list: bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = f"{value:.10g}" if isinstance(value, int | float) else str(value)
    return f"[{text}]" if is_list else text
