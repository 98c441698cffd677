"""A value that was another one, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import UNKNOWN, exact, percent, usd, usd_price
from slmdecide.report.escape import shortened
from slmdecide.report.words import name, words

if TYPE_CHECKING:
    from slmdecide.records.diff import CostMoved, Moved, Value

_MOST_CHARACTERS = 120
_FIELDS = {
    "input_usd_per_mtok": "input",
    "output_usd_per_mtok": "output",
    "cache_read_usd_per_mtok": "cached input",
    "cache_write_usd_per_mtok": "cache writes",
    "batch_input_usd_per_mtok": "batch input",
    "batch_output_usd_per_mtok": "batch output",
    "long_context_input_usd_per_mtok": "long-context input",
    "long_context_output_usd_per_mtok": "long-context output",
    "rent_usd_per_hour.low": "least rent an hour",
    "rent_usd_per_hour.typical": "rent an hour",
    "rent_usd_per_hour.high": "most rent an hour",
    "purchase_usd.low": "least purchase",
    "purchase_usd.typical": "purchase",
    "purchase_usd.high": "most purchase",
}
"""What a report calls the numbers of a price; API prices are USD per million tokens."""


def value_words(field: str, value: Value) -> str:
    """The value of a field as its owner would write it."""
    if value is None or value == ():
        return UNKNOWN
    if isinstance(value, tuple):
        return shortened(", ".join(value), _MOST_CHARACTERS)
    if "usd" in field and not isinstance(value, str | bool):
        return usd_price(value)
    return shortened(exact(value), _MOST_CHARACTERS)


def moved_words(moved: Moved, *, with_field: bool) -> str:
    """`input $0.15 → $0.30`."""
    head = f"{_FIELDS.get(moved.field, name(words(moved.field)) if '.' not in moved.field else name(moved.field))} " if with_field else ""
    return f"{head}{value_words(moved.field, moved.old)} → {value_words(moved.field, moved.new)}"


def amount_change(cost: CostMoved) -> str:
    """`+$57 (16 % more)`."""
    if cost.change_usd is None:
        return "was not known" if cost.old is None else "is not known now"
    money = f"+{usd(cost.change_usd)}" if cost.change_usd > 0 else usd(cost.change_usd)
    if cost.change_share is None:
        return money
    return f"{money} ({percent(abs(cost.change_share))} {'more' if cost.change_share > 0 else 'less'})"
