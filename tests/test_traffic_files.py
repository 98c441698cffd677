"""Profiles and examples are written whole or not at all, never over what somebody else wrote, and `probe` reads the examples."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from slmdecide.cli.folders import whole_folder
from slmdecide.errors import RunError
from slmdecide.traffic.engine import Example
from slmdecide.traffic.examples import call_of, for_probe
from slmdecide.traffic.natures import Told
from slmdecide.traffic.personal import plainly_masked
from slmdecide.traffic.samples import json_labels_of
from tests import traffic_logs as logs
from tests.running import run
from tests.test_traffic_features import said
from tests.test_traffic_formats import document

OURS = re.compile(r"g\d+-.*")


def log(tmp_path: Path, n: int = 60) -> Path:
    """A chat log of three tasks."""
    return logs.write_lines(tmp_path / "l.jsonl", [logs.chat_log(call) for call in logs.calls(n)])


def names(folder: Path) -> set[str]:
    """What stands in a folder, hidden files too."""
    return {one.name for one in folder.iterdir()}


# Folders


def _fail_while_writing(folder: Path, error: Exception) -> None:
    with whole_folder(folder, OURS) as staged:
        (staged / "g01-new").write_text("new")
        raise error


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    """While it is written nothing stands under its name; a failure leaves nothing, not even beside it."""
    folder = tmp_path / "p"
    with whole_folder(folder, OURS) as staged:
        (staged / "g01-a").write_text("a")
        assert not folder.exists()
    assert names(folder) == {"g01-a"}
    with pytest.raises(KeyError):
        _fail_while_writing(tmp_path / "q", KeyError())
    assert names(tmp_path) == {"p"}


def test_what_an_earlier_run_wrote_is_replaced_and_all_else_stays(tmp_path: Path) -> None:
    """A profile whose group is gone goes with it; notes of the user's stay, and so do the folder's permissions."""
    folder = tmp_path / "p"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "notes.md").write_text("mine")
    (folder / "g07-old").write_text("old")
    folder.chmod(0o750)
    with whole_folder(folder, OURS) as staged:
        (staged / "g01-new").write_text("new")
    assert names(folder) == {"sub", "g01-new"}
    assert (folder / "sub" / "notes.md").read_text() == "mine"
    assert folder.stat().st_mode & 0o777 == 0o750
    assert names(tmp_path) == {"p"}


def test_a_failure_leaves_the_earlier_folder_as_it_was(tmp_path: Path) -> None:
    """An error in the middle of the second run."""
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "g01-old").write_text("old")
    with pytest.raises(RunError, match="cannot be written: No space left"):
        _fail_while_writing(folder, OSError(28, "No space left on device"))
    assert names(folder) == {"g01-old"}
    assert names(tmp_path) == {"p"}


@pytest.mark.parametrize("option", ["--write-profiles", "--examples"])
def test_a_folder_that_holds_something_is_refused_before_anything_is_read(option: str, tmp_path: Path) -> None:
    """--force replaces what this command wrote there."""
    path = log(tmp_path)
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "notes.md").write_text("mine")
    ran = run("traffic", path, option, folder)
    assert ran.code == 2
    assert "holds files already" in ran.err
    assert names(folder) == {"notes.md"}
    assert run("traffic", path, option, folder, "--force").code == 0
    assert "notes.md" in names(folder)
    assert len(names(folder)) > 3


def test_folders_that_make_no_sense_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, the folder one is in, and one folder for both."""
    path = log(tmp_path)
    for folder, said_so in ((path, "no folder"), (Path(), "the folder that you are in"), (tmp_path.parent, "the folder that you are in")):
        monkeypatch.chdir(tmp_path)
        ran = run("traffic", path, "--write-profiles", folder)
        assert ran.code == 2
        assert said_so in ran.err
    ran = run("traffic", path, "--write-profiles", "both", "--examples", tmp_path / "both")
    assert ran.code == 2
    assert "name another one" in ran.err


def test_folders_above_are_made(tmp_path: Path) -> None:
    """As `mkdir -p` does."""
    assert run("traffic", log(tmp_path), "--write-profiles", tmp_path / "a" / "b" / "c").code == 0
    assert len(names(tmp_path / "a" / "b" / "c")) == 3


@pytest.mark.parametrize("kind", ["p", "e"])
def test_a_kill_while_a_folder_is_written_leaves_none(kind: str, tmp_path: Path) -> None:
    """The kill comes as soon as anything of it is there; under the folder's name then stands nothing, or all of it."""
    path = log(tmp_path, 300)
    whole = tmp_path / "whole"
    run("traffic", path, "--write-profiles", whole / "p", "--examples", whole / "e")
    arguments = ["traffic", str(path), "--write-profiles", str(tmp_path / "p"), "--examples", str(tmp_path / "e"), "--output", "o.txt"]
    process = subprocess.Popen([sys.executable, "-m", "slmdecide", *arguments], cwd=tmp_path)
    while process.poll() is None and not any(one == kind or one.startswith(f".{kind}.") for one in names(tmp_path)):
        time.sleep(0.0005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for each in ("p", "e"):
        if (tmp_path / each).exists():
            assert names(tmp_path / each) == names(whole / each)
            for file in (whole / each).iterdir():
                assert (tmp_path / each / file.name).read_bytes() == file.read_bytes()
    if (tmp_path / "o.txt").exists():
        assert (tmp_path / "o.txt").read_text(encoding="utf-8").endswith("Nothing left this machine.\n")


# Examples


def many(tmp_path: Path) -> Path:
    """A log of tasks whose examples `probe` scores in different ways."""
    rows = []
    for k in range(280):
        call = {**logs.calls(1)[0], "k": k, "start": logs.START + k * 3600, "system": None}
        kind = k % 7
        text = said(k)
        if kind == 0:
            call |= {
                "system": "Sort the message into a queue.",
                "user": text,
                "answer": ("Billing", "billing.", '{"label": "returns"}')[k % 3],
            }
        elif kind == 1:
            call |= {
                "system": "Extract the fields as JSON.",
                "user": text,
                "answer": json.dumps({"thing": text[:9], "n": k, "card": 4111111111111111}),
            }
        elif kind == 2:
            call |= {"user": f"Translate the following message into French: {text}", "answer": f"voici {said(k + 900)}"}
        elif kind == 3:
            call |= {"user": f"Summarize the call below in two sentences.\n\n{text}", "answer": said(k + 300)}
        elif kind == 4:
            call |= {
                "system": "You are a senior programmer. Write code.",
                "user": text,
                "answer": f"```python\ndef f_{k}():\n    return {k}\n```",
            }
        elif kind == 5:
            call |= {"system": "You are the agent of a smart home. Call the function that fits.", "user": text, "answer": None}
        else:
            call |= {"user": f"Rate the text below from 1 to 5. Answer with the number only.\n{text}", "answer": str(1 + k % 5)}
        row = logs.chat_log(call)
        if kind == 5:
            function = {"name": "lamp", "arguments": json.dumps({"room": text.split()[0]})}
            row["response"]["choices"][0]["message"]["tool_calls"] = [{"id": "c", "type": "function", "function": function}]
        rows.append(row)
    return logs.write_lines(tmp_path / "many.jsonl", rows)


def test_probe_takes_the_examples_of_every_kind_of_group(tmp_path: Path) -> None:
    """With the profile and the wording that were written: every example is usable, and it would ask as today's calls did."""
    found = document(many(tmp_path), "--write-profiles", tmp_path / "p", "--examples", tmp_path / "e")
    natures = {group["nature"] for group in found["groups"]}
    assert {"classification", "extraction", "translation", "summarization", "code_generation", "function_calling"} <= natures
    for group in found["groups"]:
        rows = [json.loads(line) for line in Path(group["examples_file"]).read_text(encoding="utf-8").splitlines()]
        assert len(rows) == group["examples"] >= 30
        assert all(set(row) == {"input", "expected"} and row["input"] and row["expected"] for row in rows)
        wording = Path(group["examples_file"]).with_suffix(".prompt.txt")
        assert wording.exists()
        codes = ["--codes", "labels"] if group["labels"] is not None else []
        ran = run(
            "probe",
            group["profile_file"],
            "--examples",
            group["examples_file"],
            "--prompt",
            wording,
            *codes,
            "--dry-run",
            "--max-cost",
            "50",
        )
        assert ran.code == 0, (group["nature"], ran.err)
        assert f"on {group['examples']} examples" in ran.out + ran.err


def test_labels_are_written_in_one_spelling(tmp_path: Path) -> None:
    """Case, dots and JSON around a label are today's model's slips."""
    found = document(many(tmp_path), "--examples", tmp_path / "e")
    group = next(one for one in found["groups"] if one["profile"]["name"].startswith("sort"))
    rows = [json.loads(line) for line in Path(group["examples_file"]).read_text(encoding="utf-8").splitlines()]
    assert {row["expected"] for row in rows} == {"billing", "returns"}


@pytest.mark.parametrize(("field", "asked_alike"), [("intent", True), ("queue", False)])
def test_a_label_beside_its_reason_is_a_label(field: str, asked_alike: bool, tmp_path: Path) -> None:
    """JSON with one field of few words, and others that say how sure it is and why, is classification; other fields are extraction."""
    rows = []
    for k in range(80):
        said_so = {field: ("Refund", "delivery", "other", "refund ")[k % 4], "confidence": 0.5 + k / 200, "reason": said(k + 700)}
        call = {**logs.calls(1)[0], "k": k, "start": logs.START + k * 3600, "system": "Sort the message. Answer as JSON.", "user": said(k)}
        rows.append(logs.chat_log({**call, "answer": json.dumps(said_so)}))
    path = logs.write_lines(tmp_path / "l.jsonl", rows)
    found = document(path, "--write-profiles", tmp_path / "p", "--examples", tmp_path / "e")
    (group,) = found["groups"]
    assert (group["nature"], group["labels"], group["profile"]["task"]["n_labels"]) == ("classification", 3, 3)
    assert next(one["value"] for one in group["evidence"] if one["name"] == "most frequent answer") == 0.5
    examples = [json.loads(line) for line in Path(group["examples_file"]).read_text(encoding="utf-8").splitlines()]
    assert {row["expected"] for row in examples} == {"refund", "delivery", "other"}
    assert Path(group["examples_file"]).with_suffix(".prompt.txt").exists() == asked_alike
    shown = run("traffic", path, "--show-text").out
    assert "Labels: refund, delivery, other" in shown
    assert "delivery" not in run("traffic", path).out


@pytest.mark.parametrize(
    "answers",
    [
        [{"order": k, "city": ("Bern", "Oslo")[k % 2]} for k in range(40)],
        [{"city": ("Bern", "Oslo")[k % 2], "thing": ("card", "lamp")[k % 2]} for k in range(40)],
        [{"name": said(k), "confidence": 0.5} for k in range(40)],
        [{"city": "Bern", "score": 1}] * 40,
        ["Bern", "Oslo"] * 20,
        [{"intent": ("a", "b")[k % 2], "confidence": 1} if k % 2 else "no JSON" for k in range(40)],
        [],
    ],
    ids=["an-id", "two-fields", "open", "one-word", "no-json", "half-json", "none"],
)
def test_json_without_one_label_is_no_label(answers: list[Any]) -> None:
    """A number that counts, two fields, open words, one word alone, or answers of which half are JSON."""
    assert json_labels_of([one if isinstance(one, str) else json.dumps(one) for one in answers]) is None


def test_a_masked_json_answer_stays_json(tmp_path: Path) -> None:
    """Texts and numbers inside it are masked one by one."""
    found = document(many(tmp_path), "--examples", tmp_path / "e")
    group = next(one for one in found["groups"] if one["nature"] == "extraction")
    rows = [json.loads(line) for line in Path(group["examples_file"]).read_text(encoding="utf-8").splitlines()]
    assert all(json.loads(row["expected"])["card"] == "<card>" for row in rows)
    assert all(isinstance(json.loads(row["expected"])["n"], int) for row in rows)


def example(**changed: Any) -> Example:
    """One call of a sample."""
    return Example(**{"key": "k", "system": "Do it.", "prompt": "please", "answer": "done", "tools": None, "turns": 0, **changed})


def test_calls_that_are_no_examples_are_left_out() -> None:
    """With earlier turns, without a prompt or an answer; copies count once; the order changes nothing."""
    told = Told("open_chat", None, ())
    ones = [example(), example(), example(turns=1), example(prompt=" "), example(prompt=None), example(answer=""), example(prompt="b")]
    found = for_probe(ones, told, frozenset(), plainly_masked, 9)
    assert (len(found.lines), found.left_out) == (2, 4)
    assert for_probe(ones[::-1], told, frozenset(), plainly_masked, 9) == found
    assert found.prompt == "Do it.\n---\n{input}\n"


def test_labels_that_probe_takes_for_one_are_written_all_the_same(tmp_path: Path) -> None:
    """A word with and without quotes: examples are written, and no wording whose answers could not be read."""
    rows = []
    for k in range(60):
        call = {**logs.calls(1)[0], "k": k, "start": logs.START + k * 3600, "system": "Sort it.", "user": said(k)}
        rows.append(logs.chat_log({**call, "answer": ("«refund»", "refund", "other")[k % 3]}))
    found = document(logs.write_lines(tmp_path / "l.jsonl", rows), "--examples", tmp_path / "e")
    assert found["groups"][0]["labels"] == 3
    assert [one.suffix for one in (tmp_path / "e").iterdir()] == [".jsonl"]


def test_a_wording_is_written_only_where_it_is_the_same_for_all() -> None:
    """System prompts that differ, or that hold a line of three dashes, cannot be written as one."""
    told = Told("open_chat", None, ())
    assert for_probe([example(), example(prompt="b", system="Else.")], told, frozenset(), str, 9).prompt is None
    assert for_probe([example(system="a\n---\nb")], told, frozenset(), str, 9).prompt is None
    assert for_probe([example(system=None)], told, frozenset(), str, 9).prompt == "{input}\n"


@pytest.mark.parametrize(
    ("logged", "expected"),
    [
        (
            [{"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"b": 1, "a": 2}'}}],
            {"function": "f", "arguments": {"a": 2, "b": 1}},
        ),
        ([{"type": "tool_use", "name": "f", "input": {"a": 1}}], {"function": "f", "arguments": {"a": 1}}),
        ([{"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}}], {"function": "f", "arguments": {"a": 1}}),
        ({"name": "f", "arguments": "{}"}, {"function": "f", "arguments": {}}),
        ([{"name": "f", "arguments": "not json"}], {"function": "f", "arguments": "not json"}),
        ([], None),
        ([{"type": "function"}], None),
        ("nonsense", None),
    ],
)  # fmt: skip
def test_the_call_of_a_function_is_the_expected_answer(logged: Any, expected: dict[str, Any] | None) -> None:
    """Of every provider's form the name and the arguments."""
    found = call_of(logged if isinstance(logged, str) else json.dumps(logged))
    assert (json.loads(found) if found is not None else None) == expected


def test_examples_per_group_is_a_limit(tmp_path: Path) -> None:
    """At most so many of each; more than are sampled for the measures where more are asked for."""
    found = document(log(tmp_path, 120), "--examples", tmp_path / "e", "--examples-per-group", "7")
    assert {group["examples"] for group in found["groups"]} == {7}


def test_files_are_not_for_others_where_the_user_says_so(tmp_path: Path) -> None:
    """The umask holds for the folder too."""
    before = os.umask(0o077)
    try:
        run("traffic", log(tmp_path), "--examples", tmp_path / "e")
    finally:
        os.umask(before)
    assert (tmp_path / "e").stat().st_mode & 0o077 == 0
    assert all(one.stat().st_mode & 0o077 == 0 for one in (tmp_path / "e").iterdir())
