"""What is asked about a choice by all that is said of it: who is likely, what one constraint costs, what is half known."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from slmdecide.core.costs import bill, ready_made
from slmdecide.core.decide import GREY_ZONE
from slmdecide.core.lines import is_larger
from slmdecide.core.measured import LARGER_SIBLING, asked_of, found_of, settled
from slmdecide.core.measured import SOURCE as MEASURED_HERE
from slmdecide.core.quality import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.core.choice import Choice
    from slmdecide.core.decide import Considered
    from slmdecide.records.assessment import Band, Veto
    from slmdecide.records.profile_measured import MeasuredModel
    from slmdecide.records.task import Task

SMALL = ("small", "fine_tuned_small")


class Situation(NamedTuple):
    """All that the words are made from."""

    task: Task
    choice: Choice
    considered: Sequence[Considered]
    score: float
    total: Band | None
    """Of the chosen option."""
    prices_as_of: str


def able(one: Considered, task: Task) -> bool:
    """Whether the option breaks no constraint and is likely enough to be good enough."""
    return not one.vetoes and (one.quality.p_good_enough or 0.0) >= LEVELS[task.risk]


def by_likelihood(one: Considered, task: Task) -> tuple[float, float, str]:
    """Sorts the likeliest first, then the cheapest."""
    cost = bill(one.option, task, one.shortfall)
    total = cost.total(task.horizon_months) if cost is not None else float("inf")
    return -(one.quality.p_good_enough or 0.0), total, one.option.id


def likeliest_free(at: Situation) -> Considered | None:
    """The likeliest option that breaks no constraint; None if there is none."""
    free = [one for one in at.considered if not one.vetoes]
    return min(free, key=lambda one: by_likelihood(one, at.task), default=None)


def cheapest_relaxation(at: Situation) -> tuple[Veto, Considered, float] | None:
    """The veto whose lifting alone opens the cheapest option that is likely enough, with that option and its USD a month."""
    level = LEVELS[at.task.risk]
    found = []
    for one in at.considered:
        if len(one.vetoes) != 1 or (one.quality.p_good_enough or 0.0) < level:
            continue
        cost = bill(one.option, at.task, one.shortfall)
        if cost is not None:
            found.append((cost.total(at.task.horizon_months), one.option.id, one))
    if not found:
        return None
    total, _, one = min(found, key=lambda each: each[:2])
    return one.vetoes[0], one, total


def still_open(at: Situation) -> tuple[Considered, MeasuredModel] | None:
    """The likeliest option that was measured without an answer yet, and that may still turn out likely enough.

    A smaller one; with a floor, which a large model must be held against too, any.
    """
    task, found = at.task, []
    for one in at.considered:
        option = one.option
        if one.vetoes or option.large is not None or (option.family not in SMALL and task.floor is None):
            continue
        measurement = found_of(task, option.model.id, option.mode)
        if measurement is not None and settled(measurement, asked_of(task)) is None:
            found.append((-(one.quality.p_good_enough or 0.0), option.size_b, option.id, one, measurement))
    if not found:
        return None
    *_, one, measurement = min(found, key=lambda each: each[:3])
    return one, measurement


def not_held(at: Situation) -> tuple[Considered, ...]:
    """With a floor, what may be used and nobody held against it, smallest first: one of each model and mode."""
    found: dict[tuple[str, str], Considered] = {}
    for one in at.considered:
        if at.task.floor is not None and not one.vetoes and one.option.large is None and one.quality.p_good_enough is None:
            found.setdefault((one.option.model.id, one.option.mode), one)
    return tuple(found.values())


def to_measure(at: Situation) -> tuple[Considered, ...]:
    """What may be used, can be tried as it is (prompted, or trained by its publisher), was not measured, and may still do.

    In the order of the ladder: the smallest first, but prompted what is smaller than a prompted model that was shown not to be
    good enough only after all the others. Without a floor small models only: a large one is what they are compared with.
    """
    task = at.task
    bad = [
        one.option.model
        for one in at.considered
        if one.option.large is None
        and one.option.mode == "prompted"
        and one.quality.source == MEASURED_HERE
        and (found := found_of(task, one.option.model.id, "prompted")) is not None
        and settled(found, asked_of(task)) is False
    ]
    found_ = [
        (
            one.option.mode == "prompted" and any(is_larger(other, one.option.model) for other in bad),
            one.option.size_b,
            one.option.id,
            one,
        )
        for one in at.considered
        if not one.vetoes
        and one.quality.source not in (MEASURED_HERE, LARGER_SIBLING)
        and (one.quality.high or 0.0) >= GREY_ZONE
        and _as_it_is(one, task)
    ]
    return tuple(one for *_, one in sorted(found_, key=lambda each: each[:3]))


def _as_it_is(one: Considered, task: Task) -> bool:
    option = one.option
    if option.family == "fine_tuned_small":
        return ready_made(option, task)
    return option.family == "small" or (option.family == "large" and task.floor is not None)
