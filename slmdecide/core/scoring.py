"""How good probabilities are: accuracy, Brier score, log loss, AUC, calibration, with intervals by drawing sources again.

Rows with the same source, probability and outcome are counted together, so that a hundred thousand rows cost little more
than the distinct ones among them.
"""

from __future__ import annotations

from functools import lru_cache
from math import fsum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from slmdecide.core.quality import wilson
from slmdecide.records.backtest import CalibrationBin, Interval, Intervals, Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

BINS = 10
CERTAIN = 0.01
"""A rule that knows no doubt counts as so far from 0 and 1: its log loss would be infinite otherwise."""
_DRAWS = 1000
_FEWEST_DRAWS = 100
_WORK = 400_000
"""Cells that all draws together may touch: of many distinct rows, fewer draws are made."""
_SEED = 20261124
_ENDS = (0.05, 0.95)
_FEWEST_SOURCES = 5
"""Of fewer sources no interval is given."""


class Cells(NamedTuple):
    """Distinct rows with how often each occurs."""

    p: Floats
    good: Floats
    source: Ints
    """Index of the row's source, counted without gaps."""
    rows: Floats
    n_sources: int


def cells_of(p: Floats, good: NDArray[np.bool_] | Floats, sources: Ints) -> Cells:
    """The distinct rows; `sources`: a number for the source of each."""
    _, source = np.unique(sources, return_inverse=True)
    distinct, ps = np.unique(p, return_inverse=True)
    codes, count = np.unique((source.astype(np.int64) * len(distinct) + ps) * 2 + good.astype(np.int64), return_counts=True)
    return Cells(
        p=distinct[codes // 2 % len(distinct)],
        good=(codes % 2).astype(np.float64),
        source=codes // 2 // len(distinct),
        rows=count.astype(np.float64),
        n_sources=int(source.max()) + 1,
    )


def losses(cells: Cells) -> Floats:
    """The log loss of each distinct row."""
    p = np.clip(cells.p, CERTAIN, 1 - CERTAIN)
    found: Floats = -np.log(np.where(cells.good > 0, p, 1 - p))
    return found


def scores(cells: Cells) -> Scores:
    """The scores of all rows."""
    n = float(cells.rows.sum())
    auc = _auc(cells, cells.rows)

    def mean(values: Floats) -> float:
        return fsum((values * cells.rows).tolist()) / n

    return Scores(
        n=int(n),
        sources=cells.n_sources,
        share_good=mean(cells.good),
        mean_p=mean(cells.p),
        accuracy=mean(_right(cells)),
        brier=mean((cells.p - cells.good) ** 2),
        log_loss=mean(losses(cells)),
        auc=auc,
        why_no_auc=None if auc is not None else f"good enough in {'all' if cells.good.min() > 0 else 'none'} of the rows",
        ece=float(np.abs(_gaps(cells).T @ cells.rows).sum() / n),
    )


def _right(cells: Cells) -> Floats:
    found: Floats = ((cells.p >= 0.5) == (cells.good > 0)).astype(np.float64)  # noqa: PLR2004  (one half)
    return found


def _bins(p: Floats) -> Ints:
    found: Ints = np.minimum((p * BINS).astype(np.int64), BINS - 1)
    return found


def _gaps(cells: Cells) -> Floats:
    """Probability minus outcome of each distinct row, in the column of its bin."""
    found = np.zeros((len(cells.p), BINS))
    found[np.arange(len(cells.p)), _bins(cells.p)] = cells.p - cells.good
    return found


def _auc(cells: Cells, weight: Floats) -> float | None:
    """The chance that a good row has the higher probability, ties counted half; None if one of the two is missing."""
    distinct, places = np.unique(cells.p, return_inverse=True)
    return _auc_of(places, len(distinct), cells.good, weight)


def _auc_of(places: Ints, n: int, good: Floats, weight: Floats) -> float | None:
    yes = np.bincount(places, weights=weight * good, minlength=n)
    no = np.bincount(places, weights=weight * (1 - good), minlength=n)
    pairs = yes.sum() * no.sum()
    if pairs == 0:
        return None
    below = np.concatenate(([0.0], np.cumsum(no)[:-1]))
    return float((yes * (below + no / 2)).sum() / pairs)


def _draws(cells: Cells) -> Floats:
    """How often each source is drawn, one row per draw; the same for the same number of sources and draws."""
    return _drawn(cells.n_sources, min(_DRAWS, max(_FEWEST_DRAWS, _WORK // max(len(cells.p), 1))))


@lru_cache(maxsize=2)
def _drawn(n_sources: int, draws: int) -> Floats:
    chance = np.random.default_rng(_SEED)
    found = np.empty((draws, n_sources))
    for draw in found:
        draw[:] = np.bincount(chance.integers(0, n_sources, n_sources, dtype=np.int32), minlength=n_sources)
    return found


def _by_source(cells: Cells, values: Floats) -> Floats:
    """Sums over the rows of each source; one column per column of `values`."""
    weighted = values * cells.rows[:, None]
    found = np.empty((cells.n_sources, values.shape[1]))
    for column in range(values.shape[1]):
        found[:, column] = np.bincount(cells.source, weights=weighted[:, column], minlength=cells.n_sources)
    return found


def _interval(values: Floats) -> Interval:
    low, high = np.quantile(values, _ENDS)
    return Interval(low=float(low), high=float(high))


def intervals(cells: Cells) -> Intervals:
    """Intervals of the scores."""
    if cells.n_sources < _FEWEST_SOURCES:
        return Intervals(accuracy=None, brier=None, log_loss=None, auc=None, ece=None)
    draws = _draws(cells)
    values = np.column_stack((np.ones(len(cells.p)), _right(cells), (cells.p - cells.good) ** 2, losses(cells), _gaps(cells)))
    sums = draws @ _by_source(cells, values)
    means = sums[:, 1:4] / sums[:, :1]
    ece = np.abs(sums[:, 4:]).sum(axis=1) / sums[:, 0]
    distinct, places = np.unique(cells.p, return_inverse=True)
    aucs = (_auc_of(places, len(distinct), cells.good, draw[cells.source] * cells.rows) for draw in draws)
    known = np.array([auc for auc in aucs if auc is not None])
    return Intervals(
        accuracy=_interval(means[:, 0]),
        brier=_interval(means[:, 1]),
        log_loss=_interval(means[:, 2]),
        auc=_interval(known) if len(known) else None,
        ece=_interval(ece),
    )


def log_loss_gain(ours: Cells, theirs: Cells) -> tuple[float, Interval | None]:
    """Their log loss minus ours on the same rows, with its interval."""
    n = float(ours.rows.sum())
    own, other = (_by_source(one, np.column_stack((np.ones(len(one.p)), losses(one)))) for one in (ours, theirs))
    difference = other[:, 1] - own[:, 1]
    gain = fsum(difference.tolist()) / n
    if ours.n_sources < _FEWEST_SOURCES:
        return gain, None
    draws = _draws(ours)
    return gain, _interval((draws @ difference) / (draws @ own[:, 0]))


def calibration(cells: Cells) -> tuple[CalibrationBin, ...]:
    """Ten bins of probability: what was said, and what happened."""
    return tuple(_bin(cells, index) for index in range(BINS))


def _bin(cells: Cells, index: int) -> CalibrationBin:
    inside = _bins(cells.p) == index
    n = float(cells.rows[inside].sum())
    sources = np.unique(cells.source[inside])
    share = float((cells.good * cells.rows)[inside].sum() / n) if n else None
    found = None
    if len(sources) >= _FEWEST_SOURCES:
        part = Cells(cells.p[inside], cells.good[inside], np.searchsorted(sources, cells.source[inside]), cells.rows[inside], len(sources))
        sums = _draws(part) @ _by_source(part, np.column_stack((np.ones(len(part.p)), part.good)))
        found = _interval(sums[:, 1] / sums[:, 0])
        if found.low == found.high and share is not None:  # all sources agree: drawing them again cannot tell how surely
            low, high = wilson(share, len(sources))
            found = Interval(low=low, high=high)
    return CalibrationBin(
        from_p=index / BINS,
        to_p=(index + 1) / BINS,
        n=int(n),
        sources=len(sources),
        mean_p=float((cells.p * cells.rows)[inside].sum() / n) if n else None,
        share_good=share,
        interval=found,
    )
