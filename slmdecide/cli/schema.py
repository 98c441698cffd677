"""`slmdecide schema`: the JSON Schema of the task profile, for editors and other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def schema(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write to this file instead of stdout.", show_default=False),
    ] = None,
) -> None:
    """Print the JSON Schema (draft 2020-12) of a task profile.

    An editor that knows it completes, explains and checks a profile while it is written.
    """
    from slmdecide.cli.output import deliver  # noqa: PLC0415  (--help needs none of this)

    deliver(schema_text(), output)


def schema_text() -> str:
    """The schema as JSON, ending in one newline."""
    import json  # noqa: PLC0415  (--help needs none of this)

    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415
    from slmdecide.readers.schema import profile_schema  # noqa: PLC0415

    return json.dumps(profile_schema(load_catalog()), indent=2, ensure_ascii=False) + "\n"
