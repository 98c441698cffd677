"""What is measured on each group: counts and sums of all its calls by the engine, and what shows in a sample of its texts."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from slmdecide.records.traffic import GroupFacts, ModelUse
from slmdecide.traffic.labels import labels_of
from slmdecide.traffic.look import Look
from slmdecide.traffic.masks import VARIABLE
from slmdecide.traffic.plan import HEAD_CHARACTERS, key_of
from slmdecide.traffic.rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir

    from slmdecide.traffic.plan import Cell

_CHARACTERS_PER_TOKEN = 4
"""Where a log counts no tokens; a rule of thumb for English."""
_PARTS = 10**10
"""Fractions are summed as whole numbers of such parts: a sum of floats would depend on the order, and so on the run."""
_DIGITS_OF_MS = 6
_MINUTE_S = 60
_LEAST_VARIABLE = 0.02
"""Share of a prompt that differs at least: a template's words are counted without what was masked in them."""


def facts(calls: ir.Table, cells: Sequence[Cell], looks: Mapping[int, Look]) -> tuple[GroupFacts, ...]:
    """What was measured on each group, the largest first. `looks`: what shows in its texts, by group."""
    sums = {row["group"]: row for row in rows_of(_sums(calls))}
    labels = labels_of(calls)
    uses = _uses(calls)
    peaks = _peaks(calls)
    found = [
        _facts(group, row, cells, labels.get(group, Counter()), uses[group], peaks.get(group), looks.get(group, Look()))
        for group, row in sums.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.calls, one.key)))


def _sums(calls: ir.Table) -> ir.Table:
    known = calls.input_tokens.notnull() & calls.output_tokens.notnull()
    ok = calls.answered
    return calls.group_by("group").agg(
        calls=calls.count(),
        answered=ok.cast("int").sum(),
        errors=calls.failed.cast("int").sum(),
        input_tokens=calls.input_tokens.sum(),
        output_tokens=calls.output_tokens.sum(),
        cached_tokens=calls.cached_tokens.sum(),
        reasoning_tokens=calls.reasoning_tokens.sum(),
        with_tokens=known.cast("int").sum(),
        mean_input=calls.input_tokens.mean(),
        mean_output=calls.output_tokens.mean(),
        prompts=calls.fingerprint.nunique(),
        with_prompt=calls.has_text.cast("int").sum(),
        tools=((calls.tool_calls > 0) & ok).cast("int").sum(),
        turns=(calls.turns > 0).cast("int").mean(),
        cold=(calls.temperature == 0).cast("int").mean(),
        temperature=_exact(calls.temperature).sum(),
        with_temperature=calls.temperature.count(),
        answer_characters=calls.answer_characters.mean(where=ok),
        prompt_characters=calls.prompt_characters.mean(),
        system_characters=calls.system_characters.mean(),
        latency_p50=calls.latency_ms.quantile(0.5),
        latency_p95=calls.latency_ms.quantile(0.95),
        ttft_p95=calls.ttft_ms.quantile(0.95),
        cost=_exact(calls.cost_usd).sum(),
        with_cost=calls.cost_usd.count(),
        first=calls.time_s.min(),
        last=calls.time_s.max(),
    )


def _to_the_nanosecond(ms: float | None) -> float | None:
    """A percentile between two calls: engines differ in its very last digits, since each goes from one to the other in its own way."""
    return round(ms, _DIGITS_OF_MS) if ms is not None else None


def _exact(column: ir.FloatingValue) -> ir.IntegerValue:
    return (column * float(_PARTS)).round().cast("int64")


def _uses(calls: ir.Table) -> defaultdict[int, list[ModelUse]]:
    open_ = calls.cost_usd.isnull() & calls.input_tokens.notnull() & calls.output_tokens.notnull()
    table = calls.group_by(["group", "model", "provider"]).agg(
        calls=calls.count(),
        open_calls=open_.cast("int").sum(),
        input=calls.input_tokens.sum(where=open_),
        output=calls.output_tokens.sum(where=open_),
        cached=calls.cached_tokens.sum(where=open_),
    )
    found: defaultdict[int, list[ModelUse]] = defaultdict(list)
    for row in sorted(rows_of(table), key=lambda row: (-row["calls"], row["model"] or "", row["provider"] or "")):
        found[row["group"]].append(
            ModelUse(
                model=row["model"],
                provider=row["provider"],
                calls=row["calls"],
                unpriced_calls=row["open_calls"],
                input_tokens=row["input"] or 0.0,
                output_tokens=row["output"] or 0.0,
                cached_tokens=row["cached"] or 0.0,
            ),
        )
    return found


def _peaks(calls: ir.Table) -> dict[int, float]:
    """Calls of the busiest minute, by group."""
    timed = calls.filter(calls.time_s.notnull())
    minutes = timed.group_by("group", minute=(timed.time_s / _MINUTE_S).floor()).agg(n=timed.count())
    return {row["group"]: row["n"] for row in rows_of(minutes.group_by("group").agg(n=minutes.n.max()))}


def _facts(
    group: int,
    row: Mapping[str, Any],
    cells: Sequence[Cell],
    labels: Counter[str],
    uses: list[ModelUse],
    peak: float | None,
    seen: Look,
) -> GroupFacts:
    cell = cells[group] if group >= 0 else None
    answered = row["answered"]
    estimated = row["mean_input"] is None or row["mean_output"] is None
    mean_input = row["mean_input"] if not estimated else row["prompt_characters"] / _CHARACTERS_PER_TOKEN
    mean_output = row["mean_output"] if not estimated else (row["answer_characters"] or 0) / _CHARACTERS_PER_TOKEN
    characters = row["prompt_characters"]
    fixed, prefix = _fixed(cell, row["system_characters"])
    of_answered = max(1, answered)
    minutes = max(1.0, ((row["last"] or 0) - (row["first"] or 0)) / _MINUTE_S)
    return GroupFacts(
        key=key_of(cell),
        task_key=cell.place.task_key if cell is not None else None,
        system=cell.system if cell is not None else None,
        head=cell.head if cell is not None else None,
        tail=cell.tail if cell is not None else None,
        calls=row["calls"],
        answered=answered,
        errors=row["errors"],
        input_tokens=row["input_tokens"] or 0.0,
        output_tokens=row["output_tokens"] or 0.0,
        cached_tokens=row["cached_tokens"] or 0.0,
        reasoning_tokens=row["reasoning_tokens"] or 0.0,
        calls_with_tokens=row["with_tokens"],
        mean_input_tokens=mean_input,
        mean_output_tokens=mean_output,
        tokens_estimated=estimated,
        mean_variable_tokens=mean_input * min(1.0, max(_LEAST_VARIABLE, 1 - fixed / characters)) if characters else None,
        cacheable_share=min(1.0, prefix / characters) if characters else None,
        duplicate_share=1 - row["prompts"] / row["calls"] if row["with_prompt"] == row["calls"] else 0.0,
        tool_share=row["tools"] / of_answered,
        json_share=seen.json_share,
        json_keys=seen.json_keys,
        code_share=seen.code_share,
        sql_share=seen.sql_share,
        documents_mean=seen.documents_mean,
        documents_share=seen.documents_share,
        multi_turn_share=row["turns"],
        cold_share=row["cold"],
        temperature_mean=row["temperature"] / (row["with_temperature"] * _PARTS) if row["with_temperature"] else None,
        answer_characters=row["answer_characters"] or 0.0,
        prompt_characters=row["prompt_characters"],
        texts=answered,
        labels=tuple(label for label, _ in labels.most_common()),
        labels_share=sum(labels.values()) / of_answered,
        top_label_share=max(labels.values()) / of_answered if labels else None,
        latency_p50_ms=_to_the_nanosecond(row["latency_p50"]),
        latency_p95_ms=_to_the_nanosecond(row["latency_p95"]),
        ttft_p95_ms=_to_the_nanosecond(row["ttft_p95"]),
        peak_to_mean=max(1.0, peak / (row["calls"] / minutes)) if peak is not None and row["calls"] >= minutes > 1 else None,
        cost_usd=(row["cost"] or 0) / _PARTS,
        calls_with_cost=row["with_cost"],
        models=tuple(uses),
    )


def _fixed(cell: Cell | None, system_characters: float) -> tuple[float, float]:
    """Characters of a prompt that are the same each time, and of them those before the first that differ."""
    if cell is None:
        return 0.0, 0.0
    head, tail = cell.head or "", cell.tail or ""
    if cell.whole and len(head) < HEAD_CHARACTERS:
        # A short prompt stands in `head` as a whole.
        tail = ""
    first = VARIABLE.search(head)
    begin = float(first.start() if first is not None else len(head))
    if cell.system is None or VARIABLE.search(cell.system):
        known = VARIABLE.search(cell.system) if cell.system is not None else None
        return sum(len(VARIABLE.sub("", part)) for part in (cell.system or "", head, tail)), float(known.start() if known else 0)
    return system_characters + len(VARIABLE.sub("", head)) + len(VARIABLE.sub("", tail)), system_characters + begin
