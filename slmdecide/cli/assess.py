"""`slmdecide assess`: the decision for one task profile, or for many."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from slmdecide.cli.settings import Against, FailOn, ThresholdPercent, ThresholdUsd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.cli.settings import Settings
    from slmdecide.records.assessment import Assessment
    from slmdecide.records.catalog import Catalog
    from slmdecide.records.diff import Diff
    from slmdecide.records.policy import PolicyResult
    from slmdecide.report.blocks import Section

Format = Literal["text", "markdown", "html", "json"]


def assess(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Task profiles (YAML).", show_default=False)],
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write to this file instead of stdout.", show_default=False),
    ] = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="Show every option, criterion and claim in text and Markdown.")] = False,
    against: Against = None,
    threshold_usd: ThresholdUsd = None,
    threshold_percent: ThresholdPercent = None,
    fail_on: FailOn = None,
) -> None:
    """Decide for a task: which model, what it costs, how sure that is, and what would change the answer.

    Several profiles give a portfolio with a total. With --against the report says what is different from an earlier decision.
    """
    from slmdecide.cli.output import deliver  # noqa: PLC0415  (--help needs none of this)
    from slmdecide.cli.policies import finish  # noqa: PLC0415
    from slmdecide.cli.settings import settle  # noqa: PLC0415
    from slmdecide.core.assess import assess as decide  # noqa: PLC0415
    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415
    from slmdecide.readers.profiles import load_profiles  # noqa: PLC0415

    settings = settle(against=against, fail_on=fail_on, threshold_usd=threshold_usd, threshold_percent=threshold_percent)
    catalog = load_catalog()
    asked = shlex.join(["slmdecide", "assess", *map(str, files)])
    assessments = [replace(decide(profile, catalog), command=asked) for profile in load_profiles(files, catalog)]
    found, results = compared(assessments, settings, catalog)
    if output_format == "json":
        deliver(told(assessments, found, results), output)
    else:
        from slmdecide.cli.rendering import show  # noqa: PLC0415
        from slmdecide.report.saved import Decisions  # noqa: PLC0415

        show(Decisions(tuple(assessments), len(assessments) > 1), output_format, output, full=full, first=news(found))
    finish(results)


def compared(assessments: Sequence[Assessment], settings: Settings, catalog: Catalog) -> tuple[Diff | None, tuple[PolicyResult, ...]]:
    """What is different from the earlier decision, None if there is nothing to compare with; and how the policies came out."""
    if settings.against is None and not settings.policies:
        return None, ()
    from slmdecide.cli.policies import held  # noqa: PLC0415

    if settings.against is None:
        return None, held(settings.policies, assessments, None)
    from slmdecide.cli.decisions import load_decisions  # noqa: PLC0415
    from slmdecide.core.diff import diff  # noqa: PLC0415
    from slmdecide.readers.files import shown  # noqa: PLC0415

    earlier = load_decisions(settings.against)
    results = held(settings.policies, assessments, earlier)
    names = (shown(settings.against), "this run")
    return diff(earlier, assessments, catalog, names=names, thresholds=settings.thresholds), results


def told(
    assessments: Sequence[Assessment],
    found: Diff | None,
    results: Sequence[PolicyResult],
) -> str:
    """The decisions as JSON, with what is different and how the policies came out where that was asked for."""
    from slmdecide.report.document import portfolio_document, record_document, to_document, to_json  # noqa: PLC0415

    document = to_document(assessments[0]) if len(assessments) == 1 else portfolio_document(assessments)
    if found is not None:
        document["diff"] = record_document(found)
    if results:
        document["policies"] = [record_document(one) for one in results]
    return to_json(document)


def news(found: Diff | None) -> tuple[Section, ...]:
    """What is different, as sections; () if nothing that matters is."""
    if found is None:
        return ()
    from slmdecide.report.diff import as_sections  # noqa: PLC0415

    return as_sections(found)
