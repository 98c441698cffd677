"""Where a result goes: stdout, or a file that is there whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from slmdecide.errors import RunError


def deliver(text: str, output: Path | None) -> None:
    """Write the text, ending in one newline, to a file or to stdout; nothing stays nothing."""
    text = text.rstrip("\n") + "\n" if text else ""
    if output is None:
        sys.stdout.write(text)
        return
    write_whole(output, text)


def write_whole(path: Path, text: str) -> None:
    """Write a file through a temporary neighbour, so that a failure leaves the old one. RunError if it cannot be."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            temporary.chmod(0o666 & ~umask())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise RunError(f"{path}: cannot be written: {error.strerror or error}") from None


def umask() -> int:
    """The permissions that new files do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
