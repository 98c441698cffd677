"""How long a page takes and how large it is, against what the libraries alone take for the same charts.

Baselines: one chart that Altair writes with its library inside, and the charts of the page itself, their specifications ready,
written by vl-convert with the library once.

Whole processes, in turn, several rounds; read the ratios. The first page on a machine bundles the chart library, which later
ones find in the user's cache: both are measured.

    python benchmarks/pages.py [rounds]
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
CATALOGUE = sorted((ROOT / "profiles" / "catalogue").glob("*.yaml"))
TRIAGE = ROOT / "profiles" / "catalogue" / "support-triage.yaml"
BASELINE = """
import sys
import altair as alt
chart = alt.Chart(alt.InlineData(values=[{"a": 1, "b": 2}, {"a": 2, "b": 3}])).mark_line().encode(x="a:Q", y="b:Q")
open(sys.argv[1], "w").write(chart.to_html(inline=True))
"""
SAME_CHARTS = """
import json
import sys
import vl_convert
first, *others = json.load(open(sys.argv[1]))
parts = [vl_convert.vegalite_to_html(first, bundle=True), *(vl_convert.vegalite_to_html(one, bundle=False) for one in others)]
open(sys.argv[2], "w").write("".join(parts))
"""
LIMIT_S, LIMIT_BYTES = 1.5, 2_500_000


def slmdecide(*arguments: object) -> list[str]:
    """A command line of ours."""
    return [sys.executable, "-m", "slmdecide", *map(str, arguments)]


class Took(NamedTuple):
    """Seconds of one process."""

    wall: float
    cpu: float
    """Of all its threads, user and system: other work on the machine moves it less."""


def timed(command: list[str], cache: str) -> Took:
    """How long one process takes."""
    start = time.perf_counter()
    running = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "XDG_CACHE_HOME": cache}, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    assert running.returncode == 0
    return Took(time.perf_counter() - start, used.ru_utime + used.ru_stime)


def charts_of(page: Path) -> str:
    """The specifications of a page's charts, JSON."""
    found = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found is not None
    return json.dumps([one["spec"] for one in json.loads(found[1])["charts"]])


def main(rounds: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        one, many, page = (str(Path(folder) / name) for name in ("one.json", "many.json", "page.html"))
        subprocess.run(slmdecide("assess", TRIAGE, "--format", "json", "-o", one), check=True, cwd=ROOT)
        subprocess.run(slmdecide("assess", *CATALOGUE, "--format", "json", "-o", many), check=True, cwd=ROOT)
        kept = str(Path(folder) / "cache")
        charts = Path(folder) / "charts.json"
        timed(slmdecide("report", one, "--format", "html", "-o", page), kept)
        charts.write_text(charts_of(Path(page)), encoding="utf-8")
        commands = {
            "one chart by Altair alone, inline": [sys.executable, "-c", BASELINE, page],
            "the same charts by vl-convert alone": [sys.executable, "-c", SAME_CHARTS, str(charts), page],
            "report of one decision": slmdecide("report", one, "--format", "html", "-o", page),
            "report of one decision, nothing kept": slmdecide("report", one, "--format", "html", "-o", page),
            "assess --format html": slmdecide("assess", TRIAGE, "--format", "html", "-o", page),
            f"report of {len(CATALOGUE)} decisions": slmdecide("report", many, "--format", "html", "-o", page),
            "report of one decision as Markdown": slmdecide("report", one, "--format", "markdown", "-o", page),
        }
        seconds: dict[str, list[Took]] = {name: [] for name in commands}
        sizes = {}
        for turn in range(rounds):
            for name, command in commands.items():
                fresh = str(Path(folder) / f"fresh{turn}")
                seconds[name].append(timed(command, fresh if name.endswith("nothing kept") else kept))
                sizes[name] = Path(page).stat().st_size
        medians = {name: Took(*(statistics.median(kind) for kind in zip(*found, strict=True))) for name, found in seconds.items()}
        altair, same = list(medians.values())[:2]
        print(f"{'medians':<40}  wall s  CPU s  CPU to Altair  CPU to vl-convert      bytes")
        for name, took in medians.items():
            ratios = f"{took.cpu / altair.cpu:14.2f} {took.cpu / same.cpu:18.2f}"
            print(f"{name:<40} {took.wall:7.2f} {took.cpu:6.2f} {ratios} {sizes[name]:>10,}")
        print(f"targets: a page under {LIMIT_S} s and {LIMIT_BYTES:,} bytes")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
