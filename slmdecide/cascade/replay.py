"""What a cascade of two models would have done at every threshold.

Keep the small answer iff its confidence ≥ threshold. The small call is always paid, the large one where the request is passed on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from slmdecide.cascade.columns import Column, Pair

    Counts = NDArray[np.int64]

_FINEST = 1e18
"""Most parts of one USD, or of one right answer, that sums are counted in. Whole numbers add up to the same in any order."""
_MOST = 2.0**61
"""Each of two sums that are added stays below half of what 64 bits hold."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Points:
    """Every operating point, by rising threshold and so by rising escalation. Equal confidences are never split."""

    n: int
    threshold: Column
    """The least confidence that is kept; the last is +inf, which passes everything on."""
    n_escalated: Counts
    n_correct: Column
    """Right answers of the cascade; partial credit counts in part."""
    cost_usd: Column | None
    """Of all n requests together; None = unpriced."""


def replay(pair: Pair) -> Points:
    """All operating points in one pass. Arrays of length (distinct confidences + 1); the order of the rows changes nothing."""
    order = np.argsort(pair.confidence)
    confidence = pair.confidence[order]
    starts = np.concatenate(([0], np.flatnonzero(confidence[1:] != confidence[:-1]) + 1, [pair.n]))
    n_correct = _running(pair.small_correct, pair.large_correct - pair.small_correct, order, starts, largest=1.0)
    cost = None
    if pair.small_cost_usd is not None and pair.large_cost_usd is not None:
        dearest = float(max(pair.small_cost_usd.max(), pair.large_cost_usd.max()))
        cost = _running(pair.small_cost_usd, pair.large_cost_usd, order, starts, largest=dearest)
    return Points(
        n=pair.n,
        threshold=np.append(confidence[starts[:-1]], np.inf),
        n_escalated=starts,
        n_correct=n_correct,
        cost_usd=cost,
    )


def exact_sum(column: Column) -> float:
    """The sum of numbers of 0 or more, the same in any order of the rows."""
    parts = _parts(float(column.max(initial=0.0)) * len(column))
    return float(_whole(column, parts).sum()) / parts


def _running(base: Column, added: Column, order: NDArray[np.intp], starts: Counts, *, largest: float) -> Column:
    """For each start: the sum of `base` over all rows, and of `added` over the rows that stand before the start in the order.

    No number of either is further from 0 than `largest`.
    """
    parts = _parts(largest * len(added))
    sums = np.empty(len(added) + 1, dtype=np.int64)
    sums[0] = _whole(base, parts).sum()
    np.take(_whole(added, parts), order, out=sums[1:], mode="clip")
    np.cumsum(sums, out=sums)
    found: Column = sums[starts] / parts
    return found


def _whole(column: Column, parts: float) -> Counts:
    scaled = column * parts
    return np.rint(scaled, out=scaled).astype(np.int64)


def _parts(most: float) -> float:
    """Into how many parts one unit is cut, if a sum is at most so large: as many as there is room for."""
    return _FINEST if most * _FINEST < _MOST else float(10.0 ** np.floor(np.log10(_MOST / most)))
