"""Data sets of which a command needs a few records: split by id when read, parsed record by record when asked for.

A file is found damaged when the damaged record is asked for; that all are sound is what the tests of the data see to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Generic, TypeVar

from slmdecide.errors import DataError

Record = TypeVar("Record")
_HEAD = re.compile(r"^[a-z_]+:[ \t]*$", re.MULTILINE)
_ITEM = re.compile(r"^  - id: *(?:\"([^\"]*)\"|'([^']*)'|(\S+))[ \t]*$", re.MULTILINE)


class Lazy(Mapping[str, Record], Generic[Record]):
    """Records by key: the file is split on first use, and each record is made from its text when it is asked for."""

    def __init__(self, split: Callable[[], Mapping[str, str]], parse: Callable[[str], Record]) -> None:
        self._split = split
        self._parse = parse
        self._records: dict[str, Record] = {}

    @cached_property
    def _texts(self) -> Mapping[str, str]:
        return self._split()

    def __getitem__(self, key: str) -> Record:
        found = self._records.get(key)
        if found is None:
            found = self._records[key] = self._parse(self._texts[key])
        return found

    def __contains__(self, key: object) -> bool:
        return key in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def text(self, key: str) -> str:
        """What stands in the file for this record."""
        return self._texts[key]


def yaml_items(text: str, name: str) -> dict[str, str]:
    """Each item of a YAML text that is one key with a list of maps, by its id, as a YAML text of the same kind.

    Every item starts with `  - id: …`. Empty lines stand before it, so that a message names the line of the whole file.
    """
    starts = list(_ITEM.finditer(text))
    if not starts:
        raise DataError(f"{name}: no item that starts with `  - id:` is in it")
    heads = _HEAD.findall(text, 0, starts[0].start())
    if len(heads) != 1:
        raise DataError(f"{name}: holds {len(heads)} keys before its first item; one key with a list is expected")
    found: dict[str, str] = {}
    line = text.count("\n", 0, starts[0].start())
    for start, end in zip(starts, [*(one.start() for one in starts[1:]), len(text)], strict=True):
        item = text[start.start() : end]
        key = start[1] or start[2] or start[3]
        if key in found:
            raise DataError(f"{name}:{line + 1}: id {key!r} is given twice; ids are unique")
        found[key] = "\n" * (line - 1) + heads[0] + "\n" + item
        line += item.count("\n")
    return found


class _Groups(Mapping[str, str]):
    """The lines of each key as one CSV text under the header, put together when they are asked for."""

    def __init__(self, header: str, lines: dict[str, list[str]]) -> None:
        self._header = header
        self._lines = lines

    def __getitem__(self, key: str) -> str:
        return self._header + "".join(self._lines[key])

    def __contains__(self, key: object) -> bool:
        return key in self._lines

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def csv_rows(text: str, name: str) -> Mapping[str, str]:
    """The rows of a CSV text by the first cell, each group as a CSV text with the header.

    Lines that start with `#` before the header are comments; no cell holds a line end.
    """
    lines = text.splitlines(keepends=True)
    comments = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    if comments == len(lines):
        raise DataError(f"{name}: is empty; a header row is expected")
    groups: dict[str, list[str]] = {}
    for line in lines[comments + 1 :]:
        first = line.partition(",")[0] if not line.startswith('"') else line[1:].partition('"')[0]
        if first in groups:
            groups[first].append(line)
        else:
            groups[first] = [line]
    return _Groups(lines[comments], groups)
