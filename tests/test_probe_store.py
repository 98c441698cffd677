"""The run file: every paid answer is in it once, whatever kills the run, and nobody else writes to it."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from slmdecide.errors import DataError, InputError, RunError
from slmdecide.probe.lines import read_calls, read_settings
from slmdecide.probe.store import RunFile
from slmdecide.records.probe import Call, Candidate, ExampleCheck, ProbeRules
from slmdecide.records.probe_run import RunSettings
from tests.fault_server import NASTY, Asked, Server, faulty, serving
from tests.probe_case import Case, mostly_right, right
from tests.running import run

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
SETTINGS = RunSettings(
    run_id="r",
    version="0",
    profile_name="p",
    profile_sha256="a",
    examples_name="e",
    examples_sha256="b",
    prompt_sha256="c",
    rules=ProbeRules(metric="exact_label", labels=("x", "y"), floor=0.5),
    candidates=(Candidate(model="m", params_b=None, usd_per_request=None),),
    endpoints={"m": "http://127.0.0.1/v1"},
    reference=None,
    formats=False,
    samples=1,
    codes="letters",
    judge=None,
    examples=ExampleCheck(n=1, n_usable=1, duplicates=0, conflicts=0, empty=0, unknown_labels=0, leaked=0, labels=(("x", 1),), flaws=()),
    cap_usd=1.0,
    largest_call_usd=0.001,
    prices_as_of="2026-11-24",
)
CALL = Call(
    request_id="q0",
    model="m",
    example_id="e0",
    position=0,
    repeat=0,
    format="label_code",
    answer="A",
    label="x",
    expected="x",
    confidence=0.9,
    confidence_kind="label_likelihood",
    margin=0.8,
    entropy=0.3,
    missing_mass=1 / 3,
    label_probabilities={"x": 0.1 + 0.2, "y": 5e-324},
    correct=1.0,
    uncertain=False,
    tokens_in=10,
    tokens_out=1,
    tokens_reasoning=None,
    tokens_cached=None,
    cost_usd=0.0001,
    latency_ms=12.5,
    ttft_ms=None,
    attempts=1,
    error=None,
    error_kind=None,
    started_at="2026-11-24T00:00:00.000+00:00",
)


def written(path: Path, *calls: Call, settled: bool = True) -> None:
    """A run file with these calls."""
    store = RunFile(path, resume=False)
    store.begin(SETTINGS)
    for call in calls:
        store.add(call.request_id, call)
    store.close(settled=settled)


@pytest.mark.parametrize("answer", [NASTY.replace("\ud83d", ""), "", "😀", "a\nb\r\n\x00", "'\"\\", "é" * 1000, None])
def test_a_call_comes_back_as_it_was(tmp_path: Path, answer: str | None) -> None:
    """Every digit and every character, on one line of ASCII."""
    call = replace(CALL, answer=answer)
    written(tmp_path / "run.jsonl", call)
    content = (tmp_path / "run.jsonl").read_bytes()
    assert content.count(b"\n") == 1
    assert content.isascii()
    assert not any(byte < 32 for byte in content.rstrip(b"\n"))
    assert list(read_calls(tmp_path / "run.jsonl")) == [call]


def test_the_first_line_says_what_was_to_be_shown(tmp_path: Path) -> None:
    """One line a call, no other line; the settings stand with the first."""
    path = tmp_path / "run.jsonl"
    written(path, CALL, replace(CALL, request_id="q1", position=1))
    first, second = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    assert first.keys() - second.keys() == {"settings"}
    assert read_settings(path) == SETTINGS
    assert [one.name for one in tmp_path.iterdir()] == ["run.jsonl"]


def test_a_later_part_of_a_run_may_have_another_cap(tmp_path: Path) -> None:
    """The settings that were written last hold."""
    path = tmp_path / "run.jsonl"
    written(path, CALL)
    store = RunFile(path, resume=True)
    store.begin(replace(SETTINGS, cap_usd=5.0))
    store.add("q1", replace(CALL, request_id="q1"))
    store.close(settled=True)
    found = read_settings(path)
    assert found is not None
    assert found.cap_usd == 5
    assert len(list(read_calls(path))) == 2


@pytest.mark.parametrize("cut", [1, 2, 40, 300])
def test_a_torn_last_line_is_cut_off(tmp_path: Path, cut: int) -> None:
    """What was written before is kept, and the number of lost bytes is said."""
    path = tmp_path / "run.jsonl"
    written(path, CALL, replace(CALL, request_id="q1"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    assert len(list(read_calls(path))) == (2 if cut == 1 else 1)
    store = RunFile(path, resume=True)
    assert (store.opened.torn_bytes > 0) == (cut > 1)
    store.begin(SETTINGS)
    store.add("q2", replace(CALL, request_id="q2"))
    store.close(settled=True)
    assert [call.request_id for call in read_calls(path)] == (["q0", "q1", "q2"] if cut == 1 else ["q0", "q2"])


def test_a_torn_first_line_leaves_nothing(tmp_path: Path) -> None:
    """The run then begins anew."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(b'{"request_id": "q')
    store = RunFile(path, resume=True)
    assert (store.opened.settings, store.opened.torn_bytes) == (None, 17)
    store.close(settled=True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"request_id": 1}', "run.jsonl:2: "),
        ("[]", "run.jsonl:2: is not an object"),
        ("{", "run.jsonl:2: is not JSON"),
        ('{"a": ' * 100_000, "run.jsonl:2: is not JSON"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    """A line in the middle that is no call is not passed over."""
    path = tmp_path / "run.jsonl"
    written(path, CALL)
    good = path.read_text(encoding="utf-8")
    path.write_text(f"{good}{line}\n{good}", encoding="utf-8")
    with pytest.raises(DataError) as raised:
        list(read_calls(path))
    assert said in raised.value.message


def test_a_file_that_holds_a_run_is_not_overwritten(tmp_path: Path) -> None:
    """Without --resume it is refused, with the ways on."""
    path = tmp_path / "run.jsonl"
    written(path, CALL)
    before = path.read_bytes()
    with pytest.raises(InputError) as raised:
        RunFile(path, resume=False)
    assert "--resume" in (raised.value.hint or "")
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", ['input,expected\na,"b', '{"input": "a", "expected": "b"}', "x", "[]\n"])
def test_a_file_that_is_no_run_is_left_alone(tmp_path: Path, content: str) -> None:
    """--resume with the name of another file is refused, and not a byte of it is cut off."""
    path = tmp_path / "examples.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="is no run file"):
        RunFile(path, resume=True)
    assert path.read_text(encoding="utf-8") == content


def test_two_runs_on_one_file_are_refused(tmp_path: Path) -> None:
    """While one has it open nobody else gets it; then somebody does."""
    path = tmp_path / "run.jsonl"
    store = RunFile(path, resume=False)
    for resume in (True, False):
        with pytest.raises(InputError, match="another run is writing to it"):
            RunFile(path, resume=resume)
    store.close(settled=True)
    assert not path.exists()
    RunFile(path, resume=True).close(settled=True)


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder that is not there, and a folder in the file's place."""
    with pytest.raises(RunError, match="cannot be written"):
        RunFile(tmp_path / "no" / "run.jsonl", resume=False)
    with pytest.raises((RunError, InputError)):
        RunFile(tmp_path, resume=False)
    with pytest.raises(DataError, match="no such file"):
        list(read_calls(tmp_path / "none.jsonl"))


def test_what_was_sent_and_never_settled_is_in_doubt(tmp_path: Path) -> None:
    """A killed run's open requests count as spent; refused and settled ones do not; paid parts come back."""
    path = tmp_path / "run.jsonl"
    store = RunFile(path, resume=False)
    store.begin(SETTINGS)
    store.to_be_sent("open#1", 0.25)
    store.to_be_sent("open#2", 0.25)
    store.to_be_sent("refused", 0.5)
    store.not_billed("refused", 0.5)
    store.to_be_sent("q0", 0.125)
    store.keep_part("q0#0", {"reply": 1})
    store.keep_part("open#0", {"reply": 2})
    store.add("q0", CALL)
    store.to_be_sent("next", 1.0)
    store.to_be_sent("q1", 1.0)
    store.flush()
    store.add("q1", replace(CALL, request_id="q1"))  # killed before the note that it is done
    os.close(store._file)  # as a kill does, without any last word
    with (tmp_path / "run.jsonl.open").open("ab") as stream:
        stream.write(b'{"sent": "torn')
    left = RunFile(path, resume=True)
    assert left.opened.in_doubt_usd == {"open": 0.5, "next": 1.0}
    assert left.opened.parts == {"open#0": {"reply": 2}}
    assert left.opened.run_id == "r"
    left.begin(SETTINGS)
    left.close(settled=False)
    again = RunFile(path, resume=True)
    assert again.opened.in_doubt_usd == {"open": 0.5, "next": 1.0}
    again.begin(SETTINGS)
    again.close(settled=True)
    assert not (tmp_path / "run.jsonl.open").exists()


# Whole runs


def killed_when(case: Case, lines: int, *more: object) -> None:
    """Start the command as a process of its own and kill it once the run file has so many lines."""
    process = subprocess.Popen(
        [sys.executable, "-m", "slmdecide", *case.arguments(*more)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < end:
            if case.run_file.exists() and case.run_file.read_bytes().count(b"\n") >= lines:
                break
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == -signal.SIGKILL


def test_a_killed_run_goes_on_and_pays_nothing_twice(tmp_path: Path) -> None:
    """After kill -9 and a resume, under faults: each example once, each paid once, and the same result as without."""
    server = Server(answer=mostly_right(0.9), script=faulty(0.2), delay_s=0.02)
    case = Case(tmp_path, server, n=150)
    with serving(server):
        killed_when(case, 50, "--all", "--concurrency", 16)
        before = len(case.rows())
        assert 50 <= before < 150
        resumed = run(*case.arguments("--all", "--concurrency", 16, "--resume", "--format", "json"))
    rows = case.rows()
    assert sorted(row["example_id"] for row in rows) == sorted(f"e{i}" for i in range(150))
    assert len({row["request_id"] for row in rows}) == 150
    assert not server.billed_twice
    assert len(server.bill) == 150
    report = json.loads(resumed.out)
    assert report["spent_usd"] == pytest.approx(server.billed_usd)
    assert report["models"][0]["n"] == 150
    assert report["models"][0]["score"] == pytest.approx(0.9)
    assert not case.run_file.with_name("run.jsonl.open").exists()
    assert sum("settings" in row for row in rows) == 2


def interrupting(answer: Callable[[Asked], str], after: int) -> Callable[[Asked], str]:
    """The answer, with a Ctrl-C at that request."""
    seen: list[str] = []

    def answered(asked: Asked) -> str:
        seen.append(asked.id)
        if len(seen) == after:
            os.kill(os.getpid(), signal.SIGINT)
        return answer(asked)

    return answered


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path: Path) -> None:
    """Exit 1; what is under way is waited for and written down; the command of the hint goes on."""
    server = Server(answer=interrupting(right, 20), delay_s=0.02)
    case = Case(tmp_path, server, n=60)
    stopped = case.probe("--all", "--concurrency", 4)
    assert stopped.code == 1
    assert "interrupted after" in stopped.err
    assert "--resume" in stopped.err
    rows = len(case.rows())
    assert 20 <= rows <= 24
    assert len(server.bill) == rows
    assert case.probe("--all", "--resume").code == 0
    assert len(case.rows()) == len(server.bill) == 60


def test_paid_samples_of_an_open_question_are_not_paid_again(tmp_path: Path) -> None:
    """A question that takes several requests and was broken off between them goes on with the next one."""
    server = Server(answer=interrupting(right, 8), delay_s=0.02)
    case = Case(tmp_path, server, n=6)
    assert case.probe("--all", "--samples", 5, "--concurrency", 2).code == 1
    assert len(server.bill) < 30
    assert case.probe("--all", "--samples", 5, "--resume").code == 4
    assert len(server.bill) == 30
    assert set(server.requests.values()) == {1}
    assert sum(row["cost_usd"] for row in case.rows()) == pytest.approx(server.billed_usd)


def test_ctrl_c_twice_stops_at_once(tmp_path: Path) -> None:
    """What was under way is in doubt: it counts against the cap of the resumed run, and is sent again under its id."""
    server = Server(answer=right)
    interrupted: list[str] = []

    def script(asked: Asked) -> str | None:
        if asked.times or not server.bill:
            return None
        interrupted.append(asked.id)
        if len(interrupted) == 4:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGINT)
        return "hang:20"

    server.script = script
    case = Case(tmp_path, server, n=6)
    begun = time.monotonic()
    done = case.probe("--all", "--concurrency", 4)
    assert (done.code, time.monotonic() - begun < 60) == (1, True)
    assert len(case.rows()) == 1
    assert (tmp_path / "run.jsonl.open").exists()
    server.script = lambda _: None
    document = case.document("--all", "--resume")
    assert document["unsure_usd"] > 0
    assert set(interrupted) <= {row["request_id"] for row in case.rows()}


def test_a_retry_that_does_not_fit_under_the_cap_is_not_made(tmp_path: Path) -> None:
    """What the broken-off request may have cost stays in doubt, and the report says how much."""
    server = Server(answer=right, script=lambda asked: "reset_after" if asked.times == 0 else None, honours_ids=False)
    case = Case(tmp_path, server, n=6)
    plan = json.loads(case.probe("--dry-run", "--format", "json").out)
    document = case.document("--max-cost", 1.5 * plan["largest_call_usd"], "--concurrency", 1)
    assert document["verdict"]["status"] == "budget_reached"
    assert any("stand in no line may have cost up to" in note for note in document["notes"])
    assert server.billed_usd <= 1.5 * plan["largest_call_usd"]
    assert len(server.seen) == 1


def test_a_disk_that_is_full_ends_the_run(tmp_path: Path) -> None:
    """Exit 1 with the reason; what was written before is kept, and the run goes on once there is room."""
    server = Server(answer=right)
    case = Case(tmp_path, server, n=60)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    case.probe("--dry-run")
    with serving(server):
        run(*case.arguments("--all", "--max-cost", 0))  # litellm is loaded before the disk is full
        resource.setrlimit(resource.RLIMIT_FSIZE, (8000, limit[1]))
        try:
            done = run(*case.arguments("--all"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert (done.code, "cannot be written" in done.err) == (1, True)
    assert case.probe("--all", "--resume").code == 0
    assert len(case.rows()) == 60
    assert not server.billed_twice


def test_a_finished_run_is_reported_again_without_a_call(tmp_path: Path) -> None:
    """--resume of a finished run and --from of its file give the same report, and ask nothing."""
    server = Server(answer=mostly_right(0.9), script=faulty(0.1))
    case = Case(tmp_path, server, n=60)
    first = case.document("--floor", 0.5)
    asked = len(server.seen)
    again = json.loads(run(*case.arguments("--floor", 0.5, "--resume", "--format", "json")).out)
    shown = json.loads(run("probe", "--from", case.run_file, "--format", "json").out)
    assert len(server.seen) == asked
    assert first["verdict"] == again["verdict"] == shown["verdict"]
    assert first["models"] == again["models"] == shown["models"]
    assert first == shown


def test_a_run_is_resumed_as_what_it_was(tmp_path: Path) -> None:
    """Another floor, seed or set of models would be another probe: refused, with what differs."""
    server = Server(answer=right)
    case = Case(tmp_path, server, n=30)
    assert case.probe("--floor", 0.5, "--max-cost", 0.5).code == 0
    for more, said in ((("--floor", 0.7), "floor was 0.5 and is 0.7"), (("--floor", 0.5, "--seed", 3), "seed was 0 and is 3")):
        done = case.probe(*more, "--resume")
        assert (done.code, said in done.err) == (2, True), done.err
    other = replace_models(case, ("other",))
    assert "models was" in other.probe("--floor", 0.5, "--resume").err
    assert case.probe("--floor", 0.5, "--resume", "--max-cost", 2, "--concurrency", 2).code == 0


def replace_models(case: Case, models: tuple[str, ...]) -> Case:
    """The same probe with other models."""
    return Case(case.folder, Server(answer=right), n=case.n, models=models)


def test_a_run_that_has_reached_its_cap_goes_on_with_a_higher_one(tmp_path: Path) -> None:
    """What was spent before counts against the new cap."""
    server = Server(answer=mostly_right(0.8))
    case = Case(tmp_path, server, n=60)
    assert case.document("--max-cost", 0.002)["verdict"]["status"] == "budget_reached"
    spent = server.billed_usd
    assert 0 < spent <= 0.002
    assert json.loads(run("probe", "--from", case.run_file, "--format", "json").out)["verdict"]["status"] == "budget_reached"
    document = case.document("--max-cost", 0.003, "--resume")
    assert document["verdict"]["status"] == "budget_reached"
    assert spent < server.billed_usd <= 0.003
    assert document["spent_usd"] == pytest.approx(server.billed_usd)
    assert not server.billed_twice


def test_a_run_file_of_another_hand_takes_the_profile(tmp_path: Path) -> None:
    """Lines without settings are judged by the profile that is given; without one the command says so."""
    case = Case(tmp_path, Server(answer=right), n=60)
    case.probe("--floor", 0.5)
    rows = case.rows()
    rows[0].pop("settings")
    case.run_file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    refused = run("probe", "--from", case.run_file)
    assert (refused.code, "task.yaml" in refused.err) == (2, True)
    profile = ("probe", tmp_path / "task.yaml", "--examples", tmp_path / "examples.jsonl", "--floor", 0.5)
    (tmp_path / "empty.jsonl").touch()
    assert "holds no call" in run(*profile, "--from", tmp_path / "empty.jsonl").err
    done = run(*profile, "--from", case.run_file)
    assert (done.code, "good enough" in done.out) == (0, True)
