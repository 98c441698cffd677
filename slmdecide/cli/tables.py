"""Rows as a text, Markdown or CSV table, labelled lines as a card; every cell is escaped."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.cli.terminal import list_width
from slmdecide.report.escape import columns, csv_cell, markdown, terminal
from slmdecide.report.layout import table as folded
from slmdecide.report.layout import wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


_GAP = "  "
_LEAST_FIRST = 24
"""A first column that would have to be narrower turns the table into one with folded cells."""


class Fitted(NamedTuple):
    """A table that fits the width."""

    text: str
    left_out: tuple[str, ...]
    """Headings of the columns for which there was no room."""

    @property
    def note(self) -> str:
        """Which columns are missing and where they are; "" if none is."""
        return f"No room for: {', '.join(self.left_out)}; a wider terminal or --format json shows all." if self.left_out else ""


def text_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Aligned columns no wider than the terminal; those with an index in `right` are flush right."""
    return fitted_table(header, rows, right=right).text


def fitted_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = (), drop: Sequence[int] = ()) -> Fitted:
    """Aligned columns no wider than the terminal, or than 80 where there is none.

    Where there is no room, columns are left out, in the order of `drop`; then a first cell that is too long gets a line of its
    own, uncut, so that `grep` finds it; where even that does not help, cells are folded.
    """
    width = list_width()
    lines = [[terminal(cell) for cell in row] for row in (header, *rows)]
    widths = [max(columns(row[i]) for row in lines) for i in range(len(header))]
    kept = list(range(len(header)))
    for i in drop:
        if _together(widths, kept) > width:
            kept.remove(i)
    left_out = tuple(header[i] for i in range(len(header)) if i not in kept)
    first, *others = kept
    room = width - _together(widths, others) - len(_GAP) if others else width
    if room < min(widths[first], _LEAST_FIRST):
        cells = [[row[i] for i in kept] for row in lines]
        flush = [place for place, i in enumerate(kept) if i in right]
        return Fitted("\n".join(folded(cells[0], cells[1:], width=width, right=flush)), left_out)
    fitted = {i: widths[i] for i in others} | {first: min(widths[first], room)}
    found = []
    for row in lines:
        cells_ = [_padded(row[i], fitted[i], flush_right=i in right) for i in kept]
        if columns(row[first]) > fitted[first]:
            found.append(row[first])
            cells_[0] = " " * fitted[first]
        found.append(_GAP.join(cells_).rstrip())
    return Fitted("\n".join(found), left_out)


def _together(widths: Sequence[int], kept: Sequence[int]) -> int:
    return sum(widths[i] for i in kept) + len(_GAP) * (len(kept) - 1)


def _padded(text: str, width: int, *, flush_right: bool) -> str:
    padding = " " * (width - columns(text))
    return padding + text if flush_right else text + padding


def told(*lines: str) -> str:
    """Lines under or over a table, no wider than the terminal."""
    return "\n".join(part for line in lines for part in wrap(terminal(line), list_width()))


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """A Markdown table; columns with an index in `right` are flush right."""
    rule = ["---:" if column in right else "---" for column in range(len(header))]
    lines = [[markdown(cell) for cell in header], rule, *([markdown(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def csv_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV with Unix line ends. Unknown is empty; a text that a spreadsheet would take for a formula gets a leading '."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([csv_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return stream.getvalue()


def card(title: str, pairs: Iterable[tuple[str, str]], *, indent: str = "  ") -> str:
    """A title with one label and text under it; a text that is too long goes on under itself."""
    pairs = list(pairs)
    longest = max((len(label) for label, _ in pairs), default=0)
    hanging = " " * (len(indent) + longest + len(_GAP))
    found = [terminal(title)]
    for label, text in pairs:
        shown, head = terminal(text), f"{indent}{label:<{longest}}{_GAP}"
        if " " not in shown and len(head) + columns(shown) > list_width() >= len(indent) + len(_GAP) + columns(shown):
            found += [f"{indent}{label}", f"{indent}{_GAP}{shown}"]  # an address stays whole
        else:
            found += wrap(shown, list_width(), head, hanging)
    return "\n".join(line.rstrip() for line in found)


def markdown_card(title: str, pairs: Iterable[tuple[str, str]]) -> str:
    """The same as a Markdown section."""
    return "\n".join([f"## {markdown(title)}", "", *(f"- **{label}**: {markdown(text)}" for label, text in pairs)])
