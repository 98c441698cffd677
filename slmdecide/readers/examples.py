"""Examples to measure with, from a JSON-lines or CSV file: input, expected answer, and an id where there is one.

Whatever cannot be read for certain is refused with file, line and byte or field; nothing is repaired or guessed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from slmdecide.readers.example_rows import RowError, csv_rows, decoded, json_rows
from slmdecide.readers.files import STDIN, read_bytes, shown
from slmdecide.readers.mistakes import MOST_MISTAKES, FileError, Mistake
from slmdecide.readers.mistakes import shown as value_shown
from slmdecide.records.probe import Example

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

Kind = Literal["jsonl", "csv"]
Role = Literal["input", "expected", "id"]

NAMES: Mapping[Role, tuple[str, ...]] = {
    "input": ("input", "text", "prompt", "question", "query", "message", "document", "sentence", "content"),
    "expected": (
        "expected", "label", "answer", "target", "output", "expected_output", "expected_answer", "gold", "category", "class", "intent",
    ),
    "id": ("id", "example_id", "uid", "key"),
}  # fmt: skip
"""Usual names of each column; the first one wins over the others, and two others of one role are refused."""
_ALTERNATIVES = "alternatives"
"""Field of JSON lines with further right answers."""
_KINDS: Mapping[str, Kind] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv", ".tsv": "csv"}
_ID_CHARACTERS = 200
_DIGEST_BYTES = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class ExamplesFile:
    """What was read, and how."""

    name: str
    """As messages show it."""
    examples: tuple[Example, ...]
    """In file order."""
    sha256: str
    """Of the file's bytes, hex."""
    encoding: str
    columns: dict[str, str]
    """Which column was taken for input, expected and id."""


def read_examples(path: Path, *, columns: Mapping[Role, str] | None = None) -> ExamplesFile:
    """The examples of a file, or of standard input (`-`). DataError that names file, line and field if it cannot be read for certain.

    `columns`: names of the columns, where they are not usual ones. An example without an id gets one from its content, so
    that it stays the same when the file is sorted anew.
    """
    content = sys.stdin.buffer.read() if path == STDIN else read_bytes(path)
    text, encoding = decoded(content, shown(path))
    kind = _KINDS.get(path.suffix.lower()) or ("jsonl" if text.lstrip()[:1] in ("{", "[") else "csv")
    return parse_examples(text, shown(path), kind=kind, columns=columns, sha256=hashlib.sha256(content).hexdigest(), encoding=encoding)


def parse_examples(
    text: str,
    name: str,
    *,
    kind: Kind,
    columns: Mapping[Role, str] | None = None,
    sha256: str = "",
    encoding: str = "utf-8",
) -> ExamplesFile:
    """The examples of a text; `name` stands for the file in messages."""
    rows = json_rows(text, name) if kind == "jsonl" else csv_rows(text, name)
    reading = _Reading(name, columns or {}, header_line=1 if kind == "csv" else None)
    examples: list[Example] = []
    mistakes: list[Mistake] = []
    for line, row in rows:
        try:
            examples.append(reading.example(row, line))
        except RowError as error:
            mistakes.append(Mistake(line=line, problem=str(error)))
            if len(mistakes) > MOST_MISTAKES:
                break
    if mistakes:
        raise FileError(name, mistakes)
    if not examples:
        raise FileError(name, [Mistake(problem="holds no example; a line of JSON or a row of CSV for each is expected")])
    return ExamplesFile(name=name, examples=tuple(examples), sha256=sha256, encoding=encoding, columns=reading.used)


class _Reading:
    """The rows so far: which column is which (found in the first row, the same for all), and which ids are taken."""

    def __init__(self, name: str, wanted: Mapping[Role, str], *, header_line: int | None) -> None:
        self.used: dict[str, str] = {}
        self._header_line = header_line
        """None where each line names its fields itself."""
        self._name = name
        self._wanted = wanted
        self._places: dict[Role, str | None] | None = None
        self._lines: dict[str, int] = {}
        """Line of each id."""
        self._copies: dict[str, int] = {}
        """How often each content was met that has no id."""

    def example(self, row: Mapping[str, Any] | RowError, line: int) -> Example:
        """The row's example. RowError if it is none."""
        if isinstance(row, RowError):
            raise row
        if self._places is None:
            self._places = {role: self._column(role, list(row), self._header_line or line) for role in NAMES}
            self.used = {role: column for role, column in self._places.items() if column is not None}
        content, expected = (_text(row, self._places[role] or "") for role in ("input", "expected"))
        given = _id(row, self._places["id"])
        name = given if given is not None else _from_content(content, expected, self._copies)
        if name in self._lines:
            raise RowError(f"id {value_shown(name)} stands on line {self._lines[name]} already; ids are unique")
        self._lines[name] = line
        return Example(id=name, input=content, expected=expected, alternatives=_alternatives(row.get(_ALTERNATIVES)), line=line)

    def _column(self, role: Role, header: Sequence[str], line: int) -> str | None:
        """The column of that role; None if there is no id. DataError if it cannot be told."""
        wanted = self._wanted.get(role)
        if wanted is not None:
            if wanted not in header:
                raise FileError(self._name, [Mistake(line=line, problem=f"no column {value_shown(wanted)} for {role}; {_listed(header)}")])
            return wanted
        by_name = {one.strip().casefold(): one for one in header}
        found = [by_name[name] for name in NAMES[role] if name in by_name]
        if found and found[0].strip().casefold() == role:
            return found[0]
        if len(found) > 1:
            problem = f"columns {', '.join(map(value_shown, found))} could each be {role}; name the right one {role}"
            raise FileError(self._name, [Mistake(line=line, problem=problem)])
        if not found and role != "id":
            problem = f"no column for {role}; {_listed(header)}; usual names are {', '.join(NAMES[role])}"
            raise FileError(self._name, [Mistake(line=line, problem=problem)])
        return found[0] if found else None


def _listed(header: Iterable[str]) -> str:
    names = list(header)
    more = ", …" if len(names) > 20 else ""  # noqa: PLR2004  (what a person reads in one line)
    return f"there are {', '.join(map(value_shown, names[:20]))}{more}" if names else "there is none"


def _text(row: Mapping[str, Any], column: str) -> str:
    """The field as text; of a list, a map or a number the JSON; empty where it is null."""
    if column not in row:
        raise RowError(f"{column}: is missing; null is written where there is none")
    found = row[column]
    return _encodable(found if isinstance(found, str) else "" if found is None else _json_of(found, column), column)


def _json_of(found: object, column: str) -> str:
    try:
        return json.dumps(found, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        raise RowError(f"{column}: holds a number beyond what can be calculated with, or is nested too deeply") from None


def _encodable(text: str, column: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RowError(
            f"{column}: character {error.start + 1} is half of a pair (\\u{ord(text[error.start]):04x}); it stands for nothing"
        ) from None
    if "\x00" in text:
        raise RowError(f"{column}: holds a NUL character (\\u0000); remove it")
    return text


def _id(row: Mapping[str, Any], column: str | None) -> str | None:
    found = row.get(column) if column is not None else None
    if found is None or found == "":
        return None
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise RowError(f"{column}: found {value_shown(found)}; an id is text or a whole number")
    text = _encodable(str(found), column or "id")
    if len(text) > _ID_CHARACTERS:
        raise RowError(f"{column}: has {len(text):,} characters; an id has at most {_ID_CHARACTERS}")
    return text


def _from_content(content: str, expected: str, copies: dict[str, int]) -> str:
    """An id that depends on what the example says alone; of equal ones the second gets -2, and so on."""
    digest = hashlib.blake2b(f"{len(content)}:{content}{expected}".encode(), digest_size=_DIGEST_BYTES).hexdigest()
    copies[digest] = copies.get(digest, 0) + 1
    return digest if copies[digest] == 1 else f"{digest}-{copies[digest]}"


def _alternatives(found: object) -> tuple[str, ...]:
    if found is None or found == "":
        return ()
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise RowError(f"{_ALTERNATIVES}: found {value_shown(found)}; a list of texts is expected")
    return tuple(_encodable(one, _ALTERNATIVES) for one in found)
