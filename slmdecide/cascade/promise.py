"""A threshold with a promise: what holds on new requests like these, whatever their distribution, with probability 1 − δ.

One part of the rows chooses, the other measures. Thresholds are tested in an order that is fixed before an answer is looked at,
from the safest on, until one fails (Learn then Test: Angelopoulos et al. 2021, arXiv 2110.01052; selection with guaranteed
risk: Geifman and El-Yaniv 2017, arXiv 1705.08500). Every threshold on the way is tested, between two confidences as well as at
them, so that none has to be picked beforehand; see docs/cascade-promise.md for the proof. Where the walk has to begin with
some answers kept, the confidences of the other part, never its answers, say where.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from slmdecide.cascade.candidates import Candidates, Terms, candidates
from slmdecide.cascade.held_out import on_test, parted
from slmdecide.cascade.promise_words import method, why_not
from slmdecide.errors import InputError
from slmdecide.records.cascade import Promise

if TYPE_CHECKING:
    from slmdecide.cascade.columns import Pair
    from slmdecide.cascade.held_out import Parts
    from slmdecide.records.cascade import Question


def choose(
    pair: Pair,
    question: Question,
    *,
    alpha: float,
    delta: float,
    tolerance: float,
    budget_usd_per_request: float | None,
    seed: int,
    calibration_share: float,
    parts: Parts | None = None,
) -> Promise:
    """The threshold that is certified and keeps most answers; for `cost` the one that is right most often.

    `parts`: the rows as they are parted by this seed and share, where that is done already.
    """
    terms = Terms(question=question, alpha=alpha, delta=delta, tolerance=tolerance, budget_usd_per_request=budget_usd_per_request)
    _check(pair, terms, calibration_share)
    if pair.n == 1:
        return _promise(terms, pair, None, None, None)
    parts = parts if parts is not None else parted(pair, seed=seed, calibration_share=calibration_share)
    tested = candidates(parts.calibration, parts.test.confidence, terms, dearest(pair))
    return _promise(terms, parts.calibration, parts.test, tested, certified(tested, delta))


def _check(pair: Pair, terms: Terms, calibration_share: float) -> None:
    """InputError for what makes no sense."""
    if not pair.n:
        raise InputError("no example to choose a threshold on: not one has an answer of both models and a confidence")
    for name, value in (("alpha", terms.alpha), ("delta", terms.delta), ("calibration share", calibration_share)):
        if not 0 < value < 1:
            raise InputError(f"{name} is {value}; it must lie between 0 and 1")
    if not 0 <= terms.tolerance < 1:
        raise InputError(f"tolerance is {terms.tolerance}, a share of the answers; it must be at least 0 and less than 1")
    if terms.question != "cost":
        return
    if terms.budget_usd_per_request is None or not 0 < terms.budget_usd_per_request < inf:
        raise InputError(f"the question of cost needs a budget above 0 USD per request, not {terms.budget_usd_per_request}")
    if pair.small_cost_usd is None or pair.large_cost_usd is None:
        raise InputError("the question of cost needs the recorded cost of both models")


def dearest(pair: Pair) -> float:
    """USD of the dearest request, if both models are asked; 0 where it is not recorded."""
    if pair.small_cost_usd is None or pair.large_cost_usd is None:
        return 0.0
    return float((pair.small_cost_usd + pair.large_cost_usd).max())


@dataclass(frozen=True, kw_only=True, slots=True)
class Certified:
    """A threshold that is certified, and its place among the candidates."""

    threshold: float
    place: int


def certified(tested: Candidates, delta: float) -> Certified | None:
    """The threshold to use; None if none that keeps an answer is certified.

    Fixed-sequence testing: from the start on every threshold is tested at level δ, and the first that fails ends it. One that
    breaks the promise is certified only if the first such on the way is, which has probability at most δ.
    """
    if tested.begin is None:
        return None
    failed = np.flatnonzero(~tested.evidence.refutes(delta)[tested.begin :])
    last = (tested.begin + int(failed[0]) if len(failed) else len(tested.thresholds)) - 1
    if last < max(tested.begin, tested.first):
        return None
    place = last if tested.right is None else int(np.argmax(tested.right[: last + 1]))
    return Certified(threshold=float(tested.thresholds[place]), place=place)


def _needed(tested: Candidates, delta: float, n: int, p_value: float) -> int | None:
    """About how many calibration rows like these could certify a threshold; more than there are.

    Where the nearest threshold would pass by itself, but not those before it, the rows with which it would pass as one of many.
    """
    level = delta if p_value > delta else delta / len(tested.thresholds)
    needed = tested.evidence.needed(tested.first, level)
    return None if needed is None else max(needed, n + 1)


def _promise(terms: Terms, calibration: Pair, test: Pair | None, tested: Candidates | None, found: Certified | None) -> Promise:
    p_value = needed = None
    if tested is not None:
        place = found.place if found is not None else tested.evidence.nearest(tested.first)
        p_value = tested.evidence.p_value(place)
        needed = None if found is not None else _needed(tested, terms.delta, calibration.n, p_value)
    return Promise(
        kind=terms.question,
        alpha=terms.alpha,
        delta=terms.delta,
        tolerance=terms.tolerance,
        budget_usd_per_request=terms.budget_usd_per_request,
        n_calibration=calibration.n,
        n_test=0 if test is None else test.n,
        certified=found is not None,
        threshold=None if found is None else found.threshold,
        p_value=p_value,
        needed_n=needed,
        test=None if found is None or test is None else on_test(test, found.threshold),
        method=method(terms),
        why_not=None if found is not None else why_not(terms, calibration.n, p_value, needed),
    )
