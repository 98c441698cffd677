"""Imports point one way: errors ◀ records ◀ {core, money, cascade, measure} ◀ {readers, probe, traffic, report} ◀ cli."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "slmdecide"
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "numbers": {"records"},
    "records": {"records"},
    "money": {"records", "money"},
    "core": {"records", "money", "measure", "core", "numbers", "errors"},
    "measure": {"records", "measure", "numbers", "errors"},
    "cascade": {"records", "measure", "cascade", "numbers", "errors"},
    "readers": {"records", "readers", "errors"},
    "probe": {"records", "measure", "money", "readers", "probe", "numbers", "errors"},
    # An adapter beside readers and probe. It assesses nothing: the command does.
    "traffic": {"records", "readers", "traffic", "numbers", "errors"},
    "report": {"records", "report", "numbers", "errors"},
    "ci": {"ci", "errors"},
    "cli": {"ci", "records", "money", "core", "measure", "cascade", "readers", "probe", "traffic", "report", "numbers", "errors", "cli"},
    "__init__": {"core", "readers", "records", "errors"},
    "__main__": {"cli"},
}


def layer(path: Path) -> str:
    """The layer that a module belongs to: its folder, or its own name at the top."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else path.stem


def imported(path: Path) -> set[str]:
    """The layers that a module imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [node.module] if node.module != "slmdecide" else []
        elif isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("slmdecide.")}
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_one_way(path: Path) -> None:
    """A module imports its own layer and those before it."""
    assert imported(path) <= ALLOWED[layer(path)], path


@pytest.mark.parametrize(
    "path",
    [one for layer in ("core", "money", "measure", "cascade") for one in sorted((PACKAGE / layer).rglob("*.py"))],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_the_rules_touch_nothing_outside(path: Path) -> None:
    """Rules read no file, clock, environment or unseeded randomness."""
    outside = {"os", "sys", "time", "datetime", "random", "pathlib", "subprocess", "socket", "io"}
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {one.name.split(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            modules.add(node.module.split(".")[0])
    assert not modules & outside


_OF_EXTRAS = {"psycopg", "pyspark", "py4j", "playwright", "llama_cpp"}
"""What `dev` does not install: only the marked parts have it."""


@pytest.mark.parametrize("path", sorted(Path(__file__).parent.glob("*.py")), ids=lambda path: path.name)
def test_tests_are_collected_without_the_extras(path: Path) -> None:
    """At the top of a test module, outside `if TYPE_CHECKING`, nothing is imported that the test line does not install."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    names = [one.name for node in body if isinstance(node, ast.Import) for one in node.names]
    names += [node.module or "" for node in body if isinstance(node, ast.ImportFrom)]
    assert not {name.split(".")[0] for name in names} & _OF_EXTRAS
