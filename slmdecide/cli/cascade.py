"""`slmdecide cascade`: whether to combine a small and a large model, at which threshold, and what is promised."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from slmdecide.records.cascade import Question

Format = Literal["text", "markdown", "json", "csv"]


def cascade(
    results: Annotated[
        Path,
        typer.Argument(
            metavar="RESULTS",
            help="Recorded answers: a probe run, CSV, JSON lines or JSON; may be gzipped; - is standard input.",
            show_default=False,
        ),
    ],
    *,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="What a column holds: id, model, or correct, confidence, cost_usd, latency_ms, with MODEL. in front where a row has"
            " several models, such as small.correct=is_right. A number in place of a column holds for every row.",
            show_default=False,
        ),
    ] = None,
    small: Annotated[str | None, typer.Option(metavar="MODEL", help="The model that is asked first.", show_default=False)] = None,
    large: Annotated[str | None, typer.Option(metavar="MODEL", help="The model that gets what is passed on.", show_default=False)] = None,
    order: Annotated[
        str | None, typer.Option(metavar="A,B,C", help="Up to four models, in the order in which they are asked.", show_default=False)
    ] = None,
    question: Annotated[
        Question | None,
        typer.Option(help="What is to be promised.  [default: same_quality, or cost with --max-cost-per-1000]", show_default=False),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            metavar="POINTS",
            help="Points that may be lost against the large model. By default the promise allows 2, and a cascade must exist that"
            " loses none on these examples and is cheaper.",
            show_default=False,
        ),
    ] = None,
    alpha: Annotated[float, typer.Option(help="Most wrong answers among the kept ones, as a share (--question risk).")] = 0.05,
    max_cost_per_1000: Annotated[
        float | None, typer.Option(metavar="USD", help="Most that 1,000 requests may cost (--question cost).", show_default=False)
    ] = None,
    delta: Annotated[float, typer.Option(help="Probability with which the promise may be broken.")] = 0.1,
    min_saving: Annotated[float, typer.Option(help="Share of the large model's cost under which a cascade is not worth it.")] = 0.05,
    calibration_share: Annotated[float, typer.Option(help="Share of the examples on which the threshold is chosen.")] = 0.5,
    seed: Annotated[int, typer.Option(min=0, help="Of the split.")] = 0,
    reverse: Annotated[bool, typer.Option("--reverse", help="A lower confidence means a surer answer.")] = False,
    against: Annotated[
        Path | None, typer.Option(metavar="NEW", help="Later rows: does the promise still hold? Exit 3 if not.", show_default=False)
    ] = None,
    require_promise: Annotated[bool, typer.Option("--require-promise", help="Exit 4 if nothing can be promised.")] = False,
    config: Annotated[bool, typer.Option("--config", help="Add lines for the profile and a router in Python.")] = False,
    points: Annotated[
        int | None, typer.Option(min=2, help="Most operating points in JSON and CSV; by default all.", show_default=False)
    ] = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of stdout.", show_default=False)] = None,
) -> None:
    """Say whether to combine two models that were recorded on the same examples, at which threshold, and what is promised.

    The small answer is kept if its confidence reaches the threshold; otherwise the large model is asked too, and both are paid.
    With three or four models a chain is judged. A router that picks one of many models for each request is out of scope.
    """
    from slmdecide.cli.cascade_options import Options  # noqa: PLC0415  (--help needs none of this)
    from slmdecide.cli.cascade_run import run  # noqa: PLC0415
    from slmdecide.cli.output import deliver  # noqa: PLC0415

    done = run(
        Options(
            results=results,
            mapping=tuple(mapping or ()),
            small=small,
            large=large,
            order=order,
            question=question,
            tolerance_points=tolerance,
            alpha=alpha,
            max_cost_per_1000_usd=max_cost_per_1000,
            delta=delta,
            min_saving=min_saving,
            calibration_share=calibration_share,
            seed=seed,
            reverse=reverse,
            against=against,
            require_promise=require_promise,
            config=config,
            most_points=points,
            output_format=output_format,
        )
    )
    deliver(done.text, output)
    if done.exit_code:
        raise typer.Exit(done.exit_code)
