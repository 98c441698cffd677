"""Reports on a terminal: as wide as it is, in colour where it has some, and names that the shell completes."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from slmdecide.report.escape import columns
from slmdecide.report.pages import view_of
from slmdecide.report.saved import read_saved
from slmdecide.report.text import write
from tests.running import run
from tests.saved_reports import KINDS, document_of

ROOT = Path(__file__).parents[1]
CATALOGUE = sorted((ROOT / "profiles" / "catalogue").glob("*.yaml"))
TRIAGE = ROOT / "profiles" / "catalogue" / "support-triage.yaml"


@pytest.mark.parametrize("path", CATALOGUE, ids=lambda path: path.stem)
def test_every_ready_profile_fits_80_columns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line of the full report takes more than 80 columns, and none of it is cut to fit."""
    monkeypatch.setenv("COLUMNS", "80")
    ran = run("assess", path, "--full")
    assert ran.code == 0
    assert max(map(columns, ran.out.splitlines())) <= 80
    assert "…" not in ran.out.partition("Evidence")[0]


LISTS = (
    ("models",), ("models", "llama-3.1-8b"), ("gpus",), ("gpus", "a100"), ("gpus", "h100-sxm"), ("prices", "list"),
    ("prices", "show", "gpt-4o"), ("prices", "compare", "gpt-4o", "gpt-4o-mini"), ("prices", "check"), ("config",),
    ("throughput", "--model", "llama-3.1-8b", "--gpu", "a100"),
)  # fmt: skip


@pytest.mark.parametrize(("given", "most"), [("", 80), ("80", 80), ("60", 60), ("132", 132)])
@pytest.mark.parametrize("arguments", LISTS, ids=" ".join)
def test_lists_fit(arguments: tuple[str, ...], given: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list keeps to the terminal, and to 80 columns where there is none; only an address or an id may be longer than a line."""
    monkeypatch.setenv("COLUMNS", given)
    ran = run(*arguments)
    assert ran.code == 0, ran.err
    assert not [line for line in ran.out.splitlines() if columns(line) > most and len(line.split()) > 1]


def test_what_has_no_room_is_named_and_everything_is_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """The note names the columns that were left out; a wide terminal has them, and an id is never cut."""
    monkeypatch.setenv("COLUMNS", "80")
    narrow = run("models").out
    assert "No room for: " in narrow
    assert "licence" in narrow.partition("No room for: ")[2]
    monkeypatch.setenv("COLUMNS", "250")
    wide = run("models").out
    assert "No room for" not in wide
    assert "licence" in wide.splitlines()[0]
    monkeypatch.setenv("COLUMNS", "80")
    listed = set(run("prices", "list").out.split())
    assert {one["id"] for one in json.loads(run("prices", "list", "--format", "json").out)["prices"] if " " not in one["id"]} <= listed


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize("kind", KINDS)
def test_every_report_fits(kind: str, width: int) -> None:
    """Whatever command wrote it, no line takes more than the terminal has."""
    told = write(view_of(read_saved(document_of(kind), "saved.json")), width=width)
    assert max(map(columns, told.splitlines())) <= width


@pytest.mark.parametrize(("given", "widest"), [("", 100), ("80", 80), ("132", 100), ("20", 40), ("0", 100), ("-3", 100), ("wide", 100)])
def test_width(given: str, widest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS is obeyed between 40 and 100; without it, or with nonsense in it, a file or a pipe gets 100."""
    monkeypatch.setenv("COLUMNS", given)
    longest = max(map(columns, run("assess", TRIAGE).out.splitlines()))
    assert widest - 8 <= longest <= widest


def on_a_terminal(**environment: str) -> str:
    """What `slmdecide assess` writes to a terminal of its own."""
    leader, follower = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "GITHUB_ACTIONS")}
    with subprocess.Popen(
        [sys.executable, "-m", "slmdecide", "assess", str(TRIAGE)],
        stdout=follower, stderr=follower, stdin=follower, cwd=ROOT, env={**kept, "TERM": "xterm-256color", "COLUMNS": "90", **environment},
    ) as running:  # fmt: skip
        os.close(follower)
        written = b""
        while True:
            try:
                some = os.read(leader, 65536)
            except OSError:  # the other end is closed
                break
            if not some:
                break
            written += some
        os.close(leader)
        assert running.wait() == 0
    return written.decode().replace("\r\n", "\n")


def test_colour_on_a_terminal_and_the_same_words_without() -> None:
    """Titles and the choice stand out on a terminal; NO_COLOR, a dumb terminal and a pipe get the words alone, all the same ones."""
    coloured = on_a_terminal()
    assert "\x1b[1mSupport triage: fine-tuned small model\x1b[0m\n" in coloured
    assert re.search(r"\x1b\[1;\d+mOptions\x1b\[0m", coloured)
    plain = on_a_terminal(NO_COLOR="1")
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    assert on_a_terminal(TERM="dumb") == plain


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("slmdecide breakeven --model llama-3.1-8", "llama-3.1-8b"),
        ("slmdecide breakeven --gpu a100-80", "a100-80-sxm"),
        ("slmdecide init --nature class", "classification"),
        ("slmdecide init --example support", "support-triage"),
        ("slmdecide profiles support", "support-triage"),
        ("slmdecide models nova-mi", "nova-micro"),
        ("slmdecide evidence labels-curve", "labels-curve-fit"),
        ("slmdecide breakeven --vs gpt-4o-mi", "gpt-4o-mini"),
        ("slmdecide probe task.yaml --model llama-3.1-8", "llama-3.1-8b"),
        ("slmdecide assess task.yaml --fail-on cost", "cost-increase=10%"),
        ("slmdecide repo", "report"),
        ("slmdecide report x.json --format mark", "markdown"),
    ],
)
def test_the_shell_completes_names(typed: str, offered: str) -> None:
    """Models, GPUs, natures, ready profiles, claims, commands and words of options."""
    words = typed.split()
    environment = {**os.environ, "_SLMDECIDE_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    script = "import sys; sys.argv = ['slmdecide']; from slmdecide.cli.app import app_for; app_for(None)(prog_name='slmdecide')"
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
    assert offered in done.stdout.split(), done.stderr


def test_wherever_a_known_name_is_wanted_the_shell_has_it() -> None:
    """Every option and argument that takes a known model, GPU, nature, ready profile, claim or policy completes it."""
    from slmdecide.cli.app import COMMANDS, app_for  # noqa: PLC0415  (reads every command)

    words = {"MODEL", "MODEL|NAME=IN/OUT", "NAME[=ADDRESS]", "GPU", "NATURE", "NAME", "ID", "POLICY"}
    found = set()
    commands: list[tuple[str, Any]] = [(name, typer.main.get_command(app_for(None)).commands[name]) for name in COMMANDS]  # type: ignore[attr-defined]  # a group has commands
    while commands:
        name, command = commands.pop()
        commands += [(f"{name} {each}", one) for each, one in getattr(command, "commands", {}).items()]
        if name != "cascade":  # its models are those of the file that it reads
            wanted = [one for one in command.params if one.metavar in words]
            assert [f"{name} {one.name}" for one in wanted if one._custom_shell_complete is None] == []
            found |= {name for _ in wanted[:1]}
    assert found >= {"assess", "breakeven", "probe", "init", "profiles", "models", "gpus", "throughput", "evidence", "ci", "diff"}
