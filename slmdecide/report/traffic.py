"""The report on call logs, as blocks for the writers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import UNKNOWN, count, exact, number, percent, significant, usd, usd_band
from slmdecide.report.blocks import Item, Items, Pairs, Prose, Section, Table, View
from slmdecide.report.traffic_evidence import counted, evidence, files, nature_words, pipelines, texts
from slmdecide.report.traffic_verdicts import verdict_cell, verdicts
from slmdecide.report.words import data_words, family_words, name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slmdecide.records.band import Band
    from slmdecide.records.traffic_report import FamilyShare, TrafficGroup, TrafficReport
    from slmdecide.report.blocks import Block

_MOST_MODELS = 3
_NO_TOKENS = "(no token counts)"
"""Stands in place of a model for calls of any that have neither a cost nor tokens."""
_NEARLY_ALL = 0.9
"""Of a saving: where less is left against a large model, the report says so."""
_UNKNOWN_TODAY = f"{UNKNOWN}: fewer than 9 of 10 of the group's calls have a price, so what a month of it costs is not known."
_BUT_TOTAL = "The total takes its other calls like these."


def build(report: TrafficReport) -> View:
    """The report: what could move, the groups, then what each rests on and what was not looked at."""
    steps = Items(tuple(Item(one.do, command=one.command) for one in report.first_steps), numbered=True)
    sections = [
        Section("First things to do", (steps,), detail=False),
        Section("Shares by verdict", (_shares(report),), detail=False),
        Section("Groups, with spend today and saving, USD a month", _groups(report), detail=False),
        Section("Why each verdict", (verdicts(report),)),
    ]
    if report.pipelines:
        sections.append(Section("Pipelines: groups that are called for the same request", (pipelines(report),)))
    sections.append(Section("What led to each nature", evidence(report)))
    if report.texts_shown:
        sections.append(Section("Texts, as --show-text asks", (texts(report),)))
    sections.append(Section("What was read", files(report)))
    if report.assumptions:
        sections.append(Section("Assumptions, since no log says it", (_assumed(report),)))
    sections.append(Section("What was not looked at", (Items(tuple(Item(one) for one in report.skipped.not_looked_at)),)))
    return View(
        title=f"{_calls_in_groups(report)}: {_could_move(report)}",
        answer=(Pairs(tuple(_pairs(report))),),
        sections=tuple(sections),
        footer=(
            *((f"Command: {report.command}",) if report.command else ()),
            *(data_words(report.data) if report.data is not None else (f"Prices as of {name(report.prices_as_of)}.",)),
            "Nothing left this machine.",
        ),
    )


def _calls_in_groups(report: TrafficReport) -> str:
    tail = " and a long tail" if report.skipped.long_tail_calls else ""
    return f"{counted(report.calls, 'call')} in {counted(len(report.groups), 'group')}{tail}"


def _could_move(report: TrafficReport) -> str:
    moved = report.could_move
    if not moved.calls:
        return "none could move to a small model"
    return f"{_of_calls_and_spend(moved)} could move to a small model"


def _of_calls_and_spend(share: FamilyShare) -> str:
    spend = f" and {percent(share.spend)} of the spend" if share.spend is not None else ""
    return f"{percent(share.calls)} of the calls{spend}"


def _pairs(report: TrafficReport) -> Iterable[tuple[str, str]]:
    """What the reader wants to know first; what is 0 is not told."""
    yield "saving a month", _saving(report)
    yield "spend today", _spend(report)
    if report.unpriced_models:
        yield "unpriced", _unpriced(report)
    held = [one for one in report.groups if one.held_back is not None]
    if held:
        least = usd(report.least_saving_usd_per_month)
        each = "" if len(held) == 1 else " in each"
        told = f"small models would do for {counted(len(held), 'group')} more, but save less than {least} a month{each}"
        yield "too little to move", f"{told} ({_together(report.held_back_usd_per_month)})"
    if report.already_small is not None and report.already_small.calls:
        yield "already small", f"{_of_calls_and_spend(report.already_small)}: their model today is a small one"
    other = [one.other_large.option for one in report.groups if one.other_large is not None]
    if other:
        named = ", ".join(map(name, list(dict.fromkeys(other))[:_MOST_MODELS]))
        where = f"{counted(len(other), 'group')} of the large verdict"
        told = f"{usd_band(report.other_large_usd_per_month)} a month less in {where}"
        yield "another large model", f"{told}: {named}. No part of the saving; whether it is as good was not measured"
    requests = report.requests_per_month
    band = f"{count(significant(requests.low))} to {count(significant(requests.high))}"
    yield "calls a month", f"{count(significant(requests.typical))} ({band}). {report.period.explanation}"
    yield "tokens in the log", _tokens(report)
    if report.errors:
        yield "failed calls", count(report.errors)


def _saving(report: TrafficReport) -> str:
    saving, over = report.saving_usd_per_month, report.saving_over_large_usd_per_month
    told = usd_band(saving) if saving is not None else "not known: no price of today is"
    if saving is None or over is None or not saving.typical or over >= _NEARLY_ALL * saving.typical:
        return told
    left = f"{usd(over)} of it is left" if over > 0 else "nothing of it is left"
    return f"{told} against the spend of today; {left} against the cheapest large models"


def _spend(report: TrafficReport) -> str:
    if report.spend_usd is None:
        return f"not known: none of {counted(report.calls, 'call')} has a price"
    coverage = f"{count(report.priced_calls)} of {count(report.calls)} calls priced"
    in_log = f"{usd(report.spend_usd)} in the log ({coverage})"
    if report.spend_usd_per_month is None:
        return f"{in_log}; a month is not known, since fewer than 9 of 10 are priced"
    like = ", the rest taken like others of their group" if report.priced_calls < report.calls else ""
    return f"{usd(report.spend_usd_per_month)} a month{like}; {in_log}"


def _unpriced(report: TrafficReport) -> str:
    models = list(report.unpriced_models.items())
    more = f", {counted(len(models) - _MOST_MODELS, 'more model')}" if len(models) > _MOST_MODELS else ""
    told = (
        f"{counted(n, 'call')} without tokens" if model == _NO_TOKENS else f"{name(model)} ({counted(n, 'call')})"
        for model, n in models[:_MOST_MODELS]
    )
    return ", ".join(told) + more


def _tokens(report: TrafficReport) -> str:
    tokens, with_tokens = report.tokens, report.tokens.get("calls_with_tokens")
    if not tokens["input"] and not tokens["output"]:
        return "not counted by the log"
    cached = f", {number(tokens['cached'])} from the cache" if tokens["cached"] else ""
    some = f" (of {count(with_tokens)} calls; the others have no counts)" if with_tokens is not None and with_tokens < report.calls else ""
    return f"{number(tokens['input'])} in{cached}, {number(tokens['output'])} out{some}"


def _together(saving: Band | None) -> str:
    return f"{usd_band(saving)} together" if saving is not None else "how much is not known"


def _shares(report: TrafficReport) -> Table:
    rows = [_share(family_words(family), one) for family, one in report.shares.items()]
    if report.stays_small is not None and report.stays_small.calls:
        rows.append(_share("of all, stays on a small model", report.stays_small))
    return Table(("verdict", "calls", "tokens", "spend"), tuple(rows), right=(1, 2, 3))


def _share(what: str, share: FamilyShare) -> tuple[str, str, str, str]:
    return what, percent(share.calls), percent(share.tokens), percent(share.spend)


def _groups(report: TrafficReport) -> tuple[Block, ...]:
    rows = [_group(one) for one in report.groups]
    if report.skipped.long_tail_calls:
        rows.append(("", "long tail", percent(report.skipped.long_tail_calls / report.calls), "", "", "", ""))
    if len(report.groups) > 1:
        total = usd(report.spend_usd_per_month)
        rows.append(("", "together", percent(1.0), "", "", total, usd_band(report.saving_usd_per_month)))
    table = Table(("", "group", "calls", "nature", "verdict", "today", "saves"), tuple(rows), right=(2, 5))
    if report.spend_usd is None or all(one.spend_usd_per_month is not None for one in report.groups):
        return (table,)
    return table, Prose((_UNKNOWN_TODAY, *((_BUT_TOTAL,) if report.spend_usd_per_month is not None else ())))


def _group(group: TrafficGroup) -> tuple[str, ...]:
    labels = f" ({counted(group.labels, 'label')})" if group.labels is not None else ""
    return (
        group.id,
        name(group.name),
        percent(group.share),
        f"{nature_words(group.nature)}{labels}",
        verdict_cell(group),
        usd(group.spend_usd_per_month),
        usd_band(group.saving_usd_per_month),
    )


def _assumed(report: TrafficReport) -> Table:
    rows = tuple((name(one.field), name(exact(one.value)), one.reason) for one in report.assumptions)
    return Table(("of every group", "value", "why"), rows)
