"""Where the shipped data sets are, and how a file becomes text without surprises."""

from __future__ import annotations

import hashlib
import sys
from importlib.resources import files
from pathlib import Path

from slmdecide.readers.mistakes import FileError, Mistake, printable

_SHIPPED = Path(str(files("slmdecide"))) / "data"
DATA = _SHIPPED if _SHIPPED.is_dir() else Path(__file__).resolve().parents[2]
"""Folder of profiles/, pricing/ and evidence/: inside a wheel, or the checkout itself."""

MAX_PROFILE_BYTES = 1_000_000
"""A task profile is a page of text; a file beyond this is something else."""

STDIN = Path("-")
"""Stands for standard input where a profile is read."""

_FOREIGN_MARKS = (b"\xff\xfe", b"\xfe\xff")
_LOOKED_AT = 4096


def shown(path: Path) -> str:
    """The path as messages show it: relative to the data folder or as the user gave it, on one line."""
    if path == STDIN:
        return "<stdin>"
    try:
        return printable(path.relative_to(DATA).as_posix())
    except ValueError:
        return printable(path.as_posix())


def _wrong(path: Path, problem: str, line: int | None = None) -> FileError:
    return FileError(shown(path), [Mistake(line=line, problem=problem)])


def read_bytes(path: Path, *, max_bytes: int | None = None) -> bytes:
    """The file's bytes. DataError if it is missing, unreadable, not a regular file or too large."""
    try:
        if path.is_dir():
            raise _wrong(path, "is a folder; give a file")
        if max_bytes is None:
            return path.read_bytes()
        if path.exists() and not path.is_file():
            raise _wrong(path, "is not a regular file")
        with path.open("rb") as stream:
            content = stream.read(max_bytes + 1)
        if len(content) > max_bytes:
            raise _wrong(path, f"has {path.stat().st_size:,} bytes; at most {max_bytes:,} are read")
    except FileNotFoundError:
        raise _wrong(path, "no such file") from None
    except (OSError, ValueError) as error:
        raise _wrong(path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return content


def read_text(path: Path, *, max_bytes: int | None = None) -> str:
    """The file's text, UTF-8 with or without a byte-order mark. DataError on any other encoding or on binary."""
    return _decoded(read_bytes(path, max_bytes=max_bytes), path)


def read_stdin(*, max_bytes: int) -> str:
    """The text on standard input, under the same rules as a file's."""
    content = sys.stdin.buffer.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise _wrong(STDIN, f"has more than {max_bytes:,} bytes; at most so many are read")
    return _decoded(content, STDIN)


def _decoded(content: bytes, path: Path) -> str:
    if content.startswith(_FOREIGN_MARKS):
        raise _wrong(path, "is in UTF-16 or UTF-32; save the file as UTF-8")
    if b"\x00" in content[:_LOOKED_AT]:
        raise _wrong(path, "is a binary file, or text in UTF-16; text in UTF-8 is read")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _wrong(path, f"byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8", line) from None


def sha256(paths: list[Path]) -> str:
    """Hex digest over the names and contents of the files, in the given order."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(b"\x00")
        digest.update(read_bytes(path))
    return digest.hexdigest()
