"""The lines of a plain chat log that are no plain calls: found by the engine, so that only they have to be read row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slmdecide.traffic import lines as engine_lines
from slmdecide.traffic.fast import plain_calls
from slmdecide.traffic.files import Row, json_row, numbered_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BATCH_BYTES = 4 * 2**20
_FETCHED = 256
"""Odd lines in memory."""


def odd_rows(connection: Any, path: Path) -> Iterator[Row]:  # noqa: ANN401  (an Ibis connection)
    """The rows that do not fit, in their order."""
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    schema = pa.schema([("number", pa.int64()), ("line", pa.string())])
    refused: list[Row] = []
    parsed = engine_lines.numbered_lines(connection, pa.RecordBatchReader.from_batches(schema, _batches(path, schema, refused)))
    calls = plain_calls(parsed)
    found = connection.raw_sql(connection.compile(calls.filter(~calls.fits).select("number", "line").order_by("number")))
    waiting: Iterator[Row] | None = None
    held = None
    while rows := found.fetchmany(_FETCHED):
        if waiting is None:
            # What is sorted has been read as a whole, so `refused` is complete.
            waiting = iter(refused)
            held = next(waiting, None)
        for number, line in rows:
            while held is not None and (held.line or 0) < number:
                yield held
                held = next(waiting, None)
            yield json_row(number, line)
    yield from refused if waiting is None else () if held is None else (held, *waiting)


def _batches(path: Path, schema: Any, refused: list[Row]) -> Iterator[Any]:  # noqa: ANN401  (pyarrow has no types)
    """The lines in Arrow's form; what cannot even be that is put into `refused`."""
    numbers: list[int] = []
    lines: list[bytes] = []
    size = 0
    for number, line in numbered_lines(path):
        if line is None or not _is_text(line):
            refused.append(json_row(number, line))
            continue
        numbers.append(number)
        lines.append(line)
        size += len(line)
        if size >= _BATCH_BYTES:
            yield _batch(numbers, lines, schema)
            numbers, lines, size = [], [], 0
    yield _batch(numbers, lines, schema)


def _batch(numbers: list[int], lines: list[bytes], schema: Any) -> Any:  # noqa: ANN401  (pyarrow has no types)
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    return pa.record_batch([pa.array(numbers, pa.int64()), pa.array(lines, pa.binary()).cast(pa.string())], schema=schema)


def _is_text(line: bytes) -> bool:
    if line.isascii():
        return True
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
