"""What a log should not hold is counted, told and skipped; totals stay right and nothing half-written is left."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
import zstandard

from slmdecide.traffic.read import Account, write_calls
from tests import traffic_logs as logs
from tests.running import run
from tests.test_traffic_formats import document

CALLS = logs.calls(60)
INPUT = sum(call["read"] for call in CALLS)


def good(path: Path) -> Path:
    """A sound chat log of 60 calls."""
    return logs.write_lines(path, [logs.chat_log(call) for call in CALLS])


def read(path: Path, target: Path) -> tuple[Account, list[dict[str, Any]]]:
    """What reading row by row makes of a file: the account, and the calls."""
    account = write_calls([path], target, None, strict=False, tell=lambda _: None)
    return account, pq.read_table(target).to_pylist()


def with_lines(path: Path, *lines: bytes) -> Path:
    """A sound log in whose middle stand more lines."""
    sound = good(path).read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*sound[:30], *(line + b"\n" for line in lines), *sound[30:]]))
    return path


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"request": {"messages": [', "not JSON"),
        (b"\xff\xfe\x01 garbage", "not JSON"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "nested"),
        (b"[1, 2]", "no object"),
        (b'{"unknown": 1}', "no format"),
        (b'{"big": "' + b"x" * (17 * 2**20) + b'"}', "longer than"),
    ],
    ids=["cut", "binary", "latin", "nested", "list", "other", "long"],
)
def test_a_bad_line_is_counted_and_shown_and_skipped(line: bytes, problem: str, tmp_path: Path) -> None:
    """The totals are those of the good lines, and the report says which line is bad and why."""
    account, calls = read(with_lines(tmp_path / "l.jsonl", line), tmp_path / "calls.parquet")
    assert (len(calls), sum(call["input_tokens"] for call in calls), account.bad_lines) == (60, INPUT, 1)
    assert account.samples[0].line == 31
    assert problem in account.samples[0].problem


def test_a_bad_line_changes_no_total_of_the_report(tmp_path: Path) -> None:
    """The engine hands a file with a bad line on to the reading row by row; the report has the good calls and the bad line."""
    good(tmp_path / "sound.jsonl")
    with_lines(tmp_path / "bad.jsonl", b"not json")
    found = document(tmp_path)
    assert (found["calls"], found["tokens"]["input"], found["skipped"]["bad_lines"]) == (120, 2 * INPUT, 1)
    assert found["skipped"]["bad_line_samples"][0]["line"] == 31


@pytest.mark.parametrize(
    "odd",
    [
        {"request": {"messages": "none"}, "response": {}},
        {"request": {"messages": [1, None, {"role": 3, "content": {"x": []}}]}, "response": {"choices": [None], "usage": []}},
        {"request": {"messages": [{"role": "user", "content": "\ud800 half"}]}, "response": {"usage": {"prompt_tokens": "NaN"}}},
        {"request": {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}, "response": {"model": {"a": 1}}},
        {"request": {"messages": []}, "response": {"usage": {"prompt_tokens": -5, "completion_tokens": 1e400}}},
    ],
)
def test_an_odd_row_never_stops_the_run(odd: dict[str, Any], tmp_path: Path) -> None:
    """A row whose fields have other types than they should is read as far as it goes."""
    account, calls = read(with_lines(tmp_path / "l.jsonl", json.dumps(odd).encode()), tmp_path / "calls.parquet")
    assert sum(call["input_tokens"] or 0 for call in calls) == INPUT
    assert len(calls) + account.bad_lines == 61


def test_a_folder_of_mixed_things_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """Compressed and plain files of several formats are read; a cut-off one to its end, others listed with the reason."""
    sound = good(tmp_path / "a.jsonl").read_bytes()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.jsonl.gz").write_bytes(gzip.compress(sound))
    (tmp_path / "sub" / "c.jsonl.zst").write_bytes(zstandard.compress(sound))
    logs.write_lines(tmp_path / "d.jsonl", [logs.langfuse(call) for call in CALLS])
    cut = gzip.compress(os.urandom(40_000).hex().encode() + b"\n" + sound)
    (tmp_path / "e.jsonl.gz").write_bytes(cut[: len(cut) // 2])
    (tmp_path / "f.bin").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "g.md").write_text("# Notes\n")
    (tmp_path / "h.jsonl").write_text("")
    (tmp_path / "i.parquet").write_bytes(b"PAR1 but no more")
    found = document(tmp_path)
    assert (found["calls"], found["tokens"]["input"]) == (240, 4 * INPUT)
    told = {Path(one["file"]).name: one["problem"] for one in found["skipped"]["files"]}
    assert set(told) == {"e.jsonl.gz", "f.bin", "g.md", "h.jsonl", "i.parquet"}
    assert "cut off" in told["e.jsonl.gz"]


def test_a_gzip_cut_in_the_middle_gives_the_lines_before(tmp_path: Path) -> None:
    """What stands before the cut is counted."""
    whole = gzip.compress(good(tmp_path / "a.jsonl").read_bytes(), compresslevel=0)
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    account, calls = read(path, tmp_path / "calls.parquet")
    assert 25 <= len(calls) <= 31
    assert "cut off" in account.skipped_files[0].problem


def test_strict_stops_at_the_first_bad_line(tmp_path: Path) -> None:
    """--strict names file and line, and exits with 2."""
    path = good(tmp_path / "l.jsonl")
    path.write_bytes(path.read_bytes() + b"not json\n")
    ran = run("traffic", path, "--strict")
    assert ran.code == 2
    assert "l.jsonl:61: is not JSON" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.jsonl",), "no such file"),
        (("{log}", "--map", "tokens=a"), "no field of a call"),
        (("{log}", "--map", "prompt"), "FIELD=COLUMN"),
        (("{log}", "--days", "-1"), "--days"),
        (("{empty}",), "no call of a model was found"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """Exit code 2 and a line that says what is wrong."""
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    named = [one.format(log=good(tmp_path / "l.jsonl"), empty=empty) for one in arguments]
    ran = run("traffic", *named)
    assert ran.code == 2
    assert said in ran.err


def test_the_order_of_rows_changes_nothing_and_a_rerun_gives_the_same_bytes(tmp_path: Path) -> None:
    """Groups, names, profiles and examples are the same for the same calls in any order."""
    rows = [logs.chat_log(call) for call in logs.calls()]
    path = tmp_path / "l.jsonl"
    outputs = []
    for attempt, ordered in enumerate((rows, rows, rows[::-1])):
        logs.write_lines(path, ordered)
        kept, examples = tmp_path / "p" / str(attempt), tmp_path / "e" / str(attempt)
        ran = run("traffic", path, "--write-profiles", kept, "--examples", examples, "--format", "json")
        assert ran.code == 0, ran.err
        written = [one.read_text() for folder in (kept, examples) for one in sorted(folder.iterdir())]
        outputs.append((ran.out.replace(f"/{attempt}/", "/"), written))
    assert outputs[0] == outputs[1] == outputs[2]


def test_a_killed_run_leaves_no_half_written_output_and_a_rerun_gives_the_same_bytes(tmp_path: Path) -> None:
    """Killed with signal 9 at any moment, whatever is there is whole; the next run writes what an undisturbed one does."""
    log = logs.write_lines(tmp_path / "l.jsonl", [logs.chat_log(call) for call in logs.calls(1500)])
    whole = tmp_path / "whole"
    begun = time.perf_counter()
    # A killed run leaves its temporary folder too; here it goes with the test's own.
    there = {**os.environ, "TMPDIR": str(tmp_path)}
    assert subprocess.run(_written_to(log, whole), check=False, capture_output=True, env=there).returncode == 0
    took = time.perf_counter() - begun
    expected = _bytes_in(whole)
    assert {"report.json", "p", "e"} <= {Path(name).parts[0] for name in expected}
    for seed in range(3):
        folder = tmp_path / str(seed)
        child = subprocess.Popen(_written_to(log, folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=there)
        # The output is written at the end: two of three kills are meant for that.
        time.sleep(took * random.Random(seed).uniform(0.1 if seed == 0 else 0.75, 1.0))  # noqa: S311  (no secret)
        child.send_signal(signal.SIGKILL)
        child.wait()
        for name, content in _bytes_in(folder).items():
            assert content == expected[name]
        assert subprocess.run([*_written_to(log, folder), "--force"], check=False, capture_output=True, env=there).returncode == 0
        assert _bytes_in(folder) == expected


def test_a_run_that_is_interrupted_ends_at_once_and_cleans_up(tmp_path: Path) -> None:
    """Ctrl-C at any moment: exit code 130, no traceback, nothing half-written, and no temporary folder left."""
    log = logs.write_lines(tmp_path / "l.jsonl", [logs.chat_log(call) for call in logs.calls(1500)])
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    there = {**os.environ, "TMPDIR": str(temporary)}
    begun = time.perf_counter()
    assert subprocess.run(_written_to(log, tmp_path / "whole"), check=False, capture_output=True, env=there).returncode == 0
    took = time.perf_counter() - begun
    expected = _bytes_in(tmp_path / "whole")
    codes = []
    for k in range(4):
        folder = tmp_path / str(k)
        child = subprocess.Popen(
            # A shell that starts a test in the background may have told its children to ignore the signal.
            _written_to(log, folder, "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=there,
        )
        time.sleep(took * (0.2 + 0.2 * k))
        child.send_signal(signal.SIGINT)
        said = child.communicate()[1].decode()
        codes.append(child.returncode)
        assert child.returncode in (0, 130), said
        assert "Traceback" not in said
        assert _bytes_in(folder).items() <= expected.items()
    assert 130 in codes
    assert list(temporary.iterdir()) == []


def _written_to(log: Path, folder: Path, first: str = "") -> list[str]:
    folder.mkdir(exist_ok=True)
    to = ["--write-profiles", "p", "--examples", "e", "--format", "json", "--output", "report.json"]
    program = f"{first}import os; os.chdir({str(folder)!r}); from slmdecide.cli import main; main()"
    return [sys.executable, "-c", program, "traffic", str(log), *to]


def _bytes_in(folder: Path) -> dict[str, bytes]:
    """What stands in a folder by its name; hidden files and folders are of a run that did not end."""
    files = (one for one in sorted(folder.rglob("*")) if one.is_file())
    named = {str(one.relative_to(folder)): one for one in files}
    return {name: one.read_bytes() for name, one in named.items() if not any(part.startswith(".") for part in Path(name).parts)}


def test_no_text_of_a_call_stands_in_report_or_profile(tmp_path: Path) -> None:
    """What customers wrote and what was answered appears nowhere by default; --show-text lets the labels into the profile."""
    path = good(tmp_path / "l.jsonl")
    for output in ("text", "json"):
        ran = run("traffic", path, "--write-profiles", tmp_path / "p", "--force", "--format", output)
        seen = ran.out + "".join(one.read_text() for one in (tmp_path / "p").iterdir())
        assert not any(word in seen for word in ("parcel", "Oslo", "billing", "returns", "Voici"))
    run("traffic", path, "--write-profiles", tmp_path / "p", "--force", "--show-text")
    assert "billing" in "".join(one.read_text() for one in (tmp_path / "p").iterdir())


def test_written_profiles_are_valid_and_give_the_same_verdict(tmp_path: Path) -> None:
    """`validate` and `assess` take each profile, and `assess` decides as the report says."""
    found = document(good(tmp_path / "l.jsonl"), "--write-profiles", tmp_path / "p")
    for group in found["groups"]:
        assert yaml.safe_load(Path(group["profile_file"]).read_text()) == group["profile"]
        ran = run("assess", group["profile_file"], "--format", "json")
        assert ran.code == 0, ran.err
        assert json.loads(ran.out)["verdict"]["family"] == group["family"]


def test_examples_are_masked(tmp_path: Path) -> None:
    """Addresses and numbers of people are gone from the examples; the report says how, and what is not found."""
    call = {**CALLS[0], "user": "I am at anna@example.org or +41 79 123 45 67, card 4111 1111 1111 1111"}
    found = document(
        logs.write_lines(tmp_path / "l.jsonl", [logs.chat_log({**call, "k": k}) for k in range(10)]), "--examples", tmp_path / "e"
    )
    text = "".join(one.read_text() for one in (tmp_path / "e").iterdir())
    assert "<email>" in text
    assert not any(secret in text for secret in ("anna@", "79 123", "4111"))
    assert "names of people are not found" in found["masked_by"]


def test_a_terminal_and_markdown_get_no_control_characters_of_a_log(tmp_path: Path) -> None:
    """Names come from logs: they are escaped."""
    rows = [{**logs.chat_log(call), "task": f"<b>\x1b[31m|{call['k'] % 2}"} for call in CALLS]
    path = logs.write_lines(tmp_path / "l.jsonl", rows)
    assert "\x1b" not in run("traffic", path).out
    shown = run("traffic", path, "--format", "markdown").out
    assert "\x1b" not in shown
    assert "<b>" not in shown


def test_shares_and_calls_add_up(tmp_path: Path) -> None:
    """Shares by verdict sum to 1; groups and the long tail sum to the calls."""
    found = document(good(tmp_path / "l.jsonl"), "--groups", "2")
    assert sum(one["calls"] for one in found["shares"].values()) == pytest.approx(1)
    assert sum(one["calls"] for one in found["groups"]) + found["skipped"]["long_tail_calls"] == found["calls"]
    assert found["skipped"]["long_tail_groups"] == 1
    assert found["shares"]["not_assessed"]["calls"] == pytest.approx(1 / 3)
