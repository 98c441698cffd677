"""Time and memory of `slmdecide traffic` on a large chat log, against DuckDB's own reading and counting of the same file.

    python benchmarks/traffic_scale.py DIR [CALLS]

DIR holds the messages (see traffic_calls.py); CALLS is 2,000,000 by default. A tenth of the calls is made first and timed,
then the whole, in which that tenth stands ten times.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from traffic_calls import calls, chat_row

_COUNT = (
    "import duckdb, sys; print(duckdb.sql(f\"SELECT count(*) FROM read_json('{sys.argv[1]}', format='newline_delimited')\").fetchall())"
)
_TRAFFIC = "import sys; from slmdecide.cli import main; sys.argv = ['slmdecide', 'traffic', sys.argv[1], '--format', 'json']; main()"
_GIB = 2**20


def timed(program: str, path: Path) -> tuple[float, float]:
    """Seconds and peak GiB of a Python program that is given the file."""
    begun = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    assert status == 0, f"ended with {os.waitstatus_to_exitcode(status)}: {program}"
    return time.perf_counter() - begun, usage.ru_maxrss / _GIB


def main() -> None:
    """Prints both times, their ratio, the memory, and how both grow with ten times the calls."""
    folder, n = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2_000_000
    with tempfile.TemporaryDirectory() as name:
        tenth, whole = Path(name) / "tenth.jsonl", Path(name) / "whole.jsonl"
        with tenth.open("w", encoding="utf-8") as stream:
            for k, call in enumerate(calls(folder, n // 10)):
                stream.write(json.dumps(chat_row(call, k, n // 10)) + "\n")
        with whole.open("wb") as stream:
            for _ in range(10):
                stream.write(tenth.read_bytes())
        results = {}
        for path, rows in ((tenth, n // 10), (whole, n)):
            base, _ = timed(_COUNT, path)
            took, memory = timed(_TRAFFIC, path)
            results[rows] = took
            size = path.stat().st_size / 1e9
            print(f"{rows:>9,} calls, {size:.2f} GB: DuckDB reads and counts in {base:.1f} s; traffic {took:.1f} s", end="")
            print(f" = {took / base:.1f} times (asked: at most 6), {memory:.2f} GiB (asked: under 2)")
        print(f"ten times the calls take {results[n] / results[n // 10]:.1f} times as long (asked: at most 12)")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
