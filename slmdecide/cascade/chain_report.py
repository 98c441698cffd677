"""The report on a chain of three or four models: thresholds chosen on one part, certified and measured on the other.

Only one chain is ever put to the test on the other part, so nothing has to be corrected for having tried many.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from slmdecide.cascade.chain import best_chain, frontier, outcome
from slmdecide.cascade.chain_decide import Part, decided
from slmdecide.cascade.chain_shift import Promised, passed_on
from slmdecide.cascade.chain_table import Goal
from slmdecide.cascade.compare import figures_of
from slmdecide.cascade.decide import beside
from slmdecide.cascade.evidence import of_difference
from slmdecide.cascade.remarks import of_signal, remarks
from slmdecide.cascade.replay import exact_sum
from slmdecide.cascade.signal import signal_of
from slmdecide.numbers import points
from slmdecide.records.assessment import SCHEMA_VERSION
from slmdecide.records.cascade import Promise
from slmdecide.records.cascade_report import ChainPoint, ChainReport, Read, Split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from slmdecide.cascade.chain_table import Chain
    from slmdecide.cascade.columns import Member, Together
    from slmdecide.records.cascade_report import Asked
    from slmdecide.records.recorded import Recorded


_METHOD = "one paired test on the rows that had no part in choosing the chain; exact for right and wrong, by betting for partial credit"


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedChain:
    """The report on a chain, and the chain that later rows can be held against."""

    report: ChainReport
    promised: Promised | None
    """None where nothing is promised, or of no model but the one that is measured against."""


def judge_chain(recorded: Recorded, found: Together, asked: Asked) -> JudgedChain:
    """The whole report, without later rows and without texts to paste. At least two examples.

    `found`: with the signs of the confidences changed already, where a lower one is the surer.
    """
    choose_on, test_on = _parted(found.n, asked)
    models = tuple(figures_of(one) for one in found.members)
    chosen_on = [_rows(one, choose_on) for one in found.members]
    useful = _useful(chosen_on)
    members = found.members[:useful]
    learnt = best_chain(chosen_on[:useful], Goal.of(asked.margin, asked.delta))
    tested = tuple(_rows(one, test_on) for one in members)
    held = outcome(tested, learnt.chain)
    part = Part(asked=asked, models=models[:useful], members=members, tested=tested, chain=learnt.chain, held=held)
    promise = _promise(part, len(choose_on))
    best = tuple(_point(one.chain, one.n_correct, one.cost_usd, found) for one in frontier(found.members))
    decision = decided(part, promise, models[-1].name, best)
    best_one = models[useful - 1].name
    in_vain = [
        f"{one.name} is asked in vain: {best_one} is right as often and comes before it, on the examples that choose"
        for one in models[useful:]
    ]
    signals = tuple(None if one.confidence is None else signal_of(one.confidence, one.correct, one.rule) for one in found.members)
    of_signals = [
        said
        for signal, one in zip(signals, models, strict=True)
        if signal is not None
        for said in of_signal(signal, one, found.n, reverse=asked.reverse)
    ]
    report = ChainReport(
        schema_version=SCHEMA_VERSION,
        n=found.n,
        order=tuple(one.name for one in models),
        models=models,
        small=models[0],
        large=models[-1],
        either_correct=exact_sum(np.maximum.reduce([one.correct for one in found.members])),
        verdict=decision.verdict,
        fallback=decision.fallback,
        summary=decision.summary,
        reasons=decision.reasons,
        chosen=decision.chosen,
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
        warnings=(*in_vain, *remarks(recorded, found), *of_signals),
        configuration=None,
        signals=signals,
    )
    alone = learnt.chain.places == (useful - 1,)
    return JudgedChain(report=report, promised=_promised(part, promise) if promise.certified and not alone else None)


def _promised(part: Part, promise: Promise) -> Promised:
    names = tuple(part.models[place].name for place in part.chain.places)
    return Promised(
        models=names,
        thresholds=part.chain.thresholds,
        reference=part.models[-1].name,
        promise=promise,
        passed_on=passed_on(part.held, len(names)),
    )


def _parted(n: int, asked: Asked) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to choose on and rows to test on, drawn by the seed from rows whose order depends on their content alone."""
    drawn = np.random.default_rng(asked.seed).permutation(n)
    n_chosen = min(n - 1, max(1, round(n * asked.calibration_share)))
    return drawn[:n_chosen], drawn[n_chosen:]


def _promise(part: Part, n_chosen: int) -> Promise:
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


def _useful(members: Sequence[Member]) -> int:
    """How many of the models are of use: up to the first that is right most often, for those after it are asked in vain.

    By the rows that choose: were the others asked too, the test would not be of one chain against one model.
    """
    right = [exact_sum(one.correct) for one in members]
    return right.index(max(right)) + 1


def _point(chain: Chain, n_correct: float, cost_usd: float, found: Together) -> ChainPoint:
    return ChainPoint(
        models=tuple(found.members[place].model for place in chain.places),
        thresholds=tuple(one if isfinite(one) else None for one in chain.thresholds),
        n_correct=n_correct,
        accuracy=n_correct / found.n,
        cost_usd=cost_usd,
    )
