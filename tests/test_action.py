"""`slmdecide ci`, and the GitHub action around it: its steps are run in a shell with the variables that a runner sets."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.comments_api import TOKEN, Played, comments_api
from tests.decided import READY, other_volume, save
from tests.running import run

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
INPUTS = set(ACTION["inputs"])
HTML = ["--no-html"]


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one profile, and the variables of a run for pull request 7."""
    work = tmp_path / "work"
    (work / "tasks").mkdir(parents=True)
    (work / ".git").mkdir()
    (work / "tasks" / "triage.task.yaml").write_text((READY / "support-triage.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}), encoding="utf-8")
    monkeypatch.chdir(work)
    for name in [one for one in os.environ if one.startswith(("GITHUB_", "SLMDECIDE_", "INPUT_"))]:
        monkeypatch.delenv(name)
    for name, value in {
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(work),
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_WORKFLOW": "ci",
        "GITHUB_JOB": "decide",
        "GITHUB_ACTION_PATH": str(ROOT),
        "RUNNER_TEMP": str(tmp_path / "runner"),
        "no_proxy": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def api(runner: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    """The comments API, with a token for it."""
    assert runner.is_dir()
    with comments_api() as played:
        monkeypatch.setenv("GITHUB_API_URL", played.url)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        yield played


def outputs(runner: Path) -> dict[str, str]:
    """The outputs that the step has set."""
    lines = (runner / "output").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_files_summary_and_outputs(runner: Path) -> None:
    """The decision as JSON, Markdown and a page; the summary is the Markdown; the outputs say where and what."""
    done = run("ci", "**/*.task.yaml")
    assert (done.code, done.err) == (0, "")
    folder = runner / "work" / "slmdecide-report"
    assert json.loads((folder / "decision.json").read_text(encoding="utf-8"))["task"]["name"] == "Support triage"
    report = (folder / "decision.md").read_text(encoding="utf-8")
    assert report.startswith("## Support triage: fine-tuned small model")
    assert (runner / "summary.md").read_text(encoding="utf-8").strip() == report.strip()
    assert (folder / "decision.html").read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    assert outputs(runner) == {
        "json": "slmdecide-report/decision.json",
        "markdown": "slmdecide-report/decision.md",
        "changed": "false",
        "tripped": "",
    }


def test_a_policy_is_shown_at_the_line_that_did_it(runner: Path) -> None:
    """The changed volume for a changed verdict; exit 3; the report comes all the same, what tripped first."""
    old = save(runner / "old.json", other_volume(3000))
    done = run("ci", "tasks/*.yaml", "--against", old, "--fail-on", "verdict-change", "--fail-on", "confidence-below=0.999", *HTML)
    lines = (runner / "work" / "tasks" / "triage.task.yaml").read_text(encoding="utf-8").splitlines()
    assert done.code == 3
    shown = re.findall(r"^::error file=tasks/triage\.task\.yaml,line=(\d+),title=slmdecide::([a-z-]+)", done.out, re.MULTILINE)
    assert [name for _, name in shown] == ["verdict-change", "confidence-below"]
    assert "requests_per_month: 3M" in lines[int(shown[0][0]) - 1]
    summary = (runner / "summary.md").read_text(encoding="utf-8")
    assert summary.index("Policies that tripped") < summary.index("Changes since")
    assert outputs(runner)["tripped"] == "verdict-change confidence-below"
    assert outputs(runner)["changed"] == "true"


def test_a_wrong_profile_is_shown_at_its_line(runner: Path) -> None:
    """Every mistake of every file, in the log and in the summary; exit 2."""
    (runner / "work" / "tasks" / "b.task.yaml").write_text("name: B\nnature: routng\nvolume: {requests_per_month: 1k}\n", encoding="utf-8")
    done = run("ci", "**/*.task.yaml", *HTML)
    assert done.code == 2
    found = [line for line in done.out.splitlines() if line.startswith("::error file=tasks/b.task.yaml,line=")]
    assert any(",line=2," in line and "did you mean 'routing'?" in line for line in found)
    assert any(",line=3," in line for line in found)
    assert "tasks/b.task.yaml:2: nature" in (runner / "summary.md").read_text(encoding="utf-8")


def test_hostile_text_gives_no_command_to_the_runner(runner: Path) -> None:
    """A name that looks like a workflow command ends up inside a message."""
    file = runner / "work" / "tasks" / "triage.task.yaml"
    name = "::add-mask::x%0A::error::y @team <script>"
    file.write_text(file.read_text(encoding="utf-8").replace("name: Support triage", f"name: '{name}'"), encoding="utf-8")
    done = run("ci", "**/*.task.yaml", "--fail-on", "max-monthly-cost=1", *HTML)
    assert done.code == 3
    commands = [line for line in done.out.splitlines() if line.lstrip().startswith("::")]
    assert all(line.startswith("::error file=tasks/triage.task.yaml,line=") for line in commands)
    assert len(commands) == 1
    assert "%250A" in commands[0]
    summary = (runner / "summary.md").read_text(encoding="utf-8")
    assert "@team" not in summary
    assert "<script" not in summary.replace("\\<script", "")


def test_one_comment_over_many_runs(api: Played, runner: Path) -> None:
    """Made where something changed, updated after, found among thirty-one of others; the token is printed nowhere."""
    api.chatter(31)
    old = save(runner / "old.json", other_volume(3000))
    for expected in ("created", "unchanged"):
        done = run("ci", "**/*.task.yaml", "--against", old, "--comment", *HTML)
        assert (done.code, done.out.splitlines()[0]) == (0, f"comment on pull request 7: {expected}")
        assert TOKEN not in done.out + done.err
    assert len(api.comments) == 32
    assert "large model became fine-tuned small model" in api.comments[-1]["body"]
    same = save(runner / "same.json", other_volume(3_000_000))
    assert "comment on pull request 7: updated" in run("ci", "**/*.task.yaml", "--against", same, "--comment", *HTML).out


def test_no_comment_where_nothing_changed(api: Played, runner: Path) -> None:
    """The same decision makes none; a policy that trips does."""
    same = save(runner / "same.json", other_volume(3_000_000))
    assert "comment on pull request 7: not needed" in run("ci", "**/*.task.yaml", "--against", same, "--comment", *HTML).out
    assert api.comments == []
    done = run("ci", "**/*.task.yaml", "--against", same, "--comment", "--fail-on", "max-monthly-cost=1", *HTML)
    assert done.code == 3
    assert len(api.comments) == 1


@pytest.mark.parametrize(("status", "fragment"), [(403, "fork"), (404, "no such pull request")])
def test_a_fork_gets_the_summary(api: Played, runner: Path, status: int, fragment: str) -> None:
    """Without the right to comment: a notice, the summary, and the exit code of the policies."""
    api.for_good["POST" if status == 403 else "GET"] = (status, {})
    done = run("ci", "**/*.task.yaml", "--comment", *HTML)
    assert done.code == 0
    (notice,) = [line for line in done.out.splitlines() if line.startswith("::notice")]
    assert fragment in notice
    assert TOKEN not in done.out + done.err
    assert (runner / "summary.md").exists()


def test_without_a_token_or_a_pull_request(runner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are told as a notice, and nothing is sent."""
    monkeypatch.setenv("GITHUB_API_URL", "https://api.example.org")
    assert "::notice title=slmdecide::no comment: there is no token" in run("ci", "**/*.task.yaml", "--comment", *HTML).out
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(runner / "none.json"))
    monkeypatch.setenv("GITHUB_REF", "refs/heads/main")
    assert "about no pull request" in run("ci", "**/*.task.yaml", "--comment", *HTML).out


@pytest.mark.parametrize(
    ("arguments", "environment", "fragment"),
    [
        (["nothing/**/*.yaml"], {}, "matches no file"),
        ([], {}, "no profiles are named"),
        (["**/*.task.yaml"], {"SLMDECIDE_COMMENT": "yes"}, "SLMDECIDE_COMMENT: found 'yes'; allowed: true, false"),
        (["**/*.task.yaml"], {"SLMDECIDE_FAIL_ON": "infeasable"}, "did you mean 'infeasible'?"),
        (["**/*.task.yaml"], {"SLMDECIDE_FAIL_ON": "verdict-change"}, "--against"),
        (["**/*.task.yaml"], {"SLMDECIDE_AGAINST": "no.json"}, "no.json: no such file"),
    ],
)
def test_a_gate_that_checks_nothing_is_an_error(
    runner: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], environment: dict[str, str], fragment: str
) -> None:
    """Exit 2, in the log and as an annotation, before anything is written."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    done = run("ci", *arguments, *HTML)
    assert done.code == 2
    assert fragment in done.out + done.err
    assert done.out.startswith("::error title=slmdecide::")
    assert not (runner / "summary.md").exists()


def test_settings_are_no_profile(runner: Path) -> None:
    """A glob that matches slmdecide.yaml too assesses the profiles, by the settings in it; named alone it is a wrong profile."""
    (runner / "work" / "slmdecide.yaml").write_text("fail_on: [max-monthly-cost=1]\n", encoding="utf-8")
    done = run("ci", "**/*.yaml", *HTML)
    assert (done.code, done.err) == (3, "")
    assert outputs(runner)["tripped"] == "max-monthly-cost"
    assert run("ci", "slmdecide.yaml", *HTML).code == 2
    assert "matches no file" in run("ci", "*.yaml", *HTML).out


def test_elsewhere_than_on_github(runner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No workflow commands: policies are lines on stderr."""
    assert runner.is_dir()
    monkeypatch.delenv("GITHUB_ACTIONS")
    done = run("ci", "**/*.task.yaml", "--fail-on", "max-monthly-cost=1", *HTML)
    assert done.code == 3
    assert "::" not in done.out
    assert re.fullmatch(r"error: tasks/triage\.task\.yaml:\d+: max-monthly-cost=1: .*\n", done.err)


def steps(*ids: str) -> list[dict[str, Any]]:
    """The shell steps of the action."""
    return [one for one in ACTION["runs"]["steps"] if "run" in one and (not ids or one.get("id") in ids)]


def filled(text: str, inputs: dict[str, str]) -> str:
    """The text with the action's expressions replaced as the runner does."""
    values = {name: str(one.get("default", "")) for name, one in ACTION["inputs"].items()} | inputs
    return re.sub(r"\$\{\{ *inputs\.([\w-]+) *\}\}", lambda found: values[found[1]], text).replace(
        "${{ steps.python.outputs.python-path }}", sys.executable
    )


def run_step(step: dict[str, Any], inputs: dict[str, str], path: Path) -> subprocess.CompletedProcess[str]:
    """A shell step, run as the runner does."""
    script = path / "step.sh"
    script.write_text(filled(step["run"], inputs), encoding="utf-8")
    environment = {**os.environ, **{name: filled(str(value), inputs) for name, value in step.get("env", {}).items()}}
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_action_is_well_formed() -> None:
    """Composite; every expression names an input or an output that exists; no input stands in a script; actions are pinned."""
    assert ACTION["runs"]["using"] == "composite"
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == INPUTS
    assert {name for one in ACTION["outputs"].values() for name in re.findall(r"outputs\.([\w-]+)", one["value"])} == {
        "json", "markdown", "changed", "tripped",
    }  # fmt: skip
    assert all(set(one) <= {"description", "required", "default"} for one in ACTION["inputs"].values())
    assert all(set(one) == {"description", "value"} for one in ACTION["outputs"].values())
    for one in ACTION["runs"]["steps"]:
        assert "uses" in one or one["shell"] == "bash"
        assert "${{" not in one.get("run", "")
        assert "@v" in one.get("uses", "@v")
    assert all(one["description"] for one in (*ACTION["inputs"].values(), *ACTION["outputs"].values()))


def test_the_deciding_step_in_a_shell(api: Played, runner: Path) -> None:
    """The inputs reach the program through the environment, with spaces, quotes and lines in them."""
    binaries = runner / "runner" / "slmdecide" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "slmdecide").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m slmdecide "$@"\n', encoding="utf-8")
    (binaries / "slmdecide").chmod(0o755)
    odd = runner / "work" / "tasks" / 'odd "name" $(touch pwned).task.yaml'
    odd.write_text((READY / "code-review.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (step,) = steps("decide")
    inputs = {
        "profiles": 'tasks/triage*\ntasks/odd "name" $(touch pwned).task.yaml',
        "fail-on": "infeasible, undecided\nmax-monthly-cost=1",
    }
    done = run_step(step, {**inputs, "comment": "true", "token": TOKEN, "html": "false"}, runner)
    assert done.returncode == 3, done.stderr
    assert not list(runner.rglob("pwned"))
    assert TOKEN not in done.stdout + done.stderr
    assert outputs(runner)["tripped"] == "max-monthly-cost"
    assert len(json.loads((runner / "work/slmdecide-report/decision.json").read_text(encoding="utf-8"))["tasks"]) == 2
    assert len(api.comments) == 1


@pytest.mark.slow
def test_every_step_in_a_shell(runner: Path) -> None:
    """The environment is made, the program installed in it, and run."""
    (runner / "runner").mkdir()
    for step in steps():
        done = run_step(step, {"profiles": "tasks/*.yaml"}, runner)
        assert done.returncode == 0, done.stderr
    assert (runner / "work/slmdecide-report/decision.html").exists()


def test_our_own_workflow_uses_the_action() -> None:
    """With inputs that exist, and policies that the ready profiles hold."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "slmdecide.yml").read_text(encoding="utf-8"))
    (step,) = [one for one in workflow["jobs"]["decide"]["steps"] if one["uses"] == "./"]
    assert set(step["with"]) <= INPUTS
    policies = [word for one in step["with"]["fail-on"].split() if not one.startswith("stale") for word in ("--fail-on", one)]
    files = sorted(ROOT.glob(step["with"]["profiles"]))
    assert files
    done = run("assess", *files, *policies)
    assert done.code == 0, done.err


def test_the_examples_of_the_documents() -> None:
    """The workflow in docs/ci.md has inputs of the action; its settings are read; its policies are policies."""
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    blocks = [yaml.safe_load(one) for one in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    workflow = next(one for one in blocks if "jobs" in one)
    (step,) = [one for one in workflow["jobs"]["decide"]["steps"] if "slmdecide" in one["uses"]]
    assert set(step["with"]) <= INPUTS
    settings = next(one for one in blocks if "threshold_usd" in one)
    from slmdecide.core.policy_words import parse_policy  # noqa: PLC0415  (only here)
    from slmdecide.records.settings import SettingsFile  # noqa: PLC0415

    assert set(settings) == {one for one in SettingsFile.__dataclass_fields__ if not one.startswith("_")}
    for word in (*settings["fail_on"], *step["with"]["fail-on"].split(), *re.findall(r"^\| `([^`]+)`", page, re.MULTILINE)):
        assert parse_policy(word)


def test_the_job_for_gitlab(runner: Path) -> None:
    """Its command, run in a shell: the report is there when the policy trips, and exit 3 is what `allow_failure` may let pass."""
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    (job,) = [one["slmdecide"] for one in map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)) if "slmdecide" in one]
    install, command = job["script"]
    assert install.startswith("pip install ")
    work = runner / "work"
    (work / "tasks" / "triage.task.yaml").rename(work / "tasks" / "triage.yaml")
    save(work / "decision.json", other_volume(3000))
    shim = runner / "slmdecide"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m slmdecide "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    environment = {**os.environ, "PATH": f"{runner}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", command], cwd=work, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith("policy: verdict-change: ")
    (report,) = job["artifacts"]["paths"]
    assert "Changes since decision.json: large model became" in (work / report).read_text(encoding="utf-8")


def test_the_pre_commit_hook(runner: Path) -> None:
    """It runs a command that exists, on files named as profiles are, and fails for a wrong one."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["id"] == "slmdecide-validate"
    named = re.compile(hook["files"])
    assert all(named.search(one) for one in ("task.yaml", "a/task.yml", "a/b.task.yaml"))
    assert not any(named.search(one) for one in ("mytask.yaml", "task.yaml.bak", "a/task.json", "tasks/x.yaml"))
    program, *arguments = hook["entry"].split()
    assert program == "slmdecide"
    assert run(*arguments, runner / "work/tasks/triage.task.yaml").code == 0
    (runner / "bad.task.yaml").write_text("name: x\n", encoding="utf-8")
    assert run(*arguments, runner / "bad.task.yaml").code == 2


def test_a_task_named_twice_is_shown_in_both_files(runner: Path) -> None:
    """Two profiles of one name: neither hides the other."""
    text = (runner / "work/tasks/triage.task.yaml").read_text(encoding="utf-8")
    (runner / "work/tasks/again.task.yaml").write_text(text, encoding="utf-8")
    old = save(runner / "old.json", other_volume(3000), replace(other_volume(3000)))
    done = run("ci", "**/*.task.yaml", "--against", old, "--fail-on", "verdict-change", *HTML)
    assert done.code == 3
    assert set(re.findall(r"::error file=([^,]*),", done.out)) == {"tasks/again.task.yaml", "tasks/triage.task.yaml"}


def test_a_folder_that_cannot_be_made(runner: Path) -> None:
    """Exit 1 and a line."""
    (runner / "work" / "taken").write_text("x", encoding="utf-8")
    done = run("ci", "**/*.task.yaml", "--output-dir", runner / "work" / "taken", *HTML)
    assert done.code == 1
    assert "cannot be made" in done.err


def test_a_file_outside_the_checkout_keeps_its_name(runner: Path, tmp_path: Path) -> None:
    """An annotation cannot stand at it, and its path is told as it was given."""
    outside = tmp_path / "outside.task.yaml"
    outside.write_text("name: x\n", encoding="utf-8")
    done = run("ci", outside, *HTML)
    assert runner.is_dir()
    assert done.code == 2
    assert f"file={outside.as_posix()}" in done.out
