"""A CSV file as frozen records: every column a field, an empty cell unknown, nothing guessed."""

from __future__ import annotations

import csv
import io
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from slmdecide.errors import DataError, did_you_mean
from slmdecide.readers.files import read_text, shown

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import TypeAdapter

Record = TypeVar("Record")


@cache
def _cached_adapter(record_type: Any) -> TypeAdapter[Any]:  # noqa: ANN401  (cache wants a hashable)
    from pydantic import TypeAdapter  # noqa: PLC0415  (50 ms that --help need not pay)

    return TypeAdapter(record_type)


def adapter_of(record_type: type[Record]) -> TypeAdapter[Record]:
    """The validator of a record type, built once."""
    found: Any = record_type
    adapter: TypeAdapter[Record] = _cached_adapter(found)
    return adapter


def read_table(path: Path, record_type: type[Record]) -> tuple[Record, ...]:
    """Records, one per row, in file order.

    The header must name fields of `record_type` only, and every field without a default.
    Lines that start with `#` before the header are comments.
    """
    return parse_table(read_text(path), record_type, shown(path))


def parse_table(text: str, record_type: type[Record], name: str) -> tuple[Record, ...]:
    """Records of a CSV text; `name` stands for the file in messages."""
    from pydantic import ValidationError  # noqa: PLC0415

    skipped = 0
    while text.startswith("#"):
        _, _, text = text.partition("\n")
        skipped += 1
    reader = csv.reader(io.StringIO(text), strict=True)
    known = {field.name for field in fields(record_type)}  # type: ignore[arg-type]  # Record is a dataclass
    header = next(reader, None)
    if header is None:
        raise DataError(f"{name}: is empty; a header row is expected")
    for column in header:
        if column not in known:
            raise DataError(f"{name}:{skipped + 1}: unknown column {column!r}{did_you_mean(column, known)}")
    adapter = adapter_of(record_type)
    records: list[Record] = []
    try:
        for row in reader:
            line = reader.line_num + skipped
            if len(row) != len(header):
                raise DataError(f"{name}:{line}: has {len(row)} cells; the header has {len(header)}")
            cells: dict[str, Any] = {column: cell for column, cell in zip(header, row, strict=True) if cell}
            try:
                records.append(adapter.validate_strings(cells))
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                column = str(first["loc"][0]) if first["loc"] else "row"
                found = cells.get(column, "nothing")
                raise DataError(f"{name}:{line}: {column}: found {found!r}; {first['msg']}") from None
    except csv.Error as error:
        raise DataError(f"{name}:{reader.line_num + skipped}: is not CSV: {error}") from None
    return tuple(records)
