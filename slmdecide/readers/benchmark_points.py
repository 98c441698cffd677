"""The parts of a benchmark's result file, and the operating points that its readers make of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from slmdecide.readers.mistakes import FileError, Location, Mistake, dotted, printable, shown

_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Cells:
    """A part of the file, and where it stands."""

    value: Any
    name: str
    where: Location = ()

    def at(self, *keys: str | int) -> Cells:
        """What stands there; None if nothing does."""
        value = self.value
        for key in keys:
            held = (isinstance(value, dict) and key in value) or (isinstance(value, list) and isinstance(key, int) and key < len(value))
            value = value[key] if held else None
        return Cells(value, self.name, (*self.where, *keys))

    def wrong(self, problem: str) -> FileError:
        """The error that says what is wrong there."""
        return FileError(self.name, [Mistake(field=dotted(self.where), problem=problem)])

    def number(self, *keys: str | int) -> float | None:
        """The number, None if there is none."""
        cell = self.at(*keys)
        if cell.value is None:
            return None
        if isinstance(cell.value, bool) or not isinstance(cell.value, int | float):
            raise cell.wrong(f"found {shown(cell.value)}; a number is expected")
        try:
            value = float(cell.value)
        except OverflowError:
            value = inf
        if not isfinite(value) or value < 0:
            raise cell.wrong(f"found {shown(value)}; a number of 0 or more is expected")
        return value

    def needed(self, *keys: str | int) -> float:
        """The number."""
        value = self.number(*keys)
        if value is None:
            raise self.at(*keys).wrong("is missing; a number is expected")
        return value

    def positive(self, *keys: str | int) -> float:
        """The number, which may not be 0."""
        value = self.needed(*keys)
        if value == 0:
            raise self.at(*keys).wrong("found 0; a number above 0 is expected")
        return value

    def text(self, *keys: str | int) -> str | None:
        """The text on one line; None if there is none."""
        value = self.at(*keys).value
        return printable(value[:_MOST_CHARACTERS]) if isinstance(value, str) and value else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What one operating point did."""

    output_tokens_per_second: float
    requests_per_second: float
    input_tokens: float
    output_tokens: float
    ttft_ms: float | None
    itl_ms: float | None
    latency_p95_ms: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One operating point."""

    label: str
    model: str | None
    concurrency: float | None
    date: str | None
    failed_share: float | None
    """None if the file does not count failures."""
    figures: Figures | None
    """None if no request succeeded."""
    remark: str | None = None
    """What else to know about it."""

    @property
    def output_tokens_per_second(self) -> float:
        """0 if no request succeeded: it served nothing."""
        return self.figures.output_tokens_per_second if self.figures is not None else 0.0

    @property
    def said(self) -> str:
        """The point in words."""
        failed = f", {100 * self.failed_share:.3g}% failed" if self.failed_share else ""
        return f"{self.label} ({rounded(self.output_tokens_per_second)} output tokens/s{failed})"


def rounded(value: float) -> str:
    """Three digits, or a whole number."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004  (three digits)
