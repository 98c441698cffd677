"""What a file of recorded answers holds before anything is understood: columns of raw cells, and where each row stands."""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TextIO

import numpy as np

from slmdecide.readers.files import STDIN
from slmdecide.readers.files import shown as shown_path
from slmdecide.readers.mistakes import FileError, Mistake

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    RawColumn = NDArray[Any]
    """Numbers as float64, where all cells are numbers; otherwise cells as they stand, missing ones as None or NaN."""

Wanted = Callable[[str], bool]
"""Whether a column, by its name, is worth keeping."""

MISSING_WORDS = ("", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "-", "–")
"""Cells that say that there is no number, in lower case."""
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, kw_only=True, slots=True)
class RawTable:
    """The columns that were wanted, of equal length."""

    path: Path
    kind: Literal["csv", "json"]
    rows: int
    names: tuple[str, ...]
    """All columns of the file, in its order, wanted or not."""
    columns: Mapping[str, RawColumn]
    torn: bool = False
    """Whether the last line of JSON lines was cut off, as by a process that was killed; it is left out."""

    def wrong(self, problem: str, *, row: int | None = None, field: str | None = None) -> FileError:
        """The error that says what is wrong in this row (0-based), with its line in the file."""
        line = None if row is None else line_of(self.path, self.kind, row)
        return FileError(shown_path(self.path), [Mistake(line=line, field=field, problem=problem)])


def line_of(path: Path, kind: Literal["csv", "json"], row: int) -> int:
    """The line on which a row (0-based, blank lines not counted) ends. Reads the file again: for messages only."""
    with opened(path) as stream:
        if kind == "json":
            lines = (number for number, line in enumerate(stream, start=1) if line.strip())
            return next(islice(lines, row, None), row + 1)
        reader = csv.reader(io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline=""))
        cells = (reader.line_num for one in reader if one)
        return next(islice(cells, row + 1, None), row + 2)


def factorized(cells: RawColumn) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Each cell as the number of its value, −1 where it is missing, and the different values in order of appearance."""
    codes, values = pandas_module().factorize(cells)
    return np.array(codes, dtype=np.int64), np.asarray(values)


def pandas_module() -> Any:  # noqa: ANN401  (a module without types; its stubs are a package of their own)
    """The module pandas, imported when a file is read."""
    import pandas  # type: ignore[import-untyped]  # noqa: ICN001, PLC0415  (half a second, only where a file is read)

    return pandas


def wrong_file(path: Path, problem: str, line: int | None = None) -> FileError:
    """The error about the file, or a line of it."""
    return FileError(shown_path(path), [Mistake(line=line, problem=problem)])


@lru_cache(maxsize=1)
def _whole(stream: TextIO) -> bytes:
    """All that stands on standard input: kept, because a file is looked into more than once."""
    return stream.buffer.read()


def opened(path: Path) -> BinaryIO:
    """The bytes of the file, or of standard input, as a stream, unpacked if they are gzipped."""
    if path == STDIN:
        content = io.BytesIO(_whole(sys.stdin))
        return gzip.open(content, "rb") if content.getvalue().startswith(_GZIP) else content  # type: ignore[return-value]  # as below
    if path.is_dir():
        raise wrong_file(path, "is a folder; give a file")
    with path.open("rb") as stream:
        packed = stream.read(2) == _GZIP
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]  # a GzipFile reads like one
