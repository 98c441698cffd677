"""Charts of a break-even: both bills over the volume, and the months until owning is paid back. None of the figures is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from slmdecide.numbers import number, usd
from slmdecide.report.blocks import Table
from slmdecide.report.cascade import thinned
from slmdecide.report.charts import (
    MOST_SERIES,
    decades,
    money_scale,
    named_axis,
    rows,
    rows_height,
    series_colour,
    series_dash,
    specification,
)
from slmdecide.report.figures import Figure, Json, labels

if TYPE_CHECKING:
    from slmdecide.records.breakeven import BreakEvenReport

_MOST_POINTS = 400
_MOST_ROWS = 40
"""Rows of the table beside a chart of many points."""


def break_even_figures(report: BreakEvenReport) -> list[Figure]:
    """Both bills over the volume where they were asked for, and the months until owning is paid back."""
    return [*_sweep(report), *_months(report)]


def _sweep(report: BreakEvenReport) -> list[Figure]:
    if not report.sweep:
        return []
    priced = [place for place, one in enumerate(report.opponents) if one.input_usd_per_mtok is not None]
    names = labels(["self-hosted", *(report.opponents[place].name for place in priced)])[:MOST_SERIES]
    values: list[Json] = []
    for point in thinned(report.sweep, _MOST_POINTS):
        every = (point.self_host_usd, *(point.opponents_usd[place] for place in priced))
        values += [
            {"tokens": point.tokens_per_month, "series": label, "usd": money}
            for label, money in zip(names, every, strict=False)
            if money is not None and money > 0
        ]
    if not values:
        return []
    breaks: list[Json] = [
        {"tokens": report.opponents[place].break_even_tokens_per_month}
        for place in priced
        if report.opponents[place].break_even_tokens_per_month
    ]
    x = alt.X("tokens:Q", scale=alt.Scale(type="log", nice=False), axis=decades("x", "tokens a month", dollars=False, grid=False))
    lines = (
        alt.Chart(rows(values))
        .mark_line(strokeWidth=2.5, interpolate="linear")
        .encode(
            x=x,
            y=alt.Y("usd:Q", scale=money_scale(1.0), axis=decades("y", "USD a month, all in", dollars=True)),
            color=series_colour("series", names),
            strokeDash=series_dash("series", names),
        )
    )
    within = [one for one in breaks if report.sweep[0].tokens_per_month <= one["tokens"] <= report.sweep[-1].tokens_per_month]
    rules = alt.Chart(rows(within)).mark_rule(color="var(--ink)", strokeDash=[3, 3], strokeWidth=1.5).encode(x=x)
    told = "; ".join(
        f"cheaper than {label} from {number(report.opponents[place].break_even_tokens_per_month)} tokens a month"
        for label, place in zip(names[1:], priced, strict=False)
        if report.opponents[place].break_even_tokens_per_month is not None
    )
    table = Table(
        ("tokens a month", *names),
        tuple(
            (
                number(point.tokens_per_month),
                *(usd(money) for money in (point.self_host_usd, *(point.opponents_usd[place] for place in priced))),
            )[: len(names) + 1]
            for point in thinned(report.sweep, _MOST_ROWS)
        ),
        right=tuple(range(1 + len(names))),
    )
    description = (
        f"Lines of the bills over the volume; dotted lines mark the break-even. Self-hosting is {told}."
        if told
        else ("Lines of the bills over the volume; at none of these volumes self-hosting breaks even.")
    )
    now = alt.Chart(rows([{"tokens": report.tokens_per_month}])).encode(x=x)
    inside = report.sweep[0].tokens_per_month <= report.tokens_per_month <= report.sweep[-1].tokens_per_month
    chart = lines + rules if within else lines
    if inside:
        chart += now.mark_rule(color="var(--ink)", strokeWidth=1.5)
        chart += now.mark_text(align="left", dx=4, y=8, color="var(--ink)", fontSize=12).encode(text=alt.value("now"))
    return [Figure("chart-sweep", "", "Bills over the volume", description, specification(chart, 320), table, tuple(names))]


def _months(report: BreakEvenReport) -> list[Figure]:
    paid = [one for one in report.opponents if one.break_even_months is not None]
    if not paid:
        return []
    names = labels(one.name for one in paid)
    bands = [one.break_even_months_band for one in paid]
    values = [
        {
            "against": label,
            "months": one.break_even_months,
            "low": band.low if band is not None else one.break_even_months,
            "high": band.high if band is not None else one.break_even_months,
        }
        for label, one, band in zip(names, paid, bands, strict=True)
    ]
    axis = alt.Axis(title="months until it is paid back", tickCount=6)
    base = alt.Chart(rows(values)).encode(y=named_axis("against", names))
    chart = base.mark_rule(strokeWidth=3, opacity=0.5, color="var(--c1)").encode(
        x=alt.X("low:Q", axis=axis), x2="high:Q"
    ) + base.mark_point(filled=True, size=90, opacity=1, color="var(--c1)").encode(x=alt.X("months:Q", axis=axis))
    table = Table(
        ("against", "months", "8 of 10 draws"),
        tuple(
            (label, number(one.break_even_months), f"{number(band.low)} to {number(band.high)}" if band is not None else "–")
            for label, one, band in zip(names, paid, bands, strict=True)
        ),
        right=(1, 2),
    )
    told = "A mark for the months until self-hosting is paid back against each API, and a line that holds 8 of 10 draws."
    return [Figure("chart-months", "", "Months until it is paid back", told, specification(chart, rows_height(names)), table)]
