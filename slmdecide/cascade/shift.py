"""Whether a promise still holds on later rows.

Two tests of the promise, each wrong with probability at most δ: one can show that it is broken, the other that it is kept. If
neither does, the rows are too few to tell. A third, exact test asks whether the share of escalated requests has changed: it
says nothing of the promise, but that the requests are no longer those that it was made on.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from slmdecide.cascade import evidence as shown
from slmdecide.cascade.candidates import CEILING, Terms
from slmdecide.cascade.held_out import on_test
from slmdecide.cascade.promise_words import explanation
from slmdecide.errors import InputError
from slmdecide.records.cascade import Shift

if TYPE_CHECKING:
    from slmdecide.cascade.columns import Pair
    from slmdecide.cascade.evidence import Evidence
    from slmdecide.records.cascade import OnTest, Promise, ShiftStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class _Trial:
    """The rows against the promise, and against its contrary."""

    against: Evidence
    in_favour: Evidence

    def needed(self, n: int, delta: float) -> int | None:
        """About how many rows like these would tell; None if a million would not."""
        plans = [one.needed(0, delta) for one in (self.against, self.in_favour)]
        rows = [one for one in plans if one is not None]
        return max(n + 1, min(rows)) if rows else None


def check(promise: Promise, later: Pair) -> Shift:
    """What later rows say of the promise of two models. Its threshold is replayed on them as it stands."""
    if not promise.certified or promise.test is None:
        raise InputError("there is no promise to check: no threshold between two models was certified")
    threshold = promise.threshold if promise.threshold is not None else -inf
    now = on_test(later, threshold)
    if now is None:
        raise InputError("no later example has an answer of both models and a confidence")
    terms = Terms(
        question=promise.kind,
        alpha=promise.alpha,
        delta=promise.delta,
        tolerance=promise.tolerance,
        budget_usd_per_request=promise.budget_usd_per_request,
    )
    trial = _trial(terms, later, threshold)
    p_value = None if trial is None else trial.against.p_value(0)
    status: ShiftStatus = "cannot_tell"
    if p_value is not None and p_value <= promise.delta:
        status = "broken"
    elif trial is not None and trial.in_favour.p_value(0) <= promise.delta:
        status = "holds"
    needed = trial.needed(later.n, promise.delta) if trial is not None and status == "cannot_tell" else None
    escalation_p = _escalation_p_value(promise.test, promise.n_test, now, later.n)
    moved = escalation_p <= promise.delta
    return Shift(
        status=status,
        n=later.n,
        threshold=None if threshold == -inf else threshold,
        now=now,
        escalation_rate_before=promise.test.escalation_rate,
        escalation_p_value=escalation_p,
        escalation_moved=moved,
        promise_p_value=p_value,
        delta=promise.delta,
        needed_n=needed,
        explanation=explanation(terms, status, now, promise.test if moved else None, later.n, needed),
    )


def _trial(terms: Terms, later: Pair, threshold: float) -> _Trial | None:
    """None where the rows say nothing of the promise: no answer is kept, or costs are not recorded."""
    kept = later.confidence >= threshold
    if terms.question == "same_quality":
        difference = np.where(kept, later.small_correct - later.large_correct, 0.0)
        whole = np.array([later.n])
        return _Trial(
            against=shown.of_difference(-difference, whole, -terms.tolerance),
            in_favour=shown.of_difference(difference, whole, terms.tolerance),
        )
    if terms.question == "risk":
        loss = 1 - later.small_correct[kept]
        whole = np.array([len(loss)])
        if not len(loss):
            return None
        return _Trial(
            against=shown.of_risk(loss, whole, terms.alpha, rows=later.n, above=True),
            in_favour=shown.of_risk(loss, whole, terms.alpha, rows=later.n),
        )
    small, large, budget = later.small_cost_usd, later.large_cost_usd, terms.budget_usd_per_request
    if small is None or large is None or budget is None:
        return None
    paid = small + np.where(kept, 0.0, large)
    ceiling = max(float((small + large).max()), CEILING * budget)
    return _Trial(
        against=shown.of_excess(paid, budget),
        in_favour=shown.of_cost(paid, np.zeros_like(paid), np.array([0]), budget, ceiling),
    )


def _escalation_p_value(before: OnTest, n_before: int, now: OnTest, n_now: int) -> float:
    """Of no change in the escalation rate between the rows that measured it and these; Fisher's exact test, two-sided."""
    from scipy.stats import fisher_exact  # noqa: PLC0415  (slow to import)

    escalated = round(before.escalation_rate.value * n_before), round(now.escalation_rate.value * n_now)
    table = np.array([[escalated[0], n_before - escalated[0]], [escalated[1], n_now - escalated[1]]])
    return float(fisher_exact(table).pvalue)
