"""The snapshot of API prices as CSV text, and how a new one differs from the one that it replaces."""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

from slmdecide.records.catalog import Price

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CHANGED_SHARE = 0.005
"""Differences up to this share of the larger price are noise of rounding."""

_CELLS = (
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "cache_read_usd_per_mtok",
    "cache_write_usd_per_mtok",
    "batch_input_usd_per_mtok",
    "batch_output_usd_per_mtok",
    "long_context_input_usd_per_mtok",
    "long_context_output_usd_per_mtok",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """Price ids of a new snapshot against the old one, sorted."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    """One of the prices differs by more than 0.5 %, or became known or unknown."""
    gone: tuple[str, ...]


def prices_as_csv(prices: Iterable[Price]) -> str:
    """The prices by id: columns are the fields of Price, floats with 12 significant digits, unknown is empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([field.name for field in fields(Price)])
    for price in sorted(prices, key=lambda one: one.id):
        writer.writerow([_cell(value) for value in astuple(price)])
    return stream.getvalue()


def _cell(value: object) -> object:
    return repr(float(f"{value:.12g}")) if isinstance(value, float) else value


def changes(old: Mapping[str, Price], new: Mapping[str, Price]) -> Changes:
    """What is new, changed and gone."""
    both = sorted(old.keys() & new.keys())
    return Changes(
        new=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(one for one in both if _differs(old[one], new[one])),
        gone=tuple(sorted(old.keys() - new.keys())),
    )


def _differs(old: Price, new: Price) -> bool:
    if old.status != new.status:
        return True
    for name in _CELLS:
        before, after = getattr(old, name), getattr(new, name)
        if before is None or after is None:
            if before is not after:
                return True
        elif abs(before - after) > _CHANGED_SHARE * max(before, after):
            return True
    return False
