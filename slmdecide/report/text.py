"""The report as text for a terminal or a log: no colour, no line wider than asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from slmdecide.report.blocks import CHOSEN, Amount, Bars, Items, Lean, Pairs, Prose
from slmdecide.report.escape import columns, shortened, terminal
from slmdecide.report.layout import table, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.assessment import Assessment
    from slmdecide.report.blocks import Block, Cell, View

WIDTH = 100
NARROWEST = 40
_SHORT = Amount(options=8, statements=False, hint="`--full` shows all")
_FULL = Amount(options=None, statements=True, hint="")
_CELL_CHARACTERS = 300
_LABEL_CHARACTERS = 120
_PROSE_CHARACTERS = 1500
_INDENT = "  "
_SHORTEST_COLUMN = 12
_BAR = 5
"""Characters of a lean's bar on each side."""
_BAR_HEADER = "large|small"


def text(assessment: Assessment, *, width: int = WIDTH, full: bool = False) -> str:
    """The report on one assessment: the answer first, then what it rests on.

    `full` shows every option and quotes every criterion and claim.
    """
    from slmdecide.report.view import build  # noqa: PLC0415  (other reports are written without it)

    return write(build(assessment, amount(full=full)), width=width)


def amount(*, full: bool) -> Amount:
    """How much a text tells: the most telling, or everything."""
    return _FULL if full else _SHORT


def portfolio_text(assessments: Sequence[Assessment], *, width: int = WIDTH) -> str:
    """The table of several tasks with its total, and what is still open."""
    from slmdecide.report.portfolio import build  # noqa: PLC0415

    return write(build(assessments), width=width)


def write(view: View, *, width: int = WIDTH) -> str:
    """A report as lines of at most `width` columns (at least 40)."""
    return "\n".join(line.text for line in lines(view, width=width)) + "\n"


class Line(NamedTuple):
    """One line, and what it is: a terminal may show titles otherwise than the rest."""

    text: str
    role: Literal["title", "heading", "chosen", "body"] = "body"


def lines(view: View, *, width: int = WIDTH) -> list[Line]:
    """The lines of a report."""
    width = max(NARROWEST, width)
    found = [Line(line, "title") for line in wrap(_prose(view.title), width)]
    for block in view.answer:
        found += [Line(""), *_body(block, width, "" if isinstance(block, Prose) else _INDENT)]
    for section in view.sections:
        found += [Line(""), *(Line(line, "heading") for line in wrap(_prose(section.title), width))]
        for position, block in enumerate(section.blocks):
            found += [Line("")] if position else []
            found += _body(block, width, _INDENT)
    found.append(Line(""))
    for sentence in view.footer:
        found += map(Line, wrap(_prose(sentence), width))
    return found


def _body(block: Block, width: int, indent: str) -> list[Line]:
    return [Line(line, "chosen" if line.startswith(f"{_INDENT}{CHOSEN} ") else "body") for line in _block(block, width, indent)]


def _prose(words: str) -> str:
    return terminal(shortened(words, _PROSE_CHARACTERS))


def _cell(cell: Cell) -> str:
    return _bar(cell.value) if isinstance(cell, Lean) else terminal(shortened(cell, _CELL_CHARACTERS))


def _bar(lean: float) -> str:
    """`.....|###..` for +0.6: to the right the small side, to the left the large one."""
    filled = min(_BAR, max(1, round(abs(lean) * _BAR))) if lean else 0
    side = "#" * filled + "." * (_BAR - filled)
    empty = "." * _BAR
    return f"{empty}|{side}" if lean >= 0 else f"{side[::-1]}|{empty}"


def _block(block: Block, width: int, indent: str) -> list[str]:
    if isinstance(block, Prose):
        return [line for sentence in block.sentences for line in wrap(_prose(sentence), width, indent)]
    if isinstance(block, Pairs):
        return _pairs(block, width, indent)
    if isinstance(block, Items):
        return _items(block, width, indent)
    if isinstance(block, Bars):
        return []
    rows = [[_cell(cell) for cell in row] for row in block.rows]
    leaning = [any(isinstance(cell, Lean) for cell in column) for column in zip(*block.rows, strict=True)]
    header = [_BAR_HEADER if leans else _cell(head) for head, leans in zip(block.header, leaning, strict=True)]
    return table(header, rows, width=width, indent=indent, right=block.right)


def _pairs(block: Pairs, width: int, indent: str) -> list[str]:
    labels = [terminal(shortened(label, _LABEL_CHARACTERS)) for label, _ in block.pairs]
    room = max(_SHORTEST_COLUMN, (width - len(indent)) // 3)
    longest = min(room, max(map(columns, labels), default=0))
    found = []
    for label, (_, words) in zip(labels, block.pairs, strict=True):
        start = f"{indent}{label}{' ' * (longest - columns(label))}  "
        if columns(label) > longest:  # a name of the user's: on a line of its own
            found += wrap(label, width, indent)
            start = " " * (len(indent) + longest + 2)
        found += wrap(_prose(words), width, start, " " * (len(indent) + longest + 2))
    return found


def _items(block: Items, width: int, indent: str) -> list[str]:
    found = []
    for position, item in enumerate(block.items, start=1):
        mark = f"{position}. " if block.numbered else "- "
        inner = indent + " " * len(mark)
        found += wrap(_prose(item.text), width, indent + mark, inner)
        if item.command is not None:
            found += wrap(f"$ {_prose(item.command)}", width, inner + "  ", inner + "    ")
        for detail in item.details:
            found += wrap(_prose(detail), width, inner)
    return found
