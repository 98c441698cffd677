"""Thresholds of a chain, chosen jointly: against every combination on small data, and against replay for two models."""

from __future__ import annotations

from itertools import combinations, pairwise, product

import numpy as np
import pytest

from slmdecide.cascade.chain import best_chain, frontier, outcome
from slmdecide.cascade.chain_table import GRID, Chain, ChainPoint, Goal, grid
from slmdecide.cascade.columns import Member
from slmdecide.cascade.frontier import undominated
from slmdecide.cascade.replay import replay
from tests.cascade_rows import pair


def models(n: int, k: int, seed: int, levels: int) -> list[Member]:
    """Models of rising quality and price, whose confidences have so many levels and mean something."""
    random = np.random.default_rng(seed)
    hard = random.random(n)
    found = []
    for place in range(k):
        correct = (random.random(n) < np.clip(0.6 + 0.2 * place - 0.5 * hard + 0.2, 0, 1)).astype(np.float64)
        confidence = np.round((0.5 * correct + 0.5 * random.random(n)) * levels) / levels
        cost = 4.0**place * (1 + random.random(n))
        found.append(
            Member(model=f"m{place}", correct=correct, confidence=confidence if place < k - 1 else None, cost_usd=cost, latency_ms=None)
        )
    return found


def every_chain(members: list[Member]) -> list[ChainPoint]:
    """Every part of the chain at every combination of its confidences, evaluated row by row."""
    found = []
    for size in range(1, len(members) + 1):
        for places in combinations(range(len(members)), size):
            for thresholds in product(*(np.unique(np.asarray(members[place].confidence)).tolist() for place in places[:-1])):
                chain = Chain(places=places, thresholds=thresholds)
                done = outcome(members, chain)
                found.append(ChainPoint(chain=chain, n_correct=float(done.correct.sum()), cost_usd=float(done.cost_usd.sum())))
    return found


def likely(members: list[Member], chain: Chain, tolerance: float) -> bool:
    """The rule of `best_chain`, by the textbook: the lower end of the difference, with one half of ±1 added to each side."""
    difference = outcome(members, chain).correct - members[-1].correct
    padded = np.concatenate((difference, [2**-0.5, -(2**-0.5)]))
    return bool(padded.mean() - 1.28 * padded.std() / len(padded) ** 0.5 >= -tolerance - 1e-12)


@pytest.mark.parametrize(("k", "levels", "n", "seed"), [(2, 10, 80, 1), (3, 6, 60, 2), (3, 12, 90, 3), (4, 4, 70, 4), (4, 3, 200, 5)])
def test_the_grid_finds_the_best_of_all_combinations(k: int, levels: int, n: int, seed: int) -> None:
    """Where each model has at most as many confidences as the grid has thresholds, nothing is better than what is found."""
    members = models(n, k, seed, levels)
    able = [one for one in every_chain(members) if one.chain.places == (k - 1,) or likely(members, one.chain, 0.06)]
    best = min(able, key=lambda one: (round(one.cost_usd, 9), -one.n_correct))
    found = best_chain(members, Goal(tolerance=0.06, errors=1.28))
    assert (found.cost_usd, found.n_correct) == (pytest.approx(best.cost_usd), best.n_correct)
    done = outcome(members, found.chain)
    assert (found.cost_usd, found.n_correct) == (pytest.approx(float(done.cost_usd.sum())), float(done.correct.sum()))


@pytest.mark.parametrize("seed", range(6))
def test_with_many_confidences_it_is_near_the_best(seed: int) -> None:
    """80 confidences a model, 6,400 combinations: within 0.1 % of the cheapest of them all."""
    members = models(80, 3, seed, 10**6)
    assert len(grid(np.asarray(members[0].confidence))) == GRID
    able = [one for one in every_chain(members) if one.chain.places == (2,) or likely(members, one.chain, 0.08)]
    found = best_chain(members, Goal(tolerance=0.08, errors=1.28))
    assert found.cost_usd <= 1.001 * min(one.cost_usd for one in able)
    assert likely(members, found.chain, 0.08)


def test_a_chain_of_two_is_a_pair() -> None:
    """The same points on the frontier as by replay, besides the two models alone."""
    members = models(120, 2, 7, 15)
    cost = np.asarray(members[0].cost_usd), np.asarray(members[1].cost_usd)
    points = replay(pair(np.asarray(members[0].confidence), members[0].correct, members[1].correct, cost[0], cost[1]))  # type: ignore[arg-type]  # arrays are sequences here
    assert points.cost_usd is not None
    alone = float(cost[1].sum())
    best = {
        (float(points.n_correct[place]), round(float(points.cost_usd[place]), 6))
        for place in undominated(points)
        if points.cost_usd[place] < alone
    }
    assert {(one.n_correct, round(one.cost_usd, 6)) for one in frontier(members) if len(one.chain.places) == 2} <= best
    singles = {one.chain.places for one in frontier(members) if len(one.chain.places) == 1}
    assert singles <= {(0,), (1,)}
    assert (0,) in singles


def test_the_frontier_rises() -> None:
    """Each chain costs more than the one before and is right more often; none of the grid lies above it."""
    members = models(60, 3, 11, 6)
    found = frontier(members)
    assert all(a.cost_usd < b.cost_usd and a.n_correct < b.n_correct for a, b in pairwise(found))
    for one in every_chain(members):
        assert any(best.cost_usd <= one.cost_usd + 1e-9 and best.n_correct >= one.n_correct for best in found)


def test_every_call_of_a_chain_is_paid() -> None:
    """Three rows: kept by the first, by the second, by the last."""
    members = [
        Member(model="a", correct=np.array([1.0, 0, 0]), confidence=np.array([0.9, 0.1, 0.2]), cost_usd=np.full(3, 1.0), latency_ms=None),
        Member(model="b", correct=np.array([0.0, 1, 0]), confidence=np.array([0.9, 0.8, 0.3]), cost_usd=np.full(3, 10.0), latency_ms=None),
        Member(model="c", correct=np.array([0.0, 0, 1]), confidence=None, cost_usd=np.full(3, 100.0), latency_ms=None),
    ]
    done = outcome(members, Chain(places=(0, 1, 2), thresholds=(0.5, 0.5)))
    assert done.correct.tolist() == [1, 1, 1]
    assert done.cost_usd.tolist() == [1, 11, 111]
    assert done.answered_by.tolist() == [0, 1, 2]


def test_only_the_last_model_may_have_no_confidence() -> None:
    """A model without one is no part of a chain but at its end."""
    members = models(50, 3, 5, 8)
    blind = [
        members[0],
        Member(model="b", correct=members[1].correct, confidence=None, cost_usd=members[1].cost_usd, latency_ms=None),
        members[2],
    ]
    assert all(1 not in one.chain.places[:-1] for one in frontier(blind))
    with pytest.raises(ValueError, match="b has no confidence"):
        outcome(blind, Chain(places=(0, 1, 2), thresholds=(0.5, 0.5)))
