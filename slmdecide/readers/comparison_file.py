"""Comparisons from a CSV file that somebody else wrote, in the columns of `evidence/head_to_head.csv`.

The columns stand in any order, others beside them are left alone. A row that cannot be read, or that is not verified, is
skipped and listed with its line; a file that is no such table is an error.
"""

from __future__ import annotations

import csv
from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.errors import DataError, did_you_mean
from slmdecide.readers.files import STDIN, read_stdin, read_text, shown
from slmdecide.readers.head_to_head import COLUMNS, NEEDED, Unusable, comparison_of, truth
from slmdecide.readers.mistakes import shown as value_shown
from slmdecide.records.backtest import SkippedRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from slmdecide.records.evidence import HeadToHead

MAX_BYTES = 200_000_000
MAX_LINE_CHARACTERS = 1_000_000
MAX_COLUMNS = 1_000
REQUIRED = (*NEEDED, "small_params_b", "verified")
"""Columns that must be there; the size of a small model may be left empty."""

_LEFT_ALONE = ("table_or_section", "domain", "note")


class ComparisonFile(NamedTuple):
    """What a file holds."""

    rows: tuple[HeadToHead, ...]
    """Verified and readable, in the order of the file."""
    skipped: tuple[SkippedRow, ...]
    """The first rows that are neither."""
    by_problem: Mapping[str, int]
    """All of them, counted."""


def read_comparisons(path: Path, listed: int) -> ComparisonFile:
    """The comparisons of a file, or of standard input; `listed`: how many skipped rows are told one by one."""
    text = read_stdin(max_bytes=MAX_BYTES) if path == STDIN else read_text(path, max_bytes=MAX_BYTES)
    return parse_comparisons(text, shown(path), listed)


def parse_comparisons(text: str, name: str, listed: int) -> ComparisonFile:
    """The comparisons of a CSV text; `name` stands for the file in messages."""
    reader = csv.reader(_lines(text, name), strict=True)
    rows: list[HeadToHead] = []
    skipped: list[SkippedRow] = []
    counts: Counter[str] = Counter()
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        places = _places(header, name)
        columns, wanted = tuple(places), itemgetter(*places.values())
        for cells in reader:
            if len(cells) != len(header):
                if not any(map(str.strip, cells)):
                    continue
                found: HeadToHead | Unusable = Unusable("", "number of cells", f"has {len(cells):,} cells; the header has {len(header):,}")
                named = {}
            else:
                named = dict(zip(columns, map(str.strip, wanted(cells)), strict=True))
                found = _verified(named)
            if not isinstance(found, Unusable):
                rows.append(found)
                continue
            counts[found.problem] += 1
            if len(skipped) < listed:
                skipped.append(
                    SkippedRow(
                        line=reader.line_num,
                        id=named.get("id") or None,
                        column=found.column or None,
                        problem=found.problem,
                        reason=found.reason,
                    )
                )
    except csv.Error as error:
        raise DataError(f"{name}:{reader.line_num}: is not CSV: {error}") from None
    return ComparisonFile(tuple(rows), tuple(skipped), dict(counts))


def _lines(text: str, name: str) -> Iterator[str]:
    """The lines with their ends; an endless one is an error before it is split into cells."""
    start, number = 0, 1
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        if end - start > MAX_LINE_CHARACTERS:
            raise DataError(f"{name}:{number}: has {end - start:,} characters; a line has at most {MAX_LINE_CHARACTERS:,}")
        yield text[start:end]
        start, number = end, number + 1


def _places(header: list[str], name: str) -> dict[str, int]:
    """Where each column stands."""
    if not any(header):
        raise DataError(f"{name}: is empty; a header row is expected")
    if len(header) > MAX_COLUMNS:
        raise DataError(f"{name}:1: has {len(header):,} columns; at most {MAX_COLUMNS:,} are read")
    for column in REQUIRED:
        if column not in header:
            near = did_you_mean(column, header)
            separator = next((one for one in (";", "\t") if len(header) == 1 and one in header[0]), None)
            hint = "the cells are separated by something else than commas" if separator is not None else f"columns: {', '.join(REQUIRED)}"
            raise DataError(f"{name}:1: no column {column!r}{near}", hint=hint)
    twice = [column for column in COLUMNS if header.count(column) > 1]
    if twice:
        raise DataError(f"{name}:1: column {twice[0]!r} is there {header.count(twice[0])} times")
    return {column: header.index(column) for column in COLUMNS if column in header and column not in _LEFT_ALONE}


def _verified(cells: Mapping[str, str]) -> HeadToHead | Unusable:
    verified = truth(cells["verified"])
    if verified is None:
        return Unusable("verified", "unknown word", f"found {value_shown(cells['verified'])}; yes or no is expected")
    if not verified:
        return Unusable("verified", "not verified", "only verified rows are counted")
    return comparison_of(cells, lenient=True)
