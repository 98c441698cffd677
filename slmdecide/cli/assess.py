"""`slmdecide assess`: the decision for one task profile, or for many."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

Format = Literal["text", "markdown", "json"]


def assess(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Task profiles (YAML).", show_default=False)],
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write to this file instead of stdout.", show_default=False),
    ] = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="Show every option, criterion and claim in text.")] = False,
) -> None:
    """Decide for a task: which model, what it costs, how sure that is, and what would change the answer.

    Several profiles give a portfolio with a total.
    """
    from slmdecide.cli.output import deliver  # noqa: PLC0415  (--help needs none of this)
    from slmdecide.core.assess import assess as decide  # noqa: PLC0415
    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415
    from slmdecide.readers.profiles import load_profiles  # noqa: PLC0415

    catalog = load_catalog()
    asked = shlex.join(["slmdecide", "assess", *map(str, files)])
    assessments = [replace(decide(profile, catalog), command=asked) for profile in load_profiles(files, catalog)]
    if output_format == "json":
        from slmdecide.report.document import portfolio_document, to_document, to_json  # noqa: PLC0415

        text = to_json(to_document(assessments[0]) if len(assessments) == 1 else portfolio_document(assessments))
    elif output_format == "markdown":
        from slmdecide.report.markdown import markdown, portfolio_markdown  # noqa: PLC0415

        text = markdown(assessments[0]) if len(assessments) == 1 else portfolio_markdown(assessments)
    else:
        from slmdecide.report.text import portfolio_text  # noqa: PLC0415
        from slmdecide.report.text import text as as_text  # noqa: PLC0415

        text = as_text(assessments[0], full=full) if len(assessments) == 1 else portfolio_text(assessments)
    deliver(text, output)
