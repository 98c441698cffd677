"""What the groups of calls rest on, in the report on call logs: measures, pipelines, texts, and what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import UNKNOWN, count, number, percent, usd_band
from slmdecide.report.blocks import Item, Items, Pairs, Prose
from slmdecide.report.words import name, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slmdecide.records.traffic import Measure
    from slmdecide.records.traffic_report import Pipeline, TrafficGroup, TrafficReport
    from slmdecide.report.blocks import Block

_OFTEN = 0.01
"""A share below this is told in the JSON only."""
_NATURES = {"rag_answer": "answers from documents", "text_to_sql": "text to SQL"}
"""Natures whose identifier is no word."""
_LEGEND = {
    "language": "of the prompts that were sampled, where it could be told (ISO 639-1 codes)",
    "multi-turn": "prompts that hold earlier answers of the model",
    "temperature 0": "calls that ask for the likeliest answer, the same each time",
    "exact duplicates": "prompts asked before, word for word: a cache saves these before any model does",
    "repeated answers": "sampled answers that stand there more than once, word for word",
    "most frequent answer": "a program that always says so is right as often",
    "cacheable prompt": "share of the prompt that is the same each time, from its beginning",
    "cached today": "share of the prompt tokens that come from the provider's cache",
    "latency p95": "95 of 100 answers were there within it",
    "TTFT p95": "time to the first token, within which 95 of 100 answers began",
    "no token counts": "4 characters are taken as one token",
}
"""What the short words mean under which measures stand; the profiles and the JSON say more."""


def counted(n: int, what: str) -> str:
    """A number of things, such as "1 call" or "2 calls"."""
    return f"{count(n)} {what}{'' if n == 1 else 's'}"


def nature_words(nature: str) -> str:
    """A nature as a person says it."""
    return _NATURES.get(nature, words(nature))


def pipelines(report: TrafficReport) -> Items:
    """Each pipeline with its steps and its verdict."""
    names = {one.id: one.name for one in report.groups}
    return Items(tuple(_pipeline(one, names) for one in report.pipelines))


def _pipeline(pipeline: Pipeline, names: dict[str, str]) -> Item:
    steps = " → ".join(_step(step, calls, names) for step, calls in zip(pipeline.steps, pipeline.calls_per_trace, strict=True))
    cost = pipeline.monthly_cost_usd
    money = (f"All its steps together would cost {usd_band(cost)} a month, which is part of the groups' cost too.",) if cost else ()
    file = (f"Profile: {pipeline.profile_file}",) if pipeline.profile_file is not None else ()
    seen = f"in {counted(pipeline.traces, 'trace')} of the log"
    return Item(f"{pipeline.id} {steps}: {seen}", details=(pipeline.verdict, *money, *file))


def _step(step: str, calls: float, names: dict[str, str]) -> str:
    often = f" ({number(calls)} calls)" if calls > 1 + _OFTEN else ""
    return f"{step} {name(names.get(step, ''))}{often}"


def evidence(report: TrafficReport) -> tuple[Block, ...]:
    """The measure that led to each group's nature, and the others with what they mean."""
    shown = {measure.name for group in report.groups for measure in _shown(group)}
    legend = tuple((word, meaning) for word, meaning in _LEGEND.items() if word in shown)
    items = Items(tuple(map(_nature, report.groups)))
    return (items, Prose(("The words above:",)), Pairs(legend)) if legend else (items,)


def _nature(group: TrafficGroup) -> Item:
    first, nature = group.evidence[0], nature_words(group.nature)
    value = _value(first)
    what = f"{first.name[:1].upper()}{first.name[1:]}{': ' if value else ''}{value}"
    says = "" if first.says.lower() == nature.lower() else f" ({first.says})" if value else f": {first.says}"
    others = "; ".join(f"{one.name}{': ' if _value(one) else ''}{_value(one)}" for one in _shown(group))
    return Item(f"{group.id} {name(group.name)}: {nature}. {what}{says}", details=(others,) if others else ())


def _shown(group: TrafficGroup) -> list[Measure]:
    return [one for one in group.evidence[1:] if not isinstance(one.value, float | int) or one.value >= _OFTEN]


def _value(measure: Measure) -> str:
    if measure.value is None:
        return ""
    return measure.value if isinstance(measure.value, str) else percent(measure.value)


def texts(report: TrafficReport) -> Items:
    """Templates, labels and calls as they were logged."""
    return Items(tuple(map(_texts, report.groups)))


def _texts(group: TrafficGroup) -> Item:
    shown = group.texts
    if shown is None:
        return Item(f"{group.id} {name(group.name)}")
    told = [f"{what}: {text}" for what, text in (("System", shown.system), ("Template", shown.template)) if text]
    told += [f"Labels: {', '.join(shown.labels)}"] if shown.labels else []
    told += [f"Prompt: {one.prompt} Answer: {one.answer}" for one in shown.calls]
    return Item(f"{group.id} {name(group.name)}", details=tuple(told))


def files(report: TrafficReport) -> tuple[Block, ...]:
    """What was read, what could not be, and what was written."""
    skipped = report.skipped
    formats = ", ".join(f"{words(kind)} {count(n)}" for kind, n in report.formats.items())
    n, left = len(report.files), len(skipped.files)
    whole = f"of which {count(left)} {'was' if left == 1 else 'were'} not read, or not to the end"
    pairs = [
        ("rows by format", formats or UNKNOWN),
        ("files", f"{count(n)}, {whole if left else 'read to the end' if n == 1 else 'all read to the end'}"),
        ("bad lines", count(skipped.bad_lines) if skipped.bad_lines else "none"),
        *_left_out(report),
        *_written(report),
    ]
    told = [Item(f"{name(one.file)}: {one.problem}") for one in skipped.files]
    told += [Item(f"{name(one.file)}, line {count(one.line)}: {one.problem}") for one in skipped.bad_line_samples]
    return (Pairs(tuple(pairs)), Items(tuple(told))) if told else (Pairs(tuple(pairs)),)


def _left_out(report: TrafficReport) -> Iterator[tuple[str, str]]:
    skipped = report.skipped
    others = [f"{counted(skipped.not_model_calls, 'row')} of other kinds (embeddings, tools, events)"] if skipped.not_model_calls else []
    others += [f"{counted(skipped.not_leaf_calls, 'call')} that only wrap others"] if skipped.not_leaf_calls else []
    if others:
        yield "left out", "; ".join(others)
    if skipped.batch_outputs_without_input:
        yield "batch answers without a question", count(skipped.batch_outputs_without_input)
    if skipped.long_tail_calls:
        yield "long tail", f"{counted(skipped.long_tail_calls, 'call')} in {counted(skipped.long_tail_groups, 'group')}, not assessed"


def _written(report: TrafficReport) -> Iterator[tuple[str, str]]:
    written = [*(one.profile_file for one in report.groups), *(one.profile_file for one in report.pipelines)]
    profiles = [one for one in written if one is not None]
    if profiles:
        yield "profiles written", f"{count(len(profiles))}, such as {profiles[0]}"
    examples = [one for one in report.groups if one.examples_file is not None]
    if examples:
        n = sum(one.examples for one in examples)
        told = f"{counted(n, 'pair')} of prompt and answer for {counted(len(examples), 'group')}"
        yield "examples written", f"{told}, such as {examples[0].examples_file}"
    if report.masked_by is not None:
        yield "examples masked by", report.masked_by
