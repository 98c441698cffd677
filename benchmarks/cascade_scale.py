"""Prints how long the operating points of 1,000,000 recorded rows take, against one NumPy sort of the same column.

    python benchmarks/cascade_scale.py [ROWS] [--read]

Targets: all points and the frontier in under 2 s and within 4 times the sort; under 1 GB of memory in all; the same points for
any order of the rows. Two sorts are timed: np.sort, which moves the numbers of one column with vector instructions where NumPy
and the processor have them, and np.argsort, which also says where each row goes, as every replay must know. With `--read` a CSV
file of that many rows is written to a temporary folder and reported by the command, which shows what reading adds. Median of 7
after a warm-up, sorts and replay by turns.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from slmdecide.cascade.columns import Pair
from slmdecide.cascade.frontier import undominated
from slmdecide.cascade.replay import replay
from slmdecide.cli.cascade_options import Options
from slmdecide.cli.cascade_run import run

ROWS = 1_000_000
ROUNDS = 7


def example(n: int, *, digits: int | None = None) -> Pair:
    """Rows of a small model that knows how sure it is, and of a large one that is better; `digits` of the confidence make ties."""
    random = np.random.default_rng(0)
    confidence = random.beta(5, 1, n)
    return Pair(
        confidence=confidence if digits is None else np.round(confidence, digits),
        small_correct=(random.random(n) < confidence).astype(np.float64),
        large_correct=(random.random(n) < 0.9).astype(np.float64),
        small_cost_usd=random.gamma(4, 1e-5, n),
        large_cost_usd=random.gamma(4, 1e-4, n),
    )


def points_and_frontier(pair: Pair) -> int:
    """Number of points on the frontier."""
    return len(undominated(replay(pair)))


def seconds(work: Callable[[], object]) -> float:
    """Of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_mb() -> float:
    """Most memory that the process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def compared(title: str, pair: Pair) -> None:
    """Print the two times and their ratio."""
    points_and_frontier(pair)
    sorts, orders, replays = [], [], []
    for _ in range(ROUNDS):
        sorts.append(seconds(lambda: np.sort(pair.confidence)))
        orders.append(seconds(lambda: np.argsort(pair.confidence)))
        replays.append(seconds(lambda: points_and_frontier(pair)))
    sort, order, ours = statistics.median(sorts), statistics.median(orders), statistics.median(replays)
    points = replay(pair)
    print(f"{title}: {len(points.threshold):,} points, {points_and_frontier(pair):,} of them on the frontier")
    print(f"  np.sort {sort:.3f} s, np.argsort {order:.3f} s; points and frontier {ours:.3f} s =", end=" ")
    print(f"{ours / sort:.1f} and {ours / order:.1f} times (targets: under 2 s, at most 4 times)")
    turned = np.random.default_rng(1).permutation(pair.n)
    other = replay(
        Pair(
            confidence=pair.confidence[turned],
            small_correct=pair.small_correct[turned],
            large_correct=pair.large_correct[turned],
            small_cost_usd=np.asarray(pair.small_cost_usd)[turned],
            large_cost_usd=np.asarray(pair.large_cost_usd)[turned],
        )
    )
    same = np.array_equal(points.n_correct, other.n_correct) and np.array_equal(np.asarray(points.cost_usd), np.asarray(other.cost_usd))
    print(f"  rows in another order: {'every point the same, to the last bit' if same else 'DIFFERENT points'}")


def reported(n: int) -> None:
    """Print what the command takes from a file, in this process."""
    pair = example(n, digits=6)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        columns = (pair.confidence, pair.small_correct, pair.large_correct, pair.small_cost_usd, pair.large_cost_usd)
        with path.open("w", encoding="utf-8") as stream:
            stream.write("id,small_confidence,small_correct,large_correct,small_cost,large_cost\n")
            for start in range(0, n, 100_000):
                rows = zip(*(np.asarray(one)[start : start + 100_000].tolist() for one in columns), strict=True)
                stream.writelines(f"{place},{','.join(map(repr, row))}\n" for place, row in enumerate(rows, start=start))
        size = f"{path.stat().st_size / 1e6:.0f} MB of CSV"
        for options in (Options(results=path), Options(results=path, output_format="json")):
            start = time.perf_counter()
            run(options)
            took = time.perf_counter() - start
            print(f"slmdecide cascade, {size}, {options.output_format}: {took:.1f} s, {peak_mb():.0f} MB at most so far")


def main() -> None:
    """Print every figure."""
    numbers = [int(one) for one in sys.argv[1:] if one.isdigit()]
    n = numbers[0] if numbers else ROWS
    print(f"{n:,} rows, NumPy {np.__version__}")
    compared("all confidences different", example(n))
    compared("confidences of three digits", example(n, digits=3))
    print(f"memory: {peak_mb():.0f} MB at most, rows and interpreter included (target: under 1,000)")
    if "--read" in sys.argv:
        reported(n)


if __name__ == "__main__":
    main()
