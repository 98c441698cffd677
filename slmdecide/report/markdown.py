"""The report as Markdown for a pull request: the answer and one table first, details folded, never too long to post."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import count, signed
from slmdecide.report.blocks import Amount, Bars, Items, Lean, Pairs, Prose
from slmdecide.report.escape import html, markdown_code, shortened
from slmdecide.report.escape import markdown as escaped
from slmdecide.report.mermaid import bar_chart
from slmdecide.report.portfolio import build as build_portfolio
from slmdecide.report.view import build

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slmdecide.records.assessment import Assessment
    from slmdecide.report.blocks import Block, Cell, Item, Section, View

MOST_BYTES = 65_000
"""GitHub refuses a comment above 65,536 bytes; the rest is for a marker that whoever posts it may add."""
_SHORT = Amount(options=8, statements=True, hint="the JSON report has all", bars=True)
_FULL = Amount(options=None, statements=True, hint="", bars=True)
_CELL_CHARACTERS = 200
_PROSE_CHARACTERS = 600
_RESERVED = 600
"""Bytes kept for the footer and the notes on what was cut."""


def markdown(assessment: Assessment, *, full: bool = False, most_bytes: int = MOST_BYTES) -> str:
    """The report on one assessment. What does not fit in `most_bytes` is left out from the end, and said to be.

    `full` adds every option.
    """
    return write(build(assessment, amount(full=full)), most_bytes=most_bytes)


def amount(*, full: bool) -> Amount:
    """How much a Markdown page tells: the most telling, or every option."""
    return _FULL if full else _SHORT


def portfolio_markdown(assessments: Sequence[Assessment], *, most_bytes: int = MOST_BYTES) -> str:
    """The table of several tasks with its total, and what is still open."""
    return write(build_portfolio(assessments), most_bytes=most_bytes)


def write(view: View, *, most_bytes: int = MOST_BYTES) -> str:
    """A report as Markdown of at most `most_bytes` (at least 20,000, which title and answer may need)."""
    parts = [f"## {_prose(view.title)}\n", *(_whole(block) for block in view.answer)]
    footer = "".join(f"{_prose(sentence)}\n" for sentence in view.footer)
    room = most_bytes - _bytes("\n".join(parts)) - _bytes(footer) - _RESERVED
    left_out: list[str] = []
    for section in sorted(view.sections, key=lambda one: one.detail):
        found, cut = _fitted(section, room)
        room -= _bytes(found) + 1
        parts += [found] if found else []
        if cut:
            left_out.append(section.title)
    if left_out:
        parts.append(_told(left_out))
    return "\n".join([*parts, *([footer] if footer else [])])


def _told(left_out: Sequence[str]) -> str:
    """The note on what was cut, at most half of what is reserved."""
    titles = ", ".join(map(_prose, left_out))
    shown = titles if _bytes(titles) <= _RESERVED // 2 else f"{count(len(left_out))} sections"
    return f"**Shortened to stay under the size limit of a comment:** {shown}.\nThe JSON report (`--format json`) has everything.\n"


def _bytes(words: str) -> int:
    return len(words.encode())


def _prose(words: str) -> str:
    return escaped(shortened(words, _PROSE_CHARACTERS))


def _fitted(section: Section, room: int) -> tuple[str, bool]:
    """The section with as many of its rows as fit, and whether some do not. Nothing if not one row fits."""
    if section.detail:
        start, end = f"<details>\n<summary>{html(section.title)}</summary>\n\n", "\n</details>\n"
    else:
        start, end = f"### {_prose(section.title)}\n\n", ""
    note = "\n… {} more do not fit here.\n"
    left = room - _bytes(start) - _bytes(end) - _bytes(note) - 20
    parts: list[str] = []
    cut = 0
    for block in section.blocks:
        head, rows = _lines(block)
        taken: list[str] = []
        left -= _bytes(head) + 1
        for row in rows:
            if cut or left < _bytes(row):
                cut += 1
                continue
            left -= _bytes(row)
            taken.append(row)
        if taken:
            parts.append(head + "".join(taken))
    if not parts:
        return "", True
    more = note.format(count(cut)) if cut else ""
    return start + "\n".join(parts) + more + end, bool(cut)


def _whole(block: Block) -> str:
    head, rows = _lines(block)
    return head + "".join(rows)


def _lines(block: Block) -> tuple[str, list[str]]:
    """The head of a block and its rows, each ending in a line break."""
    if isinstance(block, Prose):
        return "", [f"{_prose(sentence)}\n" for sentence in block.sentences]
    if isinstance(block, Pairs):
        return "", [f"- **{_cell(label)}**: {_prose(words)}\n" for label, words in block.pairs]
    if isinstance(block, Items):
        return "", [_item(f"{position}." if block.numbered else "-", item) for position, item in enumerate(block.items, start=1)]
    if isinstance(block, Bars):
        return "", [bar_chart(block)]
    rule = ["---:" if column in block.right else "---" for column in range(len(block.header))]
    return _row(map(_cell, block.header)) + _row(rule), [_row(map(_cell, row)) for row in block.rows]


def _row(cells: Iterable[str]) -> str:
    """A line of a table; between the bars of an empty cell stands one space, as linters want it."""
    return f"|{''.join(f' {cell} |' if cell else ' |' for cell in cells)}\n"


def _item(mark: str, item: Item) -> str:
    inner = " " * (len(mark) + 1)
    lines = [f"{mark} {_prose(item.text)}"]
    lines += [f"{inner}{markdown_code(item.command)}"] if item.command is not None else []
    lines += [f"{inner}{_prose(detail)}" for detail in item.details]
    return "\n".join(lines) + "\n"


def _cell(cell: Cell) -> str:
    if isinstance(cell, Lean):
        side = "neither" if cell.value == 0 else "small" if cell.value > 0 else "large"
        return f"{side} ({signed(cell.value)})"
    return escaped(shortened(cell, _CELL_CHARACTERS))
