"""What is wrong with a file: each mistake with its place, in one line that is enough to correct it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slmdecide.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

Location = tuple[str | int, ...]
"""Keys and list positions from the root of a document."""

MOST_MISTAKES = 200
"""Mistakes that are listed of one file; a file with more is something else than what it should be."""
_SHOWN_CHARACTERS = 80
_SHOWN_PATH_CHARACTERS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """One thing that is wrong."""

    line: int | None = None
    """1-based; None if it is about the whole file."""
    field: str | None = None
    """Path of the field, such as stages[1].nature; None if it is about no field."""
    problem: str
    """What was found and what is allowed."""

    def said(self, name: str) -> str:
        """`file:line: field: problem`."""
        place = name if self.line is None else f"{name}:{self.line}"
        return f"{place}: {self.problem}" if self.field is None else f"{place}: {self.field}: {self.problem}"


class FileError(DataError):
    """A file with at least one mistake, by rising line."""

    def __init__(self, name: str, mistakes: Iterable[Mistake]) -> None:
        found = sorted(dict.fromkeys(mistakes), key=lambda one: one.line or 0)
        if len(found) > MOST_MISTAKES:
            more = Mistake(problem=f"has more than {MOST_MISTAKES} mistakes; the others are not listed")
            found = [*found[:MOST_MISTAKES], more]
        super().__init__("\n".join(one.said(name) for one in found))
        self.mistakes = tuple(found)


def printable(text: str) -> str:
    """The text on one line, with every character that is not printable written out."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def shown(found: object) -> str:
    """A value as a message shows it: text in quotes, nothing raw, nothing endless."""
    if isinstance(found, dict):
        return "a map"
    if isinstance(found, list):
        return "a list"
    if found is None:
        return "nothing"
    if isinstance(found, bool):
        return str(found).lower()
    text = found if isinstance(found, str) else str(found)
    cut = printable(text[:_SHOWN_CHARACTERS])
    more = f"… ({len(text):,} characters)" if len(text) > _SHOWN_CHARACTERS else ""
    return f"'{cut}'{more}" if isinstance(found, str) else f"{cut}{more}"


def dotted(location: Location) -> str:
    """`stages[1].task.reasoning` for a location."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            key = printable(part[:_SHOWN_CHARACTERS]) + ("…" if len(part) > _SHOWN_CHARACTERS else "") or "''"
            text += f".{key}" if text else key
        if len(text) > _SHOWN_PATH_CHARACTERS:
            return f"{text[:_SHOWN_PATH_CHARACTERS]}…"
    return text or "profile"
