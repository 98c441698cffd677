"""What a report is made of, before it is text or Markdown: blocks of plain, unescaped words, built once for all writers."""

from __future__ import annotations

from typing import NamedTuple

CHOSEN = "→"
"""Marks the row of the choice."""


class Lean(NamedTuple):
    """A cell that shows to which side a criterion leans, −1 (large) to +1 (small)."""

    value: float


Cell = str | Lean


class Prose(NamedTuple):
    """Sentences."""

    sentences: tuple[str, ...]


class Pairs(NamedTuple):
    """Labels, each with what there is to say."""

    pairs: tuple[tuple[str, str], ...]


class Item(NamedTuple):
    """One point of a list, with the command that goes with it."""

    text: str
    command: str | None = None
    details: tuple[str, ...] = ()
    claim: str | None = None
    """Id of the claim that it tells, to whose source a page may link."""


class Items(NamedTuple):
    """A list."""

    items: tuple[Item, ...]
    numbered: bool = False


class Table(NamedTuple):
    """Rows under a header; columns with an index in `right` hold numbers."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    right: tuple[int, ...] = ()


class Bars(NamedTuple):
    """Amounts to be drawn where the reader's program draws them; a table beside it says the same."""

    title: str
    bars: tuple[tuple[str, float], ...]


Block = Prose | Pairs | Items | Table | Bars


class Section(NamedTuple):
    """Blocks under a title."""

    title: str
    blocks: tuple[Block, ...]
    detail: bool = True
    """Whether a short report may fold it away."""


class View(NamedTuple):
    """A report: the answer first, then what it rests on, the weightiest first."""

    title: str
    answer: tuple[Block, ...]
    sections: tuple[Section, ...]
    footer: tuple[str, ...]


class Amount(NamedTuple):
    """How much of everything a report shows."""

    options: int | None
    """Most options in a table; None = all."""
    statements: bool
    """Whether criteria and claims are quoted in full."""
    hint: str
    """Where the reader finds what is left out."""
    bars: bool = False
    """Whether costs are drawn as bars too."""
