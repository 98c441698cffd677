"""Whether a run of `slmdecide probe` under faults and kills has every example in its result once, and pays for none twice.

    python benchmarks/probe_faults.py [--calls 5000] [--share 0.2] [--kills 3] [--road litellm]

A fifth of the requests fail in every way that passes (429 and 503 with and without Retry-After, 500, resets before and after the
work is done, hangs, truncated and cut-off bodies, web pages); the process is killed with SIGKILL at random moments and resumed.
The server keeps the bill, by request id. The baseline is the same probe without faults and kills.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.fault_server import TRANSIENT, Server, faulty, serving  # noqa: E402
from tests.probe_case import Case, mostly_right  # noqa: E402

KINDS = (*TRANSIENT, "hang:30")
TIMEOUT_S = 3


def started(case: Case, *more: str) -> subprocess.Popen[bytes]:
    """The command as a process of its own."""
    arguments = case.arguments("--all", "--concurrency", 64, "--timeout", TIMEOUT_S, "--max-cost", 1000, "--format", "json", *more)
    out = (case.folder / "report.json").open("wb")
    environment = {**os.environ, "OPENAI_API_KEY": "none", "OPENAI_BASE_URL": case.server.url} if case.road == "litellm" else os.environ
    return subprocess.Popen([sys.executable, "-m", "slmdecide", *arguments], cwd=ROOT, env=environment, stdout=out, stderr=subprocess.PIPE)


def lines(case: Case) -> int:
    """Lines of the run file so far."""
    return case.run_file.read_bytes().count(b"\n") if case.run_file.exists() else 0


def probe(case: Case, kills: int, draw: random.Random) -> dict[str, Any]:
    """The report of the whole run, killed so often on the way."""
    at = sorted(draw.randrange(1, case.n) for _ in range(kills))
    more: tuple[str, ...] = ()
    for wanted in at:
        process = started(case, *more)
        while process.poll() is None and lines(case) < wanted:
            time.sleep(0.02)
        process.kill()
        process.wait()
        print(f"  killed at {lines(case)} lines, {len(case.server.bill)} requests billed", flush=True)
        more = ("--resume",)
    process = started(case, *more)
    _, err = process.communicate()
    text = (case.folder / "report.json").read_text(encoding="utf-8")
    if not text:
        raise SystemExit(err.decode())
    found: dict[str, Any] = json.loads(text)
    return found


def main() -> None:
    """Run both and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--road", choices=("own", "litellm"), default="own", help="as servers at an address are asked, or providers")
    given = parser.parse_args()
    draw = random.Random(given.seed)  # noqa: S311  (a benchmark)
    reports = {}
    for name, script, kills in (
        ("with faults and kills", faulty(given.share, KINDS, given.seed), given.kills),
        ("without", faulty(0.0), 0),
    ):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(answer=mostly_right(0.9), script=script)
            case = Case(Path(folder), server, n=given.calls, road=given.road)
            begun = time.perf_counter()
            with serving(server):
                report = probe(case, kills, draw)
            rows = case.rows()
            times = Counter(row["example_id"] for row in rows if row["error"] is None)
            reports[name] = report
            print(f"{name}: {len(rows)} lines in {time.perf_counter() - begun:.0f} s; {sum(server.requests.values())} requests")
            print(f"  faults: {dict(sorted(server.faults.items()))}")
            print(f"  examples answered exactly once: {sum(one == 1 for one in times.values())} of {given.calls}")
            failed = sum(row["error"] is not None for row in rows)
            print(f"  lines with an error: {failed}; requests billed: {len(server.bill)}, twice: {len(server.billed_twice)}")
            spent, unsure = report["spent_usd"], report["unsure_usd"]
            print(f"  the server's bill ${server.billed_usd:.6f}, spent by the report ${spent:.6f}, perhaps ${unsure:.6f} more")
            print(f"  score {report['models'][0]['score']:.4f} on {report['models'][0]['n']} examples")
    one, other = reports.values()
    same = one["models"][0]["score"] == other["models"][0]["score"] and abs(one["spent_usd"] - other["spent_usd"]) < 1e-9
    print(f"score and total are {'equal' if same else 'NOT equal'} with and without")


if __name__ == "__main__":
    main()
