"""Several task profiles at once: all of them right, or one error that names every mistake in every file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.errors import DataError
from slmdecide.readers.profile import load_profile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from slmdecide.records.catalog import Catalog
    from slmdecide.records.profile import TaskProfile


def load_profiles(paths: Sequence[Path], catalog: Catalog) -> tuple[TaskProfile, ...]:
    """The profiles, one per path, same order. DataError with the mistakes of all files."""
    found: list[TaskProfile] = []
    mistakes: list[str] = []
    for path in paths:
        try:
            found.append(load_profile(path, catalog))
        except DataError as error:
            mistakes.append(error.message)
    if mistakes:
        raise DataError("\n".join(mistakes))
    return tuple(found)
