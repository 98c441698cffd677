"""`slmdecide profiles`: the ready profiles as a list, one of them as it stands, and the natures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slmdecide.cli.completion import profile_names
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.ready import CATALOGUE, ready_names, ready_profiles
from slmdecide.readers.yaml import read_document
from tests.running import run

FILES = sorted(CATALOGUE.glob("*.yaml"))
NATURES = load_catalog().natures


def test_list_names_every_profile() -> None:
    """Id, nature and what it is for; the last line says how to go on."""
    done = run("profiles")
    assert done.code == 0
    titles = [line for line in done.out.splitlines() if line and not line.startswith(" ")]
    assert [line.split("  ")[0] for line in titles[:-1]] == [path.stem for path in FILES] == list(ready_names())
    assert "internal-rag  (rag_answer, 4 stages)" in titles
    assert titles[-1].startswith(f"{len(FILES)} profiles; `slmdecide profiles NAME` shows one")


@pytest.mark.parametrize(("columns", "most"), [("60", 60), ("5", 40), ("500", 100)])
def test_list_keeps_to_the_width(columns: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Descriptions wrap at the terminal's width, at most 100 and not under 40 columns."""
    monkeypatch.setenv("COLUMNS", columns)
    described = [line for line in run("profiles").out.splitlines() if line.startswith(" ")]
    assert max(map(len, described)) <= most


def test_list_as_json_and_markdown() -> None:
    """The JSON has id, name, nature, stages and description; the Markdown is a table."""
    document = json.loads(run("profiles", "--format", "json").out)
    assert document["schema_version"] == 1
    by_id = {one["id"]: one for one in document["profiles"]}
    assert list(by_id) == [path.stem for path in FILES]
    value = read_document(CATALOGUE / "internal-rag.yaml").value
    assert by_id["internal-rag"] == {
        "id": "internal-rag",
        "name": value["name"],
        "nature": "rag_answer",
        "stages": 4,
        "description": value["description"],
    }
    table = run("profiles", "--format", "markdown").out.splitlines()
    assert table[0] == "| profile | nature | what it is for |"
    assert len(table) == len(FILES) + 2


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_one_is_shown_as_it_stands(path: Path) -> None:
    """The text of the file, comments included; with or without its ending in the name."""
    text = path.read_text(encoding="utf-8")
    assert run("profiles", path.stem).out == text
    assert run("profiles", path.name).out == text


def test_one_as_json_and_markdown() -> None:
    """The JSON holds the values and the text; the Markdown a block of YAML."""
    path = CATALOGUE / "support-triage.yaml"
    document = json.loads(run("profiles", "support-triage", "--format", "json").out)
    assert document == {
        "schema_version": 1,
        "id": "support-triage",
        "profile": read_document(path).value,
        "text": path.read_text(encoding="utf-8"),
    }
    shown = run("profiles", "support-triage", "--format", "markdown").out
    assert shown == f"## support-triage\n\n```yaml\n{path.read_text(encoding='utf-8')}```\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("support-triag", "error: found 'support-triag', which is no ready profile; did you mean 'support-triage'?\n"),
        ("../natures", "error: found '../natures', which is no ready profile\n"),
        ("\x1b[31m\n", "error: found '\\x1b[31m\\n', which is no ready profile\n"),
    ],
)
def test_unknown_name(name: str, message: str) -> None:
    """The nearest name is offered; a path is no name; nothing raw reaches the terminal."""
    done = run("profiles", name)
    assert (done.code, done.out) == (2, "")
    assert done.err == message + "hint: `slmdecide profiles` lists them\n"


def test_natures() -> None:
    """Every nature with what it implies, as text, table and JSON."""
    text = run("profiles", "--natures").out
    assert [line.split(": ")[0] for line in text.splitlines() if not line.startswith(" ")] == list(NATURES)
    assert "implies a closed set of answers, output label, scope narrow, reasoning none" in text
    assert "fine-tuning is considered from 200 labelled examples; 500 are enough" in text
    document = json.loads(run("profiles", "--natures", "--format", "json").out)
    assert [one["id"] for one in document["natures"]] == list(NATURES)
    assert document["natures"][0]["labels_to_specialize"] == 200
    table = run("profiles", "--natures", "--format", "markdown").out.splitlines()
    assert len(table) == len(NATURES) + 2
    assert {line.count(" | ") for line in table} == {9}


def test_name_and_natures_exclude_each_other() -> None:
    """Two questions at once are refused."""
    done = run("profiles", "support-triage", "--natures")
    assert (done.code, done.err) == (2, "error: --natures: a profile is named as well; give the name or the option\n")


def test_the_shell_completes_names() -> None:
    """Names that begin with what was typed."""
    assert profile_names("support") == ["support-triage"]
    assert len(profile_names("")) == len(FILES) == len(ready_profiles())
