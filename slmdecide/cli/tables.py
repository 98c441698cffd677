"""Rows as a text, Markdown or CSV table, labelled lines as a card; every cell is escaped."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from slmdecide.report.escape import columns, csv_cell, markdown, terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def text_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Aligned columns; those with an index in `right` are flush right. A row stays on one line, so that `grep` finds it."""
    lines = [[terminal(cell) for cell in row] for row in (header, *rows)]
    widths = [max(columns(row[i]) for row in lines) for i in range(len(header))]
    padded = [[_padded(cell, widths[i], flush_right=i in right) for i, cell in enumerate(row)] for row in lines]
    return "\n".join("  ".join(row).rstrip() for row in padded)


def _padded(text: str, width: int, *, flush_right: bool) -> str:
    padding = " " * (width - columns(text))
    return padding + text if flush_right else text + padding


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
    """A title with one line per label and text under it."""
    pairs = list(pairs)
    width = max((len(label) for label, _ in pairs), default=0)
    return "\n".join([terminal(title), *(f"{indent}{label:<{width}}  {terminal(text)}".rstrip() for label, text in pairs)])


def markdown_card(title: str, pairs: Iterable[tuple[str, str]]) -> str:
    """The same as a Markdown section."""
    return "\n".join([f"## {markdown(title)}", "", *(f"- **{label}**: {markdown(text)}" for label, text in pairs)])
