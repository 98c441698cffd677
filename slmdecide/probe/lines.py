"""The lines of a run file, and what its side file says of open requests."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from slmdecide.errors import RunError
from slmdecide.probe.faults import PASSING
from slmdecide.readers.files import shown
from slmdecide.readers.mistakes import FileError, Mistake
from slmdecide.readers.table import adapter_of
from slmdecide.records.probe import Call
from slmdecide.records.probe_run import RunSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SETTINGS = "settings"
"""Key of the first line that a run, or a resumed part of it, writes."""
_ROUNDING_USD = 1e-12


def read_calls(path: Path) -> Iterator[Call]:
    """The calls of a run file, one by one. DataError that names the line if one is not a call."""
    for line, row in _rows(path):
        yield _call(path, line, row)


def read_settings(path: Path) -> RunSettings | None:
    """The settings of the last part of a run that wrote some; None if there are none."""
    found = None
    for line, row in _rows(path, only=f'"{SETTINGS}"'):
        if SETTINGS in row:
            found = _checked(path, line, RunSettings, row[SETTINGS])
    return found


def in_doubt_usd(path: Path) -> float:
    """Most that requests may have cost that were sent for a run and stand in no line of its file; 0 if there are none."""
    side = read_side(side_path(path))
    side.settle(path)
    return math.fsum(in_doubt_of(side).values())


def is_settled(error: str | None, error_kind: str | None) -> bool:
    """Whether a question with such a line is not put again: it is answered, or failed in a way that does not pass."""
    return error is None or error_kind not in PASSING


def side_path(path: Path) -> Path:
    """The side file of a run file."""
    return path.with_name(f"{path.name}.open")


def _rows(path: Path, only: str | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and object of each line; a torn last line is left out. `only`: of lines that hold this text."""
    wanted = only.encode() if only is not None else b""
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if not line.endswith(b"\n") and not is_object(line):
                    return
                if line.strip() and wanted in line:
                    yield number, _object(path, number, line)
    except FileNotFoundError:
        raise FileError(shown(path), [Mistake(problem="no such file")]) from None
    except OSError as error:
        raise FileError(shown(path), [Mistake(problem=f"cannot be read: {error.strerror or error}")]) from None


def is_object(line: bytes) -> bool:
    """Whether a line is whole."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FileError(shown(path), [Mistake(line=number, problem=f"is not JSON: {error}; a run file holds one call a line")]) from None
    if not isinstance(found, dict):
        raise FileError(shown(path), [Mistake(line=number, problem="is not an object; a run file holds one call a line")])
    return found


def _call(path: Path, number: int, row: dict[str, Any]) -> Call:
    row.pop(SETTINGS, None)
    call: Call = _checked(path, number, Call, row)
    return call


def _checked(path: Path, number: int, record: type[Any], row: object) -> Any:  # noqa: ANN401  (a record of that type)
    from pydantic import ValidationError  # noqa: PLC0415

    try:
        return adapter_of(record).validate_python(row)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or None
        raise FileError(shown(path), [Mistake(line=number, field=where, problem=f"{first['msg']}; it is no call of a run")]) from None


@dataclass(slots=True)
class OpenRequests:
    """What the side file says."""

    run_id: str | None = None
    usd: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    parts: dict[str, Any] = field(default_factory=dict)

    def take(self, row: dict[str, Any]) -> None:
        """Take in one line."""
        if "run" in row:
            self.run_id = row["run"]
        elif "done" in row:
            self._forget(row["done"])
        elif "part" in row:
            self.parts[row["part"]] = row["answer"]
        elif "sent" in row:
            self.usd[row["sent"]] += row["usd"]

    def settle(self, path: Path) -> None:
        """Forget the questions that have their line: a kill may have come between the line and the note that it is there."""
        if not self.usd and not self.parts:
            return
        for _, row in _rows(path):
            if is_settled(row.get("error"), row.get("error_kind")):
                self._forget(row.get("request_id", ""))

    def _forget(self, question_id: str) -> None:
        self.usd.pop(question_id, None)
        for one in [key for key in self.parts if key.partition("#")[0] == question_id]:
            del self.parts[one]


def read_side(path: Path) -> OpenRequests:
    """What a side file says; nothing if there is none. RunError if it cannot be read."""
    found = OpenRequests()
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return found
    except OSError as error:
        raise RunError(f"{shown(path)}: cannot be read: {error.strerror or error}") from None
    for line in content.split(b"\n"):
        if line and is_object(line):  # the last one may be torn
            found.take(json.loads(line))
    return found


def in_doubt_of(side: OpenRequests) -> dict[str, float]:
    """What may have been billed, by question; a rounding error is no doubt."""
    return {one: usd for one, usd in side.usd.items() if usd > _ROUNDING_USD}
