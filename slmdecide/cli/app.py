"""The commands, in the order of the work. Each is one file; a file imports what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from slmdecide import __version__
from slmdecide.cli.assess import assess
from slmdecide.cli.backtest import backtest
from slmdecide.cli.breakeven import breakeven
from slmdecide.cli.cascade import cascade
from slmdecide.cli.ci import ci
from slmdecide.cli.config import config
from slmdecide.cli.diff import diff
from slmdecide.cli.evidence import evidence
from slmdecide.cli.gpus import gpus
from slmdecide.cli.init import init
from slmdecide.cli.models import models
from slmdecide.cli.prices import prices
from slmdecide.cli.probe import probe
from slmdecide.cli.profiles import profiles
from slmdecide.cli.report import report
from slmdecide.cli.schema import schema
from slmdecide.cli.throughput import throughput
from slmdecide.cli.traffic import traffic
from slmdecide.cli.validate import validate

app = typer.Typer(
    name="slmdecide",
    help="The smallest language model that solves a task reliably: what it costs, and what would change the answer.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"slmdecide {__version__}")
        raise typer.Exit


_VERSION = typer.Option("--version", callback=lambda value: _show_version(wanted=value), is_eager=True, help="Show the version.")


@app.callback()
def _options(
    *,
    version: Annotated[bool, _VERSION] = False,
) -> None:
    """Options before a command."""


app.command()(assess)
app.command()(breakeven)
app.command()(probe)
app.command()(cascade)
app.command()(traffic)
app.command()(report)
app.command()(diff)
app.command()(ci)
app.command()(config)
app.command()(validate)
app.command()(init)
app.command()(schema)
app.command()(profiles)
app.add_typer(prices, name="prices")
app.command()(models)
app.command()(gpus)
app.command()(throughput)
app.command()(evidence)
app.command()(backtest)
