"""Time and memory of `slmdecide traffic` on a large chat log, against DuckDB's own reading of the same file.

    python benchmarks/traffic_scale.py DIR [CALLS]

DIR holds the messages (see traffic_calls.py); CALLS is 2,000,000 by default. A tenth of the calls is made first and timed,
then the whole. All calls are made anew, so that none stands there twice but by chance. Two baselines, in the same run: DuckDB reads
and counts the lines, and DuckDB reads the fields that a count by model needs and adds them up. Each is a process of its own, with its
start; the least of three times is taken of each, since other programs can only make them longer.
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
from typing import NamedTuple

from traffic_calls import calls, chat_row

_COUNT = "SELECT count(*) FROM read_json('{path}', format='newline_delimited')"
_FIELDS = """
SELECT response.model, count(*), sum(response.usage.prompt_tokens), sum(response.usage.completion_tokens),
  sum(length(request.messages[-1].content)), sum(length(response.choices[1].message.content))
FROM read_json('{path}', format='newline_delimited', ignore_errors=true, columns={{
  request: 'STRUCT(messages STRUCT(role VARCHAR, content VARCHAR)[])',
  response: 'STRUCT(model VARCHAR, choices STRUCT(message STRUCT(content VARCHAR))[],
    usage STRUCT(prompt_tokens BIGINT, completion_tokens BIGINT))'}})
GROUP BY ALL
"""
_QUERY = "import duckdb, sys; print(duckdb.sql(sys.argv[2].format(path=sys.argv[1])).fetchall())"
_TRAFFIC = "import sys; from slmdecide.cli import main; sys.argv = ['slmdecide', 'traffic', sys.argv[1], '--format', 'json']; main()"
_GIB = 2**20
_TIMES = 3


class Timed(NamedTuple):
    """What a process took."""

    wall_s: float
    cpu_s: float
    memory_gib: float
    """At its peak."""


def timed(program: str, *arguments: str) -> Timed:
    """What a Python program with these arguments takes."""
    begun = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    assert status == 0, f"ended with {os.waitstatus_to_exitcode(status)}: {program}"
    return Timed(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / _GIB)


def least(times: int, program: str, *arguments: str) -> Timed:
    """The quickest of so many runs."""
    return min(timed(program, *arguments) for _ in range(times))


def write(folder: Path, path: Path, n: int, seed: int) -> None:
    """A log of `n` calls."""
    with path.open("w", encoding="utf-8") as stream:
        for k, call in enumerate(calls(folder, n, seed)):
            stream.write(json.dumps(chat_row(call, k, n)) + "\n")


def main() -> None:
    """Prints the times, their ratios, the memory, and how both grow with ten times the calls."""
    folder, n = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2_000_000
    with tempfile.TemporaryDirectory() as name:
        results: dict[int, Timed] = {}
        for rows in (n // 10, n):
            path = Path(name) / f"{rows}.jsonl"
            write(folder, path, rows, seed=rows)
            counting, reading = (least(_TIMES, _QUERY, str(path), query) for query in (_COUNT, _FIELDS))
            found = results[rows] = least(_TIMES, _TRAFFIC, str(path))
            size = path.stat().st_size / 1e9
            print(f"{rows:>9,} calls, {size:.2f} GB: traffic {told(found)}, {found.memory_gib:.2f} GiB (asked: under 2)")
            for words, base in (("reads and counts", counting), ("reads the fields and adds them up", reading)):
                print(f"          DuckDB {words}: {told(base)}; traffic takes {found.wall_s / base.wall_s:.1f} times as long", end="")
                print(f", {found.cpu_s / base.cpu_s:.1f} times the CPU" + (" (asked: at most 6)" if base is counting else ""))
            path.unlink()
        small, large = results[n // 10], results[n]
        print(f"ten times the calls take {large.wall_s / small.wall_s:.1f} times as long (asked: at most 12)", end="")
        print(f" and {large.memory_gib / small.memory_gib:.1f} times the memory")


def told(found: Timed) -> str:
    """Wall and CPU time in words."""
    return f"{found.wall_s:.1f} s ({found.cpu_s:.1f} s of CPU)"


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
