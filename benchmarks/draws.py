"""How near the percentiles of a break-even come to the true ones: evenly spread draws against as many pseudo-random ones.

The truth is the mean over 200 seeds of 100,000 pseudo-random draws each. Error: root mean square over the seeds, relative to the truth.

    python benchmarks/draws.py [seeds]
"""

from __future__ import annotations

import statistics
import sys
from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from slmdecide.core.replicate import host_of
from slmdecide.money import sampling
from slmdecide.readers.files import DATA
from slmdecide.readers.table import read_table
from slmdecide.records.assessment import Band
from slmdecide.records.breakeven import Opponent, PublishedCell, SelfHosting, Workload

if TYPE_CHECKING:
    from collections.abc import Callable

REFERENCE_SEEDS, REFERENCE_DRAWS = 200, 100_000
EVEN = sampling._uniform  # noqa: SLF001  (the two kinds of numbers take turns in one calculation)


class Case(NamedTuple):
    """A break-even with all its bands."""

    name: str
    host: SelfHosting
    work: Workload
    opponent: Opponent
    decline_per_year: float


def pseudo_random(column: int, draws: int, seed: int) -> np.ndarray:
    """What was used before: numpy's generator."""
    return np.random.default_rng([seed, column]).random(draws)


def cases() -> list[Case]:
    """One replica, many, rented, and falling prices under which part of the draws never pays."""
    cells = read_table(DATA / "evidence" / "break_even_2509_18101.csv", PublishedCell)
    host = replace(
        host_of(cells[0]),
        tokens_per_second=Band(low=550.0, typical=800.0, high=1100.0),
        gpu_usd=Band(low=9_000.0, typical=15_000.0, high=25_000.0),
    )
    rented = replace(host, hosting="rented_gpu", gpu_usd=None, rent_usd_per_gpu_hour=Band(low=1.5, typical=2.2, high=4.0))
    api = Opponent(name="api", kind="named", input_usd_per_mtok=3.0, output_usd_per_mtok=15.0)
    one = Workload(tokens_per_month=4e8, output_share=2 / 3, uncertainty_share=0.2)
    return [
        Case("one replica", host, one, api, 0.0),
        Case("many replicas", host, replace(one, tokens_per_month=2e10), api, 0.0),
        Case("rented, many replicas", rented, replace(one, tokens_per_month=2e10), api, 0.0),
        Case("falling prices", host, one, replace(api, input_usd_per_mtok=2.0, output_usd_per_mtok=10.0), 0.1),
    ]


def figures(case: Case, draws: int, seed: int) -> dict[str, float]:
    """What the draws give, by name."""
    found = sampling.spread(case.host, case.work, case.opponent, decline_per_year=case.decline_per_year, draws=draws, seed=seed)
    assert found is not None
    told = {"never": found.never_share}
    for name, band in (("months", found.months), ("tokens", found.tokens)):
        if band is not None:
            told |= {f"{name} p10": band.low, f"{name} p50": band.typical, f"{name} p90": band.high}
    return told


def with_numbers(uniform: Callable[[int, int, int], np.ndarray], case: Case, draws: int, seeds: int) -> list[dict[str, float]]:
    """The figures of each seed."""
    sampling._uniform = uniform  # noqa: SLF001
    return [figures(case, draws, 1000 + seed) for seed in range(seeds)]


def error(found: list[dict[str, float]], name: str, truth: float) -> float:
    """Root mean square, relative."""
    return sqrt(statistics.fmean((one[name] / truth - 1) ** 2 for one in found))


def main() -> None:
    """Print both errors of each figure, and their quotient."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(f"{sampling.DRAWS:,} draws, {seeds} seeds; relative errors")
    print(f"{'':38} pseudo-random      even  times nearer")
    quotients = []
    for case in cases():
        reference = with_numbers(pseudo_random, case, REFERENCE_DRAWS, REFERENCE_SEEDS)
        random, even = (with_numbers(kind, case, sampling.DRAWS, seeds) for kind in (pseudo_random, EVEN))
        for name in reference[0]:
            truth = statistics.fmean(one[name] for one in reference)
            if truth in (0, 1):
                continue
            before, now = error(random, name, truth), error(even, name, truth)
            if now:
                quotients.append(before / now)
                print(f"{case.name:24} {name:13} {before:13.3%} {now:9.3%} {before / now:13.1f}")
    print(f"times nearer: {min(quotients):.1f} to {max(quotients):.1f}, median {statistics.median(quotients):.1f}")


if __name__ == "__main__":
    main()
