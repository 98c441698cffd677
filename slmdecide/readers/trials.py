"""Measured throughput from a CSV file that somebody else wrote, as trials; any cell may be empty, no column may be missing."""

from __future__ import annotations

import csv
import io
from math import isfinite
from typing import TYPE_CHECKING

from slmdecide.errors import DataError, did_you_mean
from slmdecide.readers.files import read_text, shown
from slmdecide.records.trial import Trial

if TYPE_CHECKING:
    from pathlib import Path

_COLUMNS: tuple[tuple[str, str], ...] = (
    ("model", "model"),
    ("gpu", "gpu"),
    ("gpu_count", "gpus"),
    ("precision", "precision"),
    ("input_len", "input_tokens"),
    ("output_len", "output_tokens"),
    ("load_type", "load_type"),
    ("load_value", "load_value"),
    ("output_tok_s", "output_tokens_per_second"),
)
"""Columns that must be there, each by either of its names."""
_MORE = ("id", "parallelism", "engine", "kv_precision", "source_group")
"""Columns that are used if they are there; all others are left alone."""
_NO_LIMIT = "inf"
"""Load of a test that sends everything at once."""
_SHOWN_CHARACTERS = 40


def read_trials(path: Path) -> tuple[Trial, ...]:
    """The rows of the file, in order. DataError that names file, line and column if it is not such a table."""
    return parse_trials(read_text(path), shown(path))


def parse_trials(text: str, name: str) -> tuple[Trial, ...]:
    """The rows of a CSV text; `name` stands for the file in messages."""
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if not header:
            raise DataError(f"{name}: is empty; a header row is expected")
        places = _places(header, name)
        found = []
        for row in reader:
            if not row:
                continue
            where = f"{name}:{reader.line_num}"
            if len(row) != len(header):
                raise DataError(f"{where}: has {len(row)} cells; the header has {len(header)}")
            cells = {key: row[place].strip() for key, place in places.items()}
            found.append(_trial(cells, {key: header[place] for key, place in places.items()}, where))
    except csv.Error as error:
        raise DataError(f"{name}:{reader.line_num}: is not CSV: {error}") from None
    return tuple(found)


def _places(header: list[str], name: str) -> dict[str, int]:
    """Where each column stands, by the name that trials use."""
    places: dict[str, int] = {}
    for names in _COLUMNS:
        here = next((one for one in names if one in header), None)
        if here is None:
            near = did_you_mean(names[0], header)
            raise DataError(
                f"{name}:1: no column {names[0]!r}{near}", hint=f"columns: {', '.join(one for one, _ in _COLUMNS)}, {', '.join(_MORE)}"
            )
        places[names[1]] = header.index(here)
    return places | {one: header.index(one) for one in _MORE if one in header}


def _trial(cells: dict[str, str], names: dict[str, str], where: str) -> Trial:
    """The row's trial. `names`: what the file calls the columns."""

    def text(column: str) -> str | None:
        return cells.get(column) or None

    def number(column: str) -> float | None:
        """The number; None if the cell is empty or says 0, which no measurement is."""
        cell = cells[column]
        try:
            value = float(cell) if cell else 0.0
        except ValueError:
            value = float("nan")
        if not isfinite(value) or value < 0:
            raise DataError(f"{where}: {names[column]}: found {cell[:_SHOWN_CHARACTERS]!r}; a number of 0 or more is expected")
        return value if value != 0 else None

    def count(column: str) -> int | None:
        value = number(column)
        if value is not None and not value.is_integer():
            raise DataError(f"{where}: {names[column]}: found {cells[column][:_SHOWN_CHARACTERS]!r}; a whole number is expected")
        return int(value) if value is not None else None

    return Trial(
        id=text("id"),
        model=text("model"),
        gpu=text("gpu"),
        gpus=count("gpus"),
        parallelism=text("parallelism"),
        engine=text("engine"),
        precision=text("precision"),
        kv_precision=text("kv_precision"),
        input_tokens=number("input_tokens"),
        output_tokens=number("output_tokens"),
        load_type=text("load_type"),
        load_value=number("load_value") if cells["load_value"] != _NO_LIMIT else None,
        output_tokens_per_second=number("output_tokens_per_second"),
        source_group=text("source_group"),
    )
