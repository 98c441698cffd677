"""How long a page takes and how large it is, against one chart that Altair alone writes with its library inside.

Whole processes, in turn, several rounds; read the ratios. The first page on a machine bundles the chart library, which later
ones find in the user's cache: both are measured.

    python benchmarks/pages.py [rounds]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
CATALOGUE = sorted((ROOT / "profiles" / "catalogue").glob("*.yaml"))
TRIAGE = ROOT / "profiles" / "catalogue" / "support-triage.yaml"
BASELINE = """
import sys
import altair as alt
chart = alt.Chart(alt.InlineData(values=[{"a": 1, "b": 2}, {"a": 2, "b": 3}])).mark_line().encode(x="a:Q", y="b:Q")
open(sys.argv[1], "w").write(chart.to_html(inline=True))
"""
LIMIT_S, LIMIT_BYTES = 1.5, 2_500_000


def slmdecide(*arguments: object) -> list[str]:
    """A command line of ours."""
    return [sys.executable, "-m", "slmdecide", *map(str, arguments)]


def timed(command: list[str], cache: str) -> float:
    """Wall seconds of one process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "XDG_CACHE_HOME": cache}, capture_output=True)
    return time.perf_counter() - start


def main(rounds: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        one, many, page = (str(Path(folder) / name) for name in ("one.json", "many.json", "page.html"))
        subprocess.run(slmdecide("assess", TRIAGE, "--format", "json", "-o", one), check=True, cwd=ROOT)
        subprocess.run(slmdecide("assess", *CATALOGUE, "--format", "json", "-o", many), check=True, cwd=ROOT)
        kept = str(Path(folder) / "cache")
        commands = {
            "one chart by Altair alone, inline": [sys.executable, "-c", BASELINE, page],
            "report of one decision": slmdecide("report", one, "--format", "html", "-o", page),
            "report of one decision, nothing kept": slmdecide("report", one, "--format", "html", "-o", page),
            "assess --format html": slmdecide("assess", TRIAGE, "--format", "html", "-o", page),
            f"report of {len(CATALOGUE)} decisions": slmdecide("report", many, "--format", "html", "-o", page),
            "report of one decision as Markdown": slmdecide("report", one, "--format", "markdown", "-o", page),
        }
        timed(commands["report of one decision"], kept)
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        sizes = {}
        for turn in range(rounds):
            for name, command in commands.items():
                fresh = str(Path(folder) / f"fresh{turn}")
                seconds[name].append(timed(command, fresh if name.endswith("nothing kept") else kept))
                sizes[name] = Path(page).stat().st_size
        base = statistics.median(seconds["one chart by Altair alone, inline"])
        print(f"{'':<40} median s    ratio      bytes")
        for name, found in seconds.items():
            median = statistics.median(found)
            print(f"{name:<40} {median:8.2f} {median / base:8.2f} {sizes[name]:>10,}")
        print(f"targets: a page under {LIMIT_S} s and {LIMIT_BYTES:,} bytes")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
