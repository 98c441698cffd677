"""The report on call logs, as blocks for the writers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import UNKNOWN, count, number, percent, significant, usd, usd_band
from slmdecide.report.blocks import Item, Items, Pairs, Prose, Section, Table, View
from slmdecide.report.words import family_words, name, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slmdecide.records.band import Band
    from slmdecide.records.traffic import Measure
    from slmdecide.records.traffic_report import FamilyShare, Pipeline, TrafficGroup, TrafficReport
    from slmdecide.report.blocks import Block

_MOST_MODELS = 3
_OFTEN = 0.01
"""A share below this is told in the JSON only."""
_LEGEND = {
    "language": "of the prompts that were sampled, where it could be told",
    "multi-turn": "prompts that hold earlier answers of the model",
    "exact duplicates": "prompts asked before, word for word: a cache saves these before any model does",
    "repeated answers": "sampled answers that stand there more than once, word for word",
    "most frequent answer": "a program that always says so is right as often",
    "cacheable prompt": "share of the prompt that is the same each time, from its beginning",
    "cached today": "share of the prompt tokens that come from the provider's cache",
}
"""What the short words mean under which measures stand; the profiles and the JSON say more."""


def build(report: TrafficReport) -> View:
    """The report: what could move, the groups, then what each rests on and what was not looked at."""
    steps = Items(tuple(Item(one.do, command=one.command) for one in report.first_steps), numbered=True)
    sections = [
        Section("First things to do", (steps,), detail=False),
        Section("Shares by verdict", (_shares(report),), detail=False),
        Section("Groups, with spend today and saving, USD a month", (_groups(report),), detail=False),
    ]
    if report.pipelines:
        sections.append(Section("Pipelines: groups that are called for the same request", (_pipelines(report),)))
    sections.append(Section("What led to each nature", _evidence(report)))
    if report.texts_shown:
        sections.append(Section("Texts, as --show-text asks", (Items(tuple(map(_texts, report.groups))),)))
    sections.append(Section("What was read", _read(report)))
    sections.append(Section("What was not looked at", (Items(tuple(Item(one) for one in report.skipped.not_looked_at)),)))
    return View(
        title=f"{_counted(report.calls, 'call')} in {_counted(len(report.groups), 'group')}: {_could_move(report)}",
        answer=(Pairs(tuple(_pairs(report))),),
        sections=tuple(sections),
        footer=(f"Prices as of {name(report.prices_as_of)}. Nothing left this machine.",),
    )


def _counted(n: int, what: str) -> str:
    return f"{count(n)} {what}{'' if n == 1 else 's'}"


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
    yield "saving a month", usd_band(report.saving_usd_per_month)
    coverage = f"{count(report.priced_calls)} of {count(report.calls)} calls priced"
    like = ", the rest taken like these" if report.priced_calls < report.calls else ""
    monthly = f"{usd(report.spend_usd_per_month)} a month{like}; " if report.spend_usd_per_month is not None else ""
    yield "spend today", f"{monthly}{usd(report.spend_usd)} in the log ({coverage})"
    if report.unpriced_models:
        models = list(report.unpriced_models.items())
        more = f", {count(len(models) - _MOST_MODELS)} more" if len(models) > _MOST_MODELS else ""
        yield "unpriced", ", ".join(f"{name(model)} {count(n)}" for model, n in models[:_MOST_MODELS]) + more
    held = [one for one in report.groups if one.held_back is not None]
    if held:
        least = usd(report.least_saving_usd_per_month)
        told = f"small models would do for {_counted(len(held), 'more group')}, but save less than {least} a month in each"
        yield "too little to move", f"{told} ({_together(report.held_back_usd_per_month)})"
    if report.already_small.calls:
        yield "already small", f"{_of_calls_and_spend(report.already_small)}: their model today is a small one"
    other = [one.other_large.option for one in report.groups if one.other_large is not None]
    if other:
        named = ", ".join(map(name, list(dict.fromkeys(other))[:_MOST_MODELS]))
        where = f"{_counted(len(other), 'group')} of the large verdict"
        told = f"{usd_band(report.other_large_usd_per_month)} a month less in {where}"
        yield "another large model", f"{told}: {named}. No part of the saving"
    requests = report.requests_per_month
    band = f"{count(significant(requests.low))} to {count(significant(requests.high))}"
    yield "calls a month", f"{count(significant(requests.typical))} ({band}). {report.period.explanation}"
    tokens = report.tokens
    cached = f", {number(tokens['cached'])} from the cache" if tokens["cached"] else ""
    yield "tokens in the log", f"{number(tokens['input'])} in{cached}, {number(tokens['output'])} out"
    if report.errors:
        yield "failed calls", count(report.errors)


def _together(saving: Band | None) -> str:
    return f"{usd_band(saving)} together" if saving is not None else "how much is not known"


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
            family_words(one.family).removesuffix(" model"),
            usd(one.spend_usd_per_month),
            usd_band(one.saving_usd_per_month),
        )
        for one in report.groups
    ]
    if report.skipped.long_tail_calls:
        rows.append(("", "long tail", percent(report.skipped.long_tail_calls / report.calls), "", "", "", ""))
    return Table(("", "group", "calls", "nature", "verdict", "today", "saves"), tuple(rows), right=(2, 5))


def _pipelines(report: TrafficReport) -> Items:
    names = {one.id: one.name for one in report.groups}
    return Items(tuple(_pipeline(one, names) for one in report.pipelines))


def _pipeline(pipeline: Pipeline, names: dict[str, str]) -> Item:
    steps = " → ".join(_step(step, calls, names) for step, calls in zip(pipeline.steps, pipeline.calls_per_trace, strict=True))
    file = (f"Profile: {pipeline.profile_file}",) if pipeline.profile_file is not None else ()
    return Item(f"{pipeline.id} {steps}: {_counted(pipeline.traces, 'trace')}", details=(pipeline.verdict, *file))


def _step(step: str, calls: float, names: dict[str, str]) -> str:
    often = f" ({number(calls)} calls)" if calls > 1 + _OFTEN else ""
    return f"{step} {name(names.get(step, ''))}{often}"


def _evidence(report: TrafficReport) -> tuple[Block, ...]:
    shown = {measure.name for group in report.groups for measure in _shown(group)}
    legend = tuple((word, meaning) for word, meaning in _LEGEND.items() if word in shown)
    items = Items(tuple(map(_nature, report.groups)))
    return (items, Prose(("The words above:",)), Pairs(legend)) if legend else (items,)


def _nature(group: TrafficGroup) -> Item:
    first, nature = group.evidence[0], words(group.nature)
    value = _value(first)
    what = f"{first.name[:1].upper()}{first.name[1:]}{': ' if value else ''}{value}"
    says = "" if first.says.lower() == nature else f" ({first.says})" if value else f": {first.says}"
    others = "; ".join(f"{one.name} {_value(one)}".strip() for one in _shown(group))
    return Item(f"{group.id} {name(group.name)}: {nature}. {what}{says}", details=(others,) if others else ())


def _texts(group: TrafficGroup) -> Item:
    texts = group.texts
    if texts is None:
        return Item(f"{group.id} {name(group.name)}")
    told = [f"{what}: {text}" for what, text in (("System", texts.system), ("Template", texts.template)) if text]
    told += [f"Labels: {', '.join(texts.labels)}"] if texts.labels else []
    told += [f"Prompt: {one.prompt} Answer: {one.answer}" for one in texts.calls]
    return Item(f"{group.id} {name(group.name)}", details=tuple(told))


def _shown(group: TrafficGroup) -> list[Measure]:
    return [one for one in group.evidence[1:] if not isinstance(one.value, float | int) or one.value >= _OFTEN]


def _value(measure: Measure) -> str:
    if measure.value is None:
        return ""
    return measure.value if isinstance(measure.value, str) else percent(measure.value)


def _read(report: TrafficReport) -> tuple[Block, ...]:
    skipped = report.skipped
    formats = ", ".join(f"{words(kind)} {count(n)}" for kind, n in report.formats.items())
    pairs = [
        ("rows by format", formats or UNKNOWN),
        ("files", f"{count(len(report.files))}; {count(len(skipped.files))} not read or not to the end"),
        ("bad lines", count(skipped.bad_lines)),
    ]
    if skipped.not_model_calls or skipped.not_leaf_calls:
        others = f"{_counted(skipped.not_model_calls, 'row')} of other kinds (embeddings, tools, events)"
        pairs.append(("left out", f"{others}; {_counted(skipped.not_leaf_calls, 'call')} that only wrap others"))
    if skipped.batch_outputs_without_input:
        pairs.append(("batch answers without a question", count(skipped.batch_outputs_without_input)))
    if skipped.long_tail_calls:
        tail = f"{_counted(skipped.long_tail_calls, 'call')} in {_counted(skipped.long_tail_groups, 'small group')}, not assessed"
        pairs.append(("long tail", tail))
    if report.masked_by is not None:
        pairs.append(("examples masked by", report.masked_by))
    told = [Item(f"{name(one.file)}: {one.problem}") for one in skipped.files]
    told += [Item(f"{name(one.file)}, line {count(one.line)}: {one.problem}") for one in skipped.bad_line_samples]
    return (Pairs(tuple(pairs)), Items(tuple(told))) if told else (Pairs(tuple(pairs)),)
