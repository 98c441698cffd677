"""Thresholds of a chain of up to four models, chosen jointly.

A request goes to the first model; an answer under its threshold is passed on to the next, and the last model answers what
reaches it. Every call is paid. Parts of the chain are chains too: the search may leave models out.

All combinations of a grid of thresholds are evaluated at once (`chain_table`). With at most `GRID` different confidences a model
the grid is complete, and the result is the best there is. With more, its best points are starts: each threshold is moved over all
confidences while the others stay, then all together over their nearest neighbours, until nothing gets better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from slmdecide.cascade.chain_table import Chain, ChainPoint, Goal, Table, confidence_of, cost_of
from slmdecide.cascade.columns import Pair
from slmdecide.cascade.replay import replay

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from slmdecide.cascade.columns import Column, Member

_STARTS = 8
"""Best points of the grid, of each part of the chain, from which thresholds are moved on: one start ends in the next dip."""
_MANY_ROWS = 20_000
"""Rows from which the grid is so fine that its best point alone is moved on."""
_MOST_ROUNDS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a chain does with each row."""

    correct: Column
    cost_usd: Column
    """Of all calls."""
    answered_by: NDArray[np.int64]
    """Place in `places` of the model that answered."""


def outcome(members: Sequence[Member], chain: Chain) -> Outcome:
    """What the chain does with each row."""
    n = len(members[0].correct)
    answered_by = np.full(n, len(chain.places) - 1)
    cost = np.zeros(n)
    there = np.ones(n, dtype=bool)
    for stage, place in enumerate(chain.places):
        cost[there] += cost_of(members[place])[there]
        if stage < len(chain.thresholds):
            kept = there & (confidence_of(members[place]) >= chain.thresholds[stage])
            answered_by[kept] = stage
            there &= ~kept
    correct = np.choose(answered_by, [members[place].correct for place in chain.places])
    return Outcome(correct=correct, cost_usd=cost, answered_by=answered_by)


def best_chain(members: Sequence[Member], goal: Goal) -> ChainPoint:
    """The cheapest chain that reaches the goal; the last model alone, if no other does.

    Of equally cheap ones the one that is right more often.
    """
    starts = [Table.of(members, (len(members) - 1,)).point(0)]
    for places in _parts(members):
        table = Table.of(members, places)
        starts += table.best(goal, _STARTS)
    starts.sort(key=_rank)
    if len(members[0].correct) > _MANY_ROWS:
        del starts[1:]
    return _trimmed(members, min((_refined(members, one, goal) for one in starts), key=_rank))


def _trimmed(members: Sequence[Member], point: ChainPoint) -> ChainPoint:
    """The chain without the models at its end that no request reaches: what keeps everything is a shorter chain."""
    last = int(outcome(members, point.chain).answered_by.max())
    return replace(point, chain=Chain(places=point.chain.places[: last + 1], thresholds=point.chain.thresholds[:last]))


def _rank(point: ChainPoint) -> tuple[float, float]:
    """The cheaper first; of equally cheap ones the one that is right more often."""
    return point.cost_usd, -point.n_correct


def frontier(members: Sequence[Member]) -> tuple[ChainPoint, ...]:
    """The chains of the grid to which no other is preferable, by rising cost."""
    tables = [Table.of(members, places) for places in _parts(members)]
    cost = np.concatenate([one.cost_usd for one in tables])
    correct = np.concatenate([one.n_correct for one in tables])
    origin = np.concatenate([np.full(len(one.cost_usd), place) for place, one in enumerate(tables)])
    inner = np.concatenate([np.arange(len(one.cost_usd)) for one in tables])
    # Of equals the one with fewer models comes first, for the parts come in this order and the sort is stable.
    order = np.lexsort((-correct, cost))
    best = np.maximum.accumulate(correct[order])
    kept = order[np.concatenate(([True], best[1:] > best[:-1]))]
    return tuple(tables[origin[place]].point(int(inner[place])) for place in kept)


def _parts(members: Sequence[Member]) -> Iterator[tuple[int, ...]]:
    """Every part of the chain whose members but the last have confidences; single models first."""
    places = range(len(members))
    for size in range(1, len(members) + 1):
        for part in combinations(places, size):
            if all(members[place].confidence is not None for place in part[:-1]):
                yield part


def _refined(members: Sequence[Member], start: ChainPoint, goal: Goal) -> ChainPoint:
    """The chain with its thresholds moved, each by itself as far as it goes and all together a little, until that changes nothing."""
    found = start
    for _ in range(_MOST_ROUNDS):
        before = found
        for stage in range(len(found.chain.thresholds)):
            found = _moved(members, found, stage, goal)
        near = Table.of(members, found.chain.places, found.chain.thresholds).best(goal, 1)
        found = min([found, *near], key=_rank)
        if found == before or not found.chain.thresholds:
            break
    return found


def _moved(members: Sequence[Member], point: ChainPoint, stage: int, goal: Goal) -> ChainPoint:
    """The chain with the best threshold of this stage, which is a cascade of two: this model, and the rest of the chain."""
    chain = point.chain
    head = outcome(members, Chain(places=chain.places[: stage + 1], thresholds=chain.thresholds[:stage]))
    tail = outcome(members, Chain(places=chain.places[stage + 1 :], thresholds=chain.thresholds[stage + 1 :]))
    reached = head.answered_by == stage
    own, last = members[chain.places[stage]], members[-1].correct
    pair = Pair(
        confidence=confidence_of(own)[reached],
        small_correct=own.correct[reached],
        large_correct=tail.correct[reached],
        small_cost_usd=head.cost_usd[reached],
        large_cost_usd=tail.cost_usd[reached],
    )
    if not pair.n:
        return point
    points = replay(pair)
    correct = points.n_correct + float(head.correct[~reached].sum())
    cost = np.asarray(points.cost_usd) + float(head.cost_usd[~reached].sum())
    square_pair = Pair(
        confidence=pair.confidence,
        small_correct=(own.correct - last)[reached] ** 2,
        large_correct=(tail.correct - last)[reached] ** 2,
    )
    squares = replay(square_pair).n_correct + float(((head.correct - last)[~reached] ** 2).sum())
    # The last point escalates everything, and −inf nothing: such a chain has fewer models, and is a part of its own.
    able = np.flatnonzero(goal.reached(correct - float(last.sum()), squares, len(last)) & np.isfinite(points.threshold))
    if not len(able):
        return point
    place = int(able[np.lexsort((-correct[able], cost[able]))[0]])
    thresholds = (*chain.thresholds[:stage], float(points.threshold[place]), *chain.thresholds[stage + 1 :])
    moved = ChainPoint(
        chain=Chain(places=chain.places, thresholds=thresholds), n_correct=float(correct[place]), cost_usd=float(cost[place])
    )
    return moved if _rank(moved) < _rank(point) else point
