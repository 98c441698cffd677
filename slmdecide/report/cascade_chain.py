"""The report on a chain of three or four models, as blocks for the writers, and its frontier as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from slmdecide.numbers import count, exact, in_full, milliseconds, percent, score, usd
from slmdecide.report.blocks import Item, Items, Pairs, Prose, Section, Table, View
from slmdecide.report.cascade import apart, figures_row, promise_blocks, read_blocks, scored, shift_blocks, thinned
from slmdecide.report.escape import csv_cell
from slmdecide.report.words import name

if TYPE_CHECKING:
    from slmdecide.records.cascade import Shift
    from slmdecide.records.cascade_report import ChainChosen, ChainPoint, ChainReport
    from slmdecide.report.blocks import Block

_SHOWN_POINTS = 12
_NO_THRESHOLD = "all"


def build(report: ChainReport) -> View:
    """The report: the verdict, the figures it rests on, then the best chains and what was read."""
    rows = [figures_row(one, report.n) for one in report.models]
    rows.append(("if one knew which is right", exact(report.either_correct), score(report.either_correct / report.n), "", "–", "–"))
    sections = [
        Section(
            "Models", (Table(("alone", "right", "accuracy", "95 %", "a request", "p50 / p95"), tuple(rows), right=(1, 2, 4)),), detail=False
        ),
        Section("Promise", promise_blocks(report.promise, chosen="chain", certified_on="report it"), detail=False),
        *([Section("Later rows", _later(report.shift), detail=False)] if report.shift is not None else []),
        Section("Best chains on these very examples: what would have been, not what will be", (_frontier(report),)),
        Section("What was read", read_blocks(report.read)),
    ]
    told = report.fallback if report.chosen is None else ", ".join(report.chosen.models)
    return View(
        title=f"Chain of {count(len(report.order))} models: {name(told)}{' alone' if report.chosen is None else ''}",
        answer=_answer(report),
        sections=tuple(sections),
        footer=("A router that picks one of many models for each request is something else, and not judged here.",),
    )


def _answer(report: ChainReport) -> tuple[Block, ...]:
    blocks: list[Block] = [Prose((report.summary, *(f"Why: {one}." for one in report.reasons)))]
    if report.chosen is not None:
        blocks.append(_chosen(report.chosen))
    if report.warnings:
        blocks.append(Items(tuple(Item(f"{one}.") for one in report.warnings)))
    return tuple(blocks)


def _chosen(chosen: ChainChosen) -> Pairs:
    last = len(chosen.models) - 1
    pairs = [
        (
            name(model),
            f"answers {percent(share)}; "
            + (f"keep iff its confidence is at least {in_full(chosen.thresholds[place])}" if place < last else "whatever reaches it"),
        )
        for place, (model, share) in enumerate(zip(chosen.models, chosen.answered_shares, strict=True))
    ]
    cost = chosen.cost_usd_per_request
    saved = "" if chosen.saving is None else f", {percent(chosen.saving)} less than the last model alone"
    pairs += [
        ("accuracy", f"{scored(chosen.accuracy)}, {apart(chosen.accuracy_difference)} against the last model alone"),
        ("cost", f"{usd(cost.value)} a request ({usd(cost.low)} to {usd(cost.high)}){saved}"),
    ]
    if chosen.latency_ms is not None:
        pairs.append(("latency", f"{milliseconds(chosen.latency_ms.p50)} median, {milliseconds(chosen.latency_ms.p95)} p95"))
    pairs.append(("measured on", f"{count(chosen.n_test)} examples that had no part in choosing the chain (latency: on all)"))
    return Pairs(tuple(pairs))


def _later(shift: Shift) -> tuple[Block, ...]:
    return shift_blocks(shift, reference="the model that the promise is measured against", passed_on="passed on by the first")


def _frontier(report: ChainReport) -> Table:
    rows = [
        (_asked(one), usd(one.cost_usd / report.n), exact(one.n_correct), score(one.accuracy))
        for one in thinned(report.frontier, _SHOWN_POINTS)
    ]
    return Table(("models, each with the confidence it keeps from", "a request", "right", "accuracy"), tuple(rows), right=(1, 2, 3))


def _asked(one: ChainPoint) -> str:
    kept = [
        f"{name(model)} ≥ {_NO_THRESHOLD if least is None else in_full(least)}"
        for model, least in zip(one.models, one.thresholds, strict=False)
    ]
    return ", ".join([*kept, name(one.models[-1])])


def to_csv(report: ChainReport) -> str:
    """One row per chain of the frontier, by rising cost; models and thresholds apart by a space and a semicolon."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("models", "thresholds", "n_correct", "accuracy", "cost_usd"))
    for one in report.frontier:
        thresholds = "; ".join("" if least is None else repr(least) for least in one.thresholds)
        writer.writerow((csv_cell("; ".join(one.models)), thresholds, one.n_correct, one.accuracy, one.cost_usd))
    return stream.getvalue()
