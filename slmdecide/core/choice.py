"""Which option is chosen: the cheapest that is likely enough to be good enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.core.decide import Considered
    from slmdecide.records.assessment import Status
    from slmdecide.records.task import Task

NEAR_TIE = 0.05
"""Totals within this share of the cheapest count as equal; the smaller model is then chosen."""


class Judged(NamedTuple):
    """An able option with its money."""

    considered: Considered
    total: float | None
    """Expected USD a month; None if not known."""


class Choice(NamedTuple):
    """What was chosen, and against what."""

    status: Status
    chosen: Judged | None
    baseline: Judged | None
    """The cheapest feasible API of a large model that is good enough."""
    staying: Judged | None
    """What is kept where a change saves too little: the large API in use today if it is among them, else the cheapest."""
    kept_large: bool
    """Whether the API stays because the saving is too small."""


def choose(able: Sequence[Judged], task: Task, *, hopeful: bool, min_saving: float | None = None) -> Choice:
    """The cheapest of the able options in expected total cost.

    Near-ties go to the smaller model, and of one model to the smaller commitment: hardware is not bought for 5 %. Below the
    smallest saving that matters the API of the large model stays.
    `hopeful`: whether an option may still turn out good enough, so that measuring could settle what is not settled.
    """
    smallest_saving = task.min_saving_usd_per_month if min_saving is None else min_saving
    costed = [(one.total, one) for one in able if one.total is not None]
    if not costed:
        return Choice("undecided" if able or hopeful else "infeasible", None, None, None, kept_large=False)
    apis = [(total, one) for total, one in costed if one.considered.option.family == "large" and one.considered.option.hosting == "api"]
    baseline_total, baseline = min(apis, key=lambda pair: (pair[0], *_preferred(pair[1], task)), default=(None, None))
    in_use = [pair for pair in apis if pair[1].considered.option.model.id == task.today]
    staying_total, staying = in_use[0] if in_use else (baseline_total, baseline)
    least = min(total for total, _ in costed)
    best_total, best = min(
        ((total, one) for total, one in costed if total <= least * (1 + NEAR_TIE)),
        key=lambda pair: (
            pair[1].considered.option.size_b,
            pair[1].considered.option.hosting == "owned_gpu",
            pair[0],
            *_preferred(pair[1], task),
        ),
    )
    if staying is not None and staying_total is not None and best is not staying and staying_total - best_total < smallest_saving:
        return Choice("large", staying, baseline, staying, kept_large=True)
    return Choice(best.considered.option.family, best, baseline, staying, kept_large=False)


def _preferred(one: Judged, task: Task) -> tuple[bool, str]:
    """What settles an exact tie: the model in use today, then the id."""
    option = one.considered.option
    return option.model.id != task.today, option.id
