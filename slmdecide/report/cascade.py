"""The report on a cascade of two models, as blocks for the writers, and its operating points as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, TypeVar

from slmdecide.numbers import count, exact, in_full, milliseconds, number, percent, points, score, usd
from slmdecide.report.blocks import Item, Items, Pairs, Prose, Section, Table, View
from slmdecide.report.words import name, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.cascade import Interval, Promise, Shift
    from slmdecide.records.cascade_report import CascadeReport, Chosen, Figures, InSample, Point, Read
    from slmdecide.report.blocks import Block

Shown = TypeVar("Shown")
_SHOWN_POINTS = 12
_CHART_WIDTH = 20
"""As much as 80 columns leave for it."""
_VERDICTS = {"cascade": "cascade", "small": "small model alone", "large": "large model alone", "no_signal": "no cascade without a signal"}
_QUESTIONS = {
    "same_quality": "same quality as the large model",
    "risk": "risk among kept answers",
    "cost": "cost per request",
}
_GOALS = {
    "as_good_as_large": "as right as the large model",
    "within_margin": "within the margin of it",
    "most_correct": "most often right",
}


def build(report: CascadeReport) -> View:
    """The report: the verdict, the figures it rests on, then the operating points and what was read."""
    sections = [Section("Models", (_models(report),), detail=False)]
    if report.promise is not None:
        sections.append(Section("Promise", promise_blocks(report.promise), detail=False))
    if report.shift is not None:
        sections.append(Section("Later rows", shift_blocks(report.shift), detail=False))
    if len(report.frontier):
        sections.append(Section("Accuracy against cost, on these examples", (_chart(report), Prose((_CHART_NOTE,)))))
    if report.in_sample:
        sections.append(Section("Best on these very examples: what would have been, not what will be", (_in_sample(report),)))
    sections.append(Section("What was read", read_blocks(report.read)))
    if report.configuration is not None:
        hint = "`--config` prints lines for the profile and a router in Python; the JSON report holds them too."
        sections.append(Section("To act on it", (Prose((hint,)),)))
    return View(
        title=f"{name(report.small.name)} and {name(report.large.name)}: {_VERDICTS[report.verdict]}",
        answer=_answer(report),
        sections=tuple(sections),
        footer=("A router that picks one of many models for each request is something else, and not judged here.",),
    )


def _answer(report: CascadeReport) -> tuple[Block, ...]:
    blocks: list[Block] = [Prose((report.summary, *(f"Why: {one}." for one in report.reasons)))]
    if report.chosen is not None:
        blocks.append(_chosen(report.chosen, report))
    if report.warnings:
        blocks.append(Items(tuple(Item(f"{one}.") for one in report.warnings)))
    return tuple(blocks)


def _chosen(chosen: Chosen, report: CascadeReport) -> Pairs:
    pairs = [
        ("threshold", f"keep the small answer iff its confidence is at least {in_full(chosen.threshold)}"),
        ("passed on", _share(chosen.escalation_rate)),
        ("accuracy", f"{scored(chosen.accuracy)}, {apart(chosen.accuracy_difference)} against {name(report.large.name)}"),
    ]
    if chosen.risk is not None:
        pairs.append(("risk", f"{_share(chosen.risk)} of the kept answers are wrong"))
    if chosen.cost_usd_per_request is not None:
        cost = chosen.cost_usd_per_request
        saved = "" if chosen.saving is None else f", {percent(chosen.saving)} less than {name(report.large.name)}"
        pairs.append(("cost", f"{usd(cost.value)} a request ({usd(cost.low)} to {usd(cost.high)}){saved}"))
    if chosen.latency_ms is not None:
        latency = chosen.latency_ms
        pairs.append(("latency", f"{milliseconds(latency.p50)} median, {milliseconds(latency.p95)} p95; who is passed on waits for both"))
    pairs.append(("measured on", f"{count(chosen.n_test)} examples that had no part in choosing the threshold (latency: on all)"))
    return Pairs(tuple(pairs))


def _models(report: CascadeReport) -> Table:
    baselines = report.baselines
    rows = [figures_row(report.small, report.n), figures_row(report.large, report.n)]
    oracle = baselines.oracle_cost_usd_per_request
    rows.append(("if one knew which is right", exact(report.either_correct), score(baselines.oracle_accuracy), "", usd(oracle), "–"))
    return Table(("alone", "right", "accuracy", "95 %", "a request", "p50 / p95"), tuple(rows), right=(1, 2, 4))


def figures_row(one: Figures, n: int) -> tuple[str, ...]:
    """One model alone, as a row of a table."""
    latency = "–" if one.latency_ms is None else f"{milliseconds(one.latency_ms.p50)} / {milliseconds(one.latency_ms.p95)}"
    right = f"{exact(one.correct)} of {exact(n)}"
    return name(one.name), right, score(one.accuracy.value), _ends(one.accuracy), usd(one.cost_usd_per_request), latency


def promise_blocks(promise: Promise, *, chosen: str = "threshold", certified_on: str = "choose the threshold") -> tuple[Block, ...]:
    """What was asked to be promised, and whether it can be. `certified_on`: what the rows are for that more of would help."""
    pairs = [
        ("question", f"{_QUESTIONS[promise.kind]}: {_asked(promise)}"),
        ("answer", "certified" if promise.certified else f"not certified: {promise.why_not}"),
        ("method", promise.method),
        ("rows", f"{count(promise.n_calibration)} to choose the {chosen}, {count(promise.n_test)} others to report it"),
    ]
    if promise.needed_n is not None:
        pairs.append(("needed", f"about {count(promise.needed_n)} rows to {certified_on}, at the rates seen here"))
    return (Pairs(tuple(pairs)),)


def _asked(promise: Promise) -> str:
    sure = f"broken with a probability of at most {exact(promise.delta * 100)} %"
    if promise.kind == "same_quality":
        return f"at most {points(promise.tolerance * 100)} below it, {sure}"
    if promise.kind == "risk":
        return f"at most {exact(promise.alpha * 100)} % wrong, {sure}"
    return f"at most {usd(promise.budget_usd_per_request)}, {sure}"


def shift_blocks(shift: Shift, *, reference: str = "the large model", passed_on: str = "passed on") -> tuple[Block, ...]:
    """What later rows say of the promise. `reference`: what the answers are held against."""
    told = {"holds": "the promise holds", "broken": "the promise is broken", "cannot_tell": "cannot tell"}[shift.status]
    pairs = [
        ("answer", f"{told}: {shift.explanation}"),
        ("rows", count(shift.n)),
        ("accuracy", f"{scored(shift.now.accuracy)}, {apart(shift.now.accuracy_difference)} against {reference}"),
        (passed_on, _share(shift.now.escalation_rate)),
    ]
    if shift.escalation_rate_before is not None:
        pairs.append(("before", _share(shift.escalation_rate_before)))
    if shift.now.risk is not None:
        pairs.append(("risk", f"{_share(shift.now.risk)} of the kept answers are wrong"))
    return (Pairs(tuple(pairs)),)


_CHART_NOTE = (
    "Points that no other beats, by rising cost; the bar is the accuracy, from the worse to the better of all points shown. | is random"
    " routing for the same money; a bar that ends before it is no use."
)


def _chart(report: CascadeReport) -> Table:
    some = thinned(list(report.frontier), _SHOWN_POINTS)
    alone = (report.small.accuracy.value, report.large.accuracy.value)
    low, high = min(*alone, *(one.accuracy for one in some)), max(*alone, *(one.accuracy for one in some))
    rows = []
    for one in some:
        random = _random_accuracy(report, one)
        rows.append(
            (
                in_full(one.threshold) if one.threshold is not None else ("none" if one.n_escalated else "all"),
                f"{percent(one.n_escalated / report.n)}",
                usd(one.cost_usd / report.n if one.cost_usd is not None else None),
                exact(one.n_correct),
                score(one.accuracy),
                _bar(one.accuracy, random, low, high),
            )
        )
    return Table(("keep from", "passed on", "a request", "right", "accuracy", "accuracy, | random"), tuple(rows), right=(1, 2, 3, 4))


def _random_accuracy(report: CascadeReport, point: Point) -> float | None:
    """Accuracy of random routing for the money of the point; None beyond the large model's cost."""
    small, large = report.small, report.large
    if point.cost_usd is None or small.cost_usd is None or large.cost_usd is None:
        share = point.n_escalated / report.n
    elif large.cost_usd > small.cost_usd:
        share = (point.cost_usd - small.cost_usd) / (large.cost_usd - small.cost_usd)
    else:
        return None
    return small.accuracy.value + share * (large.accuracy.value - small.accuracy.value) if share <= 1 else None


def _bar(value: float, mark: float | None, low: float, high: float) -> str:
    span = high - low if high > low else 1.0
    filled = round((value - low) / span * _CHART_WIDTH)
    cells = ["=" if place < filled else "." for place in range(_CHART_WIDTH + 1)]
    if mark is not None:
        cells[min(_CHART_WIDTH, max(0, round((mark - low) / span * _CHART_WIDTH)))] = "|"
    return "".join(cells)


def _in_sample(report: CascadeReport) -> Table:
    return Table(
        ("goal", "keep from", "passed on", "right", "cost of all", "saving"),
        tuple(_best(one) for one in report.in_sample),
        right=(2, 3, 4, 5),
    )


def _best(one: InSample) -> tuple[str, ...]:
    threshold = in_full(one.threshold) if one.threshold is not None else ("none" if one.n_escalated else "all")
    return (
        _GOALS.get(one.goal, words(one.goal)),
        threshold,
        count(one.n_escalated),
        exact(one.n_correct),
        usd(one.cost_usd),
        percent(one.saving),
    )


def read_blocks(read: Read) -> tuple[Block, ...]:
    """Which columns were read as what."""
    table = Table(
        ("read as", "column", "how known"),
        tuple((name(one.field), name(one.column), "guessed from its name" if one.guessed else "--map") for one in read.columns),
    )
    layout = {"probe": "a probe run, one line per call", "long": "one row per call", "wide": "one row per example"}.get(
        read.layout, read.layout
    )
    return (Prose((f"{name(read.source)}: {count(read.rows)} rows, {layout}.",)), table)


def thinned(some: Sequence[Shown], most: int) -> list[Shown]:
    """At most so many, evenly, the first and the last among them."""
    if len(some) <= most:
        return list(some)
    return [some[round(place * (len(some) - 1) / (most - 1))] for place in range(most)]


def scored(value: Interval) -> str:
    """A score with its interval."""
    return f"{score(value.value)} ({_ends(value)})"


def apart(value: Interval) -> str:
    """A difference in points with its interval."""
    return f"{points(value.value * 100)} ({number(value.low * 100)} to {number(value.high * 100)})"


def _share(value: Interval) -> str:
    return f"{percent(value.value)} ({percent(value.low)} to {percent(value.high)})"


def _ends(value: Interval) -> str:
    return f"{score(value.low)} to {score(value.high)}"


def to_csv(report: CascadeReport) -> str:
    """One row per operating point, by rising threshold. An infinite threshold, or unknown money, is an empty cell."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("threshold", "n_escalated", "n_correct", "accuracy", "cost_usd"))
    writer.writerows(report.points)
    return stream.getvalue()
