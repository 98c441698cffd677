"""`slmdecide init`: a new task profile, from a dialogue, from a commented template, or from a ready profile."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slmdecide.cli.completion import nature_names, profile_names
from slmdecide.errors import InputError, RunError

if TYPE_CHECKING:
    from collections.abc import Callable

    from slmdecide.records.catalog import Catalog

_QUESTIONS = (
    ("name", "Name of the task", "My task"),
    ("nature", "What the task does (number or word)", "1"),
    ("volume.requests_per_month", "Requests per month, such as 3M", "100k"),
    ("volume.input_tokens", "Prompt tokens per request", "500"),
    ("volume.output_tokens", "Answer tokens per request", "50"),
    ("data.labelled_examples", "Labelled examples at hand", "0"),
    ("privacy.may_leave", "Where the data may go: anywhere, own_cloud or nowhere", "anywhere"),
    ("today", "Model in use today (Enter: none)", ""),
)
"""Field, question and default."""


def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the profile is written.")] = Path("task.yaml"),
    example: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Copy this ready profile; `slmdecide profiles` lists them.",
            show_default=False,
            autocompletion=profile_names,
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="Name of the task.", show_default=False)] = None,
    nature: Annotated[
        str | None,
        typer.Option(
            metavar="NATURE",
            help="What the task does; `slmdecide profiles --natures` lists the words.",
            show_default=False,
            autocompletion=nature_names,
        ),
    ] = None,
    *,
    no_interactive: Annotated[bool, typer.Option("--no-interactive", help="Ask nothing; write a commented template.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write a task profile to start from, and its JSON Schema beside it for editors.

    On a terminal a few questions are asked; elsewhere a commented template with every field is written.
    """
    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415  (--help needs none of this)

    if example is not None and (name is not None or nature is not None):
        raise InputError("--example: a ready profile has a name and a nature; leave --name and --nature out")
    _refuse(file, force=force)
    catalog = load_catalog()
    if example is not None:
        text = _copied(example)
    else:
        options = {"name": name, "nature": nature}
        answers = {field: word for field, word in options.items() if word is not None}
        _check_options(answers, catalog)
        if not no_interactive and _on_a_terminal():
            answers = _asked(answers, catalog)
        text = _text(answers, catalog)
    _write(file, text)


def _refuse(file: Path, *, force: bool) -> None:
    """InputError if the file may not be written."""
    from slmdecide.readers.files import shown  # noqa: PLC0415

    if file == Path("-"):
        raise InputError("-: a file name is expected", hint="`slmdecide profiles NAME` prints a profile to standard output")
    if file.is_dir():
        raise InputError(f"{shown(file)}: is a folder; give a file")
    if not file.parent.is_dir():
        raise InputError(f"{shown(file)}: its folder does not exist")
    if os.path.lexists(file) and not force:
        raise InputError(f"{shown(file)}: exists already", hint="--force overwrites it")


def _on_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _copied(example: str) -> str:
    from slmdecide.cli.template import MODELINE  # noqa: PLC0415
    from slmdecide.readers.ready import ready_profile  # noqa: PLC0415

    lines = ready_profile(example).text.splitlines(keepends=True)
    return "".join([f"{MODELINE}\n", *(line for line in lines if not line.startswith("# yaml-language-server:"))])


def _text(answers: dict[str, str], catalog: Catalog) -> str:
    from slmdecide.cli.template import template  # noqa: PLC0415

    return template(answers, catalog).text


def _check_options(answers: dict[str, str], catalog: Catalog) -> None:
    from slmdecide.cli.template import template  # noqa: PLC0415

    mistakes = template(answers, catalog).mistakes
    if mistakes:
        raise InputError("\n".join(f"--{field}: {problem}" for field, problem in mistakes.items()))


def _asked(answers: dict[str, str], catalog: Catalog) -> dict[str, str]:
    """The answers of a short dialogue; each is checked as it comes, and asked again if it is wrong."""
    natures = list(catalog.natures)
    found = dict(answers)
    typer.echo("A few questions; Enter takes what stands in brackets.", err=True)
    for field, question, default in _QUESTIONS:
        if field in found:
            continue
        if field == "nature":
            for number, one in enumerate(natures, start=1):
                typer.echo(f"  {number:>2} {one}: {catalog.natures[one].name}", err=True)
        word = typer.prompt(
            question,
            default=default,
            show_default=bool(default),
            value_proc=_checked(field, found, catalog, natures),
            err=True,
        )
        if word:
            found[field] = word
    return found


def _checked(field: str, answers: dict[str, str], catalog: Catalog, natures: list[str]) -> Callable[[str], str]:
    """What takes an answer and gives it back, or complains so that the question is asked again."""
    from slmdecide.cli.template import template  # noqa: PLC0415

    def check(word: str) -> str:
        word = word.strip()
        if field == "nature" and word.isdecimal() and 1 <= int(word) <= len(natures):
            word = natures[int(word) - 1]
        if not word:
            return word
        for problem in template({**answers, field: word}, catalog).mistakes.values():
            raise typer.BadParameter(problem)
        return word

    return check


def _write(file: Path, text: str) -> None:
    """Write the profile, and the schema beside it if there is none; both or neither."""
    from slmdecide.cli.output import write_whole  # noqa: PLC0415
    from slmdecide.cli.schema import schema_text  # noqa: PLC0415
    from slmdecide.cli.template import SCHEMA_FILE  # noqa: PLC0415
    from slmdecide.readers.files import shown  # noqa: PLC0415

    beside = file.parent / SCHEMA_FILE
    is_new = not os.path.lexists(beside)
    if is_new:
        write_whole(beside, schema_text())
    try:
        write_whole(file, text)
    except RunError:
        if is_new:
            beside.unlink()
        raise
    typer.echo(f"{shown(file)}: written; `slmdecide assess {shlex.quote(shown(file))}` decides")
    typer.echo(f"{shown(beside)}: {'written for your editor' if is_new else 'kept as it was'}")
