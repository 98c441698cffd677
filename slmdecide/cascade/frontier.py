"""Which operating points are worth a thought, and how far they lie above sending requests to the two models at random."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from slmdecide.cascade.compare import Z95
from slmdecide.records.cascade import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from slmdecide.cascade.columns import Column, Pair
    from slmdecide.cascade.replay import Points

_MOST_BINS = 200
"""Groups of neighbouring confidences that the area is computed on; finer ones move it by less than its error."""
_STEP = 1e-6
"""Relative step of the numeric derivative."""


def undominated(points: Points) -> NDArray[np.intp]:
    """Places of the points to which no other is preferable, by rising threshold.

    Cost rises with the threshold, so a point stays iff it is right more often than all before it, and the next is not as
    cheap. Where costs are not recorded, escalation is the cost.
    """
    best = np.maximum.accumulate(points.n_correct)
    better = np.flatnonzero(np.concatenate(([True], best[1:] > best[:-1])))
    if points.cost_usd is None:
        return better
    cost = points.cost_usd[better]
    return better[np.concatenate((cost[:-1] < cost[1:], [True]))]


def gain_over_random(pair: Pair, threshold: float) -> Interval | None:
    """Accuracy of the cascade above random routing for the same money.

    Without costs a large call costs 1 and a small one nothing. None where the large model is not the dearer one.
    """
    escalated = pair.confidence < threshold
    small, large = _sides(pair)
    answered = np.where(escalated, pair.large_correct, pair.small_correct)
    return gain_of(Side(answered, small.cost + np.where(escalated, large.cost, 0.0)), small, large)


class Side(NamedTuple):
    """What is right, 0 to 1, and what it costs, by row."""

    correct: Column
    cost: Column


def gain_of(found: Side, cheap: Side, dear: Side) -> Interval | None:
    """Accuracy above random routing between two models for the same money, with its 95 % interval by the delta method.

    Random routing asks one of the two for each request, the dear one with the probability at which both cost the same. None
    where it is not the dearer one.
    """
    n = len(found.correct)
    apart = float((dear.cost - cheap.cost).mean()) if n else 0.0
    if apart <= 0:
        return None
    paid, better = found.cost - cheap.cost, dear.correct - cheap.correct
    share = float(paid.mean()) / apart
    value = float((found.correct - cheap.correct).mean()) - share * float(better.mean())
    # What each row adds to the value, the share's own dependence on the row included.
    influence = found.correct - cheap.correct - share * better
    influence = influence - float(better.mean()) / apart * (paid - share * (dear.cost - cheap.cost))
    error = Z95 * sqrt(float(influence.var()) / n)
    return Interval(value=value, low=value - error, high=value + error)


def area_over_random(pair: Pair) -> Interval | None:
    """Mean accuracy of the cascade above random routing, over all costs from the small model's to the large model's.

    Between two operating points lies what mixing them at random gives. The interval (95 %) is the infinitesimal jackknife's
    (Efron, SIAM CBMS 38, 1982, chapter 6). None where the large model is not the dearer one.
    """
    small, large = _sides(pair)
    if pair.n == 0 or float((large.cost - small.cost).sum()) <= 0:
        return None
    order = np.argsort(pair.confidence, kind="stable")
    ranked = pair.confidence[order]
    starts = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
    wanted = np.linspace(0, len(ranked), _MOST_BINS + 1)[:-1]
    starts = np.unique(starts[np.searchsorted(starts, wanted, side="right") - 1])
    rows = np.stack((small.correct, large.correct, small.cost, large.cost))[:, order]
    sums = np.add.reduceat(rows, starts, axis=1)
    sizes = np.diff(np.append(starts, len(ranked))).astype(np.float64)
    whole = np.concatenate((sizes[None, :], sums))
    value = float(_area(whole[None])[0])
    gradient = _gradient(whole)
    bins = np.repeat(np.arange(len(starts)), sizes.astype(np.int64))
    influence = gradient[0, bins] + (gradient[1:, bins] * rows).sum(axis=0)
    error = Z95 * sqrt(float(((influence - influence.mean()) ** 2).sum()))
    return Interval(value=value, low=value - error, high=value + error)


def _sides(pair: Pair) -> tuple[Side, Side]:
    if pair.small_cost_usd is not None and pair.large_cost_usd is not None:
        return Side(pair.small_correct, pair.small_cost_usd), Side(pair.large_correct, pair.large_cost_usd)
    return Side(pair.small_correct, np.zeros(pair.n)), Side(pair.large_correct, np.ones(pair.n))


def _gradient(whole: Column) -> Column:
    """Derivative of the area with respect to each sum of each bin. Shape (5, bins), like `whole`."""
    kinds, bins = whole.shape
    steps = _STEP * np.maximum(np.abs(whole).sum(axis=1), 1e-300) / bins
    found = np.empty_like(whole)
    for kind in range(kinds):
        moved = np.repeat(whole[None], 2 * bins, axis=0)
        moved[np.arange(bins), kind, np.arange(bins)] += steps[kind]
        moved[bins + np.arange(bins), kind, np.arange(bins)] -= steps[kind]
        area = _area(moved)
        found[kind] = (area[:bins] - area[bins:]) / (2 * steps[kind])
    return found


def _area(whole: Column) -> Column:
    """The area of each set of sums. Shape (sets, 5, bins): rows, small right, large right, small USD, large USD; bins by confidence."""
    n = whole[:, 0].sum(axis=1)
    small, large = whole[:, 1].sum(axis=1), whole[:, 2].sum(axis=1)
    span = whole[:, 4].sum(axis=1) - whole[:, 3].sum(axis=1)
    width = whole[:, 4]
    ends = np.minimum(np.cumsum(width, axis=1), span[:, None])
    starts = np.concatenate((np.zeros((len(whole), 1)), ends[:, :-1]), axis=1)
    taken = ends - starts
    rise = whole[:, 2] - whole[:, 1]
    before = np.cumsum(rise, axis=1) - rise
    # The last bin may be cut where the cascade becomes as dear as the large model.
    part = np.divide(taken, width, out=np.zeros_like(taken), where=width > 0)
    under = ((before + rise * part / 2) * taken).sum(axis=1)
    found: Column = (small + under / span - (small + large) / 2) / n
    return found
