"""A chart as Mermaid, which GitHub and GitLab draw from Markdown: letters, digits and numbers, nothing that the language reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import in_full, significant
from slmdecide.report.escape import terminal

if TYPE_CHECKING:
    from slmdecide.report.blocks import Bars

_MOST_BARS = 12
_NAME_CHARACTERS = 44
_MARKS = frozenset(" .,-_/()+")
"""Besides letters and digits all that a name keeps: quotes, colons, backticks, braces, # and % mean something to Mermaid."""


def bar_chart(block: Bars) -> str:
    """A fenced block with horizontal bars, the names numbered, because equal names would be drawn as one bar."""
    shown = block.bars[:_MOST_BARS]
    names = ", ".join(f'"{place} {_plain(name)}"' for place, (name, _) in enumerate(shown, start=1))
    amounts = ", ".join(in_full(significant(amount)) for _, amount in shown)
    lines = (
        "```mermaid",
        "xychart-beta horizontal",
        f'    title "{_plain(block.title)}"',
        f"    x-axis [{names}]",
        f"    bar [{amounts}]",
        "```",
    )
    return "\n".join(lines) + "\n"


def _plain(name: str) -> str:
    kept = "".join(one if one.isalnum() or one in _MARKS else " " for one in terminal(name))
    return " ".join(kept.split())[:_NAME_CHARACTERS].strip()
