"""The report on a cascade of two models: replay, comparison, promise and decision put together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from slmdecide.cascade.columns import turned
from slmdecide.cascade.compare import compare, figures_of
from slmdecide.cascade.decide import Case, Decision, decide, fallback_of, in_sample, without_signal
from slmdecide.cascade.frontier import area_over_random, undominated
from slmdecide.cascade.held_out import parted
from slmdecide.cascade.remarks import of_signal, remarks
from slmdecide.cascade.replay import exact_sum, replay
from slmdecide.cascade.signal import signal_of
from slmdecide.records.assessment import SCHEMA_VERSION
from slmdecide.records.cascade_report import Baselines, CascadeReport, PointTable, Read, Split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from slmdecide.cascade.columns import Pair, Together
    from slmdecide.cascade.replay import Points
    from slmdecide.records.cascade import Promise
    from slmdecide.records.cascade_report import Asked, Figures, Signal, SingleModel
    from slmdecide.records.recorded import Recorded


@dataclass(frozen=True, kw_only=True, slots=True)
class _Alone:
    """Both models alone, and which of them to use if there is no cascade."""

    small: Figures
    large: Figures
    fallback: SingleModel


@dataclass(frozen=True, kw_only=True, slots=True)
class _Replayed:
    """What there is where the small model has a confidence."""

    pair: Pair
    points: Points
    signal: Signal
    promise: Promise
    decision: Decision


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """The report on a pair, and the promise as it was made: in the report an infinite threshold is None."""

    report: CascadeReport
    promise: Promise | None


def judge_pair(recorded: Recorded, found: Together, asked: Asked) -> Judged:
    """The whole report, without later rows and without texts to paste."""
    small, large = figures_of(found.members[0]), figures_of(found.members[-1])
    compared = compare(found.members[0].correct, found.members[-1].correct)
    alone = _Alone(small=small, large=large, fallback=fallback_of(small, large, compared.difference, asked))
    replayed = _replayed(found, asked, alone)
    signal = None if replayed is None else replayed.signal
    decision = _compared_only(alone) if replayed is None else replayed.decision
    every, best = PointTable(), PointTable()
    if replayed is not None:
        every = table(replayed.points, _thinned(np.arange(len(replayed.points.threshold)), asked.most_points))
        best = table(replayed.points, _thinned(undominated(replayed.points), asked.most_points))
    report = CascadeReport(
        schema_version=SCHEMA_VERSION,
        n=found.n,
        small=small,
        large=large,
        either_correct=_either(found),
        comparison=compared,
        signal=signal,
        verdict=decision.verdict,
        fallback=decision.fallback,
        summary=decision.summary,
        reasons=decision.reasons,
        chosen=decision.chosen,
        promise=None if replayed is None else _written(replayed.promise),
        split=None if replayed is None else _split(replayed.promise, asked),
        baselines=_baselines(found, small, large, None if replayed is None else replayed.pair),
        in_sample=() if replayed is None else in_sample(replayed.points, large, asked.margin),
        frontier=best,
        points=every,
        shift=None,
        read=_read(recorded, found),
        warnings=(*remarks(recorded, found), *(of_signal(signal, small, found.n, reverse=asked.reverse) if signal is not None else ())),
        configuration=None,
    )
    return Judged(report=report, promise=None if replayed is None else replayed.promise)


def _replayed(found: Together, asked: Asked, alone: _Alone) -> _Replayed | None:
    """Everything that needs a confidence; None where there is none."""
    pair = found.pair
    if pair is None:
        return None
    from slmdecide.cascade.promise import choose  # noqa: PLC0415  (without a confidence nothing of it is needed)

    pair = replace(pair, confidence=turned(pair.confidence)) if asked.reverse else pair
    points = replay(pair)
    signal = signal_of(pair.confidence, pair.small_correct, found.members[0].rule)
    parts = parted(pair, seed=asked.seed, calibration_share=asked.calibration_share)
    promise = choose(
        pair,
        asked.question,
        alpha=asked.alpha,
        delta=asked.delta,
        tolerance=asked.margin,
        budget_usd_per_request=asked.budget_usd_per_request,
        seed=asked.seed,
        calibration_share=asked.calibration_share,
        parts=parts,
    )
    case = Case(
        asked=asked,
        small=alone.small,
        large=alone.large,
        fallback=alone.fallback,
        pair=pair,
        test=parts.test,
        points=points,
        signal=signal,
        promise=promise,
    )
    return _Replayed(pair=pair, points=points, signal=signal, promise=promise, decision=decide(case))


def _compared_only(alone: _Alone) -> Decision:
    """Two models compared: without a confidence nobody knows which answers to pass on."""
    reason = (
        f"no confidence of {alone.small.name} is recorded, so no answer can be told from another: record the probability of its answer"
        " (token log-probabilities), or the vote share of several samples"
    )
    return without_signal(alone.fallback, alone.small.name if alone.fallback == "small" else alone.large.name, reason)


def _split(promise: Promise, asked: Asked) -> Split:
    return Split(
        seed=asked.seed,
        calibration_share=asked.calibration_share,
        n_calibration=promise.n_calibration,
        n_test=promise.n_test,
        method="by the content of the rows and the seed: the order of the file changes nothing",
    )


def table(points: Points, places: NDArray[np.intp]) -> PointTable:
    """These points, with an infinite threshold as None."""
    return PointTable(
        threshold=tuple(one if isfinite(one) else None for one in points.threshold[places].tolist()),
        n_escalated=tuple(points.n_escalated[places].tolist()),
        n_correct=tuple(points.n_correct[places].tolist()),
        accuracy=tuple((points.n_correct[places] / points.n).tolist()),
        cost_usd=(None,) * len(places) if points.cost_usd is None else tuple(points.cost_usd[places].tolist()),
    )


def _thinned(places: NDArray[np.intp], most: int | None) -> NDArray[np.intp]:
    """At most so many of the places, evenly, the first and the last among them."""
    if most is None or len(places) <= most:
        return places
    return places[np.linspace(0, len(places) - 1, most).astype(np.intp)]


def _either(found: Together) -> float:
    return exact_sum(np.maximum.reduce([one.correct for one in found.members]))


def _baselines(found: Together, small: Figures, large: Figures, pair: Pair | None) -> Baselines:
    first, last = found.members[0], found.members[-1]
    oracle = None
    if first.cost_usd is not None and last.cost_usd is not None:
        oracle = (exact_sum(first.cost_usd) + exact_sum(last.cost_usd[last.correct > first.correct])) / found.n
    return Baselines(
        small_accuracy=small.accuracy.value,
        large_accuracy=large.accuracy.value,
        oracle_accuracy=_either(found) / found.n,
        small_cost_usd_per_request=small.cost_usd_per_request,
        large_cost_usd_per_request=large.cost_usd_per_request,
        oracle_cost_usd_per_request=oracle,
        area_over_random=None if pair is None else area_over_random(pair),
    )


def _read(recorded: Recorded, found: Together) -> Read:
    return Read(
        source=recorded.source,
        layout=recorded.layout,
        rows=recorded.rows,
        columns=recorded.taken,
        left_out=(*recorded.counted, *found.counted),
    )


def _written(promise: Promise) -> Promise:
    """The promise as JSON can hold it: an infinite threshold as None."""
    return promise if promise.threshold is None or isfinite(promise.threshold) else replace(promise, threshold=None)
