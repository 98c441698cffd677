"""What a project sets for its runs: `slmdecide.yaml`, or `[tool.slmdecide]` in pyproject.toml. Field names are its keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Len

from slmdecide.records.quantities import Usd


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsFile:
    """The settings that a file holds. None means that it does not say."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid", "strict": True}

    against: Annotated[str, Len(1, 1000)] | None = None
    """A saved decision (JSON) to compare with; relative to the file that says so."""
    fail_on: tuple[Annotated[str, Len(1, 200)], ...] | None = None
    """Policies, such as `cost-increase=10%`; a decision that breaks one ends the run with exit code 3."""
    threshold_usd: Usd | None = None
    """Changes of less than this, in USD a month, are not worth a word."""
    threshold_percent: Annotated[float, Ge(0)] | None = None
    """Changes of less than this, in percent of the cost, are not worth a word."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Thresholds:
    """Changes of cost that reach less are not worth a word; all that are given must be reached."""

    usd_per_month: float | None = None
    share: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a setting was given."""

    kind: Literal["command line", "file", "default"]
    file: str | None = None
    line: int | None = None

    @property
    def said(self) -> str:
        """`slmdecide.yaml:3`, or the kind."""
        if self.file is None:
            return self.kind
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One setting with where it comes from."""

    name: Literal["against", "fail_on", "threshold_usd", "threshold_percent"]
    value: str | float | tuple[str, ...] | None
    origin: Origin
