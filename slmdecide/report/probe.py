"""The report on a probe, as blocks for the writers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import UNKNOWN, count, exact, interval, known, milliseconds, number, percent, points, score, usd
from slmdecide.report.blocks import Item, Items, Pairs, Prose, Section, Table, View
from slmdecide.report.words import name, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.probe import ExampleCheck, FormatResult, LatencyMs, ModelResult, ProbeReport, Rung
    from slmdecide.report.blocks import Block

_HEADLINES = {
    "good_enough": "good enough",
    "not_good_enough": "no smaller model is good enough",
    "not_enough_examples": "not enough examples to tell",
    "budget_reached": "the budget was reached before it could be told",
}
_STATUSES = {
    "good_enough": "good enough",
    "not_good_enough": "not good enough",
    "undecided": "cannot tell yet",
    "reference": "the large model",
    "not_measured": "not measured",
}
_KINDS = {"label_likelihood": "label likelihoods", "vote_share": "shares of votes"}
_CURVE = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
"""Coverages that a table shows; the JSON has the whole curve."""
_MOST_FLAWS = 20


def build(report: ProbeReport) -> View:
    """The report: the verdict, the ladder, then per model what was measured."""
    verdict = report.verdict
    model = f"{name(verdict.model)}: " if verdict.model is not None and verdict.status == "good_enough" else ""
    answer: list[Block] = [Prose((f"{verdict.why}.",))]
    if verdict.needed_examples is not None:
        cost = f"about {usd(verdict.needed_usd)}" if verdict.needed_usd is not None else "unpriced"
        answer.append(Pairs((("to settle it", f"about {count(verdict.needed_examples)} more examples"), ("their calls", cost))))
    answer.append(_ladder(report.ladder))
    if report.models:
        answer.append(_models(report.models))
    answer.append(Pairs((("spent", _spent(report)), ("cap", usd(report.cap_usd) if report.cap_usd is not None else "none"))))
    return View(
        title=f"Probe: {model}{_HEADLINES[verdict.status]}",
        answer=tuple(answer),
        sections=tuple(_sections(report)),
        footer=(
            *((f"measured on: {name(report.measured_on)}.",) if report.measured_on is not None else ()),
            *(f"{words(key)}: {name(value)}." for key, value in report.data.items()),
        ),
    )


def _sections(report: ProbeReport) -> list[Section]:
    sections = []
    if report.notes:
        sections.append(Section("To know", (Items(tuple(Item(note) for note in report.notes)),), detail=False))
    if report.models:
        sections.append(Section("Speed and cost", (_speed(report.models),)))
    if any(one.confidence_kind is not None for one in report.models):
        sections.append(Section("Confidence", tuple(_confidence(report.models))))
    if report.formats:
        sections.append(Section("Formats", (_formats(report.formats), Prose((_ABOUT_FORMATS,)))))
    failed = [one for one in report.models if one.errors]
    if failed:
        rows = tuple((name(one.model), words(kind), count(n)) for one in failed for kind, n in one.errors.items())
        sections.append(Section("Without an answer", (Table(("model", "error", "questions"), rows, right=(2,)),)))
    if report.examples is not None:
        sections.append(Section("Examples", tuple(_examples(report.examples))))
    sections.append(Section("How it was decided", (Items(tuple(Item(one) for one in report.method)),)))
    return sections


_ABOUT_FORMATS = (
    "The difference is to free text on the same examples. Constraining an answer can cost accuracy, most where a model has to reason "
    "(arXiv 2408.02442)."
)


def _spent(report: ProbeReport) -> str:
    if report.spent_usd is not None:
        return usd(report.spent_usd)
    return f"{usd(report.spent_known_usd)} and calls without a price" if report.spent_known_usd else "not known: no call has a price"


def _ladder(rungs: Sequence[Rung]) -> Table:
    large = any(one.against == "large_model" for one in rungs)
    shown = _points if large else score
    header = ("model", "size", "result", "examples", "difference" if large else "score", "between", "must reach")
    rows = tuple(
        (
            name(one.model),
            f"{number(one.params_b)} B" if one.params_b is not None else UNKNOWN,
            _STATUSES[one.status],
            count(one.n),
            shown(one.estimate),
            f"{shown(one.low)} to {shown(one.high)}" if one.low is not None else UNKNOWN,
            shown(one.bound) if one.status != "reference" else "",
        )
        for one in rungs
    )
    return Table(header, rows, right=(1, 3, 4, 6))


def _points(share: float | None) -> str:
    return points(100 * share if share is not None else None)


def _models(models: Sequence[ModelResult]) -> Table:
    labelled = any(one.accuracy is not None for one in models)
    uncertain = any(one.uncertain_share for one in models)
    header = ["model", "examples", "accuracy" if labelled else words(models[0].metric)]
    header += ["macro-F1"] if labelled else []
    header += ["uncertain"] if uncertain else []
    header += ["USD per 1,000"]
    rows = []
    for one in models:
        row = [name(one.model), count(one.n), _with_interval(one.score, one.low, one.high)]
        row += [_with_interval(one.macro_f1, one.macro_f1_low, one.macro_f1_high)] if labelled else []
        row += [percent(one.uncertain_share)] if uncertain else []
        rows.append((*row, _price(one.cost_per_1000_usd)))
    return Table(tuple(header), tuple(rows), right=tuple(range(1, len(header))))


def _between(low: float | None, high: float | None) -> str:
    return f"{score(low)} to {score(high)}" if low is not None else UNKNOWN


def _with_interval(value: float | None, low: float | None, high: float | None) -> str:
    return f"{score(value)} ({_between(low, high)})" if low is not None else score(value)


def _price(value: float | None) -> str:
    return usd(value) if value is not None else "unpriced"


def _speed(models: Sequence[ModelResult]) -> Table:
    header = ("model", "calls", "p50", "p95", "p99", "TTFT p50", "tokens/s", "tokens in", "out", "USD", "USD per 1,000")
    rows = tuple(
        (
            name(one.model),
            count(one.calls),
            *_three(one.latency_ms),
            milliseconds(one.ttft_ms.p50 if one.ttft_ms is not None else None),
            number(one.tokens_per_second),
            number(one.tokens_in),
            number(one.tokens_out),
            _price(one.cost_usd),
            _price(one.cost_per_1000_usd),
        )
        for one in models
    )
    return Table(header, rows, right=tuple(range(1, len(header))))


def _three(latency: LatencyMs | None) -> tuple[str, str, str]:
    if latency is None:
        return UNKNOWN, UNKNOWN, UNKNOWN
    return milliseconds(latency.p50), milliseconds(latency.p95), milliseconds(latency.p99)


def _confidence(models: Sequence[ModelResult]) -> list[Block]:
    sure = [one for one in models if one.confidence_kind is not None]
    header = ("model", "from", "answers", "AUROC", "ECE", "decided right", "uncertain", "missing mass")
    rows = tuple(
        (
            name(one.model),
            _KINDS[one.confidence_kind or "label_likelihood"],
            count(one.n_confident),
            score(one.auroc),
            score(one.ece),
            score(one.decided_accuracy),
            percent(one.uncertain_share),
            score(one.missing_mass),
        )
        for one in sure
    )
    blocks: list[Block] = [Table(header, rows, right=(2, 3, 4, 5, 6, 7))]
    reasons = tuple(f"{name(one.model)}: no AUROC, because {one.why_no_auroc}." for one in sure if one.why_no_auroc is not None)
    turned = tuple(
        f"{name(one.model)}: its confidence is higher where it is wrong (AUROC under 0.5)."
        for one in sure
        if one.auroc is not None and one.auroc < 0.5  # noqa: PLR2004  (0.5 tells nothing)
    )
    if reasons or turned:
        blocks.append(Prose((*reasons, *turned)))
    for one in sure:
        blocks += [_reliability(one), _curve(one)]
    return blocks


def _reliability(model: ModelResult) -> Table:
    rows = tuple(
        (name(model.model), f"{exact(one.low)} to {exact(one.high)}", count(one.n), score(one.confidence), score(one.accuracy))
        for one in model.reliability
    )
    return Table(("model", "confidence", "answers", "mean", "right"), rows, right=(2, 3, 4))


def _curve(model: ModelResult) -> Table:
    """The points nearest to some round coverages."""
    nearest = [min(model.coverage_curve, key=lambda point: abs(point.coverage - wanted)) for wanted in _CURVE]
    rows = tuple(
        (name(model.model), score(point.threshold), count(point.n), percent(point.coverage), score(point.accuracy))
        for point in dict.fromkeys(nearest)
    )
    return Table(("model", "kept from", "answers", "coverage", "right"), rows, right=(1, 2, 3, 4))


def _formats(formats: Sequence[FormatResult]) -> Table:
    header = ("model", "format", "examples", "score", "difference", "between", "tokens out", "unreadable")
    rows = tuple(
        (
            name(one.model),
            words(one.format),
            count(one.n),
            score(one.score),
            _points(one.difference),
            f"{_points(one.low)} to {_points(one.high)}" if known(one.low) else UNKNOWN,
            number(one.tokens_out),
            percent(one.invalid_share),
        )
        for one in formats
    )
    return Table(header, rows, right=(2, 3, 4, 6, 7))


def _examples(check: ExampleCheck) -> list[Block]:
    pairs = [("read", count(check.n)), ("used", count(check.n_usable))]
    if check.labels:
        pairs.append(("labels", count(len(check.labels))))
        shares = [n / check.n_usable for _, n in check.labels]
        least, most = percent(min(shares)), interval(min(shares), max(shares))
        pairs.append(("a label has", f"{least if least == percent(max(shares)) else most} of the examples"))
    blocks: list[Block] = [Pairs(tuple(pairs))]
    if check.flaws:
        blocks.append(Items(tuple(Item(flaw.message) for flaw in check.flaws[:_MOST_FLAWS])))
    return blocks
