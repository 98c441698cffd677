"""The report on call logs, as blocks for the writers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import UNKNOWN, count, number, percent, usd, usd_band
from slmdecide.report.blocks import Item, Items, Pairs, Prose, Section, Table, View
from slmdecide.report.words import family_words, name, words

if TYPE_CHECKING:
    from slmdecide.records.traffic import TrafficGroup, TrafficReport
    from slmdecide.report.blocks import Block

_MOST_MEASURES = 4


def build(report: TrafficReport) -> View:
    """The report: what could move, the groups, then what each rests on and what was not looked at."""
    sections = [
        Section("First things to do", (Items(tuple(Item(one) for one in report.first_steps), numbered=True),), detail=False),
        Section("Shares by verdict", (_shares(report),), detail=False),
        Section("Groups", (_groups(report),), detail=False),
    ]
    if report.pipelines:
        sections.append(Section("Pipelines", (Items(tuple(Item(_pipeline(report, one)) for one in report.pipelines)),)))
    sections.append(Section("What led to each nature", (Items(tuple(map(_evidence, report.groups))),)))
    sections.append(Section("What was read", _read(report)))
    return View(
        title=f"{count(report.calls)} calls in {count(len(report.groups))} groups: {_could_move(report)}",
        answer=(Pairs(_pairs(report)),),
        sections=tuple(sections),
        footer=(f"Prices as of {name(report.prices_as_of)}. Nothing left this machine.",),
    )


def _could_move(report: TrafficReport) -> str:
    moved = [share for family, share in report.shares.items() if family in ("small", "fine_tuned_small", "cascade", "pipeline")]
    calls = sum(one.calls for one in moved)
    spends = [one.spend for one in moved if one.spend is not None]
    spend = f" and {percent(min(1.0, sum(spends)))} of the spend" if spends else ""
    return f"{percent(min(1.0, calls))} of the calls{spend} could move to a small model"


def _pairs(report: TrafficReport) -> tuple[tuple[str, str], ...]:
    tokens = report.tokens
    coverage = f"{count(report.priced_calls)} of {count(report.calls)} calls priced"
    return (
        ("saving a month", usd_band(report.saving_usd_per_month)),
        ("spend in the log", f"{usd(report.spend_usd)} ({coverage})"),
        (
            "spend a month",
            usd(report.spend_usd_per_month) if report.spend_usd_per_month is not None else f"{UNKNOWN} (not all calls priced)",
        ),
        ("tokens", f"{number(tokens['input'])} in, {number(tokens['output'])} out, {number(tokens['cached'])} cached"),
        ("period", report.period.explanation),
        ("failed calls", count(report.errors)),
    )


def _shares(report: TrafficReport) -> Table:
    rows = [(family_words(family), percent(one.calls), percent(one.tokens), percent(one.spend)) for family, one in report.shares.items()]
    return Table(("verdict", "calls", "tokens", "spend"), tuple(rows), right=(1, 2, 3))


def _groups(report: TrafficReport) -> Table:
    rows = [
        (
            one.id,
            name(one.name),
            percent(one.share),
            words(one.nature) + (f" ({count(one.labels)})" if one.labels is not None else ""),
            family_words(one.family),
            usd(one.spend_usd_per_month),
            usd_band(one.saving_usd_per_month),
        )
        for one in report.groups
    ]
    if report.skipped.long_tail_calls:
        rows.append(("", "long tail", percent(report.skipped.long_tail_calls / report.calls), "", "not assessed", "", ""))
    return Table(("", "group", "calls", "nature", "verdict", "spend a month", "saving a month"), tuple(rows), right=(2, 5))


def _pipeline(report: TrafficReport, pipeline: object) -> str:
    names = {one.id: one.name for one in report.groups}
    steps = getattr(pipeline, "steps", ())
    return f"{' → '.join(name(names.get(step, step)) for step in steps)}: {count(getattr(pipeline, 'traces', 0))} traces"


def _evidence(group: TrafficGroup) -> Item:
    details = tuple(f"{one.name}: {_value(one.value)}{one.says}" for one in group.evidence[1 : 1 + _MOST_MEASURES])
    first = group.evidence[0]
    return Item(
        f"{group.id} {name(group.name)}: {words(group.nature)}, since {first.name}: {_value(first.value)}{first.says}", details=details
    )


def _value(value: float | str | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"{value}, "
    return f"{percent(value) if 0 <= value <= 1 else number(value)}, "


def _read(report: TrafficReport) -> tuple[Block, ...]:
    skipped = report.skipped
    formats = ", ".join(f"{words(kind)} {count(n)}" for kind, n in report.formats.items())
    pairs = [
        ("formats, by rows", formats or UNKNOWN),
        ("files", f"{count(len(report.files))}, of which {count(len(skipped.files))} not or not wholly read"),
        ("bad lines", count(skipped.bad_lines)),
        ("no calls of a model", f"{count(skipped.not_model_calls)} rows; {count(skipped.not_leaf_calls)} calls only wrap others"),
        ("long tail", f"{count(skipped.long_tail_calls)} calls in {count(skipped.long_tail_groups)} groups, not assessed"),
    ]
    if skipped.batch_outputs_without_input:
        pairs.append(("batch answers without a question", count(skipped.batch_outputs_without_input)))
    if report.masked_by is not None:
        pairs.append(("examples masked by", report.masked_by))
    told = [Item(f"{name(one.file)}: {one.problem}") for one in skipped.files]
    told += [Item(f"{name(one.file)}, line {count(one.line)}: {one.problem}") for one in skipped.bad_line_samples]
    blocks: list[Block] = [Pairs(tuple(pairs))]
    blocks += [Items(tuple(told))] if told else []
    return (*blocks, Prose(("Not looked at:",)), Items(tuple(Item(one) for one in skipped.not_looked_at)))
