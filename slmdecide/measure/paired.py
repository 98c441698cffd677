"""Whether one model is at most so far behind another on the same examples: an exact test for answers that are right or wrong.

Of n examples `better` were answered right by the first model alone and `worse` by the second alone. The null hypothesis is
that the first is behind by the margin or more: P(worse) − P(better) ≥ margin. Results are ordered by the score statistic of
Tango, Statistics in Medicine 17 (1998) 891–908. How often each example is disputed is not known under the null hypothesis, so
the p-value is the largest over all rates of dispute (Hsueh, Liu and Chen, Biometrics 57 (2001) 478–483): no distribution is
assumed and no sample is too small. With margin 0 it is the unconditional form of McNemar's test.
"""

from __future__ import annotations

from functools import lru_cache
from math import asin, inf, pi, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Column = NDArray[np.float64]
    Counts = NDArray[np.int64]

MOST_ROWS = 10_000
"""Beyond this the exact test takes seconds; betting (`bounds`) is near enough then."""
_RATES = 80
"""Rates of dispute at which the maximum is looked for, where few disputes or few agreements are expected; as many there."""
_FEW = 200
"""Disputes, or agreements."""
_FLAT_RATES = 32
"""Rates in between, where the probability hardly depends on the rate."""
_COARSE_RATES = 64
_AGAIN = 9
_NEAR_PEAK = 0.85
_SLACK = 1.001
"""The maximum is found within 0.05 % of its value (`tests/test_bounds.py`); twice that is added."""
_SPREAD = 6.5
"""Standard deviations that are summed over."""
_LEFT_OUT = 1e-10
"""The probability of what is beyond is less."""
_SAME = 1e-9
"""Statistics this close are equal."""
_PLAN_PARTS = 200
"""A plan is exact to this part of it."""
_STEPS = 9
_FINE_STEPS = 4


def statistic(better: ArrayLike, worse: ArrayLike, n: int, margin: float) -> Column:
    """Distance from the null hypothesis in standard errors under it; rises with `better`, falls with `worse`. Vectorised.

    The rate of dispute that it is standardised with is the likeliest one at which P(worse) − P(better) is the margin.
    """
    b, c = np.asarray(better, dtype=np.float64), np.asarray(worse, dtype=np.float64)
    linear = b + c - margin * (b - c + 2 * n)
    rate = (linear + np.sqrt(np.maximum(linear**2 + 8 * n * b * margin * (1 - margin), 0.0))) / (4 * n)
    variance = n * (2 * np.maximum(rate, max(0.0, -margin)) + margin - margin**2)
    distance = b - c + n * margin
    scaled = np.divide(distance, np.sqrt(np.maximum(variance, 0.0)), out=np.zeros_like(distance), where=variance > 0)
    found: Column = np.where((variance <= 0) & (distance != 0), np.copysign(np.inf, distance), scaled)
    return found


def p_value(better: int, worse: int, n: int, margin: float) -> float:
    """Probability, under the null hypothesis, of a result as far from it as this one; exact, at most 1."""
    return min(1.0, _SLACK * _largest(n, margin, float(statistic(better, worse, n, margin))))


def needed(better: int, worse: int, n: int, margin: float, level: float) -> int | None:
    """About how many examples with disputes at these rates have a p-value of at most the level; None if more than `MOST_ROWS`.

    At constant rates the statistic grows with the root of the number.
    """
    seen = float(statistic(better, worse, n, margin))

    def shown(rows: int) -> bool:
        return _SLACK * _largest(rows, margin, seen * sqrt(rows / n)) <= level

    if seen <= 0 or not shown(MOST_ROWS):
        return None
    low, high = 0, MOST_ROWS
    while high - low > max(1, low // _PLAN_PARTS):
        middle = (low + high) // 2
        low, high = (low, middle) if shown(middle) else (middle, high)
    return high


@lru_cache(maxsize=256)
def critical(n: int, margin: float, level: float) -> float:
    """A statistic whose p-value is at most the level, the least to 0.01; one number for all results of n examples."""
    from scipy.special import ndtri  # noqa: PLC0415  (slow to import)

    goal = level / _SLACK
    if goal <= _LEFT_OUT:
        return inf
    rates = _spaced(margin, 0.0, 1.0, _COARSE_RATES)
    rough = _between(lambda least: float(_tails(n, margin, least, rates).max()), goal, float(-ndtri(level)) - 0.5, 1.0, _STEPS)
    return _between(lambda least: _largest(n, margin, least), goal, rough.low, 0.05, _FINE_STEPS).high


class _Ends(NamedTuple):
    """The ends of a short interval: at the lower one a probability is above the goal, as far as is known, at the upper it is not."""

    low: float
    high: float


def _between(probability: Callable[[float], float], goal: float, start: float, width: float, halvings: int) -> _Ends:
    low, high = start, start + width
    while probability(high) > goal:
        low, high = high, high + 2 * (high - low)
    for _ in range(halvings):
        middle = (low + high) / 2
        low, high = (low, middle) if probability(middle) <= goal else (middle, high)
    return _Ends(low, high)


def _largest(n: int, margin: float, least: float) -> float:
    """The largest probability, over all rates of dispute, that the statistic is at least `least`."""
    rates = _rates(n, margin)
    tails = _tails(n, margin, least, rates)
    before, after = np.append(tails[:1], tails[:-1]), np.append(tails[1:], tails[-1:])
    peaks = np.flatnonzero((tails >= before) & (tails >= after) & (tails > _NEAR_PEAK * tails.max())).tolist()
    around = [np.linspace(rates[max(0, peak - 1)], rates[min(len(rates) - 1, peak + 1)], _AGAIN) for peak in peaks]
    again = _tails(n, margin, least, np.concatenate(around)) if around else tails
    return max(float(tails.max()), float(again.max())) + _LEFT_OUT


def _rates(n: int, margin: float) -> Column:
    """Probabilities of `better` at the edge of the null hypothesis, rising; closer together at both ends."""
    few = asin(sqrt(min(0.5, _FEW / n))) * 2 / pi
    ends = [_spaced(margin, 0.0, few, _RATES), _spaced(margin, 1 - few, 1.0, _RATES)]
    return np.concatenate((ends[0], _spaced(margin, few, 1 - few, _FLAT_RATES)[1:-1], ends[1]))


def _spaced(margin: float, start: float, end: float, n_rates: int) -> Column:
    """Rates from the least that the margin allows (0) to the most (1), evenly spaced in the angle whose sine is their root.

    P(worse) is the rate plus the margin.
    """
    least, most = max(0.0, -margin), (1 - margin) / 2
    return least + (most - least) * np.sin(np.linspace(start, end, n_rates) * pi / 2) ** 2


def _tails(n: int, margin: float, least: float, rates: Column) -> Column:
    """For each rate the probability that the statistic is at least `least`.

    The sum over all `better` of P(better) × P(worse ≤ the most that still reaches it | better).
    """
    from scipy.special import bdtr, gammaln, xlog1py, xlogy  # noqa: PLC0415  (slow to import)

    spread = _SPREAD * np.sqrt(n * rates * (1 - rates))
    first = np.maximum(0, np.floor(n * rates - spread - 4)).astype(np.int64)
    last = np.minimum(n, np.ceil(n * rates + spread + 12)).astype(np.int64)
    every = np.arange(int(last.max()) + 1)
    most_worse = _most_worse(n, margin, least, every)
    ways = gammaln(n + 1) - gammaln(every + 1) - gammaln(n - every + 1)
    sizes = last - first + 1
    owner = np.repeat(np.arange(len(rates)), sizes)
    better: Counts = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes) + first[owner]
    rate, most = rates[owner], most_worse[better]
    probability = np.exp(ways[better] + xlogy(better, rate) + xlog1py(n - better, -rate))
    share = np.minimum(1.0, (rate + margin) / (1 - rate))
    at_most = np.where(most < 0, 0.0, bdtr(np.clip(most, 0, n - better).astype(np.float64), n - better, share))
    found: Column = np.asarray(np.bincount(owner, probability * at_most, len(rates)), dtype=np.float64)
    return found


def _most_worse(n: int, margin: float, least: float, better: Counts) -> Counts:
    """For each `better` the largest `worse` at which the statistic is still at least `least`; −1 if there is none."""
    low: Counts = np.full(len(better), -1, dtype=np.int64)
    high: Counts = n - better + 1
    for _ in range(n.bit_length() + 1):
        middle = (low + high) // 2
        reached = (middle >= 0) & (statistic(better, np.maximum(middle, 0), n, margin) >= least - _SAME)
        low, high = np.where(reached, middle, low), np.where(reached, high, middle)
    return low
