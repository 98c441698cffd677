"""The report on a backtest: the scores, the baselines, the calibration as table and plot, natures and modes, what was skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import UNKNOWN, count, interval, number, percent, points, signed
from slmdecide.report.blocks import Item, Items, Pairs, Prose, Section, Table, View
from slmdecide.report.document import record_document
from slmdecide.report.words import name, words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from slmdecide.records.backtest import Backtest, CalibrationBin, Group, Interval, Scores

_SCORES = ("accuracy", "brier", "log_loss", "auc", "ece")
_PLOT = 21
"""Places of a line of the plot, from 0 to 1."""
_SHOWN_SKIPS = 20


def to_document(report: Backtest) -> dict[str, Any]:
    """The JSON document: the scores of the whole at the top, the baselines by name."""
    document = record_document(report)
    document |= document.pop("scores")
    document["baselines"] = {one.pop("name"): {**one.pop("scores"), **one} for one in document["baselines"]}
    for key in ("by_nature", "by_mode"):
        document[key] = [{"name": one["name"], **one["scores"], "intervals": one["intervals"]} for one in document[key]]
    first = ("schema_version", "data", "how", "tolerance", "n", "sources", *_SCORES)
    return {key: document[key] for key in first} | document


def build(report: Backtest) -> View:
    """The report as blocks."""
    sections = [
        Section("Against simpler rules", (_baselines(report), Prose(_rules(report)))),
        Section("Calibration", (_calibration(report.calibration), Prose(_HOW_TO_READ))),
        Section("By mode", (_groups("mode", report.by_mode),)),
        Section("By nature", (_groups("nature", report.by_nature),)),
        *([Section(f"Skipped rows ({count(report.skipped_rows)})", (_kinds(report), _skipped(report)))] if report.skipped_rows else []),
        Section("Limits", (Items(tuple(Item(one) for one in report.limits)),)),
    ]
    return View(
        title="Backtest: how often the advice was right",
        answer=(Prose(_about(report)), Pairs(tuple(_pairs(report)))),
        sections=tuple(sections),
        footer=(
            f"Fitted on {count(report.fitted_rows)} comparisons of {count(report.fitted_sources)} sources (evidence/head_to_head.csv).",
        ),
    )


def _about(report: Backtest) -> tuple[str, ...]:
    enough = f"Good enough: at most {points(report.tolerance)} under the large model."
    if report.data is None:
        return (
            "Each published comparison is predicted by coefficients that have not seen its source (reference-class-backtest).",
            enough,
        )
    found = [f"The comparisons of {name(report.data)} are predicted by the shipped coefficients; nothing was fitted again.", enough]
    if report.overlap:
        found.append(f"Caution: of these {count(report.overlap)} are among the comparisons of the fit, so this is no score on unseen rows.")
    if report.known_sources > report.overlap:
        found.append(f"{count(report.known_sources - report.overlap)} more are of a source that the fit has seen.")
    if report.repeated:
        found.append(f"{count(report.repeated)} repeat the models, data set and metric of a row before.")
    return tuple(found)


def _pairs(report: Backtest) -> list[tuple[str, str]]:
    found, its = report.scores, report.intervals
    return [
        ("comparisons", f"{count(found.n)} from {count(found.sources)} {'source' if found.sources == 1 else 'sources'}"),
        ("good enough", f"{percent(found.share_good)} of them; {percent(found.mean_p)} were expected"),
        ("accuracy", _share_with(found.accuracy, its.accuracy)),
        ("Brier score", _with(found.brier, its.brier)),
        ("log loss", _with(found.log_loss, its.log_loss)),
        ("AUC", _with(found.auc, its.auc) if found.auc is not None else f"{UNKNOWN} ({found.why_no_auc})"),
        ("calibration error", f"{_with(found.ece, its.ece)} (expected, over ten bins)"),
    ]


def _with(value: float | None, around: Interval | None) -> str:
    return number(value) if around is None else f"{number(value)} ({number(around.low)} to {number(around.high)})"


def _around(around: Interval | None) -> str:
    return f"{number(around.low)} to {number(around.high)}" if around is not None else UNKNOWN


def _share_with(value: float, around: Interval | None) -> str:
    return percent(value) if around is None else f"{percent(value)} ({interval(around.low, around.high)})"


def _baselines(report: Backtest) -> Table:
    rows = [("reference class", *_five(report.scores), "")]
    rows += [(words(one.name), *_five(one.scores), _gain(one.log_loss_gain, one.log_loss_gain_interval)) for one in report.baselines]
    return Table(("rule", "accuracy", "Brier", "log loss", "AUC", "ECE", "log loss above ours"), tuple(rows), right=(1, 2, 3, 4, 5))


def _five(scores: Scores) -> tuple[str, str, str, str, str]:
    return percent(scores.accuracy), number(scores.brier), number(scores.log_loss), number(scores.auc), number(scores.ece)


def _gain(gain: float, around: Interval | None) -> str:
    return signed(gain) if around is None else f"{signed(gain)} ({signed(around.low)} to {signed(around.high)})"


def _rules(report: Backtest) -> tuple[str, ...]:
    rules = (f"{words(one.name).capitalize()}: {one.words}." for one in report.baselines)
    return (*rules, "A rule without doubt is said with 0.99 or 0.01, because its log loss would have no end.")


_HOW_TO_READ = (
    "From 0 on the left to 1 on the right: + what was said, o what happened, * both.",
    "Intervals are 90 %, by drawing sources again; with fewer than five sources there is none.",
    "Drawing again adds noise to the calibration error, so its interval lies high.",
)


def _calibration(bins: Sequence[CalibrationBin]) -> Table:
    rows = tuple(
        (
            f"{number(one.from_p)} to {number(one.to_p)}",
            count(one.n),
            count(one.sources),
            percent(one.mean_p),
            percent(one.share_good),
            interval(one.interval.low, one.interval.high) if one.interval is not None else UNKNOWN,
            _plot(one),
        )
        for one in bins
    )
    return Table(("likelihood", "rows", "sources", "said", "happened", "interval", "plot"), rows, right=(1, 2, 3, 4))


def _plot(one: CalibrationBin) -> str:
    line = ["."] * _PLOT
    for value, mark in ((one.mean_p, "+"), (one.share_good, "o")):
        if value is not None:
            place = round(value * (_PLOT - 1))
            line[place] = mark if line[place] == "." else "*"
    return "".join(line)


def _groups(what: str, groups: Sequence[Group]) -> Table:
    rows = tuple(
        (
            words(one.name),
            count(one.scores.n),
            count(one.scores.sources),
            percent(one.scores.mean_p),
            percent(one.scores.share_good),
            percent(one.scores.accuracy),
            number(one.scores.brier),
            _around(one.intervals.brier),
            number(one.scores.log_loss),
            number(one.scores.auc),
        )
        for one in groups
    )
    header = (what, "rows", "sources", "said", "happened", "accuracy", "Brier", "interval", "log loss", "AUC")
    return Table(header, rows, right=(1, 2, 3, 4, 5, 6, 8, 9))


def _kinds(report: Backtest) -> Pairs:
    return Pairs(tuple((one.problem, f"{count(one.rows)} {'row' if one.rows == 1 else 'rows'}") for one in report.skipped_by_problem))


def _skipped(report: Backtest) -> Items:
    shown = report.skipped[:_SHOWN_SKIPS]
    items = [Item(f"line {count(one.line)}{_id(one.id)}{_column(one.column)}: {one.reason}") for one in shown]
    left = report.skipped_rows - len(shown)
    if left:
        items.append(Item(f"and {count(left)} more; --format json lists the first {count(len(report.skipped))}"))
    return Items(tuple(items))


def _id(row_id: str | None) -> str:
    return f" ({name(row_id)})" if row_id is not None else ""


def _column(column: str | None) -> str:
    return f", {column}" if column is not None else ""
