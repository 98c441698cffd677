"""What the cheap paths do not import: litellm takes seconds, pandas half of one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROFILE = "profiles/catalogue/support-triage.yaml"
RUN = """
import json, runpy, sys
sys.argv = ["slmdecide", *sys.argv[1:]]
try:
    runpy.run_module("slmdecide", run_name="__main__")
except SystemExit as end:
    print(json.dumps({"code": end.code, "modules": sorted({name.split(".")[0] for name in sys.modules})}), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["assess", "--help"],
        ["assess", PROFILE],
        ["assess", PROFILE, "--format", "json"],
        ["validate", PROFILE],
    ],
    ids=" ".join,
)
def test_cheap_paths_import_nothing_heavy(arguments: list[str]) -> None:
    """Neither litellm nor pandas nor numpy is loaded."""
    done = subprocess.run([sys.executable, "-c", RUN, *arguments], capture_output=True, text=True, cwd=ROOT, check=False)
    told = json.loads(done.stderr.splitlines()[-1])
    assert told["code"] == 0, done.stderr
    assert not set(told["modules"]) & {"litellm", "pandas", "numpy", "genai_prices", "jinja2", "httpx", "httpx2"}
