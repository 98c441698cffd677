"""Which thresholds are tested, in which order, from where, and by what evidence: one function for each question."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf, sqrt
from typing import TYPE_CHECKING

import numpy as np

from slmdecide.cascade import evidence as shown
from slmdecide.measure.bounds import least_n

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from slmdecide.cascade.columns import Column, Pair
    from slmdecide.cascade.evidence import Evidence
    from slmdecide.records.cascade import Question

_KEPT_AT_START = 0.5
"""Share of the answers that the first threshold keeps where too little is known to begin with none; a half is a guess."""
CEILING = 2.0
"""No request is taken to cost more than the dearest recorded one, or so many times the budget."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What is to be promised."""

    question: Question
    alpha: float
    delta: float
    tolerance: float
    budget_usd_per_request: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidates:
    """Thresholds in the order in which they are tested, with the evidence for each."""

    thresholds: Column
    """The safest first; −inf keeps everything."""
    evidence: Evidence
    begin: int | None
    """Place at which testing begins; None if the rows are too few for any."""
    first: int
    """Place of the first that keeps an answer."""
    right: Column | None = None
    """Right answers at each, where the best of those that are certified is taken instead of the last."""


def candidates(calibration: Pair, others: Column, terms: Terms, dearest: float) -> Candidates:
    """The thresholds to test on the calibration rows.

    `others`: confidences of the other part; they say where to begin if that must be with some answers kept. `dearest`: USD of
    the dearest request, both models asked.
    """
    if terms.question == "same_quality":
        return _same_quality(calibration, others, terms)
    return _risk(calibration, others, terms) if terms.question == "risk" else _cost(calibration, terms, dearest)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ranked:
    """Rows by falling confidence, and where the thresholds part them."""

    order: NDArray[np.intp]
    ends: NDArray[np.int64]
    """Rows kept at each threshold, from none to all; equal confidences are never parted."""
    thresholds: Column
    """+inf, then each different confidence."""


def _ranked(confidence: Column) -> _Ranked:
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    last = np.flatnonzero(np.concatenate((falling[1:] != falling[:-1], [True])))
    return _Ranked(order=order, ends=np.concatenate(([0], last + 1)), thresholds=np.concatenate(([inf], falling[last])))


def _same_quality(calibration: Pair, others: Column, terms: Terms) -> Candidates:
    """Thresholds from the one that keeps nothing, which is exactly as right as the large model.

    If the rows are too few to tell no difference from the tolerance, the walk begins where something is kept.
    """
    ranked = _ranked(calibration.confidence)
    difference = (calibration.small_correct - calibration.large_correct)[ranked.order]
    found = shown.of_difference(difference, ranked.ends, terms.tolerance)
    start = inf if found.refutes(terms.delta)[0] else _keeping(_KEPT_AT_START, others)
    return _from(start, ranked, found)


def _risk(calibration: Pair, others: Column, terms: Terms) -> Candidates:
    """Thresholds from one that keeps enough answers to show anything.

    It keeps the geometric mean of the fewest that could and of all: with fewer, one unlucky answer ends the walk before it has
    begun, with more, a safe part of the answers is given away (`benchmarks/cascade_power.py`).
    """
    ranked = _ranked(calibration.confidence)
    found = shown.of_risk((1 - calibration.small_correct)[ranked.order], ranked.ends, terms.alpha, rows=calibration.n)
    least = least_n(terms.alpha, terms.delta)
    return _from(_keeping(sqrt(least / calibration.n), others) if least <= calibration.n else None, ranked, found)


def _cost(calibration: Pair, terms: Terms, dearest: float) -> Candidates:
    """Thresholds from the one that keeps everything, which costs least."""
    small, large, budget = calibration.small_cost_usd, calibration.large_cost_usd, terms.budget_usd_per_request
    if small is None or large is None or budget is None:
        raise ValueError("a budget needs the cost of both models")
    ranked = _ranked(calibration.confidence)
    rising = ranked.order[::-1]
    # At the least confidence nothing is escalated; the threshold that escalates everything is no cascade.
    ends = calibration.n - ranked.ends[:0:-1]
    found = shown.of_cost(small[rising], large[rising], ends, budget, max(dearest, CEILING * budget))
    gained = np.concatenate(([0.0], np.cumsum((calibration.large_correct - calibration.small_correct)[rising])))[ends]
    return Candidates(
        thresholds=np.concatenate(([-inf], ranked.thresholds[-2:0:-1])),
        evidence=found,
        begin=0,
        first=0,
        right=float(calibration.small_correct.sum()) + gained,
    )


def _from(start: float | None, ranked: _Ranked, found: Evidence) -> Candidates:
    """The candidates from this threshold on, which may lie between two confidences."""
    thresholds = ranked.thresholds.copy()
    begin = None
    if start is not None:
        begin = int(np.searchsorted(-thresholds, -start, side="right")) - 1
        thresholds[begin] = min(start, thresholds[begin])
    # Beyond the least confidence there is nothing left to keep, so that the evidence is for every threshold below.
    thresholds[-1] = -inf
    return Candidates(thresholds=thresholds, evidence=found, begin=begin, first=1)


def _keeping(share: float, confidence: Column) -> float:
    """The highest threshold that keeps at least this share of the rows."""
    return float(np.sort(confidence)[::-1][ceil(share * len(confidence)) - 1])
