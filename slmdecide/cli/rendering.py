"""From the records of a report to what is printed: text, Markdown or a page. Each format imports only what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from slmdecide.report.blocks import Section, View
    from slmdecide.report.saved import Saved

Format = Literal["text", "markdown", "html"]


def show(saved: Saved, output_format: Format, output: Path | None, *, full: bool = False, first: Sequence[Section] = ()) -> None:
    """Print the report, or write it to a file. `first`: sections to stand before its own."""
    from slmdecide.cli.output import deliver  # noqa: PLC0415

    if output_format == "text":
        _show_text(saved, output, full=full, first=first)
    elif output_format == "markdown":
        from slmdecide.report.markdown import amount, write  # noqa: PLC0415
        from slmdecide.report.pages import view_of  # noqa: PLC0415

        deliver(write(_with(first, view_of(saved, amount(full=full)))), output)
    else:
        deliver(_page(saved, first), output)


def _with(first: Sequence[Section], view: View) -> View:
    return view._replace(sections=(*first, *view.sections))


def _show_text(saved: Saved, output: Path | None, *, full: bool, first: Sequence[Section]) -> None:
    from slmdecide.report.pages import view_of  # noqa: PLC0415
    from slmdecide.report.text import amount  # noqa: PLC0415

    show_text(_with(first, view_of(saved, amount(full=full))), output)


def show_text(view: View, output: Path | None) -> None:
    """Print the view as text, as wide as the terminal, or write it to a file."""
    from slmdecide.cli.output import deliver  # noqa: PLC0415
    from slmdecide.cli.terminal import may_be_styled, print_styled, report_width  # noqa: PLC0415
    from slmdecide.report.text import WIDTH, lines  # noqa: PLC0415

    found = lines(view, width=report_width(WIDTH))
    if output is None and may_be_styled():
        print_styled(found)
    else:
        deliver("\n".join(line.text for line in found), output)


def _page(saved: Saved, first: Sequence[Section]) -> str:
    from slmdecide.cli.chart_library import chart_library  # noqa: PLC0415
    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415
    from slmdecide.readers.links import claim_links  # noqa: PLC0415
    from slmdecide.report.html import write  # noqa: PLC0415
    from slmdecide.report.pages import page_of  # noqa: PLC0415
    from slmdecide.report.saved import Decisions  # noqa: PLC0415

    page = page_of(saved)
    page = page._replace(view=_with(first, page.view))
    cited = [claim.id for one in saved.assessments for claim in one.evidence] if isinstance(saved, Decisions) else []
    links = claim_links(cited, load_catalog(decisions=False).claims) if cited else {}
    return write(page, library=chart_library() if page.drawn else "", links=links)
