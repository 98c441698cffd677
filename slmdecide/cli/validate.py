"""`slmdecide validate`: every mistake of every task profile, without deciding anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from slmdecide.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.readers.mistakes import FileError
    from slmdecide.records.profile import TaskProfile

Format = Literal["text", "json"]

_SCHEMA_VERSION = 1
_EXIT_INVALID = 2


def validate(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Task profiles (YAML); - reads standard input.", show_default=False)
    ],
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
) -> None:
    """Check task profiles and report every mistake with file, line and field. Exit code 2 if there is one."""
    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415  (--help needs none of this)
    from slmdecide.readers.mistakes import FileError  # noqa: PLC0415
    from slmdecide.readers.profile import load_profile  # noqa: PLC0415

    catalog = load_catalog()
    results: list[tuple[Path, TaskProfile | FileError]] = []
    for file in files:
        try:
            results.append((file, load_profile(file, catalog)))
        except FileError as error:
            results.append((file, error))
    wrong = [result for _, result in results if isinstance(result, FileError)]
    if output_format == "json":
        typer.echo(_document(results))
        if wrong:
            raise typer.Exit(_EXIT_INVALID)
        return
    for file, result in results:
        if not isinstance(result, FileError):
            typer.echo(_valid(file, result))
    if wrong:
        raise DataError("\n".join(error.message for error in wrong))


def _valid(file: Path, profile: TaskProfile) -> str:
    from slmdecide.readers.files import shown  # noqa: PLC0415

    stages = f", {len(profile.stages)} stages" if profile.stages is not None else ""
    return f"{shown(file)}: valid ({profile.nature}{stages})"


def _document(results: Sequence[tuple[Path, TaskProfile | FileError]]) -> str:
    from dataclasses import asdict  # noqa: PLC0415

    from slmdecide.readers.mistakes import FileError  # noqa: PLC0415

    told = []
    for file, result in results:
        mistakes = [asdict(one) for one in result.mistakes] if isinstance(result, FileError) else []
        told.append({"file": str(file), "valid": not mistakes, "mistakes": mistakes})
    return json.dumps({"schema_version": _SCHEMA_VERSION, "files": told}, indent=2)
