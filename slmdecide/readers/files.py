"""Where the shipped data sets are, and how a file becomes text without surprises."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

from slmdecide.errors import DataError

_SHIPPED = Path(str(files("slmdecide"))) / "data"
DATA = _SHIPPED if _SHIPPED.is_dir() else Path(__file__).resolve().parents[2]
"""Folder of profiles/, pricing/ and evidence/: inside a wheel, or the checkout itself."""

MAX_PROFILE_BYTES = 1_000_000
"""A task profile is a page of text; a file beyond this is something else."""


def shown(path: Path) -> str:
    """The path as messages show it: relative to the data folder or as the user gave it."""
    try:
        return path.relative_to(DATA).as_posix()
    except ValueError:
        return path.as_posix()


def read_bytes(path: Path, *, max_bytes: int | None = None) -> bytes:
    """The file's bytes. DataError if it is missing, unreadable, not a regular file or too large."""
    try:
        if path.is_dir():
            raise DataError(f"{shown(path)}: is a folder; give a file")
        if not path.is_file() and path.exists() and max_bytes is not None:
            raise DataError(f"{shown(path)}: is not a regular file")
        if max_bytes is not None:
            with path.open("rb") as stream:
                content = stream.read(max_bytes + 1)
            if len(content) > max_bytes:
                size = path.stat().st_size
                raise DataError(f"{shown(path)}: has {size:,} bytes; at most {max_bytes:,} are read")
            return content
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{shown(path)}: no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{shown(path)}: cannot be read: {reason}") from None


def read_text(path: Path, *, max_bytes: int | None = None) -> str:
    """The file's text, UTF-8 with or without a byte-order mark. DataError on any other encoding or on binary."""
    content = read_bytes(path, max_bytes=max_bytes)
    if b"\x00" in content[:4096]:
        raise DataError(f"{shown(path)}: is a binary or UTF-16 file; text in UTF-8 is read")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise DataError(
            f"{shown(path)}:{line}: byte 0x{byte:02x} is not UTF-8; save the file as UTF-8",
        ) from None


def sha256(paths: list[Path]) -> str:
    """Hex digest over the names and contents of the files, in the given order."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(b"\x00")
        digest.update(read_bytes(path))
    return digest.hexdigest()
