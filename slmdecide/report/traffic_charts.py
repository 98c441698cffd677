"""Charts of the report on call logs: what each verdict takes, and what would be saved. Figures from the record, none computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import altair as alt

from slmdecide.numbers import count, percent, usd
from slmdecide.report.blocks import Table
from slmdecide.report.charts import MOST_DRAWN, named_axis, rows, rows_height, series_colour, specification
from slmdecide.report.figures import Figure, Json, labels
from slmdecide.report.words import family_words, name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slmdecide.records.band import Band
    from slmdecide.records.traffic_report import TrafficReport

_CALLS, _SPEND = "calls", "spend"
_TWO_ROWS = 1.6
"""Height of a row that holds two bars, in rows."""
_MOVED, _HELD, _OTHER = "a small model, as the verdict says", "a small model that would save too little", "another large model"
_SHAPES = {_MOVED: "circle", _HELD: "square", _OTHER: "diamond"}
"""As the page's legend draws them, by their place there."""
_DOLLARS = "datum.value == 0 ? '$0' : replace(format(datum.value, '$~s'), 'G', 'B')"
_LABEL_CHARACTERS, _WORD_CHARACTERS = 36, 20
"""Of a group's name beside the chart: two lines on a phone. Its id stands in front and tells it in the tables."""


def traffic_figures(report: TrafficReport) -> list[Figure]:
    """Calls and spend by verdict, and the saving by group where there is one."""
    return [*_shares(report), *_savings(report)]


def _shares(report: TrafficReport) -> list[Figure]:
    if not report.shares:
        return []
    names = labels(family_words(family) for family in report.shares)
    told = list(zip(names, report.shares.values(), strict=True))
    priced = any(one.spend is not None for _, one in told)
    measures = [_CALLS, _SPEND] if priced else [_CALLS]
    values: list[Json] = [{"verdict": label, "of": _CALLS, "share": one.calls} for label, one in told]
    values += [{"verdict": label, "of": _SPEND, "share": one.spend} for label, one in told if one.spend is not None]
    chart = (
        alt.Chart(rows(values))
        .mark_bar()
        .encode(
            y=named_axis("verdict", names),
            yOffset=alt.YOffset("of:N", sort=measures),
            x=alt.X("share:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(title="share of all", format="%", tickCount=5)),
            color=series_colour("of", measures),
        )
    )
    most = max(told, key=lambda pair: pair[1].calls)
    spend = f" and {percent(most[1].spend)} of the spend" if most[1].spend is not None else ""
    return [
        Figure(
            "chart-shares",
            "Shares",
            "Calls and spend by verdict" if priced else "Calls by verdict",
            f"Two bars for each verdict. The most calls fall to {most[0]}: {percent(most[1].calls)} of them{spend}."
            if priced
            else f"A bar for each verdict. The most calls fall to {most[0]}: {percent(most[1].calls)} of them.",
            specification(chart, _TWO_ROWS * rows_height(names)),
            Table(
                ("verdict", *measures),
                tuple((label, percent(one.calls), *([percent(one.spend)] if priced else [])) for label, one in told),
                right=tuple(range(1, 1 + len(measures))),
            ),
            tuple(measures),
            as_marks=True,
        ),
    ]


class _Saving(NamedTuple):
    """What one change would save in one group."""

    group: str
    by: str
    band: Band


def _savings(report: TrafficReport) -> list[Figure]:
    every = sorted(_every_saving(report), key=lambda one: (-one.band.typical, one.group))
    if not every:
        return []
    shown = list(dict.fromkeys(one.group for one in every))[:MOST_DRAWN]
    titles = dict(zip(shown, labels(map(_short, shown)), strict=True))
    drawn = [one for one in every if one.group in titles]
    kinds = [kind for kind in _SHAPES if any(one.by == kind for one in drawn)]
    values: list[Json] = [
        {"group": titles[one.group], "by": one.by, "low": one.band.low, "typical": one.band.typical, "high": one.band.high} for one in drawn
    ]
    names = list(titles.values())
    axis = alt.Axis(title="USD saved a month", labelExpr=_DOLLARS, labelOverlap=True, tickCount=6)
    tint = series_colour("by", kinds)
    base = alt.Chart(rows(values)).encode(y=named_axis("group", names))
    chart = base.mark_rule(strokeWidth=3, opacity=0.5).encode(x=alt.X("low:Q", axis=axis), x2="high:Q", color=tint) + base.mark_point(
        filled=True, size=90, opacity=1
    ).encode(
        x=alt.X("typical:Q", axis=axis),
        color=tint,
        shape=alt.Shape("by:N", scale=alt.Scale(domain=kinds, range=list(_SHAPES.values())[: len(kinds)]), legend=None),
    )
    first, least = every[0], report.least_saving_usd_per_month
    small = f" Less than {usd(least)} a month in a group is taken as not worth the work." if _HELD in kinds else ""
    left = f" The first {count(len(shown))} groups." if len(shown) < len({one.group for one in every}) else ""
    return [
        Figure(
            "chart-savings",
            "Groups",
            "Saving by group, against the spend of today",
            f"A mark for what a change would typically save in a group, and a line from low to high. The most is saved in "
            f"{titles[first.group]}, {usd(first.band.typical)} a month by {first.by}.{small}{left}",
            specification(chart, rows_height(names)),
            Table(
                ("group", "by", "low", "typical", "high"),
                tuple((titles[one.group], one.by, usd(one.band.low), usd(one.band.typical), usd(one.band.high)) for one in drawn),
                right=(2, 3, 4),
            ),
            tuple(kinds),
            as_marks=True,
            note=f"Lines from low to high.{small}{left}",
        ),
    ]


def _short(title: str) -> str:
    """Its first words, as many as fit."""
    found = ""
    for word in title.split():
        longer = f"{found} {word[:_WORD_CHARACTERS]}".strip()
        if len(longer) > _LABEL_CHARACTERS:
            break
        found = longer
    return found


def _every_saving(report: TrafficReport) -> Iterator[_Saving]:
    """Of each group what its verdict saves, and what other changes would."""
    for one in report.groups:
        title = f"{one.id} {name(one.name)}"
        if one.saving_usd_per_month is not None and one.saving_usd_per_month.typical:
            yield _Saving(title, _MOVED, one.saving_usd_per_month)
        for kind, other in ((_HELD, one.held_back), (_OTHER, one.other_large)):
            if other is not None and other.saving_usd_per_month is not None:
                yield _Saving(title, kind, other.saving_usd_per_month)
