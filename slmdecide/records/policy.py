"""What a decision must hold to in CI, and whether it does. Field names are keys of the JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PolicyName = Literal[
    "verdict-change",
    "cost-increase",
    "max-monthly-cost",
    "stale-prices",
    "unpriced",
    "infeasible",
    "undecided",
    "confidence-below",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """One rule; a decision that breaks it ends the run with exit code 3."""

    name: PolicyName
    limit: float | None = None
    """USD a month, days, or a share from 0 to 1; None for a rule without a number."""
    unit: Literal["usd", "days", "share"] | None = None
    written: str
    """As the user wrote it."""

    @property
    def compares(self) -> bool:
        """Whether it needs an earlier decision."""
        return self.name in ("verdict-change", "cost-increase")


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyResult:
    """How one policy came out."""

    policy: str
    """As the user wrote it."""
    name: PolicyName
    limit: float | None
    found: float | None
    """The worst that was found, in the unit of the limit; None if it is not a number or not known."""
    tripped: bool
    tasks: tuple[str, ...]
    """Tasks that break it; () if it is broken by all together, or not at all."""
    message: str
    """What was found, in a line."""
