"""Charts of decisions, made with Vega-Altair. Colours are CSS variables, so that the page's light, dark and print styles hold for them.

Every function draws figures that stand in a record; none is computed here.
"""

from __future__ import annotations

import json
from math import ceil, floor, log10
from typing import TYPE_CHECKING

import altair as alt

from slmdecide.numbers import count, number, usd
from slmdecide.report.blocks import Table
from slmdecide.report.figures import Figure, Json, labels
from slmdecide.report.words import family_words, name, option_words, words

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from slmdecide.records.assessment import AssessedCriterion, AssessedOption, Assessment
    from slmdecide.records.band import Band

MOST_SERIES = 8
"""Colours that the style sheet names; beyond, lines could not be told apart anyway."""
MOST_DRAWN = 40
"""Tasks in one chart."""
_ROW = 26
"""Pixels of one row of a chart whose rows are names."""
_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
_INK, _MUTED, _LINE, _CHOSEN, _OTHER = "var(--ink)", "var(--muted)", "var(--line)", "var(--c1)", "var(--c2)"
_MANTISSA = "round(datum.value / pow(10, floor(log(datum.value) / LN10 + 1e-9)))"
"""First digit of the amount at a mark of an axis, as Vega computes it."""
_NARROW = "containerSize()[0] < 520"
"""On a phone."""
_LABEL_LIMIT = alt.ExprRef(f"{_NARROW} ? max(150, containerSize()[0] * 0.45) : 330")
"""Names beside an axis take at most so many pixels."""
_ONE_LINE_CHARACTERS = 18
"""A longer name takes two lines on a phone."""


def colour(place: int) -> str:
    """The colour of a series by its place."""
    return f"var(--c{place % MOST_SERIES + 1})"


def specification(chart: alt.Chart | alt.LayerChart, height: float) -> Json:
    """The chart's Vega-Lite specification in the page's style."""
    styled = (
        chart.properties(width="container", height=height, autosize=alt.AutoSizeParams(type="fit-x", contains="padding"))
        .configure(aria=False, background="transparent", font="system-ui, sans-serif", padding=4)
        .configure_axis(
            labelColor=_INK, titleColor=_INK, gridColor=_LINE, domainColor=_MUTED, tickColor=_MUTED, labelFontSize=12, titleFontSize=12,
            titleFontWeight="normal",
        )
        .configure_view(stroke=None)
    )  # fmt: skip
    found: Json = styled.to_dict()
    del found["$schema"]  # names an address, and nobody is to be asked
    return found


def rows(values: Sequence[Json]) -> alt.InlineData:
    """Values as a chart's data."""
    return alt.InlineData(values=list(values))


def series_colour(field: str, names: Sequence[str]) -> alt.Color:
    """Colours by series; the page writes the legend, which wraps and can be read out."""
    return alt.Color(f"{field}:N", scale=alt.Scale(domain=list(names), range=[colour(i) for i in range(len(names))]), legend=None)


def series_dash(field: str, names: Sequence[str]) -> alt.StrokeDash:
    """Dashes by series, so that lines differ by more than colour."""
    dashes = [_DASHES[i % MOST_SERIES] for i in range(len(names))]
    return alt.StrokeDash(f"{field}:N", scale=alt.Scale(domain=list(names), range=dashes), legend=None)


def named_axis(field: str, names: Sequence[str]) -> alt.Y:
    """One row for each name, in their order; long names take two lines on a phone."""
    halves = {label: found for label in names if (found := _halves(label)) is not None}
    shown = f"{_NARROW} ? ({json.dumps(halves)}[datum.label] || datum.label) : datum.label"
    return alt.Y(
        f"{field}:N",
        sort=list(names),
        title=None,
        axis=alt.Axis(
            labelLimit=_LABEL_LIMIT,
            labelExpr=shown if halves else alt.Undefined,
            labelFontSize=alt.ExprRef(f"{_NARROW} ? 10.5 : 12"),
            labelLineHeight=11.5,
            domain=False,
            ticks=False,
        ),
        scale=alt.Scale(padding=0.4),
    )


def _halves(label: str) -> tuple[str, str] | None:
    """The name in two lines, as even as its spaces allow; None where one line does, or no space is there."""
    spaces = [place for place, one in enumerate(label) if one == " "]
    if len(label) <= _ONE_LINE_CHARACTERS or not spaces:
        return None
    at = min(spaces, key=lambda place: abs(place - len(label) / 2))
    return label[:at], label[at + 1 :]


def rows_height(names: Sequence[str]) -> float:
    """The height of a chart of named rows, px."""
    return _ROW * len(names)


def decades(channel: str, title: str, *, dollars: bool, grid: bool = True) -> alt.Axis:
    """An axis over orders of magnitude: each power of ten is named, of few powers 2 and 5 of each too; thousands as in `numbers.py`."""
    sign = "$" if dollars else ""
    told = f"datum.value < 1 ? format(datum.value, '{sign}~g') : replace(format(datum.value, '{sign}~s'), 'G', 'B')"
    few = f"log(domain('{channel}')[1] / domain('{channel}')[0]) < 3.2 * LN10"
    return alt.Axis(
        title=title,
        tickCount=8,
        grid=grid,
        labelOverlap=True,
        labelExpr=f"{_MANTISSA} == 1 || {few} && ({_MANTISSA} == 2 || {_MANTISSA} == 5) ? ({told}) : ''",
        gridOpacity={"condition": {"test": f"{_MANTISSA} == 1", "value": 1}, "value": 0},
        tickOpacity={"condition": {"test": f"{_MANTISSA} == 1", "value": 1}, "value": 0.4},
    )


def money_scale(least: float) -> alt.Scale:
    """Orders of magnitude; from 0 up where something costs nothing."""
    return alt.Scale(type="log", nice=False) if least > 0 else alt.Scale(zero=True)


def _between(least: float, most: float) -> list[float]:
    """Round amounts on a scale of orders of magnitude: 1, 2 and 5 of each power of ten, of many powers only the powers."""
    if least <= 0:
        return []
    powers = range(floor(log10(least)), ceil(log10(most)) + 1)
    digits = (1, 2, 5) if len(powers) <= 4 else (1,)  # noqa: PLR2004  (twelve marks at most)
    return [found for power in powers for digit in digits if least <= (found := digit * 10.0**power) <= most]


def leans(criteria: Sequence[AssessedCriterion]) -> list[Figure]:
    """To which side each criterion leans."""
    if not criteria:
        return []
    names = labels(words(one.id) for one in criteria)
    values = [
        {"criterion": label, "lean": one.lean, "side": "small" if one.lean > 0 else "large" if one.lean < 0 else "neither"}
        for label, one in zip(names, criteria, strict=True)
    ]
    base = alt.Chart(rows(values)).encode(y=named_axis("criterion", names))
    side = alt.Color("side:N", scale=alt.Scale(domain=["small", "large", "neither"], range=[_CHOSEN, _OTHER, _MUTED]), legend=None)
    lean = alt.X(
        "lean:Q", scale=alt.Scale(domain=[-1, 1]), axis=alt.Axis(title="← large model · small model →", values=[-1, -0.5, 0, 0.5, 1])
    )
    chart = base.mark_bar(height=12).encode(x=lean, color=side) + base.mark_tick(thickness=2, height=16).encode(x=lean, color=side)
    small, large = sum(one.lean > 0 for one in criteria), sum(one.lean < 0 for one in criteria)
    return [
        Figure(
            "chart-leans",
            "Criteria",
            "To which side each criterion leans",
            f"Bars to the right lean to a small model, bars to the left to a large one: {count(small)} lean to a small model, "
            f"{count(large)} to a large one.",
            specification(chart, rows_height(names)),
            Table(
                ("criterion", "lean", "weight"),
                tuple((label, number(one.lean), number(one.weight)) for label, one in zip(names, criteria, strict=True)),
                right=(1, 2),
            ),
        ),
    ]


def costs(
    key: str, under: str, title: str, told: Sequence[tuple[str, Band]], chosen: int | None, unlikely: Container[int] = ()
) -> list[Figure]:
    """Total costs side by side, each with its band; the chosen one stands out, and those that are not likely enough are hollow."""
    if not told:
        return []
    names = labels(label for label, _ in told)
    kinds = ["chosen" if place == chosen else "unlikely" if place in unlikely else "other" for place in range(len(told))]
    values = [
        {"what": label, "low": band.low, "typical": band.typical, "high": band.high, "kind": kind}
        for label, (_, band), kind in zip(names, told, kinds, strict=True)
    ]
    amounts = [amount for _, band in told for amount in (band.low, band.typical, band.high)]
    least, most = min(amounts), max(amounts)
    known = ["chosen", "other", "unlikely"]
    colours = alt.Scale(domain=known, range=[_CHOSEN, _MUTED, _MUTED])
    base = alt.Chart(rows(values)).encode(y=named_axis("what", names))
    ticks = _between(least, most)
    axis = alt.Axis(title="USD a month, all in", format="$~s", labelOverlap=True, values=ticks or alt.Undefined)
    chart = base.mark_rule(strokeWidth=3, opacity=0.5).encode(
        x=alt.X("low:Q", scale=_padded_scale(least, most), axis=axis), x2="high:Q", color=alt.Color("kind:N", scale=colours, legend=None)
    ) + base.mark_point(size=90, opacity=1, strokeWidth=2).encode(
        x=alt.X("typical:Q", axis=axis),
        shape=alt.Shape("kind:N", scale=alt.Scale(domain=known, range=["diamond", "circle", "circle"]), legend=None),
        fill=alt.Fill("kind:N", scale=alt.Scale(domain=known, range=[_CHOSEN, _MUTED, "var(--paper)"]), legend=None),
        stroke=alt.Stroke("kind:N", scale=colours, legend=None),
    )
    cheapest = min(range(len(told)), key=lambda place: told[place][1].typical)
    pointed = f" The diamond is the choice, {names[chosen]} at {usd(told[chosen][1].typical)}." if chosen is not None else ""
    hollow = " Hollow marks: less likely to be good enough than is asked for." if "unlikely" in kinds else ""
    return [
        Figure(
            key,
            under,
            title,
            f"A mark for the typical cost and a line from low to high, on a scale of orders of magnitude. "
            f"The cheapest is {names[cheapest]} at {usd(told[cheapest][1].typical)} a month.{pointed}{hollow}",
            specification(chart, rows_height(names)),
            Table(
                ("what", "low", "typical", "high"),
                tuple((label, *_three(band)) for label, (_, band) in zip(names, told, strict=True)),
                right=(1, 2, 3),
            ),
            note=f"Lines from low to high; the diamond is the choice.{hollow}" if chosen is not None else "Lines from low to high.",
        ),
    ]


def _padded_scale(least: float, most: float) -> alt.Scale:
    """The amounts with a little room on both sides, so that no band ends where the chart does."""
    if least <= 0:
        return money_scale(least)
    room = max(most / least, 1.5) ** 0.04
    return alt.Scale(type="log", nice=False, domain=[least / room, most * room])


def _three(band: Band) -> tuple[str, str, str]:
    return usd(band.low), usd(band.typical), usd(band.high)


def option_costs(options: Sequence[AssessedOption], chosen_id: str | None, level: float | None) -> list[Figure]:
    """The given options' total costs, in their order; `level` is the likelihood that is asked for, 0 to 1."""
    told = [(option_words(one), one.total_usd_per_month, one) for one in options]
    known = [(label, band, one) for label, band, one in told if band is not None]
    place = next((i for i, (_, _, one) in enumerate(known) if one.id == chosen_id), None)
    likely = [one.quality.p_good_enough for _, _, one in known]
    unlikely = {i for i, p in enumerate(likely) if p is not None and level is not None and p < level}
    return costs("chart-options", "Options", "What the options cost", [(label, band) for label, band, _ in known], place, unlikely)


def task_costs(assessments: Sequence[Assessment]) -> list[Figure]:
    """The total cost of each task's answer; of many tasks those that cost most."""
    told = [
        (f"{name(one.task.name)}: {family_words(one.verdict.family)}", one.total_usd_per_month)
        for one in assessments
        if one.total_usd_per_month is not None
    ]
    title = "What the answers cost"
    if len(told) > MOST_DRAWN:
        title = f"What the answers cost: the dearest {count(MOST_DRAWN)} of {count(len(told))}"
        told = sorted(told, key=lambda one: -one[1].typical)[:MOST_DRAWN]
    return costs("chart-tasks", "Tasks", title, told, None)


def over_volume(series: Sequence[str], volume_title: str) -> Figure:
    """The total cost over the volume, filled in and kept up to date by the page's script.

    Data `curves`: volume, series, low, typical, high, none of them below a cent; data `marks`: volume, kind (now, break-even),
    series, typical.
    """
    names = list(series)
    scale = alt.Scale(type="log", nice=False)
    volume = alt.X("volume:Q", scale=scale, axis=decades("x", volume_title, dollars=False, grid=False))
    axis = decades("y", "USD a month, all in", dollars=True)
    base = alt.Chart(alt.NamedData(name="curves")).encode(x=volume, color=series_colour("series", names))
    band = base.mark_area(opacity=0.14).encode(y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q")
    line = base.mark_line(strokeWidth=2.5).encode(y=alt.Y("typical:Q", axis=axis), strokeDash=series_dash("series", names))
    marks = alt.Chart(alt.NamedData(name="marks")).encode(x=volume)
    now, even = (marks.transform_filter(alt.datum.kind == kind) for kind in ("now", "break-even"))
    tint = series_colour("series", names)
    rules = now.mark_rule(color=_INK, strokeWidth=1.5) + even.mark_rule(strokeWidth=1.5, strokeDash=[3, 3]).encode(color=tint)
    points = even.mark_point(filled=True, size=80, opacity=1).encode(y=alt.Y("typical:Q", axis=axis), color=tint)
    text = now.mark_text(align="left", dx=4, y=8, color=_INK, fontSize=12).encode(text=alt.value("now"))
    return Figure(
        "chart-volume",
        "What if",
        "Total cost over the volume",
        "Lines of the total cost a month over the volume, each with a band from low to high; an upright line marks "
        "the volume that is set, dotted ones with a point the volumes from which an option costs less than the large model's API.",
        specification(band + line + rules + points + text, 320),
        Table((volume_title, *names), (), right=tuple(range(1 + len(names)))),
        series=tuple(names),
    )
