"""The anytime-valid test: its error rate exactly, however often one looks, and what it says of a mean."""

from __future__ import annotations

from itertools import pairwise
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdecide.measure.sequence import SHARES, MeanSequence, interval, log_capital, log_step

MANY = settings(max_examples=100, deadline=None, derandomize=True)
ALPHA = 0.025
scores = st.lists(st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 1.0]) | st.floats(0, 1), min_size=1, max_size=60)
bounds = st.floats(0.02, 0.98)


def sequence(bound: float, **more: float) -> MeanSequence:
    """A test at 2.5 % a side."""
    return MeanSequence(bound, alpha_above=ALPHA, alpha_below=ALPHA, **more)


def stop_probability(bound: float, true: float, side: str, most: int) -> float:
    """Exact probability that scores of 0 and 1 with this mean ever stop on this side within so many examples, looking after each."""
    mean, chance = (bound, true) if side == "above" else (1 - bound, 1 - true)
    alive = {0: 1.0}
    stopped = 0.0
    least = 0
    for n in range(1, most + 1):
        after: dict[int, float] = {}
        for right, p in alive.items():
            after[right] = after.get(right, 0.0) + p * (1 - chance)
            after[right + 1] = after.get(right + 1, 0.0) + p * chance
        while least <= n and log_capital({1.0: least, 0.0: n - least}, mean) < -log(ALPHA):
            least += 1
        stopped += sum(p for right, p in after.items() if right >= least)
        alive = {right: p for right, p in after.items() if right < least}
    return stopped


# The error rate


@pytest.mark.parametrize("bound", [0.1, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("side", ["above", "below"])
def test_at_the_bound_either_stop_is_as_rare_as_stated(bound: float, side: str) -> None:
    """Exactly, over all outcomes of 250 examples with a look after each: at most 2.5 %, and not so little that power is given away."""
    assert 0 < stop_probability(bound, bound, side, 250) <= ALPHA


def test_a_plain_interval_checked_every_time_is_wrong_far_more_often() -> None:
    """The same 250 looks with a 95 % normal interval stop wrongly several times as often: the test above can fail."""
    alive, stopped, z = {0: 1.0}, 0.0, 1.96
    for n in range(1, 251):
        after: dict[int, float] = {}
        for right, p in alive.items():
            after[right] = after.get(right, 0.0) + p * 0.5
            after[right + 1] = after.get(right + 1, 0.0) + p * 0.5
        crossing = {right for right in after if n >= 10 and right / n - z * (right / n * (1 - right / n) / n) ** 0.5 > 0.5}
        stopped += sum(after[right] for right in crossing)
        alive = {right: p for right, p in after.items() if right not in crossing}
    assert stopped > 4 * ALPHA


@pytest.mark.parametrize(("true", "least_power"), [(0.7, 0.65), (0.9, 0.7), (1.0, 1.0)])
def test_ten_points_from_the_bound_it_is_known_within_200_examples_mostly(true: float, least_power: float) -> None:
    """Power at 10 points, exactly; and the wrong side is as good as never taken."""
    right, wrong = ("above", "below") if true > 0.8 else ("below", "above")
    assert stop_probability(0.8, true, right, 200) >= least_power
    assert stop_probability(0.8, true, wrong, 200) < 0.002


@MANY
@given(bounds, scores)
def test_one_more_fair_example_never_raises_the_expected_capital(bound: float, seen: list[float]) -> None:
    """The capital is a supermartingale: next to any past, any two-valued score with the bound as its mean keeps it."""
    before = log_capital(counted(seen), bound)
    parts = []
    for value, chance in ((1.0, bound), (0.0, 1 - bound)):
        parts.append(chance * exp_or_0(log_capital(counted([*seen, value]), bound) - before) if before > float("-inf") else 0.0)
    assert sum(parts) <= 1 + 1e-9


def exp_or_0(logarithm: float) -> float:
    """The number with this logarithm."""
    return 2.718281828459045**logarithm if logarithm > -700 else 0.0


def counted(values: list[float]) -> dict[float, int]:
    """How often each value occurs."""
    return {value: values.count(value) for value in values}


# What it says


@settings(MANY, max_examples=60)
@given(bounds, scores)
def test_it_stops_exactly_when_the_interval_leaves_the_bound(bound: float, values: list[float]) -> None:
    """Test and interval are one: at a stop the interval lies on that side of the bound, before it on both."""
    found = sequence(bound)
    for value in values:
        side = found.add(value)
        low, high = found.interval()
        if side is None:
            assert low <= bound + 1e-9
            assert high >= bound - 1e-9
        elif found.decided_after == found.n:
            assert low >= bound - 1e-9 if side == "above" else high <= bound + 1e-9


@MANY
@given(scores)
def test_the_interval_holds_the_mean_and_lies_within_the_scale(values: list[float]) -> None:
    """0 ≤ low ≤ mean ≤ high ≤ 1."""
    low, high = interval(values, 0.05)
    mean = sum(values) / len(values)
    assert 0 <= low <= mean + 1e-9
    assert mean - 1e-9 <= high <= 1


@MANY
@given(scores, st.floats(0.001, 0.2))
def test_a_smaller_error_rate_gives_a_wider_interval(values: list[float], rate: float) -> None:
    """Surer means wider."""
    low, high = interval(values, rate)
    wide_low, wide_high = interval(values, rate / 2)
    assert wide_low <= low + 1e-9
    assert wide_high >= high - 1e-9


@MANY
@given(bounds, scores)
def test_turning_the_scale_around_turns_the_answer_around(bound: float, values: list[float]) -> None:
    """1 − scores against 1 − bound: above becomes below."""
    one, other = sequence(bound), sequence(1 - bound)
    for value in values:
        one.add(value)
        other.add(1 - value)
    assert {"above": "below", "below": "above", None: None}[one.side] == other.side


@MANY
@given(bounds, scores)
def test_the_capital_does_not_depend_on_the_order(bound: float, values: list[float]) -> None:
    """Sums of logarithms in any order."""
    assert log_capital(counted(values), bound) == pytest.approx(log_capital(counted(sorted(values)), bound))


@MANY
@given(scores, bounds, bounds)
def test_a_higher_mean_is_less_refuted(values: list[float], one: float, other: float) -> None:
    """The capital falls as the mean in question rises, so that the interval is one piece."""
    low, high = sorted((one, other))
    assert log_capital(counted(values), high) <= log_capital(counted(values), low) + 1e-9


def test_many_different_scores_are_weighed_alike() -> None:
    """In columns as one by one: the capital of 300 different scores is the sum of its steps."""
    values = [(i * 0.6180339887) % 1 for i in range(299)] + [0.0]
    plain = [sum(log_step(share, value, 0.4) for value in values) for share in SHARES]
    most = max(plain)
    expected = most + log(sum(exp_or_0(one - most) for one in plain) / len(SHARES))
    assert log_capital(counted(values), 0.4) == pytest.approx(expected)
    low, high = interval(values, 0.05)
    assert low < 0.5 < high < low + 0.2


def test_only_right_answers_by_hand() -> None:
    """All right against 0.8: the capital is the mean over the shares of (1 − c + c ÷ 0.8) to the n, known after 28 examples."""
    n = next(n for n in range(1, 100) if sum((1 - c + c / 0.8) ** n for c in SHARES) / len(SHARES) >= 1 / ALPHA)
    found = sequence(0.8)
    while found.side is None:
        found.add(1.0)
    assert (found.side, found.decided_after) == ("above", n)
    assert n == 28


def test_differences_to_a_large_model() -> None:
    """Scores from −1 to 1 against −0.02: always equal is within the tolerance, always worse is known soon."""
    equal, worse = sequence(-0.02, low=-1.0), sequence(-0.02, low=-1.0)
    for _ in range(400):
        equal.add(0.0)
        worse.add(-1.0)
    assert equal.side == "above"
    assert worse.side == "below"
    assert worse.decided_after is not None
    assert worse.decided_after < 12
    assert equal.mean == 0.0
    low, high = equal.interval()
    assert -0.02 <= low < 0 < high


def test_what_is_known_is_not_taken_back() -> None:
    """Later scores move the mean, not the answer."""
    found = sequence(0.5)
    while found.side is None:
        found.add(1.0)
    known_after = found.decided_after
    for _ in range(500):
        found.add(0.0)
    assert (found.side, found.decided_after) == ("above", known_after)
    assert found.n > 500


def test_a_floor_of_nothing_is_reached_and_a_floor_of_all_falls_with_one_mistake() -> None:
    """Bounds at the ends of the scale."""
    assert sequence(0.0).side == "above"
    perfect = sequence(1.0)
    for _ in range(1000):
        assert perfect.add(1.0) is None
    assert perfect.add(0.0) == "below"
    assert perfect.needed() is None


# Planning


def test_how_many_more_is_about_right() -> None:
    """From 60 examples with 9 of 10 right against 0.8: the capital would get there in as many as it says, at the same rate."""
    found = sequence(0.8)
    for i in range(60):
        found.add(float(i % 10 != 0))
    assert found.side is None
    more = found.needed()
    assert more is not None
    for i in range(more + 10):
        found.add(float(i % 10 != 0))
    assert found.side == "above"
    assert found.decided_after == pytest.approx(60 + more, abs=12)


def test_no_number_is_named_where_a_million_would_not_do() -> None:
    """A mean equal to the bound cannot be told from it."""
    found = sequence(0.5)
    assert found.needed() is None
    for i in range(100):
        found.add(float(i % 2))
    assert found.needed() is None
    assert found.mean == 0.5


def test_before_the_first_score_everything_is_open() -> None:
    """No mean, the whole scale."""
    found = sequence(0.7)
    assert found.mean is None
    assert found.interval() == (pytest.approx(0), pytest.approx(1))


@pytest.mark.parametrize("bad", [-0.001, 1.001, float("nan"), float("inf")])
def test_a_score_off_the_scale_is_refused(bad: float) -> None:
    """A guarantee for scores from 0 to 1 holds for no others."""
    with pytest.raises(ValueError, match="score is"):
        sequence(0.5).add(bad)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"bound": 1.5, "alpha_above": 0.1, "alpha_below": 0.1}, "bound is 1.5"),
        ({"bound": 0.5, "alpha_above": 0.0, "alpha_below": 0.1}, "error rates"),
        ({"bound": 0.5, "alpha_above": 0.1, "alpha_below": 0.1, "low": 1.0}, "bound is 0.5"),
    ],
)
def test_a_test_that_makes_no_sense_is_refused(arguments: dict[str, float], words: str) -> None:
    """With the value in the message."""
    bound = arguments.pop("bound")
    with pytest.raises(ValueError, match=words):
        MeanSequence(bound, **arguments)


def test_the_shares_are_a_fixed_grid() -> None:
    """From 0.02 to 1 in equal ratios; nothing is estimated on the way."""
    assert SHARES[0] == pytest.approx(0.02)
    assert SHARES[-1] == 1.0
    assert all(b / a == pytest.approx(SHARES[1] / SHARES[0]) for a, b in pairwise(SHARES))
