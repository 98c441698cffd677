"""What a ladder comes to, in words: which model is good enough, or how many more examples would tell, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import count, points, score, usd
from slmdecide.records.probe import ProbeVerdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slmdecide.measure.ladder import Ladder
    from slmdecide.records.probe import Rung


def verdict_of(ladder: Ladder, *, usd_per_call: Mapping[str, float | None] | None = None, out_of_budget: bool = False) -> ProbeVerdict:
    """The verdict on what was recorded so far.

    `usd_per_call`: measured price of one call by model; where a model is missing, its expected price stands in.
    """
    tested = [rung for rung in ladder.rungs() if rung.status != "reference"]
    good = next((rung for rung in tested if rung.status == "good_enough"), None)
    unsettled = next((rung for rung in tested if rung.status in ("undecided", "not_measured")), None)
    if good is not None and (ladder.rules.everything or unsettled is None or tested.index(good) < tested.index(unsettled)):
        return ProbeVerdict(status="good_enough", model=good.model, needed_examples=None, needed_usd=None, why=_chosen(good, tested))
    if unsettled is not None:
        return _open(ladder, unsettled, usd_per_call or {}, out_of_budget=out_of_budget)
    return ProbeVerdict(
        status="not_good_enough", model=ladder.reference, needed_examples=None, needed_usd=None, why=_none(ladder, tested[-1])
    )


def _seen(rung: Rung) -> str:
    """What was measured of a model, against what it must reach."""
    if rung.against == "floor":
        return f"score {score(rung.estimate)} ({score(rung.low)} to {score(rung.high)}), floor {score(rung.bound)}"
    estimate, low, high = (points(100 * one if one is not None else None) for one in (rung.estimate, rung.low, rung.high))
    return f"{estimate} against the large model ({low} to {high}), tolerance {points(-100 * rung.bound)}"


def _chosen(good: Rung, tested: Sequence[Rung]) -> str:
    smaller = tested[: tested.index(good)]
    text = f"{good.model} is the smallest model that is shown good enough: {_seen(good)}, after {_examples(good.stopped_after)}"
    open_ones = [rung.model for rung in smaller if rung.status != "not_good_enough"]
    return f"{text}; not settled: {', '.join(open_ones)}" if open_ones else text


def _none(ladder: Ladder, last: Rung) -> str:
    if ladder.reference is None:
        return f"no candidate reaches the floor; the last one, {last.model}: {_seen(last)}"
    return f"no smaller model comes within the tolerance of {ladder.reference}; the last one, {last.model}: {_seen(last)}"


def _open(ladder: Ladder, rung: Rung, usd_per_call: Mapping[str, float | None], *, out_of_budget: bool) -> ProbeVerdict:
    """The verdict while nothing is known yet."""
    more = rung.needed_examples
    out_of_budget = out_of_budget and not ladder.done
    price = _usd_per_example(ladder, rung.model, usd_per_call)
    cost = more * price if more is not None and price is not None else None
    if rung.n == 0:
        text = f"{rung.model}: no example was scored"
    elif more is None:
        text = f"{rung.model} cannot be told from the bound: {_seen(rung)}; more than a million further examples would be needed"
    else:
        money = f"about {usd(cost)}" if cost is not None else "unpriced"
        text = f"{rung.model} is not settled after {_examples(rung.n)}: {_seen(rung)}; about {count(more)} more would tell, {money}"
    if out_of_budget:
        text += "; the budget was reached"
    elif not ladder.done:
        text += f"; the run ended before its {_examples(ladder.n_examples)} were asked"
    return ProbeVerdict(
        status="budget_reached" if out_of_budget else "not_enough_examples",
        model=rung.model,
        needed_examples=more,
        needed_usd=cost,
        why=text,
    )


def _usd_per_example(ladder: Ladder, model: str, usd_per_call: Mapping[str, float | None]) -> float | None:
    """Price of one more example: all its repeats, of the large model too where that is the yardstick; None if one is unpriced."""
    expected = {one.model: one.usd_per_request for one in ladder.candidates}
    models = (model,) if ladder.reference is None else (model, ladder.reference)
    total = 0.0
    for one in models:
        price = usd_per_call.get(one, expected[one])
        if price is None:
            return None
        total += price * ladder.rules.repeats
    return total


def _examples(n: int | None) -> str:
    return "1 example" if n == 1 else f"{count(n)} examples"
