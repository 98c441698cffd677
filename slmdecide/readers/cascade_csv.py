"""The wanted columns of a CSV file, by pandas: every number to the last bit, no row read with its cells in the wrong places."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from slmdecide.readers.cascade_table import MISSING_WORDS, RawTable, Wanted, pandas_module, wrong_file
from slmdecide.readers.mistakes import printable, shown

if TYPE_CHECKING:
    from pathlib import Path

    from slmdecide.readers.cascade_table import RawColumn

_DELIMITERS = (",", "\t", ";", "|")
_MISSING_CELLS = sorted({variant for word in MISSING_WORDS for variant in (word, word.upper(), word.capitalize(), "NaN")})
_BEYOND = "\x00beyond"
"""Stands for a column after the last: a row that has such a cell would be read with its cells in the wrong places."""
_EXACT_SINCE = (3, 1)
"""From this pandas on the default parser reads every decimal exactly, and the option that asked for it is deprecated."""


def read_csv(path: Path, stream: BinaryIO, wanted: Wanted, text_columns: Wanted) -> RawTable:
    """The columns; `text_columns` are those whose cells stay text."""
    pd = pandas_module()

    first = next((line for line in stream if line.strip()), b"").decode("utf-8-sig")
    stream.seek(0)
    delimiter = max(_DELIMITERS, key=first.count)
    header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    kept = [name for name in dict.fromkeys(header) if name and wanted(name)]
    twice = next((name for name in kept if header.count(name) > 1), None)
    if twice is not None:
        raise wrong_file(path, f"column {shown(twice)} stands twice in the header; rename one", 1)
    table = _Csv(stream=stream, delimiter=delimiter, header=_unique(header), kept=kept, text=[one for one in kept if text_columns(one)])
    try:
        frame = table.parsed(extra=True)
    except pd.errors.ParserError:
        # No row has a cell beyond the header's last: pandas says so by refusing to look for one.
        stream.seek(0)
        try:
            frame = table.parsed(extra=False)
        except pd.errors.ParserError as error:
            raise wrong_file(path, f"is not CSV: {_parser_problem(error)}") from None
    found = RawTable(path=path, kind="csv", rows=len(frame), names=tuple(header), columns={name: _array(frame[name]) for name in kept})
    longer = np.asarray(frame[_BEYOND].notna()) if _BEYOND in frame else np.zeros(1, dtype=bool)
    if longer.any():
        problem = f"has more cells than the header's {len(header)}; put text with a {shown(delimiter)} in quotes"
        raise found.wrong(problem, row=int(np.argmax(longer)))
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Csv:
    """How a CSV file is to be parsed."""

    stream: BinaryIO
    delimiter: str
    header: list[str]
    kept: list[str]
    text: list[str]
    """Those of the kept columns whose cells stay text."""

    def parsed(self, *, extra: bool) -> Any:  # noqa: ANN401  (a frame of pandas)
        """The kept columns; with `extra` also the cells beyond the header's last, which pandas otherwise drops in silence."""
        pd = pandas_module()
        beyond = [_BEYOND] if extra else []
        options: dict[str, Any] = {}
        if tuple(int(part) for part in pd.__version__.split(".")[:2]) < _EXACT_SINCE:
            options["float_precision"] = "round_trip"
        return pd.read_csv(
            self.stream,
            sep=self.delimiter,
            names=[*self.header, *beyond],
            header=0,
            usecols=[*self.kept, *beyond],
            dtype=dict.fromkeys([*self.text, *beyond], "object"),
            keep_default_na=False,
            na_values={name: [""] if name in self.text else _MISSING_CELLS for name in [*self.kept, *beyond]},
            index_col=False,
            encoding="utf-8-sig",
            low_memory=False,
            **options,
        )


def _unique(header: list[str]) -> list[str]:
    """The names, empty and second ones changed, so that pandas takes them; a wanted name is never one of these."""
    return [name if name and name not in header[:place] else f"\x00{place}{name}" for place, name in enumerate(header)]


def _array(series: Any) -> RawColumn:  # noqa: ANN401  (a column of pandas)
    if series.dtype.kind in "iufb":
        return np.asarray(series, dtype=np.float64)
    return np.asarray(series, dtype=object)


def _parser_problem(error: Exception) -> str:
    return printable(" ".join(str(error).replace("Error tokenizing data. C error: ", "").split()))
