"""What n examples prove of a share, a mean or a paired difference: published values, enumeration, and laws."""

from __future__ import annotations

from itertools import product
from math import comb, exp, inf, isclose, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import xlogy
from scipy.stats import binom, binomtest

from slmdecide.measure import paired
from slmdecide.measure.bounds import Game, at_most_p, clopper_pearson, least_n, lower_share, needed_n, stakes, upper_share

MANY = settings(max_examples=80, deadline=None, derandomize=True)
levels = st.floats(1e-6, 0.5)
shares = st.floats(0.001, 0.999)


@pytest.mark.parametrize(
    ("seen", "n", "confidence", "low", "high"),
    [
        (0, 10, 0.95, 0.0, 0.3085),
        (1, 10, 0.95, 0.0025, 0.4450),
        (3, 20, 0.95, 0.0321, 0.3789),
        (12, 30, 0.90, 0.2495, 0.5661),
        (42, 100, 0.95, 0.3220, 0.5229),
        (85, 120, 0.99, 0.5904, 0.8092),
        (10, 10, 0.95, 0.6915, 1.0),
    ],
)
def test_exact_intervals_of_a_share_are_those_of_the_tables(seen: int, n: int, confidence: float, low: float, high: float) -> None:
    """Clopper and Pearson, Biometrika 26 (1934) 404–413, to four digits as tables of the exact interval give them."""
    found = clopper_pearson(seen, n, confidence)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


@given(st.integers(1, 3000), st.floats(0, 1), st.floats(0.5, 0.999))
@MANY
def test_exact_intervals_are_scipys(n: int, share: float, confidence: float) -> None:
    """The interval is that of scipy.stats.binomtest."""
    seen = round(share * n)
    theirs = binomtest(seen, n).proportion_ci(confidence, method="exact")
    ours = clopper_pearson(seen, n, confidence)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize(("share", "error", "n"), [(0.05, 0.05, 59), (0.01, 0.05, 299), (0.05, 0.1, 45), (0.1, 0.1, 22), (0.5, 0.5, 1)])
def test_fewest_examples_that_prove_anything(share: float, error: float, n: int) -> None:
    """59 and 299 are Wilks' sample sizes for 95 % and 99 % at a confidence of 95 % (Ann. Math. Stat. 12 (1941) 91–96)."""
    assert least_n(share, error) == n
    assert needed_n(0.0, share, error) == n


@given(shares, levels)
@MANY
def test_the_fewest_are_enough_and_one_less_is_not(share: float, error: float) -> None:
    """So many right answers without a wrong one show it, one fewer do not."""
    n = least_n(share, error)
    assert at_most_p(0, n, share) <= error * (1 + 1e-9)
    assert n == 1 or at_most_p(0, n - 1, share) > error * (1 - 1e-9)


@given(st.integers(1, 500), st.floats(0, 1), shares)
@MANY
def test_p_value_of_a_share_is_the_binomial_tail(n: int, part: float, share: float) -> None:
    """Vectorised, and equal to scipy.stats.binom; nothing seen of nothing proves nothing."""
    seen = round(part * n)
    found = at_most_p([seen, 0], [n, 0], share)
    assert found[0] == pytest.approx(binom.cdf(seen, n, share), abs=1e-12)
    assert found[1] == 1


@given(st.integers(1, 400), st.integers(0, 20), levels)
@MANY
def test_bounds_of_a_share_close_in_with_rows(n: int, wrong: int, error: float) -> None:
    """Twice as many rows with twice as many wrong ones prove more; a smaller error proves less; both bounds enclose the share."""
    wrong = min(wrong, n)
    once, twice = upper_share(wrong, n, error), upper_share(2 * wrong, 2 * n, error)
    assert twice <= once + 1e-12
    assert upper_share(wrong, n, error / 2) >= once - 1e-12
    assert lower_share(wrong, n, error) <= wrong / n <= once


def test_more_wrong_than_there_are_is_refused() -> None:
    """A count beyond its total is a mistake of the caller."""
    with pytest.raises(ValueError, match="more was seen"):
        upper_share(5, 4, 0.1)


def test_needed_rows_grow_toward_the_bound() -> None:
    """The nearer the observed share is to the bound, the more rows; at the bound none would do."""
    plans = [needed_n(rate, 0.1, 0.1) for rate in (0.0, 0.02, 0.05, 0.08, 0.09)]
    assert all(plan is not None for plan in plans)
    assert plans == sorted(plans, key=lambda plan: plan or 0)
    assert needed_n(0.1, 0.1, 0.1) is None
    assert needed_n(0.0999, 0.1, 0.1) is None


def test_a_published_table() -> None:
    """Responses of 161 patients before and after a therapy, 6 and 16 of them disputed (Cavo et al. 2012).

    As the R package of Fagerland, Lydersen and Laake's book has it (contingencytables, tests/testthat/test-ch8.R): Tango's 95 %
    interval of the difference −0.1240 to −0.0054; McNemar's exact unconditional test P = 0.034053 on two sides, where the rate of
    dispute is looked for in its own 99.99 % interval and 0.0001 is added (Berger and Boos, JASA 89 (1994) 1012–1016).
    """
    assert paired.statistic(6, 16, 161, 0.1240) == pytest.approx(1.96, abs=5e-3)
    assert paired.statistic(6, 16, 161, 0.0054) == pytest.approx(-1.96, abs=5e-3)
    disputes = clopper_pearson(22, 161, 0.9999)
    rates = np.linspace(disputes.low / 2, disputes.high / 2, 1000)
    least = float(paired.statistic(16, 6, 161, 0.0))
    assert 2 * float(paired._tails(161, 0.0, least, rates).max()) + 0.0001 == pytest.approx(0.034053, abs=5e-7)
    assert paired.p_value(16, 6, 161, 0.0) == pytest.approx(_enumerated(16, 6, 161, 0.0), rel=2e-3)


@pytest.mark.parametrize("margin", [0.0, 0.02, 0.1, 0.4, -0.1])
@pytest.mark.parametrize(("better", "worse", "n"), [(0, 1, 44), (150, 86, 1600), (3, 9, 40), (5, 0, 30), (0, 0, 25)])
def test_the_statistic_is_its_definition(better: int, worse: int, n: int, margin: float) -> None:
    """The distance from the null hypothesis over its standard error at the likeliest rate there, found by trying rates."""
    rates = np.linspace(max(0.0, -margin), (1 - margin) / 2, 2_000_001)
    likelihood = xlogy(better, rates) + xlogy(worse, rates + margin) + xlogy(n - better - worse, np.maximum(1 - 2 * rates - margin, 0))
    rate = float(rates[np.argmax(likelihood)])
    variance = n * (2 * rate + margin - margin**2)
    distance = better - worse + n * margin
    expected = distance / variance**0.5 if variance > 1e-3 else 0.0 if distance == 0 else inf
    found = float(paired.statistic(better, worse, n, margin))
    assert found == pytest.approx(expected, rel=1e-4)


def _enumerated(better: int, worse: int, n: int, margin: float) -> float:
    """The p-value from its definition: the sum over all results at least as far out, maximised over 3,000 rates."""
    every = [(b, c) for b in range(n + 1) for c in range(n - b + 1)]
    statistics = paired.statistic([b for b, _ in every], [c for _, c in every], n, margin)
    out = [one for one, value in zip(every, statistics, strict=True) if value >= paired.statistic(better, worse, n, margin) - 1e-9]
    rate = np.linspace(max(0.0, -margin), (1 - margin) / 2, 3000)
    rest = np.maximum(1 - 2 * rate - margin, 0.0)
    total = sum(comb(n, b) * comb(n - b, c) * rate**b * (rate + margin) ** c * rest ** (n - b - c) for b, c in out)
    return float(np.max(total))


@pytest.mark.parametrize("margin", [0.0, 0.02, 0.1, 0.5, -0.1])
@pytest.mark.parametrize(("better", "worse"), [(0, 0), (3, 1), (5, 0), (2, 2), (0, 3), (9, 0)])
def test_exact_paired_test_is_its_definition(better: int, worse: int, margin: float) -> None:
    """The p-value is the largest probability of a result as far out, summed over all of them."""
    assert paired.p_value(better, worse, 9, margin) == pytest.approx(min(1.0, _enumerated(better, worse, 9, margin)), rel=2e-3)


@pytest.mark.parametrize("n", [20, 150, 765, 2000])
@pytest.mark.parametrize("margin", [0.0, 0.003, 0.02, -0.02])
def test_maximum_over_the_rate_of_dispute_is_found(n: int, margin: float) -> None:
    """The grid of rates misses no more of the maximum than is added to it."""
    for least in (1.2816, 1.8):
        dense = float(paired._tails(n, margin, least, paired._spaced(margin, 0.0, 1.0, 1500)).max())
        assert paired._largest(n, margin, least) >= dense * (1 - 5e-4)


@pytest.mark.parametrize("n", [1, 7, 45, 150, 765])
@pytest.mark.parametrize("margin", [0.0, 0.02, 0.2, -0.02])
@pytest.mark.parametrize("level", [0.2, 0.1, 0.01])
def test_error_of_the_paired_test_is_at_most_its_level(n: int, margin: float, level: float) -> None:
    """Whatever the rate of dispute, the statistic reaches its critical value with at most this probability, and not much less."""
    least = paired.critical(n, margin, level)
    largest = float(paired._tails(n, margin, least, paired._spaced(margin, 0.0, 1.0, 1000)).max())
    assert largest <= level
    assert n < 700 or largest >= 0.75 * level


@given(st.integers(1, 60), st.data(), st.sampled_from([0.0, 0.01, 0.02, 0.1, 0.4, -0.02, -0.3]))
@MANY
def test_one_more_win_never_speaks_for_the_loser(n: int, data: st.DataObject, margin: float) -> None:
    """The statistic rises with wins and falls with losses, so that the worst case lies at the edge of the null hypothesis."""
    better = data.draw(st.integers(0, n))
    worse = data.draw(st.integers(0, n - better))
    here = paired.statistic(better, worse, n, margin)
    if better + worse < n:
        assert paired.statistic(better + 1, worse, n, margin) >= here - 1e-12
        assert paired.statistic(better, worse + 1, n, margin) <= here + 1e-12
    if worse:
        assert paired.statistic(better + 1, worse - 1, n, margin) >= here - 1e-12


def test_paired_test_gains_from_rows_and_from_margin() -> None:
    """At the same rates more rows prove more, and a wider margin is easier to stay within."""
    by_rows = [paired.p_value(2 * k, 3 * k, 100 * k, 0.03) for k in (1, 3, 9)]
    assert by_rows == sorted(by_rows, reverse=True)
    by_margin = [paired.p_value(5, 8, 200, margin) for margin in (0.0, 0.01, 0.02, 0.05, 0.1)]
    assert by_margin == sorted(by_margin, reverse=True)


def test_planned_rows_of_a_paired_test_are_enough() -> None:
    """Without a dispute 0.98^n ≤ 0.1 from n = 114 on, and one more pays for the search; with disputes about so many rows pass."""
    assert paired.needed(0, 0, 100, 0.02, 0.1) == 115
    rows = paired.needed(10, 12, 400, 0.02, 0.1)
    assert rows is not None
    assert paired.p_value(round(rows * 0.0275), round(rows * 0.03), rows + 20, 0.02) <= 0.1
    assert paired.needed(10, 18, 400, 0.02, 0.1) is None
    assert paired.needed(10, 17, 400, 0.02, 0.1) is None


def test_nothing_is_significant_at_a_level_below_what_is_summed() -> None:
    """Sums leave out less than 1e-10; no result is claimed at such a level."""
    assert paired.critical(100, 0.02, 1e-11) == inf


def _expected_capital(values: list[float], odds: list[float], n: int, gain: dict[float, float]) -> float:
    """Expected capital after n rows, by enumeration of all samples of these values with these probabilities."""
    total = 0.0
    for sample in product(range(len(values)), repeat=n):
        gains = np.array([gain[values[one]] for one in sample])
        game = Game(inside=gains, outside=np.zeros(n), ends=np.array([n]))
        total += float(np.prod([odds[one] for one in sample])) * exp(float(game.log_capital()[0]))
    return total


@pytest.mark.parametrize(
    ("values", "odds"),
    [([0.0, 1.0], [0.9, 0.1]), ([0.0, 0.5, 1.0], [0.85, 0.1, 0.05]), ([0.1], [1.0]), ([0.0, 0.25, 0.4], [0.5, 0.4, 0.1])],
)
def test_capital_is_fair_under_the_null_hypothesis(values: list[float], odds: list[float]) -> None:
    """If the mean loss is the bound or more, the capital is expected to be at most 1, whatever the distribution."""
    bound = 0.1
    assert sum(value * chance for value, chance in zip(values, odds, strict=True)) >= bound - 1e-12
    gain = {value: (bound - value) / (1 - bound) for value in values}
    assert _expected_capital(values, odds, 5, gain) <= 1 + 1e-9


@given(st.lists(st.tuples(st.floats(-1, 3), st.floats(-1, 3)), min_size=1, max_size=40), st.integers(0, 2**32))
@MANY
def test_capital_of_each_set_is_that_of_its_rows(rows: list[tuple[float, float]], seed: int) -> None:
    """Sets that grow row by row have the capital that each has by itself, whatever the order of its rows."""
    inside, outside = (np.array(column) for column in zip(*rows, strict=True))
    found = Game(inside=inside, outside=outside, ends=np.arange(len(rows) + 1)).log_capital()
    for end in (0, len(rows) // 2, len(rows)):
        mixed = np.random.default_rng(seed).permutation(np.concatenate((inside[:end], outside[end:])))
        factors = [float(np.log1p(stake * mixed).sum()) for stake in stakes(len(rows))]
        assert isclose(found[end], float(np.logaddexp.reduce(factors)) - log(len(factors)), abs_tol=1e-9)


def test_plan_of_a_bet_reaches_its_goal() -> None:
    """So many rows like these bring the capital to its goal, and a tenth fewer do not."""
    gains = np.tile([0.1, 0.1, 0.1, -0.2], 25)
    game = Game(inside=gains, outside=np.zeros(100), ends=np.array([100]))
    needed = game.needed(0, 0.1)
    assert needed is not None
    assert needed > 100

    def capital(rows: int) -> float:
        logs = [float(np.log1p(stake * gains).mean()) * rows for stake in stakes(100)]
        return float(np.logaddexp.reduce(logs)) - log(len(logs))

    assert capital(needed) >= log(10)
    assert capital(int(needed * 0.9)) < log(10)
    assert Game(inside=-gains, outside=np.zeros(100), ends=np.array([100])).needed(0, 0.1) is None
