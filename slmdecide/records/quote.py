"""What one source says that a model costs on one day."""

from __future__ import annotations

from dataclasses import dataclass

from slmdecide.records.catalog import Price


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """A price on a day. An unpriced one says why in `note`."""

    price: Price
    """Its `as_of` is the day that was asked for, its `source` who says so."""
    since: str | None = None
    """ISO date from which the source says that it held; None = not stated."""
    until: str | None = None
    """ISO date from which it held no longer; None = not stated."""
    note: str | None = None
    """Why it is unpriced, or what the source leaves open."""
    fine_tuned: bool = False
    """Whether it is the price of a fine-tuned version."""
    at_other_hours: tuple[Price, ...] = ()
    """What the same source asks at other hours of the same day."""
