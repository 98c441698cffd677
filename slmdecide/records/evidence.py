"""What was published and checked: comparisons of a small and a large model, and figures that the field repeats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ClaimStatus = Literal["verified", "secondary", "unverified", "corrected"]
_POINT_DIGITS = 9
"""0.754 − 0.704 are 5 points, not 5.000000000000004: a shortfall equal to the tolerance is within it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeadToHead:
    """A published comparison of a small and a large model on one test set."""

    id: str
    source: str
    year: int | None
    task_name: str
    dataset: str
    task_nature: str
    n_labels: int | None = None
    """Labels of a closed set; None if the answer is open."""
    n_train_examples: int | None = None
    """Labelled examples that the small model was tuned on; None if prompted or not stated."""
    reasoning_depth: Literal["none", "low", "high"]
    knowledge_breadth: Literal["narrow", "domain", "broad"]
    output_form: Literal["label", "spans", "short_text", "long_text", "code", "number"]
    input_tokens_typical: float | None = None
    small_model: str
    small_params_b: float | None
    small_mode: Literal["prompted", "fine_tuned"]
    small_score: float
    large_model: str
    large_params_b: float | None = None
    large_mode: Literal["zero_shot", "few_shot", "cot", "fine_tuned"] | None = None
    large_score: float
    metric: str
    higher_is_better: bool
    points_per_unit: float
    """Points of 100 that one unit of the score is worth (`readers/metric_scale.py`): 100 for shares, 1 for percentages."""

    @property
    def cell(self) -> tuple[str, str, str, str, str, str, int | None]:
        """What makes a comparison this one: no two rows share it. A learning curve has one row per number of training examples."""
        return (self.source, self.dataset, self.small_model, self.small_mode, self.large_model, self.metric, self.n_train_examples)

    @property
    def shortfall_points(self) -> float:
        """Points of 100 by which the small model is behind; negative where it is ahead."""
        behind = self.large_score - self.small_score if self.higher_is_better else self.small_score - self.large_score
        return round(behind * self.points_per_unit, _POINT_DIGITS)


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """A collection of head-to-heads that is itself and no other: what is counted from it is counted once."""

    rows: tuple[HeadToHead, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A figure the field repeats, as it was checked."""

    id: str
    topic: str
    statement: str
    value: float | str | None = None
    unit: str | None = None
    conditions: str | None = None
    source: str
    date: str
    """ISO year, month or day of the source."""
    status: ClaimStatus
    circulating: str | None = None
    """What is commonly repeated, where that differs from `value`."""
    correction: str | None = None
    historical: bool = False
    """A scale threshold measured on models before 2024."""
