"""The task profile of a group, from what was measured on it, and its YAML with the evidence in comments. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from slmdecide.numbers import count, number, percent, significant
from slmdecide.records.profile import TaskProfile, Traits, Volume

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slmdecide.records.traffic import GroupFacts, Period
    from slmdecide.traffic.natures import Told

_NAME_WORDS = 6
_NAME_CHARACTERS = 60
_WORD = re.compile(r"[^\W\d_]{2,}(?:[-'][^\W\d_]+)*")
_STOP_WORDS = """
a an the of to in on at is are be it its this that these those and or as for with from by you your i we our me my they them he
she his her will would can could should must may do does not no only please following below above given into all any each if
then than so what which who how when where why assistant helpful expert role system user message one two three answer return
"""
_STOP = frozenset(_STOP_WORDS.split())
"""Words that say nothing of a task."""
_MASKS = re.compile(r"<(?:number|quoted|address|tagged|code)>")
_LEAST_REASONING = 1.05
_DIGITS = 3


def name_of(facts: GroupFacts, taken: Iterable[str] = ()) -> str:
    """A name from the group's own words: its task key, else the words of its template that say something."""
    if facts.task_key is not None:
        base = facts.task_key
    else:
        fixed = _MASKS.sub(" ", " ".join(one for one in (facts.head, facts.tail) if one))
        words = _telling(fixed) or []
        system = _telling(_MASKS.sub(" ", facts.system or ""))
        words = list(dict.fromkeys([*words, *system]))[:_NAME_WORDS]
        base = " ".join(words) or ("open prompts" if facts.prompt_characters else f"calls of {_model(facts)} without text")
    base = base[:_NAME_CHARACTERS].strip()
    used = set(taken)
    name, n = base, 2
    while name in used:
        name, n = f"{base} {n}", n + 1
    return name


def _model(facts: GroupFacts) -> str:
    return facts.models[0].model if facts.models and facts.models[0].model else "an unnamed model"


def _telling(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text) if word.lower() not in _STOP]


def profile_of(facts: GroupFacts, told: Told, name: str, period: Period, today: str | None) -> TaskProfile:
    """The profile: what was measured, rounded; what was not is left to the usual assumptions."""
    per_month = max(1.0, significant(facts.calls / period.months, _DIGITS))
    output = facts.mean_output_tokens
    thought = facts.reasoning_tokens / facts.calls_with_tokens if facts.calls_with_tokens else 0.0
    said = max(1.0, output - thought)
    read = max(1.0, significant(facts.mean_input_tokens, _DIGITS))
    variable = facts.mean_variable_tokens
    cached = facts.cached_tokens / facts.input_tokens if facts.input_tokens else 0.0
    reasoning = output / said if said else 1.0
    return TaskProfile(
        name=name,
        nature=told.nature,
        volume=Volume(
            requests_per_month=per_month,
            input_tokens=read,
            output_tokens=significant(said, _DIGITS),
            text_tokens=min(read, max(1.0, significant(variable, _DIGITS))) if variable is not None else None,
            cached_share=min(1.0, significant(cached, _DIGITS)) if cached else None,
            peak_to_mean=significant(facts.peak_to_mean, _DIGITS) if facts.peak_to_mean is not None else None,
            reasoning_multiplier=significant(reasoning, _DIGITS) if reasoning >= _LEAST_REASONING else None,
            uncertainty_share=significant(period.uncertainty_share, 2),
        ),
        task=Traits(
            n_labels=told.n_labels,
            documents_per_answer=max(2, round(facts.documents_mean)) if told.nature in ("rag_answer", "multi_document_analysis") else None,
        ),
        today=today,
    )


def as_plain(record: Any) -> dict[str, Any]:  # noqa: ANN401  (any record of a profile)
    """The profile as its YAML has it: without what is not said."""
    found: dict[str, Any] = {}
    for one in fields(record):
        value = getattr(record, one.name)
        if value is None or value in ((), {}):
            continue
        plain = as_plain(value) if is_dataclass(value) else list(value) if isinstance(value, tuple) else value
        if plain != {}:
            found[one.name] = int(plain) if isinstance(plain, float) and plain.is_integer() else plain
    return found


def as_yaml(profile: TaskProfile, facts: GroupFacts, told: Told, period: Period, labels: tuple[str, ...] | None) -> str:
    """The profile as YAML. Comments hold what led to each value; texts of customers stand in neither."""
    plain = as_plain(profile)
    lines = [
        "# A task profile, from call logs. `slmdecide assess` decides on it; change what you know better.",
        f"# {count(facts.calls)} calls in {number(period.days)} days. {period.explanation}",
        f"# nature: {_comment(told.measures[0].says)}",
        *(f"# {_comment(one.name)}: {_value(one.value)}{_comment(one.says)}" for one in told.measures[1:]),
        *_mapping(plain, ""),
    ]
    if labels is not None:
        lines += [
            "# The labels, as they were answered; put them under `task:` as `labels:` in place of `n_labels`.",
            f"# {_comment(json.dumps(labels))}",
        ]
    if facts.latency_p95_ms is not None:
        lines += ["# A limit that must be kept (today's p95 is above):", "# latency: {p95_ms: 2s}"]
    return "\n".join(lines) + "\n"


def _value(value: float | str | None) -> str:
    if value is None:
        return ""
    return f"{percent(value) if 0 <= value <= 1 else number(value)}, " if isinstance(value, float) else f"{_comment(value)}, "


def _comment(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _mapping(plain: Mapping[str, Any], indent: str) -> list[str]:
    lines = []
    for key, value in plain.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *_mapping(value, f"{indent}  ")]
        else:
            # JSON is YAML: texts are quoted, whatever they hold.
            lines.append(f"{indent}{key}: {json.dumps(value)}")
    return lines
