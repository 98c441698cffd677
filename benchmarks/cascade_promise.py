"""How often the promise of a threshold is broken, beside a threshold picked in-sample.

The promise is about all requests, so the truth must be known. Each population here is a table of rows that stand for all
requests: made up, or the rows of a recorded file (a folder can be given). A run draws as many rows as the file has, with
replacement; one half chooses the threshold, the other half says where the walk may begin, and the threshold is then held
against the whole population. The rate of runs whose threshold breaks the promise must be at most delta. A run that certifies
nothing promises nothing and breaks nothing.

Beside it, for recorded rows, half splits of the file itself, drawn without replacement: against the truth of the whole file, and
against the other half alone. The latter is not the truth but an estimate from so many rows, with its own luck: it falls on the
wrong side more often than the promise is broken, and proves nothing. Last the usual way: the cheapest threshold that keeps
the promise on the rows at hand, all of them.

    python benchmarks/cascade_promise.py [FOLDER] [--runs 2000] [--delta 0.1]
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from math import inf, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from cascade_populations import Population, made_up, of_rows, recorded, rows

from slmdecide.cascade.candidates import Terms, candidates
from slmdecide.cascade.promise import certified, dearest

if TYPE_CHECKING:
    from slmdecide.cascade.columns import Pair
    from slmdecide.records.cascade import Question

QUESTIONS: tuple[Question, ...] = ("same_quality", "risk", "cost")
NAME_WIDTH = 46


@dataclass
class Tally:
    """What came of the runs of one row of the table."""

    runs: int = 0
    promised: int = 0
    broken: int = 0
    kept: float = 0.0

    def add(self, population: Population, terms: Terms, threshold: float | None) -> None:
        """Count one run; None promises nothing."""
        self.runs += 1
        if threshold is None:
            return
        self.promised += 1
        self.broken += breaks(population, terms, threshold)
        self.kept += population.kept(threshold) / population.pair.n


def breaks(population: Population, terms: Terms, threshold: float) -> bool:
    """Whether the threshold does not do what is promised, on the whole population."""
    if terms.question == "same_quality":
        return population.difference(threshold) < -terms.tolerance - 1e-12
    if terms.question == "risk":
        return population.risk(threshold) > terms.alpha + 1e-12
    assert terms.budget_usd_per_request is not None
    return population.cost(threshold) > terms.budget_usd_per_request * (1 + 1e-12)


def terms_for(population: Population, question: Question, delta: float) -> Terms:
    """Terms that are neither trivial nor hopeless: 2 points, half the small model's risk but at least 5 %, 60 % of all calls' cost."""
    pair = population.pair
    return Terms(
        question=question,
        alpha=max(0.05, round(population.risk(-inf) / 2, 3)),
        delta=delta,
        tolerance=0.02,
        budget_usd_per_request=population.cost(-inf) + 0.6 * (population.cost(inf) - population.cost(-inf)) if pair.n else None,
    )


def chosen(calibration: Pair, test: Pair, terms: Terms, ceiling: float) -> float | None:
    """The threshold that is promised; None if none is."""
    found = certified(candidates(calibration, test.confidence, terms, ceiling), terms.delta)
    return None if found is None else found.threshold


def naive(sample: Pair, terms: Terms) -> float | None:
    """The threshold that keeps most (for `cost`, that is right most often) while the promise is kept on these very rows."""
    order = np.argsort(-sample.confidence, kind="stable")
    confidence = sample.confidence[order]
    last = np.flatnonzero(np.concatenate((confidence[1:] != confidence[:-1], [True])))
    kept = last + 1
    small, large = sample.small_correct[order], sample.large_correct[order]
    difference = np.cumsum(small - large)[last]
    if terms.question == "same_quality":
        able = np.flatnonzero(difference / len(order) >= -terms.tolerance)
    elif terms.question == "risk":
        able = np.flatnonzero(np.cumsum(1 - small)[last] / kept <= terms.alpha)
    else:
        assert sample.small_cost_usd is not None
        assert sample.large_cost_usd is not None
        assert terms.budget_usd_per_request is not None
        paid = sample.small_cost_usd.sum() + sample.large_cost_usd.sum() - np.cumsum(sample.large_cost_usd[order])[last]
        able = np.flatnonzero(paid / len(order) <= terms.budget_usd_per_request)
        return None if not len(able) else float(confidence[last[able[np.argmax(difference[able])]]])
    return None if not len(able) else float(confidence[last[able[-1]]])


def measure(population: Population, question: Question, runs: int, delta: float) -> dict[str, Tally]:
    """Tallies of the promise, of half splits and of the usual way."""
    terms = terms_for(population, question, delta)
    tallies = {"promise": Tally(), "half splits": Tally(), "other half": Tally(), "in-sample": Tally()}
    random = np.random.default_rng(1)
    half = population.sample_size // 2
    ceiling = dearest(population.pair)
    is_recorded = population.sample_size == population.pair.n
    for _ in range(runs):
        sample = population.sample(random, population.sample_size)
        first, second = rows(sample, np.arange(half)), rows(sample, np.arange(half, population.sample_size))
        tallies["promise"].add(population, terms, chosen(first, second, terms, ceiling))
        tallies["in-sample"].add(population, terms, naive(sample, terms))
        if is_recorded:
            drawn = random.permutation(population.pair.n)
            first, second = rows(population.pair, drawn[:half]), rows(population.pair, drawn[half:])
            threshold = chosen(first, second, terms, ceiling)
            tallies["half splits"].add(population, terms, threshold)
            tallies["other half"].add(of_rows(population.name, second, half), terms, threshold)
    return tallies


def line(name: str, question: str, tallies: dict[str, Tally]) -> str:
    """One row of the table."""
    promise, usual = tallies["promise"], tallies["in-sample"]
    split = [tallies[one] for one in ("half splits", "other half")]
    halves = "".join(f"{one.broken / one.runs:12.1%}" if one.runs else f"{'–':>12}" for one in split)
    kept = promise.kept / promise.promised if promise.promised else 0.0
    shares = f"{promise.promised / promise.runs:9.1%} {kept:6.1%} {promise.broken / promise.runs:8.1%}"
    return f"{name:{NAME_WIDTH}.{NAME_WIDTH}} {question:13}{shares} {halves} {usual.broken / usual.runs:10.1%}"


def main() -> int:
    """Print the table; exit 1 if a promise is broken too often."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="recorded pairs, <set>__<small>__<large>.csv")
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--delta", type=float, default=0.1)
    given = parser.parse_args()
    populations = made_up() + (recorded(given.folder) if given.folder is not None else [])
    # What δ may be overshot by in so many runs, three standard errors.
    allowed = given.delta + 3 * sqrt(given.delta * (1 - given.delta) / given.runs)
    print(f"{given.runs:,} runs each, delta {given.delta:g}: a promise may be broken in {given.delta:.1%}, by chance up to {allowed:.1%}")
    heads = ("promised", 9), ("kept", 7), ("broken", 9), ("half splits", 12), ("other half", 12), ("in-sample", 11)
    print(f"{'population':{NAME_WIDTH}} {'question':13}" + "".join(f"{name:>{width}}" for name, width in heads))
    worst = worst_usual = 0.0
    for population in populations:
        for question in QUESTIONS:
            tallies = measure(population, question, given.runs, given.delta)
            print(line(population.name, question, tallies), flush=True)
            worst = max(worst, *(one.broken / one.runs for one in (tallies["promise"], tallies["half splits"]) if one.runs))
            worst_usual = max(worst_usual, tallies["in-sample"].broken / tallies["in-sample"].runs)
    print(f"worst: promise broken in {worst:.1%} of the runs; picked in-sample, in {worst_usual:.1%}")
    return int(worst > allowed)


if __name__ == "__main__":
    sys.exit(main())
