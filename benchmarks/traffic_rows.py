"""Calls a second that are read row by row, of each log format, against what reading its JSON alone would take.

    python benchmarks/traffic_rows.py DIR [CALLS]

DIR holds the messages (see traffic_calls.py); CALLS is 200,000 by default. Each format is read in a process of its own, and so is each
baseline: `json.loads` of every line and nothing else, and DuckDB's count of the lines as JSON. Seconds are of the clock, peaks
of memory those of Linux.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import duckdb
from traffic_calls import calls
from traffic_formats import WRITERS

from slmdecide.traffic.read import write_calls

if TYPE_CHECKING:
    from collections.abc import Callable


class Ran(NamedTuple):
    """What one reading took."""

    rows: int
    seconds: float
    peak_mib: float


def ours(paths: list[Path]) -> int:
    """Rows that become calls in a Parquet file."""
    with tempfile.TemporaryDirectory() as name:
        account = write_calls(paths, Path(name) / "calls.parquet", None, strict=True, tell=lambda _: None)
    return sum(account.formats.values())


def plain(paths: list[Path]) -> int:
    """Lines, each as Python's own JSON reader has it."""
    n = 0
    for path in paths:
        with path.open("rb") as stream:
            for line in stream:
                json.loads(line)
                n += 1
    return n


def counted(paths: list[Path]) -> int:
    """Lines, as DuckDB counts them."""
    lines = duckdb.read_json([str(path) for path in paths], format="newline_delimited")
    return int(lines.aggregate("count(*)").fetchall()[0][0])


def timed(read: Callable[[list[Path]], int], paths: list[Path]) -> Ran:
    """In a process of its own, so that the peak is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_timed, (read, paths))


def _timed(read: Callable[[list[Path]], int], paths: list[Path]) -> Ran:
    begun = time.perf_counter()
    rows = read(paths)
    seconds = time.perf_counter() - begun
    # Not `getrusage`: its peak is that of the process before, where one was started from another.
    peak = next(line for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM:"))
    return Ran(rows, seconds, int(peak.split()[1]) / 1024)


def main() -> None:
    """Prints a line for each format."""
    made = list(calls(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 200_000))
    for what, write in WRITERS.items():
        with tempfile.TemporaryDirectory() as name:
            paths = write(Path(name), made)
            its = timed(ours, paths)
            told = f"{what}: {its.rows:,} rows, {its.rows / its.seconds:,.0f} a second, at most {its.peak_mib:.0f} MiB"
            if paths[0].suffix == ".jsonl":
                base, engine = timed(plain, paths), timed(counted, paths)
                told += f"; json.loads alone {base.rows / base.seconds:,.0f} a second, so {its.seconds / base.seconds:.1f} times its time"
                told += f"; DuckDB's count {engine.rows / engine.seconds:,.0f}, {its.seconds / engine.seconds:.0f} times"
            print(told, flush=True)


if __name__ == "__main__":
    main()
