"""How many answers a promised threshold keeps, by the way in which it is found: shipped way against others that are as valid.

Samples of made-up populations, half of them to choose on; the figure is the mean share of answers that the promised threshold
keeps, 0 where nothing is promised. Every way keeps the promise (delta 0.1); the more it keeps the better.

    python benchmarks/cascade_power.py [--runs 200]
"""

from __future__ import annotations

import argparse
from functools import partial
from math import inf, log
from typing import TYPE_CHECKING

import numpy as np
from cascade_populations import made_up, rows

from slmdecide.cascade.candidates import Terms, candidates
from slmdecide.cascade.evidence import Bets
from slmdecide.measure.bounds import at_most_p, least_n

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from slmdecide.cascade.columns import Column, Flags, Pair
    from slmdecide.records.cascade import Question

    Way = Callable[[Pair, Pair, Terms], float]
    """Share of the calibration rows that is kept at the promised threshold."""

DELTA = 0.1
SIZES = (300, 600, 1500, 5000)
N_GRID = 20


def ranked(pair: Pair) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Rows by falling confidence, and how many are kept at each threshold, from none to all."""
    order = np.argsort(-pair.confidence, kind="stable")
    falling = pair.confidence[order]
    return order, np.concatenate(([0], np.flatnonzero(np.concatenate((falling[1:] != falling[:-1], [True]))) + 1))


def quantile(test: Pair, kept: float) -> float:
    """The threshold that keeps so many of the other half; +inf keeps none."""
    return inf if kept <= 0 else float(np.sort(test.confidence)[::-1][min(test.n, int(np.ceil(kept * test.n))) - 1])


def place(calibration: Pair, ends: NDArray[np.int64], threshold: float) -> int:
    """Place in the order of testing of the threshold that keeps the same calibration rows."""
    return int(np.searchsorted(ends, np.count_nonzero(calibration.confidence >= threshold), side="right")) - 1


def walked(refuted: Flags, begin: int, ends: NDArray[np.int64]) -> int:
    """Rows that are kept where testing in turn ends; 0 if the first fails."""
    failed = np.flatnonzero(~refuted[begin:])
    last = (begin + int(failed[0]) if len(failed) else len(ends)) - 1
    return int(ends[last]) if last >= begin else 0


def shipped(calibration: Pair, test: Pair, terms: Terms) -> float:
    """The way of the product."""
    tested = candidates(calibration, test.confidence, terms, 0.0)
    if tested.begin is None:
        return 0.0
    return walked(tested.evidence.refutes(terms.delta), tested.begin, ranked(calibration)[1]) / calibration.n


def from_starts(calibration: Pair, test: Pair, terms: Terms, starts: tuple[float, ...]) -> float:
    """The shipped evidence from other starts, shares of the rows that are kept, with an equal part of delta each."""
    tested, ends = candidates(calibration, test.confidence, terms, 0.0), ranked(calibration)[1]
    refuted = tested.evidence.refutes(terms.delta / len(starts))
    return max(walked(refuted, place(calibration, ends, quantile(test, one)), ends) for one in starts) / calibration.n


def on_grid(calibration: Pair, test: Pair, terms: Terms, *, bonferroni: bool) -> float:
    """The shipped evidence on few thresholds of the other half, one after the other, or all with an equal part of delta each."""
    tested, every = candidates(calibration, test.confidence, terms, 0.0), ranked(calibration)[1]
    at = np.array([place(calibration, every, quantile(test, one)) for one in np.linspace(0, 1, N_GRID + 1)])
    if bonferroni:
        passed = np.flatnonzero(tested.evidence.refutes(terms.delta / N_GRID)[at])
        return float(every[at[passed[-1]]]) / calibration.n if len(passed) else 0.0
    if tested.begin is None:
        return 0.0
    begin = min(int(np.searchsorted(at, tested.begin)), N_GRID)
    return walked(tested.evidence.refutes(terms.delta)[at], begin, every[at]) / calibration.n


def by_betting(calibration: Pair, test: Pair, terms: Terms) -> float:
    """Betting in place of the exact test, in the shipped sequence."""
    order, ends = ranked(calibration)
    if terms.question == "risk":
        loss = (1 - calibration.small_correct)[order]
        bets = Bets.on(inside=(terms.alpha - loss) / (1 - terms.alpha), outside=0 * loss, ends=ends, rows=len(loss))
    else:
        difference = (calibration.small_correct - calibration.large_correct)[order]
        outside = np.full_like(difference, terms.tolerance / (1 - terms.tolerance))
        inside = (difference + terms.tolerance) / (1 - terms.tolerance)
        bets = Bets.on(inside=inside, outside=outside, ends=ends, rows=len(difference))
    begin = candidates(calibration, test.confidence, terms, 0.0).begin
    return 0.0 if begin is None else walked(bets.refutes(terms.delta), begin, ends) / calibration.n


def by_hoeffding_bentkus(calibration: Pair, test: Pair, terms: Terms) -> float:
    """The bound that Learn then Test comes with, in the shipped sequence."""
    order, ends = ranked(calibration)
    if terms.question == "risk":
        total = np.concatenate(([0.0], np.cumsum((1 - calibration.small_correct)[order])))[ends]
        p_value = hoeffding_bentkus(total, ends, terms.alpha)
    else:
        difference = np.concatenate(([0.0], np.cumsum((calibration.small_correct - calibration.large_correct)[order])))[ends]
        # Differences of −1 to 1 as losses of 0 to 1.
        p_value = hoeffding_bentkus((calibration.n - difference) / 2, np.full(len(ends), calibration.n), (1 + terms.tolerance) / 2)
    begin = candidates(calibration, test.confidence, terms, 0.0).begin
    return 0.0 if begin is None else walked(p_value <= terms.delta, begin, ends) / calibration.n


def hoeffding_bentkus(total: Column, n: NDArray[np.int64], mean: float) -> Column:
    """p-value of "the mean loss is `mean` or more" (Bates et al., J. ACM 68(6), 2021, section 3.1.3; arXiv 2101.02703)."""
    share = np.clip(total / np.maximum(n, 1), 1e-12, mean)
    divergence = share * np.log(share / mean) + (1 - share) * (np.log1p(-share) - log(1 - mean))
    return np.where(n > 0, np.minimum(np.exp(-n * divergence), np.e * at_most_p(np.ceil(total - 1e-9), n, mean)), 1.0)


def ways(question: Question) -> dict[str, Way]:
    """What is compared."""
    found: dict[str, Way] = {
        "shipped": shipped,
        "betting": by_betting,
        "Hoeffding-Bentkus": by_hoeffding_bentkus,
        f"{N_GRID} thresholds in turn": partial(on_grid, bonferroni=False),
        f"{N_GRID} thresholds, Bonferroni": partial(on_grid, bonferroni=True),
    }
    if question == "same_quality":
        found["starts at 0, 1/3, 2/3 kept"] = partial(from_starts, starts=(0.0, 1 / 3, 2 / 3))
        found["start at 1/2 kept"] = partial(from_starts, starts=(0.5,))
        return found

    def one_start(calibration: Pair, test: Pair, terms: Terms, times: float) -> float:
        first = min(1.0, times * least_n(terms.alpha, terms.delta) / calibration.n)
        return from_starts(calibration, test, terms, (first,))

    for times in (1.0, 2.5, 5.0):
        found[f"start at {times:g} times the least"] = partial(one_start, times=times)
    found["starts at 1/4, 1/2, 3/4 kept"] = partial(from_starts, starts=(0.25, 0.5, 0.75))
    return found


def main() -> None:
    """Print one table for each question."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    given = parser.parse_args()
    populations = [one for one in made_up() if one.name not in ("no signal", "partial credit")]
    questions: tuple[Question, ...] = ("same_quality", "risk")
    for question in questions:
        print(f"{question}: mean share kept, {given.runs} runs of each of {len(populations)} populations, by rows")
        print(f"{'':28}" + "".join(f"{size:>8,}" for size in SIZES) + f"{'mean':>8}")
        for name, way in ways(question).items():
            means = []
            for size in SIZES:
                random = np.random.default_rng(2)
                kept = []
                for population in populations:
                    alpha = max(0.05, round(population.risk(-inf) / 2, 3))
                    terms = Terms(question=question, alpha=alpha, delta=DELTA, tolerance=0.02, budget_usd_per_request=None)
                    for _ in range(given.runs):
                        sample = population.sample(random, size)
                        kept.append(way(rows(sample, np.arange(size // 2)), rows(sample, np.arange(size // 2, size)), terms))
                means.append(float(np.mean(kept)))
            print(f"{name:28}" + "".join(f"{one:8.1%}" for one in means) + f"{np.mean(means):8.1%}", flush=True)


if __name__ == "__main__":
    main()
