"""What all reports share: the version of their JSON, and a value that nobody gave."""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class AssumptionMade:
    """A value that the profile or the options did not give."""

    field: str
    value: str | float | bool | None
    reason: str
