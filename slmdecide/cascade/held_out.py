"""How the rows are parted, and what a threshold does on the part that did not choose it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from slmdecide.cascade.compare import mean_interval, paired_interval, share_interval
from slmdecide.measure.bounds import clopper_pearson
from slmdecide.records.cascade import Interval, OnTest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from slmdecide.cascade.columns import Column, Pair

_CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """The rows that a threshold is chosen on, and the others."""

    calibration: Pair
    test: Pair


def parted(pair: Pair, *, seed: int, calibration_share: float) -> Parts:
    """The rows in two parts, drawn by the seed from their content: the order in which they come changes nothing.

    Each part has at least one row. ValueError for fewer than two.
    """
    if pair.n < 2:  # noqa: PLR2004  (one for each part)
        raise ValueError(f"{pair.n} rows cannot be parted in two")
    columns = [column for column in (getattr(pair, one.name) for one in fields(pair)) if column is not None]
    # Rows with equal numbers in every column are exchangeable, so any order among them will do.
    drawn = np.lexsort(tuple(reversed(columns)))[np.random.default_rng(seed).permutation(pair.n)]
    n_calibration = min(pair.n - 1, max(1, round(pair.n * calibration_share)))
    return Parts(calibration=rows_of(pair, drawn[:n_calibration]), test=rows_of(pair, drawn[n_calibration:]))


def rows_of(pair: Pair, places: NDArray[np.intp]) -> Pair:
    """These rows of the pair."""
    taken: dict[str, Any] = {one.name: getattr(pair, one.name) for one in fields(pair)}
    return replace(pair, **{name: column[places] for name, column in taken.items() if column is not None})


def on_test(pair: Pair, threshold: float) -> OnTest | None:
    """What the threshold does on these rows, with 95 % intervals; None without a row.

    Shares of right and wrong have exact intervals (Clopper–Pearson), partial credit Wilson's, which is on the safe side there.
    """
    if not pair.n:
        return None
    kept = pair.confidence >= threshold
    answered = np.where(kept, pair.small_correct, pair.large_correct)
    cost = None
    if pair.small_cost_usd is not None and pair.large_cost_usd is not None:
        mean = mean_interval(pair.small_cost_usd + np.where(kept, 0.0, pair.large_cost_usd))
        cost = Interval(value=mean.value, low=max(0.0, mean.low), high=mean.high)
    return OnTest(
        accuracy=share_of(answered),
        accuracy_difference=paired_interval(answered - pair.large_correct),
        risk=share_of(1 - pair.small_correct[kept]) if kept.any() else None,
        escalation_rate=share_of((~kept).astype(np.float64)),
        cost_usd_per_request=cost,
    )


def share_of(column: Column) -> Interval:
    """The mean of numbers from 0 to 1 with its interval."""
    n, total = len(column), float(column.sum())
    if not np.isin(column, (0.0, 1.0)).all():
        return share_interval(total / n, n)
    found = clopper_pearson(total, n, _CONFIDENCE)
    return Interval(value=total / n, low=found.low, high=found.high)
