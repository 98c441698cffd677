"""What comes out of replaying a cascade. Field names of the report are the keys of its JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Question = Literal["same_quality", "risk", "cost"]
ShiftStatus = Literal["holds", "broken", "cannot_tell"]
CascadeVerdict = Literal["cascade", "small", "large", "no_signal"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A measured value and how far it may be off."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class OnTest:
    """A threshold measured on the rows that had no part in choosing it."""

    accuracy: Interval
    """Of the cascade's answers, kept and escalated together."""
    accuracy_difference: Interval
    """Cascade minus large model on the same rows; negative where the cascade is worse."""
    risk: Interval | None
    """Share of wrong answers among the kept ones; None where none is kept."""
    escalation_rate: Interval
    cost_usd_per_request: Interval | None
    """None = unpriced."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """What holds on new requests like these with probability 1 − delta, or why nothing can be promised."""

    kind: Question
    alpha: float
    """Most risk among the kept answers; used by `risk`."""
    delta: float
    """Probability with which the promise may be broken."""
    tolerance: float
    """How far below the large model still counts as the same quality, in share of answers (0.02 = 2 points); used by `same_quality`."""
    budget_usd_per_request: float | None
    """Used by `cost`."""
    n_calibration: int
    """Rows that the threshold was chosen on."""
    n_test: int
    certified: bool
    threshold: float | None
    """Keep the small answer iff its confidence reaches it; −inf keeps all; None where nothing is certified, or nothing but
    escalating all."""
    p_value: float | None
    """Of the threshold that was certified, or of the best candidate; None without a candidate."""
    needed_n: int | None
    """About the least number of calibration rows that could certify a threshold at the observed rates; None if one is certified,
    or no number up to a million would do."""
    test: OnTest | None
    """None where nothing is certified, and where every row was needed to choose."""
    method: str
    why_not: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """Whether a promise holds on later rows."""

    status: ShiftStatus
    n: int
    threshold: float | None
    """None keeps every answer."""
    now: OnTest
    escalation_rate_before: Interval | None
    escalation_p_value: float | None
    """Of no change in the escalation rate."""
    escalation_moved: bool
    """Whether that is refuted with an error of at most delta: the requests are not those that the promise was made on."""
    promise_p_value: float | None
    """Of the promise being kept: small where it is broken. None where there is nothing to see: no answer is kept, or unpriced."""
    delta: float
    """Probability of saying `broken` of a promise that is kept, and of saying `holds` of one that is not."""
    needed_n: int | None
    """Rows from which it could be told; None where it is told."""
    explanation: str
