"""A file of recorded answers as raw columns, whichever of CSV, JSON lines or a JSON list it is, plain or gzipped."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, BinaryIO

from slmdecide.readers.cascade_csv import read_csv
from slmdecide.readers.cascade_json import read_json
from slmdecide.readers.cascade_table import RawTable, Wanted, opened, wrong_file

if TYPE_CHECKING:
    from pathlib import Path

_FOREIGN_MARKS = (b"\xff\xfe", b"\xfe\xff")
_LOOKED_AT = 4096


def read_raw(path: Path, wanted: Wanted, *, text_columns: Wanted) -> RawTable:
    """The wanted columns of the file. DataError if it is missing, empty, in another encoding, or neither CSV nor JSON.

    `text_columns` names those whose cells stay text, such as ids: `007` is not 7.
    """
    try:
        with opened(path) as stream:
            start = _checked_start(path, stream)
            if start.lstrip()[:1] in (b"{", b"["):
                return read_json(path, stream, wanted, text_columns, array=start.lstrip()[:1] == b"[")
            return read_csv(path, stream, wanted, text_columns)
    except FileNotFoundError:
        raise wrong_file(path, "no such file") from None
    except UnicodeDecodeError as error:
        raise wrong_file(path, f"byte 0x{error.object[error.start]:02x} is not UTF-8; save the file as UTF-8") from None
    except (EOFError, gzip.BadGzipFile) as error:
        raise wrong_file(path, f"is damaged gzip: {error}") from None
    except OSError as error:
        raise wrong_file(path, f"cannot be read: {error.strerror or error}") from None


def _checked_start(path: Path, stream: BinaryIO) -> bytes:
    """The first bytes after a byte-order mark; the stream is back at the beginning."""
    start = stream.read(_LOOKED_AT)
    stream.seek(0)
    if start.startswith(_FOREIGN_MARKS):
        raise wrong_file(path, "is in UTF-16 or UTF-32; save the file as UTF-8")
    if b"\x00" in start:
        raise wrong_file(path, "is a binary file, or text in UTF-16; CSV or JSON lines in UTF-8 are read")
    start = start.removeprefix(b"\xef\xbb\xbf")
    if not start.strip():
        raise wrong_file(path, "is empty; rows of recorded answers are expected")
    return start
