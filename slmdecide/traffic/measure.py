"""What is measured on each group: one pass of the engine for counts and sums, one for short answers, one for samples."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from slmdecide.records.traffic import GroupFacts, ModelUse
from slmdecide.traffic.merge import Answers
from slmdecide.traffic.plan import rows_of
from slmdecide.traffic.prepare import HEAD_CHARACTERS, VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir

    from slmdecide.traffic.plan import Cell

_CHARACTERS_PER_TOKEN = 4
"""Where a log counts no tokens; a rule of thumb for English."""
_MOST_LABELS = 2000
"""Different answers of one group that are looked at; a larger set is not closed."""
_LEAST_REPEATED = 2
"""A short answer that occurs once is no label."""
_COVERED = 0.995
"""Labels are kept, the most frequent first, until so many of the recurring answers have one: the rest are slips."""
_SLIP_SHARE = 0.02
"""A label that is rarer than this share of what an even split would give it is a slip too."""
_SAMPLED_ANSWERS = 200
_STABLE = 0.6
"""Share of the sampled JSON answers that must have a key."""
_MINUTE_S = 60
_LEAST_VARIABLE = 0.02
"""Share of a prompt that differs at least: a template's words are counted without what was masked in them."""


def answers_of(calls: ir.Table) -> dict[int, Answers]:
    """How each cell is answered; a small table."""
    ok = calls.filter(calls.answered)
    counts = ok.group_by("group").agg(
        calls=ok.count(),
        answer_characters=ok.answer_characters.mean(),
        json_share=ok.is_json.cast("int").mean(),
        tool_share=(ok.tool_calls > 0).cast("int").mean(),
    )
    labels = labels_of(ok)
    return {
        row["group"]: Answers(
            calls=row["calls"],
            answer_characters=row["answer_characters"],
            json_share=row["json_share"],
            tool_share=row["tool_share"],
            labels=frozenset(labels.get(row["group"], Counter()))
            if sum(labels.get(row["group"], Counter()).values()) >= row["calls"] / 2
            else frozenset(),
        )
        for row in rows_of(counts)
    }


def labels_of(calls: ir.Table) -> dict[int, Counter[str]]:
    """Short answers that recur, by group."""
    import ibis  # noqa: PLC0415  (heavy)

    short = calls.filter(calls.label.notnull())
    counted = short.group_by(["group", "label"]).agg(n=short.count())
    window = ibis.window(group_by=counted.group, order_by=[ibis.desc(counted.n), counted.label])
    top = counted.filter(counted.n >= _LEAST_REPEATED).mutate(place=ibis.row_number().over(window))
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for row in rows_of(top.filter(top.place < _MOST_LABELS)):
        found[row["group"]][row["label"]] = row["n"]
    return {group: _without_slips(labels) for group, labels in found.items()}


def _without_slips(labels: Counter[str]) -> Counter[str]:
    """The labels that are meant: a misspelt or invented one is rare."""
    total = sum(labels.values())
    kept: Counter[str] = Counter()
    covered = 0
    for label, n in sorted(labels.items(), key=lambda one: (-one[1], one[0])):
        if covered >= _COVERED * total and n < _SLIP_SHARE * total / max(1, len(kept)):
            break
        kept[label] = n
        covered += n
    return kept


def facts(calls: ir.Table, cells: Sequence[Cell], samples: Mapping[int, Sequence[str]]) -> tuple[GroupFacts, ...]:
    """What was measured on each group, the largest first. `samples`: answers by group."""
    sums = {row["group"]: row for row in rows_of(_sums(calls))}
    labels = labels_of(calls.filter(calls.answered))
    uses = _uses(calls)
    peaks = _peaks(calls)
    found = [
        _facts(group, row, cells, labels.get(group, Counter()), uses[group], peaks.get(group), samples.get(group, ()))
        for group, row in sums.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.calls, one.key)))


def _sums(calls: ir.Table) -> ir.Table:
    known = calls.input_tokens.notnull() & calls.output_tokens.notnull()
    ok = calls.answered
    return calls.group_by("group").agg(
        calls=calls.count(),
        answered=ok.cast("int").sum(),
        errors=(calls.status == "error").cast("int").sum(),
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
        json=(calls.is_json & ok).cast("int").sum(),
        code=(calls.is_code & ok).cast("int").sum(),
        sql=(calls.is_sql & ok).cast("int").sum(),
        documents=calls.documents.mean(),
        with_documents=(calls.documents >= 2).cast("int").mean(),  # noqa: PLR2004  (several)
        turns=(calls.turns > 0).cast("int").mean(),
        cold=(calls.temperature == 0).cast("int").mean(),
        answer_characters=calls.answer_characters.mean(where=ok),
        prompt_characters=calls.prompt_characters.mean(),
        system_characters=calls.system_characters.mean(),
        latency_p50=calls.latency_ms.approx_quantile(0.5),
        latency_p95=calls.latency_ms.approx_quantile(0.95),
        ttft_p95=calls.ttft_ms.approx_quantile(0.95),
        cost=calls.cost_usd.sum(),
        with_cost=calls.cost_usd.count(),
        first=calls.time_s.min(),
        last=calls.time_s.max(),
    )


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
    answers: Sequence[str],
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
        task_key=cell.task_key if cell is not None else None,
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
        json_share=row["json"] / of_answered,
        json_keys=_stable_keys(answers),
        code_share=row["code"] / of_answered,
        sql_share=row["sql"] / of_answered,
        documents_mean=row["documents"],
        documents_share=row["with_documents"],
        multi_turn_share=row["turns"],
        cold_share=row["cold"],
        answer_characters=row["answer_characters"] or 0.0,
        prompt_characters=row["prompt_characters"],
        texts=answered,
        labels=tuple(label for label, _ in labels.most_common()),
        labels_share=sum(labels.values()) / of_answered,
        latency_p50_ms=row["latency_p50"],
        latency_p95_ms=row["latency_p95"],
        ttft_p95_ms=row["ttft_p95"],
        peak_to_mean=max(1.0, peak / (row["calls"] / minutes)) if peak is not None and row["calls"] >= minutes > 1 else None,
        cost_usd=row["cost"] or 0.0,
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


def key_of(cell: Cell | None) -> str:
    """What names a cell, whatever its number."""
    if cell is None:
        return ""
    return "\x01".join((cell.task_key or "", cell.system or cell.system_prefix or "", cell.head or "", cell.tail or "", cell.model or ""))


def _stable_keys(answers: Sequence[str]) -> tuple[str, ...]:
    """Keys that most of the JSON objects have."""
    counts: Counter[str] = Counter()
    n = 0
    for answer in answers[:_SAMPLED_ANSWERS]:
        text = answer.strip().removeprefix("```json").removeprefix("```").removesuffix("```").strip()
        try:
            found = json.loads(text) if text.startswith("{") else None
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            n += 1
            counts.update(found.keys())
    return tuple(sorted(key for key, times in counts.items() if times >= _STABLE * n))
