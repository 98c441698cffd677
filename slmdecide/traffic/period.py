"""How long a time does the log cover, and how sure is a month scaled from it? Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from math import hypot, sqrt
from typing import TYPE_CHECKING

from slmdecide.numbers import number, percent
from slmdecide.records.band import Band
from slmdecide.records.traffic import Period

if TYPE_CHECKING:
    from collections.abc import Sequence

_DAYS_PER_MONTH = 30.4375
_DAY_S = 86_400.0
_LEAST_S = 3600.0
"""From a shorter time nothing is scaled."""
_DAYS_FOR_A_SPREAD = 3
_WEEK = 7
_LONG = 1100
"""Days, three years: longer logs of language models are rare."""
_SHORT_UNCERTAINTY = 0.5
"""Of less than three days: a day is not a month, and weekends are not seen."""
_LEAST_UNCERTAINTY, _MOST_UNCERTAINTY = 0.05, 0.9
_TWO_SIDED_95 = 1.96
_SAME = 0.1
"""Share by which given days may differ from the log's own before the report says so."""


def period_of(first_s: float | None, last_s: float | None, days: Sequence[float], given_days: float | None) -> Period:
    """The covered time. `days`: calls of each day from the first; `given_days`: what the user says it covers."""
    covered = (last_s - first_s) / _DAY_S if first_s is not None and last_s is not None else None
    if given_days is not None:
        # Of less than three days no spread can be known, whatever the times of the log say.
        spread = _spread(days) if given_days >= _DAYS_FOR_A_SPREAD else _SHORT_UNCERTAINTY
        told = f"The period of {number(given_days)} days was given, give or take {percent(spread)}{_other_times(covered, given_days)}."
        return _period(first_s, last_s, given_days, spread, told)
    if covered is None or covered * _DAY_S < _LEAST_S:
        why = "has no times" if covered is None else "covers less than an hour"
        told = f"The log {why}; it is taken as one month, give or take {percent(_MOST_UNCERTAINTY)}. --days says how long it is."
        return _period(first_s, last_s, _DAYS_PER_MONTH, _MOST_UNCERTAINTY, told)
    spread = _spread(days)
    told = f"A month is scaled from {number(covered)} days{_dates(first_s, last_s)}, give or take {percent(spread)}"
    missing = "" if covered >= _WEEK else "; less than a week says little of weekends"
    missing = "; some of its times may be wrong, --days says how long it is" if covered > _LONG else missing
    return _period(first_s, last_s, covered, spread, f"{told}{missing}.")


def _other_times(covered: float | None, given_days: float) -> str:
    """What the log's own times say, where it is something else."""
    if covered is None or covered * _DAY_S < _LEAST_S or abs(covered - given_days) <= _SAME * given_days:
        return ""
    return f"; the times in the log cover {number(covered)} days"


def _dates(first_s: float | None, last_s: float | None) -> str:
    """The first and the last day, UTC; "" where there is no such day in the calendar."""
    try:
        first, last = (datetime.fromtimestamp(one or 0.0, UTC).date() for one in (first_s, last_s))
    except (OverflowError, OSError, ValueError):
        return ""
    return f" ({first} to {last})" if first != last else f" ({first})"


def volume(calls: int, period: Period) -> Band:
    """Calls a month: of the period, scaled, give or take its uncertainty and that of a small number of calls."""
    typical = calls / period.months
    share = uncertainty_of(calls, period)
    return Band(low=typical * (1 - share), typical=typical, high=typical * (1 + share))


def uncertainty_of(calls: int, period: Period) -> float:
    """Share by which a month's volume may be off: of the period, and of so many calls that came independently (Poisson, 95 %)."""
    return min(_MOST_UNCERTAINTY, hypot(period.uncertainty_share, _TWO_SIDED_95 / sqrt(max(1, calls))))


def _period(first_s: float | None, last_s: float | None, days: float, uncertainty: float, explanation: str) -> Period:
    return Period(
        from_s=first_s, to_s=last_s, days=days, months=days / _DAYS_PER_MONTH, uncertainty_share=uncertainty, explanation=explanation
    )


def _spread(days: Sequence[float]) -> float:
    """Half the 95 % interval of the mean day, as a share of it; the last day may be cut off and is left out."""
    full = list(days)[:-1] if len(days) > _DAYS_FOR_A_SPREAD else []
    if len(full) < _DAYS_FOR_A_SPREAD:
        return _SHORT_UNCERTAINTY
    mean = sum(full) / len(full)
    variance = sum((day - mean) ** 2 for day in full) / (len(full) - 1)
    share = _TWO_SIDED_95 * sqrt(variance / len(full)) / mean if mean else _MOST_UNCERTAINTY
    return min(_MOST_UNCERTAINTY, max(_LEAST_UNCERTAINTY, share))
