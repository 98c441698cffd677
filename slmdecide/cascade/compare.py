"""Two models on the same examples: how far they are apart, and whether that may be chance."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from slmdecide.cascade.replay import exact_sum
from slmdecide.measure.intervals import wilson
from slmdecide.records.cascade import Interval
from slmdecide.records.cascade_report import Comparison, Figures, Latency

if TYPE_CHECKING:
    from slmdecide.cascade.columns import Column, Member

Z95 = 1.959963984540054
"""97.5th percentile of the standard normal distribution: two-sided 95 %."""


def figures_of(member: Member) -> Figures:
    """One model alone."""
    n = len(member.correct)
    cost = None if member.cost_usd is None else exact_sum(member.cost_usd)
    correct = exact_sum(member.correct)
    return Figures(
        name=member.model,
        correct=correct,
        accuracy=share_interval(correct / n, n),
        cost_usd=cost,
        cost_usd_per_request=None if cost is None else cost / n,
        latency_ms=percentiles(member.latency_ms),
    )


def compare(small: Column, large: Column) -> Comparison:
    """The paired difference and the exact test of McNemar (Psychometrika 12 (1947) 153–157)."""
    difference = small - large
    better, worse = exact_sum(np.maximum(difference, 0.0)), exact_sum(np.maximum(-difference, 0.0))
    p_value = None
    if bool(np.isin(difference, (-1.0, 0.0, 1.0)).all()):
        from scipy.special import bdtr  # noqa: PLC0415  (only this figure needs it)

        p_value = min(1.0, 2 * float(bdtr(min(better, worse), round(better + worse), 0.5)))
    return Comparison(difference=paired_interval(difference), only_small=better, only_large=worse, p_value=p_value)


def share_interval(share: float, n: int) -> Interval:
    """A share of n with its 95 % interval (Wilson). With partial credit it is on the safe side."""
    found = wilson(share, n, 0.95)
    return Interval(value=share, low=min(share, found.low), high=max(share, found.high))


def mean_interval(column: Column) -> Interval:
    """The mean with its 95 % interval, by the central limit theorem."""
    value, error = float(column.mean()), Z95 * float(column.std()) / sqrt(len(column))
    return Interval(value=value, low=value - error, high=value + error)


def paired_interval(difference: Column) -> Interval:
    """The mean of paired differences with its 95 % interval, as if each of ±1 were seen once half more often.

    For answers that are right or wrong it is the interval of Agresti & Min, Statistics in Medicine 24 (2005) 729–740, whose
    coverage holds with few and with no disagreements.
    """
    n = len(difference)
    total, squares = float(difference.sum()), float((difference**2).sum()) + 1.0
    middle = total / (n + 2)
    half = Z95 * sqrt(max(squares - total**2 / (n + 2), 0.0)) / (n + 2)
    value = total / n
    return Interval(value=value, low=max(-1.0, min(value, middle - half)), high=min(1.0, max(value, middle + half)))


def percentiles(latency_ms: Column | None) -> Latency | None:
    """Median and 95th percentile, ms."""
    if latency_ms is None or not len(latency_ms):
        return None
    p50, p95 = np.percentile(latency_ms, (50, 95))
    return Latency(p50=float(p50), p95=float(p95))
