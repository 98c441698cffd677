"""A profile as YAML, with what led to each value in comments. Texts of customers stand in neither. Pure."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from slmdecide.numbers import count, number, percent, significant
from slmdecide.traffic.period import uncertainty_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slmdecide.records.profile import TaskProfile
    from slmdecide.records.traffic import GroupFacts, Measure, Period
    from slmdecide.traffic.natures import Told

_DIGITS = 3


def as_plain(record: Any) -> dict[str, Any]:  # noqa: ANN401  (any record of a profile)
    """The profile as its YAML has it: without what is not said."""
    found: dict[str, Any] = {}
    for one in fields(record):
        value = getattr(record, one.name)
        if value is None or value in ((), {}):
            continue
        plain = _plain(value)
        if plain != {}:
            found[one.name] = plain
    return found


def _plain(value: Any) -> Any:  # noqa: ANN401  (a field of a profile)
    if is_dataclass(value):
        return as_plain(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def as_yaml(profile: TaskProfile, facts: GroupFacts, told: Told, period: Period, labels: tuple[str, ...] | None) -> str:
    """The profile of a group. `labels`: its answers, where the user wants to see them."""
    lines = [
        "# A task profile, from call logs. `slmdecide assess` decides on it; change what you know better.",
        f"# {count(facts.calls)} calls in {number(period.days)} days: {_volume(facts.calls, period)}. {period.explanation}",
        f"# nature: {_measure(told.measures[0])}",
        *(f"# {_measure(one)}" for one in told.measures[1:]),
        *_mapping(as_plain(profile), ""),
    ]
    if profile.data.obtainable_examples is not None:
        told_of = "what is answered in a month, each prompt once; an example once somebody has checked it"
        lines.insert(_first(lines, "  obtainable_examples:"), f"  # {told_of}")
    if labels is not None:
        lines += [
            "# The labels, as they were answered; put them under `task:` as `labels:` in place of `n_labels`.",
            f"# {_comment(json.dumps(labels))}",
        ]
    if facts.latency_p95_ms is not None:
        lines += ["# A limit that must be kept (today's p95 is above):", "# latency: {p95_ms: 2s}"]
    return "\n".join(lines) + "\n"


def _first(lines: Sequence[str], start: str) -> int:
    """Place of the first line that begins so; there is one."""
    return next(place for place, line in enumerate(lines) if line.startswith(start))


def pipeline_yaml(profile: TaskProfile, ids: Sequence[str], traces: int, period: Period) -> str:
    """The profile of a pipeline. `ids`: of the groups that are its stages."""
    lines = [
        "# A pipeline, from the traces of call logs: groups of calls that were made for the same request.",
        f"# {count(traces)} traces in {number(period.days)} days: {_volume(traces, period)}. {period.explanation}",
        "# The stages are the groups below, in the order in which they begin; their own profiles hold the evidence.",
        *(f"# {identifier}: {_comment(stage.name)}" for identifier, stage in zip(ids, profile.stages or (), strict=True)),
        *_mapping(as_plain(profile), ""),
    ]
    return "\n".join(lines) + "\n"


def _volume(calls: int, period: Period) -> str:
    """The volume of a month in words: "1,300 a month, give or take 9 %"."""
    return f"{count(significant(calls / period.months, _DIGITS))} a month, give or take {percent(uncertainty_of(calls, period))}"


def _measure(one: Measure) -> str:
    told = one.value if isinstance(one.value, str) else percent(one.value) if one.value is not None and 0 <= one.value <= 1 else ""
    return _comment(f"{one.name}: {told + ', ' if told else ''}{one.says}")


def _comment(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _mapping(plain: Mapping[str, Any], indent: str) -> list[str]:
    lines = []
    for key, value in plain.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *_mapping(value, f"{indent}  ")]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            lines.append(f"{indent}{key}:")
            for one in value:
                first, *more = _mapping(one, f"{indent}    ")
                lines += [f"{indent}  - {first.strip()}", *more]
        else:
            # JSON is YAML: texts are quoted, whatever they hold.
            lines.append(f"{indent}{key}: {json.dumps(value)}")
    return lines
