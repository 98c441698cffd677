"""The options of `slmdecide cascade` as they were typed, checked, and in the units of the rules."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from slmdecide.errors import InputError
from slmdecide.records.cascade_report import Asked

if TYPE_CHECKING:
    from slmdecide.records.cascade import Question


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The options as they were typed; None = not given."""

    results: Path
    mapping: tuple[str, ...] = ()
    small: str | None = None
    large: str | None = None
    order: str | None = None
    question: Question | None = None
    tolerance_points: float | None = None
    alpha: float = 0.05
    max_cost_per_1000_usd: float | None = None
    delta: float = 0.1
    min_saving: float = 0.05
    calibration_share: float = 0.5
    seed: int = 0
    reverse: bool = False
    against: Path | None = None
    require_promise: bool = False
    config: bool = False
    most_points: int | None = None
    output_format: str = "text"


def asked_of(options: Options) -> Asked:
    """The options checked, points and USD per 1,000 as shares and USD per request."""
    _within("--alpha", options.alpha, 0, 1)
    _within("--delta", options.delta, 0, 1)
    _within("--calibration-share", options.calibration_share, 0, 1)
    if not 0 <= options.min_saving < 1:
        raise InputError(f"--min-saving: found {options.min_saving:g}; a share from 0 to below 1 is expected")
    if options.tolerance_points is not None and not 0 <= options.tolerance_points < 100:  # noqa: PLR2004  (points)
        raise InputError(f"--tolerance: found {options.tolerance_points:g}; points from 0 to below 100 are expected")
    budget = options.max_cost_per_1000_usd
    if budget is not None and not (isfinite(budget) and budget > 0):
        raise InputError(f"--max-cost-per-1000: found {budget:g}; USD above 0 are expected")
    question = options.question or ("cost" if budget is not None else "same_quality")
    if (question == "cost") != (budget is not None):
        raise InputError("--question cost and --max-cost-per-1000 belong together; give both, or --max-cost-per-1000 alone")
    return Asked(
        question=question,
        alpha=options.alpha,
        delta=options.delta,
        tolerance=None if options.tolerance_points is None else options.tolerance_points / 100,
        budget_usd_per_request=None if budget is None else budget / 1000,
        min_saving=options.min_saving,
        seed=options.seed,
        calibration_share=options.calibration_share,
        reverse=options.reverse,
        most_points=options.most_points,
    )


def _within(option: str, value: float, low: float, high: float) -> None:
    if not low < value < high:
        raise InputError(f"{option}: found {value:g}; a share between {low:g} and {high:g} is expected")


def names_of(order: str | None) -> tuple[str, ...]:
    """The models of --order; none if it was not given."""
    names = tuple(one.strip() for one in (order or "").split(",") if one.strip())
    if order is not None and not names:
        raise InputError("--order: names no model; write two to four, such as --order small,large")
    return names
