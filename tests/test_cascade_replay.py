"""What a cascade would have done at every threshold, against a loop over rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdecide.cascade.columns import Pair
from slmdecide.cascade.frontier import area_over_random, gain_over_random, undominated
from slmdecide.cascade.replay import exact_sum, replay
from tests.cascade_rows import pair

LEVELS = st.sampled_from([-np.inf, 0.0, 0.25, 0.5, 0.999999, 1.0])
ROW = st.tuples(
    LEVELS,
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([0.0, 1.0]),
    st.floats(0, 0.01, allow_subnormal=False),
    st.floats(0, 0.1, allow_subnormal=False),
)
ROWS = st.lists(ROW, min_size=1, max_size=40)


def built(rows: list[tuple[float, float, float, float, float]]) -> Pair:
    """The rows as a pair."""
    confidence, small, large, small_cost, large_cost = zip(*rows, strict=True)
    return pair(confidence, small, large, small_cost, large_cost)


def by_hand(rows: list[tuple[float, float, float, float, float]], threshold: float) -> tuple[int, float, float]:
    """Escalated, right, USD: the rule, row by row."""
    escalated, right, cost = 0, 0.0, 0.0
    for confidence, small, large, small_cost, large_cost in rows:
        keeps = confidence >= threshold
        escalated += not keeps
        right += small if keeps else large
        cost += small_cost + (0.0 if keeps else large_cost)
    return escalated, right, cost


@given(ROWS)
def test_every_point_is_what_a_loop_over_the_rows_gives(rows: list[tuple[float, float, float, float, float]]) -> None:
    """Escalated, right and USD at every threshold that makes a difference, and at infinity."""
    points = replay(built(rows))
    assert points.threshold.tolist() == [*sorted({row[0] for row in rows}), np.inf]
    assert points.cost_usd is not None
    for place, threshold in enumerate(points.threshold.tolist()):
        escalated, right, cost = by_hand(rows, threshold)
        assert points.n_escalated[place] == escalated
        assert points.n_correct[place] == pytest.approx(right, abs=1e-9)
        assert points.cost_usd[place] == pytest.approx(cost, abs=1e-9)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_no_bit(rows: list[tuple[float, float, float, float, float]], random: object) -> None:
    """Sums are exact, so they are the same in any order."""
    turned = list(rows)
    random.shuffle(turned)  # type: ignore[attr-defined]  # hypothesis' Random
    one, other = replay(built(rows)), replay(built(turned))
    assert one.n_correct.tobytes() == other.n_correct.tobytes()
    assert one.cost_usd is not None
    assert other.cost_usd is not None
    assert one.cost_usd.tobytes() == other.cost_usd.tobytes()


@given(ROWS)
def test_a_higher_threshold_escalates_and_costs_no_less(rows: list[tuple[float, float, float, float, float]]) -> None:
    """From nobody, at the price of the small model, to everybody, at the price of both."""
    points = replay(built(rows))
    assert points.cost_usd is not None
    assert (points.n_escalated[0], points.n_escalated[-1]) == (0, len(rows))
    assert (np.diff(points.n_escalated) > 0).all()
    assert (np.diff(points.cost_usd) >= 0).all()
    assert points.n_correct[-1] == pytest.approx(sum(row[2] for row in rows))


def test_ties_are_never_parted() -> None:
    """Five equal confidences and one other: three points, whatever the rest of the row says."""
    points = replay(pair([1, 1, 0.5, 1, 1, 1], [1, 0, 0, 1, 0, 1], [1, 1, 1, 0, 1, 1]))
    assert points.threshold.tolist() == [0.5, 1.0, np.inf]
    assert points.n_escalated.tolist() == [0, 1, 6]
    assert points.n_correct.tolist() == [3, 4, 5]
    assert points.cost_usd is not None
    assert points.cost_usd.tolist() == [6, 16, 66]


def test_confidences_that_differ_in_the_tenth_digit_are_two_thresholds() -> None:
    """0.9999996872 is not 1."""
    points = replay(pair([0.9999996872, 1.0], [0, 1], [1, 1]))
    assert points.threshold.tolist() == [0.9999996872, 1.0, np.inf]
    assert points.n_correct.tolist() == [1, 2, 2]


def test_minus_infinity_is_kept_only_by_minus_infinity() -> None:
    """An answer of probability 0 is passed on by every finite threshold."""
    points = replay(pair([-np.inf, -0.1], [0, 1], [1, 1]))
    assert points.threshold.tolist() == [-np.inf, -0.1, np.inf]
    assert points.n_correct.tolist() == [1, 2, 2]


def test_costs_add_up_without_rounding_errors() -> None:
    """Ten thousand times $0.0000246 are $0.246, to the last digit; a million USD among them leave room for cents."""
    assert exact_sum(np.full(10_000, 0.0000246)) == 0.246
    assert exact_sum(np.array([1e9, 0.25, 1e9])) == 2_000_000_000.25


def test_unpriced_stays_unknown() -> None:
    """Without the cost of one model there is no cost of the cascade; the rest is the same."""
    points = replay(pair([0.1, 0.9], [0, 1], [1, 1], small_cost=None))
    assert points.cost_usd is None
    assert points.n_correct.tolist() == [1, 2, 2]


@given(ROWS)
@settings(max_examples=60)
def test_the_frontier_holds_what_no_other_point_beats(rows: list[tuple[float, float, float, float, float]]) -> None:
    """Against comparing every point with every other."""
    points = replay(built(rows))
    assert points.cost_usd is not None
    cost, right = points.cost_usd, points.n_correct
    kept = set(undominated(points).tolist())
    for place in range(len(cost)):
        beaten = (cost <= cost[place]) & (right >= right[place]) & ((cost < cost[place]) | (right > right[place]))
        if place in kept:
            assert not beaten.any()
        elif not beaten.any():
            twin = (cost == cost[place]) & (right == right[place])
            assert any(int(one) in kept for one in np.flatnonzero(twin))


def test_gain_over_random_of_a_confidence_that_says_nothing_is_nothing() -> None:
    """A cascade by a coin pays the small call besides: it is worse than random routing, by a known amount."""
    random = np.random.default_rng(3)
    n = 20_000
    found = gain_over_random(
        pair(random.random(n), (random.random(n) < 0.6).astype(float), (random.random(n) < 0.9).astype(float)), threshold=0.5
    )
    assert found is not None
    # Half is passed on: accuracy 0.75 for 1 + 5 USD; random routing gives 0.6 + 0.3 × 5 / 9 for the same money.
    assert found.low < 0.75 - (0.6 + 0.3 * 5 / 9) < found.high
    assert found.high < 0


def test_the_intervals_of_gain_and_area_are_those_of_the_bootstrap() -> None:
    """Half-widths within a quarter of 1.96 standard deviations over 300 resamples."""
    random = np.random.default_rng(5)
    n = 600
    confidence = random.beta(3, 1, n).round(2)
    whole = pair(
        confidence,
        (random.random(n) < confidence).astype(float),
        (random.random(n) < 0.9).astype(float),
        random.gamma(4, 0.25, n),
        random.gamma(4, 2.5, n),
    )
    gains, areas = [], []
    for _ in range(300):
        rows = random.integers(0, n, n)
        again = Pair(
            **{
                name: getattr(whole, name)[rows]
                for name in ("confidence", "small_correct", "large_correct", "small_cost_usd", "large_cost_usd")
            }
        )
        gain, area = gain_over_random(again, 0.8), area_over_random(again)
        assert gain is not None
        assert area is not None
        gains.append(gain.value)
        areas.append(area.value)
    gain, area = gain_over_random(whole, 0.8), area_over_random(whole)
    assert gain is not None
    assert area is not None
    assert (gain.high - gain.low) / 2 == pytest.approx(1.96 * np.std(gains), rel=0.25)
    assert (area.high - area.low) / 2 == pytest.approx(1.96 * np.std(areas), rel=0.25)


def test_the_area_of_a_known_curve() -> None:
    """Two halves: the sure one right, the unsure one wrong; the large model always right, free small calls.

    All that is bought up to half the money is a right answer: the curve is a triangle above the diagonal, of area 1/8.
    """
    n = 400
    sure = np.arange(n) % 2
    found = area_over_random(pair(sure, sure, np.ones(n), small_cost=0.0, large_cost=1.0))
    assert found is not None
    assert found.value == pytest.approx(0.125, abs=1e-9)


def test_there_is_nothing_above_random_where_the_large_model_is_no_dearer() -> None:
    """Equal costs leave nothing to save."""
    same = pair([0.1, 0.9], [0, 1], [1, 1], small_cost=2.0, large_cost=2.0)
    assert gain_over_random(same, 0.5) is None
    assert area_over_random(same) is None
