"""What a page draws beside its words: a chart as a Vega-Lite specification, with its description and its numbers as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from slmdecide.report.escape import shortened, terminal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slmdecide.report.blocks import Table

Json = dict[str, Any]
_LABEL_CHARACTERS = 60


class Figure(NamedTuple):
    """A chart and all that is needed to understand it without seeing it."""

    id: str
    """Of its element in the page."""
    under: str
    """How the title of the section begins that it stands in; "" = right after the answer."""
    title: str
    description: str
    """What is to be seen, for whoever does not see it."""
    spec: Json
    table: Table
    """The numbers that are drawn; without rows where the page's script fills it."""
    series: tuple[str, ...] = ()
    """Names of the lines in the order of their colours; () if there is one kind of mark only."""
    as_marks: bool = False
    """Whether the series are marks of different shapes instead of lines."""
    note: str = ""
    """What the marks mean, in a line under the title, where the legend does not say it."""


def labels(names: Iterable[str]) -> list[str]:
    """The names as a chart shows them: harmless, not endless, and no two alike, for equal names would be drawn as one."""
    found: list[str] = []
    taken: set[str] = set()
    for each in names:
        plain = shortened(terminal(shortened(each, 2 * _LABEL_CHARACTERS)), _LABEL_CHARACTERS)
        label, n = plain, 1
        while label in taken:
            n += 1
            label = f"{plain} ({n})"
        taken.add(label)
        found.append(label)
    return found
