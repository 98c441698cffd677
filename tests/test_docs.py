"""The documents say what is true: every command is named, and the command reference is what `--help` prints."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import typer.main
from typer.testing import CliRunner

from slmdecide.cli.app import app_for

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "commands.md"


def commands() -> Iterator[tuple[str, ...]]:
    """Every command, groups before their members."""
    yield ()
    group = typer.main.get_command(app_for(None))
    for name, command in group.commands.items():  # type: ignore[attr-defined]  # a group has commands
        yield (name,)
        for member in getattr(command, "commands", {}):
            yield (name, member)


def reference() -> str:
    """The page: each command's help, as it is printed at 100 columns."""
    runner = CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1", "TERMINAL_WIDTH": "100"})
    parts = ["# Commands", "", "Written by `python -m pytest tests/test_docs.py --update-golden`; a test compares it with the program.", ""]
    for path in commands():
        result = runner.invoke(app_for(None), [*path, "--help"], prog_name="slmdecide")
        assert result.exit_code == 0
        shown = "\n".join(line.rstrip() for line in result.output.strip().splitlines())
        parts += [f"## {' '.join(('slmdecide', *path))}", "", "```text", shown, "```", ""]
    return "\n".join(parts)


def test_the_command_reference_is_what_help_prints(request: object) -> None:
    """docs/commands.md is generated; run pytest with --update-golden after a change of a command."""
    page = reference()
    if request.config.getoption("--update-golden"):  # type: ignore[attr-defined]  # pytest's FixtureRequest
        REFERENCE.write_text(page, encoding="utf-8")
    assert page == REFERENCE.read_text(encoding="utf-8")


def test_every_command_is_in_the_readme() -> None:
    """A newcomer finds each command in the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [" ".join(path) for path in commands() if path and f"slmdecide {' '.join(path)}" not in readme]
    assert not missing


def test_commands_named_in_documents_exist() -> None:
    """A document names no command that is not there."""
    known = {" ".join(path) for path in commands()}
    firsts = {path[0] for path in commands() if path}
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / "CONTRIBUTING.md"):
        for line in re.findall(r"slmdecide ([a-z][a-z ]*[a-z])", page.read_text(encoding="utf-8")):
            words = line.split()
            assert words[0] in firsts or words[0] not in {"assess", "prices", "probe", "cascade"}, (page.name, line)
            if words[0] == "prices" and len(words) > 1:
                assert " ".join(words[:2]) in known or words[1] not in {"show", "list", "compare", "check", "refresh"}, (page.name, line)


def test_the_two_lines_of_the_readme_are_marked() -> None:
    """.ci/run finds the test line by its marker; both lines set up their own environment."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for marker in ("main line", "test line"):
        block = readme.split(f"<!-- {marker} -->")[1].split("```")[1]
        line = block.removeprefix("sh\n").strip()
        assert "\n" not in line
        assert line.startswith("python3 -m venv .venv && ")


def test_documents_name_files_that_exist() -> None:
    """A path in backticks with a known folder in front leads to a file or a folder."""
    pattern = re.compile(r"`((?:docs|pricing|profiles|evidence|benchmarks|tests|slmdecide)/[\w./-]+)`")
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / "CONTRIBUTING.md"):
        for path in pattern.findall(page.read_text(encoding="utf-8")):
            assert (ROOT / path).exists(), (page.name, path)
