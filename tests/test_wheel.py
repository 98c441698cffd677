"""The built wheel works in a fresh environment outside the checkout, with its data inside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The finished command; its output is shown if it failed."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.slow
def test_wheel_assesses_outside_the_checkout(tmp_path: Path) -> None:
    """`pip install` of the wheel, then `init --example` and `assess` far from the sources."""
    run(sys.executable, "-m", "build", "--outdir", tmp_path / "dist", ROOT, cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for folder in ("profiles", "pricing", "evidence"):
        assert any(name.startswith(f"slmdecide/data/{folder}/") for name in names)
    for template in ("page.html.j2", "page.css", "page.js", "numbers.js", "what_if.js"):
        assert f"slmdecide/report/templates/{template}" in names
    run(sys.executable, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    run(tmp_path / "env/bin/pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel, cwd=tmp_path)
    command = tmp_path / "env/bin/slmdecide"
    where = tmp_path / "elsewhere"
    where.mkdir()
    run(command, "init", "task.yaml", "--example", "support-triage", cwd=where)
    told = json.loads(run(command, "assess", "task.yaml", "--format", "json", cwd=where).stdout)
    assert told["verdict"]["family"] in ("small", "fine_tuned_small")
    run(command, "assess", "task.yaml", "--format", "html", "--output", "page.html", cwd=where)
    assert (where / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    module = run(tmp_path / "env/bin/python", "-c", "import slmdecide; print(slmdecide.__file__)", cwd=where).stdout
    assert str(tmp_path) in module
