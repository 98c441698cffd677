"""Text that came from a user, a log or a model, made safe to show: on a terminal, in Markdown, in HTML, in CSV."""

from __future__ import annotations

import re
import unicodedata

_SHOWN_CHARACTERS = 80
_MOST_MARKS = 4
"""Accents that one character may carry; scripts need at most three."""
_HIDDEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Characters that Unicode calls printable, and that show nothing."""
_FORMULA = ("=", "+", "-", "@")
_BREAK = "&#8203;"
"""A zero-width space: what stands before and after it is not read as one mention, reference or address."""
_MARKDOWN = re.compile(
    r"(?P<mark>[\\`*\[\]<>|~&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|\$(?!\d))|(?P<before>(?<=:)//)|(?P<after>@|#(?=\d)|www(?=\.)|GH(?=-\d))",
    re.IGNORECASE,
)
_START = re.compile(r"(?P<number>\d{1,9}(?=[.)](?:\s|$)))|[-+=]+(?=\s|$)|#")
"""What makes a line a list item, a heading or a rule."""
_LINKED_IN_HTML = re.compile(r"www(?=\.)|GH(?=-\d)", re.IGNORECASE)
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "@": f"@{_BREAK}", "#": f"#{_BREAK}"})


def terminal(text: str) -> str:
    """The text on one line, with control and invisible characters written out instead of sent to the terminal."""
    if text.isascii() and text.isprintable():
        return text
    found: list[str] = []
    marks = 0
    for one in text:
        marks = marks + 1 if unicodedata.category(one) in ("Mn", "Me") else 0
        if one.isprintable() and marks <= _MOST_MARKS and not _HIDDEN.match(one):
            found.append(one)
        elif one.isspace() and one not in "\x1c\x1d\x1e\x1f\x85":
            found.append(" ")
        else:
            found.append(f"\\u{ord(one):04x}" if ord(one) <= 0xFFFF else f"\\U{ord(one):08x}")  # noqa: PLR2004
    return "".join(found)


def quoted(word: str) -> str:
    """The word as a message shows it: escaped and not endless."""
    return f"'{terminal(word[:_SHOWN_CHARACTERS])}'"


def shortened(text: str, most: int) -> str:
    """The text, cut with "…" if it has more characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def markdown(text: str) -> str:
    """The text as one line of Markdown that shows it and means nothing else.

    No markup, HTML, link, mention, reference or mathematics comes of it, wherever in a line, a list or a table it stands.
    """
    escaped = _MARKDOWN.sub(_meaningless, " ".join(terminal(text).split()))
    start = _START.match(escaped)
    if start is None:
        return escaped
    return f"{start[0]}\\{escaped[start.end() :]}" if start["number"] is not None else f"\\{escaped}"


def _meaningless(found: re.Match[str]) -> str:
    if found["mark"] is not None:
        return f"\\{found[0]}"
    return f"{_BREAK}{found[0]}" if found["before"] is not None else f"{found[0]}{_BREAK}"


def markdown_code(text: str) -> str:
    """The text as a Markdown code span; not for table cells, where a | would end it."""
    plain = terminal(text).strip()
    fence = "`" * (max(map(len, re.findall("`+", plain)), default=0) + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{pad}{plain}{pad}{fence}" if plain else ""


def html(text: str) -> str:
    """The text inside an HTML element of a Markdown page."""
    return _LINKED_IN_HTML.sub(lambda found: f"{found[0]}{_BREAK}", terminal(text).translate(_HTML)).replace("://", f":{_BREAK}//")


def csv_cell(text: str) -> str:
    """The text in a cell of CSV; one that a spreadsheet would take for a formula gets a leading '."""
    shown = terminal(text)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown


def columns(text: str) -> int:
    """Columns that a text on one line takes on a terminal: two for East Asian wide characters, none for accents."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(one) for one in text)


def _columns_of(one: str) -> int:
    if unicodedata.category(one) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(one) in ("W", "F") else 1
