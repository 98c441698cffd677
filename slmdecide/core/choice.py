"""Which option is chosen: the cheapest that is likely enough to be good enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from slmdecide.core.quality import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.core.options import Option
    from slmdecide.records.assessment import Status
    from slmdecide.records.task import Task

NEAR_TIE = 0.05
"""Totals within this share of the cheapest count as equal; the smaller model is then chosen."""


class Judged(NamedTuple):
    """An option as the choice sees it."""

    option: Option
    feasible: bool
    p: float | None
    p_high: float | None
    total: float | None
    """Expected USD a month; None if not known."""


class Choice(NamedTuple):
    """What was chosen, and against what."""

    status: Status
    chosen: Judged | None
    baseline: Judged | None
    """The cheapest feasible API of a large model that is good enough."""
    kept_large: bool
    """Whether the API stays because the saving is too small."""


def choose(judged: Sequence[Judged], task: Task, min_saving: float | None = None) -> Choice:
    """The cheapest option in expected total cost whose p_good_enough reaches the level of the task's risk.

    Near-ties go to the smaller model. Below the smallest saving that matters the API of the large model stays.
    """
    level = LEVELS[task.risk]
    smallest_saving = task.min_saving_usd_per_month if min_saving is None else min_saving
    eligible = [one for one in judged if one.feasible and one.total is not None and one.p is not None and one.p >= level]
    baseline = min(
        (one for one in eligible if one.option.family == "large" and one.option.hosting == "api"),
        key=_cost,
        default=None,
    )
    if not eligible:
        open_ones = [one for one in judged if one.feasible and one.p_high is not None and one.p_high >= level]
        return Choice("undecided" if open_ones else "infeasible", None, None, kept_large=False)
    least = min(map(_total, eligible))
    best = min(
        (one for one in eligible if _total(one) <= least * (1 + NEAR_TIE)),
        key=lambda one: (one.option.size_b, _total(one), one.option.id),
    )
    if baseline is not None and best is not baseline and _total(baseline) - _total(best) < smallest_saving:
        return Choice("large", baseline, baseline, kept_large=True)
    return Choice(best.option.family, best, baseline, kept_large=False)


def _total(one: Judged) -> float:
    return one.total if one.total is not None else float("inf")


def _cost(one: Judged) -> tuple[float, str]:
    return _total(one), one.option.id
