"""Lines of text that keep to a width: wrapped words, aligned tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.report.escape import columns

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_GAP = 2
_JOINTS = "-_/.:>"
"""Where a long identifier is cut rather than elsewhere."""
_LEAST_COLUMN = 12
"""A column that would have to be narrower turns the table into a list of its rows."""


def wrap(text: str, width: int, indent: str = "", hanging: str | None = None) -> list[str]:
    """The words in lines of at most `width` columns; a longer word is cut. At least one line.

    `indent` stands before the first line, `hanging` before the others (default: the same).
    """
    later = indent if hanging is None else hanging
    lines: list[str] = []
    line, room = "", max(1, width - columns(indent))
    for word in text.split():
        piece = word
        while True:
            taken = columns(line) + 1 if line else 0
            if taken + columns(piece) <= room:
                line = f"{line} {piece}" if line else piece
                break
            if not line:
                line = _cut(piece, room)
                piece = piece[len(line) :]
            lines.append((later if lines else indent) + line)
            line, room = "", max(1, width - columns(later))
    if line or not lines:
        lines.append(((later if lines else indent) + line).rstrip())
    return lines


def _cut(word: str, width: int) -> str:
    """The longest start of the word that fits, at least one character; in its second half it ends at a joint, if there is one."""
    taken = 0
    for position, one in enumerate(word):
        taken += columns(one)
        if position and taken > width:
            joint = max(word.rfind(mark, position // 2, position) for mark in _JOINTS)
            return word[: joint + 1] if joint >= 0 else word[:position]
    return word


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    width: int,
    indent: str = "",
    right: Collection[int] = (),
) -> list[str]:
    """Aligned columns within a width; those with an index in `right` are flush right and never wrapped.

    Where that cannot be, each row becomes a list of its cells with their headings.
    """
    lines = [tuple(header), *map(tuple, rows)]
    widths = [max(columns(line[i]) for line in lines) for i in range(len(header))]
    room = width - columns(indent) - _GAP * (len(widths) - 1)
    fitted = _fitted(widths, room, right)
    if fitted is None:
        return _stacked(header, rows, width, indent)
    found: list[str] = []
    for line in lines:
        cells = [wrap(cell, fitted[i]) for i, cell in enumerate(line)]
        for k in range(max(map(len, cells))):
            row = (_padded(cell[k] if k < len(cell) else "", fitted[i], flush_right=i in right) for i, cell in enumerate(cells))
            found.append((indent + (" " * _GAP).join(row)).rstrip())
    return found


def _fitted(widths: Sequence[int], room: int, right: Collection[int]) -> list[int] | None:
    """Widths that fit in the room, narrow columns served first; None if a column would be too narrow."""
    fitted = list(widths)
    wrapped = sorted((i for i in range(len(widths)) if i not in right), key=lambda i: widths[i])
    left = room - sum(width for i, width in enumerate(widths) if i in right)
    for position, i in enumerate(wrapped):
        fitted[i] = min(widths[i], left // (len(wrapped) - position))
        if fitted[i] < min(widths[i], _LEAST_COLUMN):
            return None
        left -= fitted[i]
    return fitted if left >= 0 else None


def _padded(text: str, width: int, *, flush_right: bool) -> str:
    padding = " " * (width - columns(text))
    return padding + text if flush_right else text + padding


def _stacked(header: Sequence[str], rows: Sequence[Sequence[str]], width: int, indent: str) -> list[str]:
    """Of each row the first cell that has a heading, after those that have none; under it the others with their headings."""
    found: list[str] = []
    for row in rows:
        marks = [cell for head, cell in zip(header, row, strict=True) if cell and not head]
        named = [(head, cell) for head, cell in zip(header, row, strict=True) if cell and head]
        found += wrap(" ".join([*marks, *(cell for _, cell in named[:1])]), width, indent, indent + "  ")
        for head, cell in named[1:]:
            found += wrap(f"{head}: {cell}", width, indent + "  ", indent + "    ")
    return found
