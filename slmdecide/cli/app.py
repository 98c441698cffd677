"""The commands, in the order of the work. Each is one file; a file imports what it needs when it runs."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

from slmdecide import __version__

COMMANDS = (
    "assess", "breakeven", "probe", "cascade", "traffic", "report", "diff", "ci", "config", "validate", "init", "schema", "profiles",
    "prices", "models", "gpus", "throughput", "evidence", "backtest",
)  # fmt: skip
"""Names of the commands; each is called as its module is, and as what it holds."""


def app_for(word: str | None) -> typer.Typer:
    """The command line; with the name of a command that one alone, because to read the others takes a third of the start."""
    app = typer.Typer(
        name="slmdecide",
        help="The smallest language model that solves a task reliably: what it costs, and what would change the answer.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name in (word,) if word in COMMANDS else COMMANDS:
        command = getattr(import_module(f"slmdecide.cli.{name}"), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command()(command)
    return app


def _show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"slmdecide {__version__}")
        raise typer.Exit


_VERSION = typer.Option("--version", callback=lambda value: _show_version(wanted=value), is_eager=True, help="Show the version.")


def _options(
    *,
    version: Annotated[bool, _VERSION] = False,
) -> None:
    """Options before a command."""
