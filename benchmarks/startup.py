"""How long the commands take from start to end, each against a bare typer program.

All run as whole processes, in turn, several rounds; what counts is the ratio of the medians of the wall times. On a machine
that others use as well the ratio of the processor times is the steadier one. `--help` stands against the
bare program's own `--help`, `breakeven` against the bare program, `assess` and `validate` against one that reads the same
file with yaml and pydantic. A bare program hardly has modules, so it matters whether Python finds ours compiled, as an
installer leaves them, or has to compile them at each start, as in a checkout under PYTHONDONTWRITEBYTECODE: both are measured.

    python benchmarks/startup.py [rounds]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import cache_from_source
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PROFILE = ROOT / "profiles" / "catalogue" / "support-triage.yaml"
BARE = '''
import typer
app = typer.Typer(rich_markup_mode=None)

@app.command()
def add(a: float, b: float) -> None:
    """Print a sum."""
    print(a + b)

app()
'''
BARE_READING = '''
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any
import typer, yaml
from pydantic import BaseModel

class Volume(BaseModel):
    model_config = {"extra": "allow"}
    requests_per_month: Any

class Profile(BaseModel):
    model_config = {"extra": "allow"}
    name: str
    nature: str
    volume: Volume

app = typer.Typer(rich_markup_mode=None)

@app.command()
def read(file: Path) -> None:
    """Read a profile and print its name."""
    print(Profile.model_validate(yaml.safe_load(file.read_text())).name)

app()
'''
LIMIT = 2.5
ROUNDS = 15


class Row(NamedTuple):
    """A command and what it is compared with."""

    name: str
    command: list[str]
    against: str | None
    """Name of the row that is the baseline; None for a baseline."""


def rows(folder: Path) -> list[Row]:
    """The programs, each baseline before what is compared with it."""
    bare, reading = folder / "bare.py", folder / "bare_reading.py"
    bare.write_text(BARE)
    reading.write_text(BARE_READING)
    ours = [sys.executable, "-m", "slmdecide"]
    plain, helping, with_file = "bare typer", "bare typer --help", "bare typer + yaml + pydantic"
    return [
        Row(helping, [sys.executable, str(bare), "--help"], None),
        Row("slmdecide --help", [*ours, "--help"], helping),
        Row(with_file, [sys.executable, str(reading), str(PROFILE)], None),
        Row("slmdecide assess", [*ours, "assess", str(PROFILE)], with_file),
        Row("slmdecide assess --format json", [*ours, "assess", str(PROFILE), "--format", "json"], with_file),
        Row("slmdecide validate", [*ours, "validate", str(PROFILE)], with_file),
        Row(plain, [sys.executable, str(bare), "1", "2"], None),
        Row("slmdecide breakeven", [*ours, "breakeven", "--gpu", "a100", "--tokens", "5e9"], plain),
    ]


class Took(NamedTuple):
    """One run. Seconds."""

    wall: float
    processor: float


def run(command: list[str], environment: dict[str, str]) -> Took:
    """How long one run took."""
    start, before = time.perf_counter(), getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment)
    wall, after = time.perf_counter() - start, getrusage(RUSAGE_CHILDREN)
    return Took(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def measure(found: list[Row], environment: dict[str, str], rounds: int) -> None:
    """Print each program's median, and its ratio to its baseline's."""
    times: dict[str, list[Took]] = {row.name: [] for row in found}
    for number in range(rounds + 1):
        for row in found:
            took = run(row.command, environment)
            if number:  # the first round fills caches
                times[row.name].append(took)
    middle = {name: Took(*map(statistics.median, zip(*taken, strict=True))) for name, taken in times.items()}
    print(f"{'':32}{'median':>9}{'least':>9}{'most':>9}{'ratio':>8}{'processor':>12}{'ratio':>8}  against")
    for row in found:
        own, walls = middle[row.name], [took.wall for took in times[row.name]]
        line = f"{row.name:32}{own.wall * 1e3:6.0f} ms{min(walls) * 1e3:6.0f} ms{max(walls) * 1e3:6.0f} ms"
        if row.against is None:
            print(f"{line}{'':8}{own.processor * 1e3:9.0f} ms")
        else:
            base = middle[row.against]
            ratios = own.wall / base.wall, own.processor / base.processor
            print(f"{line}{ratios[0]:8.2f}{own.processor * 1e3:9.0f} ms{ratios[1]:8.2f}  {row.against}")


def main() -> None:
    """Print one table for each way in which Python finds the modules."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")}
    with tempfile.TemporaryDirectory() as folder:
        found = rows(Path(folder))
        print(f"{rounds} rounds; the limit for assess and breakeven is a ratio of {LIMIT}")
        print("\nmodules compiled before, as an installer leaves them")
        measure(found, {**environment, "PYTHONPYCACHEPREFIX": str(Path(folder) / "compiled")}, rounds)
        if Path(cache_from_source(str(ROOT / "slmdecide" / "__init__.py"))).exists():
            print("\nour own modules compiled at each start: not measured, this checkout holds them compiled")
            return
        print("\nour own modules compiled at each start")
        measure(found, {**environment, "PYTHONDONTWRITEBYTECODE": "1"}, rounds)


if __name__ == "__main__":
    main()
