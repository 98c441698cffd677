"""Whether the promise of a chain still holds on later rows, and whether they are still the same kind of requests.

The thresholds of the chain are replayed as they stand, and its answers are held against those of the model that the promise
was made against: the same two tests as for two models (`shift`). Whether requests have changed is asked of each model that
passes some on, by Fisher's exact test; the smallest p-value is multiplied by their number (Bonferroni).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from slmdecide.cascade.candidates import Terms
from slmdecide.cascade.chain import outcome
from slmdecide.cascade.chain_table import Chain
from slmdecide.cascade.compare import mean_interval, paired_interval
from slmdecide.cascade.held_out import share_of
from slmdecide.cascade.promise_words import Names, explanation, has_moved
from slmdecide.cascade.shift import p_value_of_change, trial_of_difference, verdict_of
from slmdecide.errors import InputError
from slmdecide.records.cascade import Interval, OnTest, Shift

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slmdecide.cascade.chain import Outcome
    from slmdecide.cascade.columns import Column, Member
    from slmdecide.records.cascade import Promise


@dataclass(frozen=True, kw_only=True, slots=True)
class Promised:
    """A chain, and what was promised of it."""

    models: tuple[str, ...]
    """In the order in which they are asked."""
    thresholds: tuple[float, ...]
    """Of each but the last."""
    reference: str
    """The model that it is measured against."""
    promise: Promise
    passed_on: tuple[int, ...]
    """How many of the `promise.n_test` requests each model but the last has passed on."""

    @property
    def needed(self) -> tuple[str, ...]:
        """The models whose answers tell whether the promise holds."""
        return tuple(dict.fromkeys((*self.models, self.reference)))


def passed_on(found: Outcome, n_models: int) -> tuple[int, ...]:
    """How many requests each model but the last has passed on."""
    return tuple(int((found.answered_by > stage).sum()) for stage in range(n_models - 1))


def check_chain(promised: Promised, later: Mapping[str, Member]) -> Shift:
    """What later rows say of the promise of a chain. `later`: by name the models that are needed, on the same rows."""
    promise = promised.promise
    if not promise.certified:
        raise InputError("there is no promise to check: no chain was certified")
    members = [later[name] for name in promised.models]
    priced = all(one.cost_usd is not None for one in members)
    chain = Chain(places=tuple(range(len(members))), thresholds=promised.thresholds)
    found = outcome(members if priced else [_free(one) for one in members], chain)
    n, reference = len(found.correct), later[promised.reference].correct
    now = _on_later(found, reference, priced=priced, last=len(members) - 1)
    verdict = verdict_of(trial_of_difference(found.correct - reference, promise.tolerance), n, promise.delta)
    stages = passed_on(found, len(members))
    p_values = [p_value_of_change(a, promise.n_test, b, n) for a, b in zip(promised.passed_on, stages, strict=True)]
    stage = int(np.argmin(p_values)) if p_values else None
    p_value = None if stage is None else min(1.0, len(p_values) * p_values[stage])
    moved = ""
    if stage is not None and p_value is not None and p_value <= promise.delta:
        moved = has_moved(promised.passed_on[stage] / promise.n_test, stages[stage] / n, promised.models[stage])
    terms = Terms(question=promise.kind, alpha=promise.alpha, delta=promise.delta, tolerance=promise.tolerance, budget_usd_per_request=None)
    return Shift(
        status=verdict.status,
        n=n,
        threshold=None,
        now=now,
        escalation_rate_before=_before(promised),
        escalation_p_value=p_value,
        escalation_moved=bool(moved),
        promise_p_value=verdict.p_value,
        delta=promise.delta,
        needed_n=verdict.needed_n,
        explanation=explanation(terms, verdict, now, n, moved, Names("the chain", promised.reference)),
    )


def _free(one: Member) -> Member:
    """The model as if its calls cost nothing: the replay needs some cost, and no figure of it is told."""
    return replace(one, cost_usd=np.zeros(len(one.correct)))


def _on_later(found: Outcome, reference: Column, *, priced: bool, last: int) -> OnTest:
    """What the chain does on these rows. Kept answers are those of all models but the last."""
    kept = found.answered_by < last
    return OnTest(
        accuracy=share_of(found.correct),
        accuracy_difference=paired_interval(found.correct - reference),
        risk=share_of(1 - found.correct[kept]) if kept.any() else None,
        escalation_rate=share_of((found.answered_by > 0).astype(np.float64)),
        cost_usd_per_request=mean_interval(found.cost_usd) if priced else None,
    )


def _before(promised: Promised) -> Interval | None:
    """Share of the requests that the first model passed on where the chain was tested; None for a model alone."""
    if not promised.passed_on:
        return None
    flags = np.zeros(promised.promise.n_test)
    flags[: promised.passed_on[0]] = 1.0
    return share_of(flags)
