"""`slmdecide diff`: what is different between two saved decisions, and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from slmdecide.cli.settings import FailOn, ThresholdPercent, ThresholdUsd

if TYPE_CHECKING:
    from slmdecide.records.diff import Diff

Format = Literal["text", "markdown", "json"]


def diff(
    old: Annotated[
        Path, typer.Argument(metavar="OLD", help="The earlier decision (JSON of assess); - reads standard input.", show_default=False)
    ],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The later decision (JSON of assess).", show_default=False)],
    *,
    threshold_usd: ThresholdUsd = None,
    threshold_percent: ThresholdPercent = None,
    fail_on: FailOn = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of stdout.", show_default=False)] = None,
) -> None:
    """Say what is different between two decisions: verdict, costs, options, prices, inputs, evidence; and which change did it.

    Prints nothing if nothing that matters is different. With a threshold only verdicts, tasks that came or went, and costs that
    moved as far matter. Each change is tried alone on the earlier decision, by the rules at hand.
    """
    from slmdecide.cli.decisions import load_decisions  # noqa: PLC0415  (--help needs none of this)
    from slmdecide.cli.policies import finish, held  # noqa: PLC0415
    from slmdecide.cli.settings import settle  # noqa: PLC0415
    from slmdecide.core.diff import diff as compare  # noqa: PLC0415
    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415
    from slmdecide.readers.files import shown  # noqa: PLC0415

    settings = settle(against=None, fail_on=fail_on, threshold_usd=threshold_usd, threshold_percent=threshold_percent)
    before, after = load_decisions(old), load_decisions(new)
    results = held(settings.policies, after, before)
    found = compare(before, after, load_catalog(), names=(shown(old), shown(new)), thresholds=settings.thresholds)
    _show(replace(found, policies=results), output_format, output)
    finish(results)


def _show(found: Diff, output_format: Format, output: Path | None) -> None:
    """Print the difference, or write it to a file: nothing if nothing that matters is different, except as JSON."""
    from slmdecide.cli.output import deliver  # noqa: PLC0415
    from slmdecide.report.diff import build  # noqa: PLC0415

    if output_format == "json":
        from slmdecide.report.document import record_document, to_json  # noqa: PLC0415

        deliver(to_json(record_document(found)), output)
        return
    view = build(found)
    if view is None:
        deliver("", output)
    elif output_format == "markdown":
        from slmdecide.report.markdown import write  # noqa: PLC0415

        deliver(write(view), output)
    else:
        from slmdecide.cli.rendering import show_text  # noqa: PLC0415

        show_text(view, output)
