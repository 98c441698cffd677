"""Low, typical and high: how a figure is told that is not exact."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """Low, typical and high value of one figure."""

    low: float
    typical: float
    high: float
