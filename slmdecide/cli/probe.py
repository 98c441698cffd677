"""`slmdecide probe`: measure the smallest model first, and climb only where it is shown not to do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from slmdecide.cli.completion import model_names

Format = Literal["text", "markdown", "json"]


def probe(
    profile: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The task profile (YAML); - is standard input.", show_default=False)
    ] = None,
    *,
    examples: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Examples (JSON lines or CSV: input, expected, id), in place of data.examples_file.", show_default=False
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=ADDRESS]",
            help="A model to try, in place of the profile's candidates; with the address of a server of your own. Repeatable.",
            show_default=False,
            autocompletion=model_names,
        ),
    ] = None,
    api_base: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Address of every model that is given without one.", show_default=False)
    ] = None,
    price: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=IN/OUT", help="A price, USD per million tokens, such as tiny=0/0. Repeatable.", show_default=False),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="FILE", help="The run file.  [default: FILE.probe.jsonl of the profile]", show_default=False),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in that file.")] = False,
    from_run: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Report on a run file again, without a call.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be asked and what it would cost, without a call.")] = False,
    max_cost: Annotated[float, typer.Option(min=0, help="Most that the whole run may cost, USD.")] = 1.0,
    allow_unpriced: Annotated[
        bool, typer.Option("--allow-unpriced", help="Ask models without a known price, for which no cap holds.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Measure every model on every example instead of climbing.")] = False,
    repeat: Annotated[int, typer.Option(min=1, max=100, help="How often each example is asked.")] = 1,
    samples: Annotated[
        int, typer.Option(min=1, max=100, help="Answers of which the label is the majority, where there are no log-probabilities.")
    ] = 1,
    formats: Annotated[
        bool, typer.Option("--formats", help="Compare free text, constrained answers, and constrained ones with a reason first.")
    ] = False,
    margin: Annotated[
        float, typer.Option(min=0, max=1, help="Likeliest label minus the next under which an answer is uncertain and counts as none.")
    ] = 0.0,
    floor: Annotated[
        float | None, typer.Option(min=0, max=1, help="Score to reach, in place of quality.floor.", show_default=False)
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="Points under the large model that are good enough without a floor.", show_default=False),
    ] = None,
    error_rate: Annotated[float, typer.Option(help="Most probability of a wrong statement about the ladder.")] = 0.05,
    metric: Annotated[
        str | None, typer.Option(metavar="METRIC", help="How an answer is scored; by default from the profile.", show_default=False)
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[=ADDRESS]",
            help="A model that scores the answers; never one that is probed.",
            show_default=False,
            autocompletion=model_names,
        ),
    ] = None,
    codes: Annotated[Literal["letters", "labels"], typer.Option(help="Ask for a letter that stands for the label, or for it.")] = "letters",
    prompt: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Your wording, with {input} and {labels} or {codes}; --- sets the system part apart.", show_default=False
        ),
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON schema of the answer, where it is a JSON document.", show_default=False)
    ] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Most tokens of an answer, reasoning included.", show_default=False)] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Have answers streamed, which measures the time to the first token.")] = False,
    concurrency: Annotated[int, typer.Option(min=1, max=1000, help="Most requests at once; fewer while a server refuses.")] = 8,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one request, to its last byte.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the order of the examples.")] = 0,
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of stdout.", show_default=False)] = None,
) -> None:
    """Measure models on your examples: the smallest first, and only as many calls as the answer needs.

    Before the first call it says how many there may be and what they cost; the cap is checked before each. Keys come from the
    environment. Exit code 4 means that the examples or the money were not enough to tell.
    """
    from slmdecide.cli.output import deliver  # noqa: PLC0415  (--help needs none of this)
    from slmdecide.cli.probe_options import Options  # noqa: PLC0415
    from slmdecide.cli.probe_run import run as carry_out  # noqa: PLC0415

    done = carry_out(
        Options(
            profile=profile,
            examples=examples,
            models=tuple(model or ()),
            api_base=api_base,
            prices=tuple(price or ()),
            run=run,
            resume=resume,
            from_run=from_run,
            dry_run=dry_run,
            max_cost_usd=max_cost,
            allow_unpriced=allow_unpriced,
            everything=everything,
            repeats=repeat,
            samples=samples,
            formats=formats,
            margin=margin,
            floor=floor,
            tolerance_points=tolerance,
            error_rate=error_rate,
            metric=metric,
            judge=judge,
            codes=codes,
            prompt=prompt,
            schema=schema,
            max_tokens=max_tokens,
            stream=stream,
            concurrency=concurrency,
            timeout_s=timeout,
            seed=seed,
            output_format=output_format,
        )
    )
    deliver(done.text, output)
    if done.exit_code:
        raise typer.Exit(done.exit_code)
