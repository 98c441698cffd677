"""What can go wrong, as a tree.

SlmdecideError
├── DataError    a file is wrong (a profile, a data set): exit 2
├── InputError   a request makes no sense (an unknown model, a bad option): exit 2
└── RunError     something failed while running (a file cannot be written): exit 1

One line each: *where: what is wrong, with the value; what would be right.*
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class SlmdecideError(Exception):
    """Any failure that is told to the user in one line."""

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class DataError(SlmdecideError):
    """A file does not hold what it must."""

    exit_code = 2
    code = "invalid_data"


class InputError(SlmdecideError):
    """A request that makes no sense."""

    exit_code = 2
    code = "invalid_input"


class RunError(SlmdecideError):
    """Something failed while running."""

    exit_code = 1
    code = "runtime_failure"


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The allowed word most like `word`, or None if none is near."""
    found = difflib.get_close_matches(word[:200], list(allowed), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """`; did you mean 'x'?` or nothing."""
    near = nearest(word, allowed)
    return f"; did you mean {near!r}?" if near is not None else ""
