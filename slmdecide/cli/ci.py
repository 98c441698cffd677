"""`slmdecide ci`: what the GitHub action runs. Assesses, reports, annotates, keeps a comment, and ends with the policies' exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slmdecide.cli.settings import Against, FailOn, ThresholdPercent, ThresholdUsd


def ci(
    profiles: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[GLOB]...", help="Task profiles; ** stands for any folders. By default SLMDECIDE_PROFILES.", show_default=False
        ),
    ] = None,
    *,
    against: Against = None,
    threshold_usd: ThresholdUsd = None,
    threshold_percent: ThresholdPercent = None,
    fail_on: FailOn = None,
    output_dir: Annotated[Path, typer.Option("--output-dir", help="Folder for decision.json, decision.md and decision.html.")] = Path(
        "slmdecide-report"
    ),
    comment: Annotated[
        bool | None,
        typer.Option("--comment/--no-comment", help="Keep one comment on the pull request up to date.", show_default=False),
    ] = None,
    html: Annotated[
        bool | None, typer.Option("--html/--no-html", help="Write an HTML page too.  [default: html]", show_default=False)
    ] = None,
) -> None:
    """Assess a glob of profiles in CI: files to upload, a step summary, annotations, and one comment if that is asked for.

    Options that are not given come from the environment (SLMDECIDE_AGAINST, SLMDECIDE_FAIL_ON, SLMDECIDE_COMMENT,
    SLMDECIDE_HTML), then from the project's settings. A comment needs GITHUB_TOKEN; without the right to write one, the step
    summary has the report.
    """
    from slmdecide.cli.ci_run import Asked, run  # noqa: PLC0415  (--help needs none of this)

    code = run(
        Asked(
            globs=tuple(profiles or ()),
            against=against,
            threshold_usd=threshold_usd,
            threshold_percent=threshold_percent,
            fail_on=tuple(fail_on) if fail_on is not None else None,
            output_dir=output_dir,
            comment=comment,
            html=html,
        )
    )
    if code:
        raise typer.Exit(code)
