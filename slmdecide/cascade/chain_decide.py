"""Whether to chain three or four models: the promise, the money and the noise, weighed in one order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from slmdecide.cascade.chain import outcome
from slmdecide.cascade.chain_table import cost_of
from slmdecide.cascade.compare import mean_interval, paired_interval, percentiles, share_interval
from slmdecide.cascade.decide import beside
from slmdecide.cascade.frontier import Side, gain_of
from slmdecide.cascade.replay import exact_sum
from slmdecide.numbers import count, percent, points, usd
from slmdecide.records.cascade_report import ChainChosen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.cascade.chain import Outcome
    from slmdecide.cascade.chain_table import Chain
    from slmdecide.cascade.columns import Column, Member
    from slmdecide.records.cascade import CascadeVerdict, Interval, Promise
    from slmdecide.records.cascade_report import Asked, ChainPoint, Figures


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What was learnt on one part of the rows and seen on the other."""

    asked: Asked
    models: tuple[Figures, ...]
    """Those that are of use, on all examples; the last is the reference."""
    members: tuple[Member, ...]
    """The same, with all rows."""
    tested: tuple[Member, ...]
    """The same, with the rows that had no part in choosing."""
    chain: Chain
    held: Outcome
    """The chain on those rows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What to do."""

    verdict: CascadeVerdict
    fallback: str
    summary: str
    reasons: tuple[str, ...]
    chosen: ChainChosen | None


def decided(part: Part, promise: Promise, last: str, best: Sequence[ChainPoint]) -> Decision:
    """The verdict. `last`: name of the last model of the whole order; `best`: the frontier on all examples."""
    reference = part.models[-1]
    names = tuple(part.models[place].name for place in part.chain.places)
    if len(names) == 1 and (promise.certified or names[0] == reference.name):
        why = f"no chain is likely to be as right and cheaper than {names[0]} alone"
        return _single(names[0], last, why)
    why_not = _why_not(part, promise, best)
    if why_not is not None:
        return _single(reference.name, last, why_not)
    chosen = _chosen(part, names)
    gain = chosen.gain_over_random
    why_not = _doubt(part, chosen)
    if why_not is not None:
        return _single(reference.name, last, why_not)
    difference = chosen.accuracy_difference
    apart = (
        f"on {count(chosen.n_test)} examples that had no part in choosing it, the chain is {beside(difference.value, reference.name)}"
        f" ({points(difference.low * 100)} to {points(difference.high * 100)})"
    )
    reasons = [apart]
    if gain is not None:
        reasons.append(f"that is {points(gain.value * 100)} above the best random mixture of single models for the same money")
    return Decision(
        verdict="cascade",
        fallback=reference.name,
        summary=f"Chain {', '.join(names)}, saving {percent(chosen.saving)} of the cost of {reference.name}.",
        reasons=tuple(reasons),
        chosen=chosen,
    )


def _single(name: str, last: str, why: str) -> Decision:
    verdict: CascadeVerdict = "large" if name == last else "small"
    return Decision(verdict=verdict, fallback=name, summary=f"Do not cascade: use {name} alone.", reasons=(why,), chosen=None)


def _why_not(part: Part, promise: Promise, best: Sequence[ChainPoint]) -> str | None:
    reference, asked = part.models[-1], part.asked
    accepted = asked.tolerance if asked.tolerance is not None else 0.0
    least = reference.correct - accepted * len(part.members[0].correct)
    as_good = [one for one in best if one.n_correct >= least - 1e-9 and one.models != (reference.name,)]
    if reference.cost_usd is not None and not any(one.cost_usd < reference.cost_usd for one in as_good):
        return f"no chain is as often right as {reference.name} on these examples for less than its {usd(reference.cost_usd)}"
    return None if promise.certified else f"nothing can be promised: {promise.why_not}"


def _doubt(part: Part, chosen: ChainChosen) -> str | None:
    least, gain = part.asked.min_saving, chosen.gain_over_random
    if chosen.saving is not None and chosen.saving < least:
        return f"the chain saves {percent(chosen.saving)}, and at least {percent(least)} are asked for (--min-saving)"
    if gain is not None and gain.low <= 0:
        return (
            f"the chain is {beside(gain.value, 'the best random mixture of single models')} for the same money"
            f" ({points(gain.low * 100)} to {points(gain.high * 100)}): not beyond noise"
        )
    return None


def _chosen(part: Part, names: tuple[str, ...]) -> ChainChosen:
    held, reference = part.held, part.tested[-1]
    whole = outcome(part.members, part.chain)
    n_test = len(held.correct)
    spent = float(cost_of(reference).sum())
    return ChainChosen(
        models=names,
        thresholds=part.chain.thresholds,
        n_test=n_test,
        answered_shares=tuple((np.bincount(held.answered_by, minlength=len(names)) / n_test).tolist()),
        accuracy=share_interval(float(held.correct.mean()), n_test),
        accuracy_difference=paired_interval(held.correct - reference.correct),
        cost_usd_per_request=mean_interval(held.cost_usd),
        saving=1 - float(held.cost_usd.sum()) / spent if spent > 0 else None,
        gain_over_random=_gain(part),
        latency_ms=percentiles(_latency(part, whole)),
        n_correct=exact_sum(whole.correct),
        cost_usd=exact_sum(whole.cost_usd),
    )


def _gain(part: Part) -> Interval | None:
    """Accuracy of the chain above the best random mixture of two single models that costs the same."""
    spent = float(part.held.cost_usd.mean())
    sides = [Side(one.correct, cost_of(one)) for one in part.tested]
    means = [float(one.cost.mean()) for one in sides]
    pairs = [(a, b) for a in range(len(sides)) for b in range(len(sides)) if means[a] <= spent < means[b]]
    found = Side(part.held.correct, part.held.cost_usd)
    gains = [gain for a, b in pairs if (gain := gain_of(found, sides[a], sides[b])) is not None]
    return min(gains, key=lambda one: one.value, default=None)


def _latency(part: Part, whole: Outcome) -> Column | None:
    """Of each request: the sum over the models that were asked. None if a latency is missing."""
    total = np.zeros(len(whole.correct))
    for stage, place in enumerate(part.chain.places):
        latency = part.members[place].latency_ms
        if latency is None:
            return None
        total += np.where(whole.answered_by >= stage, latency, 0.0)
    return total
