"""`slmdecide config`: the settings that a run goes by, and where each comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from slmdecide.cli.settings import Against, FailOn, ThresholdPercent, ThresholdUsd

if TYPE_CHECKING:
    from slmdecide.records.settings import Setting

Format = Literal["text", "json"]
_SCHEMA_VERSION = 1


def config(
    *,
    against: Against = None,
    threshold_usd: ThresholdUsd = None,
    threshold_percent: ThresholdPercent = None,
    fail_on: FailOn = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
) -> None:
    """Show the settings of `assess` and `diff` with where each comes from: the command line, a file, or the default.

    The nearest slmdecide.yaml, or pyproject.toml with [tool.slmdecide], is read: from the working folder upward to the root of
    the repository or the home folder. What the command line gives comes first. docs/ci.md explains each setting.
    """
    from slmdecide.cli.settings import settle  # noqa: PLC0415  (--help needs none of this)

    settings = settle(against=against, fail_on=fail_on, threshold_usd=threshold_usd, threshold_percent=threshold_percent)
    typer.echo(_document(settings.told) if output_format == "json" else _table(settings.told))


def _document(told: tuple[Setting, ...]) -> str:
    import json  # noqa: PLC0415

    return json.dumps(
        {
            "schema_version": _SCHEMA_VERSION,
            "settings": [
                {
                    "name": one.name,
                    "value": list(one.value) if isinstance(one.value, tuple) else one.value,
                    "origin": one.origin.kind,
                    "file": one.origin.file,
                    "line": one.origin.line,
                }
                for one in told
            ],
        },
        indent=2,
    )


def _table(told: tuple[Setting, ...]) -> str:
    from slmdecide.cli.tables import text_table  # noqa: PLC0415
    from slmdecide.numbers import UNKNOWN, exact  # noqa: PLC0415

    rows = [
        (
            one.name,
            (", ".join(one.value) or "none") if isinstance(one.value, tuple) else exact(one.value) if one.value is not None else UNKNOWN,
            one.origin.said,
        )
        for one in told
    ]
    return text_table(("setting", "value", "from"), rows)
