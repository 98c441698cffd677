"""The project's settings: where they are found, what they may say, what comes first, and `slmdecide config`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slmdecide.errors import DataError
from slmdecide.readers.settings import find_settings
from tests.decided import READY, decided, save
from tests.running import run

TRIAGE = READY / "support-triage.yaml"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a folder in it, in which the command is started."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "tasks" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "tasks" / "deep")
    return tmp_path


def shown(*arguments: object) -> dict[str, tuple[object, str]]:
    """Each setting with its value and where it comes from."""
    done = run("config", "--format", "json", *arguments)
    assert done.code == 0, done.err
    found = {}
    for one in json.loads(done.out)["settings"]:
        place = one["file"] if one["line"] is None else f"{one['file']}:{one['line']}"
        found[one["name"]] = (one["value"], place if one["file"] is not None else one["origin"])
    return found


def test_defaults(project: Path) -> None:
    """Nothing set: nothing is compared with, no policy, no threshold."""
    assert project.is_dir()
    assert shown() == dict.fromkeys(("against", "fail_on", "threshold_usd", "threshold_percent"), (None, "default"))


def test_a_yaml_file_upward(project: Path) -> None:
    """Each value with its file and line; a path is meant from the file that names it."""
    (project / "slmdecide.yaml").write_text(
        "# policies\nfail_on: [infeasible, max-monthly-cost=1]\n\nthreshold_percent: 5\nagainst: decisions/last.json\n", encoding="utf-8"
    )
    assert shown() == {
        "against": ("../../decisions/last.json", "../../slmdecide.yaml:5"),
        "fail_on": (["infeasible", "max-monthly-cost=1"], "../../slmdecide.yaml:2"),
        "threshold_usd": (None, "default"),
        "threshold_percent": (5, "../../slmdecide.yaml:4"),
    }
    text = run("config").out
    assert "../../slmdecide.yaml:2" in text
    assert "infeasible, max-monthly-cost=1" in text


def test_pyproject(project: Path) -> None:
    """[tool.slmdecide], with keys in either spelling; other tools' tables do not matter."""
    (project / "pyproject.toml").write_text(
        '[tool.ruff]\nfail-on = "no"\n\n[tool.slmdecide]\nthreshold-usd = 50\nfail-on = ["unpriced"]\n\n[tool.black]\nx = 1\n',
        encoding="utf-8",
    )
    found = shown()
    assert found["threshold_usd"] == (50, "../../pyproject.toml:5")
    assert found["fail_on"] == (["unpriced"], "../../pyproject.toml:6")


def test_which_file_comes_first(project: Path) -> None:
    """The nearest folder; in one folder slmdecide.yaml; a pyproject without our table is passed over."""
    (project / "slmdecide.yaml").write_text("threshold_usd: 1\n", encoding="utf-8")
    (project / "tasks" / "pyproject.toml").write_text("[tool.other]\n", encoding="utf-8")
    assert shown()["threshold_usd"] == (1, "../../slmdecide.yaml:1")
    (project / "tasks" / "pyproject.toml").write_text("[tool.slmdecide]\nthreshold_usd = 2\n", encoding="utf-8")
    assert shown()["threshold_usd"] == (2, "../pyproject.toml:2")
    (project / "tasks" / "slmdecide.yaml").write_text("threshold_usd: 3\n", encoding="utf-8")
    assert shown()["threshold_usd"] == (3, "../slmdecide.yaml:1")


def test_the_search_ends_at_the_repository_and_at_home(tmp_path: Path) -> None:
    """A file above either is somebody else's."""
    (tmp_path / "slmdecide.yaml").write_text("threshold_usd: 1\n", encoding="utf-8")
    inner = tmp_path / "home" / "work"
    inner.mkdir(parents=True)
    assert find_settings(inner) is not None
    assert find_settings(inner, tmp_path / "home") is None
    (inner / ".git").write_text("gitdir: elsewhere\n", encoding="utf-8")
    assert find_settings(inner) is None
    (inner / "slmdecide.yaml").write_text("threshold_usd: 2\n", encoding="utf-8")
    assert find_settings(inner) is not None


def test_the_command_line_wins(project: Path) -> None:
    """Each option in place of the file's; `none` lifts the policies."""
    (project / "slmdecide.yaml").write_text("fail_on: [max-monthly-cost=1]\nthreshold_usd: 1\n", encoding="utf-8")
    found = shown("--fail-on", "unpriced", "--threshold-usd", "7", "--against", "x.json")
    assert found["fail_on"] == (["unpriced"], "command line")
    assert found["threshold_usd"] == (7, "command line")
    assert found["against"] == ("x.json", "command line")
    assert run("assess", TRIAGE).code == 3
    assert run("assess", TRIAGE, "--fail-on", "unpriced").code == 0
    assert run("assess", TRIAGE, "--fail-on", "none").code == 0
    both = run("assess", TRIAGE, "--fail-on", "none", "--fail-on", "unpriced")
    assert (both.code, both.out) == (2, "")
    assert "stands alone" in both.err


def test_assess_goes_by_the_file(project: Path) -> None:
    """Policies, thresholds and the file to compare with."""
    save(project / "last.json", decided())
    (project / "slmdecide.yaml").write_text("against: last.json\nfail_on: [verdict-change, cost-increase=0%]\n", encoding="utf-8")
    assert run("assess", TRIAGE).code == 0
    document = json.loads(run("assess", TRIAGE, "--format", "json").out)
    assert (document["diff"]["changed"], [one["tripped"] for one in document["policies"]]) == (False, [False, False])
    (project / "last.json").unlink()
    done = run("assess", TRIAGE)
    assert (done.code, done.err) == (2, "error: ../../last.json: no such file\n")


@pytest.mark.parametrize(
    ("name", "content", "fragment"),
    [
        (
            "slmdecide.yaml",
            "fail_onn: []\n",
            "slmdecide.yaml:1: fail_onn: found the unknown field 'fail_onn'; allowed here: against, fail_on",
        ),
        (
            "slmdecide.yaml",
            "\nfail_on: unpriced\n",
            "slmdecide.yaml:2: fail_on: found 'unpriced'; a list is expected, such as ['unpriced']",
        ),
        ("slmdecide.yaml", "threshold_usd: -1\n", "slmdecide.yaml:1: threshold_usd: found -1"),
        ("slmdecide.yaml", "threshold_percent: lots\n", "slmdecide.yaml:1: threshold_percent: found 'lots'"),
        ("slmdecide.yaml", "fail_on: [unpriced, infeasable]\n", "slmdecide.yaml:1: fail_on[1]: found 'infeasable', which is no policy"),
        ("slmdecide.yaml", "a: [\n", "slmdecide.yaml:1: "),
        ("slmdecide.yaml", "- x\n", "slmdecide.yaml:1: found a list"),
        ("slmdecide.yml", "fail_on: []\n", "slmdecide.yml: is not read; name it slmdecide.yaml"),
        ("pyproject.toml", "[tool.slmdecide]\nfail_onn = []\n", "pyproject.toml:2: fail_onn: found the unknown field"),
        ("pyproject.toml", "[tool.slmdecide]\nthreshold_usd = nan\n", "pyproject.toml:2: threshold_usd: "),
        ("pyproject.toml", "[tool.slmdecide]\nthreshold_percent = inf\n", "pyproject.toml:2: threshold_percent: "),
        ("pyproject.toml", "[tool.slmdecide]\nagainst = 2026-01-01\nx = [\n", "pyproject.toml:"),
        ("pyproject.toml", "[tool]\nslmdecide = 3\n", "pyproject.toml: tool.slmdecide: a table of settings is expected"),
    ],
)
def test_a_wrong_setting_is_told_with_its_line(project: Path, name: str, content: str, fragment: str) -> None:
    """Exit 2 with file, line, key and what is allowed; for `config` and for the commands that go by it."""
    (project / name).write_text(content, encoding="utf-8")
    for arguments in (("config",), ("assess", TRIAGE)):
        done = run(*arguments)
        assert (done.code, done.out) == (2, "")
        assert f"../../{fragment}" in done.err.replace("\n", " ")


def test_an_empty_file_sets_nothing(project: Path) -> None:
    """Comments alone are no mistake; a broken pyproject that does not speak of us is none of our business."""
    (project / "slmdecide.yaml").write_text("# later\n", encoding="utf-8")
    assert shown()["fail_on"] == (None, "default")
    (project / "slmdecide.yaml").unlink()
    (project / "pyproject.toml").write_text("[broken\n", encoding="utf-8")
    assert shown()["fail_on"] == (None, "default")


@pytest.mark.parametrize("word", ["-1", "nan", "inf"])
def test_a_threshold_is_a_number_of_zero_or_more(project: Path, word: str) -> None:
    """Anything else on the command line is refused."""
    assert project.is_dir()
    done = run("config", f"--threshold-usd={word}")
    assert done.code == 2
    assert "--threshold-usd" in done.err


def test_a_folder_or_a_huge_file_is_refused(tmp_path: Path) -> None:
    """A settings file is a page of text."""
    (tmp_path / "slmdecide.yaml").mkdir()
    assert find_settings(tmp_path, tmp_path) is None
    (tmp_path / "slmdecide.yaml").rmdir()
    (tmp_path / "slmdecide.yaml").write_text("#" * 1_000_001, encoding="utf-8")
    with pytest.raises(DataError, match="at most 1,000,000"):
        find_settings(tmp_path)
