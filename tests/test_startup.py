"""What the cheap paths do not import: litellm takes seconds, pandas half of one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import run

ROOT = Path(__file__).parents[1]
PROFILE = "profiles/catalogue/support-triage.yaml"
RUN = """
import json, runpy, sys
sys.argv = ["slmdecide", *sys.argv[1:]]
try:
    runpy.run_module("slmdecide", run_name="__main__")
except SystemExit as end:
    print(json.dumps({"code": end.code, "modules": sorted(sys.modules)}), file=sys.stderr)
"""
HEAVY = {"litellm", "pandas", "scipy", "genai_prices", "jinja2", "httpx", "httpx2"}
BREAK_EVEN = ["breakeven", "--gpu", "a100", "--tokens", "5e9"]


def loaded(arguments: list[str]) -> set[str]:
    """Every module, with its package's name, that is loaded when the command ends well."""
    done = subprocess.run([sys.executable, "-c", RUN, *arguments], capture_output=True, text=True, cwd=ROOT, check=False)
    told = json.loads(done.stderr.splitlines()[-1])
    assert told["code"] == 0, done.stderr
    return set(told["modules"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["assess", "--help"],
        ["breakeven", "--help"],
        ["throughput", "--help"],
        ["assess", PROFILE],
        ["assess", PROFILE, "--format", "json"],
        ["validate", PROFILE],
    ],
    ids=" ".join,
)
def test_cheap_paths_import_nothing_heavy(arguments: list[str]) -> None:
    """Neither litellm nor pandas nor numpy is loaded."""
    assert not loaded(arguments) & {*HEAVY, "numpy"}


@pytest.mark.parametrize("arguments", [["--help"], ["breakeven", "--help"], ["throughput", "--help"]], ids=" ".join)
def test_help_reads_no_data(arguments: list[str]) -> None:
    """The words that an option allows are listed without the records of the data sets."""
    assert not loaded(arguments) & {"yaml", "slmdecide.records.catalog", "slmdecide.records.assessment"}


def test_help_needs_nothing_that_validates() -> None:
    """No option of a command is looked at for the list of commands."""
    assert "pydantic" not in loaded(["--help"])


@pytest.mark.parametrize("output_format", ["text", "json"])
def test_break_even_imports_of_numpy_what_it_needs(output_format: str) -> None:
    """Draws take numpy, but neither its generators nor its masked arrays are loaded, nor what reports on assessments."""
    found = loaded([*BREAK_EVEN, "--format", output_format])
    assert "numpy" in found
    assert not found & {*HEAVY, "numpy.random", "numpy.ma", "slmdecide.money.scoring", "slmdecide.report.view"}


def test_break_even_makes_no_records_of_assessments() -> None:
    """Their many record types take longer to make than a break-even to compute."""
    assert "slmdecide.records.assessment" not in loaded(BREAK_EVEN)


@pytest.mark.parametrize("words", [(), ("prices",)])
def test_without_a_command_the_help_is_shown(words: tuple[str, ...]) -> None:
    """On stderr with exit code 2, as wrong usage, and readable."""
    ran = run(*words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Usage: ")
    assert "error:" not in ran.err


def test_one_command_loads_no_other() -> None:
    """Which other commands there are is only read where they are listed."""
    script = "import sys; sys.argv = ['slmdecide', 'schema']\nfrom slmdecide.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    script += "print([name for name in sys.modules if name.startswith('slmdecide.cli.b')], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
