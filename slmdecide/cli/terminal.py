"""How wide a report may be, and how it looks on a terminal: bold titles where there is colour, the same words everywhere."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.report.text import Line

_USUAL, _LEAST = 80, 40
"""Columns of a list."""
_STYLES = {"title": "bold", "heading": "bold cyan", "chosen": "bold green"}


def report_width(most: int) -> int:
    """Columns of the terminal, or of COLUMNS where it is set, but not more than `most`; `most` where nobody says."""
    return min(most, shutil.get_terminal_size((most, 24)).columns)


def list_width() -> int:
    """Columns of the terminal, or of COLUMNS where it is set; 80 where nobody says, and never fewer than 40."""
    return max(_LEAST, shutil.get_terminal_size((_USUAL, 24)).columns)


def may_be_styled() -> bool:
    """Whether stdout is a terminal that shows colour, and nobody asked for none."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_styled(lines: Sequence[Line]) -> None:
    """The lines on the terminal. Nothing in them is read as markup, as an emoji or as something to colour."""
    from rich.console import Console  # noqa: PLC0415  (a third of the time of a short run, and only terminals need it)
    from rich.text import Text  # noqa: PLC0415

    console = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text(line.text, style=_STYLES.get(line.role, "")))
