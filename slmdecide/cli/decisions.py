"""Saved decisions: the JSON that `assess` writes, read from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from slmdecide.records.assessment import Assessment


def load_decisions(path: Path) -> tuple[Assessment, ...]:
    """The assessments of a file, of one task or of several, in its order; `-` is standard input.

    DataError, in one line, if it is no such file.
    """
    from slmdecide.readers.files import shown  # noqa: PLC0415  (--help needs none of this)
    from slmdecide.readers.mistakes import shown as value_shown  # noqa: PLC0415
    from slmdecide.readers.saved_json import read_saved_json  # noqa: PLC0415
    from slmdecide.records.assessment import SCHEMA_VERSION  # noqa: PLC0415
    from slmdecide.report.document import assessments_from_document  # noqa: PLC0415

    name, document = shown(path), read_saved_json(path)
    if "error" in document and "schema_version" not in document:
        raise DataError(f"{name}: holds the error of a failed run, not a decision")
    version = document.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise DataError(f"{name}: schema_version is {value_shown(version)}; this slmdecide reads {SCHEMA_VERSION}")
    if "task" not in document and "tasks" not in document:
        raise DataError(f"{name}: holds no decision, having neither task nor tasks; `slmdecide assess --format json` writes one")
    try:
        return assessments_from_document(document, name)
    except DataError as error:
        first, *others = error.message.splitlines()
        more = f" (and {len(others):,} more)" if others else ""
        raise DataError(f"{first}{more}") from None
