"""A saved report: a file, or standard input, that holds one JSON object."""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any

from slmdecide.readers.files import STDIN, read_stdin, read_text, shown
from slmdecide.readers.mistakes import FileError, Mistake

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 512_000_000
"""A cascade of a million operating points has a hundred million."""
_MOST_DIGITS = 300
"""Longer whole numbers have no float."""


def read_saved_json(path: Path) -> dict[str, Any]:
    """The object in the file; `-` is standard input. DataError, with the line, if it is no JSON object."""
    text = read_stdin(max_bytes=_MOST_BYTES) if path == STDIN else read_text(path, max_bytes=_MOST_BYTES)
    try:
        found = json.loads(text, parse_constant=_refused, parse_int=_whole, parse_float=_finite)
    except json.JSONDecodeError as error:
        what = "is empty" if not text.strip() else f"is not JSON: {error.msg[:1].lower()}{error.msg[1:]}, column {error.colno}"
        raise FileError(shown(path), [Mistake(line=error.lineno if text.strip() else None, problem=what)]) from None
    except RecursionError:
        raise FileError(shown(path), [Mistake(line=None, problem="is nested too deeply")]) from None
    except ValueError as error:
        raise FileError(shown(path), [Mistake(line=None, problem=f"is not JSON: {error}")]) from None
    if not isinstance(found, dict):
        raise FileError(shown(path), [Mistake(line=None, problem="holds no JSON object; a report that `--format json` wrote is expected")])
    return found


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits):,} digits is too large to calculate with")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not isfinite(value):
        raise ValueError(f"{digits[:40]} is too large to calculate with")
    return value
