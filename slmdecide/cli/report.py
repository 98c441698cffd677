"""`slmdecide report`: any saved JSON as text, Markdown or a page, on another day and another machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slmdecide.cli.rendering import Format
from slmdecide.errors import DataError


def report(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What a command printed with --format json; - reads stdin.", show_default=False)
    ],
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write to this file instead of stdout.", show_default=False),
    ] = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="Show every option, criterion and claim in text and Markdown.")] = False,
) -> None:
    """Render a saved JSON report again: a decision, a portfolio, a break-even, a probe, a cascade, a backtest or a list.

    An HTML page is one file that needs no network, with charts and controls that say what another volume or price would cost.
    """
    from slmdecide.cli.rendering import show  # noqa: PLC0415  (--help needs none of this)
    from slmdecide.readers.files import shown  # noqa: PLC0415
    from slmdecide.readers.saved_json import read_saved_json  # noqa: PLC0415
    from slmdecide.report.saved import read_saved  # noqa: PLC0415

    saved = read_saved(read_saved_json(file), shown(file))
    try:
        show(saved, output_format, output, full=full)
    except (LookupError, ArithmeticError, ValueError) as error:
        # Each part is as it must be; what remains is a file that was put together or edited by hand.
        raise DataError(f"{shown(file)}: its parts do not fit together ({type(error).__name__}: {error})") from error
