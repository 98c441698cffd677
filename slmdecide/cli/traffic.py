"""`slmdecide traffic`: which of today's calls a small model could take, from the logs of the calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Format = Literal["text", "markdown", "json", "html"]


def traffic(
    logs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="LOGS...",
            help="Call logs: files, folders or patterns; JSON lines, JSON, CSV or Parquet, also .gz and .zst.",
            show_default=False,
        ),
    ] = None,
    *,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="ADDRESS",
            help="Read the calls of a PostgreSQL database, such as postgresql://user@host/litellm; the password best from PGPASSWORD.",
            show_default=False,
        ),
    ] = None,
    table: Annotated[str, typer.Option(metavar="TABLE", help="Table of that database.")] = "LiteLLM_SpendLogs",
    engine: Annotated[
        Literal["duckdb", "spark", "postgres"],
        typer.Option(help="What groups and counts the calls; postgres is the database of --from itself."),
    ] = "duckdb",
    spark_master: Annotated[
        str, typer.Option(metavar="MASTER", help="Spark's master; a cluster must see this machine's TMPDIR.")
    ] = "local[*]",
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="What a column of a plain table holds, such as input_tokens=ContextTokens. A model that is no column is the model of all.",
            show_default=False,
        ),
    ] = None,
    days: Annotated[
        float | None, typer.Option(metavar="N", help="Days that the logs cover; by default from their times.", show_default=False)
    ] = None,
    groups: Annotated[int, typer.Option(min=1, max=200, help="Most groups; the rest is one long tail.")] = 40,
    write_profiles: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a task profile for each group, to change and to assess.", show_default=False)
    ] = None,
    examples: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write prompts and answers of each group, masked, for `probe`.", show_default=False),
    ] = None,
    examples_per_group: Annotated[int, typer.Option(min=1, max=10_000, help="Most of them.")] = 200,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Let labels and unmasked examples be written; by default no text of a call is.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first line that cannot be read.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the profiles and examples that an earlier run wrote there.")] = False,
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of stdout.", show_default=False)] = None,
) -> None:
    """Group the calls of a log into tasks, assess each, and say what share of calls and spend could move, and what that saves.

    Reads OpenAI chat logs and batches, LiteLLM, OpenTelemetry, Langfuse, and plain tables. Nothing leaves this machine.
    """
    from slmdecide.cli.traffic_run import Options, run  # noqa: PLC0415  (--help needs none of this)

    report = run(
        Options(
            logs=tuple(logs or ()),
            from_=from_,
            table=table,
            engine=engine,
            spark_master=spark_master,
            mapping=tuple(mapping or ()),
            days=days,
            most_groups=groups,
            write_profiles=write_profiles,
            examples=examples,
            examples_per_group=examples_per_group,
            show_text=show_text,
            strict=strict,
            force=force,
        ),
    )
    if output_format == "json":
        from slmdecide.cli.output import deliver  # noqa: PLC0415
        from slmdecide.report.document import record_document, to_json  # noqa: PLC0415

        deliver(to_json(record_document(report)), output)
        return
    from slmdecide.cli.rendering import show  # noqa: PLC0415

    show(report, output_format, output)
