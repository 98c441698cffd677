"""Charts of what was measured or replayed: probes, cascades, backtests. Figures from the records, none computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from slmdecide.numbers import count, exact, in_full, percent, score, usd
from slmdecide.report.blocks import Table
from slmdecide.report.cascade import thinned
from slmdecide.report.charts import (
    MOST_SERIES,
    named_axis,
    rows,
    rows_height,
    series_colour,
    series_dash,
    specification,
)
from slmdecide.report.figures import Figure, labels
from slmdecide.report.words import name, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.backtest import Backtest
    from slmdecide.records.cascade_report import CascadeReport, ChainReport
    from slmdecide.records.probe import ProbeReport

_HEIGHT = 280
_SHAPES = ["circle", "square", "diamond", "triangle-up", "circle"]
"""Of up to four models and the choice; the page's legend draws the same."""
_MOST_POINTS = 400
_MOST_ROWS = 40
"""Rows of the table beside a chart of many points."""


def probe_figures(report: ProbeReport) -> list[Figure]:
    """The models' scores with their intervals, and how right they are when they keep only what they are surest of."""
    return [*_scores(report), *_coverage(report)]


def _scores(report: ProbeReport) -> list[Figure]:
    scored = [one for one in report.models if one.score is not None]
    if not scored:
        return []
    names = labels(one.model for one in scored)
    metric = "accuracy" if all(one.accuracy is not None for one in scored) else words(scored[0].metric)
    values = [{"model": label, "score": one.score, "low": one.low, "high": one.high} for label, one in zip(names, scored, strict=True)]
    axis = alt.Axis(title=f"{metric}, with its interval", format=".2~f", tickCount=6)
    base = alt.Chart(rows(values)).encode(y=named_axis("model", names))
    chart = base.mark_rule(strokeWidth=3, opacity=0.5, color="var(--c1)").encode(
        x=alt.X("low:Q", scale=alt.Scale(zero=False), axis=axis), x2="high:Q"
    ) + base.mark_point(filled=True, size=90, opacity=1, color="var(--c1)").encode(x=alt.X("score:Q", axis=axis))
    best = max(range(len(scored)), key=lambda place: scored[place].score or 0.0)
    table = Table(
        ("model", "score", "low", "high", "examples"),
        tuple((label, score(one.score), score(one.low), score(one.high), count(one.n)) for label, one in zip(names, scored, strict=True)),
        right=(1, 2, 3, 4),
    )
    told = f"A mark for each model's score and a line for its interval. The highest is {names[best]} with {score(scored[best].score)}."
    return [Figure("chart-scores", "", f"{metric.capitalize()} of each model", told, specification(chart, rows_height(names)), table)]


def _coverage(report: ProbeReport) -> list[Figure]:
    sure = [one for one in report.models if len(one.coverage_curve) > 1][:MOST_SERIES]
    if not sure:
        return []
    names = labels(one.model for one in sure)
    values = [
        {"model": label, "coverage": point.coverage, "accuracy": point.accuracy}
        for label, one in zip(names, sure, strict=True)
        for point in one.coverage_curve
    ]
    chart = (
        alt.Chart(rows(values))
        .mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=18))
        .encode(
            x=alt.X(
                "coverage:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(title="share of the answers kept", format="%", tickCount=5)
            ),
            y=alt.Y("accuracy:Q", scale=alt.Scale(zero=False), axis=alt.Axis(title="right among the kept", format=".2~f", tickCount=6)),
            color=series_colour("model", names),
            strokeDash=series_dash("model", names),
        )
    )
    table = Table(
        ("model", "kept from", "coverage", "right"),
        tuple(
            (label, score(point.threshold), percent(point.coverage), score(point.accuracy))
            for label, one in zip(names, sure, strict=True)
            for point in thinned(one.coverage_curve, _MOST_ROWS // len(sure) + 2)
        ),
        right=(1, 2, 3),
    )
    told = "A line for each model: how many of its answers are right when only those of which it is surest are kept."
    return [Figure("chart-coverage", "Confidence", "Coverage curve", told, specification(chart, _HEIGHT), table, tuple(names))]


def cascade_figures(report: CascadeReport) -> list[Figure]:
    """Accuracy over cost of the points on the frontier, and where the models alone and the chosen point stand."""
    points = [one for one in report.frontier if one.cost_usd is not None]
    if len(points) < 2:  # noqa: PLR2004  (one point is no line)
        return []
    drawn = [(point.cost_usd or 0.0, point.accuracy) for point in thinned(points, _MOST_POINTS)]
    marks = [(one.name, one.cost_usd, one.accuracy.value) for one in (report.small, report.large) if one.cost_usd is not None]
    if report.chosen is not None and report.chosen.cost_usd is not None:
        marks.append(("the chosen threshold", report.chosen.cost_usd, report.chosen.n_correct / report.n))
    table = Table(
        ("keep from", "passed on", "accuracy", "USD for all examples"),
        tuple(
            (in_full(one.threshold) if one.threshold is not None else "–", count(one.n_escalated), score(one.accuracy), usd(one.cost_usd))
            for one in thinned(points, _MOST_ROWS)
        ),
        right=(0, 1, 2, 3),
    )
    alone = (
        [(cost, accuracy) for _, cost, accuracy in marks[:2]]
        if report.small.cost_usd is not None and report.large.cost_usd is not None
        else []
    )
    return [_frontier(drawn, marks, table, random=alone)]


def chain_figures(report: ChainReport) -> list[Figure]:
    """Accuracy over cost of the best chains, and where single models stand."""
    if len(report.frontier) < 2:  # noqa: PLR2004
        return []
    drawn = [(one.cost_usd, one.accuracy) for one in thinned(report.frontier, _MOST_POINTS)]
    marks = [(one.name, one.cost_usd, one.accuracy.value) for one in report.models if one.cost_usd is not None]
    if report.chosen is not None:
        marks.append(("the chosen chain", report.chosen.cost_usd, report.chosen.n_correct / report.n))
    table = Table(
        ("models", "accuracy", "USD for all examples"),
        tuple(
            (", ".join(name(each) for each in one.models), score(one.accuracy), usd(one.cost_usd))
            for one in thinned(report.frontier, _MOST_ROWS)
        ),
        right=(1, 2),
    )
    return [_frontier(drawn, marks, table)]


def _frontier(
    drawn: Sequence[tuple[float, float]],
    marks: Sequence[tuple[str, float, float]],
    table: Table,
    random: Sequence[tuple[float, float]] = (),
) -> Figure:
    """`random`: the ends of the line on which requests that are sent to either model at random would lie."""
    names = labels(each for each, _, _ in marks)
    x = alt.Scale(zero=False, nice=True, padding=8)
    axis_x = alt.Axis(title="USD for all examples", format="$~s", tickCount=6)
    axis_y = alt.Axis(title="accuracy", format=".2~f", tickCount=6)
    line = (
        alt.Chart(rows([{"cost": cost, "accuracy": accuracy} for cost, accuracy in drawn]))
        .mark_line(interpolate="step-after", strokeWidth=2.5, color="var(--muted)")
        .encode(x=alt.X("cost:Q", scale=x, axis=axis_x), y=alt.Y("accuracy:Q", scale=alt.Scale(zero=False), axis=axis_y))
    )
    at = [{"what": label, "cost": cost, "accuracy": accuracy} for label, (_, cost, accuracy) in zip(names, marks, strict=True)]
    base = alt.Chart(rows(at)).encode(x=alt.X("cost:Q", axis=axis_x), y=alt.Y("accuracy:Q", axis=axis_y))
    point = base.mark_point(filled=True, size=110, opacity=1).encode(
        color=series_colour("what", names),
        shape=alt.Shape("what:N", scale=alt.Scale(domain=names, range=_SHAPES[: len(names)]), legend=None),
    )
    mixed = (
        alt.Chart(rows([{"cost": cost, "accuracy": accuracy} for cost, accuracy in random]))
        .mark_line(strokeWidth=1.5, strokeDash=[4, 4], color="var(--muted)")
        .encode(x=alt.X("cost:Q", axis=axis_x), y=alt.Y("accuracy:Q", axis=axis_y))
    )
    note = "Line: the best that any threshold gives for the money."
    told = "; ".join(f"{label}: {usd(cost)}, accuracy {score(accuracy)}" for label, (_, cost, accuracy) in zip(names, marks, strict=True))
    return Figure(
        "chart-frontier",
        "",
        "Accuracy against cost, on these examples",
        f"A rising line of the best accuracy for each cost, and marks. {told}.",
        specification(line + mixed + point if random else line + point, _HEIGHT),
        table,
        tuple(names),
        as_marks=True,
        note=f"{note} Dashed: requests sent to either model at random." if random else note,
    )


def backtest_figures(report: Backtest) -> list[Figure]:
    """What was said against what happened."""
    known = [one for one in report.calibration if one.mean_p is not None and one.share_good is not None]
    if not known:
        return []
    values = [
        {
            "said": one.mean_p,
            "happened": one.share_good,
            "n": one.n,
            "low": one.interval.low if one.interval is not None else one.share_good,
            "high": one.interval.high if one.interval is not None else one.share_good,
        }
        for one in known
    ]
    unit = alt.Scale(domain=[0, 1])
    x = alt.X("said:Q", scale=unit, axis=alt.Axis(title="likelihood that was said", format="%", tickCount=5))
    y = alt.Axis(title="share that was good enough", format="%", tickCount=5)
    base = alt.Chart(rows(values)).encode(x=x)
    ideal = alt.Chart(rows([{"said": 0, "happened": 0}, {"said": 1, "happened": 1}])).encode(x=x)
    chart = (
        ideal.mark_line(color="var(--muted)", strokeDash=[4, 4]).encode(y=alt.Y("happened:Q", scale=unit, axis=y))
        + base.mark_rule(strokeWidth=3, opacity=0.5, color="var(--c1)").encode(y=alt.Y("low:Q", axis=y), y2="high:Q")
        + base.mark_point(filled=True, opacity=1, color="var(--c1)").encode(
            y=alt.Y("happened:Q", axis=y), size=alt.Size("n:Q", scale=alt.Scale(range=[40, 300]), legend=None)
        )
    )
    table = Table(
        ("likelihood", "rows", "said", "happened"),
        tuple((f"{exact(one.from_p)} to {exact(one.to_p)}", count(one.n), percent(one.mean_p), percent(one.share_good)) for one in known),
        right=(1, 2, 3),
    )
    told = "A mark for each range of likelihoods, larger for more rows; on the dashed line what was said is what happened."
    return [Figure("chart-calibration", "Calibration", "Said and happened", told, specification(chart, _HEIGHT), table)]
