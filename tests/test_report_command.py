"""`slmdecide report`: what was saved is rendered again as it was told the first time, and what is no report is refused in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.running import run
from tests.saved_reports import KINDS, PIPED, TRIAGE, document_of, text_of
from tests.test_startup import ROOT, RUN

PAGE = ("<!doctype html>", "</html>")


@pytest.fixture
def saved(tmp_path: Path) -> Any:
    """Writes a document and gives its path."""

    def write(document: object, name: str = "saved.json") -> Path:
        path = tmp_path / name
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("kind", "output_format"),
    [
        *((kind, each) for kind in KINDS for each in ("text", "markdown")),
        ("decision", "html"),
        ("priced portfolio", "html"),
        ("probe", "html"),
    ],
)
def test_every_kind_in_every_format(kind: str, output_format: str, saved: Any) -> None:
    """The JSON of any command is rendered, on stdout and alone."""
    ran = run("report", saved(text_of(kind)), "--format", output_format)
    assert (ran.code, ran.err) == (0, "")
    assert len(ran.out) > 200
    if output_format == "html":
        assert ran.out.startswith(PAGE[0])
        assert ran.out.rstrip().endswith(PAGE[1])
        assert len(ran.out.encode()) < 2_500_000


@pytest.mark.parametrize(
    ("files", "output_format"),
    [((TRIAGE,), "text"), ((TRIAGE,), "markdown"), ((TRIAGE,), "html"), ((PIPED,), "text"), ((TRIAGE, PIPED), "markdown")],
)
def test_a_decision_is_told_as_it_was_told_first(output_format: str, files: tuple[Path, ...], saved: Any) -> None:
    """Rendering the saved JSON gives, to the byte, what `assess` prints in that format."""
    path = saved(run("assess", *files, "--format", "json").out)
    assert run("report", path, "--format", output_format).out == run("assess", *files, "--format", output_format).out


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("break-even", ("breakeven", "--gpu", "a100", "--tokens", "5e9", "--sweep", "tokens=1e8:1e11", "--points", "30")),
        ("does not fit", ("breakeven", "--gpu", "t4", "--model", "llama-3.3-70b", "--gpus", "1", "--tokens", "1e9")),
        ("replication", ("breakeven", "--replicate", "2509.18101")),
        ("backtest", ("backtest",)),
    ],
)
@pytest.mark.parametrize("output_format", ["text", "markdown"])
def test_what_other_commands_told(kind: str, command: tuple[str, ...], output_format: str, saved: Any) -> None:
    """Rendering their JSON gives what they print."""
    assert run("report", saved(text_of(kind)), "--format", output_format).out == run(*command, "--format", output_format).out


@pytest.mark.parametrize(("output_format", "ending"), [("text", ".txt"), ("markdown", ".md")])
def test_a_prompted_small_model(output_format: str, ending: str, golden: Callable[[str, str], None]) -> None:
    """The one family that the other golden files have not, as the command prints it."""
    golden(run("report", "-", "--format", output_format, stdin=text_of("prompted").encode()).out, ending)


def test_standard_input_and_a_file_to_write(tmp_path: Path) -> None:
    """`-` reads standard input, --output writes a file and prints nothing."""
    page = tmp_path / "page.html"
    ran = run("report", "-", "--format", "html", "--output", page, stdin=text_of("decision").encode())
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert page.read_text(encoding="utf-8").startswith(PAGE[0])
    assert run("report", "-", stdin=text_of("decision").encode()).out.startswith("support triage: fine-tuned small model\n")


def test_full_shows_more(saved: Any) -> None:
    """--full shows every option and quotes every claim."""
    path = saved(text_of("priced decision"))
    for output_format in ("text", "markdown"):
        assert len(run("report", path, "--full", "--format", output_format).out) > len(run("report", path, "--format", output_format).out)


def test_text_keeps_to_the_columns_that_there_are(saved: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS is obeyed, and nothing is wider than 100 columns."""
    path = saved(text_of("priced decision"))
    for columns, most in (("80", 80), ("60", 60), ("200", 100)):
        monkeypatch.setenv("COLUMNS", columns)
        longest = max(len(line) for line in run("report", path, "--full").out.splitlines())
        assert most - 20 < longest <= most


def test_files_of_an_earlier_version(saved: Any) -> None:
    """A decision without the keys that came later is rendered; the page says why it has no controls."""
    document = document_of("priced decision")
    del document["cost_inputs"]
    for option in document["options"]:
        del option["cost_model"], option["quality"]["cases"]
    path = saved(document)
    assert run("report", path).code == 0
    assert run("report", path, "--format", "markdown").code == 0
    page = run("report", path, "--format", "html").out
    assert "This file does not hold what costs are computed from" in page
    assert 'id="what-if"' not in page


EARLIER = sorted((ROOT / "tests" / "data" / "earlier").glob("*.json"))
"""As the commands wrote them before fields were added: a field without a default would make them unreadable."""


@pytest.mark.parametrize("output_format", ["text", "markdown", "html"])
@pytest.mark.parametrize("path", EARLIER, ids=lambda path: path.stem)
def test_real_files_of_earlier_days(path: Path, output_format: str) -> None:
    """What was saved when the format was young is rendered today, and a decision is compared with one of today."""
    ran = run("report", path, "--format", output_format)
    assert (ran.code, ran.err) == (0, "")
    assert len(ran.out) > 200
    if path.stem == "decision":
        changes = run("assess", TRIAGE, "--against", path, "--format", output_format)
        assert changes.code == 0
        assert "Changes since" in changes.out


@pytest.mark.parametrize("kind", ["decision", "portfolio", "probe", "cascade", "chain", "break-even", "backtest", "replication"])
def test_another_schema_version_is_named(kind: str, saved: Any) -> None:
    """A file of a version that is not read names it."""
    document = document_of(kind)
    for one in [document, *document.get("tasks", [])]:
        one["schema_version"] = 7
    ran = run("report", saved(document))
    assert ran.code == 2
    assert ran.err.rstrip().endswith("schema_version is 7; this slmdecide reads 1")
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "saved.json: is empty"),
        ("{", "saved.json:1: is not JSON: expecting property name enclosed in double quotes, column 2"),
        ('{"a": 1,\n "b" 2}', "saved.json:2: is not JSON: expecting ':' delimiter, column 6"),
        ("[1]", "saved.json: holds no JSON object; a report that `--format json` wrote is expected"),
        ('"text"', "saved.json: holds no JSON object"),
        ('{"a": NaN}', "saved.json: is not JSON: NaN is no number of JSON"),
        ('{"a": 1e999}', "saved.json: is not JSON: 1e999 is too large to calculate with"),
        (f'{{"a": {"9" * 5000}}}', "saved.json: is not JSON: a number of 5,000 digits is too large to calculate with"),
        ("[" * 100_000, "saved.json: is nested too deeply"),
        ("{}", "saved.json: is no report of slmdecide: it has no schema_version. Reports are known by their keys: a decision by "),
        ('{"schema_version": 1}', "saved.json: is no report of slmdecide"),
        ('{"error": {"code": "x", "message": "no\\u001b file", "hint": null}}', "saved.json: holds the error of a failed run, 'no"),
        ('{"schema_version": 1, "task": {}, "verdict": 1, "options": []}', "saved.json: task.name: is missing"),
        ('{"schema_version": 1, "tasks": [], "total": {}}', "saved.json: tasks: found a list; a list of assessments is expected"),
        ('{"schema_version": 1, "small": 1, "large": 2, "frontier": {}}', "saved.json: frontier: a list of objects is expected"),
        ('{"schema_version": 1, "small": 1, "large": 2, "frontier": [{}]}', "saved.json: frontier: threshold is missing in one"),
        ('{"schema_version": 1, "brier": 1, "calibration": [], "baselines": []}', "saved.json: by_nature: a list of objects"),
        ('{"schema_version": 1, "brier": 1, "calibration": [], "by_nature": [], "by_mode": [], "baselines": []}', "saved.json: baselines:"),
    ],
)
def test_what_is_no_report_is_refused(text: str, message: str, saved: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2 and a line that names the file, the place and what is wrong; in JSON mode nothing else changes."""
    path = saved(text)
    monkeypatch.chdir(path.parent)
    ran = run("report", "saved.json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {message}")
    assert ran.err.isprintable() or ran.err.replace("\n", "").isprintable()


def test_a_report_that_contradicts_itself_is_refused(saved: Any) -> None:
    """A file whose parts do not belong together, such as one that was edited, ends in one line and not in a traceback."""
    document = document_of("replication")
    document["cells"] = []
    ran = run("report", saved(document))
    assert ran.code == 2
    assert "its parts do not fit together" in ran.err


def test_missing_and_binary_files(tmp_path: Path) -> None:
    """A file that is not there, a folder and a binary file are refused in one line."""
    (tmp_path / "binary.json").write_bytes(b"\x00\x01")
    for path, told in ((tmp_path / "none.json", "no such file"), (tmp_path, "is a folder"), (tmp_path / "binary.json", "binary")):
        ran = run("report", path)
        assert ran.code == 2
        assert told in ran.err


@pytest.mark.parametrize(
    ("kind", "output_format"),
    [("priced decision", "text"), ("priced decision", "markdown"), ("portfolio", "markdown"), ("probe", "text"), ("cascade", "markdown")],
)
def test_text_and_markdown_need_no_charts(kind: str, output_format: str, saved: Any) -> None:
    """Neither Altair nor pandas nor what belongs to them is imported."""
    command = [sys.executable, "-c", RUN, "report", str(saved(text_of(kind))), "--format", output_format]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    told = json.loads(done.stderr.splitlines()[-1])
    assert told["code"] == 0, done.stderr
    assert not set(told["modules"]) & {"altair", "pandas", "narwhals", "vl_convert", "jinja2", "litellm", "numpy", "rich"}


def test_pages_need_no_pandas(saved: Any) -> None:
    """Neither pandas nor numpy nor litellm is imported for a page."""
    command = [sys.executable, "-c", RUN, "report", str(saved(text_of("priced decision"))), "--format", "html"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    told = json.loads(done.stderr.splitlines()[-1])
    assert told["code"] == 0, done.stderr
    assert "altair" in told["modules"]
    assert not set(told["modules"]) & {"pandas", "numpy", "litellm"}
