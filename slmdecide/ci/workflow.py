"""What a step of GitHub Actions writes: annotations of lines, the step summary, outputs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from slmdecide.ci.fitting import MOST_SUMMARY_BYTES, fitted
from slmdecide.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Mapping

Level = Literal["error", "warning", "notice"]
_MOST_CHARACTERS = 4000
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})
_REF_PARTS = 4
_MERGE = "merge"


def annotation(level: Level, message: str, *, file: str | None = None, line: int | None = None, title: str = "slmdecide") -> str:
    """The line that makes the runner show a message, at a line of a file if one is given. Nothing in it acts as a command."""
    properties = {"file": file, "line": str(line) if file is not None and line is not None else None, "title": title}
    told = ",".join(f"{key}={_shown(value).translate(_PROPERTY)}" for key, value in properties.items() if value is not None)
    return f"::{level} {told}::{_shown(message).translate(_DATA)}"


def _shown(text: str) -> str:
    """The text without what acts on a terminal or hides, and not endless."""
    return "".join(one if one.isprintable() or one in "\r\n" else " " for one in text[:_MOST_CHARACTERS])


def append_summary(path: Path, markdown: str) -> None:
    """Add the Markdown to the step's summary, short enough to be shown."""
    _append(path, f"{fitted(markdown, MOST_SUMMARY_BYTES)}\n")


def append_output(path: Path, name: str, value: str) -> None:
    """Set an output of the step. A value is one line: with two it could set other outputs."""
    if "\n" in value or "\r" in value:
        raise RunError(f"{name}: an output of a step is one line")
    _append(path, f"{name}={value}\n")


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        raise RunError(f"{path}: cannot be written: {error.strerror or error}") from None


def pull_request_number(event: Mapping[str, Any], ref: str) -> int | None:
    """The number of the pull request that a run is about, from its event or its ref (`refs/pull/12/merge`); None if it is about none."""
    issue = event.get("issue")
    about = event.get("pull_request") or (issue if isinstance(issue, dict) and "pull_request" in issue else None)
    number = about.get("number") if isinstance(about, dict) else None
    if isinstance(number, int) and not isinstance(number, bool) and number > 0:
        return number
    parts = ref.split("/")
    if len(parts) == _REF_PARTS and parts[:2] == ["refs", "pull"] and parts[3] == _MERGE and parts[2].isascii() and parts[2].isdigit():
        return int(parts[2])
    return None
