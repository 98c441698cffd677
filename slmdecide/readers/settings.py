"""A project's settings: the nearest `slmdecide.yaml`, or pyproject.toml with `[tool.slmdecide]`, from a folder upward."""

from __future__ import annotations

import json
import os
import re
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from slmdecide.errors import DataError
from slmdecide.readers.files import read_text
from slmdecide.readers.mistakes import FileError, Mistake, printable
from slmdecide.readers.strict import to_record
from slmdecide.readers.yaml import Document, scan
from slmdecide.records.settings import SettingsFile

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "slmdecide.yaml"
_OTHER_NAME = "slmdecide.yml"
_PYPROJECT = "pyproject.toml"
_SECTION = re.compile(r"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*[\"']?slmdecide[\"']?[ \t]*\]", re.MULTILINE)
_ANY_SECTION = re.compile(r"^[ \t]*\[", re.MULTILINE)
_TOML_LINE = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")
_MOST_BYTES = 1_000_000


class FoundSettings(NamedTuple):
    """What a file sets, and where each key of it stands."""

    values: SettingsFile
    path: Path
    """As seen from the folder that was started from, where that can be said."""
    lines: dict[str, int]


def find_settings(start: Path, home: Path | None = None) -> FoundSettings | None:
    """The nearest settings, looking upward to the root of the repository or the home folder; None if there are none.

    DataError with every mistake of the file. Within a folder `slmdecide.yaml` comes before pyproject.toml.
    """
    for folder in _upward(start, home):
        other = folder / _OTHER_NAME
        if other.is_file():
            raise DataError(f"{_seen(other, start)}: is not read; name it {NAME}")
        if (folder / NAME).is_file():
            return _from_yaml(folder / NAME, start)
        if (folder / _PYPROJECT).is_file():
            found = _from_pyproject(folder / _PYPROJECT, start)
            if found is not None:
                return found
    return None


def _upward(start: Path, home: Path | None) -> Iterator[Path]:
    for folder in (start, *start.parents):
        yield folder
        if folder == home or (folder / ".git").exists():
            return


def _seen(path: Path, start: Path) -> str:
    """The path as messages show it: from the folder that was started from."""
    try:
        return printable(Path(os.path.relpath(path, start)).as_posix())
    except ValueError:  # another drive
        return printable(path.as_posix())


def _from_yaml(path: Path, start: Path) -> FoundSettings:
    document = scan(read_text(path, max_bytes=_MOST_BYTES))
    if document.value is None and document.complete and not document.mistakes:
        document.value = {}
    return _checked(document, path, start)


def _from_pyproject(path: Path, start: Path) -> FoundSettings | None:
    """The settings in pyproject.toml; None if it holds none."""
    text = read_text(path, max_bytes=_MOST_BYTES)
    if "slmdecide" not in text:
        return None
    import tomllib  # noqa: PLC0415  (few runs find such a file)

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_LINE.search(str(error))
        line = int(place[1]) if place is not None and place[1] is not None else None
        problem = f"is not valid TOML: {_TOML_LINE.sub('', str(error)).strip()}"
        raise FileError(_seen(path, start), [Mistake(line=line, problem=printable(problem))]) from None
    tool = table.get("tool")
    if not isinstance(tool, dict) or "slmdecide" not in tool:
        return None
    value = tool["slmdecide"]
    if not isinstance(value, dict):
        raise FileError(_seen(path, start), [Mistake(field="tool.slmdecide", problem="a table of settings is expected")])
    document = Document(value=_plain(value))
    header, keys = _lines(text, list(value))
    for key, found in value.items():
        line = keys.get(key, header)
        document.lines[key,] = line
        for position, _ in enumerate(found if isinstance(found, list) else ()):
            document.lines[key, position] = line
    return _checked(document, path, start)


def _plain(value: dict[str, Any]) -> Any:  # noqa: ANN401  (of a document)
    """The table without what TOML has and JSON has not: dates, and numbers that are not finite, become text."""
    return json.loads(json.dumps(_finite(value), default=str))


def _finite(value: Any) -> Any:  # noqa: ANN401  (of a document)
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def _lines(text: str, keys: list[str]) -> tuple[int, dict[str, int]]:
    """The line of the table's header, and of each key under it where that can be told."""
    header = _SECTION.search(text)
    if header is None:
        return 1, {}
    following = _ANY_SECTION.search(text, header.end())
    end = following.start() if following is not None else len(text)
    found = {}
    for key in keys:
        match = re.compile(rf"^[ \t]*[\"']?{re.escape(key)}[\"']?[ \t]*=", re.MULTILINE).search(text, header.end(), end)
        if match is not None:
            found[key] = text.count("\n", 0, match.start()) + 1
    return text.count("\n", 0, header.start()) + 1, found


def _checked(document: Document, path: Path, start: Path) -> FoundSettings:
    """The settings; `fail-on` is read as `fail_on`, since pyproject files write keys so."""
    if isinstance(document.value, dict):
        document.value = {_key(key): value for key, value in document.value.items()}
        document.lines = {(_key(place[0]), *place[1:]): line for place, line in document.lines.items() if place}
    name = _seen(path, start)
    values = to_record(document, SettingsFile, name)
    lines = {str(place[0]): line for place, line in document.lines.items() if len(place) == 1}
    return FoundSettings(values, Path(name), lines)


def _key(key: str | int) -> str:
    return str(key).replace("-", "_")
