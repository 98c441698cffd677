"""Which files are meant, and which rows do they hold? What cannot be read is told and skipped; memory stays bounded."""

from __future__ import annotations

import csv
import glob
import gzip
import io
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from slmdecide.errors import DataError, InputError
from slmdecide.traffic.jsons import loads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST_LINE_BYTES = 16 * 2**20
"""A longer line is no call: the longest prompts of today are a tenth of it."""
_LARGEST_DOCUMENT_BYTES = 512 * 2**20
"""Of a file that is one JSON value and has to be held in memory as a whole."""
_BLOCK = 2**20
_LOOKED_AT = 4096
_GZIP, _ZSTD, _PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
_BATCH_ROWS = 4096
_TABLES = (".csv", ".tsv")
_COMPRESSED = 6
"""Times that text is larger than it is compressed, about."""


class Row(NamedTuple):
    """One row of a file, or why a line is none."""

    line: int | None
    value: dict[str, Any] | None
    problem: str | None


class CutOffError(Exception):
    """The rest of a file cannot be read."""


def expand(logs: Sequence[str]) -> tuple[Path, ...]:
    """The files that paths, folders and patterns name, each once, in order. InputError for what names none."""
    found: dict[Path, None] = {}
    for log in logs:
        path = Path(log)
        if path.is_dir():
            named = [one for one in sorted(path.rglob("*")) if one.is_file() and not _hidden(one.relative_to(path))]
        elif path.exists():
            named = [path]
        else:
            named = [Path(one) for one in sorted(glob.glob(log, recursive=True)) if Path(one).is_file()]  # noqa: PTH207  (absolute patterns)
        if not named:
            kind = "an empty folder" if path.is_dir() else "no such file, and as a pattern it matches none"
            raise InputError(f"{log[:200]}: {kind}")
        found.update(dict.fromkeys(named))
    return tuple(found)


def size_of(paths: Sequence[Path]) -> float:
    """Bytes of the files; of compressed ones, and of tables in columns, about what they are as lines."""
    return sum(path.stat().st_size * (_COMPRESSED if path.suffix.lower() in (".gz", ".zst", ".parquet") else 1) for path in paths)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def rows(path: Path) -> Iterator[Row]:
    """The rows of a file. CutOffError, after the last row that could be read, for a file that is broken or no log."""
    try:
        with path.open("rb") as stream:
            start = stream.read(_LOOKED_AT)
        if start.startswith(_PARQUET):
            yield from _parquet_rows(path)
            return
        with _opened(path, start) as stream:
            yield from _text_rows(path, stream)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CutOffError(f"the compressed file is damaged or cut off ({str(error)[:80]}); read up to there") from None
    except OSError as error:
        raise CutOffError(f"cannot be read: {error.strerror or error}") from None


@contextmanager
def _opened(path: Path, start: bytes) -> Iterator[BinaryIO]:
    if start.startswith(_GZIP):
        with gzip.open(path, "rb") as stream:
            yield stream  # type: ignore[misc]  # a GzipFile reads as a binary file does
    elif start.startswith(_ZSTD):
        import zstandard  # noqa: PLC0415  (only for .zst)

        with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True) as reader:
            try:
                yield io.BufferedReader(reader)
            except zstandard.ZstdError as error:
                raise CutOffError(f"the compressed file is damaged ({str(error)[:80]}); read up to there") from None
    else:
        with path.open("rb") as stream:
            yield stream


def _text_rows(path: Path, stream: BinaryIO) -> Iterator[Row]:
    block = stream.read1(_LOOKED_AT)  # type: ignore[attr-defined]  # every stream here is a buffered one
    if b"\x00" in block:
        raise CutOffError("holds binary data, no log")
    start = block.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise CutOffError("is empty")
    name = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    if start[:1] == b"[" or (start[:1] == b"{" and _spreads_over_lines(start)):
        yield from _document_rows(block, stream)
    elif start[:1] == b"{" or not name.endswith(_TABLES):
        if start[:1] != b"{" and name.endswith((".md", ".txt", ".py", ".yaml", ".yml", ".html", ".xml", ".toml")):
            raise CutOffError("is no log: JSON lines, CSV or Parquet are expected")
        yield from _json_rows(block, stream)
    else:
        yield from _table_rows(block, stream, _separator(start.split(b"\n", 1)[0]))


def _separator(header: bytes) -> str:
    """What sets the cells of a table apart: a comma, unless its header has only another sign of this kind."""
    return next((sign for sign in (",", "\t", ";", "|") if sign.encode() in header), ",")


def _spreads_over_lines(start: bytes) -> bool:
    """Whether the first line is only the opening of an object."""
    line = start.split(b"\n", 1)[0].strip()
    return line == b"{" or (b"\n" in start and line.endswith((b",", b"[", b"{", b":")))


def _lines(block: bytes, stream: BinaryIO) -> Iterator[bytes | None]:
    """The lines; None for one that is too long, of which nothing is kept."""
    rest, too_long = block, False
    while True:
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield None if too_long else line
            too_long = False
        if len(rest) > LONGEST_LINE_BYTES:
            rest, too_long = b"", True
        try:
            # `read` would lose what stands before a cut in a compressed file.
            more = stream.read1(_BLOCK)  # type: ignore[attr-defined]  # every stream here is a buffered one
        except (EOFError, zlib.error, gzip.BadGzipFile):
            if rest or too_long:
                yield None if too_long else rest
            raise
        if not more:
            break
        rest = more if too_long and b"\n" not in more else rest + more
        if too_long and b"\n" not in more:
            rest = b""
    if rest or too_long:
        yield None if too_long else rest


def _json_rows(block: bytes, stream: BinaryIO) -> Iterator[Row]:
    for line, text in enumerate(_lines(block.removeprefix(b"\xef\xbb\xbf"), stream), start=1):
        if text is None or text.strip():
            yield json_row(line, text)


def json_row(line: int, text: bytes | str | None) -> Row:
    """The row of a line; None for one that was too long to be kept."""
    if text is None or len(text) > LONGEST_LINE_BYTES:
        return Row(line, None, f"is longer than {LONGEST_LINE_BYTES // 2**20} MiB")
    try:
        found = loads(text)
    except RecursionError:
        return Row(line, None, "is nested too deeply")
    except ValueError as error:
        return Row(line, None, f"is not JSON: {_short(error)}")
    return Row(line, found, None) if isinstance(found, dict) else Row(line, None, "is JSON, but no object")


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes | None]]:
    """The lines of a file that are not blank, each with its number; None for one that is too long."""
    with path.open("rb") as stream:
        for number, line in enumerate(_lines(stream.read1(_BLOCK).removeprefix(b"\xef\xbb\xbf"), stream), start=1):
            if line is None or line.strip():
                yield number, line


def holds_lines(path: Path) -> bool:
    """Whether a file that is not compressed holds one JSON object a line."""
    with path.open("rb") as stream:
        start = stream.read(_LOOKED_AT).removeprefix(b"\xef\xbb\xbf").lstrip()
    return start[:1] == b"{" and b"\x00" not in start and not _spreads_over_lines(start)


def _short(error: ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.object[error.start]:#04x} is not UTF-8"
    return str(error)[:80]


def _document_rows(block: bytes, stream: BinaryIO) -> Iterator[Row]:
    """The objects of a file that is one JSON list or object."""
    text = block + stream.read(_LARGEST_DOCUMENT_BYTES)
    if len(text) > _LARGEST_DOCUMENT_BYTES:
        raise CutOffError(f"is one JSON value of more than {_LARGEST_DOCUMENT_BYTES // 2**20} MiB; write one object a line")
    try:
        found = loads(text)
    except (ValueError, RecursionError) as error:
        told = "is nested too deeply" if isinstance(error, RecursionError) else f"is not JSON: {_short(error)}"
        raise CutOffError(told) from None
    if isinstance(found, dict):
        listed = next((found[key] for key in ("data", "observations", "rows") if isinstance(found.get(key), list)), [found])
    else:
        listed = found
    for position, one in enumerate(listed, start=1):
        yield Row(position, one, None) if isinstance(one, dict) else Row(position, None, "is no object")


def _table_rows(block: bytes, stream: BinaryIO, separator: str) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_LINE_BYTES)
    before = io.BytesIO(block)
    text = (one.decode("utf-8", "replace") for one in _joined_lines(before, stream))
    reader = csv.reader(text, delimiter=separator, strict=False)
    header: list[str] | None = None
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(reader.line_num, None, f"is no CSV: {str(error)[:80]}")
            continue
        if header is None:
            header = [cell.removeprefix("\ufeff").strip() for cell in cells]
        elif cells and len(cells) != len(header):
            yield Row(reader.line_num, None, f"has {len(cells)} cells; the header has {len(header)}")
        elif cells:
            yield Row(reader.line_num, {key: cell if cell != "" else None for key, cell in zip(header, cells, strict=True)}, None)


def _joined_lines(before: BinaryIO, stream: BinaryIO) -> Iterator[bytes]:
    for line in _lines(before.read(), stream):
        if line is not None:
            yield line + b"\n"


def _parquet_rows(path: Path) -> Iterator[Row]:
    import pyarrow as pa  # noqa: PLC0415  (heavy)
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        line = 0
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                names = batch.schema.names
                for cells in zip(*map(_cells, batch.columns), strict=True):
                    line += 1
                    yield Row(line, dict(zip(names, cells, strict=True)), None)
    except (pa.ArrowException, ValueError) as error:
        raise CutOffError(f"is a damaged Parquet file ({str(error).splitlines()[0][:80]})") from None


def _cells(column: Any) -> list[Any]:  # noqa: ANN401  (pyarrow has no types)
    """The cells of a column; the quickest way of pyarrow differs with their type."""
    import pyarrow.types as its  # noqa: PLC0415  (heavy)

    of_numbers = its.is_integer(column.type) or its.is_float64(column.type)
    if its.is_string(column.type) or its.is_large_string(column.type) or (of_numbers and not column.null_count):
        return column.to_numpy(zero_copy_only=False).tolist()  # type: ignore[no-any-return]  # pyarrow ships no types
    return column.to_pylist(maps_as_pydicts="lossy")  # type: ignore[no-any-return]  # pyarrow ships no types


def refuse(file: Path | str, line: int | None, problem: str) -> DataError:
    """The error of `--strict`."""
    where = f"{file}:{line}" if line is not None else str(file)
    return DataError(f"{where}: {problem}", hint="without --strict it is counted and skipped")
