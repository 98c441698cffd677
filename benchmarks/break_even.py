"""How long a million break-even scenarios take, vectorised against one by one; and the command against a bare typer program.

    python benchmarks/break_even.py [rounds]

The targets: a sweep of 1,000,000 points in under 2 s; the command in at most 2.5 times the bare program.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from slmdecide.core.replicate import host_of
from slmdecide.money.breakeven import api_usd_per_mtok, costs, planned_tokens_per_month, replicas
from slmdecide.money.sampling import spread, sweep, volumes
from slmdecide.readers.files import DATA
from slmdecide.readers.table import read_table
from slmdecide.records.breakeven import Opponent, PublishedCell, Workload

ROOT = Path(__file__).parents[1]
POINTS = 1_000_000
ONE_BY_ONE = 20_000
BARE = '''
import typer
app = typer.Typer(rich_markup_mode=None)

@app.command()
def add(a: float, b: float) -> None:
    """Print a sum."""
    print(a + b)

app()
'''
LIMIT = 2.5


def seconds(command: list[str]) -> float:
    """Wall time of one run."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    return time.perf_counter() - start


def main() -> None:
    """Print both comparisons."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    host = host_of(read_table(DATA / "evidence" / "break_even_2509_18101.csv", PublishedCell)[0])
    work = Workload(tokens_per_month=5e9, output_share=2 / 3)
    opponents = [Opponent(name=str(i), kind="named", input_usd_per_mtok=i, output_usd_per_mtok=4 * i) for i in (0.1, 1.0, 10.0)]
    points = volumes(1e6, 1e12, POINTS)

    start = time.perf_counter()
    sweep(host, work, opponents, points)
    vectorised = time.perf_counter() - start
    start = time.perf_counter()
    found, planned = costs(host), planned_tokens_per_month(host, work.output_share)
    prices = [api_usd_per_mtok(one, work) for one in opponents]
    for tokens in points[:: POINTS // ONE_BY_ONE].tolist():
        found.all_in(replicas(tokens, planned), host.amortisation_months)
        [price * tokens / 1e6 for price in prices if price is not None]
    plain = (time.perf_counter() - start) * POINTS / ONE_BY_ONE
    start = time.perf_counter()
    spread(host, work, opponents[1])
    draws = time.perf_counter() - start
    print(f"{POINTS:,} points, 3 opponents: {vectorised:.3f} s vectorised")
    print(f"one by one, the baseline, extrapolated from {ONE_BY_ONE:,}: {plain:.2f} s")
    print(f"10,000 draws for one opponent: {draws * 1e3:.1f} ms")

    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE)
        commands = {
            "bare typer": [sys.executable, str(bare), "1", "2"],
            "slmdecide breakeven": [sys.executable, "-m", "slmdecide", "breakeven", "--gpu", "a100", "--tokens", "5e9"],
            "slmdecide breakeven --replicate": [sys.executable, "-m", "slmdecide", "breakeven", "--replicate", "2509.18101"],
        }
        for command in commands.values():
            seconds(command)
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(seconds(command))
    base = statistics.median(times["bare typer"])
    print(f"{rounds} rounds, medians; the limit for the command is {LIMIT} times the bare program")
    for name, took in times.items():
        middle = statistics.median(took)
        print(f"{name:34} {middle * 1e3:7.0f} ms  {middle / base:5.2f} x  (min {min(took) * 1e3:.0f}, max {max(took) * 1e3:.0f})")


if __name__ == "__main__":
    main()
