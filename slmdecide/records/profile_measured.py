"""What was measured, as a task profile holds it: models that a probe tried, and a cascade that was replayed.

Each field's text is its description in the JSON Schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le, Len

from slmdecide.records.metrics import MeasuredBy
from slmdecide.records.quantities import STRICT, Milliseconds, Name, Share, SignedShare, Whole

Yardstick = Literal["large_model", "floor"]


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredModel:
    """What a probe found of one model on your own examples. `slmdecide assess --measured FILE` fills it in."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT

    model: Name
    """Model id."""
    mode: Literal["prompted", "fine_tuned"] = "prompted"
    """How it was asked: as it is, or after fine-tuning."""
    against: Yardstick
    """What it was measured against: the large model, or quality.floor."""
    n: Annotated[Whole, Ge(1)]
    """Examples that the estimate rests on."""
    estimate: SignedShare
    """Mean score, 0 to 1; against the large model: mean difference to it, −1 to 1."""
    low: SignedShare
    """Lower anytime-valid bound of the estimate."""
    high: SignedShare
    """Upper anytime-valid bound of the estimate."""
    error_rate: Annotated[Share, Gt(0), Le(0.5)] = 0.05
    """Probability with which one of the bounds may be wrong."""
    p95_ms: Annotated[Milliseconds, Gt(0)] | None = None
    """95th percentile of the latency of the provider's API."""
    metric: MeasuredBy | None = None
    """What the score is, by the names that `slmdecide probe` uses; without it that of quality.metric is taken."""
    measured_on: Annotated[str, Len(10, 10)] | None = None
    """Date on which it was measured, such as 2026-11-28, UTC."""
    source: Name
    """Where the figures come from."""

    def __post_init__(self) -> None:
        if self.measured_on is not None:
            try:
                date.fromisoformat(self.measured_on)
            except ValueError:
                raise ValueError(f"measured_on: found {self.measured_on!r}; a date such as 2026-11-28 is expected") from None
        if not self.low <= self.estimate <= self.high:
            raise ValueError(f"estimate: found {self.estimate:g}; it lies between low ({self.low:g}) and high ({self.high:g})")
        if self.against == "floor" and self.low < 0:
            raise ValueError(f"low: found {self.low:g}; a score lies between 0 and 1")


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredCascade:
    """A cascade that was replayed on recorded answers. `slmdecide cascade --config` writes it."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT

    small: Name
    """Model id of the small member."""
    small_mode: Literal["prompted", "fine_tuned"] = "prompted"
    """How the small member was asked."""
    large: Name
    """Model id of the large member."""
    threshold: float | None = None
    """Least confidence with which the small model keeps a request; without one the recorded answers speak against a cascade."""
    confidence: Name | None = None
    """What the threshold is on, such as margin."""
    escalation_share: Share | None = None
    """Share of the requests that the small model passes on."""
    escalation_low: Share | None = None
    """Lower end of its interval."""
    escalation_high: Share | None = None
    """Upper end of its interval."""
    tolerance: Annotated[float, Ge(0), Le(100)] | None = None
    """Points under the large model that the promise allows; without one nothing is promised."""
    delta: Annotated[Share, Gt(0), Le(0.5)] | None = None
    """Probability with which the promise may be broken."""
    n: Annotated[Whole, Ge(1)] | None = None
    """Examples that both models answered."""
    source: Name | None = None
    """Where the figures come from."""

    def __post_init__(self) -> None:
        if self.threshold is not None and self.escalation_share is None:
            raise ValueError("escalation_share: is missing; with a threshold, say which share of the requests is passed on")
        if self.threshold is not None and not isfinite(self.threshold):
            raise ValueError(f"threshold: found {self.threshold}; a number is expected")
        for name in ("escalation_low", "escalation_high"):
            end = getattr(self, name)
            if end is not None and self.escalation_share is None:
                raise ValueError(f"{name}: stands without escalation_share")
        low, share, high = self.escalation_low, self.escalation_share, self.escalation_high
        if share is not None and not (low if low is not None else share) <= share <= (high if high is not None else share):
            raise ValueError(f"escalation_share: found {share:g}; it lies between escalation_low and escalation_high")
        if (self.tolerance is None) != (self.delta is None):
            raise ValueError(f"{'delta' if self.delta is None else 'tolerance'}: is missing; a promise has a tolerance and a delta")
