"""How long a backtest of 100,000 comparisons takes, against reading the same file with csv alone.

The file holds the shipped comparisons again and again, each copy with another source, size and length. The target is under
5 s for all.

    python benchmarks/backtest_speed.py [rows] [sources]
"""

from __future__ import annotations

import csv
import random
import sys
import tempfile
import time
from pathlib import Path

from slmdecide.core.backtest import LISTED, Rules, Skips, on_file
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.comparison_file import read_comparisons
from slmdecide.readers.head_to_head import HEAD_TO_HEAD


def write(path: Path, rows: int, sources: int) -> None:
    """A file of so many comparisons."""
    chance = random.Random(20261124)  # noqa: S311  (not a secret)
    with HEAD_TO_HEAD.open(encoding="utf-8", newline="") as stream:
        given = list(csv.DictReader(stream))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(given[0]))
        writer.writeheader()
        for i in range(rows):
            row = given[i % len(given)]
            varied = {"id": f"X{i}", "source": f"source {chance.randrange(sources)}", "dataset": f"set {i}"}
            size = {"small_params_b": chance.choice((1, 3, 7, 8, 14)), "input_tokens_typical": chance.randrange(20, 20_000)}
            writer.writerow({**row, **varied, **size})


def main() -> None:
    """Print both times and their ratio."""
    rows, sources = (int(one) for one in (*sys.argv[1:], *("100000", "500")[len(sys.argv) - 1 :]))
    catalog = load_catalog()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "comparisons.csv"
        write(path, rows, sources)
        start = time.perf_counter()
        with path.open(encoding="utf-8", newline="") as stream:
            plain = sum(1 for _ in csv.DictReader(stream))
        plainly = time.perf_counter() - start
        start = time.perf_counter()
        found = read_comparisons(path, LISTED)
        reading = time.perf_counter() - start
        start = time.perf_counter()
        report = on_file(
            found.rows,
            catalog.head_to_head.rows,
            catalog.reference,
            Rules(catalog.criteria, catalog.natures),
            2.0,
            data=path.name,
            skips=Skips(found.skipped, found.by_problem),
        )
        scoring = time.perf_counter() - start
    together = reading + scoring
    print(f"{plain} rows, {report.scores.n} scored, {report.scores.sources} sources")
    print(f"csv.DictReader alone  {plainly:6.2f} s  (baseline)")
    print(f"reading and checking  {reading:6.2f} s")
    print(f"scoring               {scoring:6.2f} s")
    print(f"together              {together:6.2f} s  {together / plainly:.1f} x the baseline")


if __name__ == "__main__":
    main()
