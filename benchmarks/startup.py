"""How long `slmdecide assess` takes against a bare typer program that reads the same file with yaml and pydantic.

Both run as whole processes, in turn, several rounds; what counts is the ratio of the medians.

    python benchmarks/startup.py [rounds]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROFILE = ROOT / "profiles" / "catalogue" / "support-triage.yaml"
BARE = '''
from pathlib import Path
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


def seconds(command: list[str]) -> float:
    """Wall time of one run."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    return time.perf_counter() - start


def main() -> None:
    """Print both medians and their ratio."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE)
        commands = {
            "bare typer + yaml + pydantic": [sys.executable, str(bare), str(PROFILE)],
            "slmdecide assess": [sys.executable, "-m", "slmdecide", "assess", str(PROFILE)],
            "slmdecide assess --format json": [sys.executable, "-m", "slmdecide", "assess", str(PROFILE), "--format", "json"],
            "slmdecide validate": [sys.executable, "-m", "slmdecide", "validate", str(PROFILE)],
            "slmdecide --help": [sys.executable, "-m", "slmdecide", "--help"],
        }
        for command in commands.values():
            seconds(command)
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(seconds(command))
    base = statistics.median(times["bare typer + yaml + pydantic"])
    print(f"{rounds} rounds, medians; the limit for assess is {LIMIT} times the bare program")
    for name, found in times.items():
        middle = statistics.median(found)
        print(f"{name:34} {middle * 1e3:7.0f} ms  {middle / base:5.2f} x  (min {min(found) * 1e3:.0f}, max {max(found) * 1e3:.0f})")


if __name__ == "__main__":
    main()
