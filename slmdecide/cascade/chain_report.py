"""The report on a chain of three or four models: thresholds chosen on one part, certified and measured on the other.

Only one chain is ever put to the test on the other part, so nothing has to be corrected for having tried many.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from slmdecide.cascade.chain import best_chain, frontier, outcome
from slmdecide.cascade.chain_table import Goal, cost_of
from slmdecide.cascade.columns import Member, Together
from slmdecide.cascade.compare import figures_of, mean_interval, paired_interval, percentiles, share_interval
from slmdecide.cascade.decide import beside
from slmdecide.cascade.evidence import of_difference
from slmdecide.cascade.frontier import Side, gain_of
from slmdecide.cascade.remarks import remarks
from slmdecide.cascade.replay import exact_sum
from slmdecide.numbers import count, percent, points, usd
from slmdecide.records.assessment import SCHEMA_VERSION
from slmdecide.records.cascade import Promise
from slmdecide.records.cascade_report import ChainChosen, ChainPoint, ChainReport, Read, Split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from slmdecide.cascade.chain import Outcome
    from slmdecide.cascade.chain_table import Chain
    from slmdecide.cascade.columns import Column
    from slmdecide.records.cascade import CascadeVerdict, Interval
    from slmdecide.records.cascade_report import Asked, Figures
    from slmdecide.records.recorded import Recorded


_METHOD = "one paired test on the rows that had no part in choosing the chain; exact for right and wrong, by betting for partial credit"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
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
class _Decision:
    verdict: CascadeVerdict
    fallback: str
    summary: str
    reasons: tuple[str, ...]
    chosen: ChainChosen | None


def report_chain(recorded: Recorded, found: Together, asked: Asked) -> ChainReport:
    """The whole report, without texts to paste. At least two examples."""
    choose_on, test_on = _parted(found.n, asked)
    models = tuple(figures_of(one) for one in found.members)
    useful = _useful(models)
    members = found.members[:useful]
    learnt = best_chain([_rows(one, choose_on) for one in members], Goal.of(asked.margin, asked.delta))
    tested = tuple(_rows(one, test_on) for one in members)
    held = outcome(tested, learnt.chain)
    part = _Part(asked=asked, models=models[:useful], members=members, tested=tested, chain=learnt.chain, held=held)
    promise = _promise(part, len(choose_on))
    best = tuple(_point(one.chain, one.n_correct, one.cost_usd, found) for one in frontier(found.members))
    decided = _decided(part, promise, models[-1].name, best)
    in_vain = [f"{one.name} is asked in vain: {models[useful - 1].name} is right as often and comes before it" for one in models[useful:]]
    return ChainReport(
        schema_version=SCHEMA_VERSION,
        n=found.n,
        order=tuple(one.name for one in models),
        models=models,
        small=models[0],
        large=models[-1],
        either_correct=exact_sum(np.maximum.reduce([one.correct for one in found.members])),
        verdict=decided.verdict,
        fallback=decided.fallback,
        summary=decided.summary,
        reasons=decided.reasons,
        chosen=decided.chosen,
        promise=promise,
        split=Split(
            seed=asked.seed,
            calibration_share=asked.calibration_share,
            n_calibration=len(choose_on),
            n_test=len(test_on),
            method="by the content of the rows and the seed: the order of the file changes nothing",
        ),
        frontier=best,
        points=best,
        read=Read(
            source=recorded.source,
            layout=recorded.layout,
            rows=recorded.rows,
            columns=recorded.taken,
            left_out=(*recorded.counted, *found.counted),
        ),
        warnings=(*in_vain, *remarks(recorded, found, models[0], None, reverse=False)),
        configuration=None,
    )


def _parted(n: int, asked: Asked) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to choose on and rows to test on, drawn by the seed from rows whose order depends on their content alone."""
    drawn = np.random.default_rng(asked.seed).permutation(n)
    n_chosen = min(n - 1, max(1, round(n * asked.calibration_share)))
    return drawn[:n_chosen], drawn[n_chosen:]


def _promise(part: _Part, n_chosen: int) -> Promise:
    """What can be promised of the one chain that was chosen, by the rows that had no part in choosing it."""
    asked, reference = part.asked, part.tested[-1]
    difference = part.held.correct - reference.correct
    alone = part.chain.places == (len(part.members) - 1,)
    evidence = of_difference(difference, np.array([len(difference)]), asked.margin)
    p_value = 0.0 if alone else evidence.p_value(0)
    certified = p_value <= asked.delta
    return Promise(
        kind="same_quality",
        alpha=asked.alpha,
        delta=asked.delta,
        tolerance=asked.margin,
        budget_usd_per_request=None,
        n_calibration=n_chosen,
        n_test=len(difference),
        certified=certified,
        threshold=None,
        p_value=p_value,
        needed_n=None if certified else evidence.needed(0, asked.delta),
        test=None,
        method="the model is what is measured against" if alone else _METHOD,
        why_not=None if certified else _why_not_certified(float(difference.mean()), asked, reference.model),
    )


def _why_not_certified(difference: float, asked: Asked, reference: str) -> str:
    seen = f"the best chain of one part is {beside(difference, reference)} on the other"
    near = f"too near to the {points(asked.margin * 100)} that may be lost, for so few rows"
    wanted = near if difference > -asked.margin else "more than may be lost"
    return f"{seen}, {wanted}"


def _rows(one: Member, places: NDArray[np.intp]) -> Member:
    return replace(
        one,
        correct=one.correct[places],
        confidence=None if one.confidence is None else one.confidence[places],
        cost_usd=None if one.cost_usd is None else one.cost_usd[places],
        latency_ms=None if one.latency_ms is None else one.latency_ms[places],
    )


def _useful(models: Sequence[Figures]) -> int:
    """How many of the models are of use: up to the first that is right most often, for those after it are asked in vain."""
    return max(range(len(models)), key=lambda place: (models[place].correct, -place)) + 1


def _decided(part: _Part, promise: Promise, last: str, best: Sequence[ChainPoint]) -> _Decision:
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
    return _Decision(
        verdict="cascade",
        fallback=reference.name,
        summary=f"Chain {', '.join(names)}, saving {percent(chosen.saving)} of the cost of {reference.name}.",
        reasons=tuple(reasons),
        chosen=chosen,
    )


def _single(name: str, last: str, why: str) -> _Decision:
    verdict: CascadeVerdict = "large" if name == last else "small"
    return _Decision(verdict=verdict, fallback=name, summary=f"Do not cascade: use {name} alone.", reasons=(why,), chosen=None)


def _why_not(part: _Part, promise: Promise, best: Sequence[ChainPoint]) -> str | None:
    reference, asked = part.models[-1], part.asked
    accepted = asked.tolerance if asked.tolerance is not None else 0.0
    least = reference.correct - accepted * len(part.members[0].correct)
    as_good = [one for one in best if one.n_correct >= least - 1e-9 and one.models != (reference.name,)]
    if reference.cost_usd is not None and not any(one.cost_usd < reference.cost_usd for one in as_good):
        return f"no chain is as often right as {reference.name} on these examples for less than its {usd(reference.cost_usd)}"
    return None if promise.certified else f"nothing can be promised: {promise.why_not}"


def _doubt(part: _Part, chosen: ChainChosen) -> str | None:
    least, gain = part.asked.min_saving, chosen.gain_over_random
    if chosen.saving is not None and chosen.saving < least:
        return f"the chain saves {percent(chosen.saving)}, and at least {percent(least)} are asked for (--min-saving)"
    if gain is not None and gain.low <= 0:
        return (
            f"the chain is {beside(gain.value, 'the best random mixture of single models')} for the same money"
            f" ({points(gain.low * 100)} to {points(gain.high * 100)}): not beyond noise"
        )
    return None


def _chosen(part: _Part, names: tuple[str, ...]) -> ChainChosen:
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


def _gain(part: _Part) -> Interval | None:
    """Accuracy of the chain above the best random mixture of two single models that costs the same."""
    spent = float(part.held.cost_usd.mean())
    sides = [Side(one.correct, cost_of(one)) for one in part.tested]
    means = [float(one.cost.mean()) for one in sides]
    pairs = [(a, b) for a in range(len(sides)) for b in range(len(sides)) if means[a] <= spent < means[b]]
    found = Side(part.held.correct, part.held.cost_usd)
    gains = [gain for a, b in pairs if (gain := gain_of(found, sides[a], sides[b])) is not None]
    return min(gains, key=lambda one: one.value, default=None)


def _latency(part: _Part, whole: Outcome) -> Column | None:
    """Of each request: the sum over the models that were asked. None if a latency is missing."""
    total = np.zeros(len(whole.correct))
    for stage, place in enumerate(part.chain.places):
        latency = part.members[place].latency_ms
        if latency is None:
            return None
        total += np.where(whole.answered_by >= stage, latency, 0.0)
    return total


def _point(chain: Chain, n_correct: float, cost_usd: float, found: Together) -> ChainPoint:
    return ChainPoint(
        models=tuple(found.members[place].model for place in chain.places),
        thresholds=tuple(one if isfinite(one) else None for one in chain.thresholds),
        n_correct=n_correct,
        accuracy=n_correct / found.n,
        cost_usd=cost_usd,
    )
