"""A report as one HTML file that asks nobody for anything: blocks as HTML, charts with their library inside, controls for "what if".

Whatever a record holds is shown as words: the templates escape, the policy in the page's head runs no script but ours, and
a link leads nowhere but to the sources of our own data files.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from math import log10
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from slmdecide.numbers import count, in_full, number, signed
from slmdecide.report.blocks import Lean
from slmdecide.report.escape import shortened, terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slmdecide.report.blocks import Block, Cell, Section, Table, View
    from slmdecide.report.figures import Figure
    from slmdecide.report.what_if import WhatIf

MOST_ROWS = 400
"""Rows of one table or list; the JSON has the rest."""
_CELL_CHARACTERS = 300
_PROSE_CHARACTERS = 1500
_LONG_WORD_CHARACTERS = 20
_BREAKS = re.compile(r"[\s/-]")
"""Where a browser breaks a line by itself."""
_IS_BAR = re.compile(r"[=|.o+*]{8,}")
_BAR = str.maketrans({"=": "━", ".": "·", "|": "┃"})
_FOLDED = ("Ruled out", "Assumptions", "Evidence", "Step ", "What was read", "Skipped rows", "Examples")
"""Sections that are closed until the reader opens them: long, and read to check rather than to decide."""
_SCRIPTS = ("numbers.js", "what_if.js", "page.js")
_IN_SCRIPT = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


class Page(NamedTuple):
    """All that one page shows."""

    view: View
    figures: tuple[Figure, ...] = ()
    what_if: WhatIf | None = None
    why_no_what_if: str | None = None
    """Why there are no controls, where a reader would expect them."""
    parts: tuple[View, ...] = ()
    """Reports on the tasks of a portfolio, each folded."""
    parts_left_out: int = 0

    @property
    def drawn(self) -> tuple[Figure, ...]:
        """All charts of the page."""
        return (*self.figures, *((self.what_if.figure,) if self.what_if is not None else ()))


class _Placed(NamedTuple):
    """A section with its anchor, and the figures that stand in it."""

    id: str
    section: Section
    figures: tuple[Figure, ...]
    folded: bool


def write(page: Page, *, library: str, links: Mapping[str, str] | None = None) -> str:
    """The page as HTML.

    `library`: the script that draws charts, as a browser reads it. `links`: addresses by claim id, from our own data files.
    """
    placed = _placed(page.view.sections, page.figures)
    within = {figure.id for one in placed for figure in one.figures}
    asked = page.what_if
    data = {
        "charts": [{"id": one.id, "spec": one.spec} for one in page.drawn],
        "what_if": asked.data if asked is not None else None,
    }
    scripts = [*([_enclosed(library)] if page.drawn else []), _enclosed("\n".join(_source(name) for name in _SCRIPTS))]
    text: str = _template().render(
        page=page,
        placed=placed,
        first_figures=[one for one in page.figures if one.id not in within],
        links=dict(links or {}),
        style=Markup(_source("page.css")),  # noqa: S704  (our own file)
        scripts=[Markup(script) for script in scripts],  # noqa: S704  (our own file, and the library)
        policy=_policy(scripts),
        data=_in_script(data),
        labels_most=_labels_most(asked) if asked is not None else 0,
        what_if_after=next((place for place, one in enumerate(page.view.sections) if one.detail), len(page.view.sections)),
    )
    return text.lstrip()


def _labels_most(asked: WhatIf) -> int:
    """Where the slider of the labels ends."""
    enough = max(one["labels_enough"] for one in asked.data["inputs"])
    return int(2 * max(enough, asked.labelled_examples or 0, 1))


def _log_slider(value: float) -> tuple[float, float, float, float]:
    """Least, most, step and value of a slider over four orders of magnitude, in powers of ten."""
    middle = round(log10(max(value, 1e-3)), 2)
    return middle - 2, middle + 2, 0.01, middle


def _placed(sections: Sequence[Section], figures: Sequence[Figure]) -> list[_Placed]:
    return [
        _Placed(
            f"section-{place}",
            one,
            tuple(figure for figure in figures if figure.under and one.title.startswith(figure.under)),
            one.detail and one.title.startswith(_FOLDED),
        )
        for place, one in enumerate(sections, start=1)
    ]


def _policy(scripts: Sequence[str]) -> str:
    """What the browser may do: run exactly these scripts; no request, no frame, no form, no other base address."""
    allowed = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-src 'none'; connect-src 'none'"
    )


def _enclosed(script: str) -> str:
    """The script with its names kept to itself; nothing in it ends the element."""
    return f"(()=>{{{script}\n}})();".replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _in_script(data: Any) -> Markup:  # noqa: ANN401  (any JSON)
    """JSON inside a script element."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_IN_SCRIPT))  # noqa: S704  (no character is left that HTML reads)


@cache
def _source(name: str) -> str:
    loader = PackageLoader("slmdecide.report", "templates")
    return loader.get_source(Environment(autoescape=True), name)[0]


@cache
def _template() -> Any:  # noqa: ANN401  (jinja2.Template)
    environment = Environment(
        loader=PackageLoader("slmdecide.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        prose=_prose,
        cell=_cell,
        bar=_bar,
        long=_long,
        wordy=_wordy,
        kind=_kind,
        shown=_shown,
        more=_more,
        host=_host,
        number=number,
        plain=in_full,
        log_slider=_log_slider,
    )
    return environment.get_template("page.html.j2")


def _prose(words: str) -> str:
    return terminal(shortened(words, _PROSE_CHARACTERS))


def _cell(cell: Cell) -> str:
    if isinstance(cell, Lean):
        side = "neither" if cell.value == 0 else "small" if cell.value > 0 else "large"
        return f"{side} ({signed(cell.value)})"
    return terminal(shortened(cell, _CELL_CHARACTERS))


def _bar(cell: Cell) -> str:
    """A bar that text draws with characters, as a page draws it with better ones; "" for other cells."""
    return cell.translate(_BAR) if isinstance(cell, str) and _IS_BAR.fullmatch(cell) else ""


def _long(cell: Cell) -> bool:
    """Whether a word in it may be cut anywhere on paper, so that the table is not wider than the page."""
    return isinstance(cell, str) and any(len(word) > _LONG_WORD_CHARACTERS for word in _BREAKS.split(cell))


def _wordy(block: Table) -> bool:
    """Whether a column beside the first one holds words: then those of numbers take no more room than they need."""
    return any(place not in block.right for place in range(2 if not block.header[0] else 1, len(block.header)))


def _kind(block: Block) -> str:
    return type(block).__name__.lower()


def _shown(rows: Sequence[Any]) -> Sequence[Any]:
    return rows[:MOST_ROWS]


def _more(rows: Sequence[Any]) -> str:
    """How many rows are not shown; "" if all are."""
    return count(len(rows) - MOST_ROWS) if len(rows) > MOST_ROWS else ""


def _host(address: str) -> str:
    """An address as a reader sees it."""
    return address.partition("://")[2].rstrip("/")
