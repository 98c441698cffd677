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
from slmdecide.cascade.promise_words import explanation, has_moved
from slmdecide.errors import InputError
from slmdecide.records.cascade import Shift

if TYPE_CHECKING:
    from slmdecide.cascade.columns import Column, Pair
    from slmdecide.cascade.evidence import Evidence
    from slmdecide.records.cascade import Promise, ShiftStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
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
    verdict = verdict_of(_trial(terms, later, threshold), later.n, promise.delta)
    rates = promise.test.escalation_rate, now.escalation_rate
    escalation_p = p_value_of_change(round(rates[0].value * promise.n_test), promise.n_test, round(rates[1].value * later.n), later.n)
    moved = escalation_p <= promise.delta
    return Shift(
        status=verdict.status,
        n=later.n,
        threshold=None if threshold == -inf else threshold,
        now=now,
        escalation_rate_before=promise.test.escalation_rate,
        escalation_p_value=escalation_p,
        escalation_moved=moved,
        promise_p_value=verdict.p_value,
        delta=promise.delta,
        needed_n=verdict.needed_n,
        explanation=explanation(terms, verdict, now, later.n, has_moved(rates[0].value, rates[1].value) if moved else ""),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a trial says."""

    status: ShiftStatus
    p_value: float | None
    """Of the promise being kept; None where there is nothing to see."""
    needed_n: int | None


def verdict_of(trial: Trial | None, n: int, delta: float) -> Verdict:
    """What n later rows say; a trial of None says nothing."""
    if trial is None:
        return Verdict(status="cannot_tell", p_value=None, needed_n=None)
    p_value = trial.against.p_value(0)
    if p_value <= delta:
        return Verdict(status="broken", p_value=p_value, needed_n=None)
    if trial.in_favour.p_value(0) <= delta:
        return Verdict(status="holds", p_value=p_value, needed_n=None)
    return Verdict(status="cannot_tell", p_value=p_value, needed_n=trial.needed(n, delta))


def trial_of_difference(difference: Column, tolerance: float) -> Trial:
    """Accuracy above that of the model it is measured against, per row, against "at most the tolerance below"."""
    whole = np.array([len(difference)])
    return Trial(
        against=shown.of_difference(-difference, whole, -tolerance),
        in_favour=shown.of_difference(difference, whole, tolerance),
    )


def _trial(terms: Terms, later: Pair, threshold: float) -> Trial | None:
    """None where the rows say nothing of the promise: no answer is kept, or costs are not recorded."""
    kept = later.confidence >= threshold
    if terms.question == "same_quality":
        return trial_of_difference(np.where(kept, later.small_correct - later.large_correct, 0.0), terms.tolerance)
    if terms.question == "risk":
        loss = 1 - later.small_correct[kept]
        whole = np.array([len(loss)])
        if not len(loss):
            return None
        return Trial(
            against=shown.of_risk(loss, whole, terms.alpha, rows=later.n, above=True),
            in_favour=shown.of_risk(loss, whole, terms.alpha, rows=later.n),
        )
    small, large, budget = later.small_cost_usd, later.large_cost_usd, terms.budget_usd_per_request
    if small is None or large is None or budget is None:
        return None
    paid = small + np.where(kept, 0.0, large)
    ceiling = max(float((small + large).max()), CEILING * budget)
    return Trial(
        against=shown.of_excess(paid, budget),
        in_favour=shown.of_cost(paid, np.zeros_like(paid), np.array([0]), budget, ceiling),
    )


def p_value_of_change(escalated_before: int, n_before: int, escalated_now: int, n_now: int) -> float:
    """Of no change in the share of escalated requests; Fisher's exact test, two-sided."""
    from scipy.stats import fisher_exact  # noqa: PLC0415  (slow to import)

    table = np.array([[escalated_before, n_before - escalated_before], [escalated_now, n_now - escalated_now]])
    return float(fisher_exact(table).pvalue)
