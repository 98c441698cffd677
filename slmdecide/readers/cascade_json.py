"""The wanted columns of a JSON-lines file or of a JSON list, some thousand rows at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from slmdecide.readers.cascade_table import RawTable, Wanted, wrong_file
from slmdecide.readers.mistakes import shown

if TYPE_CHECKING:
    from pathlib import Path

    from slmdecide.readers.cascade_table import RawColumn
    from slmdecide.readers.mistakes import FileError

_LINES_AT_ONCE = 20_000
_NESTED_LOOKED_AT = 100


def read_json(path: Path, stream: BinaryIO, wanted: Wanted, text_columns: Wanted, *, array: bool) -> RawTable:
    """The columns; `text_columns` are those whose cells stay text. `array`: the file is one list."""
    lines = _Lines(path=path, stream=stream)
    parts = [_array_rows(path, stream)] if array else lines.rows()
    names: dict[str, None] = {}
    found: dict[str, list[RawColumn]] = {}
    rows = 0
    for part in parts:
        keys = _keys(part)
        names |= dict.fromkeys(keys)
        for key in dict.fromkeys((*found, *filter(wanted, keys))):
            cells = [_at(row, key) for row in part]
            before = found.setdefault(key, [np.full(rows, None, dtype=object)] if rows else [])
            before.append(_compact(cells, as_text=text_columns(key)))
        rows += len(part)
    columns = {key: _joined(pieces) for key, pieces in found.items()}
    return RawTable(path=path, kind="json", rows=rows, names=tuple(names), columns=columns, torn=lines.torn)


@dataclass(kw_only=True, slots=True)
class _Lines:
    """JSON lines, read from the beginning to the end."""

    path: Path
    stream: BinaryIO
    torn: bool = False
    """Whether the last line was cut off; known at the end."""

    def rows(self) -> Iterator[list[dict[str, Any]]]:
        """The objects of the lines, some thousand at once: one call of the parser for all of them."""
        number = 0
        while lines := list(islice(self.stream, _LINES_AT_ONCE)):
            if number == 0:
                lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
            if number + len(lines) > 1 and not lines[-1].endswith(b"\n") and not _is_json(lines[-1]):
                self.torn = bool(lines.pop().strip())
            full = [line for line in lines if line.strip()]
            try:
                rows = json.loads(b"[" + b",".join(full) + b"]")
            except (ValueError, RecursionError):
                rows = None
            if rows is None or len(rows) != len(full) or not all(type(row) is dict for row in rows):
                raise _bad_line(self.path, lines, number)
            if rows:
                yield rows
            number += len(lines)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _bad_line(path: Path, lines: Iterable[bytes], before: int) -> FileError:
    """The first line that is no JSON object."""
    for number, line in enumerate(lines, start=before + 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except UnicodeDecodeError as error:
            return wrong_file(path, f"byte 0x{error.object[error.start]:02x} is not UTF-8; save the file as UTF-8", number)
        except (ValueError, RecursionError) as error:
            return wrong_file(path, f"is not JSON: {error}; one object per line is expected", number)
        if not isinstance(row, dict):
            return wrong_file(path, f"found {shown(row)}; one object per line is expected", number)
    return wrong_file(path, "is not JSON lines; one object per line is expected")


def _array_rows(path: Path, stream: BinaryIO) -> list[dict[str, Any]]:
    try:
        rows = json.loads(stream.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        raise wrong_file(path, f"is not JSON: {error}") from None
    if not rows:
        raise wrong_file(path, "is an empty list; rows of recorded answers are expected")
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            raise wrong_file(path, f"item {place + 1}: found {shown(row)}; an object is expected")
    return rows  # type: ignore[no-any-return]  # checked above


def _keys(rows: list[dict[str, Any]]) -> list[str]:
    """All keys of the rows, and those of objects within them as `outer.inner`, in order of first appearance."""
    keys = dict.fromkeys(key for row in rows for key in row)
    nested = dict.fromkeys(key for row in rows[:_NESTED_LOOKED_AT] for key, value in row.items() if isinstance(value, dict))
    for key in nested:
        inner = dict.fromkeys(one for row in rows if isinstance(row.get(key), dict) for one in row[key])
        keys |= {f"{key}.{one}": None for one in inner}
    return [key for key in keys if key not in nested]


def _at(row: dict[str, Any], key: str) -> Any:  # noqa: ANN401  (a cell)
    if key in row or "." not in key:
        return row.get(key)
    outer = next((one for one in row if key.startswith(f"{one}.")), None)
    inner = row[outer] if outer is not None else None
    return inner.get(key[len(outer) + 1 :]) if isinstance(inner, dict) and outer is not None else None


def _compact(cells: list[Any], *, as_text: bool) -> RawColumn:
    """Numbers as float64, which take a quarter of the memory; everything else as it stands."""
    kinds = set(map(type, cells))
    if as_text:
        return np.array([one if one is None or isinstance(one, str) else str(one) for one in cells], dtype=object)
    if kinds <= {float, int, bool, type(None)} and kinds != {type(None)}:
        try:
            return np.array(cells, dtype=np.float64)
        except OverflowError:
            pass
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return column


def _joined(pieces: list[RawColumn]) -> RawColumn:
    """One column; chunks in which a column did not occur count as unknown, not as text."""
    if any(piece.dtype == np.float64 for piece in pieces) and all(
        piece.dtype == np.float64 or all(one is None for one in piece) for piece in pieces
    ):
        pieces = [piece if piece.dtype == np.float64 else np.full(len(piece), np.nan) for piece in pieces]
        return np.concatenate(pieces)
    return np.concatenate([piece.astype(object) for piece in pieces]) if len(pieces) > 1 else pieces[0]
