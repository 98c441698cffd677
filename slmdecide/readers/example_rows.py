"""Rows of a JSON-lines or CSV file whose encoding is certain: bytes become text, text becomes rows, each with its line."""

from __future__ import annotations

import codecs
import csv
import io
import json
from typing import TYPE_CHECKING, Any

from slmdecide.readers.mistakes import FileError, Mistake
from slmdecide.readers.mistakes import shown as value_shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte-order marks; the four bytes of UTF-32 begin with the two of UTF-16."""
_DELIMITERS = ("\t", ";", "|")
"""Tried in this order where a header has no comma."""
_MOST_FIELD_CHARACTERS = 100_000_000


class RowError(ValueError):
    """One row is wrong; the text says what was found and what is allowed."""


def decoded(content: bytes, name: str) -> tuple[str, str]:
    """The text and its encoding: UTF-8, or UTF-16 or UTF-32 that say so by a byte-order mark. DataError on anything else."""
    mark, encoding = next(((mark, encoding) for mark, encoding in _MARKS if content.startswith(mark)), (b"", "utf-8"))
    try:
        text = content[len(codecs.BOM_UTF8) :].decode() if mark == codecs.BOM_UTF8 else content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            problem = f"has the mark of {encoding.upper()} but is not: {error.reason} at byte {error.start + 1}"
            raise FileError(name, [Mistake(problem=problem)]) from None
        line = error.object.count(b"\n", 0, error.start) + 1
        column = error.start - (error.object.rfind(b"\n", 0, error.start) + 1) + 1
        problem = (
            f"byte {column} of the line, 0x{error.object[error.start]:02x}, is not UTF-8; "
            "it may be Latin-1 or Windows-1252: save the file as UTF-8"
        )
        raise FileError(name, [Mistake(line=line, problem=problem)]) from None
    at = text.find("\x00")
    if at >= 0:
        hint = " (UTF-16 without a byte-order mark?)" if text.count("\x00") > len(text) // 4 else ""
        line = text.count("\n", 0, at) + 1
        raise FileError(name, [Mistake(line=line, problem=f"holds a NUL character{hint}; text in UTF-8 is read")])
    return text, encoding


def json_rows(text: str, name: str) -> Iterator[tuple[int, Mapping[str, Any] | RowError]]:
    """Line number and object of each line that is not blank. Lines end at a line feed only: JSON may hold any other separator."""
    if text.lstrip()[:1] == "[":
        raise FileError(name, [Mistake(line=1, problem="is a JSON list; write one object a line (JSON lines), without brackets or commas")])
    for line, row in enumerate(text.split("\n"), start=1):
        if row.strip():
            yield line, _object(row)


def _object(row: str) -> Mapping[str, Any] | RowError:
    try:
        found = json.loads(row, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        return RowError(f"is not JSON: {error.msg} at column {error.colno}")
    except RowError as error:
        return error
    except RecursionError:
        return RowError("is nested too deeply to be read")
    except ValueError:
        return RowError("holds a number with too many digits; write it as text")
    if not isinstance(found, dict):
        return RowError(f'found {value_shown(found)}; an object such as {{"input": "…", "expected": "…"}} is expected')
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise RowError(f"{value_shown(next(key for key in keys if keys.count(key) > 1))} is given twice; keep one")
    return found


def _no_number(word: str) -> float:
    raise RowError(f"{word} is not JSON; a number is finite, unknown is null")


def csv_rows(text: str, name: str) -> Iterator[tuple[int, Mapping[str, Any] | RowError]]:
    """First line and cells of each row that is not blank."""
    before = csv.field_size_limit(_MOST_FIELD_CHARACTERS)
    try:
        yield from _limited_rows(text, name)
    finally:
        csv.field_size_limit(before)


def _limited_rows(text: str, name: str) -> Iterator[tuple[int, Mapping[str, Any] | RowError]]:
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = "," if "," in first else next((one for one in _DELIMITERS if one in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    header: list[str] | None = None
    line = 1
    try:
        for row in reader:
            start, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in row):
                continue
            if header is None:
                header = [cell.strip() for cell in row]
                twice = next((cell for cell in header if header.count(cell) > 1), None)
                if twice is not None:
                    raise FileError(name, [Mistake(line=start, problem=f"column {value_shown(twice)} stands there twice; keep one")])
            elif len(row) != len(header):
                yield (
                    start,
                    RowError(
                        f"has {len(row)} cells; the header has {len(header)} ({'a comma' if delimiter == ',' else repr(delimiter)} "
                        "sets them apart; put a cell that holds one in double quotes)"
                    ),
                )
            else:
                yield start, dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise FileError(name, [Mistake(line=max(line, reader.line_num), problem=f"is not CSV: {error}")]) from None
