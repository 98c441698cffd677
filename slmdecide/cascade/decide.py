"""Whether to cascade two models: the promise, the money and the noise, weighed in one order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from slmdecide.cascade.compare import percentiles
from slmdecide.cascade.frontier import gain_over_random
from slmdecide.numbers import count, exact, percent, points, usd
from slmdecide.records.cascade_report import Chosen, Figures, InSample

if TYPE_CHECKING:
    from slmdecide.cascade.columns import Pair
    from slmdecide.cascade.replay import Points
    from slmdecide.records.cascade import CascadeVerdict, Interval, Promise
    from slmdecide.records.cascade_report import Asked, Signal, SingleModel


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """Everything that the decision rests on."""

    asked: Asked
    small: Figures
    large: Figures
    fallback: SingleModel
    """The model to use alone, if there is no cascade."""
    pair: Pair
    """All examples."""
    test: Pair
    """Those that had no part in choosing the threshold."""
    points: Points
    signal: Signal
    promise: Promise


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What to do."""

    verdict: CascadeVerdict
    fallback: SingleModel
    summary: str
    reasons: tuple[str, ...]
    chosen: Chosen | None


def decide(case: Case) -> Decision:
    """The verdict, and why.

    In this order: a large model within the budget, a small model that does alone, no signal, a cascade that costs more than the
    large model for the same quality, no threshold certified, a saving too small, no gain over chance. What is left is a cascade.
    """
    fallback = case.fallback
    if case.asked.question == "cost" and fallback == "large":
        reason = f"{case.large.name} alone is within the budget, and {case.small.name} is not shown to be as good"
        return _single(case, "large", reason)
    kept_all = case.promise.certified and case.promise.threshold is not None and not _escalates(case.pair, case.promise.threshold)
    if kept_all or (case.asked.question == "same_quality" and fallback == "small"):
        return _single(case, "small", _why_small(case, certified=kept_all))
    if case.signal.distinct == 1:
        reason = f"all {count(case.pair.n)} confidences are equal: they tell no answer from another"
        return without_signal(fallback, _name(case, fallback), reason)
    chosen = _chosen(case)
    why_not = _why_not(case, chosen)
    if why_not is not None or chosen is None:
        return _single(case, fallback, why_not or "")
    return Decision(verdict="cascade", fallback=fallback, summary=_summary(case, chosen), reasons=_reasons(case, chosen), chosen=chosen)


def beside(difference: float, name: str) -> str:
    """A difference in accuracy as a phrase: "1.8 points below large"."""
    if difference == 0:
        return f"as often right as {name}"
    return f"{points(abs(difference) * 100)} {'above' if difference > 0 else 'below'} {name}"


def without_signal(fallback: SingleModel, name: str, reason: str) -> Decision:
    """The decision where no answer can be told from another."""
    summary = f"No cascade without a confidence signal; of the two alone, {name}."
    return Decision(verdict="no_signal", fallback=fallback, summary=summary, reasons=(reason,), chosen=None)


def fallback_of(small: Figures, large: Figures, difference: Interval, asked: Asked) -> SingleModel:
    """The model to use alone: the small one if only it is within the budget, or if it is no dearer and shown to be as good.

    Shown: on these examples it is right as often, and the interval of the paired `difference` ends within the margin. With too
    few examples to tell the large model stays.
    """
    budget = asked.budget_usd_per_request if asked.question == "cost" else None
    if budget is not None and large.cost_usd_per_request is not None and large.cost_usd_per_request > budget:
        return "small"
    dearer = small.cost_usd is not None and large.cost_usd is not None and small.cost_usd > large.cost_usd
    as_good = difference.value >= 0 and difference.low >= -asked.margin
    return "small" if as_good and not dearer else "large"


def in_sample(found: Points, large: Figures, margin: float) -> tuple[InSample, ...]:
    """The best points of these very examples: as right as the large model, within the margin, and most often right."""
    goals = (
        ("as_good_as_large", large.correct),
        ("within_margin", large.correct - margin * found.n),
        ("most_correct", float(found.n_correct.max())),
    )
    return tuple(_cheapest(found, goal, least, large) for goal, least in goals)


def _cheapest(found: Points, goal: str, least: float, large: Figures) -> InSample:
    """The cheapest point with so many right answers. There is one: escalating everything is as right as the large model."""
    place = int(np.argmax(found.n_correct >= least - 1e-9))
    cost = None if found.cost_usd is None else float(found.cost_usd[place])
    threshold = float(found.threshold[place])
    return InSample(
        goal=goal,
        threshold=threshold if np.isfinite(threshold) else None,
        n_escalated=int(found.n_escalated[place]),
        n_correct=float(found.n_correct[place]),
        cost_usd=cost,
        saving=_saving(found, place, large),
    )


def _saving(found: Points, place: int, large: Figures) -> float | None:
    """Share of the large model's cost that the point saves; of its calls, where costs are not recorded."""
    if found.cost_usd is None or large.cost_usd is None:
        return 1 - float(found.n_escalated[place]) / found.n
    return None if large.cost_usd <= 0 else 1 - float(found.cost_usd[place]) / large.cost_usd


def _why_not(case: Case, chosen: Chosen | None) -> str | None:
    """The first reason not to cascade, or None."""
    if case.asked.question == "same_quality":
        dearer = _dearer_at_equal_quality(case)
        if dearer is not None:
            return dearer
    if chosen is None:
        return f"no threshold can be promised: {case.promise.why_not or 'no row is left to report it on'}"
    return _doubt(case, chosen)


def _dearer_at_equal_quality(case: Case) -> str | None:
    """Why a cascade is no use, if the cheapest point that is as right as asked for costs as much as the large model alone."""
    accepted = case.asked.tolerance if case.asked.tolerance is not None else 0.0
    found = _cheapest(case.points, "asked", case.large.correct - accepted * case.pair.n, case.large)
    if found.saving is None or found.saving > 0:
        return None
    quality = "as often right as" if not accepted else f"within {points(accepted * 100)} of"
    more = f"costs {percent(-found.saving)} more than" if found.saving < 0 else "costs as much as"
    hint = "; --tolerance says how many points may be lost" if case.asked.tolerance is None else ""
    return (
        f"a cascade that is {quality} {case.large.name} on these examples escalates {count(found.n_escalated)} of {count(case.pair.n)}"
        f" and {more} {case.large.name} alone{hint}"
    )


def _chosen(case: Case) -> Chosen | None:
    """The certified threshold with what it does; None if there is none."""
    threshold, held = case.promise.threshold, case.promise.test
    if not case.promise.certified or threshold is None or held is None:
        return None
    place = int(np.searchsorted(case.points.threshold, threshold))
    escalated = case.pair.confidence < threshold
    latency = None
    if case.pair.small_latency_ms is not None and case.pair.large_latency_ms is not None:
        latency = percentiles(case.pair.small_latency_ms + np.where(escalated, case.pair.large_latency_ms, 0.0))
    return Chosen(
        threshold=threshold,
        n_test=case.test.n,
        escalation_rate=held.escalation_rate,
        accuracy=held.accuracy,
        accuracy_difference=held.accuracy_difference,
        risk=held.risk,
        cost_usd_per_request=held.cost_usd_per_request,
        saving=_saving_on(case.test, threshold),
        gain_over_random=gain_over_random(case.test, threshold),
        latency_ms=latency,
        n_escalated=int(case.points.n_escalated[place]),
        n_correct=float(case.points.n_correct[place]),
        cost_usd=None if case.points.cost_usd is None else float(case.points.cost_usd[place]),
    )


def _saving_on(pair: Pair, threshold: float) -> float | None:
    escalated = pair.confidence < threshold
    if pair.small_cost_usd is None or pair.large_cost_usd is None:
        return 1 - float(escalated.mean())
    whole = float(pair.large_cost_usd.sum())
    return None if whole <= 0 else 1 - float(pair.small_cost_usd.sum() + pair.large_cost_usd[escalated].sum()) / whole


def _doubt(case: Case, chosen: Chosen) -> str | None:
    """Why a certified threshold is not worth it, or None."""
    least = case.asked.min_saving
    if case.fallback == "large" and chosen.saving is not None and chosen.saving < least:
        found = f"saves {percent(chosen.saving)} against" if chosen.saving > 0 else f"costs {percent(-chosen.saving)} more than"
        return f"the certified threshold {found} {case.large.name} alone; a saving of {percent(least)} is asked for (--min-saving)"
    gain = chosen.gain_over_random
    if gain is None:
        return f"{case.large.name} is not dearer than {case.small.name}: there is nothing to save"
    if gain.low <= 0:
        return (
            f"at the certified threshold the cascade is {beside(gain.value, 'sending requests to the two models at random')} for"
            f" the same money ({points(gain.low * 100)} to {points(gain.high * 100)}): not beyond noise"
        )
    return None


def _single(case: Case, verdict: SingleModel, reason: str) -> Decision:
    return Decision(
        verdict=verdict,
        fallback=verdict,
        summary=f"Do not cascade: use {_name(case, verdict)} alone.",
        reasons=(reason,),
        chosen=None,
    )


def _name(case: Case, which: SingleModel) -> str:
    return case.small.name if which == "small" else case.large.name


def _why_small(case: Case, *, certified: bool) -> str:
    small, large = case.small, case.large
    if case.asked.question == "cost":
        return f"within the budget no cascade of the two is right more often than {small.name} alone on the examples that chose it"
    right = f"{small.name} is right {exact(small.correct)} times, {large.name} {exact(large.correct)} times, of {exact(case.pair.n)}"
    money = ""
    if small.cost_usd is not None and large.cost_usd:
        money = f"; it costs {usd(small.cost_usd_per_request)} a request against {usd(large.cost_usd_per_request)}"
    sure = "; that all of its answers can be kept is certified" if certified else ""
    return f"{right}{money}{sure}"


def _summary(case: Case, chosen: Chosen) -> str:
    saved = "" if chosen.saving is None else f", saving {percent(chosen.saving)} of the cost of {case.large.name}"
    if chosen.cost_usd_per_request is None:
        saved = f", saving {percent(chosen.saving)} of the calls of {case.large.name}"
    return f"Cascade {case.small.name} with {case.large.name}: {percent(1 - chosen.escalation_rate.value)} of the answers are kept{saved}."


def _reasons(case: Case, chosen: Chosen) -> tuple[str, ...]:
    difference, gain = chosen.accuracy_difference, chosen.gain_over_random
    apart = (
        f"on {count(chosen.n_test)} examples that had no part in choosing it, the cascade is {beside(difference.value, case.large.name)}"
        f" ({points(difference.low * 100)} to {points(difference.high * 100)})"
    )
    if gain is None:
        return (apart,)
    above = (
        f"that is {points(gain.value * 100)} above sending requests at random for the same money"
        f" ({points(gain.low * 100)} to {points(gain.high * 100)})"
    )
    return (apart, above)


def _escalates(pair: Pair, threshold: float) -> bool:
    return bool((pair.confidence < threshold).any())
